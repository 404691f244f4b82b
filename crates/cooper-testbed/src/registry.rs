//! A registry on loopback.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::http;
use crate::process;

/// A registry without authentication on a loopback port.
#[derive(Debug)]
pub struct Registry {
    address: String,
    pid: u32,
}

impl Registry {
    /// Starts a registry that keeps its blobs, its settings and its log in `folder`, and returns
    /// when it answers. It goes on until [`Registry::stop`].
    pub fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).context(format!("make folder {}", folder.display()))?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let settings = folder.join("settings.yml");
        let log = log(folder);
        fs::write(&settings, settings_text(&address, &folder.join("blobs")))
            .context(format!("write {}", settings.display()))?;
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&settings);
        let registry = Self { address, pid: process::launch(&mut command, &log)? };
        let up = || !process::is_alive(registry.pid) || answers(&registry.address);
        process::wait_until(Duration::from_secs(30), up);
        if answers(&registry.address) {
            return Ok(registry);
        }
        let tail = process::tail(&log, 30);
        registry.stop();
        Err(Error::new(format!("the registry did not start; its log ends:\n{tail}")))
    }

    /// Where it listens: `127.0.0.1:34567`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends it.
    pub fn stop(&self) {
        process::stop(self.pid, Duration::from_secs(5));
    }
}

/// Whether a registry answers at `address`.
pub(crate) fn answers(address: &str) -> bool {
    http::get(address, "/v2/", &[]).is_ok_and(|answer| answer.status == 200)
}

pub(crate) fn log(folder: &Path) -> PathBuf {
    folder.join("registry.log")
}

fn settings_text(address: &str, blobs: &Path) -> String {
    format!(
        "version: 0.1\n\
         log: {{ level: warn, accesslog: {{ disabled: true }} }}\n\
         storage:\n  filesystem: {{ rootdirectory: {:?} }}\n  delete: {{ enabled: true }}\n\
         http: {{ addr: {address:?} }}\n",
        blobs.display().to_string(),
    )
}

/// A port that nobody listened on a moment ago.
fn free_port() -> Result<u16> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context("find a free port")
}
