//! A text appears in a file wholly or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::Builder;

/// Puts a text in the place of a file, whose mode stays; folders that are missing are made. Nobody
/// ever sees a part of the text, and the file it is written to is a new one, under a name that nobody
/// can foresee. A link is replaced, and where it leads is left alone.
pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // As any file that is made, and not for its owner alone.
    let mode = fs::Permissions::from_mode(0o666);
    let new = Builder::new().prefix(".cooper-new-").permissions(mode).tempfile_in(folder);
    // The name of that file means nothing to anybody.
    let mut new = new.map_err(|error| io::Error::from(error.kind()))?;
    if let Ok(known) = fs::symlink_metadata(path)
        && known.is_file()
    {
        new.as_file().set_permissions(fs::Permissions::from_mode(known.mode() & 0o777))?;
    }
    new.write_all(text.as_bytes())?;
    new.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("the file").mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_and_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "longer than before").expect("a file");
        for bits in [0o600, 0o664, 0o755] {
            fs::set_permissions(&file, fs::Permissions::from_mode(bits)).expect("its mode");
            put(&file, "new").expect("to be replaced");
            assert_eq!(fs::read_to_string(&file).expect("the file"), "new");
            assert_eq!(mode(&file), bits);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (precious, link) = (folder.path().join("precious"), folder.path().join("link"));
        fs::write(&precious, "as it was").expect("a file");
        fs::set_permissions(&precious, fs::Permissions::from_mode(0o600)).expect("its mode");
        symlink(&precious, &link).expect("a link");
        put(&link, "new").expect("to be replaced");
        assert_eq!(fs::read_to_string(&precious).expect("the file"), "as it was");
        assert_eq!(mode(&precious), 0o600);
        assert!(fs::symlink_metadata(&link).expect("the new file").is_file());
        assert_eq!(fs::read_to_string(&link).expect("the new file"), "new");
    }

    #[test]
    fn failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let taken = folder.path().join("taken");
        fs::create_dir_all(taken.join("inside")).expect("a folder");
        put(&taken, "new").expect_err("a folder is in the way");
        assert!(taken.join("inside").is_dir());
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }
}
