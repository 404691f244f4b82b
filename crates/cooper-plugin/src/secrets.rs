//! Texts that must not be shown, and their removal from what is.

use std::sync::Arc;

use crate::schema::Schema;

/// What is shown instead.
const SHOWN: &str = "<sensitive>";

/// Texts that must not be shown. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    /// What is in the sensitive fields of a component.
    pub(crate) fn of(component: &impl Schema) -> Self {
        let mut found = Vec::new();
        component.secrets(&mut found);
        found.retain(|text| !text.is_empty());
        // One may be a part of another.
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        found.dedup();
        Self(found.into())
    }

    /// A text without them, however short they are.
    pub(crate) fn hide(&self, text: String) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = &*text;
        while let Some(first) = rest.chars().next() {
            match self.0.iter().find(|secret| rest.starts_with(secret.as_str())) {
                Some(secret) => {
                    shown.push_str(SHOWN);
                    rest = &rest[secret.len()..];
                }
                None => {
                    shown.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_ones_are_hidden_and_what_stands_for_them_stays() {
        let secrets = Secrets(["sesame", "é", "s"].map(str::to_owned).into());
        assert_eq!(
            secrets.hide("a sesame is né".into()),
            "a <sensitive> i<sensitive> n<sensitive>"
        );
        assert_eq!(secrets.hide(String::new()), "");
    }
}
