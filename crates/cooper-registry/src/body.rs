//! The body of an answer, within bounds.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use cooper_build::Failure;
use cooper_web::retry::Trouble;
use reqwest::Response;
use sha2::{Digest, Sha256};

use cooper_host::discover::hexadecimal;

/// What may come, and how it is told that it did not.
pub(crate) struct Bounds<'a> {
    /// So many bytes.
    pub(crate) most: u64,
    /// What comes: `a list of tags`.
    pub(crate) what: &'a str,
    /// Says that the connection failed.
    pub(crate) failure: &'a (dyn Fn(reqwest::Error) -> Failure + Sync),
}

impl Bounds<'_> {
    /// All of a body.
    pub(crate) async fn whole(&self, mut response: Response) -> Result<Vec<u8>, Trouble<Failure>> {
        let mut all = Vec::new();
        self.take(&mut response, |part| {
            all.extend_from_slice(part);
            Ok(())
        })
        .await?;
        Ok(all)
    }

    /// A body, into a file whose place is free or has something that may be lost; returns its
    /// SHA-256, in hexadecimal. What was written until it failed is left.
    pub(crate) async fn written_to(
        &self,
        mut response: Response,
        to: &Path,
    ) -> Result<String, Trouble<Failure>> {
        let unwritable = |error: io::Error| {
            Failure::because(format!("`{}` cannot be written", to.display()), &error)
        };
        let mut file = File::create(to).map_err(unwritable)?;
        let mut hash = Sha256::new();
        self.take(&mut response, |part| {
            hash.update(part);
            file.write_all(part).map_err(unwritable)
        })
        .await?;
        Ok(hexadecimal(&hash.finalize()))
    }

    async fn take(
        &self,
        response: &mut Response,
        mut keep: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Trouble<Failure>> {
        let Self { most, what, failure } = *self;
        let too_large = || Failure::new(format!("{what} is larger than {} MiB", most >> 20));
        if response.content_length().is_some_and(|length| length > most) {
            return Err(too_large().into());
        }
        let mut length = 0;
        loop {
            let part = match response.chunk().await {
                Ok(Some(part)) => part,
                Ok(None) => return Ok(()),
                Err(error) => return Err(broken(error, failure)),
            };
            length += part.len() as u64;
            if length > most {
                return Err(too_large().into());
            }
            keep(&part)?;
        }
    }
}

/// What it means that a connection failed.
pub(crate) fn broken(
    error: reqwest::Error,
    failure: impl Fn(reqwest::Error) -> Failure,
) -> Trouble<Failure> {
    // The error itself is told, and gone.
    let trouble = Trouble::of_connection(&error, ());
    let failure = failure(error);
    trouble.map(|()| failure)
}
