//! What a run has come to, as far as it was told.

use std::collections::HashMap;

use cooper_build::event::{BuildOutcome, FailureSummary};
use cooper_build::{ArtifactSummary, BuildId, Event, EventKind};

/// Remembers how builds ended. Everything it lists is in template order.
#[derive(Default)]
pub(super) struct Summary {
    builds: Vec<(BuildId, Option<BuildOutcome>)>,
    positions: HashMap<BuildId, usize>,
    /// Whether the run was told to stop.
    pub(super) interrupted: bool,
}

impl Summary {
    /// Takes note of an event.
    pub(super) fn event(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted { builds, run_id: _ } => {
                self.builds = builds.iter().map(|build| (build.clone(), None)).collect();
                self.positions = builds.iter().cloned().zip(0..).collect();
            }
            EventKind::Interrupted { signal: _ } => self.interrupted = true,
            EventKind::BuildFinished { outcome, elapsed: _ } => {
                // Nothing forbids two builds of one name; the first to end is the first listed.
                let open = self.builds.iter_mut().find(|(build, outcome)| {
                    Some(build) == event.build.as_ref() && outcome.is_none()
                });
                if let Some((_, open)) = open {
                    *open = Some(outcome.clone());
                }
            }
            EventKind::BuildStarted
            | EventKind::StepStarted { .. }
            | EventKind::Output { .. }
            | EventKind::Progress { .. }
            | EventKind::StepRetrying { .. }
            | EventKind::StepFinished { .. }
            | EventKind::RunFinished { .. } => {}
        }
    }

    /// The position of a build among all.
    pub(super) fn position(&self, build: &BuildId) -> Option<usize> {
        self.positions.get(build).copied()
    }

    fn outcomes(&self) -> impl Iterator<Item = (&BuildId, &BuildOutcome)> {
        self.builds.iter().filter_map(|(build, outcome)| Some((build, outcome.as_ref()?)))
    }

    /// The builds that failed, and why.
    pub(super) fn failed(&self) -> Vec<(&BuildId, &[FailureSummary])> {
        self.outcomes()
            .filter_map(|(build, outcome)| match outcome {
                BuildOutcome::Failed { failures, .. } => Some((build, failures.as_slice())),
                BuildOutcome::Succeeded { .. } | BuildOutcome::Cancelled { .. } => None,
            })
            .collect()
    }

    /// The builds that left something, and what.
    pub(super) fn made(&self) -> Vec<(&BuildId, &[ArtifactSummary])> {
        self.outcomes()
            .filter_map(|(build, outcome)| match outcome {
                BuildOutcome::Succeeded { artifacts } => Some((build, artifacts.as_slice())),
                BuildOutcome::Failed { .. } | BuildOutcome::Cancelled { .. } => None,
            })
            .filter(|(_, artifacts)| !artifacts.is_empty())
            .collect()
    }

    /// The builds that did not succeed and yet left something, and what.
    pub(super) fn kept(&self) -> Vec<(&BuildId, &[ArtifactSummary])> {
        self.outcomes()
            .filter_map(|(build, outcome)| match outcome {
                BuildOutcome::Failed { artifacts, .. } | BuildOutcome::Cancelled { artifacts } => {
                    Some((build, artifacts.as_slice()))
                }
                BuildOutcome::Succeeded { .. } => None,
            })
            .filter(|(_, artifacts)| !artifacts.is_empty())
            .collect()
    }
}

/// Several failures in one text, as Packer joins them.
pub(super) fn joined(failures: &[FailureSummary]) -> String {
    match failures {
        [only] => only.message.clone(),
        several => {
            let list: String =
                several.iter().map(|failure| format!("\n* {}", failure.message)).collect();
            format!("{} error(s) occurred:\n{list}", several.len())
        }
    }
}
