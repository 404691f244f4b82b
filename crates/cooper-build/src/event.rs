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
    /// The same event with every secret in its texts replaced.
    #[must_use]
    pub(crate) fn scrubbed(self, secrets: &Secrets) -> Self {
        // Through JSON, so that a text added to an event later cannot be forgotten.
        fn scrub(value: &mut serde_json::Value, secrets: &Secrets) {
            match value {
                serde_json::Value::String(text) => *text = secrets.scrub(text),
                serde_json::Value::Array(elements) => {
                    elements.iter_mut().for_each(|element| scrub(element, secrets));
                }
                serde_json::Value::Object(fields) => {
                    fields.values_mut().for_each(|field| scrub(field, secrets));
                }
                _ => {}
            }
        }
        // The frequent ones, and the common case of no secret at all, the short way.
        match self {
            _ if secrets.is_empty() => return self,
            Self::Output { stream, text } => {
                return Self::Output { stream, text: secrets.scrub(&text) };
            }
            Self::Progress { what, done, total } => {
                return Self::Progress { what: secrets.scrub(&what), done, total };
            }
            _ => {}
        }
        let Ok(mut value) = serde_json::to_value(&self) else { return self };
        let before = value.clone();
        scrub(&mut value, secrets);
        if value == before { self } else { serde_json::from_value(value).unwrap_or(self) }
    }
}
