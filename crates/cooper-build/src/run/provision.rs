//! The provisioners of a build, run inside the source that has the machine.

use std::sync::Arc;

use cooper_hcl::Value;
use futures::future::BoxFuture;

use super::ask::Decision;
use super::build::Build;
use crate::communicator::Communicator;
use crate::component::Facts;
use crate::component::Inside as RunInside;
use crate::event::{StepId, StepRole, Stream};
use crate::failure::{Failure, FailureKind};

/// The name of provisioning in Packer's messages.
const STEP: &str = "StepProvision";

/// What a source is handed.
pub(super) struct Inside<'a> {
    build: &'a Build,
}

impl<'a> Inside<'a> {
    pub(super) const fn new(build: &'a Build) -> Self {
        Self { build }
    }
}

impl RunInside for Inside<'_> {
    fn run<'m>(
        &'m self,
        machine: &'m dyn Communicator,
        facts: Facts,
    ) -> BoxFuture<'m, Result<(), Failure>> {
        Box::pin(self.build.provision_all(machine, facts))
    }

    fn clean_up<'m>(&'m self, machine: &'m dyn Communicator) -> BoxFuture<'m, Result<(), Failure>> {
        Box::pin(self.build.run_cleanup(machine))
    }

    fn keep(&self, machine: Arc<dyn Communicator>) {
        self.build.provisioned().machine = Some(machine);
    }
}

impl Build {
    async fn provision_all(
        &self,
        machine: &dyn Communicator,
        mut facts: Facts,
    ) -> Result<(), Failure> {
        facts.insert("PackerRunUUID".to_owned(), Value::string(&self.run.options.run_id));
        let facts = Arc::new(facts);
        {
            let mut provisioned = self.provisioned();
            provisioned.started = true;
            provisioned.facts = facts.clone();
        }
        loop {
            self.provisioned().failed_at = None;
            let Err(failure) = self.provision_once(machine, &facts).await else {
                self.pause(format!("Pausing after run of step '{STEP}'. Press enter to continue."))
                    .await;
                return Ok(());
            };
            let decision = self.decide(&failure, STEP).await;
            if decision == Decision::Retry {
                continue;
            }
            self.provisioned().decision = Some(decision);
            return Err(match decision {
                Decision::CleanUp | Decision::OnlyProvisioner => {
                    self.clean_up_in(machine, failure).await
                }
                Decision::Abort | Decision::Retry => failure,
            });
        }
    }

    async fn provision_once(
        &self,
        machine: &dyn Communicator,
        facts: &Arc<Facts>,
    ) -> Result<(), Failure> {
        for (index, step) in self.plan.provisioners.iter().enumerate() {
            self.pause("Pausing before the next provisioner . Press enter to continue.".into())
                .await;
            let id = StepId(1 + index as u32);
            let result = self.provision(step, id, StepRole::Provisioner, machine, facts).await;
            if result.is_err() {
                self.provisioned().failed_at = Some(step.span);
            }
            result?;
        }
        Ok(())
    }

    /// After the source failed behind its provisioners: runs `error-cleanup-provisioner`, if the
    /// source left a way into the machine. Returns what the build then failed of.
    pub(super) async fn clean_up_machine(&self, failure: Failure) -> Failure {
        let machine = self.provisioned().machine.take();
        match machine {
            Some(machine) => self.clean_up_in(&*machine, failure).await,
            None => failure,
        }
    }

    /// Runs `error-cleanup-provisioner`, if there is one.
    async fn run_cleanup(&self, machine: &dyn Communicator) -> Result<(), Failure> {
        let words = "Provisioning step had errors: Running the cleanup provisioner, if present...";
        self.output(Stream::Say, words).await;
        let Some(step) = &self.plan.error_cleanup else { return Ok(()) };
        let facts = self.provisioned().facts.clone();
        let role = StepRole::ErrorCleanupProvisioner;
        self.provision(step, self.plan.error_cleanup_id(), role, machine, &facts).await
    }

    /// Runs `error-cleanup-provisioner`. Returns what the build then failed of.
    async fn clean_up_in(&self, machine: &dyn Communicator, failure: Failure) -> Failure {
        if failure.kind() == FailureKind::Cancelled {
            return failure;
        }
        match self.run_cleanup(machine).await {
            Ok(()) => failure,
            Err(cleanup) if cleanup.kind() == FailureKind::Cancelled => failure,
            Err(cleanup) => Failure::new(format!(
                "Cleanup failed: {cleanup}. Original Provisioning error: {failure}"
            )),
        }
    }
}
