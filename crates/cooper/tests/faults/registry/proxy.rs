//! A proxy between the daemon and a registry that makes the registry look bad.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use cooper_testbed::{Context, Result};

/// What goes wrong.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// Any request gets this status and no more.
    Answer(&'static str),
    /// A manifest's upload gets this status: the daemon does not try that again by itself.
    AnswerManifest(&'static str),
    /// The connection ends in the middle of a blob's upload.
    CutUpload,
}

/// Passes bytes on, but for the first few times that it can do harm.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    registry: String,
    fault: Fault,
    times: u32,
    faults: AtomicU32,
    stopped: AtomicBool,
}

/// A connection that has been silent for this long is over.
const SILENCE: Duration = Duration::from_secs(60);

impl Proxy {
    /// Listens on a loopback port until it is dropped.
    pub(crate) fn start(registry: &str, fault: Fault, times: u32) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listen")?;
        let port = listener.local_addr().context("listen")?.port();
        let state = Arc::new(State {
            registry: registry.to_owned(),
            fault,
            times,
            faults: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // A connection that breaks is what this is about.
                std::thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Ok(Self { port, state })
    }

    /// `127.0.0.1:34567`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How often something went wrong.
    pub(crate) fn faults(&self) -> u32 {
        self.state.faults.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl State {
    /// Whether it is time for another fault; counts it.
    fn strike(&self) -> bool {
        self.faults
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < self.times).then_some(n + 1)
            })
            .is_ok()
    }
}

fn serve(client: TcpStream, state: &State) -> std::io::Result<()> {
    client.set_read_timeout(Some(SILENCE))?;
    let registry = TcpStream::connect(&state.registry)?;
    registry.set_read_timeout(Some(SILENCE))?;
    let (mut answers, mut back) = (registry.try_clone()?, client.try_clone()?);
    let answering = std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let passed = pass_requests(&client, &registry, state);
    let _ = registry.shutdown(Shutdown::Both);
    let _ = answering.join();
    passed
}

fn pass_requests(
    mut client: &TcpStream,
    mut registry: &TcpStream,
    state: &State,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let piece = &buffer[..count];
        let request = request_line(piece);
        let (method, path) = request.split_once(' ').unwrap_or_default();
        match state.fault {
            Fault::Answer(status) if !method.is_empty() && state.strike() => {
                return answer(client, status);
            }
            Fault::AnswerManifest(status)
                if method == "PUT" && path.contains("/manifests/") && state.strike() =>
            {
                return answer(client, status);
            }
            Fault::CutUpload if matches!(method, "PATCH") && state.strike() => {
                registry.write_all(&piece[..piece.len() / 2])?;
                registry.shutdown(Shutdown::Both)?;
                return client.shutdown(Shutdown::Both);
            }
            Fault::Answer(_) | Fault::AnswerManifest(_) | Fault::CutUpload => {
                registry.write_all(piece)?;
            }
        }
    }
}

/// The first line, if a request begins here: the daemon begins each with a write of its own.
fn request_line(piece: &[u8]) -> String {
    let line = piece.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let is_request = ["GET /", "HEAD /", "POST /", "PUT /", "PATCH /"]
        .iter()
        .any(|beginning| line.starts_with(beginning.as_bytes()));
    if is_request { String::from_utf8_lossy(line).into_owned() } else { String::new() }
}

/// Answers in the registry's place and ends the connection.
fn answer(mut client: &TcpStream, status: &str) -> std::io::Result<()> {
    let code = match status.split(' ').next() {
        Some("403") => "DENIED",
        Some("429") => "TOOMANYREQUESTS",
        _ => "UNKNOWN",
    };
    let body = format!("{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"on purpose\"}}]}}");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    client.write_all(answer.as_bytes())?;
    client.shutdown(Shutdown::Write)
}
