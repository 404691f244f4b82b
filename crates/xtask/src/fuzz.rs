//! Throws made-up texts at everything that reads text: `cargo xtask fuzz`.

mod seeds;

use std::path::{Path, PathBuf};
use std::process::Command;

use cooper_testbed::{Context, Error, Result};

use crate::workspace::Workspace;
use seeds::{LONGEST, Source};

/// Where the fuzzing programs are.
const FOLDER: &str = "crates/cooper-fuzz";

/// The release of `cargo fuzz` that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// A program that takes texts, and where good ones to begin with are.
struct Target {
    name: &'static str,
    seeds: &'static [Source],
}

/// Templates, right and wrong.
const TEMPLATES: &[Source] = &[
    Source::Files("testdata/lang"),
    Source::Files("testdata/parity"),
    Source::Files("docs/examples"),
    Source::Sections(".hcl"),
];

const JSON: &[Source] =
    &[Source::Files("crates/cooper-fuzz/seeds/json"), Source::Sections(".json")];

const EXPRESSIONS: &[Source] = &[
    Source::Files("crates/cooper-fuzz/seeds/evaluate"),
    Source::Lines("testdata/parity/console/values.txt"),
    Source::Lines("testdata/parity/console/mistakes.txt"),
    // An example for each function.
    Source::Quoted("docs/functions.md"),
];

/// Strings with something to fill in.
const STRINGS: &[Source] = &[
    Source::Files("crates/cooper-fuzz/seeds/gotemplate"),
    Source::LinesWith("testdata/cases", "{{"),
    Source::LinesWith("crates/cooper-build/src/gotemplate", "{{"),
];

const TARGETS: &[Target] = &[
    Target { name: "parse", seeds: TEMPLATES },
    Target { name: "json", seeds: JSON },
    Target { name: "format", seeds: TEMPLATES },
    Target { name: "evaluate", seeds: EXPRESSIONS },
    Target { name: "gotemplate", seeds: STRINGS },
    Target { name: "handshake", seeds: &[Source::Files("crates/cooper-fuzz/seeds/handshake")] },
    Target { name: "yamux", seeds: &[Source::Files("crates/cooper-fuzz/seeds/yamux")] },
    Target { name: "msgpack", seeds: &[Source::Files("crates/cooper-fuzz/seeds/msgpack")] },
    Target { name: "gob", seeds: &[Source::Files("crates/cooper-fuzz/seeds/gob")] },
    Target { name: "protobuf", seeds: &[Source::Files("crates/cooper-fuzz/seeds/protobuf")] },
];

/// Runs every target, or only some, each for as many seconds; fails at the first text that makes
/// one panic, hang or use more than 2 GiB. The text is kept under `crates/cooper-fuzz/artifacts`.
pub(crate) fn run(workspace: &Workspace, options: &[&str]) -> Result<()> {
    let (mut seconds, mut only, mut seed) = (60, None, 0);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let value = options.next().ok_or_else(|| Error::new(format!("{option} needs a value")))?;
        match *option {
            "--seconds" => {
                seconds = value.parse().context("`--seconds` takes a whole number")?;
            }
            "--only" => only = Some(*value),
            "--seed" => seed = value.parse().context("`--seed` takes a whole number")?,
            _ => return Err(Error::new(format!("there is no option `{option}`"))),
        }
    }
    let chosen: Vec<_> =
        TARGETS.iter().filter(|target| only.is_none_or(|only| only == target.name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        return Err(Error::new(format!("the targets are {}", names.join(", "))));
    }
    let program = installed(workspace)?;
    for target in chosen {
        println!("── {}, {seconds} s", target.name);
        target.run(workspace, &program, seconds, seed)?;
    }
    Ok(())
}

impl Target {
    /// A seed of zero is another one each time.
    fn run(&self, workspace: &Workspace, program: &Path, seconds: u32, seed: u32) -> Result<()> {
        // What was found to be interesting is kept from run to run.
        let corpus = workspace.target(&format!("fuzz/corpus/{}", self.name));
        std::fs::create_dir_all(&corpus).context("make a folder for the corpus")?;
        let seeds = workspace.target(&format!("fuzz/seeds/{}", self.name));
        let count = seeds::collect(workspace, self.seeds, &seeds)?;
        println!("begins with {count} texts");
        // No sanitizer: there is no unsafe code to find fault with, and stable Rust has none.
        let output = Command::new(program)
            .current_dir(workspace.path(""))
            .env("RUST_BACKTRACE", "0")
            .args(["fuzz", "run", "--sanitizer", "none", "--fuzz-dir", FOLDER, "--target-dir"])
            .args([workspace.target("fuzz").as_os_str(), self.name.as_ref(), corpus.as_os_str()])
            .arg(seeds)
            .args(["--", "-timeout=20", "-rss_limit_mb=2048"])
            .arg(format!("-max_len={LONGEST}"))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-seed={seed}"))
            .arg(format!("-dict={FOLDER}/hcl.dict"))
            .arg("-print_final_stats=1")
            .output()
            .context("start `cargo fuzz`")?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            // How many places in the code were reached, with what is kept and when that was loaded.
            let begun = said.lines().find(|line| line.contains("INITED"));
            let ended = said.lines().rfind(|line| line.contains("DONE"));
            begun.into_iter().chain(ended).for_each(|line| println!("{line}"));
            let figures = said.lines().filter_map(|line| line.strip_prefix("stat::"));
            figures.for_each(|figure| println!("{figure}"));
            return Ok(());
        }
        eprintln!("{said}");
        let name = self.name;
        Err(Error::new(match said.contains("Test unit written to") {
            true => format!("`{name}` cannot take a text, which is in `{FOLDER}/artifacts/{name}`"),
            false => format!("`{name}` does not run"),
        }))
    }
}

/// The program `cargo-fuzz`: the user's, or one of the project's own.
fn installed(workspace: &Workspace) -> Result<PathBuf> {
    let theirs = Command::new("cargo-fuzz").arg("--version").output();
    if theirs.is_ok_and(|output| output.status.success()) {
        return Ok("cargo-fuzz".into());
    }
    let tools = workspace.target("tools");
    let ours = tools.join("bin/cargo-fuzz");
    if !ours.exists() {
        let status = workspace
            .cargo(&["install", "cargo-fuzz", "--locked", "--quiet", "--version", CARGO_FUZZ])
            .arg("--root")
            .arg(&tools)
            .status()
            .context("start `cargo install`")?;
        if !status.success() {
            return Err(Error::new("`cargo-fuzz` does not install"));
        }
    }
    Ok(ours)
}
