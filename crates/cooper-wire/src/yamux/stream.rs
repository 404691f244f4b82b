//! One stream of a session.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::session::{Guard, Shared, State};
use super::{Flags, Frame, Kind, WINDOW};

/// One stream of a session. What was read is the peer's credit again.
///
/// Dropping it says that nothing more will come, as [`tokio::io::AsyncWriteExt::shutdown`] does;
/// [`Stream::reset`] breaks it off instead.
pub struct Stream {
    id: u32,
    shared: Arc<Shared>,
    _guard: Arc<Guard>,
}

/// What a session knows of a stream.
pub(super) struct Line {
    /// What arrived and nobody has read.
    kept: VecDeque<Bytes>,
    /// How much more the peer may send.
    pub(super) credit: u32,
    /// How much was read that the peer was not told of.
    read: u32,
    /// How much more we may send.
    pub(super) granted: u32,
    /// Whether we said that nothing more will come.
    closed: bool,
    /// Whether the peer did.
    pub(super) peer_closed: bool,
    /// Whether either side broke it off.
    pub(super) is_reset: bool,
    /// Since when nobody has the [`Stream`] any more.
    pub(super) dropped: Option<Instant>,
    reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            credit: WINDOW,
            read: 0,
            granted: WINDOW,
            closed: false,
            peer_closed: false,
            is_reset: false,
            dropped: None,
            reader: None,
            writer: None,
        }
    }

    /// Keeps what arrived; returns who waits for it.
    pub(super) fn keep(&mut self, data: Bytes) -> Option<Waker> {
        self.kept.push_back(data);
        self.reader.take()
    }

    /// Who waits for anything here.
    pub(super) fn wakers(&mut self) -> Vec<Waker> {
        self.reader.take().into_iter().chain(self.writer.take()).collect()
    }

    pub(super) const fn is_dropped(&self) -> bool {
        self.dropped.is_some()
    }

    /// Whether nothing more will happen, and nobody wants to know what did.
    pub(super) const fn is_over(&self) -> bool {
        self.is_dropped() && (self.is_reset || (self.closed && self.peer_closed))
    }
}

impl Stream {
    pub(super) const fn new(id: u32, shared: Arc<Shared>, guard: Arc<Guard>) -> Self {
        Self { id, shared, _guard: guard }
    }

    /// Breaks the stream off: the peer gets an error, and not an end that looks orderly.
    pub fn reset(self) {
        let mut state = self.shared.state();
        if let Some(line) = state.lines.get_mut(&self.id)
            && !line.is_reset
        {
            line.is_reset = true;
            state.reset(self.id);
        }
        drop(state);
        self.shared.notify_writer();
    }

    /// Does something with the line.
    fn poll<T>(
        &self,
        work: impl FnOnce(&mut State, u32) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let result = work(&mut self.shared.state(), self.id);
        self.shared.notify_writer();
        result
    }
}

/// Says once that nothing more will come.
fn close(state: &mut State, id: u32) {
    if let Some(line) = state.lines.get_mut(&id)
        && !line.closed
        && !line.is_reset
    {
        line.closed = true;
        state.send(Frame { kind: Kind::WindowUpdate, flags: Flags::FIN, stream: id, length: 0 });
    }
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the stream was broken off")
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll(|state, id| {
            let ended = state.ended.clone();
            let Some(line) = state.lines.get_mut(&id) else { return Poll::Ready(Err(reset())) };
            if line.kept.is_empty() {
                return if line.is_reset {
                    Poll::Ready(Err(reset()))
                } else if line.peer_closed {
                    Poll::Ready(Ok(()))
                } else if let Some(ended) = ended {
                    Poll::Ready(Err(ended.into()))
                } else {
                    line.reader = Some(cx.waker().clone());
                    Poll::Pending
                };
            }
            let before = buffer.remaining();
            while let Some(piece) = line.kept.front_mut()
                && buffer.remaining() > 0
            {
                let count = piece.len().min(buffer.remaining());
                buffer.put_slice(&piece[..count]);
                piece.advance(count);
                if piece.is_empty() {
                    line.kept.pop_front();
                }
            }
            let count = before - buffer.remaining();
            line.read += count as u32;
            let mut credit = 0;
            if line.read >= WINDOW / 2 && !line.peer_closed && !line.is_reset {
                credit = std::mem::take(&mut line.read);
                line.credit += credit;
            }
            state.kept -= count;
            if credit > 0 {
                state.send(Frame {
                    kind: Kind::WindowUpdate,
                    flags: Flags::NONE,
                    stream: id,
                    length: credit,
                });
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(|state, id| {
            let ended = state.ended.clone();
            let Some(line) = state.lines.get_mut(&id) else { return Poll::Ready(Err(reset())) };
            if line.is_reset {
                return Poll::Ready(Err(reset()));
            }
            if line.closed {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            if let Some(ended) = ended {
                return Poll::Ready(Err(ended.into()));
            }
            if data.is_empty() {
                return Poll::Ready(Ok(0));
            }
            if line.granted == 0 {
                line.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let room = data.len().min(line.granted as usize);
            match state.send_data(id, &data[..room], cx.waker()) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(count) => {
                    if let Some(line) = state.lines.get_mut(&id) {
                        line.granted -= count as u32;
                    }
                    Poll::Ready(Ok(count))
                }
            }
        })
    }

    /// What was written is on its way: a queue that the session empties by itself.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(|state, id| {
            close(state, id);
            Poll::Ready(Ok(()))
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        close(&mut state, self.id);
        let mut discarded = 0;
        if let Some(line) = state.lines.get_mut(&self.id) {
            line.dropped = Some(Instant::now());
            let kept = std::mem::take(&mut line.kept);
            discarded = kept.iter().map(Bytes::len).sum();
            // The peer may be waiting for credit to send what nobody will read.
            if discarded > 0 && !line.peer_closed && !line.is_reset {
                line.is_reset = true;
                state.reset(self.id);
            }
        }
        state.kept -= discarded;
        state.forget_if_over(self.id);
        drop(state);
        self.shared.notify_writer();
    }
}
