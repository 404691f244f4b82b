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

use cooper_build::component::{Config, ResultSchema};
use cooper_build::{Failure, StepCx};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use cooper_wire::rpc::CallError;
use cooper_wire::spec::Object;
use tokio::sync::{OnceCell, Semaphore};

use arguments::{refused, unread};

use crate::process::{Launch, Process};
use crate::schema::{result_schema, schema};
use crate::schemas::{Before, Said};

/// How long a component may take to say what arguments it takes.
const ASKING: Duration = Duration::from_secs(60);

/// How long it may take to read some: it may ask a service on the way.
const READING: Duration = Duration::from_secs(10 * 60);

/// How long a step that was cancelled may take to clean up and return. A source has five seconds in
/// all, if it asks for no more.
const GRACE: Duration = Duration::from_secs(3);

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
struct Opened {
    spec: Object,
    schema: Schema,
    result: ResultSchema,
}

impl From<Said> for Opened {
    fn from(said: Said) -> Self {
        let Said { arguments, result } = said;
        let schema = schema(&arguments);
        Self { spec: arguments, schema, result: result_schema(&result) }
    }
}

/// Does a step's work; cancels it when the step is told to stop, and gives nothing then. It is
/// answered while it cleans up.
async fn until_cancelled<T>(
    cx: &StepCx,
    cancel: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return Some(done),
        () = cx.cancelled() => {}
    }
    tokio::join!(cancel, work);
    None
}

/// The arguments of a component that has not said which it takes.
static NO_ARGUMENTS: Schema =
    Schema { doc: std::borrow::Cow::Borrowed(""), arguments: Vec::new(), blocks: Vec::new() };

static NO_SPEC: Object = Object::new();

static NO_RESULT: ResultSchema = ResultSchema { attributes: Vec::new() };

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

    /// Finds out, once, what arguments it takes. It is started and asked, unless it was before.
    async fn open(
        &self,
        ask: impl AsyncFnOnce(R) -> Result<Said, CallError>,
    ) -> Result<(), Failure> {
        let opening = async {
            let before = self.launch.before();
            if let Some(said) = before.as_ref().and_then(Before::read) {
                return Ok(Opened::from(said));
            }
            let process = self.launch.start().await?;
            match ask((self.remote)(&process, &self.launch)).await {
                Ok(said) => {
                    if let Some(before) = before {
                        before.keep(&said);
                    }
                    self.put_back(process);
                    Ok(Opened::from(said))
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

    fn result(&self) -> &ResultSchema {
        self.opened().map_or(&NO_RESULT, |opened| &opened.result)
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
        let failed = |failure: &Failure| unread(config, failure);
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use cooper_build::version::Version;
    use cooper_hcl::Type;
    use cooper_wire::cty;
    use cooper_wire::spec::Spec;

    use super::*;
    use crate::cache::Cache;
    use crate::plugin::{Plugin, Role};
    use crate::process::Turns;

    /// A component of a program that cannot be run.
    fn component(program: &Path, digest: &str, name: &str, cache: &Path) -> Component<()> {
        let description = r#"{"version":"1.0.0","api_version":"x5.0"}"#;
        let plugin = Plugin {
            path: program.to_owned(),
            name: "test".to_owned(),
            version: Version::parse("1.0.0").unwrap(),
            digest: digest.to_owned(),
            description: serde_json::from_str(description).unwrap(),
        };
        let launch = Launch {
            plugin: Arc::new(plugin),
            role: Role::Datasource,
            component: name.to_owned(),
            cache: Cache::at(cache),
            run_id: "the run".into(),
            turns: Turns::default(),
        };
        Component::new(launch, |_, _| ())
    }

    #[tokio::test]
    async fn a_component_that_said_its_arguments_before_is_not_started_to_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (program, cache) = (folder.path().join("program"), folder.path().join("cache"));
        std::fs::write(&program, "ELF").unwrap();
        let attribute = |name: &str, ty| {
            let name = name.to_owned();
            Object::from([(name.clone(), Spec::Attribute { name, ty, required: true })])
        };
        let matrix = cty::Type::List(Box::new(cty::Type::List(Box::new(cty::Type::String))));
        let said = Said {
            arguments: attribute("matrix", matrix),
            result: attribute("found", cty::Type::Dynamic),
        };
        let ask = async |()| Err(CallError::Refused("nobody is there".to_owned()));
        let opened = async |program: &Path, digest: &str, name: &str| {
            let component = component(program, digest, name, &cache);
            component.open(ask).await.map(|()| component)
        };
        let known = component(&program, "d1", "x", &cache);
        assert!(opened(&program, "d1", "x").await.is_err());
        known.launch.before().unwrap().keep(&said);

        let component = opened(&program, "d1", "x").await.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(*component.spec(), said.arguments);
        assert_eq!(&*component.schema().arguments[0].name, "matrix");
        assert_eq!(component.result().attributes[0].ty, Type::Any);
        // Neither of another program, nor of another component.
        assert!(opened(&program, "d2", "x").await.is_err());
        assert!(opened(&program, "d1", "y").await.is_err());
        // What a script runs may have changed.
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        assert!(opened(&program, "d1", "x").await.is_err());
    }
}
