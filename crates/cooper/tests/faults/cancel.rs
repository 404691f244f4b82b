//! Somebody wants it to stop, whatever it is just doing.

mod socket;

use std::fs;
use std::time::{Duration, Instant};

use cooper_testbed::process::Signal;
use cooper_testbed::{Context, Error, Result, process};

use crate::rig::{Ended, Rig, docker, expect_no_containers, registry, shell, template};
use socket::SlowSocket;

/// Longer than the run waits for its source, shorter than anybody's patience.
const LATE: Duration = Duration::from_secs(6);

/// Longer than the test.
const NEVER: Duration = Duration::from_secs(600);

/// From the signal to the end.
const SOON: Duration = Duration::from_secs(20);

/// A phase of a build: its name, the call of which the engine answers late, and how late.
struct Phase {
    name: &'static str,
    call: &'static str,
    late: Duration,
}

const fn phase(name: &'static str, call: &'static str, late: Duration) -> Phase {
    Phase { name, call, late }
}

pub(crate) fn pull() -> Result<()> {
    cancelled(&phase("pull", "POST /images/create", NEVER), "", 0)
}

pub(crate) fn create() -> Result<()> {
    cancelled(&phase("create", "POST /containers/create", LATE), "", 0)
}

pub(crate) fn start() -> Result<()> {
    cancelled(&phase("start", "POST /containers/ID/start", LATE), "", 0)
}

pub(crate) fn upload() -> Result<()> {
    let step = "  provisioner \"file\" {\n    content     = \"x\"\n    destination = \"/x\"\n  }\n";
    cancelled(&phase("upload", "PUT /containers/ID/archive", NEVER), step, 0)
}

pub(crate) fn commit() -> Result<()> {
    cancelled(&phase("commit", "POST /commit", LATE), "", 0)
}

pub(crate) fn tag() -> Result<()> {
    cancelled(&phase("tag", "POST /images/ID/tag", NEVER), &tag_step()?, 1)
}

pub(crate) fn push() -> Result<()> {
    let steps = format!(
        "  post-processors {{\n  {}    post-processor \"docker-push\" {{}}\n  }}\n",
        tag_step()?
    );
    cancelled(&phase("push", "POST /images/NAME/push", NEVER), &steps, 1)
}

pub(crate) fn save() -> Result<()> {
    let step = "  post-processor \"docker-save\" { path = \"image.tar\" }\n";
    cancelled(&phase("save", "GET /images/get", NEVER), step, 1)
}

pub(crate) fn export() -> Result<()> {
    let phase = phase("export", "GET /containers/ID/export", NEVER);
    let text = template("").replace("commit = true", "export_path = \"container.tar\"");
    cancelled_with(&phase, &text, 0)
}

/// The daemon itself is at work here, and has to stop.
pub(crate) fn dockerfile() -> Result<()> {
    let text = template("")
        .replace("  image  = \"base:latest\"\n", "  build {\n    path = \"Dockerfile\"\n  }\n");
    let rig = Rig::new("cancel-dockerfile", &text)?;
    let steps = "FROM base:latest\nRUN echo at work; sleep 4242\n";
    fs::write(rig.folder.join("Dockerfile"), steps).context("write a Dockerfile")?;
    let before = images()?;
    let mut running = rig.start()?;
    running.wait_for("at work")?;
    running.signal(Signal::INT);
    let signalled = Instant::now();
    let ended = running.end()?;
    expect_clean(&ended, signalled, &rig, &["Dockerfile"])?;
    expect_images(&before, 0)?;
    let sleeps = || docker(&["ps", "--quiet", "--no-trunc"]).is_ok_and(|list| list.is_empty());
    let ends = process::wait_until(Duration::from_secs(15), sleeps);
    ended.expect("the Dockerfile's step is ended", ends)
}

/// Cancels a build of `steps` in a phase; `kept` images stay, and are told.
fn cancelled(phase: &Phase, steps: &str, kept: usize) -> Result<()> {
    // Something new in each image, so that it is not the one of another test.
    let work = shell(&format!("echo {} > /made", phase.name));
    cancelled_with(phase, &template(&(work + steps)), kept)
}

fn cancelled_with(phase: &Phase, text: &str, kept: usize) -> Result<()> {
    let socket = SlowSocket::start(phase.call, phase.late)?;
    let rig = Rig::new(&format!("cancel-{}", phase.name), text)?.on(socket.address());
    let before = images()?;
    let running = rig.start()?;
    if !socket.wait_until_called() {
        let ended = running.end()?;
        return ended.expect(&format!("`{}` is called", phase.call), false);
    }
    running.signal(Signal::INT);
    let signalled = Instant::now();
    let ended = running.end()?;
    expect_clean(&ended, signalled, &rig, &[])?;
    for image in expect_images(&before, kept)? {
        ended.expect("what is kept is told", ended.stdout.contains(&image))?;
        docker(&["rmi", "--force", &image])?;
    }
    Ok(())
}

/// It ended soon, as something that was cancelled, and left no container and no file.
fn expect_clean(ended: &Ended, signalled: Instant, rig: &Rig, files: &[&str]) -> Result<()> {
    ended.expect_failure(&[])?;
    let soon = signalled.elapsed() < SOON;
    ended.expect(&format!("it ends within {SOON:?} of the signal"), soon)?;
    let said = "Cancelling build after receiving interrupt";
    ended.expect(&format!("`{said}` is said"), ended.stderr.contains(said))?;
    let mut left = Vec::new();
    for entry in fs::read_dir(&rig.folder).context("list a folder")?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = ["template.pkr.hcl", "stdout", "stderr"].contains(&name.as_str());
        if !known && !files.contains(&name.as_str()) {
            left.push(name);
        }
    }
    ended.expect(&format!("no file is left, not {left:?}"), left.is_empty())?;
    expect_no_containers()
}

/// The ids of all images, those without a name too.
fn images() -> Result<Vec<String>> {
    let list = docker(&["images", "--all", "--quiet", "--no-trunc"])?;
    Ok(list.lines().map(str::to_owned).collect())
}

/// The images that are new, which have to be so many.
fn expect_images(before: &[String], count: usize) -> Result<Vec<String>> {
    let new: Vec<String> = images()?.into_iter().filter(|id| !before.contains(id)).collect();
    if new.len() == count {
        return Ok(new);
    }
    Err(Error::new(format!("{count} images are expected to stay, and these do: {new:?}")))
}

fn tag_step() -> Result<String> {
    let repository = format!("{}/faults/cancelled", registry()?);
    Ok(format!("  post-processor \"docker-tag\" {{ repository = {repository:?} }}\n"))
}
