//! Running Cooper while something goes wrong.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cooper_testbed::process::{self, Signal};
use cooper_testbed::{Context, Daemon, DaemonOptions, Error, Result};

/// Longer than anything takes that works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with a template, to run Cooper in.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) folder: PathBuf,
    environment: Vec<(String, String)>,
    flags: Vec<String>,
}

/// A Cooper that runs.
pub(crate) struct Running {
    child: Child,
    started: Instant,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// A Cooper that ran.
pub(crate) struct Ended {
    /// The exit code; nothing when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Rig {
    /// An empty folder of this name with a template.
    pub(crate) fn new(name: &str, template: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).context(format!("remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
        fs::write(folder.join("template.pkr.hcl"), template).context("write the template")?;
        Ok(Self { folder, environment: Vec::new(), flags: Vec::new() })
    }

    /// Uses another daemon than the testbed's.
    pub(crate) fn on(self, docker_host: impl Into<String>) -> Self {
        self.with("DOCKER_HOST", docker_host)
    }

    /// Sets a variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The same folder, in which `cooper build` gets a flag.
    pub(crate) fn clone_with_flag(&self, flag: &str) -> Self {
        let mut rig = self.clone();
        rig.flags.push(flag.to_owned());
        rig
    }

    /// Starts `cooper build`.
    pub(crate) fn start(&self) -> Result<Running> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cooper"));
        command.args(["build", "-color=false"]).args(&self.flags).arg("template.pkr.hcl");
        command.current_dir(&self.folder);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.env("HOME", &self.folder).envs(environment);
        let (stdout, stderr) = (self.folder.join("stdout"), self.folder.join("stderr"));
        let create = |path: &Path| File::create(path).context(format!("open {}", path.display()));
        let child = command
            .stdin(Stdio::null())
            .stdout(create(&stdout)?)
            .stderr(create(&stderr)?)
            .process_group(0)
            .spawn()
            .context("start `cooper`")?;
        Ok(Running { child, started: Instant::now(), stdout, stderr })
    }

    /// Runs `cooper build` to its end.
    pub(crate) fn run(&self) -> Result<Ended> {
        self.start()?.end()
    }
}

impl Running {
    /// Waits until Cooper has printed something.
    pub(crate) fn wait_for(&mut self, text: &str) -> Result<()> {
        let mut ended = false;
        let found = process::wait_until(PATIENCE, || {
            let printed = fs::read_to_string(&self.stdout).unwrap_or_default().contains(text);
            ended = !printed && !matches!(self.child.try_wait(), Ok(None));
            printed || ended
        });
        if found && !ended {
            return Ok(());
        }
        let printed = fs::read_to_string(&self.stdout).unwrap_or_default();
        let complaint = fs::read_to_string(&self.stderr).unwrap_or_default();
        Err(Error::new(format!("`{text}` was never printed, but\n{printed}{complaint}")))
    }

    /// Sends Cooper a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        process::signal(self.child.id(), signal);
    }

    /// Whether it is still there.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Result<Ended> {
        let status = process::wait(&mut self.child, PATIENCE);
        let stdout = fs::read_to_string(&self.stdout).context("read standard output")?;
        let stderr = fs::read_to_string(&self.stderr).context("read standard error")?;
        let status = status.context(format!("`cooper`\n{stdout}{stderr}"))?;
        Ok(Ended {
            code: status.code(),
            signal: status.signal(),
            stdout,
            stderr,
            took: self.started.elapsed(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed early must not leave a build behind.
        if self.runs() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    /// Fails with all that was printed unless a claim holds.
    pub(crate) fn expect(&self, claim: &str, holds: bool) -> Result<()> {
        if holds {
            return Ok(());
        }
        let Self { code, signal, stdout, stderr, took } = self;
        Err(Error::new(format!(
            "not so: {claim}\nexit code {code:?}, signal {signal:?}, after {took:?}\n\
             --- standard output\n{stdout}\n--- standard error\n{stderr}"
        )))
    }

    /// It failed as it should: exit code 1, a sentence, and no panic.
    pub(crate) fn expect_failure(&self, words: &[&str]) -> Result<()> {
        self.expect("the exit code is 1", self.code == Some(1))?;
        self.expect("nothing panicked", !self.stderr.contains("panicked"))?;
        let lower = self.stderr.to_lowercase();
        for word in words {
            let claim = format!("standard error says `{word}`");
            self.expect(&claim, lower.contains(&word.to_lowercase()))?;
        }
        Ok(())
    }
}

/// A source that commits, and a build of these steps.
pub(crate) fn template(steps: &str) -> String {
    format!(
        "source \"docker\" \"it\" {{\n  image  = \"base:latest\"\n  commit = true\n}}\n\
         build {{\n  sources = [\"source.docker.it\"]\n{steps}}}\n"
    )
}

/// The same without a pull, for a daemon that has no mirror.
pub(crate) fn template_without_pull(steps: &str) -> String {
    template(steps).replace("  commit = true\n", "  commit = true\n  pull   = false\n")
}

/// A provisioner that runs one command.
pub(crate) fn shell(command: &str) -> String {
    format!("  provisioner \"shell\" {{\n    inline = [{command:?}]\n  }}\n")
}

/// The registry of the testbed.
pub(crate) fn registry() -> Result<String> {
    std::env::var("COOPER_TEST_REGISTRY").context("COOPER_TEST_REGISTRY")
}

/// Runs `docker` on the testbed's daemon.
pub(crate) fn docker(arguments: &[&str]) -> Result<String> {
    process::run(Command::new("docker").args(arguments), PATIENCE)
}

/// What Cooper's containers are called, the companions of those with other names included.
const CONTAINER_NAMES: &str = "name=^/?cooper-[0-9a-f]{12}-[0-9a-f]{12}-";

/// The containers that Cooper's runs have on the testbed's daemon.
pub(crate) fn containers() -> Result<Vec<String>> {
    let list = docker(&["ps", "--all", "--quiet", "--filter", CONTAINER_NAMES])?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// Fails when a run has left a container behind.
pub(crate) fn expect_no_containers() -> Result<()> {
    // A removal that was begun may still be under way.
    process::wait_until(Duration::from_secs(10), || containers().is_ok_and(|list| list.is_empty()));
    match containers()?.as_slice() {
        [] => Ok(()),
        left => Err(Error::new(format!("containers are left: {}", left.join(", ")))),
    }
}

/// A daemon of a test's own, with the base images; it ends with the test.
pub(crate) struct OwnDaemon(pub(crate) Daemon);

impl OwnDaemon {
    pub(crate) fn start(name: &str) -> Result<Self> {
        Self::start_with(name, &DaemonOptions::default())
    }

    pub(crate) fn start_with(name: &str, options: &DaemonOptions) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-daemon").join(name);
        let daemon = Self(Daemon::start(&folder, options)?);
        daemon.0.make_base_images()?;
        Ok(daemon)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.0.pid().ok_or_else(|| Error::new("the daemon does not run"))?;
        process::signal(pid, signal);
        Ok(())
    }
}

impl Drop for OwnDaemon {
    fn drop(&mut self) {
        if let Err(error) = self.0.stop() {
            eprintln!("a test's daemon cannot be removed: {error}");
        }
    }
}
