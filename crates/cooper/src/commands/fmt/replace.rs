//! A file gets another text, wholly or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

use tempfile::Builder;

/// Replaces what is in a file. Links are followed; mode and owner stay as they are.
///
/// # Errors
///
/// When the file may not be written, or something fails; then it is as it was.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    // What is read-only is meant to stay, although its folder may allow to replace it.
    let old = OpenOptions::new().write(true).open(&path)?;
    let metadata = old.metadata()?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let new = Builder::new().prefix(".cooper-fmt-").tempfile_in(folder);
    let mut new = match new {
        Ok(new) if metadata.nlink() == 1 && keep_owner(new.as_file(), &metadata).is_ok() => new,
        // Another name of the file, or another owner, would be lost with a new file.
        Ok(_) => return overwrite(old, text),
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            return overwrite(old, text);
        }
        Err(cause) => return Err(cause),
    };
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(metadata.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&path)?;
    Ok(())
}

fn keep_owner(new: &File, old: &fs::Metadata) -> io::Result<()> {
    let made = new.metadata()?;
    match (made.uid(), made.gid()) == (old.uid(), old.gid()) {
        true => Ok(()),
        false => fchown(new, Some(old.uid()), Some(old.gid())),
    }
}

/// Writes over a file in its place.
fn overwrite(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn mode_and_links_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "longer than before").expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("its mode");
        symlink("file", &link).expect("a link");
        replace(&link, "new").expect("to be replaced");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("the file"), "new");
        assert_eq!(fs::metadata(&file).expect("the file").mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 2);
    }

    #[test]
    fn other_names_of_a_file_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&file, "longer than before").expect("a file");
        fs::hard_link(&file, &other).expect("another name");
        replace(&file, "new").expect("to be replaced");
        assert_eq!(fs::read_to_string(&other).expect("the other"), "new");
    }
}
