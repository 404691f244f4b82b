//! Cooper and Packer in turn on the same machine, and what only Cooper does.

mod growth;
mod keystroke;
mod machine;
mod page;
mod plugins;
mod scenario;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cooper_testbed::{Context, Environment, Error, Result, process};

use crate::workspace::{Workspace, in_environment};
use page::Page;
use scenario::{Scenario, Tools};

/// A run that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(900);

/// What is measured besides the scenarios, by its letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alone {
    /// An editor's keystrokes.
    Keystrokes,
    /// Templates of more and more locals.
    Growth,
    /// Text to a tree.
    Parse,
}

impl Alone {
    const fn letter(self) -> char {
        match self {
            Self::Keystrokes => 'k',
            Self::Growth => 'l',
            Self::Parse => 'p',
        }
    }
}

/// What is measured, and how often.
struct Options {
    /// Letters of what to measure; everything when empty.
    only: String,
    runs: usize,
    packer_runs: Option<usize>,
    packer: PathBuf,
    /// Built here when not given.
    cooper: Option<PathBuf>,
    write: Option<PathBuf>,
    /// Small inputs, one run each, the unoptimized program: shows that the bench works.
    smoke: bool,
}

/// What came of one scenario.
struct Comparison {
    scenario: Scenario,
    /// Nothing when Packer was left out.
    packer: Option<Measurement>,
    cooper: Measurement,
}

struct Measurement {
    /// Sorted; there is at least one.
    times: Vec<Duration>,
    /// The largest process's peak, in KiB.
    memory: u64,
}

impl Measurement {
    fn median(&self) -> Duration {
        let middle = self.times.len() / 2;
        match self.times.len() % 2 {
            1 => self.times[middle],
            _ => (self.times[middle - 1] + self.times[middle]) / 2,
        }
    }
}

/// Measures, and prints what comes of it; writes it to a page when asked to.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let mut page = Page::default();
    if options.wants(Alone::Parse.letter()) && !options.smoke {
        page.parse = Some(show(parse_speed(workspace)?));
    }
    if options.only != Alone::Parse.letter().to_string() {
        run_cooper(workspace, &options, &mut page)?;
    }
    match &options.write {
        None => Ok(()),
        Some(path) => {
            page.machine = machine::description(&options.packer);
            let before = fs::read_to_string(path).unwrap_or_default();
            fs::write(path, page.over(&before)).context(format!("write {}", path.display()))
        }
    }
}

/// Measures whatever the program itself has to be run for.
fn run_cooper(workspace: &Workspace, options: &Options, page: &mut Page) -> Result<()> {
    let cooper = match &options.cooper {
        Some(program) => program.clone(),
        None => workspace.build_cooper(!options.smoke)?,
    };
    let scenarios: Vec<_> =
        Scenario::all().into_iter().filter(|scenario| options.wants(scenario.letter)).collect();
    let environment = match scenarios.iter().any(|scenario| scenario.tools == Tools::Daemon) {
        true => Some(workspace.testbed().up()?),
        false => None,
    };
    let bench = Bench { environment: environment.as_ref(), options, cooper: &cooper };
    if options.wants(Alone::Keystrokes.letter()) {
        let folder = Folder::new(workspace, Alone::Keystrokes.letter())?;
        page.keystrokes = Some(show(keystroke::run(&cooper, folder.path(), options.smoke)?));
    }
    if options.wants(Alone::Growth.letter()) {
        let folder = Folder::new(workspace, Alone::Growth.letter())?;
        page.growth = Some(show(growth::run(&bench, folder.path())?));
    }
    for mut scenario in scenarios {
        if options.smoke {
            // Less is moved.
            scenario.moved = None;
        }
        let folder = Folder::new(workspace, scenario.letter)?;
        if scenario.tools == Tools::Plugins {
            plugins::install(workspace, folder.path(), !options.smoke)?;
        }
        let comparison = bench.compare(scenario, folder.path())?;
        // As they come: the whole takes its time.
        println!("{}", page::row(&comparison));
        page.comparisons.push(comparison);
    }
    Ok(())
}

/// Shows what was measured, and passes it on.
fn show(text: String) -> String {
    println!("{text}");
    text
}

/// How fast text becomes a tree, as a table: a program of its own measures it.
pub(crate) fn parse_speed(workspace: &Workspace) -> Result<String> {
    let arguments =
        ["run", "--quiet", "--release", "--package", "cooper-hcl", "--example", "parse_speed"];
    let mut command = workspace.cargo(&arguments);
    process::run(&mut command, LIMIT)
}

/// A folder for one measurement, which is removed when that is over.
struct Folder(PathBuf);

impl Folder {
    fn new(workspace: &Workspace, letter: char) -> Result<Self> {
        let path = workspace.target("bench").join(letter.to_string());
        if path.exists() {
            fs::remove_dir_all(&path).context(format!("remove {}", path.display()))?;
        }
        fs::create_dir_all(&path).context(format!("make {}", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is removed before the next measurement.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Options {
    /// Whether something is to be measured.
    fn wants(&self, letter: char) -> bool {
        self.only.is_empty() || self.only.contains(letter)
    }

    fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self {
            only: String::new(),
            runs: 5,
            packer_runs: None,
            packer: "packer".into(),
            cooper: None,
            write: None,
            smoke: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next().copied();
                value.ok_or_else(|| Error::new(format!("`{argument}` needs a value")))
            };
            let count = |text: &str| match text.parse::<usize>() {
                Err(_) => Err(Error::new(format!("`{text}` is not a number of runs"))),
                Ok(count) => Ok(count),
            };
            match *argument {
                "--only" => options.only = value()?.replace(',', ""),
                "--runs" => options.runs = count(value()?)?.max(1),
                "--packer-runs" => options.packer_runs = Some(count(value()?)?),
                "--packer" => options.packer = value()?.into(),
                "--cooper" => options.cooper = Some(value()?.into()),
                "--write" => options.write = Some(value()?.into()),
                "--smoke" => (options.smoke, options.runs) = (true, 1),
                other => return Err(Error::new(format!("`bench` has no option `{other}`"))),
            }
        }
        Ok(options)
    }
}

/// What measurements are made with.
struct Bench<'a> {
    /// Nothing when no scenario needs a daemon.
    environment: Option<&'a Environment>,
    options: &'a Options,
    cooper: &'a Path,
}

impl Bench<'_> {
    fn compare(&self, scenario: Scenario, folder: &Path) -> Result<Comparison> {
        let registry = self.environment.map_or("", |environment| &environment.registry);
        scenario.prepare(folder, registry, self.options.smoke)?;
        let packer = self.run_of(&scenario, &self.options.packer, folder);
        let cooper = self.run_of(&scenario, self.cooper, folder);
        let runs = self.options.runs;
        let fewer = scenario.packer_runs.filter(|&runs| runs == 0 || !self.options.smoke);
        let packer_runs = self.options.packer_runs.or(fewer).unwrap_or(runs);

        // Once each, unmeasured, so that both find caches warm; this is where memory is taken,
        // because the program that takes it costs a little time.
        let (_, cooper_memory) = cooper.with_memory()?;
        let (mut packer_times, mut packer_memory) = (Vec::new(), 0);
        match packer_runs {
            0 => {}
            // Too slow for a run that does not count.
            1 if !self.options.smoke => {
                let (time, memory) = packer.with_memory()?;
                packer_times.push(time);
                packer_memory = memory;
            }
            _ => (_, packer_memory) = packer.with_memory()?,
        }
        let mut cooper_times = Vec::new();
        for round in 0..runs.max(packer_runs) {
            if packer_times.len() < packer_runs {
                packer_times.push(packer.time()?);
            }
            if round < runs {
                cooper_times.push(cooper.time()?);
            }
        }
        packer_times.sort();
        cooper_times.sort();
        let packer = Measurement { times: packer_times, memory: packer_memory };
        Ok(Comparison {
            scenario,
            packer: (!packer.times.is_empty()).then_some(packer),
            cooper: Measurement { times: cooper_times, memory: cooper_memory },
        })
    }

    fn run_of<'b>(&'b self, scenario: &Scenario, program: &'b Path, folder: &'b Path) -> Run<'b> {
        let environment = self.environment.filter(|_| scenario.tools == Tools::Daemon);
        let plugins = (scenario.tools == Tools::Plugins).then(|| plugins::folder(folder));
        Run { program, arguments: scenario.arguments, folder, environment, plugins }
    }

    /// Cooper alone: one run that does not count, for memory, then as many as are asked for.
    fn measure(&self, arguments: &[&str], folder: &Path) -> Result<Measurement> {
        let run = Run { program: self.cooper, arguments, folder, environment: None, plugins: None };
        let (_, memory) = run.with_memory()?;
        let mut times = (0..self.options.runs).map(|_| run.time()).collect::<Result<Vec<_>>>()?;
        times.sort();
        Ok(Measurement { times, memory })
    }
}

/// A program that is run to its end, as often as one likes.
struct Run<'a> {
    program: &'a Path,
    arguments: &'a [&'a str],
    folder: &'a Path,
    /// The daemon that it uses, if it needs one.
    environment: Option<&'a Environment>,
    /// Where plugins are installed, if it needs some.
    plugins: Option<PathBuf>,
}

impl Run<'_> {
    fn time(&self) -> Result<Duration> {
        self.execute(&mut Command::new(self.program))
    }

    /// The time, and the peak of memory in KiB.
    fn with_memory(&self) -> Result<(Duration, u64)> {
        let report = self.folder.join("peak-memory");
        let mut command = Command::new("/usr/bin/time");
        command.args(["--format=%M", "--output"]).arg(&report).arg(self.program);
        let time = self.execute(&mut command)?;
        let text = fs::read_to_string(&report).context("read the peak of memory")?;
        let memory = text.trim().parse().context("read the peak of memory")?;
        fs::remove_file(&report).context("remove the peak of memory")?;
        Ok((time, memory))
    }

    /// Runs the program, and clears away what it built.
    fn execute(&self, command: &mut Command) -> Result<Duration> {
        command.args(self.arguments).current_dir(self.folder).env("CHECKPOINT_DISABLE", "1");
        if let Some(environment) = self.environment {
            in_environment(command, environment);
        }
        if let Some(plugins) = &self.plugins {
            // What is kept of them is kept for this alone.
            command.env("PACKER_PLUGIN_PATH", plugins).env("HOME", self.folder);
            command.env_remove("XDG_CACHE_HOME").env_remove("PACKER_CONFIG_DIR");
        }
        let start = Instant::now();
        let output = process::capture(command, LIMIT)?;
        let time = start.elapsed();
        self.environment.map_or(Ok(()), remove_images)?;
        if output.status.success() {
            return Ok(time);
        }
        Err(Error::new(format!(
            "{} {} ended with {}:\n{}{}",
            self.program.display(),
            self.arguments.join(" "),
            output.status,
            output.stdout,
            output.stderr
        )))
    }
}

fn remove_images(environment: &Environment) -> Result<()> {
    let docker = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        in_environment(command.args(arguments), environment);
        process::run(&mut command, Duration::from_secs(120))
    };
    for name in ["bench", "team1/python-app"] {
        let pattern = format!("{}/{name}*", environment.registry);
        let ids = docker(&["images", "--quiet", "--no-trunc", &pattern])?;
        let ids: Vec<_> = ids.lines().collect();
        if !ids.is_empty() {
            docker(&[&["rmi", "--force"], &ids[..]].concat())?;
        }
    }
    Ok(())
}
