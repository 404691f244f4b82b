//! Which stream is meant for whom: numbers, said at the beginning of each.
//!
//! Whoever wants to be dialled takes a number with [`Broker::offer`] and tells it to the peer,
//! which opens a stream, says the number, and hears it back. Numbers are those of the side that is
//! dialled, so both sides have a 1. 0 is the main channel: the host dials it, right after the
//! handshake.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, oneshot};

use crate::yamux::{Ended, Incoming, Session, Stream};

/// The number of the main channel.
const MAIN: u32 = 0;

/// How long somebody may take to dial a number, to say it, or to hear it back.
pub const DIALLING: Duration = Duration::from_secs(5);

/// How many streams may be about to say whom they are for.
const UNKNOWN: usize = 256;

/// How many streams we open that the peer has not answered yet. Go refuses more than 256.
const UNANSWERED: usize = 128;

/// Why no stream came about.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoStream {
    /// The session ended.
    #[error("{0}")]
    Ended(#[from] Ended),
    /// The stream was closed before the number was heard back.
    #[error("the other side does not answer on channel {0}")]
    Unanswered(u32),
    /// Another number was heard back.
    #[error("the other side answers for channel {got} on channel {id}")]
    Confused {
        /// The number that was dialled.
        id: u32,
        /// The number that was heard.
        got: u32,
    },
    /// Nobody dialled in time.
    #[error("the other side has not dialled channel {0} in time")]
    NotDialled(u32),
}

/// Numbers for the streams of one session. Cloning shares it.
#[derive(Clone)]
pub struct Broker {
    session: Session,
    shared: Arc<Shared>,
}

struct Shared {
    /// The last number that was taken.
    last: AtomicU32,
    /// Room for streams that are not answered yet.
    dialling: Semaphore,
    waiting: Mutex<HashMap<u32, oneshot::Sender<Stream>>>,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, HashMap<u32, oneshot::Sender<Stream>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that the peer may dial, once. When it is dropped, it can no longer be dialled.
pub struct Offer {
    id: u32,
    arriving: oneshot::Receiver<Stream>,
    shared: Arc<Shared>,
}

impl Broker {
    /// Takes the streams of a session.
    pub fn new(session: Session) -> Self {
        let broker = Self::idle(session);
        broker.start();
        broker
    }

    /// Takes the streams of a session with a host, which may dial the main channel at once.
    pub fn of_plugin(session: Session) -> (Self, Offer) {
        let broker = Self::idle(session);
        let main = broker.offer_main();
        broker.start();
        (broker, main)
    }

    fn idle(session: Session) -> Self {
        let (last, dialling) = (AtomicU32::new(MAIN), Semaphore::new(UNANSWERED));
        let shared = Arc::new(Shared { last, dialling, waiting: Mutex::default() });
        Self { session, shared }
    }

    fn start(&self) {
        tokio::spawn(route(self.session.incoming(), self.shared.clone()));
    }

    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// A number that the peer may dial. It is told to the peer after this, so that the peer never
    /// finds nobody there.
    pub fn offer(&self) -> Offer {
        self.offer_as(self.shared.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// The main channel, which the peer may dial.
    pub fn offer_main(&self) -> Offer {
        self.offer_as(MAIN)
    }

    fn offer_as(&self, id: u32) -> Offer {
        let (sender, arriving) = oneshot::channel();
        self.shared.waiting().insert(id, sender);
        Offer { id, arriving, shared: self.shared.clone() }
    }

    /// Opens a stream to what the peer calls by this number.
    ///
    /// # Errors
    ///
    /// When nobody answers there.
    pub async fn dial(&self, id: u32) -> Result<Stream, NoStream> {
        // The semaphore is never closed.
        let _room = self.shared.dialling.acquire().await;
        let mut stream = self.session.open()?;
        let dialling = async {
            stream.write_all(&id.to_le_bytes()).await?;
            stream.read_u32_le().await
        };
        // The peer gives up after the same time; a little more, so that it is heard to.
        match tokio::time::timeout(DIALLING * 2, dialling).await {
            Ok(Ok(got)) if got == id => Ok(stream),
            Ok(Ok(got)) => Err(NoStream::Confused { id, got }),
            Ok(Err(_)) | Err(_) => Err(NoStream::Unanswered(id)),
        }
    }

    /// Opens the main channel.
    ///
    /// # Errors
    ///
    /// As [`Broker::dial`].
    pub async fn dial_main(&self) -> Result<Stream, NoStream> {
        self.dial(MAIN).await
    }
}

impl Offer {
    /// The number, to be told to the peer.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The stream by which the peer dialled the number.
    ///
    /// # Errors
    ///
    /// When it does not within the time, or the session ended.
    pub async fn accept(mut self, patience: Duration) -> Result<Stream, NoStream> {
        match tokio::time::timeout(patience, &mut self.arriving).await {
            Ok(Ok(mut stream)) => {
                let echoed = stream.write_all(&self.id.to_le_bytes()).await;
                echoed.map_err(|_| NoStream::Unanswered(self.id))?;
                Ok(stream)
            }
            Ok(Err(_)) => Err(NoStream::Ended(Ended::Closed)),
            Err(_) => Err(NoStream::NotDialled(self.id)),
        }
    }

    /// The stream, whenever the peer dials the number.
    ///
    /// # Errors
    ///
    /// When the session ended.
    pub async fn accept_later(self) -> Result<Stream, NoStream> {
        const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);
        self.accept(FOR_EVER).await
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        self.shared.waiting().remove(&self.id);
    }
}

/// Hands every stream that the peer opens to whom it is for.
async fn route(incoming: Incoming, shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(UNKNOWN));
    while let Ok(mut stream) = incoming.next().await {
        let Ok(permit) = room.clone().acquire_owned().await else { break };
        let shared = shared.clone();
        tokio::spawn(async move {
            let number = tokio::time::timeout(DIALLING, stream.read_u32_le()).await;
            drop(permit);
            // A stream that is for nobody is closed, which the peer takes for a no.
            let Ok(Ok(id)) = number else { return };
            let waiting = shared.waiting().remove(&id);
            if let Some(waiting) = waiting {
                // Who waited may just have gone.
                let _ = waiting.send(stream);
            }
        });
    }
    // Nobody will be dialled any more.
    shared.waiting().clear();
}
