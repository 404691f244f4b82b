//! What is sent to a registry.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use cooper_build::Failure;
use futures::TryStreamExt;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::Body;
use tokio_util::io::ReaderStream;

/// So much of a file is read at once.
const PIECE: usize = 256 << 10;

/// Something that can be sent, and sent again.
pub(super) enum Content<'a> {
    /// What is in a file.
    File(&'a Path),
    /// These bytes.
    Bytes(&'static [u8]),
}

impl Content<'_> {
    /// How much it is.
    pub(super) fn length(&self) -> Result<u64, Failure> {
        match self {
            Self::File(path) => match fs::metadata(path) {
                Ok(known) => Ok(known.len()),
                Err(error) => Err(unreadable(path, &error)),
            },
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// It, from its beginning.
    pub(super) fn body(&self) -> Result<Body, Failure> {
        match self {
            Self::File(path) => {
                let file = File::open(path).map_err(|error| unreadable(path, &error))?;
                let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
                Ok(Body::wrap(StreamBody::new(pieces.map_ok(Frame::data))))
            }
            Self::Bytes(bytes) => Ok(Body::from(*bytes)),
        }
    }
}

/// That a file cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::because(format!("`{}` cannot be read", path.display()), error)
}
