//! What would change, as `diff -u` shows it.

use std::time::Duration;

use similar::TextDiff;

/// Looking for the smallest difference takes at most so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The difference between two texts of a file.
pub(super) fn unified(name: &str, old: &str, new: &str) -> String {
    TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(old, new)
        .unified_diff()
        .header(&format!("old/{name}"), &format!("new/{name}"))
        .to_string()
}
