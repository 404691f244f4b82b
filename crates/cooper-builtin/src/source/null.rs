//! `null`: no machine, for builds that only run local steps.

use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Provisioning, Source, SourceKind, StepCx};
use cooper_build::{Failure, component_config};
use futures::future::BoxFuture;

use crate::communicator::none::NoMachine;
use crate::communicator::{OPTIONS, choose};
use crate::facts;
use crate::files::Nothing;
use crate::kind::Kind;

component_config! {
    /// No machine: a build that only runs local steps.
    struct Arguments {}
}

/// The kind of source called `null`.
pub(crate) fn kind() -> impl SourceKind {
    Kind::new(|config, Arguments {}| choose(config, None).map(|_| Null))
        .with_arguments(OPTIONS.schema(None))
}

struct Null;

impl Source for Null {
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        Box::pin(async move {
            let facts = facts::common(cx, "Null", "none");
            inside.run_shared(Arc::new(NoMachine::Refuse), facts.clone()).await?;
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
