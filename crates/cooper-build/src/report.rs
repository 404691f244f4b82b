//! What a run came to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::{BuildId, BuildOutcome, Event, EventKind};

/// What a run came to. Can be rebuilt from the run's events.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Identifies the run.
    pub run_id: String,
    /// The builds in template order.
    pub builds: Vec<BuildReport>,
    /// The signal that interrupted the run.
    pub interrupted: Option<String>,
    /// How long the run took.
    pub elapsed: Duration,
}

/// What a build came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct BuildReport {
    /// Which build.
    pub id: BuildId,
    /// How it ended; nothing when it was never started.
    pub outcome: Option<BuildOutcome>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// Rebuilds the report of a run from its events, with or without progress.
    pub fn from_events<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut report = Self::default();
        for event in events {
            report.see(event.build.as_ref(), &event.kind);
        }
        report
    }

    /// Whether every build succeeded and nobody interrupted.
    pub fn succeeded(&self) -> bool {
        let succeeded =
            |build: &BuildReport| matches!(build.outcome, Some(BuildOutcome::Succeeded { .. }));
        self.interrupted.is_none() && self.builds.iter().all(succeeded)
    }

    /// Whether every build of that name succeeded.
    pub fn went_well(&self, id: &BuildId) -> bool {
        let mut same = self.builds.iter().filter(|build| build.id == *id);
        same.all(|build| matches!(build.outcome, Some(BuildOutcome::Succeeded { .. })))
    }

    /// Takes one event into account.
    pub(crate) fn see(&mut self, build: Option<&BuildId>, kind: &EventKind) {
        match kind {
            EventKind::RunStarted { builds, run_id } => {
                self.run_id.clone_from(run_id);
                let waiting = |id: &BuildId| BuildReport {
                    id: id.clone(),
                    outcome: None,
                    elapsed: Duration::ZERO,
                };
                self.builds = builds.iter().map(waiting).collect();
            }
            EventKind::BuildFinished { outcome, elapsed } => {
                // Nothing forbids two builds of one name; the first to end is the first listed.
                let open = |report: &&mut BuildReport| {
                    Some(&report.id) == build && report.outcome.is_none()
                };
                if let Some(report) = self.builds.iter_mut().find(open) {
                    report.outcome = Some(outcome.clone());
                    report.elapsed = *elapsed;
                }
            }
            EventKind::Interrupted { signal } => self.interrupted = Some(signal.clone()),
            EventKind::RunFinished { elapsed } => self.elapsed = *elapsed,
            EventKind::BuildStarted
            | EventKind::StepStarted { .. }
            | EventKind::Output { .. }
            | EventKind::Progress { .. }
            | EventKind::StepRetrying { .. }
            | EventKind::StepFinished { .. } => {}
        }
    }
}
