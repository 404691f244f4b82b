//! A stream as values.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::msgpack::{Field, Limits, Malformed, Scanner, Value, decode, encode};

/// Why there is no next value.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The stream ended between two values.
    #[error("the channel was closed")]
    Closed,
    /// The stream ended inside one, or failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What came is no value.
    #[error("what it sends cannot be read: {0}")]
    Malformed(#[from] Malformed),
}

/// Reads values, one after the other.
pub(super) struct Reader<R> {
    stream: R,
    buffer: BytesMut,
    scanner: Scanner,
}

/// How much room there is for the next bytes.
const ROOM: usize = 8 * 1024;

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { stream, buffer: BytesMut::new(), scanner: Scanner::new(Limits::MESSAGE) }
    }

    /// The next value. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Value, ReadError> {
        loop {
            if let Some(length) = self.scanner.end(&self.buffer)? {
                let bytes = self.buffer.split_to(length);
                return Ok(decode(&bytes, Limits::MESSAGE)?);
            }
            self.buffer.reserve(ROOM);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(match self.buffer.is_empty() {
                    true => ReadError::Closed,
                    false => io::Error::from(io::ErrorKind::UnexpectedEof).into(),
                });
            }
        }
    }
}

/// A header and a body, as bytes that are written at once.
pub(super) fn pair(header: &impl Field, body: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&header.to_value(), &mut bytes);
    encode(body, &mut bytes);
    bytes
}
