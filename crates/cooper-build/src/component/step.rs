//! What a running step may do besides its own work: speak, ask, and leave things to clean up.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{Facts, Origin};
use crate::communicator::Communicator;
use crate::event::{EventKind, StepId, Stream};
use crate::failure::Failure;
use crate::run::BuildEvents;
use crate::run::cleanup::CleanupStack;
use crate::secret::Secrets;

/// The surroundings of a running step.
#[derive(Clone)]
pub struct StepCx {
    pub(crate) events: BuildEvents,
    pub(crate) step: StepId,
    pub(crate) origin: Arc<Origin>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) run_id: Arc<str>,
    pub(crate) cancel: CancellationToken,
    pub(crate) cleanup: CleanupStack,
    pub(crate) secrets: Secrets,
}

impl StepCx {
    /// Says what is being done.
    pub async fn say(&self, text: impl Into<String>) {
        self.output(Stream::Say, text).await;
    }

    /// Says what went wrong, where that is not the step's own failure.
    pub async fn error(&self, text: impl Into<String>) {
        self.output(Stream::Error, text).await;
    }

    /// Passes on what a command printed; waits when the reader is slow.
    pub async fn output(&self, stream: Stream, text: impl Into<String>) {
        self.events.send(Some(self.step), EventKind::Output { stream, text: text.into() }).await;
    }

    /// Says how far a transfer has come; lost when the reader is slow.
    pub fn progress(&self, what: impl Into<String>, done: u64, total: Option<u64>) {
        self.events.offer(Some(self.step), EventKind::Progress { what: what.into(), done, total });
    }

    /// Asks a person, and waits for the answer: a line without its end.
    ///
    /// # Errors
    ///
    /// When nobody can be asked.
    pub async fn ask(&self, question: impl Into<String>) -> Result<String, Failure> {
        self.events.ask(question.into()).await
    }

    /// The build and source this step belongs to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What `build.*` is for this step.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Identifies the run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Resolves when the run is told to stop, or the time of the step is over. A provisioner or
    /// post-processor need not look at it: it is dropped, at once or after the grace that it asks
    /// for. A source is dropped too, but has five seconds to return first, so that what it is just
    /// acquiring is not lost.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + '_ {
        self.cancel.cancelled()
    }

    /// Registers something that must not be shown, such as a password that was fetched.
    pub fn add_secret(&self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Where output that goes on can be cut, so that no secret is: the length of its beginning.
    pub fn cut(&self, output: &[u8]) -> usize {
        self.secrets.cut(output)
    }

    /// Whether a text contains something that must not be shown.
    pub fn shows_secret(&self, text: &str) -> bool {
        self.secrets.scrub(text) != text
    }

    /// Sees to it that something acquired is given back when the build ends, whatever happens:
    /// the last thing first. `-on-error` can forbid it.
    pub fn defer(
        &self,
        what: impl Into<String>,
        action: impl FnOnce() -> BoxFuture<'static, Result<(), Failure>> + Send + 'static,
    ) -> Deferred {
        self.cleanup.push(what.into(), Box::new(action))
    }

    /// Takes a deferred action back: what it would give back stays, or has another one by now.
    pub fn forget(&self, deferred: Deferred) {
        self.cleanup.remove(deferred);
    }

    /// Starts a deferred action now, beside what follows. The build does not end before it has.
    pub fn release(&self, deferred: Deferred) {
        self.cleanup.start(deferred);
    }

    /// Waits, unless the run is told to stop.
    ///
    /// # Errors
    ///
    /// [`Failure::cancelled`].
    pub async fn sleep(&self, time: Duration) -> Result<(), Failure> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.cancel.cancelled() => Err(Failure::cancelled()),
        }
    }
}

/// A deferred action, to start it early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deferred(pub(crate) u64);

/// The provisioners of a build, handed to the source that has the machine.
pub struct Provisioning<'a> {
    inside: Box<dyn Inside + 'a>,
}

/// What a [`Provisioning`] does when it is run.
pub(crate) trait Inside: Send {
    /// Runs the provisioners in order in this machine.
    fn run<'m>(
        &'m self,
        machine: &'m dyn Communicator,
        facts: Facts,
    ) -> BoxFuture<'m, Result<(), Failure>>;

    /// Runs `error-cleanup-provisioner`.
    fn clean_up<'m>(&'m self, machine: &'m dyn Communicator) -> BoxFuture<'m, Result<(), Failure>>;

    /// Keeps the way into the machine for `error-cleanup-provisioner`, in case the source fails
    /// later.
    fn keep(&self, machine: Arc<dyn Communicator>);
}

impl<'a> Provisioning<'a> {
    /// Wraps what is to be run.
    pub(crate) fn new(inside: impl Inside + 'a) -> Self {
        Self { inside: Box::new(inside) }
    }

    /// Runs the provisioners in order in this machine. `facts` is what `build.*` is for them.
    ///
    /// # Errors
    ///
    /// The first failure that is not forgiven.
    pub async fn run(self, machine: &dyn Communicator, facts: Facts) -> Result<(), Failure> {
        self.inside.run(machine, facts).await
    }

    /// Like [`Provisioning::run`], for a source that says while its machine is there that it
    /// failed behind its provisioners.
    ///
    /// # Errors
    ///
    /// The first failure that is not forgiven. `error-cleanup-provisioner` has run then.
    pub async fn run_and_return(
        self,
        machine: &dyn Communicator,
        facts: Facts,
    ) -> Result<AfterProvisioners<'a>, Failure> {
        self.inside.run(machine, facts).await?;
        Ok(AfterProvisioners { inside: self.inside })
    }

    /// Like [`Provisioning::run`], and keeps the way into the machine: should the source fail
    /// later, while committing say, `error-cleanup-provisioner` can still run in it.
    ///
    /// # Errors
    ///
    /// The first failure that is not forgiven.
    pub async fn run_shared(
        self,
        machine: Arc<dyn Communicator>,
        facts: Facts,
    ) -> Result<(), Failure> {
        self.inside.keep(machine.clone());
        self.inside.run(&*machine, facts).await
    }
}

/// What can be done about a machine whose provisioners succeeded.
pub struct AfterProvisioners<'a> {
    inside: Box<dyn Inside + 'a>,
}

impl AfterProvisioners<'_> {
    /// Runs `error-cleanup-provisioner`, if there is one, because the source fails all the same.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub async fn clean_up(self, machine: &dyn Communicator) -> Result<(), Failure> {
        self.inside.clean_up(machine).await
    }
}
