//! Which files are meant.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use cooper_hcl::{Code, Diagnostic, Diagnostics};

use crate::args::FmtArgs;

/// How names of templates and of variables' values end.
const ENDINGS: [&str; 2] = [".pkr.hcl", ".pkrvars.hcl"];

/// Folders may be nested so deep.
const DEEPEST: usize = 100;

/// Something to be laid out.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Input {
    /// `-`
    Stdin,
    /// A file, by the name it is shown with.
    File(PathBuf),
}

impl Input {
    /// How it is called in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// The inputs that paths name, each once: files as they are, and of folders the files that fit.
/// What cannot be looked at, or is not HCL, is recorded.
pub(super) fn find(args: &FmtArgs, diags: &Diagnostics) -> Vec<Input> {
    let mut finder =
        Finder { recursive: args.recursive, diags, seen: HashSet::new(), inputs: vec![] };
    for path in &args.paths {
        finder.path(path);
    }
    finder.inputs
}

struct Finder<'a> {
    recursive: bool,
    diags: &'a Diagnostics,
    seen: HashSet<Input>,
    inputs: Vec<Input>,
}

impl Finder<'_> {
    fn path(&mut self, path: &Path) {
        if path == Path::new("-") {
            return self.add(Input::Stdin);
        }
        let shown = path.display();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(&clean(path), path, 0),
            Ok(metadata) if is_hcl(path) && metadata.is_file() => {
                self.add(Input::File(path.to_owned()));
            }
            Ok(metadata) if is_hcl(path) && !metadata.is_file() => {
                self.error(format!("`{shown}` is no file"), None);
            }
            Err(cause) if is_hcl(path) || cause.kind() != io::ErrorKind::NotFound => {
                self.error(
                    format!("`{shown}` cannot be read: {}", cooper_hcl::plainly(&cause)),
                    None,
                );
            }
            Err(_) => self.error(format!("there is no file or folder `{shown}`"), None),
            Ok(_) => {
                let [template, values] = ENDINGS;
                let help =
                    format!("`fmt` is for files whose names end in `{template}` or `{values}`");
                self.error(format!("`{shown}` is not an HCL file"), Some(help));
            }
        }
    }

    /// A folder, as it is shown and as it is opened.
    fn folder(&mut self, shown: &Path, path: &Path, depth: usize) {
        let names = fs::read_dir(path).and_then(|entries| {
            let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
            entries.sort_by_key(fs::DirEntry::file_name);
            Ok(entries)
        });
        let entries = match names {
            Ok(entries) => entries,
            Err(cause) => {
                return self.error(
                    format!("`{}` cannot be read: {}", path.display(), cooper_hcl::plainly(&cause)),
                    None,
                );
            }
        };
        for entry in entries.into_iter().filter(|entry| !is_ignored(&entry.file_name())) {
            let (shown, path) = (shown.join(entry.file_name()), entry.path());
            // A link to a folder is not followed: it may lead into a circle.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && self.recursive && depth < DEEPEST {
                self.folder(&shown, &path, depth + 1);
            } else if is_hcl(&path) && fs::metadata(&path).is_ok_and(|metadata| metadata.is_file())
            {
                self.add(Input::File(shown));
            }
        }
    }

    fn add(&mut self, input: Input) {
        if self.seen.insert(input.clone()) {
            self.inputs.push(input);
        }
    }

    fn error(&self, message: String, help: Option<String>) {
        self.diags.error(Diagnostic::error(Code::UnreadableFile, message).help(help));
    }
}

fn is_hcl(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::as_bytes).unwrap_or_default();
    ENDINGS.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

/// Whether a name is one that editors and tools give to what is theirs.
fn is_ignored(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".") || name.ends_with(b"~") || name.starts_with(b"#") && name.ends_with(b"#")
}

/// A path without `.`, and without `..` where that is clear.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match (component, cleaned.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(cleaned.pop()),
            (component, _) => cleaned.push(component),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_detours() {
        for (path, shown) in [
            (".", ""),
            ("./a/", "a"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("/../a", "/a"),
            ("a/..", ""),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(shown), "{path}");
        }
    }

    #[test]
    fn files_of_editors_are_not_touched() {
        for name in [".a.pkr.hcl", "a.pkr.hcl~", "#a.pkr.hcl#"] {
            assert!(is_ignored(OsStr::new(name)), "{name}");
        }
        assert!(!is_ignored(OsStr::new("#a.pkr.hcl")));
    }
}
