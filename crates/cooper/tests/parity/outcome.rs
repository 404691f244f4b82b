//! What a program makes of a template.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, process};
use serde_json::Value;

use crate::archive::{self, Tree};
use crate::image::{self, Image};
use crate::testdata;

const LIMIT: Duration = Duration::from_secs(180);

/// What a run left behind.
pub(crate) struct Outcome {
    /// What the template says the exit code is, in a line `# exit: 1`.
    pub(crate) expected_code: i32,
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// What it printed, for the person who reads a failure.
    pub(crate) output: String,
    /// Images by name, of the template's repository.
    pub(crate) images: BTreeMap<String, Image>,
    /// New and changed files of the working folder.
    pub(crate) files: BTreeMap<String, Content>,
}

/// A file's meaning.
pub(crate) enum Content {
    /// A JSON document.
    Json(Value),
    /// The archive of a file system.
    Tree(Tree),
    /// Images, as `docker save` writes them, with their names.
    Images(Vec<image::Saved>),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Outcome {
    /// Runs a program's `build` on a fresh copy of a template and its files. What it built is
    /// removed again, so that the next program finds the daemon as this one did.
    pub(crate) fn of(name: &str, program: &Path) -> Result<Self> {
        let folder = lay_out(name)?;
        let template =
            fs::read_to_string(folder.join("template.pkr.hcl")).context("read the template")?;
        prepare(&folder, &template)?;
        let before = files(&folder)?;
        let registry = std::env::var("COOPER_TEST_REGISTRY")
            .context("no registry is set: `cargo xtask with cargo test` sets one")?;
        // The same name for both programs, so that nothing has to be translated.
        let repository = format!("{registry}/parity/{name}");

        let mut command = Command::new(program);
        command
            .args(["build", "-color=false", "-var"])
            .arg(format!("repository={repository}"))
            .arg("template.pkr.hcl")
            .current_dir(&folder)
            .env("CHECKPOINT_DISABLE", "1")
            .env("PACKER_CONFIG_DIR", home(name)?)
            .env("HOME", home(name)?);
        let run = process::capture(&mut command, LIMIT)?;

        let images = image::of_repository(&repository);
        image::remove(&repository)?;
        let after = files(&folder)?;
        let new = after
            .difference(&before)
            .map(|(path, _)| Ok((path.display().to_string(), read(&folder.join(path))?)));
        Ok(Self {
            expected_code: expected_code(&template)?,
            code: run.status.code(),
            output: format!("{}{}", run.stdout, run.stderr),
            images: images?,
            files: new.collect::<Result<_>>()?,
        })
    }
}

/// Copies a template and the folder of its name to where it can be run.
fn lay_out(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).context(format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
    let template = testdata().join(format!("{name}.pkr.hcl"));
    fs::copy(&template, folder.join("template.pkr.hcl"))
        .context(format!("copy {}", template.display()))?;
    let inputs = testdata().join(name);
    if inputs.exists() {
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(inputs.join(".")).arg(&folder);
        process::run(&mut copy, Duration::from_secs(10))?;
    }
    Ok(folder)
}

fn home(name: &str) -> Result<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity-home").join(name);
    fs::create_dir_all(&home).context(format!("make {}", home.display()))?;
    Ok(home)
}

/// Runs the template's `# prepare: …` lines, for what a repository cannot keep: owners, special
/// bits, devices.
fn prepare(folder: &Path, template: &str) -> Result<()> {
    for line in template.lines().filter_map(|line| line.strip_prefix("# prepare: ")) {
        let mut command = Command::new("sh");
        command.args(["-euc", line]).current_dir(folder);
        process::run(&mut command, Duration::from_secs(30)).context("prepare")?;
    }
    Ok(())
}

fn expected_code(template: &str) -> Result<i32> {
    let line = template.lines().find_map(|line| line.strip_prefix("# exit: "));
    line.map_or(Ok(0), |code| code.parse().context("read the `# exit:` line"))
}

/// The files of a folder, each with its size and time, so that a change shows.
fn files(folder: &Path) -> Result<BTreeSet<(PathBuf, String)>> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).context(format!("list {}", next.display()))? {
            let entry = entry.context("list a folder")?;
            let facts = entry.metadata().context("look at a file")?;
            if facts.is_dir() {
                waiting.push(entry.path());
            } else {
                let path = entry.path();
                let path = path.strip_prefix(folder).context("a path below the folder")?;
                let stamp = format!("{} {:?}", facts.len(), facts.modified().ok());
                found.insert((path.to_owned(), stamp));
            }
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Content> {
    let bytes = || fs::read(path).context("read");
    let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match kind {
        "json" => serde_json::from_slice(&bytes()?).map(Content::Json).context("read as JSON"),
        "tar" => {
            let file = fs::File::open(path).context("open")?;
            if archive::has_entry(&file, "manifest.json")? {
                let file = fs::File::open(path).context("open")?;
                image::saved(&file).map(Content::Images)
            } else {
                let file = fs::File::open(path).context("open")?;
                archive::tree(file).map(Content::Tree)
            }
        }
        _ => bytes().map(Content::Bytes),
    }
    .map_err(|error| Error::new(format!("{}: {error}", path.display())))
}
