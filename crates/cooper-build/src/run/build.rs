//! One build from top to bottom: the source, the provisioners inside it, the chains after it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use cooper_hcl::{SourceMap, Span};
use futures::FutureExt;
use tokio::time::Instant;

use super::ask::Decision;
use super::cleanup::CleanupStack;
use super::post::Made;
use super::provision::Inside;
use super::{BuildEvents, Events, RunOptions};
use crate::artifact::{Artifact, ArtifactSummary};
use crate::communicator::Communicator;
use crate::component::{Facts, Provisioning, StepCx};
use crate::event::{
    BuildOutcome, EventKind, FailureSummary, StepId, StepOutcome, StepRole, Stream,
};
use crate::failure::{Failure, FailureKind};
use crate::plan::BuildPlan;
use crate::secret::Secrets;

/// What all builds of a run share.
pub(super) struct Run {
    pub(super) events: Events,
    pub(super) secrets: Secrets,
    pub(super) sources: Arc<SourceMap>,
    pub(super) options: RunOptions,
}

/// A build that is running.
pub(super) struct Build {
    pub(super) run: Arc<Run>,
    pub(super) plan: BuildPlan,
    pub(super) events: BuildEvents,
    /// What the source and its provisioners acquired.
    pub(super) cleanup: CleanupStack,
    /// What post-processors acquired.
    pub(super) cleanup_after: CleanupStack,
    pub(super) provisioned: Mutex<Provisioned>,
}

/// How far the provisioners of a build have come.
#[derive(Default)]
pub(super) struct Provisioned {
    /// Whether they were started.
    pub(super) started: bool,
    /// The way into the machine, if the source left it.
    pub(super) machine: Option<Arc<dyn Communicator>>,
    /// What is known of the machine.
    pub(super) facts: Arc<Facts>,
    /// The block of the one that failed.
    pub(super) failed_at: Option<Span>,
    /// What was decided after one of them failed.
    pub(super) decision: Option<Decision>,
}

impl Build {
    /// Runs a build. Its start and end are events.
    pub(super) async fn run(plan: BuildPlan, run: Arc<Run>) {
        let started = Instant::now();
        let events = run.events.for_build(plan.id.clone());
        let cleanup = CleanupStack::default();
        let cleanup_after = CleanupStack::default();
        let provisioned = Mutex::default();
        let build = Build { run, plan, events, cleanup, cleanup_after, provisioned };
        build.events.send(None, EventKind::BuildStarted).await;
        let outcome = build.outcome().await;
        let elapsed = started.elapsed();
        build.events.send(None, EventKind::BuildFinished { outcome, elapsed }).await;
    }

    async fn outcome(&self) -> BuildOutcome {
        let artifact = match self.source().await {
            Ok(None) => {
                self.unwind(&self.cleanup).await;
                return BuildOutcome::Succeeded { artifacts: Vec::new() };
            }
            Ok(Some(artifact)) => artifact,
            Err(failure) => return self.failed(&failure),
        };
        if self.run.options.debug {
            self.unwind(&self.cleanup).await;
        }
        // What the source left to clean up goes while the chains run.
        let (Made { artifacts, failures, cancelled }, ()) =
            futures::future::join(self.chains(artifact), self.unwind(&self.cleanup)).await;
        self.unwind(&self.cleanup_after).await;
        let artifacts: Vec<ArtifactSummary> = artifacts.iter().map(Artifact::summary).collect();
        if cancelled {
            BuildOutcome::Cancelled { artifacts }
        } else if failures.is_empty() {
            BuildOutcome::Succeeded { artifacts }
        } else {
            BuildOutcome::Failed { failures, artifacts }
        }
    }

    fn failed(&self, failure: &Failure) -> BuildOutcome {
        let artifacts = Vec::new();
        match failure.kind() {
            FailureKind::Cancelled => BuildOutcome::Cancelled { artifacts },
            FailureKind::Failed | FailureKind::Away | FailureKind::Cut => {
                let at = self.provisioned().failed_at.unwrap_or(self.plan.source.span);
                let place = self.place(at);
                let failures = vec![FailureSummary::new(failure, place)];
                BuildOutcome::Failed { failures, artifacts }
            }
        }
    }

    /// Runs the source, and what is to happen when it fails.
    async fn source(&self) -> Result<Option<Artifact>, Failure> {
        let step = StepId(0);
        let component = self.plan.source.component.clone();
        let started = self.start_step(step, StepRole::Source, component, None).await;
        let result = loop {
            let result = self.try_source(step).await;
            let Err(failure) = result else {
                // Nobody needs the machine any more.
                self.provisioned().machine = None;
                break result;
            };
            let made_already = self.provisioned().decision.take();
            let decision = match made_already {
                Some(decision) => decision,
                None => self.decide(&failure, &self.plan.source.component).await,
            };
            let failure = match (made_already, decision) {
                (None, Decision::CleanUp | Decision::OnlyProvisioner) => {
                    self.clean_up_machine(failure).await
                }
                _ => failure,
            };
            match decision {
                Decision::CleanUp => self.unwind(&self.cleanup).await,
                Decision::Abort | Decision::OnlyProvisioner => self.abandon().await,
                Decision::Retry => {
                    self.unwind(&self.cleanup).await;
                    continue;
                }
            }
            break Err(failure);
        };
        let outcome = self.step_outcome(&result, self.plan.source.span);
        self.finish_step(step, started, outcome).await;
        result
    }

    async fn try_source(&self, step: StepId) -> Result<Option<Artifact>, Failure> {
        *self.provisioned() = Provisioned::default();
        let cx = self.cx(step, Arc::default(), &self.cleanup);
        let inside = Provisioning::new(Inside::new(self));
        let work = caught(async { self.plan.source.run.build(&cx, inside).await });
        let stop = self.run.options.interrupt.stop();
        let too_late = async {
            stop.cancelled().await;
            tokio::time::sleep(self.plan.source.run.grace()).await;
        };
        tokio::select! {
            result = work => match result {
                // Whatever a source makes of it: it failed because it was told to stop.
                Err(_) if stop.is_cancelled() => Err(Failure::cancelled()),
                result => result,
            },
            () = too_late => Err(Failure::cancelled()),
        }
    }

    /// Gives everything back, the last thing first.
    pub(super) async fn unwind(&self, cleanup: &CleanupStack) {
        while let Some(entry) = cleanup.pop() {
            if !entry.is_started() {
                let what = entry.what();
                self.pause(format!(
                    "Pausing before cleanup of step '{what}'. Press enter to continue."
                ))
                .await;
            }
            let what = entry.what().to_owned();
            if let Err(failure) = entry.finish().await {
                self.output(Stream::Error, format!("{what}: {failure}")).await;
            }
        }
    }

    /// Gives nothing back but what already began to be.
    async fn abandon(&self) {
        while let Some(entry) = self.cleanup.pop() {
            let what = entry.what().to_owned();
            if !entry.is_started() {
                let text = format!("aborted: skipping cleanup of step {what:?}");
                self.output(Stream::Error, text).await;
            } else if let Err(failure) = entry.finish().await {
                self.output(Stream::Error, format!("{what}: {failure}")).await;
            }
        }
    }

    /// How far the provisioners have come. Held for a line or two.
    pub(super) fn provisioned(&self) -> std::sync::MutexGuard<'_, Provisioned> {
        self.provisioned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The surroundings of one step.
    pub(super) fn cx(&self, step: StepId, facts: Arc<Facts>, cleanup: &CleanupStack) -> StepCx {
        StepCx {
            events: self.events.clone(),
            step,
            origin: self.plan.origin.clone(),
            facts,
            run_id: self.run.options.run_id.as_str().into(),
            cancel: self.run.options.interrupt.stop().clone(),
            cleanup: cleanup.clone(),
            secrets: self.run.secrets.clone(),
        }
    }

    /// Says something in the build's own name.
    pub(super) async fn output(&self, stream: Stream, text: impl Into<String>) {
        self.events.send(None, EventKind::Output { stream, text: text.into() }).await;
    }

    /// Where a block stands, as people and editors name it.
    pub(super) fn place(&self, span: Span) -> Option<String> {
        self.run.sources.locate(span).map(|location| location.to_string())
    }

    /// Announces a step.
    pub(super) async fn start_step(
        &self,
        step: StepId,
        role: StepRole,
        component: String,
        name: Option<String>,
    ) -> Instant {
        let kind = EventKind::StepStarted { role, component, name };
        self.events.send(Some(step), kind).await;
        Instant::now()
    }

    /// Announces the end of a step.
    pub(super) async fn finish_step(&self, step: StepId, started: Instant, outcome: StepOutcome) {
        let elapsed = started.elapsed();
        self.events.send(Some(step), EventKind::StepFinished { outcome, elapsed }).await;
    }

    /// How a step ended, when nothing forgives a failure.
    pub(super) fn step_outcome<T>(&self, result: &Result<T, Failure>, span: Span) -> StepOutcome {
        match result {
            Ok(_) => StepOutcome::Succeeded,
            Err(failure) => match failure.kind() {
                FailureKind::Cancelled => StepOutcome::Cancelled,
                FailureKind::Failed | FailureKind::Away | FailureKind::Cut => {
                    let failure = FailureSummary::new(failure, self.place(span));
                    StepOutcome::Failed { failure }
                }
            },
        }
    }
}

/// Runs a component's work; a panic in it becomes a failure.
pub(super) async fn caught<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(Failure::new(format!("the component broke off: {text}"))
            .help("this is a bug in the component, not in the template; please report it"))
    })
}
