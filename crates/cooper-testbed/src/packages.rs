//! What the tests need from Debian.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::process;

/// The packages, each with the program that shows it is there.
const NEEDED: &[(&str, &str)] = &[
    ("docker.io", "/usr/sbin/dockerd"),
    ("docker-registry", "/usr/bin/docker-registry"),
    ("busybox-static", "/bin/busybox"),
    ("packer", "/usr/bin/packer"),
    ("iproute2", "/sbin/ip"),
    ("openssl", "/usr/bin/openssl"),
    ("openssh-client", "/usr/bin/ssh"),
    ("openssh-server", "/usr/sbin/sshd"),
    ("git", "/usr/bin/git"),
    ("python3", "/usr/bin/python3"),
    ("time", "/usr/bin/time"),
    ("tmux", "/usr/bin/tmux"),
    ("ansible", "/usr/bin/ansible-playbook"),
];

/// Installs what is missing; asks nobody anything and changes nothing when all is there.
pub(crate) fn ensure() -> Result<()> {
    let missing: Vec<_> =
        NEEDED.iter().filter(|(_, program)| !Path::new(program).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|(package, _)| *package).collect();
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(Error::new(format!(
            "the tests need these Debian 12 packages, and this machine has no `apt-get`: {}",
            names.join(", ")
        )));
    }
    apt_get(&["update", "--quiet"], Duration::from_secs(300))?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt_get(&[&install[..], &names].concat(), Duration::from_secs(900))
        .context("the tests are made for Debian 12; install its packages")?;
    match missing.iter().find(|(_, program)| !Path::new(program).exists()) {
        None => Ok(()),
        Some((package, program)) => {
            Err(Error::new(format!("package `{package}` is installed, but brought no {program}")))
        }
    }
}

fn apt_get(arguments: &[&str], limit: Duration) -> Result<()> {
    let mut command = Command::new("apt-get");
    // Another apt may be at work on a machine that has just started.
    command.args(["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut command, limit).map(drop)
}
