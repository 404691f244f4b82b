//! What must not be shown.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cooper_hcl::{Value, go_quote};

/// What stands in place of a secret.
const HIDDEN: &str = "<sensitive>";

/// The lines of a secret are secrets too, from this length on: a lone brace is none.
const SHORTEST_LINE: usize = 4;

/// Base64 is looked for from this many letters on: shorter ones are met by chance.
const SHORTEST_BASE64: usize = 8;

/// The strings that no output may contain. Cloning shares them.
#[derive(Clone, Default)]
pub struct Secrets {
    list: Arc<Mutex<Vec<Arc<str>>>>,
}

impl Secrets {
    /// No secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret, whole and line by line, and as it is when it is quoted or encoded: in
    /// JSON, in a URL, in base64. The empty string is none.
    pub fn add(&self, secret: &str) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut list, secret);
        encoded(secret).iter().for_each(|form| add(&mut list, form));
        if secret.contains('\n') {
            let lines = secret.lines().filter(|line| line.trim().len() >= SHORTEST_LINE);
            for line in lines {
                add(&mut list, line);
                quoted(line).iter().for_each(|form| add(&mut list, form));
            }
        }
    }

    /// Adds every string in a value.
    pub fn add_all(&self, value: &Value) {
        let mut left = vec![value];
        while let Some(value) = left.pop() {
            if let Some(text) = value.as_str() {
                self.add(text);
            }
            left.extend(value.children());
        }
    }

    /// Adds every string in the parts of a value that are marked sensitive.
    pub fn add_marked(&self, value: &Value) {
        let mut left = vec![value];
        while let Some(value) = left.pop() {
            if value.marks().sensitive {
                self.add_all(value);
            } else if value.deep_marks().sensitive {
                left.extend(value.children());
            }
        }
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The text with every secret replaced by `<sensitive>`.
    pub fn scrub(&self, text: &str) -> String {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for secret in list.iter() {
            if text.contains(&**secret) {
                text = text.replace(&**secret, HIDDEN);
            }
        }
        text
    }

    /// The text with every byte of every secret replaced by `*`, also where the secret is
    /// written as a template would write it: `\"` for a quote. Every other byte keeps its place.
    pub fn mask(&self, text: &str) -> String {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().fold(text.to_owned(), |text, secret| {
            let text = text.replace(&**secret, &"*".repeat(secret.len()));
            let written = written(secret);
            text.replace(&written, &"*".repeat(written.len()))
        })
    }
}

/// How a text is written in a template, between quotes.
fn written(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\r', "\\r")
        .replace("${", "$${")
        .replace("%{", "%%{")
}

/// A text of a URL with `%2f` for `%2F`.
fn lower_escapes(url: &str) -> String {
    let mut pieces = url.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let (escape, rest) = piece.split_at(piece.len().min(2));
        text + "%" + &escape.to_lowercase() + rest
    })
}

/// How a text looks inside the quotes of JSON, also as Go writes it, and of Rust's logs.
fn quoted(text: &str) -> [String; 4] {
    let inside = |text: String| {
        let text = text.strip_prefix('"').unwrap_or(&text);
        text.strip_suffix('"').unwrap_or(text).to_owned()
    };
    let json = inside(serde_json::Value::from(text).to_string());
    let go = ['<', '>', '&']
        .iter()
        .fold(json.clone(), |text, c| text.replace(*c, &format!("\\u{:04x}", u32::from(*c))));
    let shown = inside(go_quote::quoted(text, '"'));
    [json, go, shown, inside(format!("{text:?}"))]
}

/// How a text looks quoted, in a URL, and in base64, alone or behind other text.
fn encoded(text: &str) -> Vec<String> {
    let mut forms = quoted(text).to_vec();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let url: String = (text.bytes())
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    forms.push(url.replace("%20", "+"));
    forms.push(lower_escapes(&url));
    forms.push(url);
    // Inside the single quotes of a shell, in a template, and in Packer's records.
    forms.push(text.replace('\'', "'\\''"));
    forms.push(written(text));
    forms.push(text.replace(',', "%!(PACKER_COMMA)").replace('\n', "\\n").replace('\r', "\\r"));
    // Three bytes make four letters, so there are three ways to stand in a longer text. The
    // letters at the ends that other bytes have a part in are left out.
    for shift in 0..3 {
        let bytes = [&[0; 2][..shift], text.as_bytes()].concat();
        let letters = STANDARD_NO_PAD.encode(&bytes);
        let own = (shift * 8).div_ceil(6)..bytes.len() * 8 / 6;
        if let Some(own) = letters.get(own).filter(|own| own.len() >= SHORTEST_BASE64) {
            forms.push(own.replace('+', "-").replace('/', "_"));
            forms.push(own.to_owned());
        }
    }
    forms
}

/// Keeps the longest first: a secret may contain another.
fn add(list: &mut Vec<Arc<str>>, secret: &str) {
    if secret.is_empty() {
        return;
    }
    let key = |known: &Arc<str>| (std::cmp::Reverse(known.len()), known.clone());
    let wanted = (std::cmp::Reverse(secret.len()), Arc::from(secret));
    if let Err(place) = list.binary_search_by_key(&wanted, key) {
        list.insert(place, wanted.1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_inside_another_does_not_reveal_the_rest() {
        let secrets = Secrets::new();
        secrets.add("abc");
        secrets.add("abcdef");
        secrets.add("abc");
        assert_eq!(secrets.scrub("abcdef abc"), "<sensitive> <sensitive>");
    }

    #[test]
    fn a_secret_is_hidden_in_what_it_is_encoded_as() {
        let secrets = Secrets::new();
        let secret = "p\"q's\\t <x>?~~\nsecond";
        secrets.add(secret);
        let url = "p%22q%27s%5Ct%20%3Cx%3E%3F~~%0Asecond";
        for text in [
            serde_json::json!({ "Env": [format!("A={secret}")] }).to_string(),
            format!("{secret:?}"),
            "p\\\"q's\\\\t \\u003cx\\u003e?~~\\nsecond".to_owned(),
            url.to_owned(),
            url.replace("%20", "+"),
        ] {
            let scrubbed = secrets.scrub(&text);
            assert!(scrubbed.contains("<sensitive>") && !scrubbed.contains("q'"), "{scrubbed}");
            assert!(!scrubbed.contains("p%22q"), "{scrubbed}");
        }
        let secrets = Secrets::new();
        secrets.add("p~~??>>correct horse");
        for prefix in ["", "a", "ab", "abc", "user:"] {
            for engine in [
                base64::engine::general_purpose::STANDARD,
                base64::engine::general_purpose::URL_SAFE,
            ] {
                let text = engine.encode(format!("{prefix}p~~??>>correct horse!"));
                let scrubbed = secrets.scrub(&text);
                assert!(scrubbed.contains("<sensitive>"), "{text}: {scrubbed}");
                assert!(scrubbed.len() < "<sensitive>".len() + 14, "{text}: {scrubbed}");
            }
        }
        // What is short is met by chance.
        let secrets = Secrets::new();
        secrets.add("abc");
        assert_eq!(secrets.scrub("YWJj"), "YWJj");
    }

    proptest! {
        #[test]
        fn no_encoding_shows_a_secret(
            secret in "[ -~\\n\\té]{12,40}",
            before in "[a-z]{0,4}",
            after in "[a-z]{0,4}",
        ) {
            prop_assume!(secret.trim().len() > 8 && !"<sensitive>".contains(&secret));
            let secrets = Secrets::new();
            secrets.add(&secret);
            let all = format!("{before}{secret}{after}");
            let percent = |plain: fn(u8) -> bool, upper: bool| -> String {
                all.bytes()
                    .map(|byte| match (plain(byte), upper) {
                        (true, _) => char::from(byte).to_string(),
                        (false, true) => format!("%{byte:02X}"),
                        (false, false) => format!("%{byte:02x}"),
                    })
                    .collect()
            };
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let texts = [
                all.clone(),
                serde_json::Value::from(&*all).to_string(),
                format!("{all:?}"),
                go_quote::quoted(&all, '"'),
                written(&all),
                format!("'{}'", all.replace('\'', "'\\''")),
                percent(unreserved, true),
                percent(unreserved, false),
                percent(unreserved, true).replace("%20", "+"),
                all.replace(',', "%!(PACKER_COMMA)").replace('\n', "\\n"),
                base64::engine::general_purpose::STANDARD.encode(&all),
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&all),
            ];
            for text in texts {
                let shown = secrets.scrub(&text);
                prop_assert!(shown.contains(HIDDEN), "{text:?} is shown as {shown:?}");
                // What is left is what stood around it, and at most a letter of Base64 at each end.
                prop_assert!(shown.len() <= HIDDEN.len() + before.len() * 2 + after.len() * 2 + 10);
            }
        }
    }

    #[test]
    fn each_line_of_a_secret_is_secret() {
        let secrets = Secrets::new();
        secrets.add("{\nsecond line\r\n}");
        assert_eq!(secrets.scrub("the second line {}"), "the <sensitive> {}");
    }
}
