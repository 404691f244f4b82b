//! Ending the plugins of runs that are gone.
//!
//! A plugin ends when its connection does, and so when Cooper is killed. One that hangs, or was
//! killed itself and left programs that it had started, does not. What a plugin is started with says
//! whose it is, and all it starts inherits that; so the processes of owners that are gone are found
//! by their environment, which only the user that they belong to can read.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// The variable that says whose a process is: a process and its start.
pub(crate) const OWNER: &str = "COOPER_PLUGIN_OWNER";

/// This process, as [`OWNER`] has it.
pub(crate) fn owner() -> String {
    let id = std::process::id();
    format!("{id}:{}", started(id).unwrap_or_default())
}

/// When a process was started, in ticks of the kernel's clock.
fn started(id: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program stands in parentheses, and may have anything in it.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

/// Whether an owner is gone: no process of that number, or another one.
fn is_gone(owner: &str) -> bool {
    let Some((id, start)) = owner.split_once(':') else { return false };
    let (Ok(id), Ok(start)) = (id.parse(), start.parse::<u64>()) else { return false };
    start != 0 && started(id) != Some(start)
}

/// Ends every process of this user that a run which is gone has left; returns how many.
pub(crate) fn sweep() -> usize {
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
    let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let left = ids.filter(|id: &i32| owner_of(*id).is_some_and(|owner| is_gone(&owner)));
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
        let ours = owner();
        assert!(!is_gone(&ours), "{ours}");
        let start = |owner: &str| Command::new("sleep").arg("60").env(OWNER, owner).spawn();
        let mut kept = start(&ours).unwrap();
        // Our own number, started at another time.
        let mut left = start(&format!("{}:1", std::process::id())).unwrap();
        let mut odd = start("nonsense").unwrap();
        while owner_of(left.id().cast_signed()).is_none() {
            std::thread::yield_now();
        }
        assert!(sweep() >= 1);
        assert!(!left.wait().unwrap().success());
        assert!(kept.try_wait().unwrap().is_none() && odd.try_wait().unwrap().is_none());
        for child in [&mut kept, &mut odd] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
