//! Files that steps may have left behind in a machine.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files that steps may have left behind in a machine.
#[derive(Default)]
pub(super) struct TemporaryFiles(Mutex<BTreeSet<String>>);

impl TemporaryFiles {
    pub(super) fn note(&self, path: &str) {
        self.all().insert(path.to_owned());
    }

    pub(super) fn forget(&self, path: &str) {
        self.all().remove(path);
    }

    pub(super) fn list(&self) -> Vec<String> {
        self.all().iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
