//! Who answers which calls.
//!
//! Each service has a trait, that a side implements; a `Service` of it, that answers calls; and a
//! `Remote`, by which the other side calls. A plugin has builders, provisioners, post-processors
//! and data sources; a host has a hook; either may have `Ui`, communicators and artifacts, and be
//! called while it calls.

pub mod artifact;
pub mod builder;
pub mod communicator;
pub mod datasource;
mod exit_status;
pub mod hook;
mod nested;
pub mod post_processor;
pub mod provisioner;
#[cfg(test)]
mod tests;
pub mod ui;

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::broker::NoStream;
use crate::rpc::CallError;

/// What is said of something that was cancelled, by Go's library.
pub const CANCELLED: &str = "context canceled";

impl From<NoStream> for CallError {
    fn from(error: NoStream) -> Self {
        Self::Ended { method: "a nested channel".to_owned(), why: error.to_string() }
    }
}

/// What is under way in a service, so that `Cancel` can stop it.
#[derive(Clone, Default)]
struct UnderWay {
    token: Arc<Mutex<CancellationToken>>,
}

impl UnderWay {
    /// Begins something, which this token cancels.
    fn begin(&self) -> CancellationToken {
        let fresh = CancellationToken::new();
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        fresh
    }

    /// Cancels what was begun last; nothing when nothing was, or it is over.
    fn cancel(&self) {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

/// Does something until it is over or cancelled.
async fn unless_cancelled<T>(
    token: &CancellationToken,
    work: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    tokio::select! {
        done = work => done,
        () = token.cancelled() => Err(CANCELLED.to_owned()),
    }
}
