//! Docker's engine, and others that speak its API, version 1.41 or newer.

mod build;
mod config;
mod container;
mod exec;
mod failure;
mod image;
mod request;
mod ssh;
mod stillness;
mod stream;
mod tls;
mod transport;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::{ClientVersion, Docker};
use futures::future::BoxFuture;
use hyper::{Method, Request};
use tokio::sync::OnceCell;

pub(crate) use config::config_folder;
pub use config::{DockerConfig, Environment};

use crate::credentials::{Credentials, Registries};
use crate::engine::{Container, ContainerEngine, ImageBuild, ImageInfo, Import, Progress};
use crate::error::{Error, Result};
use crate::spec::ContainerSpec;
use transport::Transport;

/// The oldest API that will do.
const OLDEST: Version = (1, 41);

/// The newest API that was tried; a newer engine is spoken to in this one.
const NEWEST: Version = (1, 47);

/// How long an engine may take to say who it is.
const GREETING_TIMEOUT: Duration = Duration::from_secs(30);

/// A year: an answer takes as long as it takes, and whoever asked may stop waiting.
const ANSWER_TIMEOUT_SECONDS: u64 = 365 * 24 * 60 * 60;

type Version = (usize, usize);

/// Docker's engine.
///
/// Nothing is contacted before the first request. One value serves the whole process: it keeps
/// its connections.
pub struct DockerEngine {
    transport: Arc<Transport>,
    connection: OnceCell<Connection>,
}

/// An engine that has said which API it speaks.
#[derive(Clone)]
struct Connection {
    docker: Docker,
    transport: Arc<Transport>,
    version: Version,
    kind: Kind,
}

/// Whose engine it is, where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Docker,
    Podman,
}

impl DockerEngine {
    /// Prepares to talk to an engine; nothing is contacted yet.
    pub fn connect(config: &DockerConfig) -> Self {
        Self { transport: Arc::new(Transport::new(config)), connection: OnceCell::new() }
    }

    /// The engine's address, as `DOCKER_HOST` would have it.
    pub fn address(&self) -> &str {
        self.transport.address()
    }

    /// Asks the engine who it is, the first time.
    async fn connection(&self) -> Result<&Connection> {
        self.connection
            .get_or_try_init(|| async { Connection::open(self.transport.clone()).await })
            .await
    }
}

impl Connection {
    async fn open(transport: Arc<Transport>) -> Result<Self> {
        let (version, kind) = tokio::time::timeout(GREETING_TIMEOUT, greet(&transport))
            .await
            .unwrap_or_else(|_| {
                Err(Error::Unreachable {
                    address: transport.address().to_owned(),
                    reason: "it did not answer within 30 seconds".to_owned(),
                })
            })?;
        transport.pin_version(&format!("{}.{}", version.0, version.1));
        let sender = transport.clone();
        let docker = Docker::connect_with_custom_transport(
            move |request| {
                let transport = sender.clone();
                async move { transport.send(request).await }
            },
            Some(transport.url()),
            ANSWER_TIMEOUT_SECONDS,
            &ClientVersion { major_version: version.0, minor_version: version.1 },
        )
        .map_err(failure::failure)?;
        Ok(Self { docker, transport, version, kind })
    }
}

/// The API version to speak: the engine's newest, within what we know. And whose engine it is.
async fn greet(transport: &Transport) -> Result<(Version, Kind)> {
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("{}/_ping", transport.url()))
        .body(bollard::body_full(bytes::Bytes::new()))
        .map_err(|error| failure::failure(error.into()))?;
    let response = transport.send(request).await.map_err(failure::failure)?;
    let version = response.headers().get("api-version").cloned();
    let podman = response.headers().contains_key("libpod-api-version");
    let version = version.as_ref().and_then(|value| value.to_str().ok());
    let Some(theirs) = version.and_then(parse_version) else {
        return Err(Error::Configuration(format!(
            "what answers at {} is no Docker engine: it does not tell its API version",
            transport.address()
        )));
    };
    if theirs < OLDEST {
        return Err(Error::Configuration(format!(
            "the Docker engine at {} is too old: it speaks API {}.{} and at least {}.{} \
             (Docker 20.10) is needed",
            transport.address(),
            theirs.0,
            theirs.1,
            OLDEST.0,
            OLDEST.1
        )));
    }
    Ok((theirs.min(NEWEST), if podman { Kind::Podman } else { Kind::Docker }))
}

fn parse_version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl ContainerEngine for DockerEngine {
    fn pull<'a>(
        &'a self,
        image: &'a str,
        platform: Option<&'a str>,
        credentials: &'a Credentials,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let connection = self.connection().await?;
            image::pull(connection, image, platform, credentials, progress).await
        })
    }

    fn inspect_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<ImageInfo>> {
        Box::pin(async move { image::inspect(self.connection().await?, image).await })
    }

    fn build_image<'a>(
        &'a self,
        build: &'a ImageBuild,
        registries: &'a Registries,
        output: &'a mut (dyn FnMut(String) + Send),
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let connection = self.connection().await?;
            build::build(connection, build, registries, output).await
        })
    }

    fn start<'a>(&'a self, spec: &'a ContainerSpec) -> BoxFuture<'a, Result<Arc<dyn Container>>> {
        Box::pin(async move { container::start(self.connection().await?, spec).await })
    }

    fn tag<'a>(
        &'a self,
        image: &'a str,
        repository: &'a str,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { image::tag(self.connection().await?, image, repository, tag).await })
    }

    fn push<'a>(
        &'a self,
        reference: &'a str,
        platform: Option<&'a str>,
        credentials: &'a Credentials,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let connection = self.connection().await?;
            image::push(connection, reference, platform, credentials, progress).await
        })
    }

    fn save<'a>(&'a self, images: &'a [String], path: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { image::save(self.connection().await?, images, path).await })
    }

    fn import<'a>(&'a self, import: &'a Import) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { image::import(self.connection().await?, import).await })
    }

    fn remove_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { image::remove(self.connection().await?, image).await })
    }

    fn sweep(&self) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move { container::sweep(self.connection().await?).await })
    }
}
