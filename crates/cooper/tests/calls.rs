//! What a build asks of the engine: every call costs its time, so each one is accounted for.
//!
//! Without a daemon this is skipped, unless `COOPER_TEST_DOCKER=require` is set.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

const TEMPLATE: &str = r#"
source "docker" "app" {
  image   = "base:latest"
  commit  = true
  changes = ["WORKDIR /srv", "ENTRYPOINT [\"/bin/sh\", \"app\"]"]
}
build {
  sources = ["source.docker.app"]
  provisioner "shell" { inline = ["mkdir /tmp/app"] }
  provisioner "file" {
    source      = "app"
    destination = "/tmp/app/app"
  }
  provisioner "file" {
    source      = "app"
    destination = "/tmp/app/again"
  }
  LAST
  post-processors {
    post-processor "docker-tag" {
      repository = "REGISTRY/NAME"
      tags       = ["v1"]
    }
    post-processor "docker-push" {}
  }
}
"#;

#[test]
fn a_build_makes_no_call_that_it_does_not_need() {
    let Some(calls) = calls_of_a_build("calls", "") else { return };
    // Beside the rest: what dead runs left, whether the container is still, and its removal.
    let beside = ["GET /containers/json", "GET /containers/ID/top", "DELETE /containers/ID"];
    for call in beside {
        assert_eq!(calls.iter().filter(|made| *made == call).count(), 1, "{call} in {calls:#?}");
    }
    let mut inline: Vec<&str> =
        (calls.iter().map(String::as_str)).filter(|call| !beside.contains(call)).collect();
    // On a busy machine a command is looked after more than once.
    inline.dedup_by(|again, call| again == call && *call == "GET /exec/ID/json");
    assert_eq!(
        inline,
        [
            "GET /_ping",
            "POST /images/create",
            "GET /images/base:latest/json",
            "POST /containers/create",
            "POST /containers/ID/start",
            // The container's address, for people.
            "GET /containers/ID/json",
            "POST /containers/ID/exec",
            "POST /exec/ID/start",
            "GET /exec/ID/json",
            "PUT /containers/ID/archive",
            "PUT /containers/ID/archive",
            "POST /commit without a pause",
            "POST /images/ID/tag",
            "POST /images/REGISTRY/calls/push",
        ]
    );
}

#[test]
fn a_container_with_something_left_behind_is_paused_for_its_commit() {
    let step = "provisioner \"shell\" { inline = [\"sleep 60 >/dev/null 2>&1 &\"] }";
    let Some(calls) = calls_of_a_build("calls-paused", step) else { return };
    assert!(calls.iter().any(|call| call == "POST /commit with a pause"), "{calls:#?}");
}

/// The calls of a build, ids and registry replaced; nothing without a daemon.
fn calls_of_a_build(name: &str, last_step: &str) -> Option<Vec<String>> {
    let upstream = upstream()?;
    let registry = std::env::var("COOPER_TEST_REGISTRY");
    let registry = registry.unwrap_or_else(|_| "127.0.0.1:5000".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let template = TEMPLATE.replace("REGISTRY", &registry).replace("LAST", last_step);
    let template = template.replace("NAME", name);
    std::fs::write(folder.path().join("app.pkr.hcl"), template).unwrap();
    std::fs::write(folder.path().join("app"), "echo hello\n").unwrap();
    let socket = folder.path().join("engine.sock");
    let calls = listen(&socket, upstream);

    let output = Command::new(env!("CARGO_BIN_EXE_cooper"))
        .args(["build", "app.pkr.hcl"])
        .current_dir(folder.path())
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .env("DOCKER_CONFIG", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:#?}");
    let _ = Command::new("docker").args(["rmi", &format!("{registry}/{name}:v1")]).output();
    let calls = calls.lock().unwrap();
    Some(calls.iter().map(|call| call.replace(&registry, "REGISTRY")).collect())
}

/// The engine's socket, when it answers.
fn upstream() -> Option<PathBuf> {
    let host = std::env::var("DOCKER_HOST");
    let host = host.unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let path = PathBuf::from(host.strip_prefix("unix://")?);
    match UnixStream::connect(&path) {
        Ok(_) => Some(path),
        Err(error) if std::env::var("COOPER_TEST_DOCKER").as_deref() == Ok("require") => {
            panic!("{}: {error}", path.display())
        }
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// Passes everything on to an engine, and notes what is asked.
fn listen(socket: &Path, upstream: PathBuf) -> Arc<Mutex<Vec<String>>> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = calls.clone();
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, engine) = (client.unwrap(), UnixStream::connect(&upstream).unwrap());
            let (from, to) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
            let calls = noted.clone();
            std::thread::spawn(move || {
                pass(from, to, |bytes| calls.lock().unwrap().extend(call(bytes)));
            });
            std::thread::spawn(move || pass(engine, client, |_| {}));
        }
    });
    calls
}

fn pass(mut from: UnixStream, mut to: UnixStream, mut note: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        note(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The call that some bytes begin, if they begin one.
fn call(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|&byte| byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_suffix(" HTTP/1.1")?;
    let (method, url) = line.split_once(' ')?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let is_id = |part: &&str| part.len() >= 64;
    let path: Vec<&str> = (path.split('/'))
        .filter(|part| !part.starts_with("v1."))
        .map(|part| if is_id(&part) { "ID" } else { part })
        .collect();
    let how = match (path.as_slice(), query.contains("pause=true")) {
        (["", "commit"], true) => " with a pause",
        (["", "commit"], false) => " without a pause",
        _ => "",
    };
    Some(format!("{method} {}{how}", path.join("/")))
}
