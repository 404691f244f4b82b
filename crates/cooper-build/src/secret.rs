//! What must not be shown.

use std::sync::{Arc, Mutex, PoisonError};

/// The strings that no output may contain. Cloning shares them.
#[derive(Clone, Default)]
pub struct Secrets {
    list: Arc<Mutex<Vec<String>>>,
}

impl Secrets {
    /// No secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret. The empty string is none.
    pub fn add(&self, secret: &str) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if !secret.is_empty() && !list.iter().any(|known| known == secret) {
            list.push(secret.to_owned());
        }
    }

    /// The text with every secret replaced by `<sensitive>`.
    pub fn scrub(&self, text: &str) -> String {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "<sensitive>"))
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
            let text = text.replace(secret, &"*".repeat(secret.len()));
            let written = written(secret);
            text.replace(&written, &"*".repeat(written.len()))
        })
    }
}
