//! The daemon is reached through a real ssh server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use cooper_testbed::{Context, Result, SshServer};

use crate::rig::{Rig, docker, expect_no_containers, shell, template};

pub(crate) fn keys() -> Result<()> {
    let server = Gate::start()?;
    let name = "faults/over-ssh";
    let steps = shell("echo through ssh > /made")
        + &format!("  post-processor \"docker-tag\" {{\n    repository = {name:?}\n  }}\n");
    let rig = |label: &str, key: &str, known_hosts: &str| {
        let rig = Rig::new(&format!("ssh-{label}"), &template(&steps))?;
        let path = server.client(&rig.folder, key, known_hosts)?;
        Ok(rig.on(server.address()).with("PATH", path))
    };

    let ended = rig("right", "client", "known_hosts")?.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    let made = docker(&["run", "--rm", "--network=none", "--entrypoint=/bin/cat", name, "/made"])?;
    ended.expect("the image is there", made == "through ssh")?;
    docker(&["rmi", name])?;
    expect_no_containers()?;

    let unreachable = "cannot reach the container engine";
    let help = "`ssh host docker version`";
    for (label, key, hosts, reason) in [
        ("wrong-key", "stranger", "known_hosts", "permission denied (publickey)"),
        ("wrong-host", "client", "other_hosts", "host key verification failed"),
    ] {
        let ended = rig(label, key, hosts)?.run()?;
        ended.expect_failure(&[unreachable, &server.address(), reason, help])?;
        ended.expect("it is said soon", ended.took < Duration::from_secs(20))?;
    }
    Ok(())
}

/// An ssh server behind which the testbed's daemon is.
struct Gate(SshServer);

impl Gate {
    fn start() -> Result<Self> {
        let daemon = std::env::var("DOCKER_HOST").context("DOCKER_HOST")?;
        let settings = format!(
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nSetEnv DOCKER_HOST={daemon}"
        );
        SshServer::start(&settings, None).map(Self)
    }

    /// What `DOCKER_HOST` is to be.
    fn address(&self) -> String {
        format!("ssh://root@127.0.0.1:{}", self.0.port())
    }

    /// Makes an `ssh` in a folder that uses these keys and not the user's settings; returns the
    /// `PATH` on which it comes first.
    fn client(&self, folder: &Path, key: &str, known_hosts: &str) -> Result<String> {
        let place = self.0.file("");
        let place = place.display();
        let settings = folder.join("ssh_config");
        let text = format!(
            "Host *\n  IdentityFile {place}/{key}\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
             UserKnownHostsFile {place}/{known_hosts}\n  GlobalKnownHostsFile /dev/null\n  \
             StrictHostKeyChecking yes\n"
        );
        fs::write(&settings, text).context("write settings of ssh")?;
        let programs = folder.join("programs");
        fs::create_dir_all(&programs).context("make a folder")?;
        let program = programs.join("ssh");
        let script = format!("#!/bin/sh\nexec /usr/bin/ssh -F '{}' \"$@\"\n", settings.display());
        fs::write(&program, script).context("write a program")?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).context("set a mode")?;
        let path = std::env::var("PATH").context("PATH")?;
        Ok(format!("{}:{path}", programs.display()))
    }
}
