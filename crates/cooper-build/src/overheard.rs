//! The outside world, with what the places that keep secrets say, and what is made of secrets, kept in
//! mind.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_hcl::{FileKind, SecretRequest, SecretStores, System, Value};

use crate::secret::Secrets;

/// A system whose secrets must not be shown, wherever a template asks for them.
pub(crate) struct Overheard {
    pub(crate) system: Arc<dyn System>,
    pub(crate) secrets: Secrets,
}

impl SecretStores for Overheard {
    fn ask(&self, wanted: &SecretRequest) -> Result<Option<String>, String> {
        let answer = self.system.secret_stores().ask(wanted)?;
        if let Some(secret) = &answer {
            self.secrets.add(secret);
        }
        Ok(answer)
    }
}

impl System for Overheard {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.system.read(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.system.kind(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.system.list(path)
    }

    fn current_dir(&self) -> PathBuf {
        self.system.current_dir()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.system.home_dir()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.system.env(name)
    }

    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, String)> {
        self.system.env_with_prefix(prefix)
    }

    fn now(&self) -> i128 {
        self.system.now()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.system.random(buffer);
    }

    fn overhear(&self, made: &Value) {
        self.secrets.add_overheard(made);
    }

    fn secret_stores(&self) -> &dyn SecretStores {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A world with one secret and nothing else.
    struct Keeper;

    impl SecretStores for Keeper {
        fn ask(&self, _: &SecretRequest) -> Result<Option<String>, String> {
            Ok(Some("hunter2".into()))
        }
    }

    impl System for Keeper {
        fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn kind(&self, _: &Path) -> io::Result<FileKind> {
            Err(io::ErrorKind::NotFound.into())
        }

        fn list(&self, _: &Path) -> io::Result<Vec<String>> {
            Ok(Vec::new())
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

        fn random(&self, _: &mut [u8]) {}

        fn secret_stores(&self) -> &dyn SecretStores {
            self
        }
    }

    #[test]
    fn what_a_store_says_is_a_secret_wherever_it_is_asked_for() {
        let session = crate::Session::new(Arc::new(Keeper));
        assert_eq!(session.secrets.scrub("hunter2"), "hunter2");
        let wanted = SecretRequest::Consul { key: "k".into() };
        assert_eq!(session.system.secret_stores().ask(&wanted), Ok(Some("hunter2".into())));
        assert_eq!(session.secrets.scrub("hunter2"), "<sensitive>");
    }
}
