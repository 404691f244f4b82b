//! Failures of the testbed: a sentence, and what led to it.

/// The result of work on the testbed.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something of the testbed could not be had, in words for the person who runs the tests.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// Tells what is wrong.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Puts `doing` before the cause.
    fn context(self, doing: impl std::fmt::Display) -> Result<T>;
}

impl<T, E: std::fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl std::fmt::Display) -> Result<T> {
        self.map_err(|cause| Error(format!("{doing}: {cause}")))
    }
}
