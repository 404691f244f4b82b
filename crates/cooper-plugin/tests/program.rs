//! Programs made with the SDK, as hosts start them and end them.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cooper_wire::handshake::{Address, COOKIE};

/// An example, which Cargo makes before tests are run.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("this program has a file");
    let folder = tests.ancestors().nth(2).expect("it is in `deps`");
    let program = folder.join("examples").join(name);
    assert!(program.exists(), "`cargo test -p cooper-plugin` makes examples; `--test` does not");
    program
}

/// Starts it as a host does.
fn start(program: &Path, arguments: &[&str], temporary: &Path) -> Child {
    Command::new(program)
        .args(arguments)
        .env(COOKIE.0, COOKIE.1)
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started")
}

/// The line by which it says where it listens.
fn greeting(child: &mut Child) -> String {
    let mut line = String::new();
    let output = child.stdout.take().expect("it is piped");
    BufReader::new(output).read_line(&mut line).expect("it is text");
    line
}

fn socket(greeting: &str) -> PathBuf {
    match Address::parse(greeting).expect("it is a greeting") {
        Address::Unix(path) => path,
        Address::Tcp(address) => panic!("{address}"),
    }
}

/// How it ended, soon.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let end = Instant::now() + Duration::from_secs(20);
    while child.try_wait().expect("it is ours").is_none() {
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut complaint = String::new();
    let mut stderr = child.stderr.take().expect("it is piped");
    stderr.read_to_string(&mut complaint).expect("it is text");
    (child.wait().expect("it is ours").code(), complaint)
}

fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(kill.expect("there is `kill`").success());
}

#[test]
fn it_ends_with_its_host_and_not_with_signals() {
    let folder = tempfile::tempdir().expect("there is room");
    let component = "-packer-default-plugin-name-";
    let started = ["start", "provisioner", "--protobuf", component];
    let mut child = start(&example("greet"), &started, folder.path());
    let line = greeting(&mut child);
    assert!(line.starts_with("5|0|unix|"), "{line}");
    let path = socket(&line);
    let above = path.parent().expect("it is in a folder").metadata().expect("it is there");
    assert_eq!(above.permissions().mode() & 0o777, 0o700, "only we may connect");
    let host = UnixStream::connect(&path).expect("it listens");
    // The main channel: stream 1 is opened, number 0 is said and heard.
    let mut reading = host.try_clone().expect("it is a socket");
    let open = [0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0];
    (&host).write_all(&open).expect("it reads");
    reading.read_exact(&mut [0; 12]).expect("it answers");
    signal(&child, "INT");
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().expect("it is ours").is_none(), "signals are for the host");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("it is there").count(),
        0,
        "no socket stays"
    );
    drop((host, reading));
    assert_eq!(ended(child).0, Some(0));
}

#[test]
fn a_file_named_as_before_2021_is_greeted_so() {
    let folder = tempfile::tempdir().expect("there is room");
    for (name, is_there) in [("packer-provisioner-greet", true), ("packer-builder-greet", false)] {
        let program = folder.path().join(name);
        std::fs::copy(example("greet"), &program).expect("there is room");
        let mut child = start(&program, &[], folder.path());
        let line = greeting(&mut child);
        assert_eq!(line.starts_with("5|unix|"), is_there, "{name}: {line}");
        if is_there {
            drop(UnixStream::connect(socket(&line)).expect("it listens"));
        }
        let (status, complaint) = ended(child);
        assert_eq!(status, Some(i32::from(!is_there)), "{complaint}");
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    for (arguments, said) in [
        (&["start", "provisioner", "none"][..], "there is no provisioner called `none`"),
        (&["start", "builder", "greet"], "there is no builder called `greet`"),
        (&["start", "provisioner"], "`start` takes the kind and the name"),
        (&["stop"], "`start` takes the kind and the name"),
    ] {
        let (status, complaint) = ended(start(&example("greet"), arguments, folder.path()));
        assert_eq!(status, Some(1));
        assert!(complaint.contains(said), "{complaint}");
    }
}

#[test]
fn a_host_that_is_gone_before_it_connects_is_noticed() {
    let folder = tempfile::tempdir().expect("there is room");
    // The shell is the host, which waits for a moment and ends.
    let component = "-packer-default-plugin-name-";
    let script =
        format!("'{}' start provisioner {component} & sleep 1", example("greet").display());
    let mut host = Command::new("/bin/sh");
    host.args(["-c", &script]).env(COOKIE.0, COOKIE.1).env("TMPDIR", folder.path());
    host.stdout(Stdio::null()).stderr(Stdio::null());
    assert!(host.status().expect("it can be started").success());
    let left = || std::fs::read_dir(folder.path()).expect("it is there").count();
    let end = Instant::now() + Duration::from_secs(20);
    while left() > 0 {
        assert!(Instant::now() < end, "its socket stays");
        std::thread::sleep(Duration::from_millis(100));
    }
}
