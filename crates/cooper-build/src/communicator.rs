//! The way into a machine: run, upload, download.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::io::AsyncRead;

use crate::event::Stream;
use crate::failure::Failure;

/// The way into a machine.
///
/// Dropping a returned future stops what it was doing, the remote process included, as soon
/// as that can be done; so a timeout is a `select!` around the call.
pub trait Communicator: Send + Sync {
    /// Runs a command through the machine's shell and waits for its end.
    ///
    /// The command's standard input is `command.stdin`, then ends. Output arrives line by
    /// line, or at the latest when the command ends.
    ///
    /// # Errors
    ///
    /// When the command could not be run; when the machine is [away](crate::failure::FailureKind::Away), nothing of
    /// it ran. A command that fails is an [`ExitStatus`].
    fn run<'a>(
        &'a self,
        command: Command,
        output: &'a mut dyn Output,
    ) -> BoxFuture<'a, Result<ExitStatus, Failure>>;

    /// Makes a file in the machine. The folder it is in must exist.
    ///
    /// # Errors
    ///
    /// When it could not be made.
    fn upload<'a>(&'a self, file: Upload) -> BoxFuture<'a, Result<(), Failure>>;

    /// Copies a folder into the machine, with the modes, times, owners and links it has here.
    ///
    /// With `source` ending in a slash its contents go into `destination`; otherwise the folder
    /// becomes `destination/NAME` when `destination` exists, and `destination` itself when not.
    ///
    /// # Errors
    ///
    /// When it could not be copied.
    fn upload_dir<'a>(
        &'a self,
        source: &'a Path,
        destination: &'a str,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Copies a file out of the machine, links followed. Nothing is left at `destination` when
    /// this fails.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it could not be written.
    fn download<'a>(
        &'a self,
        source: &'a str,
        destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Copies a folder out of the machine, by the rule of [`Communicator::upload_dir`]. No file
    /// is made outside `destination`, whatever the machine says.
    ///
    /// # Errors
    ///
    /// When there is no such folder, or it could not be written.
    fn download_dir<'a>(
        &'a self,
        source: &'a str,
        destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>>;

    /// Whether commands get a terminal. They then have no input that ends, and all of their output
    /// is standard output.
    fn has_terminal(&self) -> bool {
        false
    }

    /// The same way in, for someone who waits so long, and no longer, while the machine cannot be
    /// reached; nothing where there is nothing to wait for.
    fn patient(&self, patience: Duration) -> Option<Box<dyn Communicator + '_>> {
        let _ = patience;
        None
    }

    /// Notes a temporary file that may stay behind in the machine: whatever becomes of the step,
    /// it is removed before the machine becomes an image.
    fn note_temporary(&self, path: &str) {
        let _ = path;
    }

    /// Forgets a temporary file again, because it is gone.
    fn forget_temporary(&self, path: &str) {
        let _ = path;
    }
}

/// A command for the machine's shell.
#[derive(Debug, Default)]
pub struct Command {
    /// The line the shell reads.
    pub line: String,
    /// What the command can read before its input ends.
    pub stdin: Input,
}

/// What a command can read. It need not read all of it.
#[derive(Default)]
pub enum Input {
    /// Nothing.
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Bytes),
    /// What comes from here while the command runs, and may depend on what it says.
    Reader(Pin<Box<dyn AsyncRead + Send>>),
}

impl From<Bytes> for Input {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::Nothing } else { Self::Bytes(bytes) }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Bytes(bytes) => f.debug_tuple("Bytes").field(bytes).finish(),
            Self::Reader(_) => f.write_str("Reader"),
        }
    }
}

/// Where a command's output goes.
pub trait Output: Send {
    /// Takes a piece of output; `stream` is [`Stream::Stdout`] or [`Stream::Stderr`]. Pieces
    /// may end anywhere, inside a character too.
    fn write<'a>(&'a mut self, stream: Stream, bytes: &'a [u8]) -> BoxFuture<'a, ()>;
}

/// The exit code that says, in Packer and its plugins, that the machine went away while a command
/// ran.
pub const DISCONNECTED: i64 = 2_300_218;

/// How a command ended: its exit code, or 128 and the number of the signal that ended it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExitStatus(pub i64);

impl ExitStatus {
    /// Whether the code is 0.
    pub const fn success(self) -> bool {
        self.0 == 0
    }
}

/// A file to be made in the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upload {
    /// Its absolute path.
    pub destination: String,
    /// What it will contain.
    pub content: Content,
    /// Its permissions, such as `0o644`, set-id bits included.
    pub mode: u32,
    /// When it was last changed, in seconds since 1970; nothing means now.
    pub modified: Option<u64>,
}

/// What a file will contain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// These bytes.
    Bytes(Bytes),
    /// What this local file contains, read while it is sent.
    File(PathBuf),
}
