//! What the targets share: how mistakes have to look, whatever the text.

use cooper_hcl::{Diagnostics, Reported, SourceMap};

/// Looks at what was recorded while a text was read: every label is in the text, and what failed
/// has said why.
///
/// # Panics
///
/// When that is not so: the text is then a find.
pub fn check<T>(result: &Result<T, Reported>, diags: &Diagnostics, sources: &SourceMap) {
    let found = diags.take();
    assert!(result.is_ok() || !found.is_empty(), "it failed, and nobody was told why");
    for diagnostic in &found {
        for label in diagnostic.primary.iter().chain(&diagnostic.labels) {
            assert!(sources.file(label.span).is_some(), "a label outside the text: {diagnostic:?}");
        }
    }
}
