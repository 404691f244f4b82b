//! What must not be shown.

use std::sync::{Arc, Mutex, PoisonError};

use cooper_hcl::Value;

/// What stands in place of a secret.
const HIDDEN: &str = "<sensitive>";

/// The lines of a secret are secrets too, from this length on: a lone brace is none.
const SHORTEST_LINE: usize = 4;

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

    /// Adds a secret, whole and line by line. The empty string is none.
    pub fn add(&self, secret: &str) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut list, secret);
        if secret.contains('\n') {
            let lines = secret.lines().filter(|line| line.trim().len() >= SHORTEST_LINE);
            lines.for_each(|line| add(&mut list, line));
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
            } else {
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
        let written = |secret: &str| {
            secret
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n")
                .replace('\t', "\\t")
                .replace('\r', "\\r")
                .replace("${", "$${")
                .replace("%{", "%%{")
        };
        list.iter().fold(text.to_owned(), |text, secret| {
            let text = text.replace(&**secret, &"*".repeat(secret.len()));
            let written = written(secret);
            text.replace(&written, &"*".repeat(written.len()))
        })
    }
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
    fn each_line_of_a_secret_is_secret() {
        let secrets = Secrets::new();
        secrets.add("{\nsecond line\r\n}");
        assert_eq!(secrets.scrub("the second line {}"), "the <sensitive> {}");
    }
}
