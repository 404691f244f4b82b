//! The beginning of what a command said, for a message.

use bytes::Bytes;
use cooper_build::Stream;
use cooper_build::communicator::Output;
use cooper_container::engine::ExecOutput;
use futures::future::{BoxFuture, FutureExt, ready};

/// How much is kept, in bytes.
const MOST: usize = 4096;

/// The beginning of what a command said, on both of its outputs.
#[derive(Default)]
pub(crate) struct Said(Vec<u8>);

impl Said {
    /// Takes a piece; what is too much is left out.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        let room = MOST.saturating_sub(self.0.len());
        self.0.extend(bytes.iter().take(room));
    }

    /// What was said, without blanks around it.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim().to_owned()
    }
}

impl Output for Said {
    fn write<'a>(&'a mut self, _: Stream, bytes: &'a [u8]) -> BoxFuture<'a, ()> {
        self.keep(bytes);
        ready(()).boxed()
    }
}

impl ExecOutput for Said {
    fn stdout<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        self.keep(&bytes);
        ready(()).boxed()
    }

    fn stderr<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        self.keep(&bytes);
        ready(()).boxed()
    }
}
