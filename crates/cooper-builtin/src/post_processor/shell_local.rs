//! `shell-local` as a post-processor: runs scripts on this machine, and passes the artifact on.

use cooper_build::Failure;
use cooper_build::artifact::Artifact;
use cooper_build::component::{
    Config, ConfigSchema, Keep, PostProcessor, PostProcessorKind, Processed, StepCx,
};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use futures::future::BoxFuture;

use crate::facts;
use crate::local::{Arguments, Local};

/// The kind of post-processor called `shell-local`.
pub(crate) struct Kind {
    schema: Schema,
}

impl Kind {
    pub(crate) fn new() -> Self {
        Self { schema: Arguments::schema() }
    }
}

impl PostProcessorKind for Kind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn PostProcessor>, Reported>> {
        Box::pin(async move {
            let step = ShellLocal(Local::prepare(config)?);
            Ok(Box::new(step) as Box<dyn PostProcessor>)
        })
    }
}

struct ShellLocal(Local);

impl PostProcessor for ShellLocal {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            self.0.run(cx, facts::of(input)).await?;
            Ok(Processed { artifact: input.clone(), input: Keep::Always })
        })
    }
}
