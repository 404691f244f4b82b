//! Cooper is killed, and cannot clean up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cooper_testbed::process::{self, Signal};
use cooper_testbed::{Context, Error, Result};

use crate::rig::{Rig, containers, docker, expect_no_containers, registry, shell, template};

const TIMES: u32 = 20;

pub(crate) fn twenty() -> Result<()> {
    let foreign = Foreign::start()?;
    let steps = format!(
        "{}{}  post-processor \"docker-tag\" {{\n    repository = \"{}/faults/killed\"\n  }}\n",
        shell("sleep 0.1"),
        shell("echo done > /done"),
        registry()?
    );
    let rig = Rig::new("death", &template(&steps))?;
    let whole = rig.run()?;
    whole.expect("a run that nobody kills succeeds", whole.code == Some(0))?;

    let mut chance = Chance::new();
    let seed = chance.0;
    for _ in 0..TIMES {
        let running = rig.start()?;
        std::thread::sleep(whole.took.mul_f64(chance.fraction()));
        running.signal(Signal::KILL);
        running.end()?;
    }
    // The daemon ends what it was asked for, also when the one who asked is gone.
    std::thread::sleep(Duration::from_secs(2));

    // A run that lives is no dead run's remains: it has to go on undisturbed.
    let living = Rig::new("death-living", &template(&shell("echo at work; sleep 5")))?;
    let mut living = living.start()?;
    living.wait_for("at work")?;
    let after = Rig::new("death-after", &template(&shell("true")))?.run()?;
    after.expect("the next run succeeds", after.code == Some(0))?;
    let living = living.end()?;
    living.expect("a run that lives is left alone", living.code == Some(0))?;

    expect_only(&foreign).context(format!("with moments from {seed}"))?;
    drop(foreign);
    expect_no_containers()?;
    let _ = docker(&["rmi", &format!("{}/faults/killed", registry()?)]);
    Ok(())
}

pub(crate) fn named() -> Result<()> {
    let name = "cooper-faults-of-a-name";
    let run = format!(
        "  commit = true\n  run_command = [\"-d\", \"-i\", \"--name={name}\", \
         \"--entrypoint=/bin/sh\", \"--\", \"{{{{.Image}}}}\"]\n"
    );
    let killed = template(&shell("echo at work; sleep 60")).replace("  commit = true\n", &run);
    let mut running = Rig::new("death-named", &killed)?.start()?;
    running.wait_for("at work")?;
    running.signal(Signal::KILL);
    running.end()?;
    let after = Rig::new("death-named-after", &template(&shell("true")))?.run()?;
    after.expect("the next run succeeds", after.code == Some(0))?;
    let filter = format!("name={name}");
    let left = docker(&["ps", "--all", "--quiet", "--filter", &filter])?;
    if left.is_empty() { Ok(()) } else { Err(Error::new(format!("`{name}` is left"))) }
}

/// Containers that a sweep has to leave alone.
struct Foreign {
    /// With a name that is not Cooper's.
    plain: String,
    /// With a name of Cooper's, but of another machine.
    elsewhere: String,
}

impl Foreign {
    fn start() -> Result<Self> {
        let sleep = ["base:latest", "sleep", "600"];
        let plain = docker(&[&["run", "--detach"], &sleep[..]].concat())?;
        let name = "cooper-ffffffffffff-ffffffffffff-4026531836-1-1-0";
        let elsewhere = docker(&[&["run", "--detach", "--name", name], &sleep[..]].concat())?;
        Ok(Self { plain, elsewhere })
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = docker(&["rm", "--force", &self.plain, &self.elsewhere]);
    }
}

fn expect_only(foreign: &Foreign) -> Result<()> {
    for id in [&foreign.plain, &foreign.elsewhere] {
        let running = docker(&["inspect", "--format", "{{.State.Running}}", id])?;
        if running != "true" {
            return Err(Error::new(format!("container {id} is not Cooper's, and was stopped")));
        }
    }
    let ours = || {
        let list = containers().unwrap_or_default();
        list.into_iter().filter(|id| !foreign.elsewhere.starts_with(id)).collect::<Vec<_>>()
    };
    process::wait_until(Duration::from_secs(10), || ours().is_empty());
    match ours().as_slice() {
        [] => Ok(()),
        left => Err(Error::new(format!("dead runs' containers are left: {}", left.join(", ")))),
    }
}

/// Moments that differ from run to run.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(now.as_nanos()).unwrap_or(1) | 1)
    }

    /// Between 0 and 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}
