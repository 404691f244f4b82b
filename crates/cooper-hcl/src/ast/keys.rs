//! Keys that an object has twice.

use std::collections::HashMap;

use super::{Expr, ExprKind, ObjectItem};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;

/// Warns of keys that are written twice: the last one counts.
pub(crate) fn check_keys(items: &[ObjectItem], diags: &Diagnostics) {
    if items.len() < 2 {
        return;
    }
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(items.len());
    for item in items {
        let ExprKind::String(key) = &*item.key.kind else { continue };
        if let Some(before) = seen.insert(key, item.key.span) {
            diags.warn(set_twice(key, before, item.key.span));
        }
    }
}

/// What is said of a key that counts at its last place only.
pub(crate) fn set_twice(key: &str, before: Span, last: Span) -> Diagnostic {
    Diagnostic::warning(Code::Duplicate, format!("`{key}` is set twice"))
        .at(last, "this is what counts")
        .label(before, "this has no effect")
        .help("remove one of the two")
}

impl Expr {
    /// Warns of keys that are written twice in the objects of an argument. Native syntax is warned
    /// of when it is parsed; in JSON it is not known before which properties are arguments.
    pub fn check_keys(&self, diags: &Diagnostics) {
        match &*self.kind {
            ExprKind::Tuple(elements) => elements.iter().for_each(|part| part.check_keys(diags)),
            ExprKind::Object(items) => {
                check_keys(items, diags);
                items.iter().for_each(|item| item.value.check_keys(diags));
            }
            _ => {}
        }
    }
}
