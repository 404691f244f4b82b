//! A folder with a plugin, and templates that use it.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::event::{BuildOutcome, EventKind};
use cooper_build::run::{Events, Message};
use cooper_build::{
    Catalog, DataSources, InputOptions, Interrupt, OnError, Plan, PlanOptions, RunOptions, Session,
    prepare, run,
};
use cooper_hcl::{FileKind, System};
use cooper_host::{Plugins, discover};
use tempfile::TempDir;

use super::plugin;

/// A folder with a plugin that behaves in a way.
pub(crate) struct Bench {
    folder: TempDir,
    program: PathBuf,
}

/// What a template came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How many processes of the plugin waited when it was planned.
    pub(crate) waiting: usize,
    /// What was found wrong with it, with places.
    pub(crate) mistakes: Vec<String>,
    /// What its builds said.
    pub(crate) lines: Vec<String>,
    /// What they left behind.
    pub(crate) artifacts: Vec<String>,
    /// Why they failed.
    pub(crate) failures: Vec<String>,
}

/// The real machine, but for the environment.
struct Here(PathBuf);

impl System for Here {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(path))
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let metadata = fs::metadata(self.0.join(path))?;
        Ok(if metadata.is_dir() { FileKind::Directory } else { FileKind::File })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.0.join(path))?.flatten();
        Ok(entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }

    fn current_dir(&self) -> PathBuf {
        self.0.clone()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        Some(self.0.clone())
    }

    fn env(&self, name: &str) -> Option<String> {
        let plugins = self.0.join("plugins").display().to_string();
        (name == "PACKER_PLUGIN_PATH").then_some(plugins)
    }

    fn env_with_prefix(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

impl Bench {
    /// A plugin that is a script.
    pub(crate) fn new(mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let program = script(folder.path(), "test", mode);
        Self { folder, program }
    }

    /// Installs other plugins besides.
    pub(crate) fn with_others(self, names: &[String]) -> Self {
        names.iter().for_each(|name| drop(script(self.folder.path(), name, "good")));
        self
    }

    /// What plugins were started for since this was asked before.
    pub(crate) fn runs(&self) -> Vec<String> {
        let path = runs(self.folder.path());
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    /// Changes the plugin's file.
    pub(crate) fn spoil(&self) {
        let script = fs::read_to_string(&self.program).expect("it was written");
        fs::write(&self.program, script + "# more\n").expect("there is room for a file");
    }

    /// Whether a provisioner was cancelled, and not only killed.
    pub(crate) fn was_cancelled(&self) -> bool {
        self.folder.path().join(plugin::LEFT).exists()
    }

    /// The processes of the plugin.
    pub(crate) fn processes(&self) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        let processes = fs::read_dir("/proc").expect("there are processes").flatten();
        let environment = |path: PathBuf| fs::read(path.join("environ")).unwrap_or_default();
        let ours = processes.filter(|process| {
            let environment = environment(process.path());
            let environment = String::from_utf8_lossy(&environment).into_owned();
            environment.contains(&format!("COOPER_TEST_FOLDER={folder}\0"))
        });
        ours.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Plans and runs a template.
    pub(crate) fn run(&self, template: &str) -> Outcome {
        self.work(template, async {
            let (mut outcome, plan) = self.planned().await;
            if let Some(plan) = plan {
                outcome.run(plan).await;
            }
            outcome
        })
    }

    /// Plans a template.
    pub(crate) fn plan(&self, template: &str) -> Outcome {
        self.work(template, async { self.planned().await.0 })
    }

    fn work(&self, template: &str, work: impl Future<Output = Outcome>) -> Outcome {
        let path = self.folder.path().join("t.pkr.hcl");
        fs::write(&path, template).expect("there is room for a file");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let outcome = runtime.block_on(work);
        runtime.shutdown_timeout(std::time::Duration::from_millis(100));
        outcome
    }

    async fn planned(&self) -> (Outcome, Option<Plan>) {
        let system: Arc<dyn System> = Arc::new(Here(self.folder.path().to_owned()));
        let plugins = Plugins::of_user(&*system, "the run");
        let catalog = Catalog::new().with_extensions(plugins);
        let mut session = Session::new(system);
        let options = PlanOptions { data_sources: DataSources::Read, ..PlanOptions::default() };
        let inputs = InputOptions::default();
        let path = Path::new("t.pkr.hcl");
        let plan = prepare(path, &inputs, &catalog, &options, &mut session).await;
        let tell = |diagnostic: &cooper_hcl::Diagnostic| {
            let place = diagnostic.primary.as_ref().and_then(|at| session.sources.locate(at.span));
            let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
            format!("{place}{}", diagnostic.message)
        };
        let outcome = Outcome {
            waiting: self.processes().len(),
            mistakes: session.diags.to_vec().iter().map(tell).collect(),
            ..Outcome::default()
        };
        (outcome, plan.ok())
    }
}

/// Installs a script that is a plugin.
fn script(folder: &Path, name: &str, mode: &str) -> PathBuf {
    let program = place(folder, name);
    let own = std::env::current_exe().expect("this program has a file");
    let script = format!(
        "#!/bin/sh\necho \"{name} $1 $2\" >> '{}'\nexport COOPER_TEST_FOLDER='{}'\n\
         exec '{}' {} {mode} \"$@\"\n",
        runs(folder).display(),
        folder.display(),
        own.display(),
        plugin::FLAG,
    );
    fs::write(&program, script).expect("there is room for a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
    add_checksum(&program);
    program
}

/// Where a plugin is.
fn place(folder: &Path, name: &str) -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let inside = folder.join("plugins/example.com/test").join(name);
    fs::create_dir_all(&inside).expect("there is room for a folder");
    inside.join(format!("packer-plugin-{name}_v1.0.0_x5.0_linux_{arch}"))
}

fn add_checksum(program: &Path) {
    let digest = discover::sha256(program).expect("it was written");
    fs::write(discover::checksum_file(program), digest).expect("there is room for a file");
}

/// The file in which plugins write that they were started.
fn runs(folder: &Path) -> PathBuf {
    folder.join("runs")
}

impl Outcome {
    async fn run(&mut self, plan: Plan) {
        let (events, mut received) = Events::channel(plan.secrets.clone());
        let options = RunOptions {
            run_id: "the run".to_owned(),
            // More than any test has.
            parallel: NonZeroUsize::new(1000),
            on_error: OnError::Cleanup,
            debug: false,
            interrupt: Interrupt::new(),
        };
        let running = tokio::spawn(run(plan, options, events));
        while let Some(message) = received.next().await {
            let Message::Event(event) = message else { continue };
            match event.kind {
                EventKind::Output { text, .. } if event.step.is_some() => self.lines.push(text),
                EventKind::BuildFinished { outcome: ended, .. } => match ended {
                    BuildOutcome::Succeeded { artifacts } => {
                        self.artifacts.extend(artifacts.into_iter().map(|made| made.id));
                    }
                    BuildOutcome::Failed { failures, .. } => {
                        self.failures.extend(failures.into_iter().map(|why| why.message));
                    }
                    BuildOutcome::Cancelled { .. } => self.failures.push("cancelled".into()),
                },
                _ => {}
            }
        }
        running.await.expect("a run does not panic");
    }
}
