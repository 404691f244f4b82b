//! The outside world, as the language sees it.

use std::io;
use std::path::{Path, PathBuf};

use crate::secret_store::{NoStores, SecretStores};
use crate::value::Value;

/// Reads from the world around a template. The program has one for the real machine,
/// tests have one in memory.
pub trait System: Send + Sync {
    /// The bytes of a file. A relative path counts from [`System::current_dir`].
    ///
    /// # Errors
    ///
    /// As the operating system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What stands at a path, links followed.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] when there is nothing; otherwise as the operating system says.
    fn kind(&self, path: &Path) -> io::Result<FileKind>;

    /// The names in a folder, sorted.
    ///
    /// # Errors
    ///
    /// As the operating system says.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// The folder that relative paths count from.
    fn current_dir(&self) -> PathBuf;

    /// The user's home folder.
    fn home_dir(&self) -> Option<PathBuf>;

    /// One variable of the environment.
    fn env(&self, name: &str) -> Option<String>;

    /// All variables of the environment whose name begins with `prefix`, sorted by name.
    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, String)>;

    /// The time at which the run began: nanoseconds since 1970-01-01 UTC.
    ///
    /// One run sees one time, so `timestamp()` is the same wherever it is written.
    fn now(&self) -> i128;

    /// Fills a buffer with randomness fit for identifiers.
    fn random(&self, buffer: &mut [u8]);

    /// Takes note of what an expression made of sensitive values, which is text of its own: it must not
    /// be shown either, and may be given to somebody who repeats it. Nobody does, unless a system says
    /// otherwise.
    fn overhear(&self, _made: &Value) {}

    /// The places that keep secrets; there are none unless a system has some.
    fn secret_stores(&self) -> &dyn SecretStores {
        &NoStores
    }
}

/// What stands at a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A socket, a device, a pipe.
    Other,
}

/// A world without anything in it, in which it is always 1970: for tests, and for texts that
/// must not depend on where they are read.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl System for Nowhere {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn kind(&self, _: &Path) -> io::Result<FileKind> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn current_dir(&self) -> PathBuf {
        "/".into()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        None
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn env_with_prefix(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// What a person is told of a file that cannot be used: the operating system's words, without its
/// numbers, as the end of a sentence.
pub fn plainly(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let said = error.to_string();
            let Some(number) = error.raw_os_error() else { return said };
            let words = said.strip_suffix(&format!(" (os error {number})")).unwrap_or(&said);
            let mut characters = words.chars();
            let first = characters.next().map(|first| first.to_lowercase()).into_iter().flatten();
            first.chain(characters).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::plainly;

    #[test]
    fn errors_are_told_without_numbers() {
        assert_eq!(plainly(&io::ErrorKind::NotFound.into()), "there is no such file or folder");
        assert_eq!(plainly(&io::Error::from_raw_os_error(21)), "is a directory");
        assert_eq!(plainly(&io::Error::from_raw_os_error(28)), "no space left on device");
        assert_eq!(plainly(&io::Error::other("The disk left")), "The disk left");
    }
}
