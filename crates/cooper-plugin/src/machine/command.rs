//! Commands in the machine.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use cooper_wire::service::communicator::{DISCONNECTED, Stdin};
use cooper_wire::yamux::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::lines::Lines;
use super::{MOST_KEPT, Machine};
use crate::{Result, Ui};

pub use cooper_wire::service::communicator::Running;

/// A command ended with a status other than 0.
#[derive(Debug, thiserror::Error)]
#[error("`{command}` ended with status {status}{}", complaint(.stderr))]
pub struct CommandFailed {
    /// The beginning of the command.
    pub command: String,
    /// The status.
    pub status: i64,
    /// What it complained of, if that was not shown.
    pub stderr: String,
}

fn complaint(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(": {stderr}") }
}

/// What a command left behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// How it ended.
    pub status: i64,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained of.
    pub stderr: Vec<u8>,
}

impl Output {
    /// What it printed, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What it complained of, as text.
    pub fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// A command that is to be run. It reads nothing unless it is given [`Command::input`].
#[must_use]
pub struct Command<'a> {
    machine: &'a Machine,
    line: String,
    input: Option<Box<dyn AsyncRead + Send + Unpin + 'a>>,
}

impl<'a> Command<'a> {
    pub(super) fn new(machine: &'a Machine, line: String) -> Self {
        Self { machine, line, input: None }
    }

    /// Gives it something to read: bytes, a file, anything.
    pub fn input(mut self, input: impl AsyncRead + Send + Unpin + 'a) -> Self {
        self.input = Some(Box::new(input));
        self
    }

    /// Runs it, and shows its output as it comes.
    ///
    /// # Errors
    ///
    /// As [`Machine::run`].
    pub async fn run(self) -> Result {
        let (ui, line) = (&self.machine.ui, self.shown());
        let status =
            self.pump(&mut Shown::new(ui, How::Message), &mut Shown::new(ui, How::Error)).await?;
        succeeded(line, status, String::new())
    }

    /// Runs it, and returns what it prints.
    ///
    /// # Errors
    ///
    /// As [`Machine::read`].
    pub async fn read(self) -> Result<String> {
        let line = self.shown();
        let output = self.output().await?;
        succeeded(line, output.status, output.complaint().trim().to_owned())?;
        let text = output.text();
        Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
    }

    /// Runs it, and returns what it left behind, whatever its status.
    ///
    /// # Errors
    ///
    /// When it could not be run, or prints more than [`MOST_KEPT`].
    pub async fn output(self) -> Result<Output> {
        let (mut stdout, mut stderr) = (Kept::default(), Kept::default());
        let status = self.pump(&mut stdout, &mut stderr).await?;
        Ok(Output { status, stdout: stdout.bytes, stderr: stderr.bytes })
    }

    /// Runs it, writes its output somewhere, and returns its status.
    ///
    /// # Errors
    ///
    /// When it could not be run, or its output not written.
    pub async fn stream(
        self,
        mut stdout: impl AsyncWrite + Send + Unpin,
        mut stderr: impl AsyncWrite + Send + Unpin,
    ) -> Result<i64> {
        self.pump(&mut Written(&mut stdout), &mut Written(&mut stderr)).await
    }

    /// Starts it, and returns its streams.
    ///
    /// # Errors
    ///
    /// When it could not be started.
    pub async fn start(self, stdin: Stdin) -> Result<Running> {
        Ok(self.machine.remote.start(&self.line, stdin).await?)
    }

    async fn pump(self, stdout: &mut impl Sink, stderr: &mut impl Sink) -> Result<i64> {
        let Self { machine, line, input } = self;
        let stdin = if input.is_some() { Stdin::Written } else { Stdin::Nothing };
        let running = machine.remote.start(&line, stdin).await?;
        let writing = async {
            match (input, running.stdin) {
                (Some(input), Some(stdin)) => feed(input, stdin).await,
                _ => Ok(()),
            }
        };
        let status = async { Ok(running.ended.wait().await) };
        let ((), (), (), status) = tokio::try_join!(
            writing,
            drain(running.stdout, stdout),
            drain(running.stderr, stderr),
            status,
        )?;
        match status {
            DISCONNECTED => Err("the connection to the machine is lost".into()),
            status => Ok(status),
        }
    }

    /// The beginning of the command, for messages.
    fn shown(&self) -> String {
        const LONGEST: usize = 200;
        match self.line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &self.line[..end]),
            None => self.line.clone(),
        }
    }
}

fn succeeded(command: String, status: i64, stderr: String) -> Result {
    match status {
        0 => Ok(()),
        status => Err(CommandFailed { command, status, stderr }.into()),
    }
}

/// Gives a command what it reads. It need not read all of it.
async fn feed(mut input: impl AsyncRead + Unpin, mut stdin: Stream) -> Result {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = input.read(&mut buffer).await?;
        if count == 0 || stdin.write_all(&buffer[..count]).await.is_err() {
            // A command that is gone needs no end of it.
            let _ = stdin.shutdown().await;
            return Ok(());
        }
    }
}

/// Takes what a command prints, to its end.
async fn drain(mut from: Stream, sink: &mut impl Sink) -> Result {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return sink.end().await;
        }
        sink.take(&buffer[..count]).await?;
    }
}

/// Where output goes.
trait Sink: Send {
    fn take(&mut self, bytes: &[u8]) -> impl Future<Output = Result> + Send;
    fn end(&mut self) -> impl Future<Output = Result> + Send;
}

/// Shows lines.
struct Shown<'a> {
    ui: &'a Ui,
    lines: Lines,
    how: How,
}

/// As what a line is shown.
#[derive(Clone, Copy)]
enum How {
    Message,
    Error,
}

impl<'a> Shown<'a> {
    fn new(ui: &'a Ui, how: How) -> Self {
        Self { ui, lines: Lines::default(), how }
    }

    async fn show(&self, line: String) {
        match self.how {
            How::Message => self.ui.message(line).await,
            How::Error => self.ui.error(line).await,
        }
    }
}

impl Sink for Shown<'_> {
    async fn take(&mut self, bytes: &[u8]) -> Result {
        for line in self.lines.add(bytes) {
            self.show(line).await;
        }
        Ok(())
    }

    async fn end(&mut self) -> Result {
        if let Some(line) = self.lines.end() {
            self.show(line).await;
        }
        Ok(())
    }
}

/// Writes it somewhere.
struct Written<'a, W>(&'a mut W);

impl<W: AsyncWrite + Send + Unpin> Sink for Written<'_, W> {
    async fn take(&mut self, bytes: &[u8]) -> Result {
        Ok(self.0.write_all(bytes).await?)
    }

    async fn end(&mut self) -> Result {
        Ok(self.0.flush().await?)
    }
}

/// Keeps it, up to a bound.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    is_over: bool,
}

impl Kept {
    /// Fails when not all was kept.
    pub(super) fn complete(&self, what: &str) -> Result {
        match self.is_over {
            true => Err(format!("`{what}`: more than {MOST_KEPT} bytes").into()),
            false => Ok(()),
        }
    }

    fn add(&mut self, bytes: &[u8]) -> bool {
        self.is_over |= self.bytes.len() + bytes.len() > MOST_KEPT;
        if !self.is_over {
            self.bytes.extend_from_slice(bytes);
        }
        !self.is_over
    }
}

impl Sink for Kept {
    async fn take(&mut self, bytes: &[u8]) -> Result {
        match self.add(bytes) {
            true => Ok(()),
            false => Err(format!("a command printed more than {MOST_KEPT} bytes").into()),
        }
    }

    async fn end(&mut self) -> Result {
        Ok(())
    }
}

impl AsyncWrite for Kept {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(match self.add(bytes) {
            true => Ok(bytes.len()),
            false => Err(io::Error::other("too much")),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
