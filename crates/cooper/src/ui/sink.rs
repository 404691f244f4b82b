//! Where text goes.

use std::io::{self, IsTerminal, Write};

/// Standard output or standard error.
///
/// A write that fails is remembered and nothing is written after it: a reader that went away
/// must not keep a run from cleaning up.
pub(super) struct Sink {
    writer: Box<dyn Write + Send>,
    failure: Option<io::Error>,
    /// Whether a person is looking.
    pub(super) terminal: bool,
    /// Whether colours may be used.
    pub(super) color: bool,
}

impl Sink {
    /// Standard output.
    pub(super) fn stdout(color: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        Self::new(io::stdout(), terminal, color && terminal)
    }

    /// Standard error.
    pub(super) fn stderr(color: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        Self::new(io::stderr(), terminal, color && terminal)
    }

    /// Anything else.
    pub(super) fn new(writer: impl Write + Send + 'static, terminal: bool, color: bool) -> Self {
        Self { writer: Box::new(writer), failure: None, terminal, color }
    }

    /// Writes text as it is, at once.
    pub(super) fn write(&mut self, text: &str) {
        if self.failure.is_some() || text.is_empty() {
            return;
        }
        let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
        self.failure = written.err();
    }

    /// Why writing failed, unless the reader just went away.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }
}
