//! The real machine.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cooper_builtin::SecretStoreClients;
use cooper_hcl::secret_store::ClosedStores;
use cooper_hcl::{FileKind, SecretStores, System};
use uuid::Uuid;

/// No file that a template reads may be larger.
const LARGEST_FILE: u64 = 64 << 20;

/// The machine the program runs on, with the time at which it was started.
pub struct Os {
    now: i128,
    secret_stores: Box<dyn SecretStores>,
}

impl Os {
    /// Looks at the clock, once. No place that keeps secrets is asked.
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |time| time.as_nanos() as i128);
        Self { now, secret_stores: Box::new(ClosedStores) }
    }

    /// The same machine, whose places that keep secrets may be asked.
    #[must_use]
    pub fn with_secret_stores(self) -> Self {
        Self { secret_stores: Box::new(SecretStoreClients::new(variable)), ..self }
    }
}

fn variable(name: &str) -> Option<String> {
    // The standard library panics on names that no variable can have.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

impl Default for Os {
    fn default() -> Self {
        Self::new()
    }
}

impl System for Os {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // The length a pipe or a device states says nothing, so what is read is counted.
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {} MiB", LARGEST_FILE >> 20),
            ));
        }
        Ok(bytes)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let kind = fs::metadata(path)?.file_type();
        Ok(if kind.is_file() {
            FileKind::File
        } else if kind.is_dir() {
            FileKind::Directory
        } else {
            FileKind::Other
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            // A template's name is text; a file whose name is not is no template.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn current_dir(&self) -> PathBuf {
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
    }

    fn home_dir(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }

    fn env(&self, name: &str) -> Option<String> {
        variable(name)
    }

    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, String)> {
        let mut found: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        found.sort();
        found
    }

    fn now(&self) -> i128 {
        self.now
    }

    fn random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            // A version 4 UUID has six fixed bits; no two of them meet when it is folded.
            let id = Uuid::new_v4().as_u128();
            let folded = ((id >> 64) ^ id) as u64;
            chunk.copy_from_slice(&folded.to_le_bytes()[..chunk.len()]);
        }
    }
    fn secret_stores(&self) -> &dyn SecretStores {
        &*self.secret_stores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_sees_one_time() {
        let os = Os::new();
        assert!(os.now() > 1_700_000_000 * 1_000_000_000);
        assert_eq!(os.now(), os.now());
    }

    #[test]
    fn randomness_fills_the_buffer() {
        let mut buffers = [[0; 19]; 2];
        buffers.iter_mut().for_each(|buffer| Os::new().random(buffer));
        assert_ne!(buffers[0], buffers[1]);
        assert_ne!(buffers[0][11..], [0; 8]);
    }

    #[test]
    fn a_file_without_end_is_refused() {
        let error = Os::new().read(Path::new("/dev/zero")).expect_err("too large");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_folder_is_no_file() {
        let error = Os::new().read(Path::new("/")).expect_err("a folder");
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        assert_eq!(Os::new().kind(Path::new("/")).ok(), Some(FileKind::Directory));
    }

    #[test]
    fn strange_names_of_variables_have_no_value() {
        assert_eq!(Os::new().env("a=b"), None);
        assert_eq!(Os::new().env(""), None);
    }
}
