//! What happens during a run. Renderers see nothing else.
//!
//! An event is plain data and serializes; the JSON form is documented in `docs/events.md` and
//! versioned by [`FORMAT_VERSION`]. Secrets are scrubbed before an event is made visible.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactSummary;
use crate::failure::Failure;
use crate::secret::Secrets;

/// The version of the JSON form: the first number changes when a reader could break.
pub const FORMAT_VERSION: &str = "1.0";

/// One thing that happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 without gaps within a run.
    pub seq: u64,
    /// When, in nanoseconds since 1970-01-01 UTC.
    pub time: i128,
    /// The build it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildId>,
    /// The step it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// What it is.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The full name of a build: `name.docker.ubuntu`, or `docker.ubuntu` in an unnamed block.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BuildId(pub String);

impl std::fmt::Display for BuildId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The position of a step in its build, from 0: the source, the provisioners, the post-processors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

/// The kinds of event.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// The first event of a run.
    RunStarted {
        /// The builds that will run, in template order.
        builds: Vec<BuildId>,
        /// Identifies the run: `PACKER_RUN_UUID`.
        run_id: String,
    },
    /// A build began.
    BuildStarted,
    /// A step began.
    StepStarted {
        /// What kind of step.
        role: StepRole,
        /// The component's type: `shell`.
        component: String,
        /// Its `name`, when it was given one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A line, or several, for people. With a step it is that step's, and a post-processor's is
    /// told apart by its component; without one it is the build's own.
    Output {
        /// Who speaks.
        stream: Stream,
        /// The text, without a final line break.
        text: String,
    },
    /// How far a transfer has come. May be dropped when the reader is slow.
    Progress {
        /// What is being moved.
        what: String,
        /// How much is done, in bytes.
        done: u64,
        /// How much there is, in bytes, when that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// A step failed and is tried again. An output event says the same in words.
    StepRetrying {
        /// How many attempts are left.
        left: u32,
        /// Why the last one failed.
        because: FailureSummary,
    },
    /// A step ended.
    StepFinished {
        /// How.
        outcome: StepOutcome,
        /// After how long.
        elapsed: Duration,
    },
    /// A build ended.
    BuildFinished {
        /// How.
        outcome: BuildOutcome,
        /// After how long.
        elapsed: Duration,
    },
    /// The run was told to stop; it cleans up and ends.
    Interrupted {
        /// The signal, as Packer names it: `interrupt`, `terminated`.
        signal: String,
    },
    /// The last event of a run.
    RunFinished {
        /// After how long.
        elapsed: Duration,
    },
}

/// What kind of step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepRole {
    /// Starting the machine, and turning it into an artifact.
    Source,
    /// Changing the machine.
    Provisioner,
    /// Changing the machine after an error.
    ErrorCleanupProvisioner,
    /// Turning an artifact into another.
    PostProcessor,
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Cooper or a component says what it does.
    Say,
    /// Cooper or a component says what went wrong.
    Error,
    /// A remote or local command's standard output.
    Stdout,
    /// A remote or local command's standard error.
    Stderr,
}

/// How a step ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It did what it should.
    Succeeded,
    /// It failed.
    Failed {
        /// Why.
        failure: FailureSummary,
    },
    /// It failed, and `continue_on_error` lets the build go on.
    Forgiven {
        /// Why.
        failure: FailureSummary,
    },
    /// The run was told to stop.
    Cancelled,
}

/// How a build ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum BuildOutcome {
    /// It left these artifacts, in Packer's order.
    Succeeded {
        /// What it left behind.
        artifacts: Vec<ArtifactSummary>,
    },
    /// It failed.
    Failed {
        /// Why: several when post-processors of several chains failed.
        failures: Vec<FailureSummary>,
        /// What it left behind all the same.
        artifacts: Vec<ArtifactSummary>,
    },
    /// The run was told to stop.
    Cancelled {
        /// What it left behind all the same.
        artifacts: Vec<ArtifactSummary>,
    },
}

/// A failure as told to people and programs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FailureSummary {
    /// The sentence and its causes.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The place of the block it happened in: `build.pkr.hcl:12:3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl FailureSummary {
    /// Tells a failure, at a place.
    pub fn new(failure: &Failure, place: Option<String>) -> Self {
        Self { message: failure.to_string(), help: failure.next_step().map(str::to_owned), place }
    }
}

impl EventKind {
    /// The same event with every secret in its texts replaced. What is one of a few words of ours is no
    /// text; the names of builds had theirs replaced when they were planned.
    #[must_use]
    pub(crate) fn scrubbed(self, secrets: &Secrets) -> Self {
        if secrets.is_empty() {
            return self;
        }
        let scrub = |text: String| secrets.scrub(&text);
        match self {
            Self::RunStarted { builds, run_id } => Self::RunStarted { builds, run_id },
            Self::StepStarted { role, component, name } => {
                Self::StepStarted { role, component, name: name.map(scrub) }
            }
            Self::Output { stream, text } => Self::Output { stream, text: scrub(text) },
            Self::Progress { what, done, total } => {
                Self::Progress { what: scrub(what), done, total }
            }
            Self::StepRetrying { left, because } => {
                Self::StepRetrying { left, because: because.scrubbed(secrets) }
            }
            Self::StepFinished { outcome, elapsed } => {
                Self::StepFinished { outcome: outcome.scrubbed(secrets), elapsed }
            }
            Self::BuildFinished { outcome, elapsed } => {
                Self::BuildFinished { outcome: outcome.scrubbed(secrets), elapsed }
            }
            Self::BuildStarted => Self::BuildStarted,
            Self::Interrupted { signal } => Self::Interrupted { signal },
            Self::RunFinished { elapsed } => Self::RunFinished { elapsed },
        }
    }
}

impl StepOutcome {
    fn scrubbed(self, secrets: &Secrets) -> Self {
        match self {
            Self::Succeeded => Self::Succeeded,
            Self::Failed { failure } => Self::Failed { failure: failure.scrubbed(secrets) },
            Self::Forgiven { failure } => Self::Forgiven { failure: failure.scrubbed(secrets) },
            Self::Cancelled => Self::Cancelled,
        }
    }
}

impl BuildOutcome {
    fn scrubbed(self, secrets: &Secrets) -> Self {
        let all = |artifacts: Vec<ArtifactSummary>| {
            artifacts.into_iter().map(|artifact| artifact.scrubbed(secrets)).collect()
        };
        match self {
            Self::Succeeded { artifacts } => Self::Succeeded { artifacts: all(artifacts) },
            Self::Failed { failures, artifacts } => Self::Failed {
                failures: failures.into_iter().map(|failure| failure.scrubbed(secrets)).collect(),
                artifacts: all(artifacts),
            },
            Self::Cancelled { artifacts } => Self::Cancelled { artifacts: all(artifacts) },
        }
    }
}

impl FailureSummary {
    fn scrubbed(self, secrets: &Secrets) -> Self {
        let Self { message, help, place } = self;
        let scrub = |text: String| secrets.scrub(&text);
        Self { message: scrub(message), help: help.map(scrub), place: place.map(scrub) }
    }
}
