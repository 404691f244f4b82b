//! What is installed, and how it gets there.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cooper_build::version::{Constraint, Version};
use cooper_build::{Failure, PluginSource};
use cooper_hcl::System;
use cooper_host::describe::Descriptions;
use cooper_host::discover::{self, Installed, checksum_file, sha256};
use cooper_host::{Platform, Plugin};
use tempfile::TempDir;

/// What the name of a folder begins with in which something is being made.
const SCRATCH: &str = ".cooper-install-";

/// How often to look whether another process is done.
const POLL: Duration = Duration::from_millis(50);

/// The folder in which plugins are installed.
pub struct Store {
    folder: PathBuf,
    descriptions: Descriptions,
}

impl Store {
    /// That of the user that Cooper runs for.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn of_user(system: &dyn System) -> Result<Self, Failure> {
        let Some(folder) = discover::folder(system) else {
            let failure = Failure::new("there is no home folder to install plugins in");
            return Err(failure.help("set `PACKER_PLUGIN_PATH` to a folder for plugins"));
        };
        if folder.as_os_str().as_encoded_bytes().contains(&b':')
            && system.env("PACKER_PLUGIN_PATH").is_some_and(|path| !path.is_empty())
        {
            let message = "`PACKER_PLUGIN_PATH` has a `:` in it, and can name only one folder";
            return Err(Failure::new(message).help("name the one that plugins are installed in"));
        }
        let descriptions = Descriptions::of_user(system);
        Ok(Self { folder, descriptions })
    }

    /// A folder of its own, which keeps no descriptions.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), descriptions: Descriptions::nowhere() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every program of a plugin for this machine by its name, sound or not, in the order of
    /// names and versions.
    pub async fn files(&self) -> Vec<Installed> {
        let folder = self.folder.clone();
        let found = tokio::task::spawn_blocking(move || discover::installed(&folder));
        found.await.unwrap_or_default()
    }

    /// The programs of a source at a version that meets a constraint, in the order of versions,
    /// sound or not.
    pub async fn files_of(
        &self,
        source: &PluginSource,
        constraint: Option<&Constraint>,
    ) -> Vec<Installed> {
        let fits = |installed: &Installed| {
            let version = installed.version.release();
            installed.is_of(source, &self.folder)
                && constraint.is_none_or(|constraint| constraint.allows(&version))
        };
        let mut files = self.files().await;
        files.retain(fits);
        files
    }

    /// The plugin in a file, whatever version of the protocol it speaks. Why there is none is told
    /// in the log.
    pub async fn described(&self, file: &Installed) -> Option<Plugin> {
        told(file.described(&self.descriptions).await)
    }

    /// The plugin in a file, if it can be used. Why it cannot is told in the log.
    pub async fn verified(&self, file: &Installed) -> Option<Plugin> {
        told(file.verified(&self.descriptions).await)
    }

    /// The same for a file that must have this SHA-256: nothing of another one runs.
    pub async fn verified_as(&self, file: &Installed, sha256: &str) -> Option<Plugin> {
        told(file.verified_as(sha256, &self.descriptions).await)
    }

    /// Removes a program and its checksum: first the checksum, so that it is never there alone.
    ///
    /// # Errors
    ///
    /// When either cannot be removed.
    pub fn remove(&self, program: &Path) -> io::Result<()> {
        match fs::remove_file(checksum_file(program)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => fs::remove_file(program),
        }
    }

    /// Makes this process the only one that installs versions of a source, and waits for that.
    ///
    /// # Errors
    ///
    /// When its folder cannot be made.
    pub async fn claim(&self, source: &PluginSource) -> Result<Claim, Failure> {
        let folder = source.folder_in(&self.folder);
        let trouble = |error: io::Error| {
            Failure::because(format!("cannot make the folder `{}`", folder.display()), &error)
        };
        fs::create_dir_all(&folder).map_err(trouble)?;
        let lock = File::open(&folder).map_err(trouble)?;
        let mut waits = false;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut waits, true) {
                        tracing::info!("another process installs `{source}`: waiting for it");
                    }
                    tokio::time::sleep(POLL).await;
                }
                // Without locks, as on some network drives, what is renamed is still whole.
                Err(TryLockError::Error(error)) => {
                    tracing::debug!("`{}` cannot be locked: {error}", folder.display());
                    break;
                }
            }
        }
        let claim = Claim { folder, _lock: lock };
        claim.sweep();
        Ok(claim)
    }
}

fn told(described: Result<Plugin, discover::Refused>) -> Option<Plugin> {
    described.inspect_err(|refused| tracing::warn!("a plugin is passed over: {refused}")).ok()
}

/// A source's folder, in which nobody else installs anything as long as this lives.
pub struct Claim {
    folder: PathBuf,
    _lock: File,
}

impl Claim {
    /// Removes what processes that were killed have left.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(SCRATCH.as_bytes())
                && let Err(error) = fs::remove_dir_all(entry.path())
            {
                tracing::debug!("`{}` cannot be removed: {error}", entry.path().display());
            }
        }
    }

    /// A folder to make something in, in the same file system, which is removed in the end.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn scratch(&self) -> Result<TempDir, Failure> {
        let made = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&self.folder);
        made.map_err(|error| {
            let message = format!("nothing can be written in `{}`", self.folder.display());
            Failure::because(message, &io::Error::from(error.kind()))
        })
    }

    /// Where a program goes.
    pub fn place(&self, source: &PluginSource, version: &Version, api: &str) -> PathBuf {
        let prefix = source.file_prefix();
        self.folder.join(format!("{prefix}v{version}_{api}_{}", Platform::this()))
    }

    /// Moves a program that was checked from a scratch folder to its place, and writes its checksum
    /// beside it, which is returned. Whoever looks meanwhile sees the old one, or none, or the new
    /// one, because nothing is run without a checksum that fits.
    ///
    /// # Errors
    ///
    /// When something cannot be written.
    pub fn put(&self, program: &Path, place: &Path) -> Result<String, Failure> {
        let put = || -> io::Result<String> {
            let digest = sha256(program)?;
            File::open(program)?.sync_all()?;
            let sum = program.with_file_name("checksum");
            let mut file = File::create_new(&sum)?;
            file.write_all(digest.as_bytes())?;
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.sync_all()?;
            let checksum = checksum_file(place);
            match fs::remove_file(&checksum) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            fs::rename(program, place)?;
            fs::rename(sum, checksum)?;
            Ok(digest)
        };
        put().map_err(|error| {
            Failure::because(format!("`{}` cannot be written", place.display()), &error)
        })
    }
}
