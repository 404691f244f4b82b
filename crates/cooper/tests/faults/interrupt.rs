//! Somebody wants it to stop.

use std::thread::sleep;
use std::time::{Duration, Instant};

use cooper_testbed::process::Signal;
use cooper_testbed::{Error, Result};

use crate::rig::{
    Ended, OwnDaemon, Rig, expect_no_containers, shell, template, template_without_pull,
};

pub(crate) fn once() -> Result<()> {
    let ended = interrupted("interrupt-once", Signal::INT)?;
    let said = "Cancelling build after receiving interrupt";
    ended.expect(&format!("`{said}` is said"), ended.stderr.contains(said))
}

pub(crate) fn terminate() -> Result<()> {
    interrupted("interrupt-terminate", Signal::TERM).map(drop)
}

fn interrupted(name: &str, signal: Signal) -> Result<Ended> {
    let rig = Rig::new(name, &template(&shell("echo at work; sleep 300")))?;
    let mut running = rig.start()?;
    running.wait_for("at work")?;
    running.signal(signal);
    let ended = running.end()?;
    ended.expect_failure(&[])?;
    ended.expect("it ends soon", ended.took < Duration::from_secs(30))?;
    expect_no_containers()?;
    Ok(ended)
}

pub(crate) fn twice() -> Result<()> {
    let daemon = OwnDaemon::start("twice")?;
    let template = template_without_pull(&shell("echo at work; sleep 300"));
    let rig = Rig::new("interrupt-twice", &template)?.on(daemon.0.host());
    let mut running = rig.start()?;
    running.wait_for("at work")?;
    // The clean-up will wait for ever.
    daemon.signal(Signal::STOP)?;
    running.signal(Signal::INT);
    sleep(Duration::from_secs(2));
    if !running.runs() {
        return Err(Error::new("it ended although it could not clean up"));
    }
    let second = Instant::now();
    running.signal(Signal::INT);
    let ended = running.end()?;
    ended.expect("it ends at once", second.elapsed() < Duration::from_secs(3))?;
    ended.expect_failure(&[])
}
