//! Why something that was running went wrong.

use std::error::Error;
use std::fmt;

/// Trouble during a run: a sentence, what caused it, and what to do next.
///
/// Unlike a diagnostic it is not about a template's text. The run adds the step it happened
/// in, and through that the place of its block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    message: String,
    causes: Vec<String>,
    help: Option<String>,
    kind: FailureKind,
}

/// What the run does about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureKind {
    /// The step failed; trying again may help.
    Failed,
    /// The machine could not be reached, and nothing was begun there that must not be done twice:
    /// the same may work a little later.
    Away,
    /// The machine went away in the middle of a command: nobody knows how far that came.
    Cut,
    /// The run was told to stop. Never retried and never forgiven.
    Cancelled,
}

impl Failure {
    /// A failure that is one sentence: lower case, no final stop, unless Packer fixes the words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), help: None, kind: FailureKind::Failed }
    }

    /// The run was told to stop.
    pub fn cancelled() -> Self {
        Self { kind: FailureKind::Cancelled, ..Self::new("cancelled") }
    }

    /// A failure with an error and its whole chain as causes.
    pub fn because(message: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        let mut failure = Self::new(message);
        let mut cause = Some(error);
        while let Some(error) = cause {
            failure.causes.push(error.to_string());
            cause = error.source();
        }
        failure
    }

    /// Adds what was being attempted, in front: `push image`.
    #[must_use]
    pub fn while_doing(mut self, what: impl Into<String>) -> Self {
        self.causes.insert(0, std::mem::replace(&mut self.message, what.into()));
        self
    }

    /// Adds a cause, behind those there are.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Says that the machine could not be reached: [`FailureKind::Away`].
    #[must_use]
    pub fn away(mut self) -> Self {
        self.kind = FailureKind::Away;
        self
    }

    /// Says that the machine went away in the middle of a command: [`FailureKind::Cut`].
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.kind = FailureKind::Cut;
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The sentence, without causes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What caused it, nearest first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// What to do next.
    pub fn next_step(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// What the run does about it.
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }
}

/// The sentence and its causes, joined by colons.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl Error for Failure {}
