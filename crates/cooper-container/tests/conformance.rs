//! What every engine has to do, asked of the real one and of the one that pretends.
//!
//! The real one's answers are the truth. Without a daemon only the other one is asked, unless
//! `COOPER_TEST_DOCKER=require` is set. Two things the other one does not know: which folders
//! there are in a container, so that it takes files into any, and what is in a registry.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use cooper_container::engine::{
    Commit, Exec, ExecOutput, ImageBuild, Import, PathInfo, PathKind, Progress,
};
use cooper_container::fake::{Answer, FakeEngine, Script};
use cooper_container::spec::Entrypoint;
use cooper_container::{
    Container, ContainerEngine, ContainerSpec, Credentials, DockerConfig, DockerEngine, Error,
};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

/// Asks both engines.
macro_rules! every_engine {
    ($($name:ident),* $(,)?) => {
        mod fake { $(#[tokio::test] async fn $name() { super::$name(&super::fake()).await; })* }
        mod docker {
            $(#[tokio::test] async fn $name() {
                if let Some(engine) = super::docker().await { super::$name(&engine).await; }
            })*
        }
    };
}

every_engine![
    what_is_not_there_is_not_found,
    a_container_runs_until_it_is_removed,
    a_command_has_two_outputs_and_a_code,
    files_go_in_and_come_out,
    an_image_is_what_the_container_was_and_the_changes_say,
    names_come_and_go,
    a_push_tells_its_digest,
    an_archive_becomes_an_image,
    a_dockerfile_becomes_an_image,
];

async fn docker() -> Option<DockerEngine> {
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

const TALK: &str = "echo out; echo err >&2; exit 7";

fn fake() -> FakeEngine {
    let talk = Answer {
        contains: TALK.to_owned(),
        stdout: "out\n".to_owned(),
        stderr: "err\n".to_owned(),
        exit: 7,
        ..Answer::default()
    };
    let images = vec!["base:latest".to_owned()];
    FakeEngine::new(Script { images, exec: vec![talk], ..Script::default() })
}

/// A name for one test only.
fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("conformance/{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

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

/// A container with a file of its own, so that no two images are the same; removed by the test.
async fn started(engine: &dyn ContainerEngine) -> Arc<dyn Container> {
    let container = engine.start(&idle()).await.unwrap();
    let name = unique("own").replace('/', "-");
    container.copy_in("/tmp", archive(&[(&name, Entry::File(0o644, "own"))])).await.unwrap();
    container
}

enum Entry {
    File(u32, &'static str),
    Folder(u32),
    Link(&'static str),
}

fn archive(entries: &[(&str, Entry)]) -> BoxStream<'static, std::io::Result<Bytes>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, entry) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        match entry {
            Entry::File(mode, content) => {
                header.set_mode(*mode);
                header.set_size(content.len() as u64);
                builder.append_data(&mut header, name, content.as_bytes()).unwrap();
            }
            Entry::Folder(mode) => {
                header.set_mode(*mode);
                header.set_entry_type(tar::EntryType::Directory);
                builder.append_data(&mut header, name, std::io::empty()).unwrap();
            }
            Entry::Link(target) => {
                header.set_mode(0o777);
                header.set_entry_type(tar::EntryType::Symlink);
                builder.append_link(&mut header, name, target).unwrap();
            }
        }
    }
    let bytes = Bytes::from(builder.into_inner().unwrap());
    futures::stream::iter([Ok(bytes)]).boxed()
}

/// The names and contents of an archive, in order; `./a` is `a`.
async fn listed<E: std::fmt::Debug>(
    mut archive: BoxStream<'static, Result<Bytes, E>>,
) -> Vec<(String, String)> {
    let mut bytes = Vec::new();
    while let Some(piece) = archive.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    let mut list = Vec::new();
    for entry in tar::Archive::new(&bytes[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let name = name.strip_prefix("./").filter(|rest| !rest.is_empty()).unwrap_or(&name);
        let name = name.trim_end_matches('/').to_owned();
        let name = if name.is_empty() { ".".to_owned() } else { name };
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        list.push((name, String::from_utf8_lossy(&content).into_owned()));
    }
    list.sort();
    list
}

#[derive(Default)]
struct Collected(String, String);

impl ExecOutput for Collected {
    fn stdout<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        self.0.push_str(&String::from_utf8_lossy(&bytes));
        Box::pin(async {})
    }
    fn stderr<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        self.1.push_str(&String::from_utf8_lossy(&bytes));
        Box::pin(async {})
    }
}

fn sh(script: &str) -> Exec {
    Exec { command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(), ..Exec::default() }
}

#[track_caller]
fn expect_not_found<T>(result: Result<T, Error>) {
    match result {
        Err(Error::NotFound(_)) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it is there"),
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

async fn what_is_not_there_is_not_found(engine: &dyn ContainerEngine) {
    let missing = "no/such:image";
    expect_not_found(engine.inspect_image(missing).await);
    expect_not_found(engine.tag(missing, "some/name", None).await);
    expect_not_found(engine.push(missing, None, &Credentials::Anonymous, &mut |_| {}).await);
    expect_not_found(engine.start(&ContainerSpec { image: missing.to_owned(), ..idle() }).await);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    expect_not_found(engine.save(&[missing.to_owned()], &path).await);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    // To remove it again is no mistake.
    engine.remove_image(missing).await.unwrap();
    let import = Import { archive: folder.path().join("none"), ..Import::default() };
    let unreadable = engine.import(&import).await.unwrap_err();
    assert!(matches!(unreadable, Error::Io { .. }), "{unreadable:?}");
}

async fn a_container_runs_until_it_is_removed(engine: &dyn ContainerEngine) {
    let spec = ContainerSpec { user: Some("65534".to_owned()), ..idle() };
    let container = engine.start(&spec).await.unwrap();
    let info = container.inspect().await.unwrap();
    assert!(is_digest(&format!("sha256:{}", container.id())));
    assert_eq!((info.running, info.exit_code, info.user.as_str()), (true, None, "65534"));
    container.remove().await.unwrap();
    container.remove().await.unwrap();
    expect_not_found(container.inspect().await);
    match container.exec(sh("true"), &mut Collected::default()).await {
        Err(Error::NotBegun(cause)) => expect_not_found::<()>(Err(*cause)),
        other => panic!("{other:?}"),
    }
    expect_not_found(container.copy_in("/tmp", archive(&[])).await);
    expect_not_found(container.copy_out("/tmp").await);
    expect_not_found(container.export().await);
    expect_not_found(container.commit(&Commit::default()).await);
    assert_eq!(container.stat("/tmp").await.unwrap(), None);
}

async fn a_command_has_two_outputs_and_a_code(engine: &dyn ContainerEngine) {
    let container = engine.start(&idle()).await.unwrap();
    let mut output = Collected::default();
    let code = container.exec(sh(TALK), &mut output).await.unwrap();
    container.remove().await.unwrap();
    assert_eq!((code, output.0.as_str(), output.1.as_str()), (7, "out\n", "err\n"));
}

async fn files_go_in_and_come_out(engine: &dyn ContainerEngine) {
    let container = engine.start(&idle()).await.unwrap();
    let tree = [
        ("tree", Entry::Folder(0o750)),
        ("tree/a", Entry::File(0o4751, "A")),
        ("tree/link", Entry::Link("a")),
        ("other", Entry::File(0o600, "O")),
    ];
    container.copy_in("/tmp", archive(&tree)).await.unwrap();
    container.copy_in("/tmp/tree", archive(&[("b", Entry::File(0o644, "B"))])).await.unwrap();

    let stat = |path| container.stat(path);
    let info = |kind, mode| Some(PathInfo { kind, mode, link_target: String::new() });
    assert_eq!(stat("/tmp/tree").await.unwrap(), info(PathKind::Directory, 0o750));
    assert_eq!(stat("/tmp/tree/a").await.unwrap(), info(PathKind::File, 0o4751));
    assert_eq!(stat("/tmp/tree/b").await.unwrap(), info(PathKind::File, 0o644));
    let link = stat("/tmp/tree/link").await.unwrap().unwrap();
    assert_eq!((link.kind, link.link_target.as_str()), (PathKind::Symlink, "/tmp/tree/a"));
    assert_eq!(stat("/tmp/none").await.unwrap(), None);
    let temporary = stat("/tmp").await.unwrap().map(|found| found.kind);
    assert_eq!(temporary, Some(PathKind::Directory));

    let out = async |path: &str| listed(container.copy_out(path).await.unwrap()).await;
    let entry = |name: &str, content: &str| (name.to_owned(), content.to_owned());
    assert_eq!(out("/tmp/tree/a").await, [entry("a", "A")]);
    let whole =
        [entry("tree", ""), entry("tree/a", "A"), entry("tree/b", "B"), entry("tree/link", "")];
    assert_eq!(out("/tmp/tree").await, whole);
    let inside = [entry(".", ""), entry("a", "A"), entry("b", "B"), entry("link", "")];
    assert_eq!(out("/tmp/tree/.").await, inside);
    expect_not_found(container.copy_out("/tmp/none").await);
    let exported = listed(container.export().await.unwrap()).await;
    assert!(exported.contains(&entry("tmp/tree/b", "B")));

    // A file takes the place of another.
    container.copy_in("/tmp", archive(&[("other", Entry::File(0o644, "new"))])).await.unwrap();
    assert_eq!(out("/tmp/other").await, [entry("other", "new")]);
    let broken = futures::stream::iter([Err(std::io::Error::other("disk on fire"))]).boxed();
    let broken = container.copy_in("/tmp", broken).await.unwrap_err();
    assert!(matches!(broken, Error::Io { .. }), "{broken:?}");
    container.remove().await.unwrap();
}

async fn an_image_is_what_the_container_was_and_the_changes_say(engine: &dyn ContainerEngine) {
    let container = started(engine).await;
    let image = async |changes: &[&str], without_entrypoint| {
        let changes = changes.iter().map(|&change| change.to_owned()).collect();
        let commit = Commit { changes, without_entrypoint, ..Commit::default() };
        let id = container.commit(&commit).await.unwrap();
        let info = engine.inspect_image(&id).await.unwrap();
        assert_eq!((info.id.as_str(), is_digest(&id)), (id.as_str(), true));
        assert!(info.repo_tags.is_empty(), "{info:?}");
        engine.remove_image(&id).await.unwrap();
        expect_not_found(engine.inspect_image(&id).await);
        (info.entrypoint, info.cmd, info.user)
    };
    let words = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
    let shell = words(&["/bin/sh"]);
    let nobody = String::new();
    assert_eq!(image(&[], false).await, (shell.clone(), None, nobody.clone()));
    assert_eq!(image(&[], true).await, (None, None, nobody.clone()));
    let command = image(&["CMD [\"a\", \"b c\"]", "USER 12"], false).await;
    assert_eq!(command, (shell, words(&["a", "b c"]), "12".to_owned()));
    let program = image(&["ENTRYPOINT [\"run\"]"], false).await;
    assert_eq!(program, (words(&["run"]), None, nobody.clone()));
    let both = image(&["CMD [\"x\"]", "ENTRYPOINT [\"run\"]"], false).await;
    assert_eq!(both, (words(&["run"]), words(&["x"]), nobody.clone()));
    let line = image(&["ENTRYPOINT run it"], false).await;
    assert_eq!(line, (words(&["/bin/sh", "-c", "run it"]), None, nobody));
    container.remove().await.unwrap();
}

async fn names_come_and_go(engine: &dyn ContainerEngine) {
    let container = started(engine).await;
    let id = container.commit(&Commit::default()).await.unwrap();
    let (first, second) = (unique("first"), unique("second"));
    engine.tag(&id, &first, None).await.unwrap();
    engine.tag(&first, &first, Some("v1")).await.unwrap();
    engine.tag(&format!("{first}:v1"), &second, Some("v2")).await.unwrap();
    let tags = async |name: &str| {
        let mut tags = engine.inspect_image(name).await.unwrap().repo_tags;
        tags.sort();
        tags
    };
    let all = [format!("{first}:latest"), format!("{first}:v1"), format!("{second}:v2")];
    assert_eq!(tags(&id).await, all);
    assert_eq!(tags(&first).await, all);

    // A name moves to another image.
    container.copy_in("/tmp", archive(&[("x", Entry::File(0o644, "x"))])).await.unwrap();
    let other = container.commit(&Commit::default()).await.unwrap();
    container.remove().await.unwrap();
    assert_ne!(id, other);
    engine.tag(&other, &first, Some("v1")).await.unwrap();
    assert_eq!(tags(&other).await, [format!("{first}:v1")]);
    assert_eq!(tags(&id).await, [all[0].clone(), all[2].clone()]);

    // An image with several names is not removed by its id; with its last name it goes.
    let refused = engine.remove_image(&id).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused:?}");
    engine.remove_image(&first).await.unwrap();
    assert_eq!(tags(&id).await, [all[2].clone()]);
    engine.remove_image(&format!("{second}:v2")).await.unwrap();
    expect_not_found(engine.inspect_image(&id).await);
    engine.remove_image(&other).await.unwrap();
    expect_not_found(engine.inspect_image(&format!("{first}:v1")).await);
}

async fn a_push_tells_its_digest(engine: &dyn ContainerEngine) {
    let registry = std::env::var("COOPER_TEST_REGISTRY");
    let registry = registry.unwrap_or_else(|_| "127.0.0.1:5000".to_owned());
    let container = started(engine).await;
    let id = container.commit(&Commit::default()).await.unwrap();
    container.remove().await.unwrap();
    let repository = format!("{registry}/{}", unique("pushed"));
    let name = format!("{repository}:v1");
    engine.tag(&id, &repository, Some("v1")).await.unwrap();
    let mut lines = Vec::new();
    let mut progress = |step: Progress| {
        lines.extend(match step {
            Progress::Line(line) => Some(line),
            Progress::Layer { .. } => None,
        })
    };
    let digest = engine.push(&name, None, &Credentials::Anonymous, &mut progress).await.unwrap();
    assert!(is_digest(&digest), "{digest}");
    let told = format!("v1: digest: {digest} size: ");
    assert!(lines.iter().any(|line| line.starts_with(&told)), "{lines:?}");
    let digests = engine.inspect_image(&name).await.unwrap().repo_digests;
    assert_eq!(digests, [format!("{repository}@{digest}")]);
    engine.remove_image(&name).await.unwrap();
}

async fn an_archive_becomes_an_image(engine: &dyn ContainerEngine) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tree.tar");
    write(&path, archive(&[("made", Entry::File(0o644, "made"))])).await;
    let repository = unique("imported");
    let import = Import {
        archive: path,
        repository: Some(repository.clone()),
        tag: Some("v2".to_owned()),
        changes: vec!["CMD [\"x\"]".to_owned(), "USER 5".to_owned()],
        platform: None,
    };
    let id = engine.import(&import).await.unwrap();
    let name = format!("{repository}:v2");
    let info = engine.inspect_image(&name).await.unwrap();
    assert_eq!((info.id.as_str(), info.repo_tags), (id.as_str(), vec![name.clone()]));
    assert_eq!((info.cmd, info.user.as_str()), (Some(vec!["x".to_owned()]), "5"));
    let saved = folder.path().join("saved.tar");
    engine.save(std::slice::from_ref(&name), &saved).await.unwrap();
    assert!(std::fs::metadata(&saved).unwrap().len() > 0);
    engine.remove_image(&name).await.unwrap();
    let nameless = engine.import(&Import { repository: None, tag: None, ..import }).await.unwrap();
    assert!(engine.inspect_image(&nameless).await.unwrap().repo_tags.is_empty());
    engine.remove_image(&nameless).await.unwrap();
}

async fn write(path: &Path, mut bytes: BoxStream<'static, std::io::Result<Bytes>>) {
    let mut whole = Vec::new();
    while let Some(piece) = bytes.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    std::fs::write(path, whole).unwrap();
}

async fn a_dockerfile_becomes_an_image(engine: &dyn ContainerEngine) {
    let folder = tempfile::tempdir().unwrap();
    let dockerfile = folder.path().join("Dockerfile");
    let text = format!("FROM base:latest\nLABEL is={}\n", unique("label"));
    std::fs::write(&dockerfile, text).unwrap();
    let context = folder.path().to_owned();
    let build = ImageBuild { dockerfile, context, ..ImageBuild::default() };
    let mut lines = Vec::new();
    let registries = Default::default();
    let id = engine.build_image(&build, &registries, &mut |line| lines.push(line)).await.unwrap();
    let info = engine.inspect_image(&id).await.unwrap();
    assert_eq!((info.id.as_str(), info.repo_tags.len(), is_digest(&id)), (id.as_str(), 0, true));
    let short = &id["sha256:".len()..][..12];
    assert!(lines.iter().any(|line| *line == format!("Successfully built {short}")), "{lines:?}");
    engine.remove_image(&id).await.unwrap();
    let missing = ImageBuild { dockerfile: folder.path().join("none"), ..build };
    let missing = engine.build_image(&missing, &registries, &mut |_| {}).await.unwrap_err();
    assert!(matches!(missing, Error::Io { .. }), "{missing:?}");
}
