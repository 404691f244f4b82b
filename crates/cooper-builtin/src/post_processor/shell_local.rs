//! `shell-local` as a post-processor: runs scripts on this machine, and passes the artifact on.

use cooper_build::Failure;
use cooper_build::artifact::Artifact;
use cooper_build::component::{Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use futures::future::BoxFuture;

use crate::facts;
use crate::kind::Kind;
use crate::local::Local;

/// The kind of post-processor called `shell-local`.
pub(crate) fn kind() -> impl PostProcessorKind {
    Kind::new(|config, arguments| Local::prepare(config, arguments).map(ShellLocal))
        .rendered_later(&[("execute_command", &["Vars", "Script", "Command"])])
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
            Ok(Processed { artifact: Some(input.clone()), input: Keep::Always })
        })
    }
}
