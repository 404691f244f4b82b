//! What differs from run to run, replaced by what does not.

use regex::{Captures, Regex};

/// Replaces times, digests, ids and the folder of a case. The same digest has the same number
/// throughout a case.
pub(crate) struct Placeholders {
    folder: String,
    rules: Vec<(Regex, &'static str)>,
    digests: Vec<String>,
    ids: Vec<String>,
}

const DURATION: &str =
    r"(\d+ (year|week|day|hour|minute|second|millisecond|microsecond)s?( |\b)){1,2}";

impl Placeholders {
    /// For a case that runs in this folder.
    pub(crate) fn new(folder: &str) -> Self {
        let after = format!(r"(?P<keep>(finished|errored|cancelled|completed) after ){DURATION}");
        let rules = [
            (after.as_str(), "${keep}[TIME]"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "[TIME]"),
            (r"(?m)^\d{10},", "[TIME],"),
            (r"packer-shell[0-9A-Za-z]{6,}", "packer-shell[ID]"),
            (r#""time":\d+"#, r#""time":"[TIME]""#),
            (r#""elapsed":\{"secs":\d+,"nanos":\d+\}"#, r#""elapsed":"[TIME]""#),
        ];
        let regex = |pattern: &str| Regex::new(pattern).expect("the pattern is well formed");
        Self {
            folder: folder.to_owned(),
            rules: rules.map(|(pattern, with)| (regex(pattern), with)).to_vec(),
            digests: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// The text with everything replaced.
    pub(crate) fn replace(&mut self, text: &str) -> String {
        let mut text = text.replace(&self.folder, "[CASE]");
        for (pattern, with) in &self.rules {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        let text = number(&text, r"sha256:[0-9a-f]{64}", "DIGEST", &mut self.digests);
        let id = r"\b([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b";
        number(&text, id, "ID", &mut self.ids)
    }
}

fn number(text: &str, pattern: &str, name: &str, known: &mut Vec<String>) -> String {
    let pattern = Regex::new(pattern).expect("the pattern is well formed");
    let numbered = pattern.replace_all(text, |found: &Captures<'_>| {
        let found = &found[0];
        let position = known.iter().position(|known| known == found).unwrap_or_else(|| {
            known.push(found.to_owned());
            known.len() - 1
        });
        format!("[{name} {}]", position + 1)
    });
    numbered.into_owned()
}
