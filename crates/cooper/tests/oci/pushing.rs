//! What goes wrong when a version is sent.

use std::fs;

use cooper_testbed::platform;

use crate::bench::{Bench, program_name};
use crate::server::{Act, Answer, Server};

fn open() -> (Server, Bench) {
    let server = Server::start(|_| Act::Usual);
    let bench = Bench::new(&server.address);
    (server, bench)
}

#[test]
fn what_is_no_program_of_the_version_is_not_sent() {
    let (server, bench) = open();
    let ours = program_name("1.0.0", &platform());
    let path = bench.path();
    fs::write(path.join("greet"), "#!/bin/sh\n").expect("it can be written");
    fs::create_dir(path.join(program_name("1.0.0", "linux_s390x"))).expect("a folder");
    let table: [(&str, &[&str], &str); 6] = [
        ("1.0.0", &["greet"], "`greet` is not called as version 1.0.0 of"),
        ("1.1.0", &[&ours], "is not called as version 1.1.0 of"),
        ("1.0.0", &["absent"], "`absent` cannot be read"),
        ("1.0.0", &[&program_name("1.0.0", "linux_s390x")], "is no file of at most 512 MiB"),
        ("1.0.0", &[&ours, &ours], "there are two programs for "),
        ("1.0.0+meta", &[&ours], "`1.0.0+meta` has build metadata"),
    ];
    for (version, files, wanted) in table {
        let said = bench.push(version, files).failed();
        assert!(said.contains(wanted), "{files:?}: {said}");
    }
    // One that is for this machine is asked what it is.
    let table = [
        ("", "cannot be sent"),
        ("not a program", "cannot be sent"),
        ("#!/bin/sh\nexit 3\n", "cannot be sent"),
        (
            "#!/bin/sh\necho '{\"version\":\"1.0.1\",\"api_version\":\"x5.0\"}'\n",
            "says that it is version 1.0.1 of x5.0",
        ),
        (
            "#!/bin/sh\necho '{\"version\":\"1.0.0\",\"api_version\":\"x5.1\"}'\n",
            "says that it is version 1.0.0 of x5.1",
        ),
    ];
    for (text, wanted) in table {
        fs::write(path.join(&ours), text).expect("it can be written");
        let said = bench.push_one().failed();
        assert!(said.contains(wanted), "{text}: {said}");
    }
    assert_eq!(server.asked().len(), 0, "nobody was asked anything");
}

#[test]
fn a_version_that_is_there_stays() {
    let (server, bench) = open();
    bench.push_one().ok();
    let before = server.manifest("1.0.0");
    let ours = program_name("1.0.0", &platform());
    let text = fs::read_to_string(bench.path().join(&ours)).expect("it is there");
    fs::write(bench.path().join(&ours), format!("{text}# more\n")).expect("it can be written");
    let said = bench.push_one().failed();
    assert!(said.contains("version 1.0.0 of `oci://"), "{said}");
    assert!(said.contains("is there already") && said.contains("`-force`"), "{said}");
    assert_eq!(server.manifest("1.0.0"), before);
    assert!(!server.asked().iter().rev().take(1).any(|request| request.method == "PUT"));
    let source = bench.source();
    bench.run(bench.command(&["plugins", "push", "-force", &source, "1.0.0", &ours])).ok();
    assert_ne!(server.manifest("1.0.0"), before);
}

#[test]
fn a_source_that_is_no_registry_is_told() {
    let (_server, bench) = open();
    let ours = program_name("1.0.0", &platform());
    let line = ["plugins", "push", "github.com/acme/greet", "1.0.0", &ours];
    let said = bench.run(bench.command(&line)).failed();
    assert!(said.contains("write `oci://github.com/acme/greet`"), "{said}");
}

#[test]
fn registries_that_take_nothing_are_told() {
    for (answer, wanted) in [
        (
            Answer::complaint("403 Forbidden", "DENIED", "requested access is denied"),
            "does not let us push to `team/greet` (403 Forbidden)\n  requested access is denied\n  help: we are",
        ),
        (
            Answer::complaint("405 Method Not Allowed", "UNSUPPORTED", "read-only"),
            "answers with 405 Method Not Allowed\n  read-only\n  help: does it take anything",
        ),
        (Answer::bare("202 Accepted"), "does not say where the upload goes"),
        (
            Answer::bare("202 Accepted\r\nLocation: ftp://127.0.0.1/"),
            "does not say where the upload goes",
        ),
        (
            Answer::complaint("413 Payload Too Large", "SIZE_INVALID", "too much"),
            "answers with 413 Payload Too Large\n  too much",
        ),
    ] {
        let server = Server::start(move |request| match request.method.as_str() {
            "POST" => Act::Say(answer.clone()),
            _ => Act::Usual,
        });
        let said = Bench::new(&server.address).push_one().failed();
        assert!(said.contains(wanted), "{wanted}: {said}");
        assert_eq!(server.manifest("1.0.0"), None);
    }
}

/// The tag comes last, so that nobody ever sees half a version.
#[test]
fn a_version_appears_whole_or_not_at_all() {
    let server = Server::start(|request| match request.is("PUT", "/manifests/1.0.0") {
        true => Act::Say(Answer::complaint("400 Bad Request", "MANIFEST_INVALID", "no")),
        false => Act::Usual,
    });
    let bench = Bench::new(&server.address);
    let other = bench.program("1.0.0", "plan9_mips");
    let said = bench.push("1.0.0", &[&other, &program_name("1.0.0", &platform())]).failed();
    assert!(said.contains("answers with 400 Bad Request\n  no"), "{said}");
    assert_eq!(server.manifest("1.0.0"), None);
}

/// Where an upload goes to another server, that one is not told who we are.
#[test]
fn uploads_may_go_elsewhere() {
    let store = Server::start(|_| Act::Usual);
    let elsewhere = store.address.clone();
    let server = Server::start(move |request| match request.method.as_str() {
        _ if request.who().is_none() => {
            Act::Say(Answer::bare("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\""))
        }
        "POST" => {
            let to = format!("http://{elsewhere}/v2/team/greet/blobs/uploads/7?signature=s3cret");
            Act::Say(Answer::bare(format!("202 Accepted\r\nLocation: {to}")))
        }
        _ => Act::Usual,
    });
    Bench::new(&server.address).push_one().ok();
    let asked = store.asked();
    assert_eq!(asked.len(), 2, "what is empty, and the program");
    assert!(asked.iter().all(|request| request.who().is_none()), "{asked:?}");
    assert!(asked[0].path.contains("?signature=s3cret&digest=sha256%3A"), "{}", asked[0].path);
}
