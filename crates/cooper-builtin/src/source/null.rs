//! `null`: a machine that is there already, or none, for builds that only run local steps.

use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Provisioning, Source, SourceKind, StepCx};
use cooper_build::{Failure, component_config};
use futures::future::BoxFuture;

use crate::communicator::none::NoMachine;
use crate::communicator::ssh::{self, SshCommunicator};
use crate::communicator::{self, Choice, Machine, choose};
use crate::facts;
use crate::files::Nothing;
use crate::kind::Kind;

component_config! {
    /// A machine that is there already and is reached by ssh; with `communicator = "none"` no machine, for
    /// a build that only runs local steps. It is left as the provisioners leave it.
    struct Arguments {}
}

/// The kind of source called `null`.
pub(crate) fn kind() -> impl SourceKind {
    Kind::new(|config, Arguments {}| choose(config, Machine::Existing).map(Null))
        .with_arguments(communicator::schema(Machine::Existing))
        .with_facts(ssh::FACTS)
}

/// A `null` source, ready to run.
struct Null(Choice);

impl Source for Null {
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        Box::pin(async move {
            let mut facts = facts::common(cx, "Null", "none");
            match &self.0 {
                Choice::Ssh(settings) => {
                    let host = settings.host().unwrap_or_default();
                    facts = settings.facts(facts, host);
                    // Nothing tells that a machine will never come.
                    let gone = std::future::pending();
                    SshCommunicator::provision(settings, host, cx, facts.clone(), inside, gone)
                        .await?;
                }
                Choice::None | Choice::Docker => {
                    inside.run_shared(Arc::new(NoMachine::Refuse), facts.clone()).await?;
                }
            }
            Ok(Some(Artifact {
                builder_id: "fnoeding.null".to_owned(),
                id: "Null".to_owned(),
                files: Vec::new(),
                summary: "Did not export anything. This is the null builder".to_owned(),
                tags: Vec::new(),
                digest: None,
                facts: Some(facts),
                handle: Arc::new(Nothing),
            }))
        })
    }
}
