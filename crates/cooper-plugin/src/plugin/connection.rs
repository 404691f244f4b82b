//! The process of a component, from its greeting to the end of its host.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use cooper_wire::broker::{Broker, DIALLING};
use cooper_wire::handshake::Address;
use cooper_wire::spec::Encoding;
use cooper_wire::yamux::{Role, Session};
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};

use super::Component;
use crate::error::note_panics;

/// How a host is greeted.
#[derive(Clone, Copy)]
pub(super) enum Greeting {
    /// With the versions of the protocol.
    Versioned,
    /// As before 2021.
    Old,
}

/// How long the name of a socket may be.
const LONGEST_PATH: usize = 100;

/// How often a host is looked for, once a second: Packer gives up after a minute.
const LOOKS: u32 = 120;

/// How long what is at work has to end when the host is gone.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Is a component until its host has gone.
pub(super) fn serve(component: &Component, encoding: Encoding, greeting: Greeting) -> ExitCode {
    note_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.and_then(|runtime| {
        let served = runtime.block_on(serve_host(component, encoding, greeting));
        runtime.shutdown_timeout(LAST_MOMENT);
        served
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log(&format!("the plugin cannot be started: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve_host(
    component: &Component,
    encoding: Encoding,
    greeting: Greeting,
) -> io::Result<()> {
    // An interrupt reaches every process of the terminal; whether to stop is for the host to say.
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = interrupts.recv() => {}
                Some(()) = terminations.recv() => {}
                else => break,
            }
        }
    });
    let Some(connection) = accept(own_output()?, greeting).await? else { return Ok(()) };
    let (broker, main) = Broker::of_plugin(Session::new(connection, Role::Server, None));
    let stream = match main.accept(DIALLING).await {
        Ok(stream) => stream,
        Err(error) => {
            log(&format!("the host has connected, but does not call: {error}"));
            return Ok(());
        }
    };
    if let Err(why) = (component.serve)(broker, encoding, stream).await {
        log(&format!("the connection to the host ended: {why}"));
    }
    Ok(())
}

/// Takes standard output for the greeting. The host reads one line there: whatever else is printed goes to
/// the log.
fn own_output() -> io::Result<File> {
    io::stdout().flush()?;
    let output = rustix::io::dup(io::stdout())?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(output))
}

/// Greets the host, and waits for it to connect; nothing, when it ended before,
/// or does not.
async fn accept(mut output: File, greeting: Greeting) -> io::Result<Option<UnixStream>> {
    let host = rustix::process::getppid();
    let (folder, path) = place()?;
    let listener = UnixListener::bind(&path)?;
    let line = Address::Unix(path).to_string();
    let line = match greeting {
        Greeting::Versioned => line,
        Greeting::Old => line.replacen("|0|", "|", 1),
    };
    writeln!(output, "{line}")?;
    output.flush()?;
    drop(output);
    for _ in 0..LOOKS {
        match tokio::time::timeout(Duration::from_secs(1), listener.accept()).await {
            Ok(accepted) => {
                // Nobody else is let in.
                folder.close()?;
                return accepted.map(|(connection, _)| Some(connection));
            }
            Err(_) if rustix::process::getppid() != host => return Ok(None),
            Err(_) => {}
        }
    }
    Ok(None)
}

/// A folder that is only ours, and the name of a socket in it.
fn place() -> io::Result<(TempDir, PathBuf)> {
    let new = |folder: &Path| {
        let folder = tempfile::Builder::new()
            .prefix("packer-plugin")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(folder)?;
        let path = folder.path().join("socket");
        Ok::<_, io::Error>((folder, path))
    };
    let (folder, path) = new(&std::env::temp_dir())?;
    match path.as_os_str().len() {
        ..=LONGEST_PATH => Ok((folder, path)),
        _ => new(Path::new("/tmp")),
    }
}

fn log(line: &str) {
    // There is nobody else to tell.
    let _ = writeln!(io::stderr(), "{line}");
}
