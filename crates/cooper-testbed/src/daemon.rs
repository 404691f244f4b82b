//! A Docker daemon of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::{base_image, cgroups, http, network, process};

/// A Docker daemon that shares nothing with others on the machine: its own socket, images,
/// containers, bridge and `containerd`. It goes on until [`Daemon::stop`].
#[derive(Debug)]
pub struct Daemon {
    name: String,
    /// Images and containers.
    data: PathBuf,
    /// Sockets and process ids: a short path, since that of a socket has 107 bytes at most.
    run: PathBuf,
}

/// How a daemon is to be.
#[derive(Clone, Debug, Default)]
pub struct DaemonOptions {
    /// The registry that stands in for Docker Hub: `127.0.0.1:34567`.
    pub mirror: Option<String>,
    /// More arguments: `--tlsverify`.
    pub arguments: Vec<String>,
    /// More variables of its environment.
    pub environment: Vec<(String, String)>,
}

impl Daemon {
    /// Names the daemon that keeps its data in `folder`, whether it runs or not.
    pub fn at(folder: &Path) -> Self {
        let name = format!("cooper-{}", short_digest(folder));
        let run = Path::new("/run").join(&name);
        Self { name, data: folder.to_owned(), run }
    }

    /// Starts a daemon that keeps its data in `folder`, after clearing away what an earlier one
    /// left there, and returns when it answers.
    pub fn start(folder: &Path, options: &DaemonOptions) -> Result<Self> {
        let daemon = Self::at(folder);
        daemon.stop().context("clear away an earlier daemon")?;
        cgroups::ensure()?;
        for folder in [&daemon.data, &daemon.run] {
            fs::create_dir_all(folder)
                .context(format!("make folder {} (the daemon needs root)", folder.display()))?;
        }
        let settings = daemon.data.join("daemon.json");
        fs::write(&settings, "{}").context(format!("write {}", settings.display()))?;
        // Always a bridge of its own: a daemon without one (`--bridge=none`) removes the `docker0`
        // of the machine's own daemon.
        network::add_bridge(&daemon.name, daemon.subnet())?;
        let mut command = Command::new("dockerd");
        command
            // The settings of the machine's own daemon are not for this one.
            .arg(format!("--config-file={}", settings.display()))
            .arg(format!("--host=unix://{}", daemon.socket().display()))
            .arg(format!("--data-root={}", daemon.data.join("data").display()))
            .arg(format!("--exec-root={}", daemon.run.join("exec").display()))
            .arg(format!("--pidfile={}", daemon.pid_file().display()))
            .arg(format!("--bridge={}", daemon.name))
            // The chains in the kernel are the same for every daemon: leave them alone.
            .args(["--iptables=false", "--ip-masq=false", "--ip-forward=false"])
            .args(["--shutdown-timeout=3", "--log-level=warn"]);
        if let Some(mirror) = &options.mirror {
            command.arg(format!("--registry-mirror=http://{mirror}"));
        }
        // A proxy of the user's must not stand between the daemon and loopback.
        for variable in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
            command.env_remove(variable);
        }
        let environment = options.environment.iter().map(|(name, value)| (name, value));
        command.args(&options.arguments).envs(environment);
        let pid = process::launch(&mut command, &daemon.log())?;
        process::wait_until(Duration::from_secs(60), || {
            !process::is_alive(pid) || daemon.answers()
        });
        if daemon.answers() {
            return Ok(daemon);
        }
        let tail = process::tail(&daemon.log(), 40);
        process::stop(pid, Duration::from_secs(5));
        daemon.stop()?;
        Err(Error::new(format!("the Docker daemon did not start; its log ends:\n{tail}")))
    }

    /// What `DOCKER_HOST` is to be.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.run.join("docker.sock")
    }

    /// Whether it answers.
    pub fn answers(&self) -> bool {
        http::get_unix(&self.socket(), "/_ping").is_ok_and(|answer| answer.status == 200)
    }

    /// A `docker` command that talks to it, with nobody's credentials.
    pub fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host()).env("DOCKER_CONFIG", self.run.join("config"));
        command.env_remove("DOCKER_CONTEXT").args(arguments);
        command
    }

    /// Gives it the small images that tests build on: `base:latest` and others.
    pub fn make_base_images(&self) -> Result<()> {
        base_image::make(self)
    }

    /// Ends it with everything it started, and removes its files. One that does not run is fine.
    pub fn stop(&self) -> Result<()> {
        if let Some(pid) = self.pid() {
            // It may have been stopped by a signal.
            process::signal(pid, Signal::CONT);
            process::stop(pid, Duration::from_secs(20));
        }
        // A daemon that was killed leaves these behind; they hold its sockets and folders.
        for pid in self.processes() {
            // A container outlives the shim that started it; with its first process it ends whole.
            process::children(pid).into_iter().for_each(process::kill);
            process::stop(pid, Duration::from_secs(2));
        }
        self.unmount()?;
        for folder in [&self.run, &self.data] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).context(format!("remove {}", folder.display()));
                }
                _ => {}
            }
        }
        network::remove_bridge(&self.name)
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        // Process ids are used again.
        text.trim().parse().ok().filter(|pid| self.processes().contains(pid))
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.data.join("daemon.log")
    }

    fn pid_file(&self) -> PathBuf {
        self.run.join("pid")
    }

    /// The processes that have its sockets on their command line: itself and what it started.
    fn processes(&self) -> Vec<u32> {
        process::mentioning(&format!("{}/", self.run.display()))
    }

    fn subnet(&self) -> u8 {
        // Any number will do that tells daemons apart; 0 and 255 look odd in an address.
        self.name.bytes().fold(7_u8, |n, byte| n.wrapping_mul(31).wrapping_add(byte)) % 250 + 2
    }

    fn unmount(&self) -> Result<()> {
        let mounts = fs::read_to_string("/proc/self/mounts").context("read /proc/self/mounts")?;
        let ours = [&self.run, &self.data].map(|folder| format!("{}/", folder.display()));
        let places = mounts.lines().rev().filter_map(|line| line.split(' ').nth(1));
        for place in places.filter(|place| ours.iter().any(|folder| place.starts_with(folder))) {
            let mut umount = Command::new("umount");
            process::run(umount.args(["--lazy", place]), Duration::from_secs(10))?;
        }
        Ok(())
    }
}

/// Eight digits that stand for a folder.
fn short_digest(folder: &Path) -> String {
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_where_they_are_used() {
        let daemon = Daemon::at(Path::new("/some/very/long/path/that/is/of/no/importance/here"));
        assert!(daemon.name.len() <= 15, "a network interface's name has 15 bytes at most");
        assert!(daemon.socket().as_os_str().len() <= 107, "a socket's path has 107 at most");
        assert_ne!(daemon.name, Daemon::at(Path::new("/elsewhere")).name);
    }
}
