//! A machine, as a plugin's provisioner sees it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cooper_build::communicator::{self, Content, ExitStatus, Input, Output, Upload};
use cooper_build::{Failure, Stream};
use cooper_wire::message::{CopyDir, FileInfo, Modified};
use cooper_wire::service::communicator::{Command, Communicator, Started};
use cooper_wire::yamux;
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::partial::Partial;
use crate::spool::Spool;

/// Content up to this length is kept in memory on its way.
const IN_MEMORY: u64 = 64 * 1024;

/// How long a command that says nothing may take before its caller is told that it runs: a machine
/// that cannot run it says so sooner.
const SILENCE: Duration = Duration::from_millis(250);

/// The mode of a file of which none is told, as Packer's Docker plugin has it.
const PLAIN_MODE: u32 = 0o600;

/// A machine, as a plugin's provisioner sees it.
pub(crate) struct Shown<'a> {
    machine: &'a dyn communicator::Communicator,
}

fn text(failure: Failure) -> String {
    failure.to_string()
}

impl<'a> Shown<'a> {
    pub(crate) const fn new(machine: &'a dyn communicator::Communicator) -> Self {
        Self { machine }
    }
}

/// Tells once that a command runs.
struct Telling(Mutex<Option<Started>>);

impl Telling {
    fn tell(&self) {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(started) = started {
            started.tell();
        }
    }
}

/// Passes output on to streams.
struct Passing<'a> {
    stdout: Option<yamux::Stream>,
    stderr: Option<yamux::Stream>,
    telling: &'a Telling,
}

impl Output for Passing<'_> {
    fn write<'a>(&'a mut self, stream: Stream, bytes: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.telling.tell();
            let target = match stream {
                Stream::Stderr | Stream::Error => &mut self.stderr,
                Stream::Stdout | Stream::Say => &mut self.stdout,
            };
            if let Some(output) = target
                && output.write_all(bytes).await.is_err()
            {
                // Nobody reads it any more; the command goes on.
                *target = None;
            }
        })
    }
}

impl Communicator for Shown<'_> {
    async fn start(&self, command: Command, started: Started) -> Result<i64, String> {
        let Command { line, stdin, stdout, stderr } = command;
        let telling = Telling(Mutex::new(Some(started)));
        let stdin = match stdin {
            Some(stdin) => {
                // Who writes it may do so after it was told that the command runs.
                telling.tell();
                Input::Reader(Box::pin(stdin))
            }
            None => Input::Nothing,
        };
        let mut passing = Passing { stdout, stderr, telling: &telling };
        let command = communicator::Command { line, stdin };
        let mut running = self.machine.run(command, &mut passing);
        let ended = tokio::select! {
            ended = &mut running => ended,
            () = tokio::time::sleep(SILENCE) => {
                telling.tell();
                running.await
            }
        };
        ended.map(|ExitStatus(status)| status).map_err(text)
    }

    async fn upload(
        &self,
        path: String,
        content: &mut yamux::Stream,
        info: Option<FileInfo>,
    ) -> Result<(), String> {
        let unreadable = |error: std::io::Error| format!("the content of `{path}`: {error}");
        let mut first = Vec::new();
        let mut limited = (&mut *content).take(IN_MEMORY);
        limited.read_to_end(&mut first).await.map_err(unreadable)?;
        let mut spooled = None;
        let content = if (first.len() as u64) < IN_MEMORY {
            Content::Bytes(first.into())
        } else {
            // How long it is has to be known before it is sent.
            let spool = spooled.insert(Spool::new().map_err(unreadable)?);
            let mut file = tokio::fs::File::create(spool.file()).await.map_err(unreadable)?;
            file.write_all(&first).await.map_err(unreadable)?;
            tokio::io::copy(content, &mut file).await.map_err(unreadable)?;
            file.flush().await.map_err(unreadable)?;
            Content::File(spool.file())
        };
        let mode = info.as_ref().map_or(PLAIN_MODE, FileInfo::unix_mode);
        let modified = match info {
            Some(FileInfo { modified: Modified(Some((seconds, _))), .. }) => {
                u64::try_from(seconds).ok()
            }
            _ => None,
        };
        let upload = Upload { destination: path, content, mode, modified };
        self.machine.upload(upload).await.map_err(text)
    }

    async fn download(&self, path: String, into: &mut yamux::Stream) -> Result<(), String> {
        let spool = Spool::new().map_err(|error| error.to_string())?;
        self.machine.download(&path, &spool.file()).await.map_err(text)?;
        let sending = async {
            let mut file = tokio::fs::File::open(spool.file()).await?;
            tokio::io::copy(&mut file, into).await
        };
        sending.await.map(drop).map_err(|error| error.to_string())
    }

    async fn upload_dir(&self, copy: CopyDir) -> Result<(), String> {
        let CopyDir { destination, source, exclude } = copy;
        if exclude.is_empty() {
            return self.machine.upload_dir(Path::new(&source), &destination).await.map_err(text);
        }
        let failed = |error: &dyn std::fmt::Display| format!("`{source}`: {error}");
        let making = tokio::task::spawn_blocking({
            let source = source.clone();
            move || Partial::of(Path::new(&source), &exclude)
        });
        let partial = making.await.map_err(|error| failed(&error))?;
        let partial = partial.map_err(|error| failed(&error))?;
        // A slash at the end says that the folder itself is not meant.
        let end = if source.ends_with('/') { "/" } else { "" };
        let folder = format!("{}{end}", partial.folder().display());
        self.machine.upload_dir(Path::new(&folder), &destination).await.map_err(text)
    }

    async fn download_dir(&self, copy: CopyDir) -> Result<(), String> {
        let CopyDir { destination, source, exclude: _ } = copy;
        self.machine.download_dir(&source, Path::new(&destination)).await.map_err(text)
    }
}
