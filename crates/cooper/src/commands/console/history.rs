//! Where lines are remembered.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use cooper_hcl::System;

/// The file of the history. Nobody else can read it.
pub(super) struct HistoryFile {
    path: PathBuf,
}

impl HistoryFile {
    /// In the user's folder for state; nothing for a user without a home.
    pub(super) fn find(system: &dyn System) -> Option<Self> {
        let given = system.env("XDG_STATE_HOME").map(PathBuf::from);
        // A relative one is to be ignored, as the specification of these folders says.
        let state = given
            .filter(|folder| folder.is_absolute())
            .or_else(|| Some(system.home_dir()?.join(".local/state")))?;
        Some(Self { path: state.join("cooper/console_history") })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder it is in. The editor makes the file, and gives it the mode 0600.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
}
