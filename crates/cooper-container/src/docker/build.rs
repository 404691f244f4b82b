//! Building an image from a Dockerfile, by the builder that every engine has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hyper::header::HeaderValue;
use serde_json::{Map, Value, json};

use super::Connection;
use super::image::credentials_json;
use super::request::{post, watched};
use super::stream::records;
use crate::build_context;
use crate::credentials::Registries;
use crate::engine::ImageBuild;
use crate::error::{Error, Result};
use crate::reference::is_image_id;

/// How Docker Hub is called in what the builder is told of registries.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

pub(super) async fn build(
    connection: &Connection,
    build: &ImageBuild,
    registries: &Registries,
    output: &mut (dyn FnMut(String) + Send),
) -> Result<String> {
    let context = {
        let build = build.clone();
        let read = tokio::task::spawn_blocking(move || build_context::stream(&build));
        read.await.map_err(|error| Error::Engine(error.to_string()))??
    };
    let arguments: Map<String, Value> =
        build.arguments.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let arguments = Value::Object(arguments).to_string();
    let mut query =
        vec![("dockerfile", context.dockerfile.as_str()), ("rm", "1"), ("forcerm", "1")];
    query.push(("buildargs", &arguments));
    if build.pull {
        query.push(("pull", "1"));
    }
    if let Some(platform) = &build.platform {
        query.push(("platform", platform));
    }
    let (archive, broken) = watched(context.archive);
    let mut request = post(connection, "/build", &query, bollard::body_try_stream(archive))?;
    // Base64 has only characters that a header may have.
    if let Ok(mut value) = HeaderValue::from_str(&URL_SAFE.encode(config(registries).to_string())) {
        value.set_sensitive(true);
        request.headers_mut().insert("x-registry-config", value);
    }
    let mut id = None;
    let built = records(&connection.transport, request, |record| {
        let aux = record.aux.as_ref().and_then(|aux| aux.get("ID")).and_then(Value::as_str);
        if let Some(found) = aux.filter(|found| is_image_id(found)) {
            id = Some(found.to_owned());
        }
        // A status with an id is one layer's progress; the builder ends its lines in records of
        // their own.
        let text = record.stream.or_else(|| record.status.filter(|_| record.id.is_none()));
        if let Some(text) = text.as_deref().map(str::trim_end).filter(|text| !text.is_empty()) {
            output(text.to_owned());
        }
    })
    .await;
    if let Some(source) = broken.take() {
        let what = format!("cannot read `{}`", build.context.display());
        return Err(Error::Io { what, source });
    }
    built?;
    id.ok_or_else(|| Error::Engine("the engine did not tell the image's id".to_owned()))
}

/// Who we are to each registry, as the builder wants to know it.
fn config(registries: &Registries) -> Value {
    let entries = registries.iter().map(|(registry, credentials)| {
        let server = match registry.as_str() {
            "docker.io" => DOCKER_HUB,
            other => other,
        };
        (server.to_owned(), credentials_json(server, credentials))
    });
    Value::Object(entries.collect())
}
