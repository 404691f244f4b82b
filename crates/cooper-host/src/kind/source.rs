//! Builders of plugins, which are sources.

use std::sync::Arc;
use std::time::Duration;

use cooper_build::component::{self, Config, Provisioning, Source};
use cooper_build::{Artifact, Facts, Failure, StepCx};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use cooper_wire::message::{Configs, Failed, Prepared};
use cooper_wire::msgpack::Value;
use cooper_wire::rpc::CallError;
use cooper_wire::service::builder::Remote;
use cooper_wire::service::hook::{self, Hook, Machine};
use futures::future::BoxFuture;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::arguments::{configs, refused, warn};
use super::{ASKING, Component, READING};
use crate::artifact::received;
use crate::machine::Received;
use crate::process::{Launch, Process};
use crate::schemas::Said;
use crate::ui::StepUi;
use crate::value::facts;

/// How long a builder that was cancelled may take to clean up: its machine may be far away.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// How many sources of a kind keep the process that has read their arguments until they run. Others
/// are read again when it is their turn, so that a plan of hundreds is not hundreds of processes.
const MOST_KEPT: usize = 4;

/// A kind of source whose work a plugin does.
pub(crate) struct SourceKind {
    component: Arc<Component<Remote>>,
    room: Arc<Semaphore>,
}

impl SourceKind {
    pub(crate) fn new(launch: Launch) -> Self {
        let remote = |process: &Process, launch: &Launch| {
            Remote::new(process.client(), process.broker(), launch.encoding())
        };
        let component = Arc::new(Component::new(launch, remote));
        Self { component, room: Arc::new(Semaphore::new(MOST_KEPT)) }
    }
}

async fn ask(remote: Remote) -> Result<Said, CallError> {
    remote.config_spec(ASKING).await.map(Said::from)
}

impl component::SourceKind for SourceKind {
    fn schema(&self) -> &Schema {
        self.component.schema()
    }

    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.component.open(ask))
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>> {
        Box::pin(async move {
            let configs = configs(&config, self.component.spec())?;
            let read = async |remote: Remote| remote.prepare(&configs, READING).await;
            let (process, remote, prepared) = self.component.read(&config, read).await?;
            let Prepared { generated, warnings, error } = prepared;
            warnings.iter().for_each(|warning| warn(&config, warning));
            if let Some(Failed { message }) = error {
                self.component.put_back(process);
                return Err(refused(&config, &message));
            }
            let kept = match self.room.clone().try_acquire_owned() {
                Ok(room) => Some(Kept { process, remote, _room: room }),
                Err(_) => {
                    self.component.put_back(process);
                    None
                }
            };
            Ok(Box::new(PluginSource {
                component: self.component.clone(),
                configs,
                facts: generated,
                kept: Mutex::new(kept),
            }) as Box<dyn Source>)
        })
    }
}

/// A builder of a plugin, whose arguments were read.
struct PluginSource {
    component: Arc<Component<Remote>>,
    configs: Configs,
    facts: Vec<String>,
    /// The process that has read them, if there was room for it, until it runs.
    kept: Mutex<Option<Kept>>,
}

/// A process that waits until its source runs.
struct Kept {
    process: Process,
    remote: Remote,
    _room: OwnedSemaphorePermit,
}

impl PluginSource {
    /// A process that has read the arguments.
    async fn prepared(&self) -> Result<(Process, Remote), Failure> {
        let kept = self.kept.lock().await.take();
        if let Some(Kept { process, remote, _room }) = kept.filter(|kept| kept.process.is_there()) {
            return Ok((process, remote));
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

impl Drop for PluginSource {
    /// One that never ran leaves its process to the next to be planned: in an editor there is one.
    fn drop(&mut self) {
        if let Some(kept) = self.kept.get_mut().take() {
            self.component.put_back(kept.process);
        }
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
