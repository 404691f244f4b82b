//! Cooper as the host of the plugin in Python and of those on Packer's own library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cooper_testbed::process::Output;
use cooper_testbed::{Context, Error, Result, process};
use libtest_mimic::Trial;

use crate::plugin::{Encoding, folder, install, root};
use crate::{docker_trial, trial};

const LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        docker_trial("an_image_is_built_with_plugins_in_python_and_go", || image(Encoding::Newer)),
        docker_trial("an_image_is_built_with_plugins_that_know_gob_only", || {
            image(Encoding::Older)
        }),
        trial("a_builder_in_go_builds_its_example", || example(Encoding::Newer)),
        trial("a_builder_in_go_that_knows_gob_only_builds_its_example", || {
            example(Encoding::Older)
        }),
    ];
    trials.extend(MISBEHAVIOUR.iter().map(|case| {
        let name = format!("a_plugin_that_is_told_to_{}", case.how.replace(' ', "_"));
        trial(&name, || misbehaves(case))
    }));
    trials.extend(AT_START.iter().map(|(how, said)| {
        let name = format!("a_plugin_that_starts_with_{}", how.replace(' ', "_"));
        trial(&name, || misbehaves_at_start(how, said))
    }));
    trials
}

/// Built-in provisioners, one in Python and one in Go. What they did, the template itself checks.
fn image(encoding: Encoding) -> Result<()> {
    let run = Run::of("image.pkr.hcl", encoding)?;
    let output = run.build(&[])?;
    run.expect(&output, true, &["saved 2.0 MiB", "/etc/app.conf: set `port`"])?;
    let sums = fs::read_to_string(run.folder.join("SUMS")).context("read the sums")?;
    check(sums.ends_with("  image.tar\n"), || format!("the sums are {sums:?}"))
}

fn example(encoding: Encoding) -> Result<()> {
    let run = Run::of("../../plugins/files/example.pkr.hcl", encoding)?;
    let output = run.build(&[])?;
    let said = ["etc/app.conf: set `port`", "port = 8080", "2 files with", "site.tar.gz, sha256:"];
    run.expect(&output, true, &said)?;
    let archive = run.folder.join("site.tar.gz");
    check(archive.exists(), || "there is no archive".to_owned())
}

/// One way to misbehave, and what becomes of the build.
struct Misbehaviour {
    how: &'static str,
    when: &'static str,
    succeeds: bool,
    said: &'static [&'static str],
}

const fn case(how: &'static str, succeeds: bool, said: &'static [&'static str]) -> Misbehaviour {
    Misbehaviour { how, when: "provision", succeeds, said }
}

const PROGRAM: &str = "packer-plugin-misbehave_v0.1.0";

const MISBEHAVIOUR: &[Misbehaviour] = &[
    case("fail", false, &["it was told to fail"]),
    case("panic", false, &[PROGRAM, "it was told to panic"]),
    case("exit", false, &[PROGRAM, "exit status: 3"]),
    case("kill", false, &[PROGRAM, "signal: 9"]),
    case("print", true, &[]),
    case("complain", true, &[]),
    case("shout", true, &[]),
    case("leave a child", true, &[]),
    case("start many", true, &[]),
    case("wait", false, &["20s"]),
    case("hang", false, &["20s"]),
];

/// Ways to begin that are no plugin's, and what Cooper says.
const AT_START: &[(&str, &str)] = &[
    ("print", "hello, this is a plugin"),
    ("exit", "it was told to exit"),
    ("other protocol", "6"),
    ("no listener", "it cannot be reached"),
];

/// One of two builds has the plugin; the other must not notice, and nothing may be left.
fn misbehaves(case: &Misbehaviour) -> Result<()> {
    let Misbehaviour { how, when, succeeds, said } = case;
    let run = Run::of("misbehave.pkr.hcl", Encoding::Newer)?;
    let begin = Instant::now();
    let output = run.build(&[&format!("-var=how={how}"), &format!("-var=when={when}")])?;
    run.expect(&output, *succeeds, said)?;
    check(begin.elapsed() < Duration::from_secs(60), || format!("took {:?}", begin.elapsed()))?;
    let other =
        fs::read_to_string(run.folder.join("other/file")).context("read the other's file")?;
    check(other == "content\nline\n", || format!("the other build made {other:?}"))?;
    run.nothing_is_left()
}

fn misbehaves_at_start(how: &str, said: &str) -> Result<()> {
    let mut run = Run::of("misbehave.pkr.hcl", Encoding::Newer)?;
    run.at_start = Some(how.to_owned());
    let output = run.build(&["-var=how=fail"])?;
    run.expect(&output, false, &[PROGRAM, said])?;
    // Its socket may be: nobody was told where.
    run.no_process_is_left()
}

/// A folder with a template, and the plugins installed for it alone.
struct Run {
    folder: PathBuf,
    plugins: PathBuf,
    at_start: Option<String>,
}

impl Run {
    /// `template` is below `testdata/plugins`.
    fn of(template: &str, encoding: Encoding) -> Result<Self> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = folder(&format!("cooper-{number}"))?;
        let template = root().join("testdata/plugins").join(template);
        let name = template.file_name().unwrap_or_default();
        fs::copy(&template, folder.join(name)).context("copy the template")?;
        Ok(Self { folder, plugins: install(encoding)?, at_start: None })
    }

    fn build(&self, arguments: &[&str]) -> Result<Output> {
        let temporary = self.folder.join("temporary");
        fs::create_dir_all(&temporary).context("make a folder")?;
        let mut cooper = Command::new(env!("CARGO_BIN_EXE_cooper"));
        cooper
            .args(["build", "-color=false"])
            .args(arguments)
            .arg(".")
            .current_dir(&self.folder)
            .env("PACKER_PLUGIN_PATH", &self.plugins)
            .env("HOME", self.folder.join("home"))
            .env("TMPDIR", temporary);
        if let Some(how) = &self.at_start {
            cooper.env("MISBEHAVE_AT_START", how);
        }
        process::capture(&mut cooper, LIMIT)
    }

    fn expect(&self, output: &Output, succeeds: bool, said: &[&str]) -> Result<()> {
        let all = format!("{}{}", output.stdout, output.stderr);
        let missing: Vec<_> = said.iter().filter(|text| !all.contains(**text)).collect();
        check(output.status.success() == succeeds && missing.is_empty(), || {
            format!("{}, without {missing:?}:\n{all}", output.status)
        })
    }

    /// Neither a socket nor a process that was started here.
    fn nothing_is_left(&self) -> Result<()> {
        let sockets = fs::read_dir(self.folder.join("temporary")).context("list a folder")?.count();
        check(sockets == 0, || format!("{sockets} files are left"))?;
        self.no_process_is_left()
    }

    fn no_process_is_left(&self) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(10);
        let mut left = processes_in(&self.folder);
        while !left.is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
            left = processes_in(&self.folder);
        }
        check(left.is_empty(), || format!("processes are left: {left:?}"))
    }
}

/// The command lines of processes that work in a folder.
fn processes_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let works_here = |process: &PathBuf| {
        fs::read_link(process.join("cwd")).is_ok_and(|place| place.starts_with(folder))
    };
    let paths = entries.flatten().map(|entry| entry.path()).filter(works_here);
    paths.filter_map(|path| fs::read_to_string(path.join("cmdline")).ok()).collect()
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::new(otherwise())) }
}
