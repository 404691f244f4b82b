//! The other end of `connection.py`: a socket through which Ansible gets into the machine.
//!
//! A request is its length in four bytes, JSON, and what the command can read. The answer is
//! pieces, each a letter, a length in four bytes and a text: `o` and `e` for output, and at last
//! `x` with an exit code or `f` with what went wrong. When Ansible ends the connection before,
//! the command is ended too.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cooper_build::communicator::{Command, Communicator, Input, Output};
use cooper_build::{Failure, Stream};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use crate::said::Said;
use crate::script::quoted;

/// The longest request and the longest piece of an answer, in bytes.
const LONGEST: usize = 1 << 20;

/// The most that a command can read: a module with its arguments, as a rule far below a megabyte.
const MOST_INPUT: u64 = 64 << 20;

/// Files are written in pieces of this size, so that memory does not grow with them.
const PIECE: usize = 4 << 20;

/// What Ansible asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Request {
    /// Run a line; this many bytes of input follow the request.
    Run { line: String, stdin: u64 },
    /// Copy a file of this machine into the build's.
    Upload { source: PathBuf, destination: String },
    /// Copy a file of the build's machine to this one.
    Download { source: String, destination: PathBuf },
}

/// A socket that only the user who runs Cooper can reach, because of the folder it is in.
pub(super) struct Bridge {
    listener: UnixListener,
    path: PathBuf,
}

impl Bridge {
    /// Listens in this folder, which nobody else may enter.
    ///
    /// # Errors
    ///
    /// As the operating system says; a path of more than about a hundred bytes is too long.
    pub(super) fn listen(folder: &Path) -> io::Result<Self> {
        let path = folder.join("socket");
        Ok(Self { listener: UnixListener::bind(&path)?, path })
    }

    /// Where it listens.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does what is asked for, many things at once, until this is dropped.
    pub(super) async fn serve(&self, machine: &dyn Communicator) -> std::convert::Infallible {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => open.push(answer(stream, machine)),
                    // Too many files are open, say. There may be fewer in a moment.
                    Err(error) => {
                        tracing::warn!("Ansible cannot be listened to: {error}");
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    }
                },
                Some(answered) = open.next(), if !open.is_empty() => {
                    if let Err(error) = answered {
                        tracing::debug!("a connection of Ansible ended: {error}");
                    }
                }
            }
        }
    }
}

/// Answers one connection.
async fn answer(stream: UnixStream, machine: &dyn Communicator) -> io::Result<()> {
    let (mut from, to) = stream.into_split();
    let mut to = Answer { to, broken: None };
    let request = read(&mut from).await?;
    let result = {
        let work = work(request, machine, &mut to);
        tokio::select! {
            result = work => result,
            // Nothing more is to come, so this is the end.
            _ = from.read_u8() => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
    };
    match result {
        Ok(code) => to.piece(b'x', code.to_string().as_bytes()).await,
        Err(failure) => to.piece(b'f', failure.to_string().as_bytes()).await,
    };
    to.broken.map_or(Ok(()), Err)
}

/// A request, with the input for its command.
async fn read(from: &mut OwnedReadHalf) -> io::Result<(Request, Bytes)> {
    let invalid = |message: &str| io::Error::new(io::ErrorKind::InvalidData, message.to_owned());
    let length = from.read_u32().await? as usize;
    if length > LONGEST {
        return Err(invalid("the request is too long"));
    }
    let mut head = vec![0; length];
    from.read_exact(&mut head).await?;
    let request: Request = serde_json::from_slice(&head)?;
    let mut stdin = Vec::new();
    if let Request::Run { stdin: length, .. } = request {
        if length > MOST_INPUT {
            return Err(invalid("the input of a command is too long"));
        }
        from.take(length).read_to_end(&mut stdin).await?;
        if stdin.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((request, stdin.into()))
}

/// Does it, and gives the exit code.
async fn work(
    (request, stdin): (Request, Bytes),
    machine: &dyn Communicator,
    output: &mut Answer,
) -> Result<i64, Failure> {
    match request {
        Request::Run { line, .. } => {
            machine.run(Command { line, stdin: stdin.into() }, output).await.map(|status| status.0)
        }
        Request::Upload { source, destination } => {
            upload(machine, &source, &destination).await.map(|()| 0)
        }
        Request::Download { source, destination } => {
            machine.download(&source, &destination).await.map(|()| 0)
        }
    }
}

/// Writes a file as the user that commands run as, because Ansible changes its mode as that user.
async fn upload(
    machine: &dyn Communicator,
    source: &Path,
    destination: &str,
) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::because(format!("`{}` cannot be read", source.display()), &error)
    };
    let mut file = tokio::fs::File::open(source).await.map_err(failed)?;
    let destination = quoted(destination);
    let mut redirect = ">";
    loop {
        let mut piece = Vec::new();
        (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(failed)?;
        let last = piece.len() < PIECE;
        if redirect == ">" || !piece.is_empty() {
            let line = format!("cat {redirect} {destination}");
            let mut said = Said::default();
            let status = machine
                .run(Command { line, stdin: Input::from(Bytes::from(piece)) }, &mut said)
                .await?;
            if !status.success() {
                let said = said.text();
                return Err(Failure::new(format!("cannot write {destination}: {said}")));
            }
        }
        if last {
            return Ok(());
        }
        redirect = ">>";
    }
}

/// Where the pieces of an answer go.
struct Answer {
    to: OwnedWriteHalf,
    /// The first thing that went wrong; nothing is sent after it.
    broken: Option<io::Error>,
}

impl Answer {
    async fn piece(&mut self, letter: u8, text: &[u8]) {
        for part in text.chunks(LONGEST).chain(text.is_empty().then_some(text)) {
            if self.broken.is_none() {
                self.broken = self.send(letter, part).await.err();
            }
        }
    }

    async fn send(&mut self, letter: u8, text: &[u8]) -> io::Result<()> {
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        let mut head = [letter, 0, 0, 0, 0];
        head[1..].copy_from_slice(&length.to_be_bytes());
        self.to.write_all(&head).await?;
        self.to.write_all(text).await
    }
}

impl Output for Answer {
    fn write<'a>(&'a mut self, stream: Stream, bytes: &'a [u8]) -> BoxFuture<'a, ()> {
        let letter = match stream {
            Stream::Stdout | Stream::Say => b'o',
            Stream::Stderr | Stream::Error => b'e',
        };
        Box::pin(self.piece(letter, bytes))
    }
}
