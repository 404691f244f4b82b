//! What was acquired is given back, the last thing first.

use std::sync::{Arc, Mutex, PoisonError};

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

struct Entry {
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
            Work::Waiting(action) => Work::Started(tokio::spawn(action())),
            started @ Work::Started(_) => started,
        };
        state.entries.insert(index, Entry { work, ..entry });
    }

    /// Runs every action that has not run, the last first, and waits for those started early.
    /// Returns what failed, with what was being given back.
    pub(crate) async fn unwind(&self) -> Vec<(String, Failure)> {
        let mut failures = Vec::new();
        loop {
            let entry = {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.entries.pop()
            };
            let Some(entry) = entry else { return failures };
            let result = match entry.work {
                Work::Waiting(action) => action().await,
                Work::Started(handle) => {
                    handle.await.unwrap_or_else(|panic| Err(Failure::new(panic.to_string())))
                }
            };
            if let Err(failure) = result {
                failures.push((entry.what, failure));
            }
        }
    }
}
