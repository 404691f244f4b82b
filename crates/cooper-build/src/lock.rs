//! The lock file: which plugins and base images a template is built with.
//!
//! It lies beside the template, is read before anything is planned, and is written by whoever runs
//! a command: [`update`] says what its text should be.

mod contents;
mod edit;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cooper_hcl::{Code, Diagnostic, Diagnostics, SourceMap, System, plainly};

pub use self::contents::{LockedImage, LockedPlugin};
pub use self::edit::Entry;

use self::contents::{Contents, MAX_FILE};
use crate::event::BuildId;
use crate::session::Session;

/// The name of the lock file.
pub const LOCK_FILE: &str = ".cooper.lock.hcl";

/// What may be used besides what the lock file names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Locking {
    /// Anything. What differs from the lock file is told.
    #[default]
    Loose,
    /// Nothing: `-locked`.
    Strict,
}

/// What the lock file says of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold<T> {
    /// Nothing, as there is none.
    Free,
    /// What was used last; nothing when it is not in the file. Anything may be used.
    Known(Option<T>),
    /// What alone may be used.
    Only(T),
    /// That it may not be used: it is not in the file.
    Refused,
}

/// The lock file of a template, and what is found out while it is built.
#[derive(Debug, Default)]
pub struct Lock {
    path: PathBuf,
    locking: Locking,
    /// Nothing when there is none, or when it cannot be read.
    contents: Option<Contents>,
    images: Mutex<BTreeMap<String, (BuildId, String)>>,
}

/// What a lock file should say from now on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Update {
    /// The whole text.
    pub text: String,
    /// What is new in it.
    pub entries: Vec<Entry>,
}

/// Why a lock file cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// It cannot be read.
    #[error("{}", plainly(.0))]
    Read(#[from] io::Error),
    /// What is in it is not a lock file.
    #[error("{0}")]
    Contents(String),
}

impl Lock {
    /// Reads the lock file of a template in a folder. What is wrong with it is recorded.
    pub fn read(folder: &Path, locking: Locking, session: &mut Session) -> Self {
        let path = path_in(folder);
        let contents = Contents::read(&path, locking, session);
        Self { path, locking, contents, images: Mutex::default() }
    }

    /// Whether nothing may be used but what it names.
    pub fn is_strict(&self) -> bool {
        self.locking == Locking::Strict
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of an image, by its name and tag: `python:alpine`.
    pub fn image(&self, name: &str) -> Hold<&LockedImage> {
        self.hold(|contents| contents.images.iter().find(|image| image.name == name))
    }

    /// What it says of a plugin, by its source: `github.com/hashicorp/amazon`.
    pub fn plugin(&self, source: &str) -> Hold<&LockedPlugin> {
        self.hold(|contents| contents.plugins.iter().find(|plugin| plugin.source == source))
    }

    fn hold<'a, T>(&'a self, find: impl FnOnce(&'a Contents) -> Option<&'a T>) -> Hold<&'a T> {
        let Some(contents) = &self.contents else { return Hold::Free };
        match (self.locking, find(contents)) {
            (Locking::Loose, found) => Hold::Known(found),
            (Locking::Strict, Some(found)) => Hold::Only(found),
            (Locking::Strict, None) => Hold::Refused,
        }
    }

    /// Notes the digest of an image that a build starts from.
    pub fn note_image(&self, build: &BuildId, name: &str, digest: &str) {
        self.images().insert(name.to_owned(), (build.clone(), digest.to_owned()));
    }

    /// The images that builds started from which went well.
    pub fn noted(&self, went_well: impl Fn(&BuildId) -> bool) -> Vec<Entry> {
        let images = self.images();
        let images = images.iter().filter(|(_, (build, _))| went_well(build));
        let entry = |(name, (_, digest)): (&String, &(BuildId, String))| Entry::Image {
            name: name.clone(),
            digest: digest.clone(),
        };
        images.map(entry).collect()
    }

    fn images(&self) -> MutexGuard<'_, BTreeMap<String, (BuildId, String)>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lock file of a template in a folder.
pub fn path_in(folder: &Path) -> PathBuf {
    match folder == Path::new(".") {
        true => PathBuf::from(LOCK_FILE),
        false => folder.join(LOCK_FILE),
    }
}

/// What a lock file should say, so that all of this is in it; nothing when it says so already. It is
/// read again, because somebody may have changed it since. Comments and what else is in it stay.
///
/// # Errors
///
/// When it cannot be read, or is not a lock file.
pub fn update(
    path: &Path,
    entries: &[Entry],
    system: &dyn System,
) -> Result<Option<Update>, UpdateError> {
    let old = match system.read(path) {
        Ok(bytes) if bytes.len() > MAX_FILE => {
            return Err(UpdateError::Contents(format!("it is larger than {} KiB", MAX_FILE >> 10)));
        }
        Ok(bytes) => Some(
            String::from_utf8(bytes)
                .map_err(|_| UpdateError::Contents("it is not UTF-8".to_owned()))?,
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let is_new = old.is_none();
    let text = old.unwrap_or_else(|| edit::HEADER.to_owned());
    let contents = parsed(path, &text)?;
    let entries: Vec<Entry> =
        entries.iter().filter(|entry| !contents.has(entry)).cloned().collect();
    if entries.is_empty() && !is_new {
        return Ok(None);
    }
    let text = edit::edited(&text, &entries).map_err(UpdateError::Contents)?;
    // What was written is understood again, whatever was in the file.
    parsed(path, &text)?;
    Ok(Some(Update { text, entries }))
}

fn parsed(path: &Path, text: &str) -> Result<Contents, UpdateError> {
    let (mut sources, diags) = (SourceMap::new(), Diagnostics::new());
    let contents = sources
        .add(path.display().to_string(), text)
        .ok()
        .and_then(|file| Contents::parse(&file, &diags).ok());
    contents.ok_or_else(|| {
        let first = diags.take().into_iter().map(|diagnostic| diagnostic.message).next();
        UpdateError::Contents(first.unwrap_or_else(|| "it is too large".to_owned()))
    })
}

/// An error of `-locked`, without a place yet.
pub fn not_locked(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::NotLocked, message)
}
