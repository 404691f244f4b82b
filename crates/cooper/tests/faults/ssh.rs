//! The daemon is reached through a real ssh server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, free_port, process};

use crate::rig::{Rig, docker, expect_no_containers, shell, template};

pub(crate) fn keys() -> Result<()> {
    let server = SshServer::start()?;
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

/// An ssh server on loopback with keys of its own, behind which the testbed's daemon is; it ends
/// when dropped.
struct SshServer {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl SshServer {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let place = folder.path().display().to_string();
        for key in ["host", "other", "client", "stranger"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.path().join(key));
            process::run(&mut keygen, Duration::from_secs(20))?;
        }
        let port = free_port()?;
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).context("read a key");
        let write = |name: &str, text: String| {
            fs::write(folder.path().join(name), text).context(format!("write {name}"))
        };
        write("authorized_keys", read("client.pub")?)?;
        write("known_hosts", format!("[127.0.0.1]:{port} {}", read("host.pub")?))?;
        write("other_hosts", format!("[127.0.0.1]:{port} {}", read("other.pub")?))?;
        let daemon = std::env::var("DOCKER_HOST").context("DOCKER_HOST")?;
        let settings = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {place}/host\n\
             AuthorizedKeysFile {place}/authorized_keys\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n\
             PermitRootLogin prohibit-password\nSetEnv DOCKER_HOST={daemon}\n"
        );
        write("sshd_config", settings)?;
        // Who starts the server as a service makes this folder first.
        fs::create_dir_all("/run/sshd").context("make /run/sshd")?;
        let log = fs::File::create(folder.path().join("log")).context("open a log")?;
        let process = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(folder.path().join("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("start `sshd`")?;
        let server = Self { folder, port, process };
        let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        if process::wait_until(Duration::from_secs(20), listens) {
            return Ok(server);
        }
        let log = process::tail(&server.folder.path().join("log"), 20);
        Err(Error::new(format!("`sshd` did not start; its log ends:\n{log}")))
    }

    /// What `DOCKER_HOST` is to be.
    fn address(&self) -> String {
        format!("ssh://root@127.0.0.1:{}", self.port)
    }

    /// Makes an `ssh` in a folder that uses these keys and not the user's settings; returns the
    /// `PATH` on which it comes first.
    fn client(&self, folder: &Path, key: &str, known_hosts: &str) -> Result<String> {
        let place = self.folder.path().display();
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

impl Drop for SshServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
