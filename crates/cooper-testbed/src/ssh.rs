//! An ssh server of a test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::process;
use crate::registry::free_port;

/// Longer than a key takes to be made, and a server to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// The user who can log in with a password, besides root.
pub const SSH_USER: &str = "tester";

/// That user's number, which nobody else has.
const NUMBER: u32 = 47_112;

/// A real ssh server on loopback with keys of its own; it ends when dropped.
///
/// In its folder are the keys `client`, which opens it, `stranger`, which does not, `locked`, which
/// has a passphrase, and `certified`, which opens it with `certified-cert.pub` only. `host.pub` is
/// the server's, `other.pub` is not.
pub struct SshServer {
    folder: tempfile::TempDir,
    port: u16,
    has_user: bool,
    process: Child,
}

impl SshServer {
    /// Starts a server with these further settings. With a password, [`SSH_USER`] has it; this
    /// machine's own users stay as they are.
    ///
    /// # Errors
    ///
    /// When it does not start; its log is in the error.
    pub fn start(settings: &str, password: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let port = free_port()?;
        prepare(folder.path(), port, settings)?;
        if let Some(password) = password {
            add_user(folder.path(), password)?;
        }
        let has_user = password.is_some();
        let process = launch(folder.path(), has_user)?;
        let server = Self { folder, port, has_user, process };
        server.wait()?;
        Ok(server)
    }

    /// Lets nobody in any more; who is in stays.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again after [`SshServer::stop`].
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        self.process = launch(self.folder.path(), self.has_user)?;
        self.wait()
    }

    /// Where it listens, on `127.0.0.1`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The home folder of [`SSH_USER`].
    pub fn home(&self) -> PathBuf {
        self.file("home")
    }

    fn wait(&self) -> Result<()> {
        let listens = || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        if process::wait_until(PATIENCE, listens) {
            return Ok(());
        }
        let log = process::tail(&self.file("log"), 20);
        Err(Error::new(format!("`sshd` did not start; its log ends:\n{log}")))
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes keys and settings.
fn prepare(folder: &Path, port: u16, settings: &str) -> Result<()> {
    // Users other than root look for their home here.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).context("open the folder")?;
    let keygen = |arguments: &[&str]| {
        let mut command = Command::new("ssh-keygen");
        command.arg("-q").args(arguments).current_dir(folder);
        process::run(&mut command, PATIENCE).map(drop)
    };
    for (name, kind, phrase) in [
        ("host", "ed25519", ""),
        ("other", "ed25519", ""),
        ("client", "ed25519", ""),
        ("client-rsa", "rsa", ""),
        ("client-ecdsa", "ecdsa", ""),
        ("stranger", "ed25519", ""),
        ("locked", "ed25519", "a phrase"),
        ("authority", "ed25519", ""),
        ("certified", "ed25519", ""),
    ] {
        keygen(&["-t", kind, "-N", phrase, "-f", name])?;
    }
    let users = format!("root,{SSH_USER}");
    keygen(&["-s", "authority", "-I", "test", "-n", &users, "certified.pub"])?;
    // The form of keys that is older than OpenSSH's own.
    fs::copy(folder.join("client-rsa"), folder.join("client-pem")).context("copy a key")?;
    keygen(&["-p", "-m", "PEM", "-N", "", "-f", "client-pem"])?;

    let read = |name: &str| fs::read_to_string(folder.join(name)).context("read a key");
    let write = |name: &str, text: String| {
        fs::write(folder.join(name), text).context(format!("write {name}"))
    };
    let keys = ["client.pub", "client-rsa.pub", "client-ecdsa.pub"].map(read);
    write("authorized_keys", keys.into_iter().collect::<Result<String>>()?)?;
    write("known_hosts", format!("[127.0.0.1]:{port} {}", read("host.pub")?))?;
    write("other_hosts", format!("[127.0.0.1]:{port} {}", read("other.pub")?))?;
    let place = folder.display();
    write(
        "sshd_config",
        format!(
            // The first of two is what counts.
            "{settings}\nListenAddress 127.0.0.1\nPort {port}\nHostKey {place}/host\n\
             AuthorizedKeysFile {place}/authorized_keys\nTrustedUserCAKeys {place}/authority.pub\n\
             StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n"
        ),
    )?;
    // Who starts the server as a service makes this folder first.
    fs::create_dir_all("/run/sshd").context("make /run/sshd")
}

/// Adds a user to copies of the files that know users.
fn add_user(folder: &Path, password: &str) -> Result<()> {
    let hash = process::run_with_input(
        Command::new("openssl").args(["passwd", "-6", "-stdin"]),
        password.as_bytes(),
        PATIENCE,
    )?;
    let home = folder.join("home");
    fs::create_dir(&home).context("make a home")?;
    std::os::unix::fs::chown(&home, Some(NUMBER), Some(NUMBER)).context("give a home away")?;
    for (name, line) in [
        ("passwd", format!("{SSH_USER}:x:{NUMBER}:{NUMBER}::{}:/bin/sh", home.display())),
        ("group", format!("{SSH_USER}:x:{NUMBER}:")),
        ("shadow", format!("{SSH_USER}:{hash}:19000::::::")),
    ] {
        let known = fs::read_to_string(Path::new("/etc").join(name)).context("read the users")?;
        let path = folder.join(name);
        fs::write(&path, format!("{}\n{line}\n", known.trim_end())).context("add a user")?;
        let mode = if name == "shadow" { 0o600 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).context("set a mode")?;
    }
    Ok(())
}

fn launch(folder: &Path, with_user: bool) -> Result<Child> {
    let log = fs::File::create(folder.join("log")).context("open a log")?;
    let mut command = if with_user {
        // The server alone sees the copies.
        let mut command = Command::new("unshare");
        let script = "for name in passwd group shadow; do mount --bind $name /etc/$name || exit; done; \
             exec /usr/sbin/sshd \"$@\"";
        command.args(["--mount", "/bin/sh", "-c", script, "sh"]);
        command
    } else {
        Command::new("/usr/sbin/sshd")
    };
    command
        .args(["-D", "-e", "-f"])
        .arg(folder.join("sshd_config"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("start `sshd`")
}
