//! The program in an archive.
//!
//! An archive is made by whoever made the plugin, and by whoever changed it on the way. One file is
//! taken out of it, by its whole name, into a file that we name; nothing else in it is unpacked,
//! wherever it wants to go. Its directory is walked entry by entry, so that a large one costs time
//! within bounds and no memory.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::CompressionMethod;
use zip::read::{Config, ZipReadOptions};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

/// What an archive may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many files there may be in it.
    pub entries: usize,
    /// How large the program may be.
    pub program: u64,
    /// How many times larger than it is in the archive, once it is larger than `small`.
    pub ratio: u64,
    /// What nobody minds, however well it was compressed.
    pub small: u64,
}

impl Limits {
    /// What no plugin needs: the largest are of some 200 MiB, and programs shrink to a third.
    pub const PLUGIN: Self = Self { entries: 1_000, program: 1 << 30, ratio: 100, small: 64 << 20 };
}

/// Why a program cannot be taken out of an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read, or the program not written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no archive, or a damaged one.
    #[error("it is no sound zip archive: {0}")]
    Malformed(String),
    /// Too much is in it.
    #[error("there are {count} files in it, and no plugin needs more than {most}")]
    Entries {
        /// How many it says there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// The program is not in it.
    #[error("there is no `{wanted}` in it{found}")]
    Absent {
        /// What was looked for.
        wanted: String,
        /// What else there is.
        found: String,
    },
    /// The program is in it more than once.
    #[error("`{0}` is in it twice")]
    Twice(String),
    /// What has the program's name is no file, or one that we do not unpack.
    #[error("`{wanted}` is {what} in it")]
    NoFile {
        /// What was looked for.
        wanted: String,
        /// What it is instead.
        what: &'static str,
    },
    /// It would become too large.
    #[error("`{wanted}` is larger than {} MiB", .most >> 20)]
    TooLarge {
        /// What was looked for.
        wanted: String,
        /// How large it may be.
        most: u64,
    },
    /// It is compressed as nothing is that was not made to harm.
    #[error("`{wanted}` is compressed to less than a {ratio}th of its size")]
    Bomb {
        /// What was looked for.
        wanted: String,
        /// The limit.
        ratio: u64,
    },
}

/// How many names are told when the program is not there.
const TOLD: usize = 3;

/// Writes the file called `wanted` of a zip archive to a new file.
///
/// # Errors
///
/// When it is not in it exactly once, or anything about it is beyond the limits. What was written
/// until then is left.
pub fn extract(
    archive: &Path,
    wanted: &str,
    to: &Path,
    limits: &Limits,
) -> Result<(), ArchiveError> {
    let entries = ZipIterable::try_new(BufReader::new(File::open(archive)?), Config::default());
    let mut entries = entries.map_err(malformed)?.enforce_header_consistency(true);
    let count = entries.len();
    if count > limits.entries {
        return Err(ArchiveError::Entries { count, most: limits.entries });
    }
    let mut found = None;
    let mut others = Vec::new();
    for entry in entries.files().map_err(malformed)? {
        let entry = entry.map_err(malformed)?;
        if entry.name_raw() != wanted.as_bytes() {
            if others.len() < TOLD {
                let name: String =
                    String::from_utf8_lossy(entry.name_raw()).chars().take(80).collect();
                others.push(format!("`{}`", name.escape_debug()));
            }
            continue;
        }
        if found.replace(entry).is_some() {
            return Err(ArchiveError::Twice(wanted.to_owned()));
        }
    }
    let Some(entry) = found else {
        let found = match others.is_empty() {
            true => String::new(),
            false => format!(", but {}", others.join(", ")),
        };
        return Err(ArchiveError::Absent { wanted: wanted.to_owned(), found });
    };
    let no_file = |what| ArchiveError::NoFile { wanted: wanted.to_owned(), what };
    if entry.is_symlink() {
        return Err(no_file("a link"));
    }
    // What is neither says so in its mode: a device, a pipe.
    const KIND: u32 = 0o170_000;
    const FILE: u32 = 0o100_000;
    if !entry.is_file() || entry.unix_mode().is_some_and(|mode| !matches!(mode & KIND, 0 | FILE)) {
        return Err(no_file("no file"));
    }
    if entry.encrypted() {
        return Err(no_file("encrypted"));
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(no_file("compressed in an unusual way"));
    }
    let Limits { program: most, ratio, small, entries: _ } = *limits;
    let too_large = || ArchiveError::TooLarge { wanted: wanted.to_owned(), most };
    if entry.size() > most {
        return Err(too_large());
    }
    let allowed = entry.compressed_size().saturating_mul(ratio).max(small).min(most);
    let mut source = BufReader::new(File::open(archive)?);
    let options = ZipReadOptions::new().enforce_header_consistency(true);
    let content = entry.with_reader(&mut source, options).map_err(malformed)?;
    let mut file = File::create_new(to)?;
    // What is said of the size is not relied on.
    let written =
        io::copy(&mut content.take(allowed + 1), &mut file).map_err(|error| {
            match error.kind() {
                io::ErrorKind::InvalidData
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::UnexpectedEof => ArchiveError::Malformed(error.to_string()),
                _ => ArchiveError::Io(error),
            }
        })?;
    match written {
        written if written <= allowed => Ok(()),
        _ if allowed == most => Err(too_large()),
        _ => Err(ArchiveError::Bomb { wanted: wanted.to_owned(), ratio }),
    }
}

fn malformed(error: ZipError) -> ArchiveError {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            ArchiveError::Io(error)
        }
        other => ArchiveError::Malformed(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
