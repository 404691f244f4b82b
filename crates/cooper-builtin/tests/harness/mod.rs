//! Runs components without a template: their arguments are given as text.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cooper_build::component::{Catalog, Config, Origin, Phase};
use cooper_build::event::{BuildId, BuildOutcome, EventKind, StepOutcome};
use cooper_build::plan::{BuildPlan, Pending, Policy, PostStep, ProvisionStep, SourceStep};
use cooper_build::run::{Events, Interrupt, Message};
use cooper_build::{Lock, OnError, Plan, RunOptions, Secrets, run};
use cooper_hcl::schema::Schema;
use cooper_hcl::{
    Diagnostic, Diagnostics, Environment, FileKind, Functions, Reported, Scope, SourceMap, Span,
    System,
};

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was said, in order.
    pub(crate) lines: Vec<String>,
    /// The last event of the build.
    pub(crate) build: BuildOutcome,
}

impl Outcome {
    /// The artifacts' ids, when the build succeeded.
    #[track_caller]
    pub(crate) fn artifacts(&self) -> Vec<String> {
        match &self.build {
            BuildOutcome::Succeeded { artifacts } => {
                artifacts.iter().map(|artifact| artifact.id.clone()).collect()
            }
            other => panic!("the build failed: {other:#?}\n{:#?}", self.lines),
        }
    }

    /// Why the build failed.
    #[track_caller]
    pub(crate) fn failure(&self) -> String {
        match &self.build {
            BuildOutcome::Failed { failures, .. } => failures
                .iter()
                .map(|failure| failure.message.clone())
                .collect::<Vec<_>>()
                .join("\n"),
            other => panic!("the build did not fail: {other:#?}\n{:#?}", self.lines),
        }
    }

    /// Whether somebody said a line with this in it.
    pub(crate) fn said(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }
}

/// A build to be tried.
pub(crate) struct Build<'a> {
    pub(crate) catalog: &'a Catalog,
    source: (String, String),
    provisioners: Vec<(String, String, Policy)>,
    posts: Vec<(String, String)>,
    pub(crate) interrupt: Interrupt,
}

impl<'a> Build<'a> {
    pub(crate) fn new(catalog: &'a Catalog, source: &str, arguments: &str) -> Self {
        Self {
            catalog,
            source: (source.to_owned(), arguments.to_owned()),
            provisioners: Vec::new(),
            posts: Vec::new(),
            interrupt: Interrupt::new(),
        }
    }

    pub(crate) fn step(self, kind: &str, arguments: &str) -> Self {
        self.step_with(kind, arguments, Policy::default())
    }

    pub(crate) fn step_with(mut self, kind: &str, arguments: &str, policy: Policy) -> Self {
        self.provisioners.push((kind.to_owned(), arguments.to_owned(), policy));
        self
    }

    pub(crate) fn post(mut self, kind: &str, arguments: &str) -> Self {
        self.posts.push((kind.to_owned(), arguments.to_owned()));
        self
    }

    /// Prepares everything; the diagnostics when that is not possible.
    pub(crate) async fn prepare(&self) -> Result<Plan, Vec<Diagnostic>> {
        let bench = Bench::new();
        match self.plan(&bench).await {
            Ok(plan) if !bench.diags.has_errors() => Ok(plan),
            _ => Err(bench.diags.take()),
        }
    }

    /// Prepares and runs.
    pub(crate) async fn run(self) -> Outcome {
        let plan = match self.prepare().await {
            Ok(plan) => plan,
            Err(diagnostics) => panic!("the arguments are refused: {diagnostics:#?}"),
        };
        let (events, mut received) = Events::channel(plan.secrets.clone());
        let options = RunOptions {
            run_id: "00000000-0000-4000-8000-000000000000".to_owned(),
            parallel: None,
            on_error: OnError::Cleanup,
            debug: false,
            interrupt: self.interrupt.clone(),
        };
        let running = tokio::spawn(run(plan, options, events));
        let mut lines = Vec::new();
        let mut build = None;
        while let Some(message) = received.next().await {
            let Message::Event(event) = message else { continue };
            match event.kind {
                EventKind::Output { text, .. } => lines.push(text),
                EventKind::BuildFinished { outcome, .. } => build = Some(outcome),
                EventKind::StepFinished { outcome: StepOutcome::Forgiven { failure }, .. } => {
                    lines.push(format!("forgiven: {}", failure.message));
                }
                _ => {}
            }
        }
        running.await.unwrap();
        Outcome { lines, build: build.expect("every build ends") }
    }

    async fn plan(&self, bench: &Bench) -> Result<Plan, Reported> {
        let origin = Origin {
            build: BuildId("docker.test".to_owned()),
            source_type: self.source.0.clone(),
            source_label: "test".to_owned(),
            source_name: "test".to_owned(),
            force: false,
            debug: false,
            on_error: OnError::Cleanup,
            legacy: None,
        };
        let kind = self.catalog.get_source(&self.source.0).expect("the source is known");
        let config = bench.config(kind.schema(), &self.source.1, &origin);
        let source = kind.prepare(config?).await;
        let mut provisioners = Vec::new();
        for (name, arguments, policy) in &self.provisioners {
            let kind = self.catalog.get_provisioner(name).expect("the provisioner is known");
            let run = kind.prepare(bench.config(kind.schema(), arguments, &origin)?).await?;
            provisioners.push(ProvisionStep {
                component: name.clone(),
                name: None,
                span: Span::NONE,
                policy: *policy,
                run: Pending::Ready(run),
            });
        }
        let mut posts = Vec::new();
        for (name, arguments) in &self.posts {
            let kind = self.catalog.get_post_processor(name).expect("the step is known");
            let run = kind.prepare(bench.config(kind.schema(), arguments, &origin)?).await?;
            posts.push(PostStep {
                kind: name.clone(),
                component: name.clone(),
                name: None,
                span: Span::NONE,
                keep_input: None,
                run: Pending::Ready(run),
            });
        }
        let build = BuildPlan {
            id: origin.build.clone(),
            source: SourceStep {
                component: self.source.0.clone(),
                kind: self.source.0.clone(),
                span: Span::NONE,
                run: source?,
            },
            origin: Arc::new(origin),
            provisioners,
            error_cleanup: None,
            chains: if posts.is_empty() { Vec::new() } else { vec![posts] },
        };
        Ok(Plan {
            builds: vec![build],
            refused: Vec::new(),
            secrets: bench.secrets.clone(),
            sources: Arc::new(SourceMap::new()),
        })
    }
}

/// What preparing needs.
struct Bench {
    diags: Diagnostics,
    system: Arc<dyn System>,
    secrets: Secrets,
    lock: Arc<Lock>,
    functions: Functions,
    sources: SourceMap,
    facts: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        Self {
            diags: Diagnostics::new(),
            system: Arc::new(Machine),
            secrets: Secrets::new(),
            lock: Arc::default(),
            functions: Functions::standard(),
            sources: SourceMap::new(),
            facts: vec!["SourceImageSha256".to_owned()],
        }
    }

    fn config(
        &self,
        schema: &Schema,
        arguments: &str,
        origin: &Origin,
    ) -> Result<Config<'_>, Reported> {
        let file = SourceMap::new().add("test.hcl", arguments).expect("the text is short");
        let body = cooper_hcl::parse(&file, &self.diags)?.body;
        let scope = Scope::new();
        let environment = Environment {
            functions: &self.functions,
            system: &*self.system,
            root: Path::new("."),
            diags: &self.diags,
        };
        let part = cooper_hcl::schema::Part { body: &body, scope: &scope };
        let decoded = cooper_hcl::schema::decode(&[part], file.span(), schema, environment)?;
        Ok(Config {
            facts: &self.facts,
            before: &[],
            value: decoded.value,
            places: decoded.places,
            origin: origin.clone(),
            phase: Phase::Plan,
            diags: &self.diags,
            doubtful: &self.diags,
            sources: &self.sources,
            system: &self.system,
            secrets: &self.secrets,
            lock: &self.lock,
        })
    }
}

/// The machine that the tests run on.
struct Machine;

impl System for Machine {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let found = std::fs::metadata(path)?;
        Ok(if found.is_dir() { FileKind::Directory } else { FileKind::File })
    }

    fn list(&self, _path: &Path) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn current_dir(&self) -> PathBuf {
        std::env::current_dir().expect("there is a current folder")
    }

    fn home_dir(&self) -> Option<PathBuf> {
        None
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn env_with_prefix(&self, _prefix: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn now(&self) -> i128 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |time| time.as_nanos() as i128)
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}
