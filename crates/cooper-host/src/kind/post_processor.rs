//! Post-processors of plugins.

use std::sync::Arc;
use std::time::Duration;

use cooper_build::component::{self, Config, Keep, PostProcessor, Processed};
use cooper_build::{Artifact, Failure, StepCx};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use cooper_wire::message::Configs;
use cooper_wire::rpc::CallError;
use cooper_wire::service::post_processor::{Input, Made, Remote};
use futures::future::BoxFuture;

use super::arguments::configs;
use super::{ASKING, Component, GRACE, READING, until_cancelled};
use crate::artifact::{Shown, received};
use crate::process::{Launch, Process};
use crate::schemas::Said;
use crate::ui::StepUi;

/// A kind of post-processor whose work a plugin does.
pub(crate) struct PostProcessorKind(Arc<Component<Remote>>);

impl PostProcessorKind {
    pub(crate) fn new(launch: Launch) -> Self {
        let remote = |process: &Process, launch: &Launch| {
            Remote::new(process.client(), process.broker(), launch.encoding())
        };
        Self(Arc::new(Component::new(launch, remote)))
    }
}

async fn ask(remote: Remote) -> Result<Said, CallError> {
    remote.config_spec(ASKING).await.map(Said::from)
}

impl component::PostProcessorKind for PostProcessorKind {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.0.open(ask))
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn PostProcessor>, Reported>> {
        Box::pin(async move {
            let configs = configs(&config, self.0.spec())?;
            let read = async |remote: Remote| remote.configure(&configs, READING).await;
            let (process, _, ()) = self.0.read(&config, read).await?;
            self.0.put_back(process);
            let prepared = PluginPostProcessor { component: self.0.clone(), configs };
            Ok(Box::new(prepared) as Box<dyn PostProcessor>)
        })
    }
}

/// A post-processor of a plugin, whose arguments were read.
struct PluginPostProcessor {
    component: Arc<Component<Remote>>,
    configs: Configs,
}

impl PluginPostProcessor {
    async fn run(&self, cx: &StepCx, input: &Artifact) -> Result<Processed, Failure> {
        let (process, remote) = self.component.process().await?;
        // As Packer does, right before it runs: the process may have read others' arguments.
        if let Err(error) = remote.configure(&self.configs, READING).await {
            return Err(process.failure(error).await);
        }
        // Dropping this ends the process, and so what it does.
        let process = Arc::new(process);
        let work = remote.post_process(StepUi::new(cx), Shown(input.clone()));
        let Some(made) = until_cancelled(cx, remote.cancel(), work).await else {
            return Err(Failure::cancelled());
        };
        let Made { artifact, input } = match made {
            Ok(made) => made,
            Err(error) => return Err(process.failure(error).await),
        };
        let artifact = match artifact {
            None => None,
            Some(artifact) => match received(artifact, process.clone()).await {
                Ok(artifact) => Some(artifact),
                Err(error) => return Err(process.failure(error).await),
            },
        };
        let input = match input {
            Input::Stays => Keep::Always,
            Input::StaysByDefault => Keep::ByDefault,
            Input::Goes => Keep::OnRequest,
        };
        Ok(Processed { artifact, input })
    }
}

impl PostProcessor for PluginPostProcessor {
    fn grace(&self) -> Duration {
        GRACE
    }

    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(self.run(cx, input))
    }
}
