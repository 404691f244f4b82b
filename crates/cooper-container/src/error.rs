//! What can go wrong with an engine or a registry, by what a caller can do about it.

/// Why an engine did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine cannot be reached: is it running, is the address right, may we?
    #[error("cannot reach the container engine at {address}: {reason}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// How to reach the engine or registry is configured wrongly.
    #[error("{0}")]
    Configuration(String),
    /// There is no such image, container or file.
    #[error("{0}")]
    NotFound(String),
    /// Somebody refused: wrong or missing credentials.
    #[error("{0}")]
    Denied(String),
    /// The request cannot be carried out as it is.
    #[error("{0}")]
    Invalid(String),
    /// There is no room left.
    #[error("{0}")]
    NoSpace(String),
    /// The other side failed in a way that may pass: try again.
    #[error("{0}")]
    Temporary(String),
    /// A command was not begun. When the container is paused or being restarted, which is
    /// [`Error::Temporary`], or the engine is [`Error::Unreachable`], that may pass.
    #[error(transparent)]
    NotBegun(Box<Error>),
    /// The engine failed otherwise.
    #[error("{0}")]
    Engine(String),
    /// Reading or writing a local file failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The result of asking an engine.
pub type Result<T> = std::result::Result<T, Error>;
