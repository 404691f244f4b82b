//! A repository in a registry, by the distribution protocol of the Open Container Initiative.
//!
//! Whoever answers is not trusted: bodies have bounds, what has a digest is compared with it, who we
//! are is told to the registry and to the server of tokens that it names, and nothing that was asked
//! by TLS goes on without. What failed in a way that may pass is done again.

use std::path::Path;
use std::time::Duration;

use cooper_build::{Failure, PluginSource};
use cooper_hcl::System;
use cooper_web::retry::{Trouble, patiently};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::access::Access;
use super::connection::Connection;
use super::content::Content;
use super::identity::trouble;
use super::manifest::{Descriptor, INDEX, MANIFEST};
use crate::body::Bounds;
use cooper_host::discover::hexadecimal;

/// A list, a manifest, with everything.
const PAGE_TIME: Duration = Duration::from_secs(120);

/// A program, with everything.
const PROGRAM_TIME: Duration = Duration::from_secs(30 * 60);

/// Bytes of a list, a manifest.
const PAGE: u64 = 4 << 20;

/// Bytes of a program.
pub(super) const PROGRAM: u64 = 512 << 20;

/// Pages of a list.
const MOST_PAGES: usize = 100;

/// What no version of anything needs.
const MOST_TAGS: usize = 100_000;

/// A repository, and what we may do there.
pub(super) struct Repository {
    connection: Connection,
}

/// A page of tags, and where the next one is.
struct Tags {
    tags: Vec<String>,
    next: Option<Url>,
}

impl Repository {
    /// The repository of a source.
    ///
    /// # Errors
    ///
    /// When the source is no repository, or the libraries cannot be set up.
    pub(super) fn new(
        source: &PluginSource,
        access: Access,
        system: &dyn System,
    ) -> Result<Self, Failure> {
        Ok(Self { connection: Connection::new(source, access, system)? })
    }

    /// `team/greet`
    pub(super) fn path(&self) -> &str {
        self.connection.path()
    }

    /// The tags; nothing, when there is no such repository.
    pub(super) async fn tags(&self) -> Result<Option<Vec<String>>, Failure> {
        in_time(PAGE_TIME, async {
            let host = self.connection.host();
            let mut url = self.connection.below("tags/list?n=1000")?;
            let mut tags = Vec::new();
            for _ in 0..MOST_PAGES {
                let Some(page) = patiently(|| self.page(&url)).await? else { return Ok(None) };
                tags.extend(page.tags);
                if tags.len() > MOST_TAGS {
                    return Err(Failure::new(format!("`{host}` has more than {MOST_TAGS} tags")));
                }
                match page.next {
                    Some(next) => url = next,
                    None => return Ok(Some(tags)),
                }
            }
            Err(Failure::new(format!("`{host}` has more than {MOST_PAGES} pages of tags")))
        })
        .await
    }

    async fn page(&self, url: &Url) -> Result<Option<Tags>, Trouble<Failure>> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default)]
            tags: Option<Vec<String>>,
        }
        let response = self.connection.ask(Method::GET, url, "application/json").await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.connection.sound(response).await?;
        let next = self.connection.next_page(&response);
        let text = self.connection.whole(response, PAGE, "a list of tags").await?;
        let list: List = serde_json::from_slice(&text).map_err(|error| {
            Failure::because(format!("`{}` gives no list of tags", self.connection.host()), &error)
        })?;
        Ok(Some(Tags { tags: list.tags.unwrap_or_default(), next }))
    }

    /// An index or a manifest, by a tag or by what is known of it; nothing when it is not there.
    pub(super) async fn manifest(
        &self,
        name: &str,
        known: Option<&Descriptor>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let url = self.connection.below(&format!("manifests/{name}"))?;
        let text = in_time(PAGE_TIME, patiently(|| self.text(&url))).await?;
        if let (Some(text), Some(known)) = (&text, known) {
            let digest = digest_of(text);
            if digest != known.digest || text.len() as u64 != known.size {
                let host = self.connection.host();
                let wanted = &known.digest;
                let message =
                    format!("`{host}` gave something with the digest {digest} for {wanted}");
                return Err(Failure::new(message).help("ask those who keep the registry"));
            }
        }
        Ok(text)
    }

    async fn text(&self, url: &Url) -> Result<Option<Vec<u8>>, Trouble<Failure>> {
        let either = format!("{INDEX}, {MANIFEST}");
        let response = self.connection.ask(Method::GET, url, &either).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.connection.sound(response).await?;
        self.connection.whole(response, PAGE, "a manifest").await.map(Some)
    }

    /// Something that is named by its digest, into a file; returns its SHA-256.
    pub(super) async fn blob(&self, digest: &str, to: &Path) -> Result<String, Failure> {
        let url = self.connection.below(&format!("blobs/{digest}"))?;
        let fetching = patiently(|| async {
            let response =
                self.connection.ask(Method::GET, &url, "application/octet-stream").await?;
            let response = self.connection.sound(response).await?;
            let failure = |error| trouble(self.connection.host(), error);
            let bounds = Bounds { most: PROGRAM, what: "a program", failure: &failure };
            bounds.written_to(response, to).await
        });
        in_time(PROGRAM_TIME, fetching).await
    }

    /// Sends something that the registry does not have.
    pub(super) async fn put_blob(
        &self,
        digest: &str,
        content: &Content<'_>,
    ) -> Result<(), Failure> {
        in_time(PROGRAM_TIME, patiently(|| self.send_blob(digest, content))).await
    }

    async fn send_blob(&self, digest: &str, content: &Content<'_>) -> Result<(), Trouble<Failure>> {
        let connection = &self.connection;
        let known = connection.below(&format!("blobs/{digest}"))?;
        let known = connection.ask(Method::HEAD, &known, "application/octet-stream").await?;
        if known.status().is_success() {
            return Ok(());
        }
        let uploads = connection.below("blobs/uploads/")?;
        let empty = |request: RequestBuilder| Ok(request.header(CONTENT_LENGTH, 0));
        let begun = connection.send(&Method::POST, &uploads, &empty).await?;
        let begun = connection.sound(begun).await?;
        let mut place = connection.location(&begun)?;
        place.query_pairs_mut().append_pair("digest", digest);
        let length = content.length()?;
        let whole = |request: RequestBuilder| {
            let request = request.header(CONTENT_TYPE, "application/octet-stream");
            Ok(request.header(CONTENT_LENGTH, length).body(content.body()?))
        };
        let answer = connection.send(&Method::PUT, &place, &whole).await?;
        connection.sound(answer).await.map(|_| ())
    }

    /// Gives a name to an index or a manifest.
    pub(super) async fn put_manifest(
        &self,
        name: &str,
        kind: &'static str,
        text: &[u8],
    ) -> Result<(), Failure> {
        let url = self.connection.below(&format!("manifests/{name}"))?;
        let sending = patiently(|| async {
            let whole = |request: RequestBuilder| {
                Ok(request.header(CONTENT_TYPE, kind).body(text.to_vec()))
            };
            let answer = self.connection.send(&Method::PUT, &url, &whole).await?;
            self.connection.sound(answer).await.map(|_| ())
        });
        in_time(PAGE_TIME, sending).await
    }
}

/// The digest of something.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(&Sha256::digest(bytes)))
}

async fn in_time<T>(
    time: Duration,
    asking: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(time, asking).await.unwrap_or_else(|_| {
        Err(Failure::new(format!("the registry takes longer than {} seconds", time.as_secs())))
    })
}
