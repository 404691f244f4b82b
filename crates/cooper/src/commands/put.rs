//! A text appears in a file wholly or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::Builder;

/// Puts a text in the place of a file; folders that are missing are made. Nobody ever sees a part
/// of the text, and the file it is written to is a new one, under a name that nobody can foresee.
pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // As any file that is made, and not for its owner alone.
    let mode = fs::Permissions::from_mode(0o666);
    let new = Builder::new().prefix(".cooper-new-").permissions(mode).tempfile_in(folder);
    // The name of that file means nothing to anybody.
    let mut new = new.map_err(|error| io::Error::from(error.kind()))?;
    new.write_all(text.as_bytes())?;
    new.persist(path)?;
    Ok(())
}
