//! Kinds of components whose work a plugin does.

mod arguments;
mod data;
mod post_processor;
mod provisioner;
mod source;

pub(crate) use data::DataKind;
pub(crate) use post_processor::PostProcessorKind;
pub(crate) use provisioner::ProvisionerKind;
pub(crate) use source::SourceKind;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cooper_build::Failure;
use cooper_build::component::Config;
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use cooper_wire::rpc::CallError;
use cooper_wire::spec::Object;
use tokio::sync::{OnceCell, Semaphore};

use arguments::refused;

use crate::process::{Launch, Process};
use crate::schema::schema;

/// How long a component may take to say what arguments it takes.
const ASKING: Duration = Duration::from_secs(60);

/// How long it may take to read some: it may ask a service on the way.
const READING: Duration = Duration::from_secs(10 * 60);

/// How many processes of a component read arguments at once, and how many that have only done so
/// wait to be used again.
const MOST_READING: usize = 4;

/// A component of a plugin, and its processes. `R` is how it is called.
pub(crate) struct Component<R> {
    launch: Launch,
    remote: fn(&Process, &Launch) -> R,
    opened: OnceCell<Result<Opened, Failure>>,
    reading: Semaphore,
    idle: Mutex<Vec<Process>>,
}

/// What a component says of itself.
pub(crate) struct Opened {
    spec: Object,
    schema: Schema,
}

/// The arguments of a component that has not said which it takes.
static NO_ARGUMENTS: Schema =
    Schema { doc: std::borrow::Cow::Borrowed(""), arguments: Vec::new(), blocks: Vec::new() };

static NO_SPEC: Object = Object::new();

impl<R> Component<R> {
    pub(crate) const fn new(launch: Launch, remote: fn(&Process, &Launch) -> R) -> Self {
        Self {
            launch,
            remote,
            opened: OnceCell::const_new(),
            reading: Semaphore::const_new(MOST_READING),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Starts it and asks, once, what arguments it takes.
    async fn open(
        &self,
        ask: impl AsyncFnOnce(R) -> Result<Object, CallError>,
    ) -> Result<(), Failure> {
        let opening = async {
            let process = self.launch.start().await?;
            match ask((self.remote)(&process, &self.launch)).await {
                Ok(spec) => {
                    let schema = schema(&spec);
                    self.put_back(process);
                    Ok(Opened { spec, schema })
                }
                Err(error) => Err(process.failure(error).await),
            }
        };
        let opened = self.opened.get_or_init(|| opening).await;
        opened.as_ref().map(|_| ()).map_err(Failure::clone)
    }

    fn opened(&self) -> Option<&Opened> {
        self.opened.get().and_then(|opened| opened.as_ref().ok())
    }

    fn schema(&self) -> &Schema {
        self.opened().map_or(&NO_ARGUMENTS, |opened| &opened.schema)
    }

    fn spec(&self) -> &Object {
        self.opened().map_or(&NO_SPEC, |opened| &opened.spec)
    }

    /// A process that has done nothing but read arguments, and how to call it.
    async fn process(&self) -> Result<(Process, R), Failure> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let process = match idle.filter(Process::is_there) {
            Some(process) => process,
            None => self.launch.start().await?,
        };
        let remote = (self.remote)(&process, &self.launch);
        Ok((process, remote))
    }

    /// Lets a process read arguments, which `ask` sends. What it says of them, and that it is of no
    /// use, is told at the component's block.
    async fn read<T>(
        &self,
        config: &Config<'_>,
        ask: impl AsyncFnOnce(R) -> Result<T, CallError>,
    ) -> Result<(Process, R, T), Reported>
    where
        R: Clone,
    {
        let failed = |failure: &Failure| refused(config, &failure.to_string());
        // Nobody closes it.
        let _room = self.reading.acquire().await;
        let (process, remote) = self.process().await.map_err(|failure| failed(&failure))?;
        match ask(remote.clone()).await {
            Ok(said) => Ok((process, remote, said)),
            Err(CallError::Refused(text)) => {
                self.put_back(process);
                Err(refused(config, &text))
            }
            Err(error) => Err(failed(&process.failure(error).await)),
        }
    }

    /// Keeps a process that has done nothing but read arguments: they can be read again.
    fn put_back(&self, process: Process) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_READING {
            idle.push(process);
        }
    }
}
