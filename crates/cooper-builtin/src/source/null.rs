//! `null`: no machine, for builds that only run local steps.

use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, ConfigSchema, Provisioning, Source, SourceKind, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use futures::future::BoxFuture;

use crate::communicator::none::NoMachine;
use crate::communicator::{OPTIONS, choose};
use crate::facts;
use crate::files::Nothing;

component_config! {
    /// No machine: a build that only runs local steps.
    struct Arguments {}
}

/// The kind of source called `null`.
pub(crate) struct Kind {
    schema: Schema,
}

impl Kind {
    pub(crate) fn new() -> Self {
        let mut schema = Arguments::schema();
        schema.arguments.extend(OPTIONS.schema());
        Self { schema }
    }
}

impl SourceKind for Kind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>> {
        Box::pin(async move {
            choose(&config.render(&[])?, None)?;
            Ok(Box::new(Null) as Box<dyn Source>)
        })
    }
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
