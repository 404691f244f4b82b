//! The doing of a plan.

mod ask;
mod build;
pub(crate) mod cleanup;
mod events;
mod interrupt;
mod post;
mod provision;
mod schedule;
mod step;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

pub use events::{Ask, BuildEvents, Events, Message, Received};
pub use interrupt::Interrupt;
pub use schedule::run;

/// How a plan is run.
#[derive(Clone)]
pub struct RunOptions {
    /// Identifies the run.
    pub run_id: String,
    /// How many builds run at once; nothing means [`default_parallel`].
    pub parallel: Option<NonZeroUsize>,
    /// What happens after a failure.
    pub on_error: OnError,
    /// Whether to run one build at a time and pause between steps.
    pub debug: bool,
    /// How the run is told to stop.
    pub interrupt: Interrupt,
}

/// `-on-error`: what happens after a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnError {
    /// Everything acquired is given back.
    #[default]
    Cleanup,
    /// Everything stays.
    Abort,
    /// A person decides: clean up, abort, or try again.
    Ask,
    /// Everything stays, and `error-cleanup-provisioner` runs.
    RunCleanupProvisioner,
}

/// How many builds run at once when nobody says: four for each processor, because a build mostly
/// waits for its container, and at least four and at most 64.
pub fn default_parallel() -> NonZeroUsize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new(processors.saturating_mul(4).clamp(4, 64)).unwrap_or(NonZeroUsize::MIN)
}
