//! What every stage before the run is handed.

use std::sync::Arc;

use cooper_hcl::{Diagnostics, Functions, SourceMap, System};

use crate::secret::Secrets;

/// The texts that were read, the mistakes that were found, and the outside world.
pub struct Session {
    /// Every text that a diagnostic can point into.
    pub sources: SourceMap,
    /// What was found wrong so far.
    pub diags: Diagnostics,
    /// The outside world.
    pub system: Arc<dyn System>,
    /// What must not be shown.
    pub secrets: Secrets,
    /// The functions that templates may call.
    pub functions: Arc<Functions>,
}

impl Session {
    /// A session in which nothing was read yet.
    pub fn new(system: Arc<dyn System>) -> Self {
        Self {
            sources: SourceMap::new(),
            diags: Diagnostics::new(),
            system,
            secrets: Secrets::new(),
            functions: Arc::new(Functions::standard()),
        }
    }
}
