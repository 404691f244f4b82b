//! Texts that must not be shown, and their removal from what is.

use std::sync::Arc;

use crate::schema::Schema;

/// What is shown instead.
const SHOWN: &str = "<sensitive>";

/// What a shorter text would be found in everywhere: it is shown.
const SHORTEST: usize = 3;

/// Texts that must not be shown. Cloning shares them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    /// What is in the sensitive fields of a component.
    pub(crate) fn of(component: &impl Schema) -> Self {
        let mut found = Vec::new();
        component.secrets(&mut found);
        found.retain(|text| text.chars().count() >= SHORTEST);
        // One may be a part of another.
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        found.dedup();
        Self(found.into())
    }

    /// A text without them.
    pub(crate) fn hide(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| match text.contains(secret.as_str()) {
            true => text.replace(secret.as_str(), SHOWN),
            false => text,
        })
    }
}
