//! Many streams over one connection, as HashiCorp's yamux has them.
//!
//! Two tasks drive a [`Session`]: one reads frames, one writes them. The reader never waits for
//! whoever uses a stream, because the peer gives up on a session that does not answer its pings
//! within ten seconds: what arrives is kept, as far as the peer was given credit for. What is to be
//! sent waits in one queue, with room for `QUEUE` bytes; whoever writes waits for room in it, and
//! for the peer's credit.
//!
//! Everything a peer can make us keep has a bound: [`WINDOW`] for a stream, [`STREAMS`] streams,
//! [`KEPT`] bytes for all of them. A peer that goes beyond, or breaks the protocol, ends the session.

mod frame;
mod session;
mod stream;
#[cfg(test)]
mod tests;

pub use frame::{Flags, Frame, Kind};
pub use session::{Incoming, Session};
pub use stream::Stream;

use std::time::Duration;

/// The credit that a peer has at first on each stream, and which it gets again as what it sent is
/// read.
pub const WINDOW: u32 = 256 * 1024;

/// How many streams there may be at once.
pub const STREAMS: usize = 4096;

/// How many bytes that nobody has read yet are kept for all streams together.
pub const KEPT: usize = 256 << 20;

/// How many streams that a peer opened may wait for somebody to take them.
const BACKLOG: usize = 256;

/// How many bytes may wait to be sent.
const QUEUE: usize = 1 << 20;

/// How many frames without data may wait to be sent: a peer that does not read its answers.
const MOST_CONTROL: usize = 16 * 1024;

/// How much is sent in one frame.
const LARGEST_FRAME: usize = 64 * 1024;

/// How long a stream that we are done with is remembered, for what the peer still says of it.
const LINGER: Duration = Duration::from_secs(300);

/// How long a session that we give up may take to send what was said before.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Which side of a session we are: the numbers of the streams that we open are odd or even.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// We dialled: a host.
    Client,
    /// We were dialled: a plugin.
    Server,
}

/// What a session does by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keepalive {
    /// How often the peer is asked whether it is there.
    pub every: Duration,
    /// How long it may take to answer.
    pub patience: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), patience: Duration::from_secs(30) }
    }
}

/// Why a session ended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Ended {
    /// The peer closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// We closed it.
    #[error("the connection was given up")]
    GivenUp,
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Failed(String),
    /// The peer does not follow the protocol.
    #[error("the other side breaks the protocol: {0}")]
    Violated(&'static str),
    /// The peer says that we do not.
    #[error("the other side ended the connection with code {0}")]
    Refused(u32),
    /// The peer answers no pings.
    #[error("the other side has not answered for {} seconds", .0.as_secs())]
    Silent(Duration),
    /// There is no room for more.
    #[error("{0}")]
    Limit(&'static str),
}

impl From<Ended> for std::io::Error {
    fn from(ended: Ended) -> Self {
        let kind = match ended {
            Ended::Closed | Ended::GivenUp => std::io::ErrorKind::BrokenPipe,
            Ended::Silent(_) => std::io::ErrorKind::TimedOut,
            Ended::Failed(_) | Ended::Violated(_) | Ended::Refused(_) | Ended::Limit(_) => {
                std::io::ErrorKind::ConnectionAborted
            }
        };
        Self::new(kind, ended)
    }
}
