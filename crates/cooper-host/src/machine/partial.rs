//! A folder without what a plugin wants left out of it.

use std::fs::{self, File, FileTimes, Metadata, Permissions};
use std::io::{Error, Result};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::spool::Spool;

/// A folder with the same name and content as another, but for files and folders that are named by
/// their paths below it, or by full ones. It is there as long as this.
pub(super) struct Partial {
    folder: PathBuf,
    _spool: Spool,
}

impl Partial {
    /// # Errors
    ///
    /// When something cannot be read, or is neither a file, a folder, nor a link.
    pub(super) fn of(source: &Path, exclude: &[String]) -> Result<Self> {
        let source = source.canonicalize()?;
        let spool = Spool::new()?;
        let folder = spool.folder().join(source.file_name().unwrap_or_default());
        let below = |path: &String| source.join(path).components().collect::<PathBuf>();
        let exclude: Vec<PathBuf> = exclude.iter().map(below).collect();
        let mut left = vec![(source, folder.clone())];
        let mut copied = Vec::new();
        while let Some((from, to)) = left.pop() {
            let metadata = from.symlink_metadata()?;
            if metadata.is_dir() {
                fs::create_dir(&to)?;
                for entry in fs::read_dir(&from)? {
                    let entry = entry?;
                    if !exclude.contains(&entry.path()) {
                        left.push((entry.path(), to.join(entry.file_name())));
                    }
                }
                copied.push((to, metadata));
            } else {
                copy(&from, &to, &metadata)?;
            }
        }
        // The innermost first: what is in a folder changes its time, and may be kept from changing.
        for (folder, metadata) in copied.iter().rev() {
            let opened = File::open(folder)?;
            opened.set_times(FileTimes::new().set_modified(metadata.modified()?))?;
            // It has to be removed again.
            let mode = metadata.permissions().mode() | 0o700;
            fs::set_permissions(folder, Permissions::from_mode(mode))?;
        }
        Ok(Self { folder, _spool: spool })
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Copies a file or a link. A second name for a file costs nothing, where there can be one.
fn copy(from: &Path, to: &Path, metadata: &Metadata) -> Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    if metadata.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if !metadata.is_file() {
        let what = "is neither a file, a folder, nor a link";
        return Err(Error::other(format!("`{}` {what}", from.display())));
    }
    fs::copy(from, to)?;
    let times = FileTimes::new().set_modified(metadata.modified()?);
    File::open(to)?.set_times(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is below a folder, with what is in files.
    fn content(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![folder.to_owned()];
        while let Some(path) = left.pop() {
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_symlink() {
                found.push(format!("{name} -> {}", fs::read_link(&path).unwrap().display()));
            } else if path.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                found.push(format!("{name}: {}", fs::read_to_string(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    #[test]
    fn what_is_left_out_is_not_there_and_the_rest_is() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("site");
        for path in ["a", "secret", "sub/a", "sub/big/one", "sub/secret", "secret.old"] {
            let path = source.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "content").unwrap();
        }
        symlink("a", source.join("link")).unwrap();
        fs::set_permissions(source.join("sub"), Permissions::from_mode(0o750)).unwrap();
        let full = source.join("sub/secret").display().to_string();
        let exclude = ["./secret".to_owned(), "sub/big/".to_owned(), full, "nothing".to_owned()];
        let partial = Partial::of(&source, &exclude).unwrap();
        let wanted = ["a: content", "link -> a", "secret.old: content", "sub/a: content"];
        assert_eq!(content(partial.folder()), wanted);
        assert!(partial.folder().ends_with("site"));
        let mode = partial.folder().join("sub").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o750);
        let folder = partial.folder().to_owned();
        drop(partial);
        assert!(!folder.exists());
        assert_eq!(content(&source).len(), 7);
    }
}
