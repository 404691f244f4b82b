//! Ending the plugins of runs that are gone.
//!
//! A plugin ends when its connection does, and so when Cooper is killed. One that hangs, or was
//! killed itself and left programs that it had started, does not. What a plugin is started with says
//! whose it is, and all it starts inherits that; so the processes of owners that are gone are found
//! by their environment, which only the user that they belong to can read.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// The variable that says whose a process is, as [`cooper_owner`] has it.
pub(crate) const OWNER: &str = "COOPER_PLUGIN_OWNER";

/// Ends every process of this user that a run which is gone has left; returns how many.
pub(crate) fn sweep() -> usize {
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
    let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let left =
        ids.filter(|id: &i32| owner_of(*id).is_some_and(|owner| cooper_owner::is_gone(&owner)));
    let mut ended = 0;
    for pid in left.filter_map(Pid::from_raw) {
        // It may have ended by itself.
        ended += usize::from(kill_process(pid, Signal::KILL).is_ok());
    }
    if ended > 0 {
        tracing::info!("{ended} processes of plugins were left by runs that are gone");
    }
    ended
}

/// What the environment of a process says of its owner.
fn owner_of(id: i32) -> Option<String> {
    let environment =
        std::fs::read(Path::new("/proc").join(id.to_string()).join("environ")).ok()?;
    let variables = environment.split(|byte| *byte == 0);
    let mut owners = variables.filter_map(|variable| {
        let value = variable.strip_prefix(OWNER.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    });
    owners.next()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_processes_of_owners_that_are_gone_are_ended() {
        let ours = cooper_owner::current();
        let start = |owner: &str| Command::new("sleep").arg("60").env(OWNER, owner).spawn();
        let mut kept = start(ours).unwrap();
        // Our own number, started at another time.
        let (number, _) = ours.rsplit_once('-').unwrap();
        let mut left = start(&format!("{number}-1")).unwrap();
        // The same number, and another one's: in a container, say.
        let parts: Vec<_> = ours.split('-').collect();
        let elsewhere = format!("{}-{}-1-{}-1", parts[0], parts[1], parts[3]);
        let mut foreign = start(&elsewhere).unwrap();
        let mut odd = start("nonsense").unwrap();
        while owner_of(left.id().cast_signed()).is_none() {
            std::thread::yield_now();
        }
        assert!(sweep() >= 1);
        assert!(!left.wait().unwrap().success());
        assert!(kept.try_wait().unwrap().is_none() && odd.try_wait().unwrap().is_none());
        assert!(foreign.try_wait().unwrap().is_none());
        for child in [&mut kept, &mut odd, &mut foreign] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
