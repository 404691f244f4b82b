//! What was acquired is given back, the last thing first.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::task::JoinHandle;

use crate::component::Deferred;
use crate::failure::Failure;

/// Gives something back.
pub(crate) type Action = Box<dyn FnOnce() -> BoxFuture<'static, Result<(), Failure>> + Send>;

/// What a build has to give back. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct CleanupStack {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    next: u64,
    entries: Vec<Entry>,
}

/// Something to give back.
pub(crate) struct Entry {
    id: Deferred,
    what: String,
    work: Work,
}

enum Work {
    Waiting(Action),
    Started(JoinHandle<Result<(), Failure>>),
}

impl CleanupStack {
    /// Remembers an action.
    pub(crate) fn push(&self, what: String, action: Action) -> Deferred {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = Deferred(state.next);
        state.next += 1;
        state.entries.push(Entry { id, what, work: Work::Waiting(action) });
        id
    }

    /// Starts an action now.
    pub(crate) fn start(&self, id: Deferred) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = state.entries.iter().position(|entry| entry.id == id) else { return };
        let entry = state.entries.remove(index);
        let work = match entry.work {
            Work::Waiting(action) => Work::Started(tokio::spawn(async move { action().await })),
            started @ Work::Started(_) => started,
        };
        state.entries.insert(index, Entry { work, ..entry });
    }

    /// Removes an action that was not started.
    pub(crate) fn remove(&self, id: Deferred) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.entries.retain(|entry| entry.id != id || entry.is_started());
    }

    /// Takes the last entry off, to be finished or left alone.
    pub(crate) fn pop(&self) -> Option<Entry> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).entries.pop()
    }
}

impl Entry {
    /// What is given back.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Whether the action was started early.
    pub(crate) const fn is_started(&self) -> bool {
        matches!(self.work, Work::Started(_))
    }

    /// Runs the action, or waits for its end if it was started early.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        let panicked = || Failure::new("the component broke off: this is a bug in it");
        match self.work {
            Work::Waiting(action) => match catch(action) {
                Some(work) => {
                    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| panicked())?
                }
                None => Err(panicked()),
            },
            Work::Started(handle) => handle.await.map_err(|_| panicked())?,
        }
    }
}

fn catch(action: Action) -> Option<BoxFuture<'static, Result<(), Failure>>> {
    std::panic::catch_unwind(AssertUnwindSafe(action)).ok()
}
