//! Registries that have trouble for a while.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::Bench;
use crate::server::{Act, Answer, Request, Server};

/// A registry that does this to the first requests of a kind, and then works.
fn stumbling(
    method: &'static str,
    part: &'static str,
    times: usize,
    act: impl Fn(&Request) -> Act + Send + Sync + 'static,
) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |request| {
        match request.is(method, part) && count.fetch_add(1, Ordering::Relaxed) < times {
            true => act(request),
            false => Act::Usual,
        }
    })
}

fn busy(status: &'static str) -> impl Fn(&Request) -> Act + Send + Sync {
    move |_| Act::Say(Answer::bare(format!("{status}\r\nRetry-After: 0")))
}

#[test]
fn what_passes_is_waited_for() {
    for (method, part) in [("GET", "/tags/"), ("GET", "/manifests/"), ("GET", "/blobs/")] {
        for status in ["429 Too Many Requests", "500 Internal Server Error", "503 Busy"] {
            let server = stumbling(method, part, 3, busy(status));
            let bench = Bench::new(&server.address);
            bench.push_one().ok();
            assert!(bench.install().ok().contains("Installed plugin"), "{part} {status}");
        }
    }
    for (method, part) in [("POST", "/uploads/"), ("PUT", "/uploads/"), ("PUT", "/manifests/")] {
        let server = stumbling(method, part, 2, busy("502 Bad Gateway"));
        Bench::new(&server.address).push_one().ok();
    }
}

#[test]
fn a_connection_that_is_cut_is_made_again() {
    let leave = |_: &Request| Act::Leave;
    for (method, part) in [("GET", "/tags/"), ("GET", "/blobs/"), ("PUT", "/uploads/")] {
        let server = stumbling(method, part, 1, leave);
        let bench = Bench::new(&server.address);
        bench.push_one().ok();
        assert!(bench.install().ok().contains("Installed plugin"), "{method} {part}");
    }
    // In the middle of the program.
    let half = |_: &Request| Act::Cut(Answer::new("200 OK", vec![b'#'; 1 << 20]), 1 << 19);
    let server = stumbling("GET", "/blobs/", 1, half);
    let bench = Bench::new(&server.address);
    bench.push_one().ok();
    assert!(bench.install().ok().contains("Installed plugin"));
}

#[test]
fn what_does_not_pass_is_asked_once() {
    for (status, wanted) in [
        ("400 Bad Request", "answers with 400 Bad Request"),
        ("501 Not Implemented", "answers with 501 Not Implemented"),
        ("429 Too Many Requests\r\nRetry-After: 3600", "answers with 429 Too Many Requests"),
    ] {
        let server = Server::start(move |_| Act::Say(Answer::bare(status)));
        let said = Bench::new(&server.address).not_installed();
        assert!(said.contains(wanted), "{said}");
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[test]
fn a_registry_that_never_works_is_given_up() {
    let server = Server::start(busy("503 Service Unavailable"));
    let said = Bench::new(&server.address).not_installed();
    assert!(said.contains("answers with 503 Service Unavailable"), "{said}");
    assert!(said.contains("help: try again later"), "{said}");
    assert_eq!(server.asked().len(), 5);
}
