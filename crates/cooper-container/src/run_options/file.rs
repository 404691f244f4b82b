//! Files of variables and labels, and the machine they are on.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::{Path, PathBuf};

use super::{LocalHost, Read, Wrong};

/// The most that a file named by an option may have.
const LIMIT: u64 = 8 << 20;

/// The machine Cooper runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThisHost;

impl LocalHost for ThisHost {
    fn variable(&self, name: &str) -> Option<String> {
        // The standard library panics on names that no variable can have.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>> {
        // A pipe would be waited for.
        if !std::fs::metadata(path)?.is_file() {
            return Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(Error::new(
                ErrorKind::FileTooLarge,
                format!("it has more than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }

    fn working_dir(&self) -> Result<PathBuf> {
        std::env::current_dir()
    }
}

/// Reads a file as text.
pub(super) fn text(host: &dyn LocalHost, path: &str) -> Read<String> {
    let bytes = host
        .read(Path::new(path), LIMIT)
        .map_err(|error| Wrong::new(format!("cannot read `{path}`: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Wrong::new(format!("`{path}` is not UTF-8 text")))
}

/// The lines of a file of `name=value`: without empty ones and comments. A line without `=` has
/// no value.
pub(super) fn pairs(host: &dyn LocalHost, path: &str) -> Read<Vec<(String, Option<String>)>> {
    let text = text(host, path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut pairs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (line, None),
        };
        let wrong = |what: &str| Wrong::new(format!("`{path}`, line {}: {what}", number + 1));
        if name.is_empty() {
            return Err(wrong("there is no name before `=`"));
        }
        if name.contains([' ', '\t']) {
            return Err(wrong(&format!("the name `{name}` has a space")));
        }
        pairs.push((name.to_owned(), value));
    }
    Ok(pairs)
}
