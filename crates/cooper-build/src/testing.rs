//! A world without files and machines, for tests: a system in memory, and components that do
//! what their arguments say and write it down.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cooper_hcl::schema::Schema;
use cooper_hcl::value::Marks;
use cooper_hcl::{
    Diagnostic, FileKind, Reported, SecretRequest, SecretStores, System, Type, Value,
};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::communicator::{Command, Communicator, ExitStatus, Output, Upload};
use crate::component::{
    ConfigSchema, DataSource, DataSourceKind, Facts, Keep, PostProcessor, PostProcessorKind,
    Processed, Provisioner, ProvisionerKind, Provisioning, ResultAttribute, ResultSchema, Source,
    SourceKind,
};
use crate::event::{Event, EventKind};
use crate::run::{Events, Message};
use crate::{
    Artifact, ArtifactHandle, Catalog, Config, DataSources, Failure, InputOptions, Interrupt,
    OnError, Plan, PlanOptions, Report, RunOptions, Session, StepCx, component_config,
};

/// Files and environment in memory.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) files: BTreeMap<PathBuf, String>,
    pub(crate) env: BTreeMap<String, String>,
    /// What every place that keeps secrets answers; nothing while none is to be asked.
    pub(crate) secret: Option<String>,
}

impl SecretStores for Memory {
    fn ask(&self, _: &SecretRequest) -> Result<Option<String>, String> {
        Ok(self.secret.clone())
    }
}

impl System for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.clone().into_bytes())
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if self.files.contains_key(path) {
            return Ok(FileKind::File);
        }
        let inside = |file: &PathBuf| path == Path::new(".") || file.starts_with(path);
        if self.files.keys().any(inside) {
            return Ok(FileKind::Directory);
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let path = if path == Path::new(".") { Path::new("") } else { path };
        let inside = self.files.keys().filter(|file| file.parent() == Some(path));
        Ok(inside.map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn current_dir(&self) -> PathBuf {
        "/home/user".into()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        None
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, String)> {
        let fitting = self.env.iter().filter(|(name, _)| name.starts_with(prefix));
        fitting.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }

    fn secret_stores(&self) -> &dyn SecretStores {
        self
    }
}

/// What the components did, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

component_config! {
    /// A machine.
    pub(crate) struct MachineConfig {
        /// An argument that may be anything.
        image: Option<String>,
        /// Fails before there is a machine.
        fail_early: bool,
        /// Fails after the provisioners.
        fail_late: bool,
        /// Leaves no artifact.
        discard: bool,
        /// Waits before the machine is there, in milliseconds.
        delay: i64 = 0,
        /// Panics.
        panic: bool,
        /// Cannot be cleaned up.
        sticky: bool,
    }
}

component_config! {
    /// A provisioner.
    pub(crate) struct WorkConfig {
        /// What is written down.
        note: String,
        /// How often it fails first.
        failures: i64 = 0,
        /// How long it takes, in milliseconds.
        takes: i64 = 0,
        /// How long it tidies up when it is told to stop, in milliseconds.
        tidies: i64 = 0,
        /// Panics.
        panic: bool,
        /// More words.
        words: std::collections::BTreeMap<String, String>,
    }
}

component_config! {
    /// A post-processor.
    pub(crate) struct TurnConfig {
        /// The name of what it makes.
        makes: String,
        /// `always`, `default` or `request`.
        keep: String = "default".to_owned(),
        /// Fails.
        fail: bool,
        /// How long it takes, in milliseconds.
        takes: i64 = 0,
        /// How long it tidies up when it is told to stop, in milliseconds.
        tidies: i64 = 0,
    }
}

/// How long a step may tidy up, if it does so.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// Takes its time, or is told to stop and tidies up.
async fn work(cx: &StepCx, log: &Log, takes: i64, tidies: i64) {
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(takes as u64)) => {}
        () = cx.cancelled(), if tidies > 0 => {
            tokio::time::sleep(Duration::from_millis(tidies as u64)).await;
            log.add("tidied".to_owned());
        }
    }
}

component_config! {
    /// A data source.
    pub(crate) struct EchoConfig {
        /// What is found.
        input: String,
        /// Fails.
        fail: bool,
        /// How long it takes, in milliseconds.
        takes: i64 = 0,
    }
}

struct EchoKind(Log, Schema, ResultSchema);
struct Echo(Log, EchoConfig, Marks);
struct MachineKind(Log, Schema);
struct WorkKind(Log, Schema);
struct TurnKind(Log, Schema);
struct Machine(Log, MachineConfig);
struct Work(Log, WorkConfig, Mutex<i64>);
struct Turn(Log, TurnConfig);
struct Thing(Log, String);
struct Wire;

/// A catalog with the source `machine`, the provisioner `work`, the post-processor `turn` and the
/// data source `echo`.
pub(crate) fn catalog(log: &Log) -> Catalog {
    let mut catalog = Catalog::new();
    catalog.source("machine", MachineKind(log.clone(), MachineConfig::schema()));
    catalog.provisioner("work", WorkKind(log.clone(), WorkConfig::schema()));
    catalog.post_processor("turn", TurnKind(log.clone(), TurnConfig::schema()));
    let output = ResultAttribute { name: "output".into(), ty: Type::String, doc: "".into() };
    let result = ResultSchema { attributes: vec![output] };
    catalog.data_source("echo", EchoKind(log.clone(), EchoConfig::schema(), result));
    catalog.plugin("github.com/hashicorp/docker", "1.1.5");
    catalog
}

impl DataSourceKind for EchoKind {
    fn schema(&self) -> &Schema {
        &self.1
    }

    fn result(&self) -> &ResultSchema {
        &self.2
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn DataSource>, Reported>> {
        async move {
            let marks = config.marks("input");
            let arguments = config.read::<EchoConfig>()?;
            if arguments.input == "refuse" {
                let code = cooper_hcl::Code::InvalidValue;
                return Err(config.error(code, "input", "`input` must not be `refuse`"));
            }
            Ok(Box::new(Echo(self.0.clone(), arguments, marks)) as Box<dyn DataSource>)
        }
        .boxed()
    }
}

impl DataSource for Echo {
    fn read(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        async move {
            let Echo(log, config, marks) = self;
            log.add(format!("ask {}", config.input));
            tokio::time::sleep(Duration::from_millis(config.takes as u64)).await;
            log.add(format!("answer {}", config.input));
            if config.fail {
                return Err(Failure::new(format!("{} is silent", config.input)));
            }
            Ok(Value::object([("output", Value::string(&config.input).with_marks(*marks))]))
        }
        .boxed()
    }
}

impl SourceKind for MachineKind {
    fn schema(&self) -> &Schema {
        &self.1
    }

    fn facts(&self) -> &[&'static str] {
        &["Digest"]
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>> {
        async move {
            let arguments = config.read::<MachineConfig>()?;
            Ok(Box::new(Machine(self.0.clone(), arguments)) as Box<dyn Source>)
        }
        .boxed()
    }
}

impl ProvisionerKind for WorkKind {
    fn schema(&self) -> &Schema {
        &self.1
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Provisioner>, Reported>> {
        async move {
            let arguments = config.read::<WorkConfig>()?;
            if arguments.note == "refuse" {
                let code = cooper_hcl::Code::InvalidValue;
                return Err(config.error(code, "note", "`note` must not be `refuse`"));
            }
            let failures = Mutex::new(arguments.failures);
            Ok(Box::new(Work(self.0.clone(), arguments, failures)) as Box<dyn Provisioner>)
        }
        .boxed()
    }
}

impl PostProcessorKind for TurnKind {
    fn schema(&self) -> &Schema {
        &self.1
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn PostProcessor>, Reported>> {
        async move {
            let arguments = config.read::<TurnConfig>()?;
            Ok(Box::new(Turn(self.0.clone(), arguments)) as Box<dyn PostProcessor>)
        }
        .boxed()
    }
}

impl Source for Machine {
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        async move {
            let Machine(log, config) = self;
            let name = cx.origin().source_name.clone();
            tokio::time::sleep(Duration::from_millis(config.delay as u64)).await;
            if config.panic {
                panic!("the machine exploded");
            }
            if config.fail_early {
                return Err(Failure::new("no machine"));
            }
            log.add(format!("start {name}"));
            let (down, down_name, sticky) = (log.clone(), name.clone(), config.sticky);
            cx.defer(format!("stop {name}"), move || {
                async move {
                    down.add(format!("stop {down_name}"));
                    if sticky { Err(Failure::new("it does not stop")) } else { Ok(()) }
                }
                .boxed()
            });
            let facts = Facts::from([("ID".to_owned(), Value::string(format!("id-{name}")))]);
            inside.run_shared(Arc::new(Wire), facts.clone()).await?;
            if config.fail_late {
                return Err(Failure::new("no commit"));
            }
            if config.discard {
                return Ok(None);
            }
            let mut made = thing(log, &name, Some(facts));
            made.summary.extend(config.image.iter().map(|image| format!(" from {image}")));
            Ok(Some(made))
        }
        .boxed()
    }
}

fn thing(log: &Log, id: &str, facts: Option<Facts>) -> Artifact {
    Artifact {
        builder_id: "test".to_owned(),
        id: id.to_owned(),
        files: Vec::new(),
        summary: format!("thing {id}"),
        tags: Vec::new(),
        digest: None,
        facts,
        handle: Arc::new(Thing(log.clone(), id.to_owned())),
    }
}

impl ArtifactHandle for Thing {
    fn destroy(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.0.add(format!("destroy {}", self.1));
        async { Ok(()) }.boxed()
    }
}

impl Provisioner for Work {
    fn grace(&self) -> Duration {
        if self.1.tidies > 0 { GRACE } else { Duration::ZERO }
    }

    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        _: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            let Work(log, config, failures) = self;
            let words: String = config.words.iter().map(|(k, v)| format!(" {k}={v}")).collect();
            log.add(format!("{}{words}", config.note));
            cx.say(&config.note).await;
            work(cx, log, config.takes, config.tidies).await;
            if config.panic {
                panic!("the work exploded");
            }
            let left = {
                let mut failures = failures.lock().unwrap();
                *failures -= 1;
                *failures + 1
            };
            if left > 0 { Err(Failure::new(format!("failure {left}"))) } else { Ok(()) }
        }
        .boxed()
    }
}

impl PostProcessor for Turn {
    fn grace(&self) -> Duration {
        if self.1.tidies > 0 { GRACE } else { Duration::ZERO }
    }

    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        async move {
            let Turn(log, config) = self;
            log.add(format!("{} -> {}", input.id, config.makes));
            work(cx, log, config.takes, config.tidies).await;
            if config.fail {
                return Err(Failure::new("no turn"));
            }
            let keep = match &*config.keep {
                "always" => Keep::Always,
                "request" => Keep::OnRequest,
                _ => Keep::ByDefault,
            };
            let artifact = thing(log, &config.makes, input.facts.clone());
            Ok(Processed { artifact: Some(artifact), input: keep })
        }
        .boxed()
    }
}

impl Communicator for Wire {
    fn run<'a>(
        &'a self,
        _: Command,
        _: &'a mut dyn Output,
    ) -> BoxFuture<'a, Result<ExitStatus, Failure>> {
        async { Ok(ExitStatus(0)) }.boxed()
    }

    fn upload<'a>(&'a self, _: Upload) -> BoxFuture<'a, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn upload_dir<'a>(&'a self, _: &'a Path, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn download<'a>(&'a self, _: &'a str, _: &'a Path) -> BoxFuture<'a, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }

    fn download_dir<'a>(&'a self, _: &'a str, _: &'a Path) -> BoxFuture<'a, Result<(), Failure>> {
        async { Ok(()) }.boxed()
    }
}

/// Everything a test may choose.
pub(crate) struct World {
    pub(crate) memory: Memory,
    pub(crate) path: PathBuf,
    pub(crate) inputs: InputOptions,
    pub(crate) plan: PlanOptions,
    pub(crate) on_error: OnError,
    pub(crate) debug: bool,
    pub(crate) parallel: Option<std::num::NonZeroUsize>,
    pub(crate) interrupt: Interrupt,
    /// Answers to questions, in order.
    pub(crate) answers: Vec<&'static str>,
}

/// What became of a run.
pub(crate) struct Outcome {
    pub(crate) log: Vec<String>,
    pub(crate) events: Vec<Event>,
    pub(crate) report: Report,
}

impl World {
    /// One template, `t.pkr.hcl`.
    pub(crate) fn new(template: &str) -> Self {
        let mut memory = Memory::default();
        memory.files.insert("t.pkr.hcl".into(), template.to_owned());
        Self {
            memory,
            path: "t.pkr.hcl".into(),
            inputs: InputOptions::default(),
            plan: PlanOptions { data_sources: DataSources::Read, ..PlanOptions::default() },
            on_error: OnError::default(),
            debug: false,
            parallel: None,
            interrupt: Interrupt::new(),
            answers: Vec::new(),
        }
    }

    /// Another file.
    pub(crate) fn file(mut self, name: &str, text: &str) -> Self {
        self.memory.files.insert(name.into(), text.to_owned());
        self
    }

    /// Plans, and returns what was recorded, each as `line: message (help)`.
    pub(crate) async fn plan(self, log: &Log) -> (Result<Plan, Reported>, Vec<String>, Session) {
        let mut session = Session::new(Arc::new(self.memory));
        let catalog = catalog(log);
        let plan =
            crate::prepare(&self.path, &self.inputs, &catalog, &self.plan, &mut session).await;
        let found = session.diags.to_vec();
        let found = found.iter().map(|diagnostic| show(diagnostic, &session)).collect();
        (plan, found, session)
    }

    /// What is wrong with the template.
    pub(crate) async fn mistakes(self) -> Vec<String> {
        self.plan(&Log::default()).await.1
    }

    /// Plans and runs.
    pub(crate) async fn run(self) -> Outcome {
        let log = Log::default();
        let options = RunOptions {
            run_id: "run-1".to_owned(),
            parallel: self.parallel,
            on_error: self.on_error,
            debug: self.debug,
            interrupt: self.interrupt.clone(),
        };
        let mut answers = self.answers.clone().into_iter();
        let (plan, found, _) = self.plan(&log).await;
        let plan = plan.unwrap_or_else(|_| panic!("{found:#?}"));
        let (events, mut received) = Events::channel(plan.secrets.clone());
        let watching = tokio::spawn(async move {
            let mut events = Vec::new();
            while let Some(message) = received.next().await {
                match message {
                    Message::Event(event) => events.push(*event),
                    Message::Ask(ask) => {
                        if let Some(answer) = answers.next() {
                            ask.answer.send(answer.to_owned()).unwrap();
                        }
                    }
                }
            }
            events
        });
        let report = crate::run(plan, options, events).await;
        let events = watching.await.unwrap();
        assert_eq!(Report::from_events(&events), report);
        Outcome { log: log.take(), events, report }
    }
}

fn show(diagnostic: &Diagnostic, session: &Session) -> String {
    let place = diagnostic.primary.as_ref().and_then(|label| session.sources.locate(label.span));
    let place = place.map(|place| format!("{}: ", place.line)).unwrap_or_default();
    let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{place}{}{help}", diagnostic.message)
}

impl Outcome {
    /// Everything that was said, in order.
    pub(crate) fn said(&self) -> Vec<String> {
        let said = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Output { text, .. } => Some(text.clone()),
            _ => None,
        });
        said.collect()
    }
}
