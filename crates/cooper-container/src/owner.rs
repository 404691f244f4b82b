//! Whose a container is: the process that it was made for.
//!
//! A run that is killed outright leaves its containers behind. Their names say which process
//! they belong to, so that a later one can tell whether somebody still needs them. Names,
//! because a container's labels would end up in the images that are made of it. One that has to
//! have another name is told of by a companion.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// What the names of our containers look like, for the engine's filter.
pub const CONTAINER_NAME_PATTERN: &str = "^/?cooper-[0-9a-f]{12}-[0-9a-f]{12}-";

/// The label of a container that only tells whose another one is: the other one's id.
pub const COMPANION_LABEL: &str = "dev.cooper.companion-of";

const PREFIX: &str = "cooper-";

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

/// A name for a container of this process, never given twice.
pub fn container_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{count}", current())
}

/// What ends the name of a companion. A name, because an image may bring any label.
const COMPANION: &str = ".companion";

/// A name for a companion of a container of this process, never given twice.
pub fn companion_name() -> String {
    container_name() + COMPANION
}

/// Whether a container's name says that it is a companion.
pub fn is_companion(container_name: &str) -> bool {
    container_name.ends_with(COMPANION)
}

/// Whether a text is the whole id of a container, and so neither a name nor part of an URL.
pub fn is_container_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a container's name says that it belongs to a process that is gone.
pub fn is_left_behind(container_name: &str) -> bool {
    let container_name = container_name.strip_suffix(COMPANION).unwrap_or(container_name);
    let owner = container_name.strip_prefix(PREFIX);
    // What follows is a number: `cooper-…-7/db` is the name that container 7 has for a stranger
    // that it is linked to.
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    owner
        .and_then(|owner| owner.rsplit_once('-'))
        .is_some_and(|(owner, count)| number(count) && is_gone(owner))
}

/// Whether an owner was a process of this machine and is gone.
///
/// One of another machine, another pid namespace, or one that cannot be read is never gone: we
/// cannot know. One from before this machine's last start is.
fn is_gone(owner: &str) -> bool {
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
        assert!(!is_left_behind(&container_name()));
        assert_eq!(current().split('-').count(), 5);
        assert_ne!(container_name(), container_name());
    }

    #[test]
    fn a_process_that_ended_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = format!("{}-{}-{}", Host::here(), child.id(), start_time(child.id()).unwrap());
        assert!(!is_gone(&owner));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_gone(&owner));
        assert!(is_left_behind(&format!("cooper-{owner}-7")));
        assert!(is_left_behind(&format!("cooper-{owner}-7.companion")));
        assert!(is_companion(&companion_name()) && !is_companion(&container_name()));
        assert!(is_container_id(&"0a".repeat(32)));
        for text in ["db", "", "../images/x", &"0A".repeat(32), &"0a".repeat(33)] {
            assert!(!is_container_id(text), "{text}");
        }
        for stranger in ["7/db", "7x", "", "db"] {
            assert!(!is_left_behind(&format!("cooper-{owner}-{stranger}")), "{stranger}");
        }
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
        assert!(!is_left_behind("web"));
        if machine != UNKNOWN {
            assert!(is_gone(&format!("{machine}-ffffffffffff-1-2-3")));
        }
    }
}
