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
    /// A request gets this status and no more.
    Answer(&'static str),
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

fn serve(mut client: TcpStream, state: &State) -> std::io::Result<()> {
    client.set_read_timeout(Some(SILENCE))?;
    let mut first = vec![0; 16 << 10];
    let count = client.read(&mut first)?;
    first.truncate(count);
    if let Fault::Answer(status) = state.fault
        // Loopback registries are asked for TLS first; that is not the question we answer.
        && first.first().is_some_and(u8::is_ascii_uppercase)
        && state.strike()
    {
        let body = "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"on purpose\"}]}";
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        client.write_all(head.as_bytes())?;
        return client.shutdown(Shutdown::Write);
    }
    let registry = TcpStream::connect(&state.registry)?;
    registry.set_read_timeout(Some(SILENCE))?;
    let (mut answers, mut back) = (registry.try_clone()?, client.try_clone()?);
    let answering = std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let passed = pass_requests(first, &mut client, &registry, state);
    let _ = registry.shutdown(Shutdown::Write);
    let _ = answering.join();
    passed
}

fn pass_requests(
    mut piece: Vec<u8>,
    client: &mut TcpStream,
    mut registry: &TcpStream,
    state: &State,
) -> std::io::Result<()> {
    loop {
        // A request begins with a write of its own.
        let upload = piece.starts_with(b"PATCH ") || piece.starts_with(b"PUT ");
        if matches!(state.fault, Fault::CutUpload) && upload && state.strike() {
            registry.write_all(&piece[..piece.len() / 2])?;
            registry.shutdown(Shutdown::Both)?;
            return client.shutdown(Shutdown::Both);
        }
        registry.write_all(&piece)?;
        piece.resize(16 << 10, 0);
        let count = client.read(&mut piece)?;
        piece.truncate(count);
        if count == 0 {
            return Ok(());
        }
    }
}
