//! Images: fetching, naming, sending, saving.

use std::hash::BuildHasher;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use bollard::BollardRequest;
use bollard::models::ImageInspect;
use bollard::query_parameters::TagImageOptionsBuilder;
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use hyper::header::HeaderValue;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

use super::Connection;
use super::failure::failure;
use super::request::{answer, delete, get, post, post_empty, watched};
use super::stream::{Record, attended, records};
use crate::credentials::Credentials;
use crate::engine::{ImageInfo, Import, Progress};
use crate::error::{Error, Result};
use crate::reference::{Reference, is_image_id};

/// How much of a file travels at a time.
const CHUNK: usize = 256 << 10;

pub(super) async fn pull(
    connection: &Connection,
    image: &str,
    platform: Option<&str>,
    credentials: &Credentials,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<String>> {
    let reference = Reference::parse(image)?;
    let mut query = vec![("fromImage", reference.name()), ("tag", reference.version())];
    if let Some(platform) = platform {
        query.push(("platform", platform));
    }
    let mut request = post_empty(connection, "/images/create", &query)?;
    authorize(&mut request, &reference, credentials);
    let mut digest = None;
    records(&connection.transport, request, |record| {
        if let Some(found) = pulled_digest(&record) {
            digest = Some(found);
        }
        if let Some(step) = record.progress() {
            progress(step);
        }
    })
    .await?;
    Ok(digest)
}

/// The digest of what a registry has by a name, from the record that names it.
fn pulled_digest(record: &Record) -> Option<String> {
    let digest = record.status.as_deref()?.strip_prefix("Digest: ")?;
    let digits = digest.strip_prefix("sha256:").filter(|_| record.id.is_none())?;
    (digits.len() == 64 && is_image_id(digest)).then(|| digest.to_owned())
}

pub(super) async fn push(
    connection: &Connection,
    image: &str,
    platform: Option<&str>,
    credentials: &Credentials,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<String> {
    let reference = Reference::parse(image)?;
    if reference.digest.is_some() {
        return Err(Error::Invalid(
            "an image is pushed by a tag, and gets its digest then".to_owned(),
        ));
    }
    let platform = platform.map(platform_json).transpose()?;
    let mut query = vec![("tag", reference.version())];
    if let Some(platform) = &platform {
        if connection.version < (1, 46) {
            return Err(Error::Invalid(format!(
                "one platform alone needs API 1.46, and the engine speaks {}.{}; leave `platform` \
                 out",
                connection.version.0, connection.version.1
            )));
        }
        query.push(("platform", platform));
    }
    let path = format!("/images/{}/push", reference.name());
    let mut request = post_empty(connection, &path, &query)?;
    authorize(&mut request, &reference, credentials);
    let mut digest = None;
    records(&connection.transport, request, |record| {
        if let Some(found) = pushed_digest(&record) {
            digest = Some(found);
        }
        if let Some(step) = record.progress() {
            progress(step);
        }
    })
    .await?;
    digest.ok_or_else(|| {
        Error::Engine("the engine did not tell the digest of what it pushed".to_owned())
    })
}

/// The digest of the manifest, from the record that names it.
fn pushed_digest(record: &Record) -> Option<String> {
    let digest = record.aux.as_ref()?.get("Digest")?.as_str()?;
    Some(digest.to_owned())
}

/// `linux/arm64/v8` as the API's object.
fn platform_json(platform: &str) -> Result<String> {
    let mut parts = platform.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(os), Some(architecture), variant, None) => Ok(match variant {
            None => json!({ "os": os, "architecture": architecture }),
            Some(variant) => {
                json!({ "os": os, "architecture": architecture, "variant": variant })
            }
        }
        .to_string()),
        _ => Err(Error::Invalid(format!(
            "`{platform}` is not a platform; one looks like `linux/arm64`"
        ))),
    }
}

pub(super) async fn inspect(connection: &Connection, image: &str) -> Result<ImageInfo> {
    check_name(image)?;
    let path = format!("/images/{image}/json");
    let found: ImageInspect = answer(connection, get(connection, &path, &[])?).await?;
    let config = found.config.unwrap_or_default();
    let words = |words: Option<Vec<String>>| words.filter(|words| !words.is_empty());
    Ok(ImageInfo {
        id: found.id.unwrap_or_default(),
        repo_digests: found.repo_digests.unwrap_or_default(),
        repo_tags: found.repo_tags.unwrap_or_default(),
        cmd: words(config.cmd),
        entrypoint: words(config.entrypoint),
        user: config.user.unwrap_or_default(),
    })
}

pub(super) async fn tag(
    connection: &Connection,
    image: &str,
    repository: &str,
    tag: Option<&str>,
) -> Result<()> {
    check_name(image)?;
    let name = tag.map_or_else(|| repository.to_owned(), |tag| format!("{repository}:{tag}"));
    let reference = Reference::parse(&name)?;
    let options =
        TagImageOptionsBuilder::new().repo(reference.name()).tag(reference.version()).build();
    connection.docker.tag_image(image, Some(options)).await.map_err(failure)
}

pub(super) async fn remove(connection: &Connection, image: &str) -> Result<()> {
    check_name(image)?;
    let request = delete(connection, &format!("/images/{image}"))?;
    match answer::<IgnoredAny>(connection, request).await {
        Ok(_) | Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Refuses what would not be an image's name but a path of the API.
fn check_name(image: &str) -> Result<()> {
    if is_image_id(image) {
        return Ok(());
    }
    Reference::parse(image).map(|_| ())
}

pub(super) async fn save(connection: &Connection, images: &[String], path: &Path) -> Result<()> {
    for image in images {
        check_name(image)?;
    }
    let names: Vec<&str> = images.iter().map(String::as_str).collect();
    let bytes = connection.docker.export_images(&names).map_err(failure).boxed();
    write_whole(path, attended(&connection.transport, bytes)).await
}

/// Writes a stream to a file that appears under its name only when it is whole and on the disk.
async fn write_whole(
    path: &Path,
    mut bytes: impl Stream<Item = Result<Bytes>> + Unpin,
) -> Result<()> {
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::NoSpace(format!("cannot write `{}`: {error}", path.display()))
        }
        _ => Error::Io { what: format!("cannot write `{}`", path.display()), source: error },
    };
    // A device or a pipe is written to, not replaced.
    let in_place = tokio::fs::metadata(path).await.is_ok_and(|found| !found.is_file());
    let unfinished = (!in_place).then(|| Unfinished::beside(path));
    // The folder may be one that others write to: a file or link that is there is not ours.
    let target = unfinished.as_ref().map_or(path, |unfinished| &unfinished.0);
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(!in_place);
    let mut file = match options.open(target).await {
        Ok(file) => file,
        Err(error) => {
            // What stands there is not ours to remove.
            std::mem::forget(unfinished);
            return Err(io(error));
        }
    };
    while let Some(piece) = bytes.next().await {
        file.write_all(&piece?).await.map_err(io)?;
    }
    file.flush().await.map_err(io)?;
    if let Some(whole) = &unfinished {
        file.sync_all().await.map_err(io)?;
        tokio::fs::rename(&whole.0, path).await.map_err(io)?;
    }
    Ok(())
}

/// A file that is removed when dropped, if it is still there.
struct Unfinished(std::path::PathBuf);

impl Unfinished {
    /// A hidden name beside `path`, which only this process uses.
    fn beside(path: &Path) -> Self {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let pid = std::process::id();
        let random = std::collections::hash_map::RandomState::new().hash_one(count);
        Self(path.with_file_name(format!(".{name}.{pid}-{random:016x}.part")))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Not there when it has its name by now, or could not be made.
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(super) async fn import(connection: &Connection, import: &Import) -> Result<String> {
    let Import { archive, repository, tag, changes, platform } = import;
    let unreadable = |source: io::Error| Error::Io {
        what: format!("cannot read `{}`", archive.display()),
        source,
    };
    let name = repository.as_ref().map(|repository| match tag {
        Some(tag) => format!("{repository}:{tag}"),
        None => repository.clone(),
    });
    let reference = name.as_deref().map(Reference::parse).transpose()?;
    let mut query = vec![("fromSrc", "-")];
    if let Some(reference) = &reference {
        query.push(("repo", reference.name()));
        query.push(("tag", reference.version()));
    }
    query.extend(changes.iter().map(|change| ("changes", change.as_str())));
    if let Some(platform) = platform {
        query.push(("platform", platform));
    }
    let file = tokio::fs::File::open(archive).await.map_err(unreadable)?;
    let (body, broken) = watched(ReaderStream::with_capacity(file, CHUNK).boxed());
    let body = bollard::body_try_stream(body);
    let request = post(connection, "/images/create", &query, body)?;
    let mut id = None;
    let sent = records(&connection.transport, request, |record| {
        id = record.status.filter(|status| is_image_id(status)).or(id.take());
    })
    .await;
    if let Some(source) = broken.take() {
        return Err(unreadable(source));
    }
    sent?;
    id.ok_or_else(|| Error::Engine("the engine did not tell the image's id".to_owned()))
}

/// Adds who we are to the registry.
fn authorize(request: &mut BollardRequest, reference: &Reference, credentials: &Credentials) {
    let text = credentials_json(&reference.registry, credentials).to_string();
    // Base64 has only characters that a header may have.
    if let Ok(mut value) = HeaderValue::from_str(&URL_SAFE.encode(text)) {
        value.set_sensitive(true);
        request.headers_mut().insert("x-registry-auth", value);
    }
}

/// Who we are to a registry, as the API says it.
pub(super) fn credentials_json(registry: &str, credentials: &Credentials) -> serde_json::Value {
    match credentials {
        Credentials::Anonymous => json!({}),
        Credentials::Password { username, password } => {
            json!({ "username": username, "password": password, "serveraddress": registry })
        }
        Credentials::IdentityToken(token) => {
            json!({ "identitytoken": token, "serveraddress": registry })
        }
    }
}
