//! Registries that lie: nothing of them is installed, and nobody learns who we are.

use cooper_testbed::platform;

use crate::bench::{BASIC, Bench};
use crate::server::{Act, Answer, Server, digest_of};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const PLUGIN: &str = "application/vnd.cooper.plugin.v1";
const PROGRAM: &str = "application/vnd.cooper.plugin.program.v1";

/// A registry that everybody may use, and who uses it.
fn open() -> (Server, Bench) {
    let server = Server::start(|_| Act::Usual);
    let bench = Bench::new(&server.address);
    (server, bench)
}

/// What an index says of something.
fn descriptor(kind: &str, bytes: &[u8], platform: &str) -> String {
    let (system, processor) = platform.split_once('_').expect("two parts");
    format!(
        r#"{{"mediaType":"{kind}","digest":"{}","size":{},"platform":{{"os":"{system}","architecture":"{processor}"}}}}"#,
        digest_of(bytes),
        bytes.len()
    )
}

fn index(manifests: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","artifactType":"{PLUGIN}","manifests":[{manifests}]}}"#
    )
}

fn manifest(layers: &str) -> String {
    let config = descriptor("application/vnd.oci.empty.v1+json", b"{}", "a_b");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"{PLUGIN}","config":{config},"layers":[{layers}],"annotations":{{"cooper.plugin.api":"x5.0"}}}}"#
    )
}

#[test]
fn another_server_does_not_learn_who_we_are() {
    let other = Server::start(|_| Act::Say(Answer::bare("404 Not Found")));
    let elsewhere = other.address.clone();
    let server = Server::start(move |request| {
        if request.who().is_none() {
            let head = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"";
            return Act::Say(Answer::bare(head));
        }
        if request.path.contains("/tags/list") {
            return Act::Say(Answer::new("200 OK", r#"{"tags":["1.0.0"]}"#));
        }
        let moved = format!("307 Temporary Redirect\r\nLocation: http://{elsewhere}/elsewhere");
        Act::Say(Answer::bare(moved))
    });
    Bench::new(&server.address).not_installed();
    let asked = other.asked();
    assert!(!asked.is_empty() && asked.iter().all(|request| request.who().is_none()), "{asked:?}");
    assert!(server.asked().iter().any(|request| request.who() == Some(BASIC)));
}

/// Large registries keep their blobs elsewhere, and do not want to hear there who asks.
#[test]
fn a_program_may_be_kept_elsewhere() {
    let store = Server::start(|_| Act::Usual);
    let elsewhere = store.address.clone();
    let server = Server::start(move |request| match request.is("GET", "/blobs/") {
        true => {
            let path = &request.path;
            let to = format!("http://{elsewhere}{path}?signature=s3cret");
            Act::Say(Answer::bare(format!("307 Temporary Redirect\r\nLocation: {to}")))
        }
        false if request.who().is_none() => {
            Act::Say(Answer::bare("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\""))
        }
        false => Act::Usual,
    });
    let bench = Bench::new(&server.address);
    bench.push_one().ok();
    // The store has what was sent here.
    let there = Bench::new(&store.address);
    there.push_one().ok();
    let before = store.asked().len();
    assert!(bench.install().ok().contains("Installed plugin"));
    let asked = store.asked().split_off(before);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].who(), None);
}

#[test]
fn what_has_no_end_is_cut() {
    for (part, wanted) in [
        ("/tags/list", "a list of tags is larger than 4 MiB"),
        ("/manifests/", "a manifest is larger than 4 MiB"),
    ] {
        let server = Server::start(move |request| match request.is("GET", part) {
            true => Act::Say(Answer::new("200 OK", vec![b' '; 6 << 20])),
            false => Act::Usual,
        });
        server.put_manifest("1.0.0", INDEX, b"{}");
        let said = Bench::new(&server.address).not_installed();
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn a_program_that_is_too_large_is_not_fetched() {
    let server = Server::start(|request| match request.is("GET", "/blobs/") {
        true => Act::Promise((512 << 20) + 1),
        false => Act::Usual,
    });
    let bench = Bench::new(&server.address);
    bench.push_one().ok();
    let said = bench.not_installed();
    assert!(said.contains("a program is larger than 512 MiB"), "{said}");
}

#[test]
fn a_list_of_tags_ends() {
    let server = Server::start(|request| match request.is("GET", "/tags/list") {
        true => {
            let link = "Link: </v2/team/greet/tags/list?last=b>; rel=\"next\"";
            Act::Say(Answer::new(format!("200 OK\r\n{link}"), r#"{"tags":["a","b"]}"#))
        }
        false => Act::Usual,
    });
    let said = Bench::new(&server.address).not_installed();
    assert!(said.contains("has more than 100 pages of tags"), "{said}");
    assert_eq!(server.asked().len(), 100);
}

#[test]
fn pages_of_tags_are_read_from_the_registry_only() {
    let other = Server::start(|_| Act::Usual);
    let elsewhere = other.address.clone();
    let server = Server::start(move |request| {
        let page = |link: &str, tags: &str| {
            Act::Say(Answer::new(
                format!("200 OK\r\nLink: <{link}>; rel=\"next\""),
                format!("{{\"tags\":[{tags}]}}"),
            ))
        };
        match request.path.as_str() {
            "/v2/team/greet/tags/list?n=1000" => page("list?last=0.9.0", "\"0.9.0\""),
            "/v2/team/greet/tags/list?last=0.9.0" => {
                page(&format!("http://{elsewhere}/v2/team/greet/tags/list"), "\"1.0.0\"")
            }
            _ => Act::Usual,
        }
    });
    let bench = Bench::new(&server.address);
    bench.push_one().ok();
    assert!(bench.install().ok().contains(" v1.0.0 in "));
    assert_eq!(other.asked().len(), 0);
}

#[test]
fn a_manifest_that_is_another_is_refused() {
    let (server, bench) = open();
    bench.push_one().ok();
    let named = descriptor(MANIFEST, b"what it was", &platform());
    server.put_manifest("1.0.0", INDEX, index(&named).as_bytes());
    // Somebody has put something else there.
    let digest = digest_of(b"what it was");
    server.put_manifest(&digest, MANIFEST, b"{}");
    let said = bench.not_installed();
    assert!(said.contains("with the digest sha256:44136fa355b3678a"), "{said}");
}

#[test]
fn a_program_that_is_another_is_refused() {
    let (server, bench) = open();
    bench.push_one().ok();
    let programs = server.blobs();
    let digest = programs.keys().find(|digest| !digest.contains("44136fa3")).expect("a program");
    server.spoil_blob(digest);
    let said = bench.not_installed();
    assert!(said.contains("gave a program with the SHA-256 "), "{said}");
    assert!(said.contains(&digest["sha256:".len()..]), "{said}");
    assert!(said.contains("nothing of it was run or kept"), "{said}");
}

#[test]
fn manifests_of_every_wrong_kind_say_why() {
    let layer = |kind: &str| descriptor(kind, b"#!/bin/sh\n", &platform());
    let manifests = [
        (manifest(""), "its manifest does not have exactly one layer"),
        (
            manifest(&vec![layer(PROGRAM); 20_000].join(",")),
            "its manifest does not have exactly one layer",
        ),
        (
            manifest(&layer("application/vnd.docker.image.rootfs.diff.tar.gzip")),
            "its layer is no plugin: it is `application/vnd.docker.image.rootfs.diff.tar.gzip`",
        ),
        (manifest(&layer(PROGRAM)).replace(PLUGIN, "x\\u001b[2J"), "it is `x\\u{1b}[2J`"),
        (manifest(&layer(PROGRAM)).replace("x5.0", "x6.0"), "version x6.0 of the plugin protocol"),
        (manifest(&layer(PROGRAM)).replace("sha256:", "md5:"), "its layer is no plugin"),
        ("[".repeat(100_000), "its manifest is not understood: "),
        (format!("\"{}\"", "x".repeat(1 << 20)), "xxx…"),
        ("{}".to_owned(), "its manifest is not understood: missing field"),
    ];
    for (text, wanted) in manifests {
        let (server, bench) = open();
        server.put_manifest("x", MANIFEST, text.as_bytes());
        let named = descriptor(MANIFEST, text.as_bytes(), &platform());
        server.put_manifest("1.0.0", INDEX, index(&named).as_bytes());
        let said = bench.not_installed();
        assert!(said.contains(wanted) && said.len() < 2_000, "{wanted}: {said:.3000}");
    }
    let image = manifest(&layer(PROGRAM)).replace(PLUGIN, "");
    let indexes = [
        (image, "what the tag names is no index of a plugin: missing field `manifests`"),
        (index("").replace(PLUGIN, "a/b"), "what the tag names is no plugin: it is `a/b`"),
        (index(""), "it has no program for"),
        (
            index(&vec![descriptor(MANIFEST, b"", "plan9_mips"); 20_000].join(",")),
            "there are plan9_mips, plan9_mips",
        ),
        ("[".repeat(100_000), "no index of a plugin: "),
        (
            format!(
                r#"{{"schemaVersion":2,"manifests":[],"x":{}{}}}"#,
                "[".repeat(9_000),
                "]".repeat(9_000)
            ),
            "it is ``",
        ),
    ];
    for (text, wanted) in indexes {
        let (server, bench) = open();
        server.put_manifest("1.0.0", INDEX, text.as_bytes());
        let said = bench.not_installed();
        assert!(said.contains(wanted) && said.len() < 2_000, "{wanted}: {said:.3000}");
    }
}

#[test]
fn what_a_registry_complains_of_is_told_in_short_lines() {
    let server = Server::start(|_| {
        let long = "\\u001b[31m x".repeat(10_000);
        Act::Say(Answer::complaint("400 Bad Request", "X", &long))
    });
    let said = Bench::new(&server.address).not_installed();
    assert!(said.contains("answers with 400 Bad Request"), "{said}");
    assert!(!said.contains('\u{1b}') && said.len() < 2_500, "{}", said.len());
}
