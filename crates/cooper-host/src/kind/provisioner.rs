//! Provisioners of plugins.

use std::sync::Arc;
use std::time::Duration;

use cooper_build::communicator::Communicator;
use cooper_build::component::{self, Config, Provisioner};
use cooper_build::{Failure, StepCx};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use cooper_wire::message::Configs;
use cooper_wire::rpc::CallError;
use cooper_wire::service::provisioner::Remote;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use super::arguments::configs;
use super::{ASKING, Component, GRACE, READING, until_cancelled};
use crate::machine::Shown;
use crate::process::{Launch, Process};
use crate::schemas::Said;
use crate::ui::StepUi;
use crate::value::data;

/// A kind of provisioner whose work a plugin does.
pub(crate) struct ProvisionerKind(Arc<Component<Remote>>);

impl ProvisionerKind {
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

impl component::ProvisionerKind for ProvisionerKind {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.0.open(ask))
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Provisioner>, Reported>> {
        Box::pin(async move {
            let configs = configs(&config, self.0.spec())?;
            let read = async |remote: Remote| remote.prepare(&configs, READING).await;
            let (process, _, ()) = self.0.read(&config, read).await?;
            self.0.put_back(process);
            let component = self.0.clone();
            let prepared = PluginProvisioner { component, configs, process: Mutex::default() };
            Ok(Box::new(prepared) as Box<dyn Provisioner>)
        })
    }
}

/// A provisioner of a plugin, whose arguments were read.
struct PluginProvisioner {
    component: Arc<Component<Remote>>,
    configs: Configs,
    /// The process that it ran in before, as long as it can run there again.
    process: Mutex<Option<(Process, Remote)>>,
}

impl PluginProvisioner {
    async fn run(&self, cx: &StepCx, machine: &dyn Communicator) -> Result<(), Failure> {
        let before = self.process.lock().await.take();
        let (process, remote) = match before.filter(|(process, _)| process.is_there()) {
            Some(before) => before,
            None => self.component.process().await?,
        };
        // As Packer does, right before it runs: the process may have read others' arguments.
        if let Err(error) = remote.prepare(&self.configs, READING).await {
            return Err(process.failure(error).await);
        }
        let work = remote.provision(data(cx.facts()), StepUi::new(cx), Shown::new(machine));
        let done = until_cancelled(cx, remote.cancel(), work).await;
        let Some(done) = done else {
            // What was cancelled can do nothing more.
            return Err(Failure::cancelled());
        };
        match done {
            Ok(()) => {
                *self.process.lock().await = Some((process, remote));
                Ok(())
            }
            Err(error @ CallError::Refused(_)) => {
                let failure = process.failure(error).await;
                *self.process.lock().await = Some((process, remote));
                Err(failure)
            }
            Err(error) => Err(process.failure(error).await),
        }
    }
}

impl Provisioner for PluginProvisioner {
    fn grace(&self) -> Duration {
        GRACE
    }

    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.run(cx, machine))
    }
}
