//! Being told to stop.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// Tells a run to stop. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    signal: Arc<OnceLock<String>>,
    stop: CancellationToken,
    give_up: CancellationToken,
}

impl Interrupt {
    /// Nobody has said anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A signal arrived, as Packer names it: `interrupt`, `terminated`. After the first, the run
    /// stops and cleans up; after the second, it no longer waits for that.
    pub fn signal(&self, name: &str) {
        if self.signal.set(name.to_owned()).is_ok() {
            self.stop.cancel();
        } else {
            self.give_up.cancel();
        }
    }

    /// The first signal that arrived.
    pub fn received(&self) -> Option<&str> {
        self.signal.get().map(String::as_str)
    }

    /// Cancelled by the first signal.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Cancelled by the second.
    pub(crate) fn give_up(&self) -> &CancellationToken {
        &self.give_up
    }
}
