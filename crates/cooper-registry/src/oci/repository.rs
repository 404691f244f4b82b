//! A repository in a registry, by the distribution protocol of the Open Container Initiative.
//!
//! Whoever answers is not trusted: bodies have bounds, what has a digest is compared with it, who we
//! are is told to the registry and to the server of tokens that it names, and nothing that was asked
//! by TLS goes on without.

use std::fs::File;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cooper_build::{Failure, PluginSource};
use cooper_container::credentials::{Credentials, for_reference};
use cooper_container::reference::Reference;
use cooper_hcl::System;
use cooper_web::redirect::{MOST_REDIRECTS, redirected};
use cooper_web::tls::Trust;
use cooper_web::{client, trouble};
use futures::TryStreamExt;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LINK, LOCATION,
    WWW_AUTHENTICATE,
};
use reqwest::{Body, Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio_util::io::ReaderStream;

use super::challenge::Challenge;
use super::manifest::{Descriptor, INDEX, MANIFEST};
use crate::hexadecimal::hexadecimal;

/// Names registries that are asked without TLS, as Docker's `insecure-registries` does.
const INSECURE: &str = "COOPER_INSECURE_REGISTRIES";

/// To reach a server.
const CONNECT: Duration = Duration::from_secs(20);

/// Without a single byte.
const IDLE: Duration = Duration::from_secs(60);

/// A list, a manifest, a token, with everything.
const PAGE_TIME: Duration = Duration::from_secs(60);

/// A program, with everything.
const PROGRAM_TIME: Duration = Duration::from_secs(30 * 60);

/// Bytes of a list, a manifest, a token.
const PAGE: usize = 4 << 20;

/// Bytes of what a registry says of a mistake.
const COMPLAINT: usize = 64 << 10;

/// Bytes of a program.
pub(super) const PROGRAM: u64 = 512 << 20;

/// Pages of a list.
const MOST_PAGES: usize = 100;

/// A repository, and who we are to it.
pub(super) struct Repository {
    client: Client,
    /// `https://registry.example/v2/`
    base: Url,
    /// `team/greet`
    path: String,
    /// Whose credentials are sent.
    reference: Reference,
    /// What is to be allowed: `pull`, `pull,push`.
    actions: &'static str,
    /// Registries that are asked without TLS.
    insecure: Vec<String>,
    authorization: Mutex<Option<HeaderValue>>,
}

impl Repository {
    /// The repository of a source.
    ///
    /// # Errors
    ///
    /// When the source is no repository, or the libraries cannot be set up.
    pub(super) fn new(
        source: &PluginSource,
        actions: &'static str,
        system: &dyn System,
    ) -> Result<Self, Failure> {
        let host = source.host().to_owned();
        let path = format!("{}/{}", source.namespace(), source.name());
        let because = |error: &(dyn std::error::Error + 'static)| {
            Failure::because(format!("`{source}` is no repository"), error)
        };
        let reference =
            Reference::parse(&format!("{host}/{path}")).map_err(|error| because(&error))?;
        let insecure = system.env(INSECURE).unwrap_or_default();
        let insecure: Vec<String> =
            insecure.split(',').map(|host| host.trim().to_owned()).collect();
        let scheme = if is_insecure(&host, &insecure) { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/v2/{path}/"));
        let base = base.map_err(|error| because(&error))?;
        let builder = client::builder(Trust::System, |name| system.env(name));
        let builder = builder.map_err(|error| Failure::because("cannot set up TLS", &error))?;
        let client = builder.connect_timeout(CONNECT).read_timeout(IDLE).build();
        let client =
            client.map_err(|error| Failure::because("cannot make an HTTP client", &error))?;
        let authorization = Mutex::default();
        Ok(Self { client, base, path, reference, actions, insecure, authorization })
    }

    /// `team/greet`
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn host(&self) -> &str {
        &self.reference.registry
    }

    /// An address below the repository's.
    fn below(&self, path: &str) -> Result<Url, Failure> {
        let url = self.base.join(path);
        url.map_err(|error| Failure::because(format!("`{path}` is no address"), &error))
    }

    /// The tags; nothing, when there is no such repository.
    pub(super) async fn tags(&self) -> Result<Option<Vec<String>>, Failure> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default)]
            tags: Option<Vec<String>>,
        }
        let mut url = self.below("tags/list?n=1000")?;
        let mut tags = Vec::new();
        for _ in 0..MOST_PAGES {
            let response = self.get(&url, "application/json").await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let next = next_page(&response);
            let text = in_time(PAGE_TIME, self.whole(self.sound(response).await?)).await?;
            let list: List = serde_json::from_slice(&text).map_err(|error| {
                Failure::because(format!("`{}` gives no list of tags", self.host()), &error)
            })?;
            tags.extend(list.tags.unwrap_or_default());
            match next {
                // Another server would be asked without being trusted with anything.
                Some(next) if self.is_ours(&next) => url = next,
                Some(_) | None => return Ok(Some(tags)),
            }
        }
        Err(Failure::new(format!("`{}` has more than {MOST_PAGES} pages of tags", self.host())))
    }

    /// An index or a manifest, by a tag or by what is known of it; nothing when it is not there.
    pub(super) async fn manifest(
        &self,
        name: &str,
        known: Option<&Descriptor>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let url = self.below(&format!("manifests/{name}"))?;
        let response = self.get(&url, &either()).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let text = in_time(PAGE_TIME, self.whole(self.sound(response).await?)).await?;
        if let Some(known) = known {
            let digest = digest_of(&text);
            if digest != known.digest || text.len() as u64 != known.size {
                let message = format!(
                    "`{}` gave something with the digest {digest} for {}",
                    self.host(),
                    known.digest
                );
                return Err(Failure::new(message).help("ask those who keep the registry"));
            }
        }
        Ok(Some(text))
    }

    /// Something that is named by its digest, into a new file; returns its SHA-256.
    pub(super) async fn blob(&self, digest: &str, to: &Path) -> Result<String, Failure> {
        let unwritable = |error: io::Error| {
            Failure::because(format!("`{}` cannot be written", to.display()), &error)
        };
        let url = self.below(&format!("blobs/{digest}"))?;
        let too_large = || Failure::new(format!("a program is larger than {} MiB", PROGRAM >> 20));
        in_time(PROGRAM_TIME, async {
            let response = self.get(&url, "application/octet-stream").await?;
            let mut response = self.sound(response).await?;
            if response.content_length().is_some_and(|length| length > PROGRAM) {
                return Err(too_large());
            }
            let mut file = File::create_new(to).map_err(unwritable)?;
            let (mut hash, mut length) = (Sha256::new(), 0);
            while let Some(part) = response.chunk().await.map_err(|error| self.trouble(error))? {
                length += part.len() as u64;
                if length > PROGRAM {
                    return Err(too_large());
                }
                hash.update(&part);
                file.write_all(&part).map_err(unwritable)?;
            }
            Ok(hexadecimal(&hash.finalize()))
        })
        .await
    }

    /// Whether the registry has something already.
    pub(super) async fn has_blob(&self, digest: &str) -> Result<bool, Failure> {
        let url = self.below(&format!("blobs/{digest}"))?;
        let response = self.send(&Method::HEAD, &url, &|request| Ok(request)).await?;
        Ok(response.status().is_success())
    }

    /// Sends something that the registry does not have.
    pub(super) async fn put_blob(&self, digest: &str, blob: &Blob<'_>) -> Result<(), Failure> {
        if self.has_blob(digest).await? {
            return Ok(());
        }
        let url = self.below("blobs/uploads/")?;
        let begun =
            self.send(&Method::POST, &url, &|request| Ok(request.header(CONTENT_LENGTH, 0)));
        let begun = self.sound(begun.await?).await?;
        let mut place = self.location(&begun)?;
        place.query_pairs_mut().append_pair("digest", digest);
        let length = blob.length()?;
        let whole = |request: RequestBuilder| {
            let request = request.header(CONTENT_TYPE, "application/octet-stream");
            Ok(request.header(CONTENT_LENGTH, length).body(blob.body()?))
        };
        let answer = in_time(PROGRAM_TIME, self.send(&Method::PUT, &place, &whole)).await?;
        self.sound(answer).await.map(|_| ())
    }

    /// Gives a name to an index or a manifest.
    pub(super) async fn put_manifest(
        &self,
        name: &str,
        kind: &'static str,
        text: &[u8],
    ) -> Result<(), Failure> {
        let url = self.below(&format!("manifests/{name}"))?;
        let text = text.to_vec();
        let whole =
            |request: RequestBuilder| Ok(request.header(CONTENT_TYPE, kind).body(text.clone()));
        let answer = in_time(PAGE_TIME, self.send(&Method::PUT, &url, &whole)).await?;
        self.sound(answer).await.map(|_| ())
    }

    /// Where an upload goes on.
    fn location(&self, response: &Response) -> Result<Url, Failure> {
        let location = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let place = location.and_then(|place| response.url().join(place).ok());
        let place = place.filter(|place| matches!(place.scheme(), "http" | "https"));
        let place = place.ok_or_else(|| {
            Failure::new(format!("`{}` does not say where the upload goes", self.host()))
        })?;
        self.check_encryption(response.url(), &place)?;
        Ok(place)
    }

    fn check_encryption(&self, from: &Url, to: &Url) -> Result<(), Failure> {
        if from.scheme() == "https" && to.scheme() != "https" {
            let to = to.host_str().unwrap_or_default();
            let message = format!("`{}` sends us to `{to}` without encryption", self.host());
            return Err(Failure::new(message).help("ask those who keep the registry"));
        }
        Ok(())
    }

    /// The answer to a question, wherever it is.
    async fn get(&self, url: &Url, accept: &str) -> Result<Response, Failure> {
        let mut next = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let question = |request: RequestBuilder| Ok(request.header(ACCEPT, accept));
            let response = self.send(&Method::GET, &next, &question).await?;
            let target = redirected(&response);
            let Some(target) = target.map_err(|error| Failure::new(error.to_string()))? else {
                return Ok(response);
            };
            self.check_encryption(&next, &target)?;
            next = target;
        }
        Err(Failure::new(format!("`{}` redirects more than {MOST_REDIRECTS} times", self.host())))
    }

    /// Whether an address is of the registry itself, which may know who we are.
    fn is_ours(&self, url: &Url) -> bool {
        (url.scheme(), url.host(), url.port_or_known_default())
            == (self.base.scheme(), self.base.host(), self.base.port_or_known_default())
    }

    /// Sends a request; when the registry asks who we are, once more with the answer.
    async fn send(
        &self,
        method: &Method,
        url: &Url,
        make: &(dyn Fn(RequestBuilder) -> Result<RequestBuilder, Failure> + Send + Sync),
    ) -> Result<Response, Failure> {
        let is_ours = self.is_ours(url);
        let mut has_told = false;
        loop {
            let mut request = make(self.client.request(method.clone(), url.clone()))?;
            let known = self.authorization.lock().await.clone();
            if let Some(authorization) = known.filter(|_| is_ours) {
                request = request.header(AUTHORIZATION, authorization);
            }
            let response = request.send().await.map_err(|error| self.trouble(error))?;
            if response.status() != StatusCode::UNAUTHORIZED || has_told || !is_ours {
                return Ok(response);
            }
            has_told = true;
            let told = in_time(PAGE_TIME, self.tell(&response)).await?;
            *self.authorization.lock().await = Some(told);
        }
    }

    /// What tells the registry who we are.
    async fn tell(&self, response: &Response) -> Result<HeaderValue, Failure> {
        let host = self.host();
        let credentials = for_reference(&self.reference).await.map_err(|error| {
            Failure::because(format!("cannot tell `{host}` who we are"), &error)
        })?;
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge =
            challenges.filter_map(|header| Challenge::parse(header.to_str().ok()?)).next();
        match challenge {
            Some(Challenge::Basic) => match &credentials {
                Credentials::Password { username, password } => basic(username, password),
                Credentials::Anonymous | Credentials::IdentityToken(_) => Err(self.unknown()),
            },
            Some(Challenge::Bearer { realm, service }) => {
                self.token(&realm, service.as_deref(), &credentials).await
            }
            None => {
                Err(Failure::new(format!("`{host}` wants to know who we are in no way we know")))
            }
        }
    }

    fn unknown(&self) -> Failure {
        let host = self.host();
        Failure::new(format!("`{host}` wants to know who we are"))
            .help(format!("`docker login {host}` keeps a name and a password for it"))
    }

    /// A token from the server that the registry names.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        credentials: &Credentials,
    ) -> Result<HeaderValue, Failure> {
        #[derive(Deserialize)]
        struct Token {
            #[serde(default)]
            token: String,
            #[serde(default)]
            access_token: String,
        }
        let host = self.host();
        let url = Url::parse(realm).ok().filter(|url| {
            let server = url.host_str().unwrap_or_default();
            let is_open = self.base.scheme() == "http" && is_insecure(server, &self.insecure);
            url.scheme() == "https" || (url.scheme() == "http" && (is_open || self.is_ours(url)))
        });
        let Some(mut url) = url else {
            let realm = realm.escape_debug();
            let message = format!("`{host}` wants a token of `{realm}`, which is not asked");
            return Err(Failure::new(message).help("ask those who keep the registry"));
        };
        let scope = format!("repository:{}:{}", self.path, self.actions);
        let request = match credentials {
            Credentials::IdentityToken(refresh) => {
                // A query is written as a form is.
                let mut form = url.clone();
                form.query_pairs_mut()
                    .clear()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", refresh)
                    .append_pair("client_id", "cooper")
                    .append_pair("scope", &scope)
                    .extend_pairs(service.map(|service| ("service", service)));
                let form = form.query().unwrap_or_default().to_owned();
                let kind = "application/x-www-form-urlencoded";
                self.client.post(url.clone()).header(CONTENT_TYPE, kind).body(form)
            }
            Credentials::Anonymous | Credentials::Password { .. } => {
                if let Some(service) = service {
                    url.query_pairs_mut().append_pair("service", service);
                }
                url.query_pairs_mut().append_pair("scope", &scope);
                let request = self.client.get(url.clone());
                match credentials {
                    Credentials::Password { username, password } => {
                        request.header(AUTHORIZATION, basic(username, password)?)
                    }
                    _ => request,
                }
            }
        };
        let response = request.send().await.map_err(|error| self.trouble(error))?;
        if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(self.unknown());
        }
        let text = self.whole(self.sound(response).await?).await?;
        let token: Token = serde_json::from_slice(&text)
            .map_err(|_| Failure::new(format!("`{host}` gives no token")))?;
        let token = if token.token.is_empty() { token.access_token } else { token.token };
        sensitive(&format!("Bearer {token}"))
    }

    /// The bytes of an answer.
    async fn whole(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.trouble(error))? {
            if text.len() + part.len() > PAGE {
                let message =
                    format!("an answer of `{}` is larger than {} MiB", self.host(), PAGE >> 20);
                return Err(Failure::new(message));
            }
            text.extend_from_slice(&part);
        }
        Ok(text)
    }

    /// An answer that is a success; what the registry says of it when it is none.
    async fn sound(&self, mut response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let mut text = Vec::new();
        while let (true, Ok(Some(part))) = (text.len() < COMPLAINT, response.chunk().await) {
            text.extend_from_slice(&part);
        }
        let failure = Failure::new(format!("`{}` answers with {status}", self.host()));
        let failure = complaints(&text).into_iter().fold(failure, Failure::caused_by);
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => failure
                .help(format!("`docker login {}` keeps a name and a password for it", self.host())),
            status if status.is_server_error() => failure.help("try again later"),
            _ => failure,
        })
    }

    /// What went wrong on the way.
    fn trouble(&self, error: reqwest::Error) -> Failure {
        let host = self.host();
        if error.is_timeout() {
            return Failure::new(format!("`{host}` does not answer"));
        }
        let message = match error.is_connect() {
            true => format!("cannot reach `{host}`"),
            false => format!("cannot talk to `{host}`"),
        };
        let failure =
            trouble::causes(error).into_iter().fold(Failure::new(message), Failure::caused_by);
        failure.help(format!("a registry without TLS is named in `{INSECURE}`"))
    }
}

/// What is sent to a registry.
pub(super) enum Blob<'a> {
    /// What is in a file.
    File(&'a Path),
    /// These bytes.
    Bytes(&'static [u8]),
}

impl Blob<'_> {
    fn length(&self) -> Result<u64, Failure> {
        match self {
            Self::File(path) => std::fs::metadata(path).map(|known| known.len()).map_err(|error| {
                Failure::because(format!("`{}` cannot be read", path.display()), &error)
            }),
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    fn body(&self) -> Result<Body, Failure> {
        match self {
            Self::File(path) => {
                let file = File::open(path).map_err(|error| {
                    Failure::because(format!("`{}` cannot be read", path.display()), &error)
                })?;
                let pieces =
                    ReaderStream::with_capacity(tokio::fs::File::from_std(file), 256 << 10);
                Ok(Body::wrap(StreamBody::new(pieces.map_ok(Frame::data))))
            }
            Self::Bytes(bytes) => Ok(Body::from(*bytes)),
        }
    }
}

/// Both kinds that a tag may name.
fn either() -> String {
    format!("{INDEX}, {MANIFEST}")
}

/// Whether a registry is asked without TLS: one on this machine, or one that the user names.
fn is_insecure(host: &str, named: &[String]) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let is_here = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    name == "localhost" || is_here || named.iter().any(|known| known == host || known == name)
}

fn basic(username: &str, password: &str) -> Result<HeaderValue, Failure> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}

fn sensitive(text: &str) -> Result<HeaderValue, Failure> {
    let header = HeaderValue::from_str(text);
    let mut header = header.map_err(|_| Failure::new("a token cannot be sent"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// What a registry says went wrong.
fn complaints(text: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Complaints {
        errors: Vec<Complaint>,
    }
    #[derive(Deserialize)]
    struct Complaint {
        #[serde(default)]
        message: String,
    }
    let all = serde_json::from_slice::<Complaints>(text).map(|all| all.errors).unwrap_or_default();
    let messages = all.into_iter().take(3).map(|complaint| complaint.message);
    messages.filter(|message| !message.is_empty()).collect()
}

/// The next page of a list, as `Link` names it.
fn next_page(response: &Response) -> Option<Url> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("rel=\"next\"").then(|| response.url().join(address).ok()).flatten()
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
