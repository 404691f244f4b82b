//! `cooper build` in a folder of its own, with plugins that are installed for it alone.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cooper_testbed::process::{self, Output};
use cooper_testbed::{Context, Error, Result};

use crate::plugin::{folder, root};

const LIMIT: Duration = Duration::from_secs(120);

/// A folder with a template, and the plugins installed for it alone.
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    /// What is built: the folder, or a legacy template in it.
    template: PathBuf,
    plugins: PathBuf,
    environment: Vec<(String, String)>,
    limit: Duration,
}

/// A Cooper that runs.
pub(crate) struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    limit: Duration,
}

impl Run {
    /// `template` is below `testdata/plugins`.
    pub(crate) fn of(template: &str, plugins: PathBuf) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = folder(&format!("cooper-{number}"))?;
        let template = root().join("testdata/plugins").join(template);
        let name = template.file_name().unwrap_or_default();
        fs::copy(&template, folder.join(name)).context("copy the template")?;
        let is_legacy = template.extension().is_some_and(|extension| extension == "json");
        let template = PathBuf::from(if is_legacy { name } else { ".".as_ref() });
        Ok(Self { folder, template, plugins, environment: Vec::new(), limit: LIMIT })
    }

    /// Sets a variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets it take so long.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Where programs put temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.folder.join("temporary")
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        fs::create_dir_all(self.temporary()).context("make a folder")?;
        let mut cooper = Command::new(env!("CARGO_BIN_EXE_cooper"));
        cooper
            .args(["build", "-color=false"])
            .args(arguments)
            .arg(&self.template)
            .current_dir(&self.folder)
            .env("PACKER_PLUGIN_PATH", &self.plugins)
            .env("HOME", self.folder.join("home"))
            .env("TMPDIR", self.temporary())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(cooper)
    }

    /// Builds, whatever becomes of it.
    pub(crate) fn build(&self, arguments: &[&str]) -> Result<Output> {
        process::capture(&mut self.command(arguments)?, self.limit)
    }

    /// Begins to build.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Running> {
        let (stdout, stderr) = (self.folder.join("stdout"), self.folder.join("stderr"));
        let create = |path: &Path| File::create(path).context(format!("open {}", path.display()));
        let mut command = self.command(arguments)?;
        command.stdin(Stdio::null()).stdout(create(&stdout)?).stderr(create(&stderr)?);
        let child = command.process_group(0).spawn().context("start `cooper`")?;
        Ok(Running { child, stdout, stderr, limit: self.limit })
    }

    pub(crate) fn expect(&self, output: &Output, succeeds: bool, said: &[&str]) -> Result<()> {
        let all = format!("{}{}", output.stdout, output.stderr);
        let missing: Vec<_> = said.iter().filter(|text| !all.contains(**text)).collect();
        check(output.status.success() == succeeds && missing.is_empty(), || {
            format!("{}, without {missing:?}:\n{all}", output.status)
        })
    }

    /// Neither a socket nor a process that was started here.
    pub(crate) fn nothing_is_left(&self) -> Result<()> {
        let entries = fs::read_dir(self.temporary()).context("list a folder")?.flatten();
        let left: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        check(left.is_empty(), || format!("files are left: {left:?}"))?;
        self.no_process_is_left()
    }

    pub(crate) fn no_process_is_left(&self) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(10);
        let mut left = self.processes();
        while !left.is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
            left = self.processes();
        }
        check(left.is_empty(), || format!("processes are left: {left:?}"))
    }

    /// The processes that work in the folder, Cooper among them.
    pub(crate) fn processes(&self) -> Vec<Working> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let works_here = |process: &PathBuf| {
            let place = fs::read_link(process.join("cwd"));
            place.is_ok_and(|place| place.starts_with(&self.folder))
        };
        let paths = entries.flatten().map(|entry| entry.path()).filter(works_here);
        paths.filter_map(|path| Working::at(&path)).collect()
    }
}

/// A process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Working {
    pub(crate) id: u32,
    /// Its words, with spaces between them.
    pub(crate) command_line: String,
    /// The most memory that it had of its own at any moment, in KiB.
    pub(crate) peak: u64,
}

impl Working {
    fn at(path: &Path) -> Option<Self> {
        let id = path.file_name()?.to_str()?.parse().ok()?;
        let command_line = fs::read_to_string(path.join("cmdline")).ok()?.replace('\0', " ");
        let status = fs::read_to_string(path.join("status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // A process that ends has none.
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse().ok());
        Some(Self { id, command_line, peak: peak.unwrap_or(0) })
    }
}

impl Running {
    /// Waits until Cooper has printed something.
    pub(crate) fn wait_for(&mut self, text: &str) -> Result<()> {
        let mut ended = false;
        let found = process::wait_until(self.limit, || {
            ended = !self.runs();
            self.printed().contains(text) || ended
        });
        check(found && self.printed().contains(text), || {
            format!("`{text}` was never printed, but\n{}", self.printed())
        })
    }

    fn printed(&self) -> String {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        format!("{}{}", read(&self.stdout), read(&self.stderr))
    }

    /// Whether it is still there.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills Cooper, and nothing else.
    pub(crate) fn kill(&self) {
        process::kill(self.child.id());
    }

    /// Is Ctrl-C.
    pub(crate) fn interrupt(&self) {
        process::signal(self.child.id(), process::Signal::INT);
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Result<Output> {
        let status = process::wait(&mut self.child, self.limit);
        let read = |path| fs::read_to_string(path).context("read what Cooper printed");
        let (stdout, stderr) = (read(&self.stdout)?, read(&self.stderr)?);
        let status = status.context(format!("`cooper`\n{stdout}{stderr}"))?;
        Ok(Output { status, stdout, stderr })
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

pub(crate) fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::new(otherwise())) }
}
