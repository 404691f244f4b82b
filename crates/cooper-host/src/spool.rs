//! Folders for what is on its way between a plugin and a machine.
//!
//! Each is removed when its transfer is over. When Cooper is killed it stays, under a name that says
//! whose it was, and the next run's [sweep](crate::sweep) removes it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How the names of these folders begin, in front of their owner's.
const PREFIX: &str = "cooper-plugin-";

/// A folder that only its user can look into.
pub(crate) struct Spool(TempDir);

impl Spool {
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn new() -> std::io::Result<Self> {
        let prefix = format!("{PREFIX}{}.", cooper_owner::current());
        Ok(Self(tempfile::Builder::new().prefix(&prefix).tempdir()?))
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Where a file in it is.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("content")
    }
}

/// Removes every folder that a run which is gone has left; returns how many.
pub(crate) fn sweep(temporary: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(temporary) else { return 0 };
    let is_left = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let owner = name.and_then(|name| name.strip_prefix(PREFIX)?.split_once('.'));
        owner.is_some_and(|(owner, _)| cooper_owner::is_gone(owner))
    };
    let left = entries.flatten().map(|entry| entry.path()).filter(is_left);
    // One of another user is not ours to remove, and the system keeps it from us.
    left.filter(|path| std::fs::remove_dir_all(path).is_ok()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_owners_that_are_gone_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let ours = cooper_owner::current();
        let (number, _) = ours.rsplit_once('-').unwrap();
        let folder = |name: &str| {
            let folder = temporary.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("content"), "x").unwrap();
            folder
        };
        let gone = folder(&format!("{PREFIX}{number}-1.abc"));
        let kept = [
            folder(&format!("{PREFIX}{ours}.abc")),
            folder(&format!("{PREFIX}nonsense.abc")),
            folder(&format!("{number}-1.abc")),
        ];
        assert_eq!(sweep(temporary.path()), 1);
        assert!(!gone.exists());
        assert!(kept.iter().all(|folder| folder.exists()), "{kept:?}");
    }
}
