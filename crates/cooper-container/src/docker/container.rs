//! Containers: starting, copying, committing, removing.

use std::sync::Arc;

use bollard::errors::Error as BollardError;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, DownloadFromContainerOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder, StartContainerOptions,
    UploadToContainerOptionsBuilder,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::oneshot;

use super::exec::{self, Kills};
use super::failure::failure;
use super::request::{answer, get, post_empty, post_json, watched};
use super::stillness::Stillness;
use super::stream::attended;
use super::{Connection, Kind};
use crate::engine::{Commit, Container, ContainerInfo, Exec, ExecOutput, PathInfo, PathKind};
use crate::error::{Error, Result};
use crate::owner;
use crate::spec::ContainerSpec;

/// How many of the last lines of a container's program are told, and how much of them.
const LAST_LINES: &str = "10";
const LAST_BYTES: usize = 4096;

/// A container of Docker's engine.
struct DockerContainer {
    connection: Connection,
    id: String,
    kills: Kills,
    stillness: Stillness,
    /// What tells whose it is when its name does not.
    companion: Option<String>,
}

pub(super) async fn start(
    connection: &Connection,
    spec: &ContainerSpec,
) -> Result<Arc<dyn Container>> {
    let create = spec.to_create_body();
    let name = create.query.name.clone();
    let platform = create.query.platform.clone();
    let body = create.to_json();
    let stillness = Stillness::new(spec);
    let (sender, started) = oneshot::channel();
    let connection = connection.clone();
    // A task of its own, because a request that nobody waits for would still make a container.
    tokio::spawn(async move {
        let result = create_and_start(connection, name, &platform, &body, stillness).await;
        if let Err(Ok(container)) = sender.send(result) {
            removed_or_told(&container).await;
        }
    });
    match started.await {
        Ok(result) => result.map(|container| Arc::new(container) as Arc<dyn Container>),
        Err(_) => Err(Error::Engine("the program is ending".to_owned())),
    }
}

/// What the engine answers when it has made something.
#[derive(serde::Deserialize)]
struct Created {
    #[serde(rename = "Id")]
    id: String,
}

async fn create_and_start(
    connection: Connection,
    name: Option<String>,
    platform: &str,
    body: &serde_json::Value,
    stillness: Stillness,
) -> Result<DockerContainer> {
    let mut container = DockerContainer {
        connection: connection.clone(),
        id: create(&connection, owner::container_name(), platform, body).await?,
        kills: Kills::default(),
        stillness,
        companion: None,
    };
    let started = async {
        if let Some(name) = name {
            container.companion = Some(companion(&container, platform, body).await?);
            let options = RenameContainerOptionsBuilder::new().name(&name).build();
            let renamed = connection.docker.rename_container(&container.id, options).await;
            renamed.map_err(failure)?;
        }
        let none = None::<StartContainerOptions>;
        let started = connection.docker.start_container(&container.id, none).await;
        started.map_err(failure)
    };
    if let Err(error) = started.await {
        removed_or_told(&container).await;
        return Err(error);
    }
    Ok(container)
}

/// Creates a container with a name that tells whose it is; returns its id.
async fn create(
    connection: &Connection,
    name: String,
    platform: &str,
    body: &serde_json::Value,
) -> Result<String> {
    let mut query = vec![("name", name.as_str())];
    if !platform.is_empty() {
        query.push(("platform", platform));
    }
    // Not by bollard: its type has no place for some of what API 1.41 can say.
    let request = post_json(connection, "/containers/create", &query, body)?;
    let created: Created = answer(connection, request).await?;
    Ok(created.id)
}

/// Creates the companion of a container that will have a name of the user's: one that never
/// runs, whose name tells whose both are and whose label tells which the other is. A label on
/// the container itself would end up in the image.
async fn companion(
    container: &DockerContainer,
    platform: &str,
    body: &serde_json::Value,
) -> Result<String> {
    let body = serde_json::json!({
        "Image": body["Image"],
        "Cmd": ["never run"],
        "Labels": { owner::COMPANION_LABEL: container.id },
        "HostConfig": { "NetworkMode": "none" },
    });
    create(&container.connection, owner::companion_name(), platform, &body).await
}

/// Removes a container that nobody will get; the first error is what counts.
async fn removed_or_told(container: &DockerContainer) {
    if let Err(error) = container.remove().await {
        tracing::warn!("a container is left behind: {error}");
    }
}

/// Removes what runs that are gone have left behind.
pub(super) async fn sweep(connection: &Connection) -> Result<usize> {
    let filters = serde_json::json!({ "name": [owner::CONTAINER_NAME_PATTERN] }).to_string();
    let query = [("all", "true"), ("filters", filters.as_str())];
    let request = get(connection, "/containers/json", &query)?;
    let found: Vec<ContainerSummary> = answer(connection, request).await?;
    let mut removed = 0;
    for container in found {
        let names = container.names.unwrap_or_default();
        let mut names = names.iter().map(|name| name.trim_start_matches('/'));
        let name = names.find(|name| owner::is_left_behind(name));
        let (Some(name), Some(id)) = (name, container.id) else {
            continue;
        };
        // First the one that it tells of; as long as that is there, it is needed. Labels come
        // from images too, so only a companion is believed, and only an id.
        let labels = container.labels.unwrap_or_default();
        let other = labels.get(owner::COMPANION_LABEL).filter(|id| owner::is_container_id(id));
        if let Some(other) = other.filter(|_| owner::is_companion(name)) {
            remove(connection, other).await?;
        }
        remove(connection, &id).await?;
        removed += 1;
    }
    Ok(removed)
}

async fn remove(connection: &Connection, id: &str) -> Result<()> {
    // Its anonymous volumes go with it.
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match connection.docker.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        // Gone, or somebody else is removing it.
        Err(BollardError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
        Err(BollardError::DockerResponseServerError { status_code: 409, message })
            if message.contains("already in progress") =>
        {
            Ok(())
        }
        Err(error) => Err(failure(error)),
    }
}

impl Container for DockerContainer {
    fn id(&self) -> &str {
        &self.id
    }

    fn inspect(&self) -> BoxFuture<'_, Result<ContainerInfo>> {
        Box::pin(async move {
            let found: ContainerInspectResponse = self.described().await?;
            let networks = found.network_settings.and_then(|settings| settings.networks);
            let ip_address = networks
                .into_iter()
                .flatten()
                .filter_map(|(_, endpoint)| endpoint.ip_address)
                .find(|address| !address.is_empty());
            let state = found.state.unwrap_or_default();
            if state.health.is_none() {
                self.stillness.has_no_health_check();
            }
            let running = state.running.unwrap_or(false);
            Ok(ContainerInfo {
                ip_address: ip_address.unwrap_or_default(),
                user: found.config.and_then(|config| config.user).unwrap_or_default(),
                running,
                exit_code: state.exit_code.filter(|_| !running),
            })
        })
    }

    fn last_words(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async move {
            let lines = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LAST_LINES);
            let mut logs = self.connection.docker.logs(&self.id, Some(lines.build()));
            let mut words = Vec::new();
            while let Some(piece) = logs.next().await {
                words.extend_from_slice(&piece.map_err(failure)?.into_bytes());
                if words.len() > LAST_BYTES {
                    // Half a line might be half a secret, which nobody would know again.
                    let end = words.len() - LAST_BYTES;
                    let line = words[end..].iter().position(|byte| *byte == b'\n');
                    words.drain(..line.map_or(words.len(), |line| end + line + 1));
                }
            }
            Ok(String::from_utf8_lossy(&words).trim().to_owned())
        })
    }

    fn exec<'a>(
        &'a self,
        exec: Exec,
        output: &'a mut (dyn ExecOutput + 'a),
    ) -> BoxFuture<'a, Result<i64>> {
        Box::pin(async move {
            let _disturbed = self.stillness.disturbed();
            exec::exec(&self.connection, &self.id, &self.kills, exec, output).await
        })
    }

    fn copy_in<'a>(
        &'a self,
        folder: &'a str,
        archive: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> BoxFuture<'a, Result<()>> {
        // No command runs meanwhile, and a commit may be next.
        self.stillness.look(&self.connection, &self.id);
        Box::pin(async move {
            let options = UploadToContainerOptionsBuilder::new()
                .path(folder)
                // A file never takes the place of a folder unasked.
                .no_overwrite_dir_non_dir("true")
                .build();
            let (archive, broken) = watched(archive);
            let body = bollard::body_try_stream(archive);
            let sent =
                self.connection.docker.upload_to_container(&self.id, Some(options), body).await;
            if let Some(source) = broken.take() {
                return Err(Error::Io {
                    what: format!("cannot read what is to be copied to `{folder}`"),
                    source,
                });
            }
            sent.map_err(failure)
        })
    }

    fn copy_out<'a>(
        &'a self,
        path: &'a str,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>> {
        Box::pin(async move {
            let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
            let stream = self.connection.docker.download_from_container(&self.id, Some(options));
            self.opened(stream.boxed()).await
        })
    }

    fn stat<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<PathInfo>>> {
        Box::pin(async move {
            let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
            let found =
                self.connection.docker.get_container_archive_info(&self.id, Some(options)).await;
            match found {
                Ok(stat) => Ok(Some(PathInfo {
                    kind: kind(stat.file_mode),
                    mode: permissions(stat.file_mode),
                    link_target: stat.link_target,
                })),
                // The answer has no body that could tell a missing path from a missing container.
                Err(BollardError::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
                Err(error) => Err(failure(error)),
            }
        })
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let Commit { author, message, changes, without_entrypoint } = commit;
            let changes = changes.join("\n");
            let still = self.stillness.is_still(&self.connection, &self.id).await;
            let pause = if still { "false" } else { "true" };
            let mut query = vec![("container", self.id.as_str()), ("pause", pause)];
            query.extend(author.as_deref().map(|author| ("author", author)));
            query.extend(message.as_deref().map(|message| ("comment", message)));
            if !changes.is_empty() {
                query.push(("changes", &changes));
            }
            // Without a body the changes start from the container's configuration, which they
            // can refer to: `ENV PATH=$PATH:/app`.
            let request = if *without_entrypoint {
                let mut config = self.config().await?;
                config["Entrypoint"] = serde_json::json!([]);
                post_json(&self.connection, "/commit", &query, &config)?
            } else if self.connection.kind == Kind::Podman {
                // Podman reads a body in any case, and takes nothing from it.
                post_json(&self.connection, "/commit", &query, &serde_json::json!({}))?
            } else {
                post_empty(&self.connection, "/commit", &query)?
            };
            let committed: Created = answer(&self.connection, request).await?;
            // Podman leaves out what an id begins with.
            let bare = owner::is_container_id(&committed.id);
            Ok(if bare { format!("sha256:{}", committed.id) } else { committed.id })
        })
    }

    fn export(&self) -> BoxFuture<'_, Result<BoxStream<'static, Result<Bytes>>>> {
        Box::pin(async move {
            let stream = self.connection.docker.export_container(&self.id);
            self.opened(stream.boxed()).await
        })
    }

    fn remove(&self) -> BoxFuture<'static, Result<()>> {
        let (connection, id) = (self.connection.clone(), self.id.clone());
        let companion = self.companion.clone();
        Box::pin(async move {
            remove(&connection, &id).await?;
            match companion {
                Some(companion) => remove(&connection, &companion).await,
                None => Ok(()),
            }
        })
    }
}

impl DockerContainer {
    /// Its configuration, with whatever the engine knows of it.
    async fn config(&self) -> Result<serde_json::Value> {
        #[derive(serde::Deserialize)]
        struct Inspected {
            #[serde(rename = "Config")]
            config: serde_json::Value,
        }
        let inspected: Inspected = self.described().await?;
        Ok(inspected.config)
    }

    /// What the engine knows of it.
    async fn described<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        let request = get(&self.connection, &format!("/containers/{}/json", self.id), &[])?;
        answer(&self.connection, request).await
    }

    /// A stream that has begun: what the engine refuses, it refuses before the first bytes.
    async fn opened(
        &self,
        mut stream: BoxStream<'static, std::result::Result<Bytes, BollardError>>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let first = match stream.next().await {
            Some(Err(error)) => return Err(failure(error)),
            Some(Ok(bytes)) => Some(Ok(bytes)),
            None => None,
        };
        let rest = stream.map(|piece| piece.map_err(failure));
        let rest = attended(&self.connection.transport, rest.boxed());
        Ok(futures::stream::iter(first).chain(rest).boxed())
    }
}

/// The bits by which Go's file modes, which the API uses, tell kinds.
const GO_DIRECTORY: u32 = 1 << 31;
const GO_SYMLINK: u32 = 1 << 27;
const GO_OTHER: u32 = (1 << 26) | (1 << 25) | (1 << 24) | (1 << 21) | (1 << 19);

fn kind(mode: u32) -> PathKind {
    if mode & GO_DIRECTORY != 0 {
        PathKind::Directory
    } else if mode & GO_SYMLINK != 0 {
        PathKind::Symlink
    } else if mode & GO_OTHER != 0 {
        PathKind::Other
    } else {
        PathKind::File
    }
}

/// Permissions as Unix has them; Go keeps setuid, setgid and sticky elsewhere.
fn permissions(mode: u32) -> u32 {
    let special = [(1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000)];
    let set = special.iter().filter(|(go, _)| mode & go != 0);
    (mode & 0o777) | set.map(|(_, unix)| unix).sum::<u32>()
}
