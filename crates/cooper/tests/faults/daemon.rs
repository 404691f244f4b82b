//! The daemon dies, or was never there.

use std::time::Duration;

use cooper_testbed::Result;
use cooper_testbed::process::Signal;

use crate::rig::{OwnDaemon, Rig, shell, template_without_pull};

pub(crate) fn death() -> Result<()> {
    let daemon = OwnDaemon::start("death")?;
    let template = template_without_pull(&shell("echo at work; sleep 300"));
    let rig = Rig::new("daemon-death", &template)?.on(daemon.0.host());
    let mut running = rig.start()?;
    running.wait_for("at work")?;
    daemon.signal(Signal::KILL)?;
    let ended = running.end()?;
    ended.expect_failure(&["cannot reach the container engine", &daemon.0.host()])?;
    ended.expect("it ends soon", ended.took < Duration::from_secs(60))
}

pub(crate) fn absent() -> Result<()> {
    let template = template_without_pull(&shell("true"));
    let rig = Rig::new("daemon-absent", &template)?.on("unix:///run/cooper-nothing-here.sock");
    let ended = rig.run()?;
    ended.expect_failure(&["/run/cooper-nothing-here.sock"])?;
    ended.expect("it is said at once", ended.took < Duration::from_secs(10))
}
