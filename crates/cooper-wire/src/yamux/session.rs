//! One connection: who reads and writes it, and what both know.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::stream::{Line, Stream};
use super::{
    BACKLOG, Ended, Flags, Frame, KEPT, Keepalive, Kind, LARGEST_FRAME, LAST_WORDS, LINGER,
    MOST_CONTROL, QUEUE, Role, STREAMS, WINDOW,
};

/// One connection with many streams. Cloning shares it; it ends when all clones and streams are
/// gone, when the peer ends it, or with [`Session::end`].
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    /// Ends the session with the last clone.
    guard: Arc<Guard>,
}

/// What the tasks and the streams of a session share.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Something is to be sent.
    to_send: Notify,
    /// A stream waits to be taken, or the session ended.
    arrived: Notify,
    /// The session ended.
    ended: Notify,
}

/// Ends a session that nobody has any more.
pub(super) struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.end(Ended::GivenUp);
    }
}

/// The state of a session.
pub(super) struct State {
    role: Role,
    /// Why it ended.
    pub(super) ended: Option<Ended>,
    /// The number of the next stream that we open.
    next: Option<u32>,
    pub(super) lines: BTreeMap<u32, Line>,
    /// Streams that wait to be taken.
    backlog: VecDeque<u32>,
    /// What is to be sent, in order.
    queue: VecDeque<Bytes>,
    queued: usize,
    /// Who waits for room in the queue.
    waiting: Vec<Waker>,
    /// How many bytes are kept that nobody has read.
    pub(super) kept: usize,
    /// Whether the peer wants no more streams.
    gone_away: bool,
    /// The ping that was not answered, and since when.
    asked: Option<(u32, Instant)>,
    pings: u32,
}

impl Session {
    /// Drives a connection. Must be called inside a runtime.
    pub fn new<T>(connection: T, role: Role, keepalive: Option<Keepalive>) -> Self
    where
        T: AsyncRead + AsyncWrite + Send + 'static,
    {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                role,
                ended: None,
                next: Some(match role {
                    Role::Client => 1,
                    Role::Server => 2,
                }),
                lines: BTreeMap::new(),
                backlog: VecDeque::new(),
                queue: VecDeque::new(),
                queued: 0,
                waiting: Vec::new(),
                kept: 0,
                gone_away: false,
                asked: None,
                pings: 0,
            }),
            to_send: Notify::new(),
            arrived: Notify::new(),
            ended: Notify::new(),
        });
        let (reading, writing) = tokio::io::split(connection);
        let reading = BufReader::with_capacity(LARGEST_FRAME, reading);
        let writing = BufWriter::with_capacity(LARGEST_FRAME, writing);
        let reader = shared.clone();
        tokio::spawn(async move {
            let ended = reader.read(reading).await;
            reader.end(ended);
        });
        let writer = shared.clone();
        tokio::spawn(async move {
            let ended = writer.write(writing).await;
            writer.end(ended);
        });
        if let Some(keepalive) = keepalive {
            let keeper = shared.clone();
            tokio::spawn(async move { keeper.keep_alive(keepalive).await });
        }
        Self { guard: Arc::new(Guard(shared.clone())), shared }
    }

    /// Opens a stream. The peer need not have taken it yet.
    ///
    /// # Errors
    ///
    /// When the session ended, or has too many streams.
    pub fn open(&self) -> Result<Stream, Ended> {
        let mut state = self.shared.state();
        if let Some(ended) = &state.ended {
            return Err(ended.clone());
        }
        if state.gone_away {
            return Err(Ended::Closed);
        }
        if state.lines.len() >= STREAMS {
            return Err(Ended::Limit("there are too many streams"));
        }
        let id = state.next.ok_or(Ended::Limit("there are no more numbers for streams"))?;
        state.next = id.checked_add(2);
        state.lines.insert(id, Line::new());
        state.send(Frame { kind: Kind::WindowUpdate, flags: Flags::SYN, stream: id, length: 0 });
        drop(state);
        self.shared.to_send.notify_one();
        Ok(Stream::new(id, self.shared.clone(), self.guard.clone()))
    }

    /// Takes the next stream that the peer opened.
    ///
    /// # Errors
    ///
    /// When the session ended.
    pub async fn accept(&self) -> Result<Stream, Ended> {
        self.incoming().next().await
    }

    /// The streams that the peer opens, without keeping the session from ending.
    pub fn incoming(&self) -> Incoming {
        Incoming { shared: self.shared.clone(), guard: Arc::downgrade(&self.guard) }
    }

    /// Ends the session and all its streams.
    pub fn end(&self) {
        self.shared.end(Ended::GivenUp);
    }

    /// Why the session ended, if it has.
    pub fn end_so_far(&self) -> Option<Ended> {
        self.shared.state().ended.clone()
    }

    /// Waits for the end of the session.
    pub async fn ended(&self) -> Ended {
        self.shared.wait_for_end().await
    }
}

/// The streams that the peer of a session opens.
pub struct Incoming {
    shared: Arc<Shared>,
    guard: Weak<Guard>,
}

impl Incoming {
    /// The next of them.
    ///
    /// # Errors
    ///
    /// When the session ended.
    pub async fn next(&self) -> Result<Stream, Ended> {
        loop {
            let arrived = self.shared.arrived.notified();
            {
                let mut state = self.shared.state();
                if let Some(id) = state.backlog.pop_front() {
                    let guard = self.guard.upgrade().ok_or(Ended::GivenUp)?;
                    return Ok(Stream::new(id, self.shared.clone(), guard));
                }
                if let Some(ended) = &state.ended {
                    return Err(ended.clone());
                }
            }
            arrived.await;
        }
    }
}

impl Shared {
    /// Held for a few lines only, and never over an `await`.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was put into the queue.
    pub(super) fn notify_writer(&self) {
        self.to_send.notify_one();
    }

    fn end(&self, ended: Ended) {
        let mut state = self.state();
        if state.ended.is_none() {
            state.ended = Some(ended);
        }
        let wakers: Vec<Waker> = state.waiting.drain(..).collect();
        let lines = state.lines.values_mut().flat_map(Line::wakers).collect::<Vec<_>>();
        drop(state);
        wakers.into_iter().chain(lines).for_each(Waker::wake);
        self.to_send.notify_one();
        self.arrived.notify_waiters();
        self.ended.notify_waiters();
    }

    async fn wait_for_end(&self) -> Ended {
        loop {
            let notified = self.ended.notified();
            if let Some(ended) = &self.state().ended {
                return ended.clone();
            }
            notified.await;
        }
    }

    /// Reads frames until the end.
    async fn read(&self, mut connection: impl AsyncRead + Unpin) -> Ended {
        let reading = async {
            loop {
                let mut header = [0; Frame::SIZE];
                match connection.read_exact(&mut header).await {
                    Ok(_) => {}
                    Err(error) => return broken(&error),
                }
                let frame = match Frame::decode(&header) {
                    Ok(frame) => frame,
                    Err(what) => return Ended::Violated(what),
                };
                let handled = match frame.kind {
                    Kind::Data => self.data(frame, &mut connection).await,
                    Kind::WindowUpdate => self.window_update(frame),
                    Kind::Ping => self.ping(frame),
                    Kind::GoAway => self.go_away(frame),
                };
                if let Err(ended) = handled {
                    return ended;
                }
            }
        };
        tokio::select! {
            ended = reading => ended,
            ended = self.wait_for_end() => ended,
        }
    }

    async fn data(
        &self,
        frame: Frame,
        connection: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), Ended> {
        // The flags of the beginning are looked at before the data, and those of the end after it.
        let first = Flags(frame.flags.0 & !(Flags::FIN.0 | Flags::RST.0));
        self.flags(frame.stream, first)?;
        let mut left = frame.length as usize;
        if left > 0 {
            let mut state = self.state();
            // What is said on a stream that we broke off was under way. It was within our credit.
            let credit = state.lines.get(&frame.stream).map_or(WINDOW, |line| line.credit);
            if frame.length > credit {
                return Err(Ended::Violated("more data than it was given credit for"));
            }
            if let Some(line) = state.lines.get_mut(&frame.stream) {
                line.credit -= frame.length;
                if line.peer_closed {
                    return Err(Ended::Violated("data on a stream that it closed"));
                }
            }
        }
        // A piece at a time: a length costs nothing before its bytes are there.
        let mut piece = BytesMut::new();
        while left > 0 {
            piece.reserve(left.min(LARGEST_FRAME));
            let mut limited = (&mut *connection).take(left as u64);
            match limited.read_buf(&mut piece).await {
                Ok(0) => return Err(Ended::Closed),
                Ok(count) => left -= count,
                Err(error) => return Err(broken(&error)),
            }
            self.keep(frame.stream, piece.split().freeze())?;
        }
        self.flags(frame.stream, Flags(frame.flags.0 & (Flags::FIN.0 | Flags::RST.0)))
    }

    /// Keeps data for whoever reads the stream.
    fn keep(&self, stream: u32, data: Bytes) -> Result<(), Ended> {
        let mut state = self.state();
        let Some(line) = state.lines.get_mut(&stream) else { return Ok(()) };
        if line.is_dropped() {
            // Nobody will read it: the peer may stop, and is not left waiting for credit.
            state.lines.remove(&stream);
            state.reset(stream);
            drop(state);
            self.notify_writer();
            return Ok(());
        }
        let length = data.len();
        let waker = line.keep(data);
        state.kept += length;
        if state.kept > KEPT {
            return Err(Ended::Limit("the other side sends more than anybody reads"));
        }
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        Ok(())
    }

    fn window_update(&self, frame: Frame) -> Result<(), Ended> {
        self.flags(frame.stream, Flags(frame.flags.0 & !(Flags::FIN.0 | Flags::RST.0)))?;
        let mut waker = None;
        if let Some(line) = self.state().lines.get_mut(&frame.stream) {
            let granted = line.granted.checked_add(frame.length);
            line.granted = granted.ok_or(Ended::Violated("more credit than there can be"))?;
            waker = line.writer.take();
        }
        waker.into_iter().for_each(Waker::wake);
        self.flags(frame.stream, Flags(frame.flags.0 & (Flags::FIN.0 | Flags::RST.0)))
    }

    /// What the flags of a frame say of its stream.
    fn flags(&self, stream: u32, flags: Flags) -> Result<(), Ended> {
        let mut state = self.state();
        if flags.has(Flags::SYN) {
            state.opened(stream)?;
            drop(state);
            self.notify_writer();
            self.arrived.notify_one();
            return Ok(());
        }
        let Some(line) = state.lines.get_mut(&stream) else { return Ok(()) };
        let mut wakers = Vec::new();
        if flags.has(Flags::FIN) {
            if line.peer_closed {
                return Err(Ended::Violated("a stream closed twice"));
            }
            line.peer_closed = true;
            wakers = line.wakers();
        }
        if flags.has(Flags::RST) {
            line.is_reset = true;
            wakers = line.wakers();
        }
        state.forget_if_over(stream);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        Ok(())
    }

    fn ping(&self, frame: Frame) -> Result<(), Ended> {
        let mut state = self.state();
        if frame.flags.has(Flags::SYN) {
            let pong = Frame { flags: Flags::ACK, ..frame };
            // In front of everything: the peer waits ten seconds for it.
            state.queue.push_front(Bytes::copy_from_slice(&pong.encode()));
            state.check_queue()?;
            drop(state);
            self.notify_writer();
        } else if state.asked.is_some_and(|(number, _)| number == frame.length) {
            state.asked = None;
        }
        Ok(())
    }

    fn go_away(&self, frame: Frame) -> Result<(), Ended> {
        match frame.length {
            0 => {
                self.state().gone_away = true;
                Ok(())
            }
            code => Err(Ended::Refused(code)),
        }
    }

    /// Writes what is in the queue until the end.
    async fn write(&self, mut connection: impl AsyncWrite + Unpin) -> Ended {
        let mut batch = Vec::new();
        loop {
            let notified = self.to_send.notified();
            let ended = {
                let mut state = self.state();
                batch.extend(state.queue.drain(..));
                state.queued = 0;
                let wakers: Vec<Waker> = state.waiting.drain(..).collect();
                let ended = state.ended.clone();
                drop(state);
                wakers.into_iter().for_each(Waker::wake);
                ended
            };
            if batch.is_empty() {
                match ended {
                    None => notified.await,
                    Some(ended) => {
                        // A peer that is gone does not mind.
                        let _ = connection.shutdown().await;
                        return ended;
                    }
                }
                continue;
            }
            let mut sending = std::pin::pin!(async {
                for piece in batch.drain(..) {
                    connection.write_all(&piece).await?;
                }
                connection.flush().await
            });
            let sent = tokio::select! {
                sent = &mut sending => sent,
                ended = self.wait_for_end() => match ended {
                    // What was said last may still be heard.
                    Ended::GivenUp => match tokio::time::timeout(LAST_WORDS, sending).await {
                        Ok(sent) => sent,
                        Err(_) => return ended,
                    },
                    ended => return ended,
                },
            };
            if let Err(error) = sent {
                return broken(&error);
            }
        }
    }

    /// Asks the peer now and then whether it is there, and forgets what lingers.
    async fn keep_alive(&self, keepalive: Keepalive) {
        let Keepalive { every, patience } = keepalive;
        loop {
            tokio::select! {
                () = tokio::time::sleep(every.min(patience)) => {}
                _ = self.wait_for_end() => return,
            }
            let mut state = self.state();
            let silent = state.asked.is_some_and(|(_, since)| since.elapsed() >= patience);
            if silent {
                drop(state);
                self.end(Ended::Silent(patience));
                return;
            }
            if state.asked.is_none() {
                state.pings = state.pings.wrapping_add(1);
                let number = state.pings;
                state.asked = Some((number, Instant::now()));
                state.send(Frame {
                    kind: Kind::Ping,
                    flags: Flags::SYN,
                    stream: 0,
                    length: number,
                });
            }
            state.forget_lingering();
            drop(state);
            self.notify_writer();
        }
    }
}

/// What the failure of a connection means: a peer that ends may do so with some of what we sent
/// unread.
fn broken(error: &std::io::Error) -> Ended {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe
        | std::io::ErrorKind::ConnectionReset
        | std::io::ErrorKind::UnexpectedEof => Ended::Closed,
        _ => Ended::Failed(error.to_string()),
    }
}

impl State {
    /// Puts a frame without data into the queue.
    pub(super) fn send(&mut self, frame: Frame) {
        self.queue.push_back(Bytes::copy_from_slice(&frame.encode()));
    }

    /// Puts data into the queue; what was taken of it, or nothing while there is no room.
    pub(super) fn send_data(&mut self, stream: u32, data: &[u8], waker: &Waker) -> Poll<usize> {
        if self.queued >= QUEUE {
            self.waiting.push(waker.clone());
            return Poll::Pending;
        }
        let length = data.len().min(LARGEST_FRAME);
        let frame = Frame { kind: Kind::Data, flags: Flags::NONE, stream, length: length as u32 };
        let mut bytes = BytesMut::with_capacity(Frame::SIZE + length);
        bytes.extend_from_slice(&frame.encode());
        bytes.extend_from_slice(&data[..length]);
        self.queued += bytes.len();
        self.queue.push_back(bytes.freeze());
        Poll::Ready(length)
    }

    /// Breaks a stream off.
    pub(super) fn reset(&mut self, stream: u32) {
        self.send(Frame { kind: Kind::WindowUpdate, flags: Flags::RST, stream, length: 0 });
    }

    /// A peer that asks and never reads the answers makes the queue grow.
    fn check_queue(&self) -> Result<(), Ended> {
        if self.queue.len() > MOST_CONTROL {
            return Err(Ended::Limit("the other side does not read its answers"));
        }
        Ok(())
    }

    /// The peer opened a stream.
    fn opened(&mut self, stream: u32) -> Result<(), Ended> {
        let is_its = match self.role {
            Role::Client => stream.is_multiple_of(2),
            Role::Server => !stream.is_multiple_of(2),
        };
        if !is_its || self.lines.contains_key(&stream) {
            return Err(Ended::Violated("a stream with a number that it may not have"));
        }
        if self.backlog.len() >= BACKLOG || self.lines.len() >= STREAMS {
            self.reset(stream);
        } else {
            self.lines.insert(stream, Line::new());
            self.backlog.push_back(stream);
            self.send(Frame { kind: Kind::WindowUpdate, flags: Flags::ACK, stream, length: 0 });
        }
        self.check_queue()
    }

    /// Forgets a stream that both sides are done with.
    pub(super) fn forget_if_over(&mut self, stream: u32) {
        let over = self.lines.get(&stream).is_some_and(Line::is_over);
        if over {
            self.lines.remove(&stream);
        }
    }

    /// Breaks off streams that we are done with and the peer is not, after a while.
    fn forget_lingering(&mut self) {
        let lingering = self.lines.iter().filter(|(_, line)| {
            line.dropped.is_some_and(|since: Instant| since.elapsed() > LINGER)
        });
        let lingering: Vec<u32> = lingering.map(|(id, _)| *id).collect();
        for id in lingering {
            self.lines.remove(&id);
            self.reset(id);
        }
    }
}
