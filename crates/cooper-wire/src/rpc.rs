//! Calls and their answers, as Go's `net/rpc` has them: a header and a body, each a value, one
//! after the other and without end.
//!
//! A channel has a side that calls and a side that answers. Calls overlap: one that takes the
//! whole build, such as `Hook.Run`, stays open while others come and go on the same channel.

mod channel;
mod client;
mod server;
#[cfg(test)]
mod tests;

pub use client::Client;
pub(crate) use server::argument;
pub use server::{Answer, Reply, Service, serve};

use crate::msgpack::message;

message! {
    /// What is said before the argument of a call.
    pub struct Request {
        /// `Builder.Run`
        method: String = "ServiceMethod",
        /// Which call this is.
        seq: u64 = "Seq",
    }
}

message! {
    /// What is said before an answer.
    pub struct Response {
        /// The method, again.
        method: String = "ServiceMethod",
        /// Which call is answered.
        seq: u64 = "Seq",
        /// Why it failed; empty when it did not.
        error: String = "Error",
    }
}

/// Why a call came to nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// The other side says so.
    #[error("{0}")]
    Refused(String),
    /// The channel ended before there was an answer.
    #[error("the connection ended before `{method}` was answered: {why}")]
    Ended {
        /// The call.
        method: String,
        /// Why the channel ended.
        why: String,
    },
    /// The answer cannot be read.
    #[error("the answer to `{method}` cannot be read: {why}")]
    Unreadable {
        /// The call.
        method: String,
        /// What is wrong with it.
        why: String,
    },
    /// There was no answer in time.
    #[error("`{method}` was not answered within {seconds} seconds")]
    Late {
        /// The call.
        method: String,
        /// The time there was.
        seconds: u64,
    },
}
