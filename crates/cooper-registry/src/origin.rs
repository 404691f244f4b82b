//! Where versions of a plugin are fetched from.

use std::path::{Path, PathBuf};

use cooper_build::Failure;
use cooper_build::version::Version;
use futures::future::BoxFuture;

/// A place that has versions of one plugin.
pub trait Origin: Send + Sync {
    /// What it is called in messages: `github.com`.
    fn name(&self) -> &str;

    /// The versions it has, in any order. What is no version is left out.
    fn versions(&self) -> BoxFuture<'_, Result<Vec<Version>, OriginError>>;

    /// What it has of a version for this machine. Little is fetched for that.
    fn offer<'a>(&'a self, version: &'a Version) -> BoxFuture<'a, Result<Offer, OriginError>>;

    /// Fetches the program of an offer into a folder that is empty, and returns where it is. Before
    /// that, what was fetched has been compared with the digest of the offer. It is not run.
    fn fetch<'a>(
        &'a self,
        offer: &'a Offer,
        scratch: &'a Path,
    ) -> BoxFuture<'a, Result<PathBuf, OriginError>>;
}

/// What an origin has of a version for this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The version.
    pub version: Version,
    /// The version of the protocol that it speaks: `x5.0`.
    pub api: String,
    /// What is fetched: the name of an archive, or whatever the origin knows it by.
    pub file: String,
    /// The SHA-256 of what is fetched, in hexadecimal and lower case.
    pub digest: String,
}

/// Why an origin does not give what it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// It has no such thing, or nothing of it for this machine: another version or another origin
    /// may do.
    #[error("{0}")]
    Unfit(String),
    /// It cannot be asked, or what it gives cannot be trusted.
    #[error(transparent)]
    Failed(#[from] Failure),
}
