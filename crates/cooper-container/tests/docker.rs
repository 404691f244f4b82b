//! The engine over Docker's API, against a real daemon.
//!
//! Without a daemon the tests are skipped, unless `COOPER_TEST_DOCKER=require` is set. They use
//! the local image `base:latest`, which needs a shell, and the registry `COOPER_TEST_REGISTRY`
//! (`127.0.0.1:5000`).

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cooper_container::engine::{Commit, Exec, ExecOutput, Import, Input, PathKind, Progress};
use cooper_container::spec::Entrypoint;
use cooper_container::{
    Container, ContainerEngine, ContainerSpec, Credentials, DockerConfig, DockerEngine, Error,
};
use cooper_testbed::{PASSWORD, Registry, USERS};
use futures::StreamExt;
use futures::future::BoxFuture;

/// The engine, or nothing when there is none and that is all right.
async fn engine() -> Option<DockerEngine> {
    let engine = DockerEngine::connect(&DockerConfig::from_environment().unwrap());
    match engine.inspect_image("base:latest").await {
        Ok(_) => Some(engine),
        Err(error) if std::env::var("COOPER_TEST_DOCKER").as_deref() == Ok("require") => {
            panic!("{error}")
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

macro_rules! engine {
    () => {
        match engine().await {
            Some(engine) => engine,
            None => return,
        }
    };
}

fn registry() -> String {
    std::env::var("COOPER_TEST_REGISTRY").unwrap_or_else(|_| "127.0.0.1:5000".to_owned())
}

/// A name for this test only.
fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A container that is removed at the end of the test, whatever comes.
struct Running {
    container: Arc<dyn Container>,
    _removed: Removed,
}

impl Running {
    async fn start(engine: &DockerEngine) -> Self {
        let container = engine.start(&idle()).await.unwrap();
        let removed = Removed { id: container.id().to_owned() };
        Self { container, _removed: removed }
    }
}

impl std::ops::Deref for Running {
    type Target = dyn Container;
    fn deref(&self) -> &Self::Target {
        &*self.container
    }
}

/// An id of a container that is removed at the end of the test.
struct Removed {
    id: String,
}

impl Drop for Removed {
    fn drop(&mut self) {
        // Not through the engine: its connections stand still while this thread waits.
        let _ = std::process::Command::new("docker").args(["rm", "-fv", &self.id]).output();
    }
}

/// A container that waits, without a network.
fn idle() -> ContainerSpec {
    let mut spec = ContainerSpec {
        image: "base:latest".to_owned(),
        entrypoint: Entrypoint::Program(vec!["/bin/sh".to_owned()]),
        tty: true,
        open_stdin: true,
        ..ContainerSpec::default()
    };
    spec.network.mode = Some("none".to_owned());
    spec
}

#[derive(Default)]
struct Collected {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl ExecOutput for Collected {
    fn stdout<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        self.stdout.extend_from_slice(&bytes);
        Box::pin(async {})
    }
    fn stderr<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        self.stderr.extend_from_slice(&bytes);
        Box::pin(async {})
    }
}

fn sh(script: &str) -> Exec {
    Exec { command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(), ..Exec::default() }
}

async fn run(container: &dyn Container, exec: Exec) -> (i64, String, String) {
    let mut output = Collected::default();
    let code = container.exec(exec, &mut output).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn exec_tells_output_errors_and_exit_code_apart() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    let found = run(&*container, sh("echo out; echo err >&2; exit 7")).await;
    assert_eq!(found, (7, "out\n".to_owned(), "err\n".to_owned()));
    // Without input, a command that reads finds its end.
    let found = run(&*container, sh("cat; echo end")).await;
    assert_eq!(found.1, "end\n");
    let exec = Exec { stdin: Input::Bytes("given\n".into()), ..sh("cat; id -u") };
    assert_eq!(run(&*container, exec).await.1, "given\n0\n");
    let exec = Exec { user: Some("65534".to_owned()), ..sh("id -u") };
    assert_eq!(run(&*container, exec).await.1, "65534\n");
    let exec = Exec { tty: true, ..sh("test -t 1 && echo terminal; echo err >&2") };
    assert_eq!(run(&*container, exec).await.1, "terminal\r\nerr\r\n");
    let exec = Exec { command: vec!["/no/such/program".to_owned()], ..Exec::default() };
    let found = run(&*container, exec).await;
    assert!(found.0 == 126 || found.0 == 127, "{found:?}");
}

#[tokio::test]
async fn large_input_and_output_arrive_whole() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    let input: Vec<u8> = (0..8_000_000u32).map(|n| (n % 251) as u8).collect();
    let mut output = Collected::default();
    let exec = Exec { stdin: Input::Bytes(input.clone().into()), ..sh("cat") };
    assert_eq!(container.exec(exec, &mut output).await.unwrap(), 0);
    assert!(output.stdout == input);
    // A command that does not read its input is not an error either.
    let exec = Exec { stdin: Input::Bytes(input.into()), ..sh("exit 3") };
    assert_eq!(run(&*container, exec).await.0, 3);
}

#[tokio::test]
async fn what_a_command_leaves_behind_does_not_hold_it_up() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    let begun = Instant::now();
    let script = "sleep 60 & head -c 3000000 /dev/zero; echo; echo done";
    let found = run(&*container, sh(script)).await;
    assert_eq!((found.0, found.1.len()), (0, 3_000_006));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    // One that is never silent does not either.
    let begun = Instant::now();
    let found = run(&*container, sh("(while true; do echo x; sleep 0.1; done) & exit 4")).await;
    assert_eq!(found.0, 4);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    // And it goes on running.
    assert_eq!(run(&*container, sh("pidof sleep >/dev/null")).await.0, 0);
    // The other way round: a command that closes its output is waited for.
    let script = "exec >&- 2>&-; sleep 1; exit 5";
    assert_eq!(run(&*container, sh(script)).await.0, 5);
}

#[tokio::test]
async fn dropping_an_exec_kills_its_processes() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    // The neighbour belongs to an exec that has ended; it is to stay.
    run(&*container, sh("sleep 71 & true")).await;
    let stubborn =
        "trap '' TERM; env -i sleep 72 & (sleep 73 & sleep 74) & while :; do sleep 75; done";
    for user in [None, Some("65534".to_owned())] {
        let exec = Exec { user, ..sh(stubborn) };
        let mut output = Collected::default();
        let run = container.exec(exec, &mut output);
        assert!(tokio::time::timeout(Duration::from_secs(1), run).await.is_err());
        let begun = Instant::now();
        let left =
            self::run(&*container, sh("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; done"))
                .await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert!(left.1.contains("sleep 71"), "{}", left.1);
        for gone in ["sleep 72", "sleep 73", "sleep 74", "sleep 75"] {
            assert!(!left.1.contains(gone), "{gone}: {}", left.1);
        }
    }
}

/// A tar archive of files with these modes and owners.
fn archive(files: &[(&str, u32, u64, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, mode, uid, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_uid(*uid);
        header.set_gid(*uid);
        header.set_mtime(1_000_000_000);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn once(bytes: Vec<u8>) -> futures::stream::BoxStream<'static, std::io::Result<Bytes>> {
    let chunks: Vec<_> = bytes.chunks(64 << 10).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    futures::stream::iter(chunks).boxed()
}

#[tokio::test]
async fn files_go_in_and_come_out() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    let big = vec![7; 5_000_000];
    let files: [(&str, u32, u64, &[u8]); 2] =
        [("small", 0o4751, 1234, b"hello"), ("big", 0o600, 0, &big)];
    container.copy_in("/tmp", once(archive(&files))).await.unwrap();
    let found = run(&*container, sh("stat -c '%a %u %g %s' /tmp/small /tmp/big")).await;
    assert_eq!(found.1, "4751 1234 1234 5\n600 0 0 5000000\n");

    let stat = container.stat("/tmp/small").await.unwrap().unwrap();
    assert_eq!((stat.kind, stat.mode), (PathKind::File, 0o4751));
    assert_eq!(container.stat("/tmp/none").await.unwrap(), None);
    run(&*container, sh("ln -s /etc /tmp/link; mkfifo /tmp/pipe")).await;
    let stat = container.stat("/tmp/link").await.unwrap().unwrap();
    assert_eq!((stat.kind, stat.link_target.as_str()), (PathKind::Symlink, "/etc"));
    assert_eq!(container.stat("/tmp").await.unwrap().unwrap().kind, PathKind::Directory);
    assert_eq!(container.stat("/tmp").await.unwrap().unwrap().mode & 0o777, 0o777);
    assert_eq!(container.stat("/tmp/pipe").await.unwrap().unwrap().kind, PathKind::Other);

    let mut out = container.copy_out("/tmp/big").await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = out.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    let mut tar = tar::Archive::new(&bytes[..]);
    let entry = tar.entries().unwrap().next().unwrap().unwrap();
    assert_eq!(entry.size(), 5_000_000);

    let missing = container.copy_in("/no/such", once(archive(&files))).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound(_)), "{missing:?}");
    let missing = container.copy_out("/no/such").await.err().unwrap();
    assert!(matches!(missing, Error::NotFound(_)), "{missing:?}");
    let broken = futures::stream::iter([Err(std::io::Error::other("disk on fire"))]).boxed();
    let broken = container.copy_in("/tmp", broken).await.unwrap_err();
    assert!(matches!(broken, Error::Io { .. }), "{broken:?}");
    assert!(broken.to_string().contains("disk on fire"), "{broken}");
}

#[tokio::test]
async fn an_image_is_committed_tagged_pushed_pulled_saved_and_removed() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    run(&*container, sh("echo content > /made")).await;
    let commit = Commit {
        author: Some("somebody".to_owned()),
        message: Some("because".to_owned()),
        changes: vec!["USER 12".to_owned(), "CMD [\"a\", \"b c\"]".to_owned()],
        ..Commit::default()
    };
    let id = container.commit(&commit).await.unwrap();
    let info = engine.inspect_image(&id).await.unwrap();
    assert_eq!((info.id.as_str(), info.user.as_str()), (id.as_str(), "12"));
    assert_eq!(info.cmd, Some(vec!["a".to_owned(), "b c".to_owned()]));

    let repository = format!("{}/{}", registry(), unique("cooper-test/app"));
    let name = format!("{repository}:v1");
    engine.tag(&id, &repository, Some("v1")).await.unwrap();
    let mut lines = Vec::new();
    let mut progress = |step: Progress| lines.push(step);
    let digest = engine.push(&name, None, &Credentials::Anonymous, &mut progress).await.unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");
    let last = format!("v1: digest: {digest} size: ");
    assert!(
        lines.iter().any(|step| matches!(step, Progress::Line(line) if line.starts_with(&last))),
        "{lines:?}"
    );
    assert!(lines.iter().any(|step| matches!(step, Progress::Layer { .. })), "{lines:?}");
    let info = engine.inspect_image(&name).await.unwrap();
    assert_eq!(info.repo_digests, [format!("{repository}@{digest}")]);
    assert_eq!(info.repo_tags, std::slice::from_ref(&name));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    engine.save(std::slice::from_ref(&name), &path).await.unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 10_000);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = engine.save(&["no/such:image".to_owned()], &folder.path().join("x")).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    engine.remove_image(&name).await.unwrap();
    engine.remove_image(&name).await.unwrap();
    let gone = engine.inspect_image(&name).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone:?}");
    lines.clear();
    let mut progress = |step: Progress| lines.push(step);
    engine.pull(&name, None, &Credentials::Anonymous, &mut progress).await.unwrap();
    assert_eq!(engine.inspect_image(&name).await.unwrap().id, id);
    assert!(lines.iter().any(|step| *step == Progress::Line(format!("Digest: {digest}"))));
    engine.remove_image(&name).await.unwrap();

    for (image, missing) in [
        (format!("{}/no/such:image", registry()), true),
        ("127.0.0.1:1/unreachable".to_owned(), false),
    ] {
        let error = engine.pull(&image, None, &Credentials::Anonymous, &mut |_| {}).await;
        match error.unwrap_err() {
            Error::NotFound(text) if missing => assert!(text.contains("not found"), "{text}"),
            Error::Temporary(text) if !missing => assert!(text.contains("127.0.0.1:1"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_file_system_goes_out_and_becomes_an_image() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    run(&*container, sh("echo content > /made")).await;
    let mut stream = container.export().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tree.tar");
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    std::fs::write(&path, bytes).unwrap();
    let repository = unique("cooper-test/imported");
    let import = Import {
        archive: path,
        repository: Some(repository.clone()),
        tag: Some("v2".to_owned()),
        changes: vec!["CMD [\"x\"]".to_owned(), "USER 5".to_owned()],
        platform: None,
    };
    let id = engine.import(&import).await.unwrap();
    let info = engine.inspect_image(&id).await.unwrap();
    assert_eq!(info.repo_tags, [format!("{repository}:v2")]);
    assert_eq!((info.cmd, info.user.as_str()), (Some(vec!["x".to_owned()]), "5"));
    engine.remove_image(&format!("{repository}:v2")).await.unwrap();
    let missing = Import { archive: folder.path().join("none"), ..import };
    let missing = engine.import(&missing).await.unwrap_err();
    assert!(matches!(missing, Error::Io { .. }), "{missing:?}");
}

#[tokio::test]
async fn containers_that_do_not_start_leave_nothing() {
    let engine = engine!();
    let spec = ContainerSpec { image: "no/such:image".to_owned(), ..ContainerSpec::default() };
    let error = engine.start(&spec).await.err().unwrap();
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
}

#[tokio::test]
async fn a_program_or_port_that_cannot_be_had_is_told_and_the_container_is_gone() {
    let engine = engine!();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let name = unique("never-starts");
    let no_program = ContainerSpec {
        name: Some(name.clone()),
        entrypoint: Entrypoint::Program(vec!["/no/such/program".to_owned()]),
        ..idle()
    };
    let mut no_port = ContainerSpec { name: Some(name.clone()), ..idle() };
    no_port.network.mode = None;
    let host = cooper_container::spec::HostPort { address: "127.0.0.1".to_owned(), port };
    no_port.network.published_ports.insert("80/tcp".to_owned(), vec![host]);
    no_port.network.exposed_ports.insert("80/tcp".to_owned());
    for (spec, said) in [(no_program, "/no/such/program"), (no_port, "address already in use")] {
        let error = engine.start(&spec).await.map(drop).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(found(&["--quiet", "--filter", &format!("name=^/{name}$")]), "");
    }
}

#[tokio::test]
async fn an_image_can_have_no_entrypoint_although_its_container_has() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    let commit = Commit {
        changes: vec!["CMD [\"true\"]".to_owned(), "ENV A=b".to_owned()],
        without_entrypoint: true,
        ..Commit::default()
    };
    let id = container.commit(&commit).await.unwrap();
    let info = engine.inspect_image(&id).await.unwrap();
    engine.remove_image(&id).await.unwrap();
    assert_eq!((info.entrypoint, info.cmd), (None, Some(vec!["true".to_owned()])));
}

#[tokio::test]
async fn removing_twice_is_fine_and_the_living_are_not_swept() {
    let engine = engine!();
    let container = Running::start(&engine).await;
    engine.sweep().await.unwrap();
    assert!(container.inspect().await.unwrap().running);
    container.remove().await.unwrap();
    container.remove().await.unwrap();
    let gone = container.inspect().await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone:?}");
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_said_to_be() {
    let engine = DockerEngine::connect(&DockerConfig::unix("/no/such/docker.sock"));
    let error = engine.inspect_image("base").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach the container engine at unix:///no/such/docker.sock: No such file or \
         directory (os error 2)"
    );
}

/// A registry that wants to know who asks; it ends when dropped.
struct ClosedRegistry {
    registry: Registry,
    _folder: tempfile::TempDir,
}

impl ClosedRegistry {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { registry: Registry::start_closed(folder.path()).unwrap(), _folder: folder }
    }
}

impl Drop for ClosedRegistry {
    fn drop(&mut self) {
        self.registry.stop();
    }
}

#[tokio::test]
async fn a_password_full_of_symbols_opens_a_registry() {
    let engine = engine!();
    let registry = ClosedRegistry::start();
    let repository = format!("{}/{}", registry.registry.address(), unique("closed"));
    let name = format!("{repository}:v1");
    engine.tag("base:latest", &repository, Some("v1")).await.unwrap();
    let refused = engine.push(&name, None, &Credentials::Anonymous, &mut |_| {}).await;
    let login =
        Credentials::Password { username: USERS[0].to_owned(), password: PASSWORD.to_owned() };
    let pushed = engine.push(&name, None, &login, &mut |_| {}).await;
    let pulled = engine.pull(&name, None, &login, &mut |_| {}).await;
    engine.remove_image(&name).await.unwrap();
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    assert!(pushed.unwrap().starts_with("sha256:"));
    pulled.unwrap();
}

#[tokio::test]
async fn an_engine_is_reached_through_ssh() {
    use std::os::unix::fs::PermissionsExt;

    let engine = engine!();
    let folder = tempfile::tempdir().unwrap();
    let ssh = folder.path().join("ssh");
    let log = folder.path().join("log");
    // Notes how it was called, and is the other machine itself, whose daemon is this one.
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\nexport DOCKER_HOST='{}'\nexec docker system dial-stdio\n",
        log.display(),
        engine.address()
    );
    std::fs::write(&ssh, script).unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    // A process of its own, because `PATH` belongs to the whole process.
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let run = |host: &str, path: &str| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "large_input_and_output_arrive_whole", "--nocapture"])
            .env("DOCKER_HOST", host)
            .env("COOPER_TEST_DOCKER", "require")
            .env("PATH", path)
            .output()
            .unwrap()
    };
    let output = run("ssh://me@box:2222", &path);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = std::fs::read_to_string(log).unwrap();
    let expected =
        "-T -o BatchMode=yes -o ConnectTimeout=30 -l me -p 2222 -- box docker system dial-stdio";
    // The test cleans up with the `docker` program, which comes this way too.
    assert_eq!(log.lines().next(), Some(expected));

    std::fs::write(&ssh, "#!/bin/sh\necho 'box: no way in' >&2\nexit 255\n").unwrap();
    let output = run("ssh://box", &path);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("engine at ssh://box: ssh: box: no way in"), "{said}");
}

/// The ids or names that `docker ps` finds.
fn found(arguments: &[&str]) -> String {
    let mut docker = std::process::Command::new("docker");
    let output = docker.args(["ps", "--all"]).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Makes a container as a run of another process would have.
fn left(name: &str, labels: &[&str]) -> Removed {
    let mut docker = std::process::Command::new("docker");
    docker.args(["create", "--network=none", "--name", name]);
    labels.iter().for_each(|label| _ = docker.args(["--label", label]));
    let output = docker.args(["base:latest", "true"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Removed { id: String::from_utf8(output.stdout).unwrap().trim().to_owned() }
}

#[tokio::test]
async fn what_the_dead_left_is_swept_and_nothing_else() {
    let engine = engine!();
    let owner: Vec<&str> = cooper_owner::current().split('-').collect();
    let [machine, boot, namespace, pid, started] = owner[..] else { panic!("five parts") };
    let count = |name: &str| unique(name).replace('-', "");
    let named = left(&unique("named"), &[]);
    let label = format!("{}={}", cooper_container::owner::COMPANION_LABEL, named.id);
    let stranger_name = unique("stranger");
    let stranger = left(&stranger_name, &[]);
    let hostile = format!("{}={}", cooper_container::owner::COMPANION_LABEL, stranger.id);
    let by_name = format!("{}={stranger_name}", cooper_container::owner::COMPANION_LABEL);
    let dead = format!("cooper-{machine}-{boot}-{namespace}-{pid}-1-");
    let living = format!("cooper-{machine}-{boot}-{namespace}-{pid}-{started}-");
    let containers = [
        (left(&format!("{dead}{}", count("0")), &[]), true),
        (left(&format!("{dead}{}.companion", count("1")), &[&label]), true),
        (named, true),
        // What an image's labels say is not believed, and neither is a name.
        (left(&format!("{dead}{}", count("2")), &[&hostile]), true),
        (left(&format!("{dead}{}.companion", count("3")), &[&by_name]), true),
        (stranger, false),
        (left(&format!("{living}{}", count("9")), &[]), false),
        (left(&format!("cooper-{machine}-{boot}-1-{pid}-1-{}", count("0")), &[]), false),
        (left(&unique("cooper-000000000000-000000000000-mine"), &[]), false),
        (left(&unique("web"), &[&label]), false),
    ];
    engine.sweep().await.unwrap();
    for (container, is_dead) in containers {
        let gone = found(&["--quiet", "--no-trunc"]).lines().all(|id| id != container.id);
        assert_eq!(gone, is_dead, "{}", container.id);
    }
}

#[tokio::test]
async fn a_name_of_the_users_has_a_companion_that_goes_with_it() {
    let engine = engine!();
    let name = unique("users-own");
    let spec = ContainerSpec { name: Some(name.clone()), ..idle() };
    let container = engine.start(&spec).await.unwrap();
    let _removed = Removed { id: container.id().to_owned() };
    let ours = format!("name=^/{name}$");
    let companion =
        format!("label={}={}", cooper_container::owner::COMPANION_LABEL, container.id());
    let format = "--format={{.Names}}";
    assert_eq!(found(&["--filter", &ours, format]).trim(), name);
    let told = found(&["--filter", &companion, format]);
    assert!(told.starts_with(&format!("cooper-{}-", cooper_owner::current())), "{told}");

    // The name is taken: nothing is left of another container that wants it.
    let refused = engine.start(&spec).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("already in use"), "{refused}");
    assert_eq!(found(&["--filter", &companion, format]), told);

    let id = container.commit(&Commit::default()).await.unwrap();
    let labels = std::process::Command::new("docker")
        .args(["inspect", "--format={{json .Config.Labels}} {{json .ContainerConfig.Labels}}", &id])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&labels.stdout).replace("null", "{}").trim(), "{} {}");
    engine.remove_image(&id).await.unwrap();

    container.remove().await.unwrap();
    assert_eq!(found(&["--filter", &companion, format]), "");
    assert_eq!(found(&["--filter", &ours, format]), "");
}

#[tokio::test]
async fn a_dockerfile_becomes_an_image() {
    let engine = engine!();
    let folder = tempfile::tempdir().unwrap();
    let dockerfile = folder.path().join("Dockerfile");
    let text = "FROM base:latest\nARG WHO\nLABEL test=$WHO\nUSER $WHO\n";
    std::fs::write(&dockerfile, text).unwrap();
    let build = cooper_container::engine::ImageBuild {
        dockerfile: dockerfile.clone(),
        context: folder.path().to_owned(),
        arguments: vec![("WHO".to_owned(), "17".to_owned())],
        ..Default::default()
    };
    let registries = Default::default();
    let mut output = String::new();
    let id = engine.build_image(&build, &registries, &mut |text| output += &text).await.unwrap();
    assert_eq!(engine.inspect_image(&id).await.unwrap().user, "17");
    assert!(output.contains("Step 4/4 : USER $WHO"), "{output}");
    engine.remove_image(&id).await.unwrap();
    std::fs::write(&dockerfile, "FROM base:latest\nCOPY nothing /\n").unwrap();
    let failed = engine.build_image(&build, &registries, &mut |_| {}).await.unwrap_err();
    assert!(failed.to_string().contains("COPY failed"), "{failed}");
}
