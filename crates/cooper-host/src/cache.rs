//! What plugins said of themselves, kept from run to run.
//!
//! Everything here can be asked for again, so what cannot be trusted is as good as absent: a file or
//! a folder that another user owns or may write, and a file that is not whole, is of another format,
//! or was written for another name. It holds what is in a program and what arguments it takes, never
//! what somebody gave it.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, Read, Result, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cooper_hcl::System;
use rustix::fs::OFlags;
use rustix::process::geteuid;

use crate::discover::digest_of;

/// What a file begins with; the digest of its name and its content follows.
const FORMAT: &str = "cooper 1";

/// How long a file may be. What plugins say is shorter.
const LONGEST: u64 = 4 << 20;

/// What nobody but the user may do: write.
const OTHERS_WRITE: u32 = 0o022;

/// A folder of the user's.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// Where the user's programs keep such things; nowhere, when there is no such place.
    pub(crate) fn of_user(system: &dyn System) -> Self {
        let cache = system.env("XDG_CACHE_HOME").filter(|path| path.starts_with('/'));
        let cache = cache.map(PathBuf::from);
        let cache = cache.or_else(|| system.home_dir().map(|home| home.join(".cache")));
        Self { folder: cache.map(|cache| cache.join("cooper").join("plugins")) }
    }

    /// Keeps nothing.
    pub(crate) const fn nowhere() -> Self {
        Self { folder: None }
    }

    /// What was kept under a name, as it was kept.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let folder = self.folder.as_ref()?;
        let path = folder.join(name);
        match read(folder, &path, name) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!("`{}` is not used: {error}", path.display());
                None
            }
        }
    }

    /// Keeps something. The file appears whole or not at all, and that it does not is in the log.
    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let Some(folder) = &self.folder else { return };
        if let Err(error) = write(folder, name, content) {
            tracing::debug!("`{}` cannot be written: {error}", folder.join(name).display());
        }
    }
}

fn read(folder: &Path, path: &Path, name: &str) -> Result<Vec<u8>> {
    ours(&folder.symlink_metadata()?)?;
    // A pipe must not be waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    ours(&metadata)?;
    if !metadata.is_file() {
        return Err(Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    let content = bytes.iter().position(|byte| *byte == b'\n').map(|end| &bytes[end + 1..]);
    let content = content.unwrap_or_default();
    match bytes == file_of(name, content) {
        true => Ok(content.to_vec()),
        false => Err(Error::other("it is spoilt, or was written for something else")),
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let metadata = folder.symlink_metadata()?;
    if metadata.uid() == geteuid().as_raw() && metadata.mode() & OTHERS_WRITE != 0 {
        // Earlier versions left it to the user's mask.
        File::open(folder)?.set_permissions(Permissions::from_mode(0o700))?;
    }
    ours(&folder.symlink_metadata()?)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&file_of(name, content))?;
    file.persist(folder.join(name))?;
    Ok(())
}

/// A whole file.
fn file_of(name: &str, content: &[u8]) -> Vec<u8> {
    let digest = digest_of(&[name.as_bytes(), b"\n", content].concat());
    [format!("{FORMAT} {digest}\n").as_bytes(), content].concat()
}

/// Whether nobody else may have written something.
fn ours(metadata: &std::fs::Metadata) -> Result<()> {
    if metadata.uid() != geteuid().as_raw() {
        return Err(Error::other("it belongs to another user"));
    }
    match metadata.mode() & OTHERS_WRITE {
        0 => Ok(()),
        _ => Err(Error::other("others may write it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Cache {
        pub(crate) fn at(folder: &Path) -> Self {
            Self { folder: Some(folder.to_owned()) }
        }
    }

    fn cache() -> (tempfile::TempDir, PathBuf, Cache) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("cooper").join("plugins");
        let cache = Cache::at(&folder);
        (home, folder, cache)
    }

    #[test]
    fn what_is_kept_is_read_again_and_is_the_user_s_alone() {
        let (_home, folder, cache) = cache();
        assert_eq!(cache.read("a"), None);
        for content in [&b"one"[..], b"", b"two\nlines\n"] {
            cache.write("a", content);
            assert_eq!(cache.read("a").as_deref(), Some(content));
        }
        assert_eq!(cache.read("b"), None);
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("a"))), (0o700, 0o600));
        Cache::nowhere().write("a", b"one");
        assert_eq!(Cache::nowhere().read("a"), None);
    }

    #[test]
    fn what_was_spoilt_is_not_used() {
        let (_home, folder, cache) = cache();
        let path = folder.join("a");
        let kept = || {
            cache.write("a", b"content");
            std::fs::read(&path).unwrap()
        };
        let whole = kept();
        for index in 0..whole.len() {
            let mut spoilt = whole.clone();
            spoilt[index] ^= 1;
            std::fs::write(&path, spoilt).unwrap();
            assert_eq!(cache.read("a"), None, "byte {index}");
            std::fs::write(&path, &whole[..index]).unwrap();
            assert_eq!(cache.read("a"), None, "{index} bytes");
        }
        // It is right, under another name.
        kept();
        std::fs::rename(&path, folder.join("b")).unwrap();
        assert_eq!(cache.read("b"), None);
        // What is not used is written anew.
        cache.write("b", b"content");
        assert_eq!(cache.read("b").as_deref(), Some(&b"content"[..]));
    }

    #[test]
    fn what_others_may_have_written_is_not_used() {
        let (_home, folder, cache) = cache();
        let path = folder.join("a");
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        cache.write("a", b"content");
        set(&path, 0o620);
        assert_eq!(cache.read("a"), None);
        set(&path, 0o600);
        assert!(cache.read("a").is_some());
        set(&folder, 0o770);
        assert_eq!(cache.read("a"), None);
        // The next to write makes the folder the user's alone.
        cache.write("b", b"content");
        assert!(cache.read("b").is_some());

        let elsewhere = folder.with_file_name("elsewhere");
        std::fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert_eq!(cache.read("a"), None);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(cache.read("a"), None);

        // Only root can give something away.
        if geteuid().is_root() {
            std::os::unix::fs::chown(folder.join("b"), Some(1), None).unwrap();
            assert_eq!(cache.read("b"), None);
            std::os::unix::fs::chown(&folder, Some(1), None).unwrap();
            cache.write("c", b"content");
            assert!(!folder.join("c").exists());
        }
    }
}
