//! Secrets of every kind.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

/// Something that nobody must see.
#[derive(Clone, Debug)]
pub(crate) struct Secret(String);

/// What secrets are like, as regular expressions. Two letters of each are met nowhere by chance.
const KINDS: [&str; 12] = [
    "Zq[A-Za-z0-9]{6,20}",
    "zq[a-z\"'\\\\<>&,;|`~!# ]{8,20}x",
    "q[a-z]{6,10}\n[a-z0-9]{5,10}\nzq",
    "[äößéжλ中🦀]{4,8}zq",
    "zq[a-z\\x01\\x1b\\x7f\\t]{8,16}z",
    "zq\\$\\{[a-z]{1,6}\\}%\\{if x\\}[a-z]{2,8}",
    "[1-9]7[0-9]{8,11}",
    "[§¤ŁЖ]",
    "[§¤ŁЖ]q",
    "z[0-9]{2}§",
    " zq[a-z]{4,9} \\n",
    "zq[!-~]{30,60}",
];

/// So many secrets are looked at when nobody says another number.
const COUNT: usize = 12;

impl Secret {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether it is letters and digits only.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.len() >= 8 && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// Another of the same shape.
    pub(crate) fn twin(&self) -> Self {
        let other = |c: char| match c {
            'a'..='y' | 'A'..='Y' | '1'..='8' => char::from_u32(u32::from(c) + 1).unwrap_or(c),
            'z' => 'b',
            'Z' => 'B',
            '9' => '1',
            c => c,
        };
        Self(self.0.chars().map(other).collect())
    }
}

/// Secrets of every kind: the same ones each time when `PROPTEST_RNG_SEED` says so.
pub(crate) fn samples() -> impl Iterator<Item = Secret> {
    let count = std::env::var("COOPER_TEST_SECRETS").ok().and_then(|count| count.parse().ok());
    let mut runner = TestRunner::new(Config::default());
    KINDS.iter().cycle().take(count.unwrap_or(COUNT)).map(move |kind| {
        let strategy = proptest::string::string_regex(kind).expect("a regular expression");
        let text = strategy.new_tree(&mut runner).expect("a secret").current();
        Secret(text)
    })
}
