//! Cooper and Packer in turn on the same daemon.

mod keystroke;
mod machine;
mod page;
mod scenario;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cooper_testbed::{Context, Environment, Error, Result, process};

use crate::workspace::{Workspace, in_environment};
use scenario::Scenario;

/// A run that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(900);

/// The letter of the one scenario that Packer has no part in.
const KEYSTROKES: char = 'k';

/// What is measured, and how often.
struct Options {
    /// Letters of scenarios; all when empty.
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
    packer: Measurement,
    cooper: Measurement,
}

struct Measurement {
    /// Sorted.
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

/// Measures and prints a table; writes it to a page when asked to.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let cooper = match &options.cooper {
        Some(program) => program.clone(),
        None => workspace.build_cooper(!options.smoke)?,
    };
    let folder = workspace.target("bench");
    let keystrokes = match options.wants(KEYSTROKES) {
        true => Some(measure_keystrokes(&cooper, &folder, &options)?),
        false => None,
    };
    if options.only == KEYSTROKES.to_string() {
        // Which needs no daemon.
        return Ok(());
    }
    let environment = workspace.testbed().up()?;
    let scenarios: Vec<_> =
        Scenario::all().into_iter().filter(|scenario| options.wants(scenario.letter)).collect();
    let mut comparisons = Vec::new();
    for scenario in scenarios {
        let folder = folder.join(scenario.letter.to_string());
        if folder.exists() {
            fs::remove_dir_all(&folder).context(format!("remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
        let bench = Bench { folder, environment: &environment, options: &options };
        comparisons.push(bench.compare(scenario, &cooper)?);
        // As they come: the whole takes its time.
        if let Some(comparison) = comparisons.last() {
            println!("{}", page::row(comparison));
        }
        fs::remove_dir_all(&bench.folder).context("clear away a scenario")?;
    }
    println!("\n{}", page::table(&comparisons));
    match &options.write {
        None => Ok(()),
        Some(path) => {
            let machine = machine::description(&options.packer);
            let text = page::text(&comparisons, keystrokes.as_deref(), &machine);
            fs::write(path, text).context(format!("write {}", path.display()))
        }
    }
}

/// Measures an editor's keystrokes, and prints a line.
fn measure_keystrokes(cooper: &Path, folder: &Path, options: &Options) -> Result<String> {
    let folder = folder.join(KEYSTROKES.to_string());
    fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
    let line = keystroke::run(cooper, &folder, options.smoke)?;
    println!("({KEYSTROKES}) {line}");
    fs::remove_dir_all(&folder).context("clear away a scenario")?;
    Ok(line)
}

impl Options {
    /// Whether a scenario is to be measured.
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
            let count = |text: &str| match text.parse() {
                Ok(0) | Err(_) => Err(Error::new(format!("`{text}` is not a number of runs"))),
                Ok(count) => Ok(count),
            };
            match *argument {
                "--only" => options.only = value()?.replace(',', ""),
                "--runs" => options.runs = count(value()?)?,
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

struct Bench<'a> {
    folder: PathBuf,
    environment: &'a Environment,
    options: &'a Options,
}

impl Bench<'_> {
    fn compare(&self, scenario: Scenario, cooper: &Path) -> Result<Comparison> {
        scenario.prepare(&self.folder, &self.environment.registry, self.options.smoke)?;
        let packer = &self.options.packer;
        // Once each, unmeasured, so that both find caches warm; this is where memory is taken,
        // because the program that takes it costs a little time.
        let cooper_memory = self.memory(&scenario, cooper)?;
        let once = scenario.packer_runs.filter(|_| !self.options.smoke);
        let packer_runs = self.options.packer_runs.or(once).unwrap_or(self.options.runs);
        let (mut packer_times, mut packer_memory) = (Vec::new(), 0);
        if packer_runs > 1 || self.options.smoke {
            packer_memory = self.memory(&scenario, packer)?;
        } else {
            // Too slow for a run that does not count.
            let (time, memory) = self.timed_with_memory(&scenario, packer)?;
            packer_times.push(time);
            packer_memory = packer_memory.max(memory);
        }
        let mut cooper_times = Vec::new();
        for round in 0..self.options.runs.max(packer_runs) {
            if packer_times.len() < packer_runs {
                packer_times.push(self.time(&scenario, packer)?);
            }
            if round < self.options.runs {
                cooper_times.push(self.time(&scenario, cooper)?);
            }
        }
        packer_times.sort();
        cooper_times.sort();
        Ok(Comparison {
            scenario,
            packer: Measurement { times: packer_times, memory: packer_memory },
            cooper: Measurement { times: cooper_times, memory: cooper_memory },
        })
    }

    fn time(&self, scenario: &Scenario, program: &Path) -> Result<Duration> {
        let mut command = Command::new(program);
        self.execute(scenario, program, &mut command)
    }

    fn memory(&self, scenario: &Scenario, program: &Path) -> Result<u64> {
        self.timed_with_memory(scenario, program).map(|(_, memory)| memory)
    }

    fn timed_with_memory(&self, scenario: &Scenario, program: &Path) -> Result<(Duration, u64)> {
        let report = self.folder.join("peak-memory");
        let mut command = Command::new("/usr/bin/time");
        command.args(["--format=%M", "--output"]).arg(&report).arg(program);
        let time = self.execute(scenario, program, &mut command)?;
        let text = fs::read_to_string(&report).context("read the peak of memory")?;
        let memory = text.trim().parse().context("read the peak of memory")?;
        Ok((time, memory))
    }

    /// Runs a program to its end, and clears away what it built.
    fn execute(
        &self,
        scenario: &Scenario,
        program: &Path,
        command: &mut Command,
    ) -> Result<Duration> {
        command.args(scenario.arguments).current_dir(&self.folder);
        command.env("CHECKPOINT_DISABLE", "1");
        let start = Instant::now();
        let output = process::capture(in_environment(command, self.environment), LIMIT)?;
        let time = start.elapsed();
        self.remove_images()?;
        if output.status.success() {
            return Ok(time);
        }
        Err(Error::new(format!(
            "({}) {} ended with {}:\n{}{}",
            scenario.letter,
            program.display(),
            output.status,
            output.stdout,
            output.stderr
        )))
    }

    fn remove_images(&self) -> Result<()> {
        let docker = |arguments: &[&str]| {
            let mut command = Command::new("docker");
            in_environment(command.args(arguments), self.environment);
            process::run(&mut command, Duration::from_secs(120))
        };
        for name in ["bench", "team1/python-app"] {
            let pattern = format!("{}/{name}*", self.environment.registry);
            let ids = docker(&["images", "--quiet", "--no-trunc", &pattern])?;
            let ids: Vec<_> = ids.lines().collect();
            if !ids.is_empty() {
                docker(&[&["rmi", "--force"], &ids[..]].concat())?;
            }
        }
        Ok(())
    }
}
