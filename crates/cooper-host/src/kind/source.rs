//! Builders of plugins, which are sources.

use std::sync::Arc;
use std::time::Duration;

use cooper_build::component::{self, Config, Provisioning, Source};
use cooper_build::{Artifact, Facts, Failure, StepCx};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use cooper_wire::message::{Configs, Failed, Prepared};
use cooper_wire::msgpack::Value;
use cooper_wire::service::builder::Remote;
use cooper_wire::service::hook::{self, Hook, Machine};
use futures::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::arguments::{configs, refused, warn};
use super::{ASKING, Component, READING};
use crate::artifact::received;
use crate::machine::Received;
use crate::process::{Launch, Process};
use crate::ui::StepUi;
use crate::value::facts;

/// How long a builder that was cancelled may take to clean up: its machine may be far away.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// A kind of source whose work a plugin does.
pub(crate) struct SourceKind(Arc<Component<Remote>>);

impl SourceKind {
    pub(crate) fn new(launch: Launch) -> Self {
        let remote = |process: &Process, launch: &Launch| {
            Remote::new(process.client(), process.broker(), launch.encoding())
        };
        Self(Arc::new(Component::new(launch, remote)))
    }
}

impl component::SourceKind for SourceKind {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.0.open(async |remote: Remote| remote.config_spec(ASKING).await))
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>> {
        Box::pin(async move {
            let configs = configs(&config, self.0.spec())?;
            let read = async |remote: Remote| remote.prepare(&configs, READING).await;
            let (process, remote, prepared) = self.0.read(&config, read).await?;
            let Prepared { generated, warnings, error } = prepared;
            warnings.iter().for_each(|warning| warn(&config, warning));
            if let Some(Failed { message }) = error {
                self.0.put_back(process);
                return Err(refused(&config, &message));
            }
            Ok(Box::new(PluginSource {
                component: self.0.clone(),
                configs,
                facts: generated,
                process: Mutex::new(Some((process, remote))),
            }) as Box<dyn Source>)
        })
    }
}

/// A builder of a plugin, whose arguments were read.
struct PluginSource {
    component: Arc<Component<Remote>>,
    configs: Configs,
    facts: Vec<String>,
    /// The process that has read them, until it has run.
    process: Mutex<Option<(Process, Remote)>>,
}

impl PluginSource {
    /// A process that has read the arguments.
    async fn prepared(&self) -> Result<(Process, Remote), Failure> {
        let before = self.process.lock().await.take();
        if let Some(before) = before.filter(|(process, _)| process.is_there()) {
            return Ok(before);
        }
        let (process, remote) = self.component.process().await?;
        match remote.prepare(&self.configs, READING).await {
            Ok(Prepared { error: None, .. }) => Ok((process, remote)),
            Ok(Prepared { error: Some(Failed { message }), .. }) => Err(Failure::new(message)),
            Err(error) => Err(process.failure(error).await),
        }
    }

    async fn run(
        &self,
        cx: &StepCx,
        inside: Provisioning<'_>,
    ) -> Result<Option<Artifact>, Failure> {
        let (process, remote) = self.prepared().await?;
        let process = Arc::new(process);
        let (requests, mut asked) = mpsc::channel(1);
        let (mut inside, mut after) = (Some(inside), None);
        let mut failed = None;
        // The builder asks for the provisioners, which are run here, where they are borrowed.
        let provisioning = async {
            while let Some(Request { wanted, machine, answer }) = asked.recv().await {
                let machine = Received::new(machine.communicator);
                let result = match wanted {
                    Wanted::Provisioners(data) => match inside.take() {
                        Some(inside) => match inside.run_and_return(&machine, data).await {
                            Ok(done) => {
                                after = Some(done);
                                Ok(())
                            }
                            Err(failure) => Err(failed.insert(failure).to_string()),
                        },
                        None => Ok(()),
                    },
                    // After a provisioner failed it has run.
                    Wanted::CleanUp => match after.take() {
                        Some(after) => {
                            after.clean_up(&machine).await.map_err(|why| why.to_string())
                        }
                        None => Ok(()),
                    },
                };
                // The builder may have ended meanwhile.
                let _ = answer.send(result);
            }
            // It does not ask any more, and goes on.
            std::future::pending::<()>().await;
        };
        let cancelling = async {
            cx.cancelled().await;
            remote.cancel().await;
            // It cleans up, and returns.
            std::future::pending::<()>().await;
        };
        let built = tokio::select! {
            built = remote.run(StepUi::new(cx), Provisioners { requests }) => built,
            () = provisioning => Ok(None),
            () = cancelling => Ok(None),
        };
        match built {
            Ok(None) => Ok(None),
            Ok(Some(artifact)) => match received(artifact, process.clone()).await {
                Ok(artifact) => Ok(Some(artifact)),
                Err(error) => Err(process.failure(error).await),
            },
            Err(error) => Err(match failed {
                // What the builder says of it says less.
                Some(failure) => failure,
                None => process.failure(error).await,
            }),
        }
    }
}

/// A builder asks for what is to be done in its machine.
struct Request {
    wanted: Wanted,
    machine: Machine,
    answer: oneshot::Sender<Result<(), String>>,
}

/// Which steps a builder asks for.
enum Wanted {
    /// The provisioners, and what `build.*` is for them.
    Provisioners(Facts),
    /// `error-cleanup-provisioner`.
    CleanUp,
}

/// Passes on that a builder asks for the provisioners.
struct Provisioners {
    requests: mpsc::Sender<Request>,
}

impl Hook for Provisioners {
    async fn run(&self, name: String, data: Value, machine: Machine) -> Result<(), String> {
        let wanted = match &*name {
            hook::PROVISION => Wanted::Provisioners(facts(&data)),
            hook::CLEANUP => Wanted::CleanUp,
            _ => return Ok(()),
        };
        let gone = || "the build is over".to_owned();
        let (answer, answered) = oneshot::channel();
        let request = Request { wanted, machine, answer };
        self.requests.send(request).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Source for PluginSource {
    fn facts(&self) -> &[String] {
        &self.facts
    }

    fn grace(&self) -> Duration {
        GRACE
    }

    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        Box::pin(self.run(cx, inside))
    }
}
