//! The side that calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::channel::{Reader, pair};
use super::{CallError, Request, Response};
use crate::msgpack::{Field, Value};

/// How many calls may wait to be sent.
const ROOM: usize = 64;

/// Calls the services of the other side. Cloning shares the channel, which is closed with the last
/// clone.
#[derive(Clone)]
pub struct Client {
    requests: mpsc::Sender<Vec<u8>>,
    calls: Arc<Calls>,
    _reading: Arc<Reading>,
}

/// Stops reading with the last client.
struct Reading(AbortHandle);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The calls that were not answered yet.
#[derive(Default)]
struct Calls {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// Who waits for which answer.
    waiting: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    /// Why there will be no more answers.
    ended: Option<String>,
}

impl Calls {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Calls over this stream, which belongs to the client from now on.
    pub fn new<T: AsyncRead + AsyncWrite + Send + 'static>(stream: T) -> Self {
        let (read, write) = tokio::io::split(stream);
        let (requests, sending) = mpsc::channel(ROOM);
        tokio::spawn(send(write, sending));
        let calls = Arc::<Calls>::default();
        let reading = tokio::spawn(receive(read, calls.clone())).abort_handle();
        Self { requests, calls, _reading: Arc::new(Reading(reading)) }
    }

    /// Calls a method, and waits for the answer. Dropping the future forgets the answer; the call
    /// goes on.
    ///
    /// # Errors
    ///
    /// When the other side says so, ends, or says something that is no answer.
    pub async fn call<A: Field, R: Field>(
        &self,
        method: &str,
        argument: &A,
    ) -> Result<R, CallError> {
        let ended = |why: String| CallError::Ended { method: method.to_owned(), why };
        let (sender, answer) = oneshot::channel();
        let seq = {
            let mut state = self.calls.state();
            if let Some(why) = &state.ended {
                return Err(ended(why.clone()));
            }
            let seq = state.next;
            state.next += 1;
            state.waiting.insert(seq, sender);
            seq
        };
        let _forget = Forget { calls: &self.calls, seq };
        let header = Request { method: method.to_owned(), seq };
        let request = pair(&header, &argument.to_value());
        if self.requests.send(request).await.is_err() {
            return Err(ended(self.why()));
        }
        let answer = match answer.await {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => return Err(CallError::Refused(error)),
            Err(_) => return Err(ended(self.why())),
        };
        R::from_value(answer).map_err(|error| CallError::Unreadable {
            method: method.to_owned(),
            why: error.to_string(),
        })
    }

    /// Calls a method whose answer must come within a time.
    ///
    /// # Errors
    ///
    /// As [`Client::call`], and when there is no answer in time.
    pub async fn call_within<A: Field, R: Field>(
        &self,
        time: Duration,
        method: &str,
        argument: &A,
    ) -> Result<R, CallError> {
        match tokio::time::timeout(time, self.call(method, argument)).await {
            Ok(result) => result,
            Err(_) => Err(CallError::Late { method: method.to_owned(), seconds: time.as_secs() }),
        }
    }

    fn why(&self) -> String {
        let ended = self.calls.state().ended.clone();
        ended.unwrap_or_else(|| "the channel was closed".to_owned())
    }
}

/// Forgets a call that nobody waits for any more.
struct Forget<'a> {
    calls: &'a Calls,
    seq: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.calls.state().waiting.remove(&self.seq);
    }
}

/// Writes calls whole, whoever stops waiting for one, and closes the stream behind the last.
async fn send(mut stream: impl AsyncWrite + Unpin, mut requests: mpsc::Receiver<Vec<u8>>) {
    while let Some(request) = requests.recv().await {
        // Who reads will notice when the stream is broken.
        if stream.write_all(&request).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Hands answers to those who wait for them, until the stream ends.
async fn receive(stream: impl AsyncRead + Unpin, calls: Arc<Calls>) {
    let mut reader = Reader::new(stream);
    let why = loop {
        let (header, body) = match (reader.next().await, reader.next().await) {
            (Ok(header), Ok(body)) => (header, body),
            (Err(error), _) | (_, Err(error)) => break error.to_string(),
        };
        let Response { method: _, seq, error } = match Response::from_value(header) {
            Ok(response) => response,
            Err(error) => break error.to_string(),
        };
        let waiting = calls.state().waiting.remove(&seq);
        if let Some(waiting) = waiting {
            let answer = if error.is_empty() { Ok(body) } else { Err(error) };
            // Who waited may just have gone.
            let _ = waiting.send(answer);
        }
    };
    let mut state = calls.state();
    state.ended = Some(why);
    state.waiting.clear();
}
