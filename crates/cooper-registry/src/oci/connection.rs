//! Requests about one repository, and who is told who asks.

use std::time::Duration;

use cooper_build::{Failure, PluginSource};
use cooper_container::reference::{DEFAULT_REGISTRY, Reference};
use cooper_hcl::System;
use cooper_web::client;
use cooper_web::redirect::{MOST_REDIRECTS, redirected};
use cooper_web::retry::Trouble;
use cooper_web::tls::Trust;
use reqwest::header::{ACCEPT, AUTHORIZATION, LINK, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};

use super::access::Access;
use super::complaint::complaints;
use super::identity::{Identity, trouble};
use super::insecure::Insecure;
use crate::body::{Bounds, broken};

/// To reach a server.
const CONNECT: Duration = Duration::from_secs(20);

/// Without a single byte.
const IDLE: Duration = Duration::from_secs(60);

/// Bytes of what a registry says of a mistake.
const COMPLAINT: u64 = 1 << 20;

/// Where Docker Hub is asked, whose images are called otherwise.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// What a request has besides its address; it may be made twice.
type Made = Result<RequestBuilder, Failure>;

/// A way to a repository.
pub(super) struct Connection {
    client: Client,
    /// `https://registry.example/v2/team/greet/`
    base: Url,
    identity: Identity,
}

impl Connection {
    /// To the repository of a source. Nobody is asked yet.
    ///
    /// # Errors
    ///
    /// When the source is no repository, or the libraries cannot be set up.
    pub(super) fn new(
        source: &PluginSource,
        access: Access,
        system: &dyn System,
    ) -> Result<Self, Failure> {
        let host = source.host();
        let because = |error: &(dyn std::error::Error + 'static)| {
            Failure::because(format!("`{source}` is no repository"), error)
        };
        let name = format!("{host}/{}/{}", source.namespace(), source.name());
        let reference = Reference::parse(&name).map_err(|error| because(&error))?;
        let insecure = Insecure::of(system);
        let scheme = if insecure.has(host) { "http" } else { "https" };
        let server = match &*reference.registry {
            DEFAULT_REGISTRY => DOCKER_HUB,
            other => other,
        };
        let base = Url::parse(&format!("{scheme}://{server}/v2/{}/", reference.repository));
        let base = base.map_err(|error| because(&error))?;
        let builder = client::builder(Trust::System, |name| system.env(name));
        let builder = builder.map_err(|error| Failure::because("cannot set up TLS", &error))?;
        let client = builder.connect_timeout(CONNECT).read_timeout(IDLE).build();
        let client =
            client.map_err(|error| Failure::because("cannot make an HTTP client", &error))?;
        Ok(Self { client, base, identity: Identity::new(reference, access, insecure) })
    }

    /// The registry: `registry.example`.
    pub(super) fn host(&self) -> &str {
        self.identity.host()
    }

    /// `team/greet`
    pub(super) fn path(&self) -> &str {
        self.identity.path()
    }

    /// An address below the repository's.
    pub(super) fn below(&self, path: &str) -> Result<Url, Failure> {
        let url = self.base.join(path);
        url.map_err(|error| Failure::because(format!("`{path}` is no address"), &error))
    }

    /// The answer to a question, wherever it is.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &Url,
        accept: &str,
    ) -> Result<Response, Trouble<Failure>> {
        let mut next = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let question = |request: RequestBuilder| Ok(request.header(ACCEPT, accept));
            let response = self.send(&method, &next, &question).await?;
            let target = redirected(&response);
            let Some(target) = target.map_err(|error| Failure::new(error.to_string()))? else {
                return Ok(response);
            };
            self.check_encryption(&next, &target)?;
            next = target;
        }
        let host = self.host();
        Err(Failure::new(format!("`{host}` redirects more than {MOST_REDIRECTS} times")).into())
    }

    /// Sends a request; when the registry asks who we are, once more with the answer. Another server
    /// is never told.
    pub(super) async fn send(
        &self,
        method: &Method,
        url: &Url,
        make: &(dyn Fn(RequestBuilder) -> Made + Send + Sync),
    ) -> Result<Response, Trouble<Failure>> {
        let is_ours = self.is_ours(url);
        let mut has_answered = false;
        loop {
            let mut request = make(self.client.request(method.clone(), url.clone()))?;
            if is_ours && let Some(header) = self.identity.header().await {
                request = request.header(AUTHORIZATION, header);
            }
            let failure = |error| trouble(url.host_str().unwrap_or_default(), error);
            let response = request.send().await.map_err(|error| broken(error, failure))?;
            if response.status() != StatusCode::UNAUTHORIZED || has_answered || !is_ours {
                return Ok(response);
            }
            has_answered = true;
            self.identity.answer(response.headers(), &self.base, &self.client).await?;
        }
    }

    /// An answer that is a success; what the registry says of it when it is none.
    pub(super) async fn sound(&self, response: Response) -> Result<Response, Trouble<Failure>> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let verdict = Trouble::of_answer(&response, ());
        let text = self.whole(response, COMPLAINT, "a complaint").await.unwrap_or_default();
        let causes = complaints(&text);
        let host = self.host();
        let failure = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                self.identity.refused(status, causes).await
            }
            status => {
                let failure = Failure::new(format!("`{host}` answers with {status}"));
                let failure = causes.into_iter().fold(failure, Failure::caused_by);
                match status {
                    StatusCode::METHOD_NOT_ALLOWED => failure
                        .help("does it take anything, or is it a mirror that can only be read?"),
                    status if status.is_server_error() => failure.help("try again later"),
                    _ => failure,
                }
            }
        };
        Err(verdict.map(|()| failure))
    }

    /// The bytes of an answer.
    pub(super) async fn whole(
        &self,
        response: Response,
        most: u64,
        what: &str,
    ) -> Result<Vec<u8>, Trouble<Failure>> {
        let failure = |error| trouble(self.host(), error);
        Bounds { most, what, failure: &failure }.whole(response).await
    }

    /// Where an upload goes on.
    pub(super) fn location(&self, response: &Response) -> Result<Url, Failure> {
        let location = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let place = location.and_then(|place| response.url().join(place).ok());
        let place = place.filter(|place| matches!(place.scheme(), "http" | "https"));
        let place = place.ok_or_else(|| {
            Failure::new(format!("`{}` does not say where the upload goes", self.host()))
        })?;
        self.check_encryption(response.url(), &place)?;
        Ok(place)
    }

    /// The next page of a list, as `Link` names it. Nothing when that is on another server, which
    /// would be asked without being trusted with anything.
    pub(super) fn next_page(&self, response: &Response) -> Option<Url> {
        let link = response.headers().get(LINK)?.to_str().ok()?;
        let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
        let is_next = rest.contains("rel=\"next\"") || rest.contains("rel=next");
        let next = is_next.then(|| response.url().join(address).ok()).flatten();
        next.filter(|next| self.is_ours(next))
    }

    fn check_encryption(&self, from: &Url, to: &Url) -> Result<(), Failure> {
        if from.scheme() == "https" && to.scheme() != "https" {
            let to = to.host_str().unwrap_or_default();
            let message = format!("`{}` sends us to `{to}` without encryption", self.host());
            return Err(Failure::new(message).help("ask those who keep the registry"));
        }
        Ok(())
    }

    /// Whether an address is of the registry itself, which may know who we are.
    fn is_ours(&self, url: &Url) -> bool {
        (url.scheme(), url.host(), url.port_or_known_default())
            == (self.base.scheme(), self.base.host(), self.base.port_or_known_default())
    }
}
