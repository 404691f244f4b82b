//! The machine as the editor sees it: with texts that were not saved.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cooper_hcl::secret_store::ClosedStores;
use cooper_hcl::{FileKind, SecretStores, System};

/// Texts that stand in the place of files, by their absolute paths.
pub(crate) type Texts = Arc<BTreeMap<PathBuf, Arc<str>>>;

/// A system whose files are those of another, but for the texts that are open in the editor, and
/// whose current folder is the template's: as if Cooper were started there.
pub(crate) struct Overlay {
    /// The system underneath.
    pub(crate) base: Arc<dyn System>,
    /// The current folder.
    pub(crate) folder: PathBuf,
    /// The open texts.
    pub(crate) texts: Texts,
}

impl Overlay {
    fn absolute(&self, path: &Path) -> PathBuf {
        clean(&self.folder.join(path))
    }
}

/// The path without `.` and, where what is before is a name, without `..`.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => clean.push(part),
        }
    }
    clean
}

impl System for Overlay {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.texts.get(&self.absolute(path)) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.base.read(&self.folder.join(path)),
        }
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if self.texts.contains_key(&self.absolute(path)) {
            return Ok(FileKind::File);
        }
        self.base.kind(&self.folder.join(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let folder = self.absolute(path);
        let is_here = |path: &&PathBuf| path.parent() == Some(&*folder);
        let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
        let open: Vec<String> = self.texts.keys().filter(is_here).filter_map(name).collect();
        let mut names = match self.base.list(&self.folder.join(path)) {
            Ok(names) => names,
            Err(_) if !open.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        names.extend(open);
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn current_dir(&self) -> PathBuf {
        self.folder.clone()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.base.home_dir()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.base.env(name)
    }

    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, String)> {
        self.base.env_with_prefix(prefix)
    }

    fn now(&self) -> i128 {
        self.base.now()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.base.random(buffer);
    }

    /// Nobody is asked while somebody writes.
    fn secret_stores(&self) -> &dyn SecretStores {
        &ClosedStores
    }
}

#[cfg(test)]
mod tests {
    use cooper_hcl::system::Nowhere;

    use super::*;

    #[test]
    fn open_texts_are_files_of_their_folder() {
        let texts = [("/t/a.pkr.hcl", "a"), ("/t/sub/b", "b")];
        let texts = texts.map(|(path, text)| (PathBuf::from(path), Arc::from(text)));
        let overlay = Overlay {
            base: Arc::new(Nowhere),
            folder: "/t".into(),
            texts: Arc::new(texts.into_iter().collect()),
        };
        for path in ["a.pkr.hcl", "./a.pkr.hcl", "/t/a.pkr.hcl", "sub/../a.pkr.hcl"] {
            assert_eq!(overlay.read(Path::new(path)).unwrap(), b"a", "{path}");
            assert_eq!(overlay.kind(Path::new(path)).unwrap(), FileKind::File, "{path}");
        }
        assert_eq!(overlay.list(Path::new(".")).unwrap(), ["a.pkr.hcl"]);
        assert!(overlay.list(Path::new("elsewhere")).is_err());
        assert!(overlay.read(Path::new("c")).is_err());
    }
}
