//! Whose something is: the process that it was made for.
//!
//! A run that is killed outright leaves things behind: containers, processes. What says whose they
//! are lets a later run tell whether somebody still needs them.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// The process that we are: `machine-boot-namespace-pid-start`.
///
/// A process id comes back after a while and after a reboot, and means something else in
/// another namespace; together these do not.
pub fn current() -> &'static str {
    static OWNER: OnceLock<String> = OnceLock::new();
    OWNER.get_or_init(|| {
        let pid = std::process::id();
        let started = start_time(pid).unwrap_or_default();
        format!("{}-{pid}-{started}", Host::here())
    })
}

/// Whether an owner was a process of this machine and is gone.
///
/// One of another machine, another pid namespace, or one that cannot be read is never gone: we
/// cannot know. One from before this machine's last start is.
pub fn is_gone(owner: &str) -> bool {
    let Host { machine: our_machine, boot: our_boot, namespace: our_namespace } = Host::here();
    let parts: Vec<&str> = owner.split('-').collect();
    let [machine, boot, namespace, pid, started] = parts[..] else {
        return false;
    };
    if parts.contains(&"") || our_boot.is_empty() {
        return false;
    }
    if boot != our_boot {
        return machine == our_machine && machine != UNKNOWN;
    }
    if namespace != our_namespace {
        return false;
    }
    let Ok(pid) = pid.parse::<u32>() else {
        return false;
    };
    match start_time(pid) {
        Some(found) => found != started,
        // No such process, or no permission to see it; the latter is no reason.
        None => !Path::new(&format!("/proc/{pid}")).exists() && Path::new("/proc/self").exists(),
    }
}

/// Stands for a machine that has no name of its own.
const UNKNOWN: &str = "000000000000";

/// Where a process runs.
struct Host {
    /// The machine, across its reboots.
    machine: String,
    /// The machine since its last start.
    boot: String,
    /// The namespace that process ids belong to.
    namespace: String,
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { machine, boot, namespace } = self;
        write!(f, "{machine}-{boot}-{namespace}")
    }
}

impl Host {
    fn here() -> &'static Self {
        static HERE: OnceLock<Host> = OnceLock::new();
        HERE.get_or_init(|| {
            let word = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
            let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
            let namespace = namespace.to_string_lossy();
            // Machines made from one image may share an id, but hardly a name too.
            let (id, name) = (word("/etc/machine-id"), word("/proc/sys/kernel/hostname"));
            Self {
                machine: if id.is_empty() || name.is_empty() {
                    UNKNOWN.to_owned()
                } else {
                    fingerprint(&format!("{id} {name}"))
                },
                boot: match word("/proc/sys/kernel/random/boot_id") {
                    boot if boot.is_empty() => boot,
                    boot => fingerprint(&boot),
                },
                namespace: namespace.chars().filter(char::is_ascii_digit).collect(),
            }
        })
    }
}

/// Twelve hexadecimal digits that stand for a text.
fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// When a process started, in the kernel's ticks since boot; nothing without such a process.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; what follows the last bracket is fields from 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        // It has ended, whatever is left of it.
        return Some(String::new());
    }
    fields.nth(18).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_not_gone() {
        assert!(!is_gone(current()));
        assert_eq!(current().split('-').count(), 5);
    }

    #[test]
    fn a_process_that_ended_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = format!("{}-{}-{}", Host::here(), child.id(), start_time(child.id()).unwrap());
        assert!(!is_gone(&owner));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_gone(&owner));
    }

    #[test]
    fn a_process_id_that_came_back_is_another_process() {
        let pid = std::process::id();
        assert!(is_gone(&format!("{}-{pid}-1", Host::here())));
    }

    #[test]
    fn strangers_are_left_alone() {
        let Host { machine, boot, namespace } = Host::here();
        for owner in [
            String::new(),
            "nonsense".to_owned(),
            format!("{machine}-{boot}-1-4194000-5"),
            format!("ffffffffffff-ffffffffffff-{namespace}-4194000-5"),
            format!("{machine}-{boot}-{namespace}-x-5"),
            format!("{machine}-{boot}-{namespace}-4194000-"),
        ] {
            assert!(!is_gone(&owner), "{owner}");
        }
        if machine != UNKNOWN {
            assert!(is_gone(&format!("{machine}-ffffffffffff-1-2-3")));
        }
    }
}
