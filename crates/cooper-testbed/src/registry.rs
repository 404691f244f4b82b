//! A registry on loopback.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::http;
use crate::process;
use crate::tokens::{ISSUER, SERVICE, TokenServer};

/// A registry on a loopback port.
#[derive(Debug)]
pub struct Registry {
    address: String,
    blobs: PathBuf,
    pid: u32,
}

/// The users that a closed registry lets in: anybody, and who Amazon's tokens are for.
pub const USERS: [&str; 2] = ["somebody", "AWS"];

/// The password of all of them. It has a bit of everything that some syntax could stumble over,
/// and its base64 differs between the usual alphabet and the one for URLs.
pub const PASSWORD: &str = r#"p~~??>>~ÿü "q'\$${x}%{s}:@/+&=`y`"#;

/// The password as the registry knows it, by bcrypt.
const PASSWORD_HASH: &str = "$2y$05$abcdefghijklmnopqrstuuTUmi/9Y9pHR2dkMdpE4RnzRbNmdt7I.";

/// Whom a registry lets in, and what for.
#[derive(Clone, Copy)]
enum Door<'a> {
    Open,
    /// Everybody, who may only look.
    ReadOnly,
    Closed,
    /// Who has a token of this server.
    Tokens(&'a TokenServer),
}

impl Registry {
    /// Starts a registry that keeps its blobs, its settings and its log in `folder`, lets
    /// everybody in, and returns when it answers. It goes on until [`Registry::stop`].
    pub fn start(folder: &Path) -> Result<Self> {
        Self::start_with(folder, Door::Open)
    }

    /// The same for a registry that lets in [`USERS`] with their [`PASSWORD`] only.
    pub fn start_closed(folder: &Path) -> Result<Self> {
        Self::start_with(folder, Door::Closed)
    }

    /// The same for a registry that keeps what is in `folder` and takes nothing.
    pub fn start_read_only(folder: &Path) -> Result<Self> {
        Self::start_with(folder, Door::ReadOnly)
    }

    /// The same for a registry that lets in who has a token of a server.
    pub fn start_with_tokens(folder: &Path, tokens: &TokenServer) -> Result<Self> {
        Self::start_with(folder, Door::Tokens(tokens))
    }

    fn start_with(folder: &Path, door: Door<'_>) -> Result<Self> {
        fs::create_dir_all(folder).context(format!("make folder {}", folder.display()))?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).context(format!("write {}", path.display())).map(|()| path)
        };
        let users: String = USERS.iter().map(|user| format!("{user}:{PASSWORD_HASH}\n")).collect();
        let users = write("users", users)?;
        let log = log(folder);
        // A free port may be taken by somebody else before the registry has it.
        for _ in 0..3 {
            let address = format!("127.0.0.1:{}", free_port()?);
            let mut text = settings_text(&address, &folder.join("blobs"));
            text += &match door {
                Door::Open => String::new(),
                Door::ReadOnly => "  maintenance: { readonly: { enabled: true } }\n".to_owned(),
                Door::Closed => {
                    format!("auth:\n  htpasswd: {{ realm: test, path: {users:?} }}\n")
                }
                Door::Tokens(tokens) => format!(
                    "auth:\n  token: {{ realm: {:?}, service: {SERVICE:?}, issuer: {ISSUER:?}, \
                     rootcertbundle: {:?} }}\n",
                    tokens.realm(),
                    tokens.certificate()
                ),
            };
            let settings = write("settings.yml", text)?;
            let mut command = Command::new("docker-registry");
            command.arg("serve").arg(&settings);
            let pid = process::launch(&mut command, &log)?;
            let registry = Self { address, blobs: folder.join("blobs"), pid };
            let up = || !process::is_alive(registry.pid) || answers(&registry.address);
            process::wait_until(Duration::from_secs(30), up);
            if process::is_alive(registry.pid) && answers(&registry.address) {
                return Ok(registry);
            }
            registry.stop();
        }
        let tail = process::tail(&log, 30);
        Err(Error::new(format!("the registry did not start; its log ends:\n{tail}")))
    }

    /// The file in which it keeps something, by its digest: `sha256:…`.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let digits = digest.trim_start_matches("sha256:");
        let folder = self.blobs.join("docker/registry/v2/blobs/sha256");
        folder.join(digits.get(..2).unwrap_or_default()).join(digits).join("data")
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

/// Whether a registry answers at `address`, if only that it wants to know who asks.
pub(crate) fn answers(address: &str) -> bool {
    http::get(address, "/v2/", &[]).is_ok_and(|answer| matches!(answer.status, 200 | 401))
}

pub(crate) fn log(folder: &Path) -> PathBuf {
    folder.join("registry.log")
}

fn settings_text(address: &str, blobs: &Path) -> String {
    format!(
        "version: 0.1\n\
         log: {{ level: warn, accesslog: {{ disabled: true }} }}\n\
         http: {{ addr: {address:?} }}\n\
         storage:\n  filesystem: {{ rootdirectory: {:?} }}\n  delete: {{ enabled: true }}\n",
        blobs.display().to_string(),
    )
}

/// A port that nobody listened on a moment ago.
pub fn free_port() -> Result<u16> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context("find a free port")
}
