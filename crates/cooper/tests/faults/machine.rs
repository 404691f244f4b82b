//! A machine is reached by ssh: a real server on loopback.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cooper_testbed::process::{self, Signal};
use cooper_testbed::{Context, Error, Result, SSH_USER, SshServer, free_port};

use crate::rig::{Ended, PATIENCE, Rig, docker, expect_no_containers};
use crate::secret::Secret;

const PASSWORD: &str = "it's a \"pass\" 47$x";

/// A `null` source with these arguments, and a build with these steps.
fn template(arguments: &str, steps: &str) -> String {
    format!(
        "source \"null\" \"it\" {{\n  communicator = \"ssh\"\n{arguments}}}\n\
         build {{\n  sources = [\"source.null.it\"]\n{steps}}}\n"
    )
}

/// The arguments for root with a key of the server's folder.
fn root(server: &SshServer, key: &str) -> String {
    address(server, "root") + &format!("  ssh_private_key_file = {:?}\n", server.file(key))
}

fn address(server: &SshServer, user: &str) -> String {
    format!(
        "  ssh_host = \"127.0.0.1\"\n  ssh_port = {}\n  ssh_username = {user:?}\n",
        server.port()
    )
}

/// A `shell` step of these lines, with further arguments.
fn shell(arguments: &str, lines: &[&str]) -> String {
    format!("  provisioner \"shell\" {{\n{arguments}    inline = {lines:?}\n  }}\n")
        .replace("\\'", "'")
}

fn build(name: &str, arguments: &str, steps: &str) -> Result<Ended> {
    Rig::new(&format!("machine-{name}"), &template(arguments, steps))?.run()
}

fn succeeds(ended: &Ended, words: &[&str]) -> Result<()> {
    ended.expect("it succeeds", ended.code == Some(0))?;
    for word in words {
        ended.expect(&format!("`{word}` is said"), ended.stdout.contains(word))?;
    }
    Ok(())
}

pub(crate) fn password() -> Result<()> {
    let server = SshServer::start("", Some(PASSWORD))?;
    let secret = Secret::new(PASSWORD);
    let watch = secret.watch();
    let steps = shell(
        "",
        &[
            "echo I am $(id -un) in $(pwd)",
            "echo to nobody >&2",
            "echo 'facts: ${build.Host} ${build.Port} ${build.User} ${build.ConnType} ${build.ID}'",
            "cat > told <<'END'",
            "${build.Password}",
            "END",
        ],
    );
    let arguments = address(&server, SSH_USER) + "  ssh_password = var.password\n";
    let text = template(&arguments, &steps) + "variable \"password\" { type = string }\n";
    let rig = Rig::new("machine-password", &text)?;
    let rig = rig.with("PKR_VAR_password", PASSWORD).with("COOPER_LOG", "trace");
    let rig = rig.with("PACKER_LOG_PATH", "log");
    let ended = rig.run()?;
    watch.expect_nothing()?;
    let facts = format!("facts: 127.0.0.1 {} {SSH_USER} ssh Null", server.port());
    succeeds(
        &ended,
        &[
            "Using SSH communicator to connect: 127.0.0.1",
            "Waiting for SSH to become available...",
            "Connected to SSH!",
            &format!("I am {SSH_USER} in {}", server.home().display()),
            "to nobody",
            &facts,
        ],
    )?;
    let told = fs::read_to_string(server.home().join("told")).context("read what was told")?;
    ended.expect("the password is a fact", told.trim_end() == PASSWORD)?;
    secret.expect_in_no_file(&rig.folder)
}

pub(crate) fn keys() -> Result<()> {
    let server = SshServer::start("PasswordAuthentication no", None)?;
    let steps = shell("", &["echo I am $(id -un)"]);
    for key in ["client", "client-rsa", "client-ecdsa", "client-pem"] {
        let ended = build(key, &root(&server, key), &steps)?;
        succeeds(&ended, &["I am root"])?;
        let text = fs::read_to_string(server.file(key)).context("read a key")?;
        let line = text.lines().nth(1).unwrap_or_default();
        let shown = ended.stdout.contains(line) || ended.stderr.contains(line);
        ended.expect("the key is not shown", !shown)?;
    }
    let certificate = server.file("certified-cert.pub");
    let arguments =
        root(&server, "certified") + &format!("  ssh_certificate_file = {certificate:?}\n");
    succeeds(&build("certificate", &arguments, &steps)?, &["I am root"])?;

    let agent = Agent::start(&server, &["stranger", "client-rsa"])?;
    let arguments = address(&server, "root") + "  ssh_agent_auth = true\n";
    let rig = Rig::new("machine-agent", &template(&arguments, &steps))?;
    let ended = rig.with("SSH_AUTH_SOCK", agent.socket()).run()?;
    succeeds(&ended, &["I am root"])
}

/// An ssh agent with keys of a server's folder; it ends when dropped.
struct Agent {
    socket: String,
    process: Child,
}

impl Agent {
    fn start(server: &SshServer, keys: &[&str]) -> Result<Self> {
        let socket = server.file("agent").display().to_string();
        let process = Command::new("ssh-agent")
            .args(["-D", "-a", &socket])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start `ssh-agent`")?;
        let agent = Self { socket, process };
        process::wait_until(PATIENCE, || Path::new(&agent.socket).exists());
        for key in keys {
            let mut add = Command::new("ssh-add");
            add.arg("-q").arg(server.file(key)).env("SSH_AUTH_SOCK", &agent.socket);
            process::run(&mut add, PATIENCE)?;
        }
        Ok(agent)
    }

    fn socket(&self) -> &str {
        &self.socket
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn refusals() -> Result<()> {
    let server = SshServer::start("PasswordAuthentication no", None)?;
    let nobody = free_port()?;
    let mute = TcpListener::bind(("127.0.0.1", 0)).context("listen")?;
    let mute_port = mute.local_addr().context("an address")?.port();
    let here = |port: u16| {
        format!(
            "  ssh_host = \"127.0.0.1\"\n  ssh_port = {port}\n  ssh_username = \"root\"\n  \
             ssh_password = \"none of it\"\n  ssh_timeout = \"3s\"\n"
        )
    };
    let twice = "  ssh_handshake_attempts = 2\n";
    let stranger = root(&server, "stranger") + twice;
    let no_agent = address(&server, "root") + "  ssh_agent_auth = true\n";
    let unknown = here(22).replace("127.0.0.1", "no-such-machine.invalid");
    for (label, arguments, words) in [
        ("stranger", stranger, &["does not let `root` in with this key", "ssh -v"][..]),
        (
            "no-password",
            address(&server, "root") + "  ssh_password = \"none of it\"\n" + twice,
            &["does not let `root` in with this password", "publickey"],
        ),
        ("no-agent", no_agent, &["`SSH_AUTH_SOCK` is not set", "ssh-agent"]),
        ("nobody", here(nobody), &["Timeout waiting for SSH", "refuses connections", "`ssh_port`"]),
        ("mute", here(mute_port), &["Timeout waiting for SSH", "`ssh_timeout`"]),
        ("unknown", unknown, &["Timeout waiting for SSH", "no-such-machine", "`ssh_host`"]),
    ] {
        let ended = build(label, &arguments, &shell("", &["echo never"]))?;
        ended.expect_failure(words)?;
        ended.expect("nothing ran", !ended.stdout.contains("never"))?;
        ended.expect("it is said soon", ended.took < Duration::from_secs(30))?;
        ended
            .expect("no secret", !(ended.stdout.clone() + &ended.stderr).contains("none of it"))?;
    }
    Ok(())
}

pub(crate) fn waiting() -> Result<()> {
    // What answers at first is no ssh server.
    let port = free_port()?;
    let arguments = format!(
        "  ssh_host = \"127.0.0.1\"\n  ssh_port = {port}\n  ssh_username = \"root\"\n  \
         ssh_password = \"none of it\"\n"
    );
    let rig = Rig::new("machine-interrupt", &template(&arguments, &shell("", &["echo never"])))?;
    let mut running = rig.start()?;
    running.wait_for("Waiting for SSH")?;
    std::thread::sleep(Duration::from_secs(1));
    running.signal(Signal::INT);
    let ended = running.end()?;
    ended.expect_failure(&[])?;
    ended.expect("it ends soon", ended.took < Duration::from_secs(8))
}

pub(crate) fn endings() -> Result<()> {
    let server = SshServer::start("", None)?;
    let valid = |codes: &str| format!("    valid_exit_codes = {codes}\n");
    let steps = shell(&valid("[3]"), &["exit 3"])
        + &shell(&valid("[137]"), &["kill -KILL $$"])
        + &shell(&valid("[143]"), &["kill -TERM $PPID; sleep 5"])
        + &shell("", &["cat > /dev/null; echo no input is left"])
        + &shell("", &["i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"])
        + &shell("", &["exit 4"]);
    let ended = build("endings", &root(&server, "client"), &steps)?;
    ended.expect_failure(&["Script exited with non-zero exit status: 4"])?;
    let lines = ended.stdout.matches("it: line ").count();
    ended.expect("all lines arrived", lines == 20000 && ended.stdout.contains("line 19999"))?;
    ended.expect("input ends", ended.stdout.contains("no input is left"))
}

pub(crate) fn files() -> Result<()> {
    let server = SshServer::start("", Some(PASSWORD))?;
    let user = format!("  ssh_password = {PASSWORD:?}\n");
    let copy = |source: &str, destination: &str, more: &str| {
        format!(
            "  provisioner \"file\" {{\n    source = {source:?}\n    destination = {destination:?}\n\
             {more}  }}\n"
        )
    };
    let download = "    direction = \"download\"\n";
    let steps = shell("", &["mkdir there 'a b'"])
        + &copy("sent/one", "there/", "")
        + &copy("sent/one", "there/other name's", "")
        + &copy("sent/one", "a b", "")
        + &copy("sent/large", "there/large", "")
        + &copy("sent/", "there", "")
        + &copy("sent", "there", "")
        + &copy("sent", "new", "")
        + "  provisioner \"file\" {\n    content = \"text\\n\"\n    destination = \"there/content\"\n  }\n"
        + &copy("there/large", "got/", download)
        + &copy("there/sent", "got", download)
        + &copy("new/", "fresh", download)
        + &copy("there/link", "got/link", download);
    let rig = Rig::new("machine-files", &template(&(address(&server, SSH_USER) + &user), &steps))?;
    let sent = rig.folder.join("sent");
    fs::create_dir_all(sent.join("deep/er")).context("make a folder")?;
    let write = |name: &str, text: &[u8], mode: u32| {
        fs::write(sent.join(name), text).context("write a file")?;
        fs::set_permissions(sent.join(name), fs::Permissions::from_mode(mode)).context("a mode")
    };
    let large: Vec<u8> = (0_u32..2_000_000).flat_map(u32::to_le_bytes).collect();
    write("one", b"one\0\xff\r\n", 0o751)?;
    write("deep/er/-n", b"", 0o600)?;
    write("large", &large, 0o644)?;
    std::os::unix::fs::symlink("one", sent.join("link")).context("make a link")?;
    process::run(
        Command::new("touch").args(["-d", "2001-02-03 04:05:06 UTC"]).arg(sent.join("one")),
        PATIENCE,
    )?;
    let ended = rig.run()?;
    succeeds(&ended, &["Uploading sent/one => there/other name's"])?;

    let home = server.home();
    let same = |here: &str, there: &str| {
        let read = |path: &Path| fs::read(path).context(format!("read {}", path.display()));
        let (here, there) = (sent.join(here), home.join(there));
        let equal = read(&here)? == read(&there)?;
        let (here, there) = (stat(&here)?, stat(&there)?);
        let equal = equal && here.mode() == there.mode() && here.mtime() == there.mtime();
        ended.expect(&format!("a file is the same there: {there:?}"), equal)?;
        ended.expect("it is the user's", there.uid() != 0)
    };
    for there in ["there/one", "there/other name's", "a b/one", "there/sent/one", "new/one"] {
        same("one", there)?;
    }
    same("large", "there/large")?;
    same("deep/er/-n", "there/deep/er/-n")?;
    let link = fs::read_link(home.join("new/link")).context("read a link")?;
    ended.expect("links stay links", link == Path::new("one"))?;
    let content = stat(&home.join("there/content"))?;
    ended.expect("content has Packer's mode", content.mode() & 0o777 == 0o600)?;

    let got = |name: &str| fs::read(rig.folder.join(name)).context(format!("read {name}"));
    ended.expect("the large one came back", got("got/large")? == large)?;
    ended.expect("a folder came back", got("got/sent/one")? == b"one\0\xff\r\n")?;
    ended.expect("its contents came back", got("fresh/deep/er/-n")?.is_empty())?;
    ended.expect("a link is followed", got("got/link")? == b"one\0\xff\r\n")?;

    for (label, step, words) in [
        ("no-folder", copy("sent/one", "no/such/x", ""), &["is there a folder `no/such`"][..]),
        ("denied", copy("sent/one", "/etc/x", ""), &["Permission denied", "`sudo`"]),
        ("folder", copy("sent", "/etc", ""), &["/etc", "`sudo`"]),
        ("nothing", copy("nothing", "x", download), &["there is no `nothing` in the machine"]),
        ("nothing-dir", copy("nothing/", "x", download), &["there is no folder `nothing`"]),
        ("secret", copy("/etc/shadow", "x", download), &["Permission denied"]),
        ("device", copy("/dev/null", "x", download), &["neither a file nor a folder"]),
    ] {
        let text = template(&(address(&server, SSH_USER) + &user), &step);
        fs::write(rig.folder.join("template.pkr.hcl"), text).context("write the template")?;
        let failed = rig.run()?;
        failed.expect_failure(words).map_err(|error| Error::new(format!("{label}: {error}")))?;
        failed.expect("nothing is left", !rig.folder.join("x").is_file())?;
    }
    Ok(())
}

fn stat(path: &Path) -> Result<fs::Metadata> {
    fs::symlink_metadata(path).context(format!("look at {}", path.display()))
}

/// A script that ignores signals, and its child.
const STUBBORN: &[&str] = &[
    "trap '' TERM INT HUP",
    "echo at work",
    "sh -c \"trap '' TERM INT HUP; while :; do sleep 4711.4711; done\"",
];

/// Fails when a process of [`STUBBORN`] is there.
fn expect_no_sleepers() -> Result<()> {
    let sleeps = || {
        fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line == b"sleep\x004711.4711\0"
        })
    };
    if process::wait_until(Duration::from_secs(10), || !sleeps()) {
        return Ok(());
    }
    Err(Error::new("what ran in the machine still runs"))
}

pub(crate) fn given_up() -> Result<()> {
    let server = SshServer::start("", None)?;
    for terminal in ["", "  ssh_pty = true\n"] {
        let steps = shell("    timeout = \"2s\"\n", STUBBORN)
            + "  error-cleanup-provisioner \"shell\" {\n    inline = [\"echo cleaning up\"]\n  }\n";
        let ended = build("given-up", &(root(&server, "client") + terminal), &steps)?;
        ended.expect_failure(&["time"])?;
        ended.expect("the script began", ended.stdout.contains("at work"))?;
        ended.expect("the connection is of use still", ended.stdout.contains("cleaning up"))?;
        ended.expect("it ends soon", ended.took < Duration::from_secs(20))?;
        expect_no_sleepers()?;
    }
    Ok(())
}

pub(crate) fn interrupted() -> Result<()> {
    let server = SshServer::start("", None)?;
    let text = template(&root(&server, "client"), &shell("", STUBBORN));
    let mut running = Rig::new("machine-interrupted", &text)?.start()?;
    running.wait_for("at work")?;
    running.signal(Signal::INT);
    let ended = running.end()?;
    ended.expect_failure(&[])?;
    ended.expect("it ends soon", ended.took < Duration::from_secs(20))?;
    expect_no_sleepers()
}

pub(crate) fn lost() -> Result<()> {
    let server = SshServer::start("", None)?;
    // The parent of the login shell is the server's process for this connection.
    let cut = &["echo cutting", "kill -KILL $(ps -o ppid= -p $PPID)", "sleep 20"];
    let steps = shell("    expect_disconnect = true\n", cut) + &shell("", &["echo back again"]);
    let ended = build("lost", &root(&server, "client"), &steps)?;
    succeeds(&ended, &["cutting", "The machine went away, as it may", "back again"])?;

    let ended = build("cut", &root(&server, "client"), &shell("", cut))?;
    ended.expect_failure(&["is lost", "expect_disconnect = true"])
}

pub(crate) fn away() -> Result<()> {
    // Nobody else waits so long: `ssh_timeout` is over sooner.
    let late = "    start_retry_timeout = \"60s\"\n";
    let soon = "    start_retry_timeout = \"3s\"\n";
    for (name, timeout, again, retry) in
        [("away", "5s", Some(Duration::from_secs(9)), late), ("gone", "5m", None, soon)]
    {
        let mut server = SshServer::start("", None)?;
        let gone = server.file("gone");
        let wait = format!("while [ ! -e {} ]; do sleep 0.1; done", gone.display());
        let cut = ["echo cutting", &wait, "kill -KILL $(ps -o ppid= -p $PPID)", "sleep 20"];
        let count = format!("echo ran >> {}", server.file("count").display());
        let steps = shell("    expect_disconnect = true\n", &cut)
            + &shell(&format!("{retry}    expect_disconnect = true\n"), &[&count, "echo back"]);
        let arguments = root(&server, "client") + &format!("  ssh_timeout = {timeout:?}\n");
        let rig = Rig::new(&format!("machine-{name}"), &template(&arguments, &steps))?;
        let mut running = rig.start()?;
        running.wait_for("cutting")?;
        server.stop();
        fs::write(&gone, "").context("tell that the server is gone")?;
        running.wait_for("The machine went away, as it may")?;
        let count = server.file("count");
        let ran = || fs::read_to_string(&count).unwrap_or_default();
        match again {
            Some(pause) => {
                std::thread::sleep(pause);
                server.start_again()?;
                let ended = running.end()?;
                succeeds(&ended, &["back"])?;
                ended.expect("the script ran once", ran() == "ran\n")?;
            }
            None => {
                let ended = running.end()?;
                ended.expect_failure(&["Timeout waiting for SSH", "refuses connections"])?;
                ended.expect("it never ran", ran().is_empty())?;
                ended.expect("it is said soon", ended.took < Duration::from_secs(60))?;
            }
        }
    }
    Ok(())
}

pub(crate) fn late() -> Result<()> {
    let mut server = SshServer::start("", None)?;
    server.stop();
    let text = template(&root(&server, "client"), &shell("", &["echo I am $(id -un)"]));
    let mut running = Rig::new("machine-late", &text)?.start()?;
    running.wait_for("Waiting for SSH")?;
    std::thread::sleep(Duration::from_secs(3));
    server.start_again()?;
    succeeds(&running.end()?, &["Connected to SSH!", "I am root"])
}

pub(crate) fn silence() -> Result<()> {
    let server = SshServer::start("", None)?;
    let relay = Relay::start(server.port())?;
    let arguments = root(&server, "client")
        .replace(&format!("ssh_port = {}", server.port()), &format!("ssh_port = {}", relay.port));
    let steps =
        |seconds: u32| shell("", &["echo at work", &format!("sleep {seconds}"), "echo done"]);
    let silent = "  ssh_read_write_timeout = \"3s\"\n";
    let alive = "  ssh_keep_alive_interval = \"1s\"\n";
    let never = "  ssh_keep_alive_interval = \"-1s\"\n";

    // Questions and answers are no silence.
    succeeds(&build("alive", &(arguments.clone() + silent + alive), &steps(6))?, &["done"])?;
    let ended = build("silent", &(arguments.clone() + silent + never), &steps(60))?;
    ended.expect_failure(&["is lost", "in the middle of a command"])?;
    ended.expect("it is said soon", ended.took < Duration::from_secs(40))?;
    succeeds(&build("never", &(arguments.clone() + never), &steps(6))?, &["done"])?;

    // A machine that vanished sends nothing, not even that it is gone.
    let text = template(&(arguments + silent + alive), &steps(60));
    let mut running = Rig::new("machine-vanished", &text)?.start()?;
    running.wait_for("at work")?;
    relay.hold();
    let ended = running.end()?;
    ended.expect_failure(&["is lost", "in the middle of a command"])?;
    ended.expect("it is said soon", ended.took < Duration::from_secs(40))
}

/// Passes connections on to a port of this machine, until it is told to hold everything back.
struct Relay {
    port: u16,
    held: Arc<AtomicBool>,
}

impl Relay {
    fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("listen")?;
        let port = listener.local_addr().context("an address")?.port();
        let held = Arc::new(AtomicBool::new(false));
        let holding = held.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                    let held = holding.clone();
                    std::thread::spawn(move || pass(from, to, &held));
                }
            }
        });
        Ok(Self { port, held })
    }

    fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
    }
}

/// Passes bytes on in one direction.
fn pass(mut from: TcpStream, mut to: TcpStream, held: &AtomicBool) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !held.load(Ordering::Relaxed) && to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    if !held.load(Ordering::Relaxed) {
        let _ = to.shutdown(Shutdown::Both);
    }
}

pub(crate) fn questions() -> Result<()> {
    // Debian's server asks through PAM, with the users that it alone sees.
    let settings = "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no";
    let server = SshServer::start(settings, Some(PASSWORD))?;
    let steps = shell("", &["echo I am $(id -un)"]);
    let login =
        |password: &str| address(&server, SSH_USER) + &format!("  ssh_password = {password:?}\n");
    succeeds(&build("questions", &login(PASSWORD), &steps)?, &[&format!("I am {SSH_USER}")])?;
    let log = fs::read_to_string(server.file("log")).context("read a log")?;
    if !log.contains("Accepted keyboard-interactive/pam") {
        return Err(Error::new(format!("the server asked no question:\n{log}")));
    }
    let once = login("another one") + "  ssh_handshake_attempts = 1\n";
    let ended = build("wrong-answers", &once, &steps)?;
    ended.expect_failure(&["does not let `tester` in with this password", "keyboard-interactive"])
}

pub(crate) fn detours() -> Result<()> {
    let server = SshServer::start("", Some(PASSWORD))?;
    let bastion = SshServer::start("", None)?;
    let steps = shell("", &["echo from $SSH_CLIENT"]);
    let key = bastion.file("client");
    let through = format!(
        "  ssh_bastion_host = \"127.0.0.1\"\n  ssh_bastion_port = {}\n  \
         ssh_bastion_username = \"root\"\n  ssh_bastion_private_key_file = {key:?}\n",
        bastion.port()
    );
    let arguments =
        address(&server, SSH_USER) + &format!("  ssh_password = {PASSWORD:?}\n") + &through;
    let ended = build("bastion", &arguments, &steps)?;
    succeeds(&ended, &["from 127.0.0.1"])?;
    let log = fs::read_to_string(bastion.file("log")).context("read a log")?;
    ended.expect("the bastion was asked", log.contains("Accepted publickey for root"))?;
    let nowhere = arguments
        .replace(&format!("ssh_port = {}", server.port()), &format!("ssh_port = {}", free_port()?))
        + "  ssh_timeout = \"4s\"\n";
    let ended = build("bastion-nowhere", &nowhere, &steps)?;
    ended.expect_failure(&["the bastion `127.0.0.1:", "does not lead to"])?;

    // OpenSSH's client is a proxy too.
    let port = free_port()?;
    let proxy = Command::new("ssh")
        .args(["-N", "-F", "none", "-o", "StrictHostKeyChecking=no"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-D", &format!("127.0.0.1:{port}"), "-i"])
        .arg(&key)
        .args(["-p", &bastion.port().to_string(), "root@127.0.0.1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("start `ssh`")?;
    let _proxy = Ending(proxy);
    process::wait_until(PATIENCE, || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let through = format!("  ssh_proxy_host = \"127.0.0.1\"\n  ssh_proxy_port = {port}\n");
    succeeds(&build("proxy", &(root(&server, "client") + &through), &steps)?, &["from 127.0.0.1"])?;
    let nowhere = address(&server, "root")
        .replace(&format!("ssh_port = {}", server.port()), &format!("ssh_port = {}", free_port()?))
        + "  ssh_password = \"none of it\"\n  ssh_timeout = \"4s\"\n"
        + &through;
    build("proxy-nowhere", &nowhere, &steps)?.expect_failure(&["the proxy `127.0.0.1:"])
}

/// A process that ends when dropped.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn tunnels() -> Result<()> {
    let server = SshServer::start("", None)?;
    let (there, here) = (free_port()?, free_port()?);
    // A service that answers each caller with its first line, twice.
    let service = TcpListener::bind(("127.0.0.1", 0)).context("listen")?;
    let target = service.local_addr().context("an address")?.port();
    std::thread::spawn(move || {
        for stream in service.incoming().flatten() {
            let mut stream = stream;
            let mut line = [0; 5];
            let _ = stream.read_exact(&mut line).and_then(|()| stream.write_all(&line.repeat(2)));
        }
    });
    let arguments = root(&server, "client")
        + &format!("  ssh_remote_tunnels = [\"{there}:localhost:{target}\"]\n")
        + &format!("  ssh_local_tunnels = [\"{here}:127.0.0.1:{target}\"]\n");
    let ask = |port: u16| {
        format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo abcd >&3; cat <&3' | tr '\\n' +")
    };
    let local = format!(
        "  provisioner \"shell-local\" {{\n    inline = [{:?}]\n  }}\n",
        format!("echo here $({})", ask(here))
    );
    let steps = shell("", &[&format!("echo there $({})", ask(there))]) + &local;
    let ended = build("tunnels", &arguments, &steps)?;
    succeeds(&ended, &["there abcd+abcd+", "here abcd+abcd+"])?;

    let taken = TcpListener::bind(("127.0.0.1", 0)).context("listen")?;
    let port = taken.local_addr().context("an address")?.port();
    // The server is content with one of two addresses.
    let _other = TcpListener::bind(("::1", port));
    let tunnel = |side: &str| format!("  ssh_{side}_tunnels = [\"{port}:localhost:1\"]\n");
    let arguments = root(&server, "client") + &tunnel("local");
    build("taken", &arguments, &steps)?.expect_failure(&[&format!("port {port} here")])?;
    let arguments = root(&server, "client") + &tunnel("remote") + "  ssh_timeout = \"3s\"\n";
    build("taken", &arguments, &steps)?.expect_failure(&[&format!("port {port} of the machine")])
}

pub(crate) fn terminal() -> Result<()> {
    let server = SshServer::start("", None)?;
    let arguments = root(&server, "client") + "  ssh_pty = true\n";
    let steps = shell("", &["tty", "echo error >&2", "exit 0"]);
    let ended = build("terminal", &arguments, &steps)?;
    succeeds(&ended, &["/dev/pts/", "error"])?;
    ended.expect("lines have one end", !ended.stdout.contains('\r'))
}

pub(crate) fn greeting() -> Result<()> {
    let server = SshServer::start("", Some(PASSWORD))?;
    // As a start-up file of a shell would; such a user has no scp.
    let shell_path = server.file("shell");
    fs::write(&shell_path, "#!/bin/sh\necho welcome, and read this\nexec /bin/sh \"$@\"\n")
        .context("write a shell")?;
    fs::set_permissions(&shell_path, fs::Permissions::from_mode(0o755)).context("set a mode")?;
    let passwd = server.file("passwd");
    let users = fs::read_to_string(&passwd).context("read users")?;
    let home = server.home().display().to_string();
    let users =
        users.replace(&format!("{home}:/bin/sh"), &format!("{home}:{}", shell_path.display()));
    // In place: the server has this very file.
    fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&passwd)
        .and_then(|mut file| file.write_all(users.as_bytes()))
        .context("change a user")?;
    let steps = shell("", &["echo text > text"])
        + "  provisioner \"file\" {\n    source = \"text\"\n    destination = \"got\"\n    \
           direction = \"download\"\n  }\n"
        + &shell("    timeout = \"1s\"\n    continue_on_error = true\n", STUBBORN);
    let arguments = address(&server, SSH_USER) + &format!("  ssh_password = {PASSWORD:?}\n");
    let rig = Rig::new("machine-greeting", &template(&arguments, &steps))?;
    let ended = rig.run()?;
    succeeds(&ended, &["welcome, and read this"])?;
    let got = fs::read_to_string(rig.folder.join("got")).context("read a file")?;
    ended.expect("the file is as it was", got == "text\n")?;
    expect_no_sleepers()
}

pub(crate) fn lent_agent() -> Result<()> {
    let server = SshServer::start("", None)?;
    let agent = Agent::start(&server, &["client"])?;
    let steps = shell("", &["ssh-add -l 2>&1 | cut -d' ' -f4 || :"]);
    for (argument, lent) in [
        ("", false),
        ("  ssh_disable_agent_forwarding = true\n", false),
        ("  ssh_disable_agent_forwarding = false\n", true),
    ] {
        let text = template(&(root(&server, "client") + argument), &steps);
        let ended = Rig::new("machine-lent", &text)?.with("SSH_AUTH_SOCK", agent.socket()).run()?;
        succeeds(&ended, &[])?;
        ended.expect("the agent is lent or not", ended.stdout.contains("(ED25519)") == lent)?;
    }
    Ok(())
}

pub(crate) fn hostile() -> Result<()> {
    // What a server sends instead of a greeting, over and over.
    for (label, sent) in [
        ("no-lines", vec![b'x'; 65536]),
        ("lines", b"not yet\r\n".repeat(4096)),
        ("packet", [b"SSH-2.0-x\r\n".as_slice(), &[0xff; 65536]].concat()),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("listen")?;
        let port = listener.local_addr().context("an address")?.port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                for _ in 0..4096 {
                    if stream.write_all(&sent).is_err() {
                        break;
                    }
                }
            }
        });
        let arguments = format!(
            "  ssh_host = \"127.0.0.1\"\n  ssh_port = {port}\n  ssh_username = \"root\"\n  \
             ssh_password = \"none of it\"\n  ssh_handshake_attempts = 1\n"
        );
        let ended = build(&format!("hostile-{label}"), &arguments, &shell("", &["true"]))?;
        ended.expect_failure(&["do not come to speak ssh"])?;
        ended.expect("it is said soon", ended.took < Duration::from_secs(10))?;
    }
    Ok(())
}

pub(crate) fn container() -> Result<()> {
    let keys = tempfile::tempdir().context("make a folder")?;
    let place = keys.path().display();
    for name in ["host", "client"] {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(keys.path().join(name));
        process::run(&mut keygen, PATIENCE)?;
    }
    // The server is this machine's own, with its libraries; nothing of it comes into the image.
    let begin = "echo sshd:x:33:33::/:/bin/false >> /etc/passwd; mkdir -p /run/sshd; \
         exec /usr/sbin/sshd -D -e -f /dev/null -h /keys/host -o StrictModes=no -o UsePAM=no \
         -o AuthorizedKeysFile=/keys/client.pub";
    let name = "faults/by-ssh";
    let text = format!(
        r#"source "docker" "it" {{
  image                = "base:latest"
  commit               = true
  communicator         = "ssh"
  ssh_username         = "root"
  ssh_private_key_file = "{place}/client"
  volumes              = {{ "{place}" = "/keys", "/usr/lib" = "/usr/lib", "/lib" = "/lib", "/lib64" = "/lib64", "/usr/sbin" = "/usr/sbin" }}
  run_command          = ["-d", "--entrypoint=/bin/sh", "--", "{{{{.Image}}}}", "-c", "{begin}"]
}}
build {{
  sources = ["source.docker.it"]
  provisioner "shell" {{
    inline = ["echo 'by ${{build.ConnType}} as ${{build.User}}' > /made"]
  }}
  provisioner "file" {{
    source      = "folder"
    destination = "/folder"
  }}
  post-processor "docker-tag" {{
    repository = "{name}"
  }}
}}
"#
    );
    let rig = Rig::new("machine-container", &text)?;
    fs::create_dir_all(rig.folder.join("folder")).context("make a folder")?;
    fs::write(rig.folder.join("folder/file"), "copied\n").context("write a file")?;
    let ended = rig.run()?;
    succeeds(&ended, &["Using SSH communicator to connect: 1", "Connected to SSH!"])?;
    let cat = |path: &str| {
        docker(&["run", "--rm", "--network=none", "--entrypoint=/bin/cat", name, path])
    };
    ended.expect("the script ran", cat("/made")? == "by ssh as root")?;
    ended.expect("the folder is there", cat("/folder/file")? == "copied")?;
    docker(&["rmi", name])?;
    expect_no_containers()
}
