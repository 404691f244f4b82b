//! Lists of checksums: `SHA256SUMS`.

use cooper_build::Failure;
use reqwest::Url;

use crate::fetch::shown;
use crate::origin::OriginError;

/// How many digits a SHA-256 has.
const DIGITS: usize = 64;

/// Files and their SHA-256, in hexadecimal and lower case.
pub(super) struct Sums(Vec<(String, String)>);

impl Sums {
    /// Reads lines of a digest and a name; others are passed over.
    ///
    /// # Errors
    ///
    /// When there is no such line, or one name has two digests.
    pub(super) fn read(page: &[u8], url: &Url) -> Result<Self, OriginError> {
        let wrong = |what: &str| Failure::new(format!("`{}` {what}", shown(url)));
        let text = str::from_utf8(page).map_err(|_| wrong("is no list of checksums"))?;
        let lines = text.lines().filter_map(|line| {
            let (digest, name) = line.trim().split_once(char::is_whitespace)?;
            let is_digest =
                digest.len() == DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            let name = name.trim_start();
            let name = name.strip_prefix('*').unwrap_or(name);
            is_digest.then(|| (name.to_owned(), digest.to_ascii_lowercase()))
        });
        let mut sums: Vec<_> = lines.collect();
        if sums.is_empty() {
            return Err(wrong("is no list of checksums").into());
        }
        sums.sort();
        sums.dedup();
        if let Some([(name, _), _]) = sums.array_windows().find(|[a, b]| a.0 == b.0) {
            let name = name.escape_debug();
            return Err(wrong(&format!("has two checksums for `{name}`")).into());
        }
        Ok(Self(sums))
    }

    /// The digest of a file.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        let place = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.0.get(place).map(|(_, digest)| digest.as_str())
    }

    /// Every file and its digest.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, digest)| (name.as_str(), digest.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Sums, OriginError> {
        Sums::read(text, &Url::parse("http://localhost/SHA256SUMS").unwrap())
    }

    #[test]
    fn lines_of_a_digest_and_a_name_are_read() {
        let (a, b) = ("A".repeat(64), "b".repeat(64));
        let text = format!("{a}  one.zip\r\n\n{b} *two.zip\nshort three.zip\n{b}\n{b}  two.zip");
        let sums = read(text.as_bytes()).unwrap();
        assert_eq!(sums.of("one.zip"), Some(&*"a".repeat(64)));
        assert_eq!(sums.of("two.zip"), Some(&*b));
        assert_eq!(sums.of("three.zip"), None);
        assert_eq!(sums.files().count(), 2);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        for text in ["", "<html>", &a, &format!("{a}  one.zip\n{b}  one.zip")] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\xff\xfe").is_err());
    }
}
