//! One provisioner and its policy: pause, timeout, retries, and whether its failure counts.

use std::sync::Arc;
use std::time::Duration;

use cooper_hcl::duration;

use super::build::{Build, caught};
use crate::communicator::Communicator;
use crate::component::{Facts, Provisioner, StepCx};
use crate::event::{EventKind, FailureSummary, StepId, StepOutcome, StepRole};
use crate::failure::{Failure, FailureKind};
use crate::plan::{Pending, Policy, ProvisionStep};

impl Build {
    /// Runs a provisioner as its policy says. Its start and end are events.
    pub(super) async fn provision(
        &self,
        step: &ProvisionStep,
        id: StepId,
        role: StepRole,
        machine: &dyn Communicator,
        facts: &Arc<Facts>,
    ) -> Result<(), Failure> {
        let started = self.start_step(id, role, step.component.clone(), step.name.clone()).await;
        let cx = self.cx(id, facts.clone(), &self.cleanup);
        let result = self.prepare_and_try(step, &cx, machine).await;
        let (outcome, result) = match result {
            Err(failure)
                if step.policy.continue_on_error && failure.kind() != FailureKind::Cancelled =>
            {
                cx.say(format!(
                    "Warning: Provisioner failed with {:?}, but continue_on_error is set; \
                     continuing the build.",
                    failure.to_string()
                ))
                .await;
                let failure = FailureSummary::new(&failure, self.place(step.span));
                (StepOutcome::Forgiven { failure }, Ok(()))
            }
            result => (self.step_outcome(&result, step.span), result),
        };
        self.finish_step(id, started, outcome).await;
        result
    }

    async fn prepare_and_try(
        &self,
        step: &ProvisionStep,
        cx: &StepCx,
        machine: &dyn Communicator,
    ) -> Result<(), Failure> {
        let prepared;
        let provisioner = match &step.run {
            Pending::Ready(provisioner) => &**provisioner,
            Pending::Waiting(waiting) => {
                prepared = caught(async { waiting.prepare(cx.facts()).await }).await?;
                &*prepared
            }
        };
        let Policy { retries, .. } = step.policy;
        let mut left = retries;
        loop {
            let failure = match attempt(provisioner, step.policy, cx, machine).await {
                Err(failure) if failure.kind() != FailureKind::Cancelled => failure,
                result => return result,
            };
            if left == 0 {
                if retries > 0 {
                    cx.say("retry limit reached.").await;
                }
                return Err(failure);
            }
            let because = FailureSummary::new(&failure, self.place(step.span));
            self.events.send(Some(cx.step), EventKind::StepRetrying { left, because }).await;
            cx.say(format!(
                "Provisioner failed with {:?}, retrying with {left} trie(s) left",
                failure.to_string()
            ))
            .await;
            left -= 1;
        }
    }
}

/// One attempt: the pause, then the work within its time. Being told to stop ends both.
async fn attempt(
    provisioner: &dyn Provisioner,
    policy: Policy,
    cx: &StepCx,
    machine: &dyn Communicator,
) -> Result<(), Failure> {
    let Policy { pause_before, timeout, retries: _, continue_on_error: _ } = policy;
    if !pause_before.is_zero() {
        let pause = show(pause_before);
        cx.say(format!("Pausing {pause} before the next provisioner...")).await;
        cx.sleep(pause_before).await?;
    }
    if let Some(timeout) = timeout {
        let timeout = show(timeout);
        cx.say(format!("Setting a {timeout} timeout for the next provisioner...")).await;
    }
    let expired = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let cx = StepCx { cancel: cx.cancel.child_token(), ..cx.clone() };
    let work = caught(async { provisioner.provision(&cx, machine).await });
    let mut work = std::pin::pin!(work);
    let late = tokio::select! {
        biased;
        () = cx.cancel.cancelled() => None,
        result = &mut work => return result,
        () = expired => timeout,
    };
    if late.is_some() {
        cx.error("Cancelling provisioner after a timeout...").await;
        cx.cancel.cancel();
    }
    // In the end this drops the work, which ends what it runs in the machine.
    last_moment(work, provisioner.grace()).await;
    let Some(late) = late.map(show) else { return Err(Failure::cancelled()) };
    Err(Failure::new(format!("the provisioner did not end within its timeout of {late}"))
        .help("give `timeout` more time, or find out what the step waits for"))
}

/// Lets work that was told to stop go on until it returns, or its grace is over.
pub(super) async fn last_moment(work: impl Future, grace: Duration) {
    if !grace.is_zero() {
        // What it makes of it does not matter any more.
        let _ = tokio::time::timeout(grace, work).await;
    }
}

/// A length of time as Go writes it.
fn show(time: Duration) -> String {
    duration::format(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX))
}
