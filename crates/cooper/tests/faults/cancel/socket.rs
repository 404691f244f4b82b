//! A socket between Cooper and the daemon that keeps one answer back.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, process};

use crate::rig::PATIENCE;

/// Passes everything on, but keeps the answer to one kind of call back for a while.
pub(crate) struct SlowSocket {
    folder: tempfile::TempDir,
    called: Arc<AtomicBool>,
}

struct Slow {
    /// `POST /containers/ID/start`
    call: &'static str,
    late: Duration,
    daemon: PathBuf,
    called: Arc<AtomicBool>,
}

impl SlowSocket {
    /// Listens in front of the testbed's daemon, as long as the test program runs.
    pub(crate) fn start(call: &'static str, late: Duration) -> Result<Self> {
        let host = std::env::var("DOCKER_HOST").context("DOCKER_HOST")?;
        let daemon = host.strip_prefix("unix://");
        let daemon = daemon.ok_or_else(|| Error::new("the daemon has no socket"))?.into();
        let folder = tempfile::tempdir().context("make a folder")?;
        let listener = UnixListener::bind(folder.path().join("socket")).context("listen")?;
        let called = Arc::new(AtomicBool::new(false));
        let slow = Arc::new(Slow { call, late, daemon, called: called.clone() });
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let slow = slow.clone();
                std::thread::spawn(move || drop(serve(client, &slow)));
            }
        });
        Ok(Self { folder, called })
    }

    /// What `DOCKER_HOST` is to be.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}/socket", self.folder.path().display())
    }

    /// Waits until the call has come; whether it has.
    pub(crate) fn wait_until_called(&self) -> bool {
        process::wait_until(PATIENCE, || self.called.load(Ordering::Relaxed))
    }
}

fn serve(client: UnixStream, slow: &Slow) -> std::io::Result<()> {
    let daemon = UnixStream::connect(&slow.daemon)?;
    let (answers, back) = (daemon.try_clone()?, client.try_clone()?);
    // Whether this connection has the call, and whether its client still waits.
    let (held, gone) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let answering = {
        let (held, gone, late) = (held.clone(), gone.clone(), slow.late);
        std::thread::spawn(move || drop(answer(answers, back, &held, &gone, late)))
    };
    let passed = pass_requests(&client, &daemon, slow, &held);
    gone.store(true, Ordering::Relaxed);
    // As a client that hangs up does.
    let _ = daemon.shutdown(Shutdown::Both);
    let _ = answering.join();
    passed
}

fn pass_requests(
    mut client: &UnixStream,
    mut daemon: &UnixStream,
    slow: &Slow,
    held: &AtomicBool,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let piece = &buffer[..count];
        // Every request begins with a write of its own.
        if !slow.called.load(Ordering::Relaxed) && call(piece) == slow.call {
            held.store(true, Ordering::Relaxed);
            slow.called.store(true, Ordering::Relaxed);
        }
        daemon.write_all(piece)?;
    }
}

fn answer(
    mut daemon: UnixStream,
    mut client: UnixStream,
    held: &AtomicBool,
    gone: &AtomicBool,
    late: Duration,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = daemon.read(&mut buffer)?;
        if held.swap(false, Ordering::Relaxed) {
            process::wait_until(late, || gone.load(Ordering::Relaxed));
        }
        if count == 0 {
            return client.shutdown(Shutdown::Write);
        }
        client.write_all(&buffer[..count])?;
    }
}

/// `POST /containers/ID/start` for the first line of a request; empty for anything else.
fn call(piece: &[u8]) -> String {
    let line = String::from_utf8_lossy(piece.split(|byte| *byte == b'\r').next().unwrap_or(piece));
    let mut words = line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return String::new() };
    let path = path.split('?').next().unwrap_or(path);
    let parts: Vec<&str> = path.split('/').skip_while(|part| !part.starts_with('v')).collect();
    match parts[..] {
        [_, kind @ "containers", _, rest] => format!("{method} /{kind}/ID/{rest}"),
        [_, kind @ "images", .., "push"] => format!("{method} /{kind}/NAME/push"),
        [_, kind @ "images", _, rest] => format!("{method} /{kind}/ID/{rest}"),
        [_, ref rest @ ..] => format!("{method} /{}", rest.join("/")),
        [] => String::new(),
    }
}
