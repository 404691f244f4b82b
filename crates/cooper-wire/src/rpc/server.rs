//! The side that answers.

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::channel::{ReadError, Reader, pair};
use super::{Request, Response};
use crate::msgpack::{Field, Mismatch, Value};

/// How many calls may be under way on one channel; more wait to be read.
const AT_ONCE: usize = 1024;

/// What answers calls.
///
/// What it borrows may live as short as `'a`: all calls of a channel run inside [`serve`].
pub trait Service<'a>: Send + Sync {
    /// Whether this answers calls of a service of that name: `Ui`.
    fn is(&self, name: &str) -> bool;

    /// Answers a call of one of its methods. `service` is a name that [`Service::is`] took.
    /// Nothing, when there is no such method.
    fn call(
        &'a self,
        service: &str,
        method: &str,
        argument: Value,
    ) -> Option<BoxFuture<'a, Answer<'a>>>;
}

/// What comes of a call: the answer, or why there is none.
pub type Answer<'a> = Result<Reply<'a>, String>;

/// An answer.
pub struct Reply<'a> {
    value: Value,
    /// What goes on after the answer was sent.
    after: Option<BoxFuture<'a, ()>>,
}

impl<'a> Reply<'a> {
    /// An answer that is all there is.
    pub fn new(value: &impl Field) -> Self {
        Self { value: value.to_value(), after: None }
    }

    /// An answer, and what goes on after it.
    pub fn then(value: &impl Field, after: BoxFuture<'a, ()>) -> Self {
        Self { value: value.to_value(), after: Some(after) }
    }
}

/// Reads the argument of a call.
///
/// # Errors
///
/// What to answer when it is something else.
pub(crate) fn argument<T: Field>(value: Value) -> Result<T, String> {
    T::from_value(value).map_err(|error: Mismatch| format!("the argument cannot be used: {error}"))
}

/// What came of a piece of work: bytes to be sent, and what goes on after that.
struct Done<'a> {
    answer: Vec<u8>,
    after: Option<BoxFuture<'a, ()>>,
}

/// Answers the calls that come over a stream, until the other side closes it. What is under way
/// then, or when the future is dropped, is dropped.
///
/// # Errors
///
/// Why the channel ended, when it did not end orderly.
pub async fn serve<'a, T>(stream: T, services: &[&'a dyn Service<'a>]) -> Result<(), String>
where
    T: AsyncRead + AsyncWrite + Send,
{
    let (read, mut write) = tokio::io::split(stream);
    let mut reader = Reader::new(read);
    let mut calls: FuturesUnordered<BoxFuture<'a, Done<'a>>> = FuturesUnordered::new();
    loop {
        let mut next = std::pin::pin!(next_call(&mut reader));
        let call = loop {
            tokio::select! {
                call = &mut next, if calls.len() < AT_ONCE => break call,
                Some(Done { answer, after }) = calls.next() => {
                    let written = write.write_all(&answer).await;
                    written.map_err(|error| error.to_string())?;
                    write.flush().await.map_err(|error| error.to_string())?;
                    calls.extend(after.map(|after| Box::pin(background(after)) as BoxFuture<'a, _>));
                }
            }
        };
        match call {
            Ok((request, argument)) => calls.push(Box::pin(answered(services, request, argument))),
            Err(ReadError::Closed) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    // The other side waits for ours before it forgets the channel.
    let _ = write.shutdown().await;
    Ok(())
}

/// The next call: its header and its body.
async fn next_call(
    reader: &mut Reader<impl AsyncRead + Unpin>,
) -> Result<(Request, Value), ReadError> {
    let header = reader.next().await?;
    let request = Request::from_value(header).map_err(std::io::Error::other)?;
    Ok((request, reader.next().await?))
}

/// Finds who answers a call, and makes bytes of the answer.
fn answered<'a>(
    services: &[&'a dyn Service<'a>],
    request: Request,
    argument: Value,
) -> impl Future<Output = Done<'a>> + Send + use<'a> {
    let Request { method, seq } = request;
    // Names of services may have dots in them.
    let (service, name) = method.rsplit_once('.').unwrap_or(("", &method));
    let found = services.iter().find(|candidate| candidate.is(service));
    let work = match found {
        None => Err(format!("rpc: can't find service {method}")),
        Some(found) => found
            .call(service, name, argument)
            .ok_or_else(|| format!("rpc: can't find method {method}")),
    };
    async move {
        let answer = match work {
            Ok(work) => work.await,
            Err(error) => Err(error),
        };
        let (error, value, after) = match answer {
            Ok(Reply { value, after }) => (String::new(), value, after),
            // An empty text would be success.
            Err(error) if error.is_empty() => ("unknown error".to_owned(), empty(), None),
            Err(error) => (error, empty(), None),
        };
        Done { answer: pair(&Response { method, seq, error }, &value), after }
    }
}

/// The body of an answer that is an error.
const fn empty() -> Value {
    Value::Map(Vec::new())
}

async fn background(work: BoxFuture<'_, ()>) -> Done<'_> {
    work.await;
    Done { answer: Vec::new(), after: None }
}
