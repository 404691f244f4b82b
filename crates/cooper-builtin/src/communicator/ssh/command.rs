//! A command in a machine: its input, its output, its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cooper_build::communicator::ExitStatus;
use cooper_build::event::Stream;
use futures::stream::{self, BoxStream, StreamExt};
use russh::client::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Pty, Sig};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::client::Client;
use super::session::Session;
use super::trouble::Trouble;
use crate::said::Said;

/// How many pieces of output may wait.
const WAITING: usize = 8;

/// How much a login shell may print of its own accord before the command's output begins.
const LONGEST_GREETING: usize = 64 * 1024;

/// How long a login shell may take to say that it begins. What has not by then may be something
/// else, and gets the input all the same.
const BEGINNING: Duration = Duration::from_secs(10);

/// How long a command that is to be ended may take.
const ENDING: Duration = Duration::from_secs(3);

/// What a command is, and how it is run.
pub(super) struct Remote {
    /// What the login shell reads.
    pub(super) line: String,
    /// What the command can read. Nothing of it is sent before the command says that it begins.
    pub(super) input: Feed,
    /// Whether it gets a terminal; its input does not end then.
    pub(super) terminal: bool,
}

/// What a command can read; nothing at all, or pieces as they come.
pub(super) type Feed = Option<BoxStream<'static, io::Result<Bytes>>>;

/// What a running command does.
#[derive(Debug)]
pub(super) enum Event {
    /// The login shell printed something before the command began.
    Greeting(Bytes),
    /// The command began.
    Began,
    /// The command printed something.
    Output(Stream, Bytes),
    /// It ended.
    Ended(ExitStatus),
    /// It could not be run, or its end is not known.
    Failed(Trouble),
    /// Its input could not be read here. It was ended.
    NoInput(io::Error),
}

/// A command that runs. It is ended when this is dropped: it and what it started, as far as that
/// has made no session of its own.
pub(super) struct Running {
    events: mpsc::Receiver<Event>,
    address: String,
}

impl Running {
    /// What it does next; the last event is its end.
    pub(super) async fn next(&mut self) -> Event {
        let cut = || Event::Failed(Trouble::Cut { address: self.address.clone() });
        self.events.recv().await.unwrap_or_else(cut)
    }

    /// What is wrong when a command ended before it began.
    pub(super) fn shell(&self, said: &Said) -> Trouble {
        Trouble::Shell { address: self.address.clone(), said: said.text() }
    }
}

impl Session {
    /// Makes room for a command.
    pub(super) async fn open(&self) -> Result<Channel<Msg>, Trouble> {
        let address = self.address.clone();
        self.handle.channel_open_session().await.map_err(|error| match error {
            russh::Error::ChannelOpenFailure(_) => Trouble::NoCommands { address },
            _ => Trouble::Lost { address },
        })
    }

    /// Starts a command where there is room for it.
    pub(super) async fn start(
        &self,
        channel: Channel<Msg>,
        remote: Remote,
    ) -> Result<Running, Trouble> {
        let Remote { line, input, terminal } = remote;
        let lost = |_| Trouble::Lost { address: self.address.clone() };
        if self.forwards_agent {
            channel.agent_forward(false).await.map_err(lost)?;
        }
        if terminal {
            let modes = [(Pty::ECHO, 0), (Pty::TTY_OP_ISPEED, 14400), (Pty::TTY_OP_OSPEED, 14400)];
            channel.request_pty(false, "xterm", 80, 40, 0, 0, &modes).await.map_err(lost)?;
        }
        // The shell first says which process it is: to tell its output from a greeting, and to
        // end it. Ssh has a request for that, which servers need not know, and OpenSSH refuses
        // for root.
        let nonce = Uuid::new_v4().simple().to_string();
        channel.exec(true, format!("echo {nonce}$$\n{line}")).await.map_err(lost)?;

        let (sender, events) = mpsc::channel(WAITING);
        let driver = Driver {
            events: sender,
            handle: self.handle.clone(),
            address: self.address.clone(),
            opening: Opening::new(nonce),
            status: None,
            ran: input.is_none(),
        };
        self.commands.spawn(driver.drive(channel, input, terminal));
        Ok(Running { events, address: self.address.clone() })
    }
}

/// Sees a command to its end, also when nobody waits for it any more.
struct Driver {
    events: mpsc::Sender<Event>,
    handle: Arc<Handle<Client>>,
    address: String,
    opening: Opening,
    status: Option<ExitStatus>,
    /// Whether it may have done something. One that waits for input has not before there is some.
    ran: bool,
}

/// Nobody waits for the command.
struct GivenUp;

impl Driver {
    async fn drive(mut self, channel: Channel<Msg>, input: Feed, terminal: bool) {
        let (mut reader, writer) = channel.split();
        let feeding = feed(&writer, input, terminal);
        let mut feeding = std::pin::pin!(feeding);
        let mut beginning = std::pin::pin!(tokio::time::sleep(BEGINNING));
        let (mut begun, mut fed) = (false, false);
        let nobody = self.events.clone();
        let given_up = loop {
            tokio::select! {
                () = nobody.closed() => break true,
                message = reader.wait() => match self.take(message).await {
                    Ok(true) if self.opening.over => (begun, self.ran) = (true, true),
                    Ok(true) => {}
                    Ok(false) => break false,
                    Err(GivenUp) => break true,
                },
                () = &mut beginning, if !begun => (begun, self.ran) = (true, true),
                result = &mut feeding, if begun && !fed => {
                    fed = true;
                    if let Err(error) = result {
                        // Whether somebody hears it or not, the command is ended.
                        let _ = self.events.send(Event::NoInput(error)).await;
                        break true;
                    }
                }
            }
        };
        if given_up {
            // A machine that does not answer ends it by itself, or not at all.
            let _ = tokio::time::timeout(ENDING, self.end(&mut reader, &writer)).await;
        }
        // Nothing is said to a connection that is gone.
        let _ = writer.close().await;
    }

    /// Passes on what the machine says; whether there is more to come.
    async fn take(&mut self, message: Option<ChannelMsg>) -> Result<bool, GivenUp> {
        match message {
            Some(ChannelMsg::Data { data }) => {
                let begun = self.opening.found;
                let (greeting, output) = self.opening.take(data);
                self.tell(Event::Greeting(greeting)).await?;
                if self.opening.found && !begun {
                    self.tell(Event::Began).await?;
                }
                self.tell(Event::Output(Stream::Stdout, output)).await?;
            }
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => {
                self.tell(Event::Output(Stream::Stderr, data)).await?;
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                self.status = Some(ExitStatus(i64::from(exit_status)));
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                self.status = Some(ExitStatus(128 + number(&signal_name)));
            }
            Some(ChannelMsg::Failure) => {
                let address = self.address.clone();
                self.tell(Event::Failed(Trouble::NoCommands { address })).await?;
                return Ok(false);
            }
            Some(ChannelMsg::Close) | None => {
                let rest = self.opening.finish();
                self.tell(Event::Greeting(rest)).await?;
                let address = self.address.clone();
                let trouble = match self.ran {
                    true => Trouble::Cut { address },
                    false => Trouble::Lost { address },
                };
                self.tell(self.status.map_or(Event::Failed(trouble), Event::Ended)).await?;
                return Ok(false);
            }
            Some(_) => {}
        }
        Ok(true)
    }

    async fn tell(&self, event: Event) -> Result<(), GivenUp> {
        match &event {
            Event::Greeting(bytes) | Event::Output(_, bytes) if bytes.is_empty() => Ok(()),
            _ => self.events.send(event).await.map_err(|_| GivenUp),
        }
    }

    /// Ends the command and what it started.
    async fn end(
        &mut self,
        reader: &mut ChannelReadHalf,
        writer: &ChannelWriteHalf<Msg>,
    ) -> Result<(), russh::Error> {
        writer.signal(Sig::KILL).await?;
        while self.opening.pid.is_none() {
            match reader.wait().await {
                Some(ChannelMsg::Data { data }) => drop(self.opening.take(data)),
                Some(ChannelMsg::Close) | None => return Ok(()),
                Some(_) => {}
            }
        }
        let Some(pid) = self.opening.pid else { return Ok(()) };
        // A server makes a command the leader of a group of its own.
        let mut killing = self.handle.channel_open_session().await?;
        killing.exec(true, format!("kill -KILL -{pid} || kill -KILL {pid}")).await?;
        while let Some(message) = killing.wait().await {
            if let ChannelMsg::Close | ChannelMsg::Failure = message {
                break;
            }
        }
        killing.close().await
    }
}

/// Sends a command what it can read. Only what cannot be read here is an error: a command need not
/// want it all.
async fn feed(writer: &ChannelWriteHalf<Msg>, input: Feed, terminal: bool) -> io::Result<()> {
    let mut sink = writer.make_writer();
    let mut input = input.unwrap_or_else(|| stream::empty().boxed());
    while let Some(piece) = input.next().await {
        let piece = piece?;
        // An empty write is an error here.
        if !piece.is_empty() && sink.write_all(&piece).await.is_err() {
            return Ok(());
        }
    }
    if !terminal && let Err(error) = writer.eof().await {
        tracing::debug!("a command's input cannot be ended: {error}");
    }
    Ok(())
}

/// The number that a signal has on every machine.
fn number(signal: &Sig) -> i64 {
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(_) => 0,
    }
}

/// Looks for the line with which a shell says that it begins, and which process it is.
struct Opening {
    nonce: String,
    held: BytesMut,
    /// Where the line begins in what is held.
    begin: Option<usize>,
    pid: Option<u32>,
    /// Whether the line was there.
    found: bool,
    /// Whether it is looked for no more.
    over: bool,
}

impl Opening {
    fn new(nonce: String) -> Self {
        let held = BytesMut::new();
        Self { nonce, held, begin: None, pid: None, found: false, over: false }
    }

    /// Takes output; returns what came before that line, and what comes after it.
    fn take(&mut self, bytes: Bytes) -> (Bytes, Bytes) {
        if self.over {
            return (Bytes::new(), bytes);
        }
        let nonce = self.nonce.as_bytes();
        // The rest was looked through before.
        let new = self.held.len();
        self.held.extend_from_slice(&bytes);
        if self.begin.is_none() {
            let from = (new + 1).saturating_sub(nonce.len());
            let mut windows = self.held[from..].windows(nonce.len());
            self.begin = windows.position(|window| window == nonce).map(|at| from + at);
        }
        if let Some(begin) = self.begin {
            let from = new.max(begin + nonce.len());
            let line_end = self.held[from..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = line_end.map(|at| from + at) {
                let number = String::from_utf8_lossy(&self.held[begin + nonce.len()..end]);
                self.pid = number.trim().parse().ok();
                (self.found, self.over) = (true, true);
                let mut held = std::mem::take(&mut self.held);
                let after = held.split_off(end + 1);
                held.truncate(begin);
                return (held.freeze(), after.freeze());
            }
        }
        if self.held.len() > LONGEST_GREETING {
            return (self.finish(), Bytes::new());
        }
        (Bytes::new(), Bytes::new())
    }

    /// What was held back.
    fn finish(&mut self) -> Bytes {
        self.over = true;
        std::mem::take(&mut self.held).freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes pieces; returns the greeting, the output and the process.
    fn taken(pieces: &[&str]) -> (String, String, Option<u32>) {
        let mut opening = Opening::new("nonce".to_owned());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for piece in pieces {
            let (greeting, output) = opening.take(Bytes::copy_from_slice(piece.as_bytes()));
            before.extend(greeting);
            after.extend(output);
        }
        before.extend(opening.finish());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(before), text(after), opening.pid)
    }

    #[test]
    fn a_greeting_is_told_from_output() {
        for (pieces, expected) in [
            (&["nonce12\nout"][..], ("", "out", Some(12))),
            (&["hello\nnon", "ce1", "2\r", "\nout\n", "more"], ("hello\n", "out\nmore", Some(12))),
            (&["nonce12\n"], ("", "", Some(12))),
            (&["nonce$$\nout"], ("", "out", None)),
            (&["nonce99999999999999\nout"], ("", "out", None)),
            (&["no", "nce"], ("nonce", "", None)),
            (&["nothing of the kind"], ("nothing of the kind", "", None)),
            (&[], ("", "", None)),
        ] {
            let (before, after, pid) = expected;
            assert_eq!(taken(pieces), (before.to_owned(), after.to_owned(), pid), "{pieces:?}");
        }
    }

    #[test]
    fn a_greeting_without_an_end_is_let_go() {
        let long = "x".repeat(LONGEST_GREETING + 1);
        let (before, after, _) = taken(&[&long, "after"]);
        assert_eq!((before.len(), after.as_str()), (long.len(), "after"));
    }
}
