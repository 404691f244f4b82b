//! The way out of a run.
//!
//! Builds send, one task receives, numbers and stamps. Lifecycle and output wait for room, so
//! a slow terminal slows the build instead of filling memory; progress is dropped instead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use crate::event::{BuildId, Event, EventKind, StepId};
use crate::failure::Failure;
use crate::report::Report;
use crate::secret::Secrets;

/// How many events may wait for the renderer.
const ROOM: usize = 1024;

/// The sending side of a run.
#[derive(Clone)]
pub struct Events {
    sender: mpsc::Sender<Message>,
    secrets: Secrets,
    report: Arc<Mutex<Report>>,
}

/// The receiving side of a run.
pub struct Received {
    receiver: mpsc::Receiver<Message>,
    seq: u64,
}

/// What a receiver gets.
pub enum Message {
    /// Something happened.
    Event(Box<Event>),
    /// Somebody wants to know something.
    Ask(Ask),
}

/// A question to a person.
pub struct Ask {
    /// The build that asks.
    pub build: BuildId,
    /// What it asks.
    pub question: String,
    /// Where the answer goes; dropping it says that nobody can be asked.
    pub answer: oneshot::Sender<String>,
}

impl Events {
    /// Makes a way out. Everything sent is scrubbed of `secrets`.
    pub fn channel(secrets: Secrets) -> (Events, Received) {
        let (sender, receiver) = mpsc::channel(ROOM);
        let report = Arc::default();
        (Events { sender, secrets, report }, Received { receiver, seq: 0 })
    }

    /// The way out for one build.
    pub fn for_build(&self, build: BuildId) -> BuildEvents {
        BuildEvents { events: self.clone(), build }
    }

    /// Sends an event of the run itself.
    pub async fn send(&self, kind: EventKind) {
        self.send_as(None, None, kind).await;
    }

    /// What the events sent so far come to.
    pub(crate) fn report(&self) -> Report {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send_as(&self, build: Option<BuildId>, step: Option<StepId>, kind: EventKind) {
        // A receiver that is gone is a broken pipe; the run goes on and cleans up.
        let _ = self.sender.send(self.message(build, step, kind)).await;
    }

    fn message(&self, build: Option<BuildId>, step: Option<StepId>, kind: EventKind) -> Message {
        let kind = kind.scrubbed(&self.secrets);
        self.report.lock().unwrap_or_else(PoisonError::into_inner).see(build.as_ref(), &kind);
        let time =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as i128);
        Message::Event(Box::new(Event { seq: 0, time, build, step, kind }))
    }
}

impl Received {
    /// The next message; nothing when the run is over.
    pub async fn next(&mut self) -> Option<Message> {
        let mut message = self.receiver.recv().await?;
        if let Message::Event(event) = &mut message {
            self.seq += 1;
            event.seq = self.seq;
        }
        Some(message)
    }
}

/// The way out for one build.
#[derive(Clone)]
pub struct BuildEvents {
    events: Events,
    build: BuildId,
}

impl BuildEvents {
    /// Sends an event, waiting for room.
    pub async fn send(&self, step: Option<StepId>, kind: EventKind) {
        self.events.send_as(Some(self.build.clone()), step, kind).await;
    }

    /// Sends an event if there is room.
    pub fn offer(&self, step: Option<StepId>, kind: EventKind) {
        let message = self.events.message(Some(self.build.clone()), step, kind);
        let _ = self.events.sender.try_send(message);
    }

    /// Asks a person and waits for the answer.
    ///
    /// # Errors
    ///
    /// When nobody can be asked.
    pub async fn ask(&self, question: String) -> Result<String, Failure> {
        let (answer, received) = oneshot::channel();
        let question = self.events.secrets.scrub(&question);
        let ask = Message::Ask(Ask { build: self.build.clone(), question, answer });
        let nobody = || Failure::new("nobody can be asked: there is no terminal");
        self.events.sender.send(ask).await.map_err(|_| nobody())?;
        received.await.map_err(|_| nobody())
    }
}
