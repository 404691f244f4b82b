//! Which plugins are installed.

use std::io::Read;
use std::path::{Path, PathBuf};

use cooper_build::PluginSource;
use cooper_build::version::Version;
use cooper_hcl::System;
use cooper_wire::handshake;
use sha2::{Digest, Sha256};

use crate::describe::{DescribeError, Descriptions};
use crate::platform::Platform;
use crate::plugin::Plugin;

/// How many levels of folders are looked into.
const DEEPEST: usize = 16;

/// How many files are looked at.
const MOST_FILES: usize = 100_000;

/// The end of the name of the file that has a program's checksum.
const CHECKSUM: &str = "_SHA256SUM";

/// A file that is a plugin by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installed {
    /// The program.
    pub path: PathBuf,
    /// Its name: `docker`.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// As it is written: `1.1.5`.
    pub written_version: String,
    /// The version of the protocol: `x5.0`.
    pub api: String,
}

/// Why a plugin that is installed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It has no checksum.
    #[error("the checksum of `{}` cannot be read: {cause}", .path.display())]
    NoChecksum {
        /// The program.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It has another checksum.
    #[error("`{}` is not the file that its checksum was made for", .path.display())]
    WrongChecksum {
        /// The program.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("`{}` cannot be read: {cause}", .path.display())]
    Unreadable {
        /// The program.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It is not the one that the lock file names.
    #[error("`{}` has the SHA-256 {digest}, and the lock file names {locked}", .path.display())]
    NotLocked {
        /// The program.
        path: PathBuf,
        /// Its own digest.
        digest: String,
        /// The one that is named.
        locked: String,
    },
    /// It speaks another protocol.
    #[error("`{}` speaks version {api} of the plugin protocol, and Cooper speaks x{}.{}",
        .path.display(), handshake::VERSION.0, handshake::VERSION.1)]
    Protocol {
        /// The program.
        path: PathBuf,
        /// The version of its name.
        api: String,
    },
    /// It does not say what is in it.
    #[error(transparent)]
    NotDescribed(#[from] DescribeError),
    /// It says that it is another version than its name does.
    #[error("`{}` says that it is version {described}", .path.display())]
    Mislabelled {
        /// The program.
        path: PathBuf,
        /// What it says.
        described: String,
    },
}

/// The folder that plugins are installed in; nothing when there is no home.
pub fn folder(system: &dyn System) -> Option<PathBuf> {
    if let Some(path) = system.env("PACKER_PLUGIN_PATH").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let home = system.home_dir();
    let given = |name| system.env(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let config = match given("PACKER_CONFIG_DIR") {
        Some(config) => config.join(".packer.d"),
        None => match home.as_ref().map(|home| home.join(".packer.d")) {
            Some(old) if old.exists() => old,
            _ => match given("XDG_CONFIG_HOME") {
                Some(config) => config.join("packer"),
                None => home?.join(".config").join("packer"),
            },
        },
    };
    Some(config.join("plugins"))
}

/// Every plugin for this machine below a folder, by its name; a file in the folder itself is none.
pub fn installed(folder: &Path) -> Vec<Installed> {
    let mut found = Vec::new();
    let mut left = vec![(folder.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = left.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > MOST_FILES {
                tracing::warn!("`{}` has more than {MOST_FILES} files", folder.display());
                return found;
            }
            let path = entry.path();
            if path.is_dir() {
                if depth < DEEPEST {
                    left.push((path, depth + 1));
                }
            } else if depth > 0 {
                found.extend(Installed::of(path));
            }
        }
    }
    found.sort_by(|a, b| (&a.name, &a.version, &a.path).cmp(&(&b.name, &b.version, &b.path)));
    found
}

impl Installed {
    /// A file that is a plugin for this machine by its name:
    /// `packer-plugin-docker_v1.1.5_x5.0_linux_amd64`.
    fn of(path: PathBuf) -> Option<Self> {
        let file = path.file_name()?.to_str()?;
        let rest =
            file.strip_prefix("packer-plugin-")?.strip_suffix(&format!("_{}", Platform::this()))?;
        let (rest, api) = rest.rsplit_once("_x")?;
        let (name, version) = rest.rsplit_once("_v")?;
        // Build metadata would make two names of one version.
        let parsed = Version::parse(version).ok().filter(|_| !version.contains('+'))?;
        let (name, written_version, api) = (name.to_owned(), version.to_owned(), format!("x{api}"));
        Some(Self { name, version: parsed, written_version, api, path })
    }

    /// Whether it is one of a source, by where it is and by its name. `folder` is the one that
    /// plugins are installed in; as in Packer, its place in the folder of the namespace is its own
    /// business.
    pub fn is_of(&self, source: &PluginSource, folder: &Path) -> bool {
        let own = source.folder_in(folder);
        let namespace = own.parent().unwrap_or(folder);
        self.name == source.name() && self.path.starts_with(namespace)
    }

    /// The plugin, after its checksum was verified and it was asked what is in it. Nothing of it
    /// runs before.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub async fn verified(&self, descriptions: &Descriptions) -> Result<Plugin, Refused> {
        self.check_protocol()?;
        self.described(descriptions).await
    }

    /// The same for a program that must have this SHA-256, in hexadecimal and lower case.
    ///
    /// # Errors
    ///
    /// When it has another one, or cannot be used.
    pub async fn verified_as(
        &self,
        locked: &str,
        descriptions: &Descriptions,
    ) -> Result<Plugin, Refused> {
        self.check_protocol()?;
        let digest = self.digest().await?;
        if digest != locked {
            let (path, locked) = (self.path.clone(), locked.to_owned());
            return Err(Refused::NotLocked { path, digest, locked });
        }
        self.ask(digest, descriptions).await
    }

    /// The plugin, whatever version of the protocol it speaks.
    ///
    /// # Errors
    ///
    /// When it is not what its name and its checksum say.
    pub async fn described(&self, descriptions: &Descriptions) -> Result<Plugin, Refused> {
        let digest = self.digest().await?;
        self.ask(digest, descriptions).await
    }

    fn check_protocol(&self) -> Result<(), Refused> {
        if speaks_ours(&self.api) {
            return Ok(());
        }
        let (path, api) = (self.path.clone(), self.api.clone());
        Err(Refused::Protocol { path, api })
    }

    /// Its digest, which is the one beside it.
    async fn digest(&self) -> Result<String, Refused> {
        let checked = self.path.clone();
        let digest = tokio::task::spawn_blocking(move || checksum(&checked));
        digest.await.unwrap_or_else(|error| {
            let (path, cause) = (self.path.clone(), std::io::Error::other(error));
            Err(Refused::Unreadable { path, cause })
        })
    }

    /// Asks it what is in it.
    async fn ask(&self, digest: String, descriptions: &Descriptions) -> Result<Plugin, Refused> {
        let path = self.path.clone();
        let description = descriptions.get(&path, &digest).await?;
        let described = Version::parse(&description.version);
        if described.as_ref() != Ok(&self.version) || description.api_version != self.api {
            let described = format!("{} of {}", description.version, description.api_version);
            return Err(Refused::Mislabelled { path, described });
        }
        let (name, version) = (self.name.clone(), self.version.clone());
        Ok(Plugin { path, name, version, digest, description })
    }
}

/// Whether a version of the protocol, such as `x5.0`, is one that we speak.
pub fn speaks_ours(api: &str) -> bool {
    let numbers = api.strip_prefix('x').and_then(|api| api.split_once('.'));
    let (major, minor) = handshake::VERSION;
    numbers.is_some_and(|(theirs, least)| {
        theirs.parse() == Ok(major) && least.parse::<u32>().is_ok_and(|least| least <= minor)
    })
}

/// The file that has a program's checksum.
pub fn checksum_file(program: &Path) -> PathBuf {
    let mut beside = program.as_os_str().to_owned();
    beside.push(CHECKSUM);
    beside.into()
}

/// The digest of a program that is the one beside it.
fn checksum(path: &Path) -> Result<String, Refused> {
    const DIGITS: usize = 64;
    let beside = checksum_file(path);
    let no_checksum = |cause| Refused::NoChecksum { path: path.to_owned(), cause };
    let mut wanted = [0; DIGITS];
    let file = std::fs::File::open(&beside);
    file.and_then(|mut file| file.read_exact(&mut wanted)).map_err(no_checksum)?;
    let digest =
        sha256(path).map_err(|cause| Refused::Unreadable { path: path.to_owned(), cause })?;
    match digest.as_bytes().eq_ignore_ascii_case(&wanted) {
        true => Ok(digest),
        false => Err(Refused::WrongChecksum { path: path.to_owned() }),
    }
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
///
/// When it cannot be read.
pub fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            count => hash.update(&piece[..count]),
        }
    }
    Ok(hexadecimal(&hash.finalize()))
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal, in lower case, as digests are written.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a program is a text that another program runs.
pub(crate) fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    let file = std::fs::File::open(path);
    file.and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}
