//! Requests that bollard has no words for.

use std::fmt::Display;
use std::io;
use std::sync::{Arc, Mutex};

use bollard::BollardRequest;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use serde::de::DeserializeOwned;

use super::Connection;
use super::failure::{failure, refusal};
use super::stream::{error_message, whole};
use crate::error::{Error, Result};

/// Sends a request and reads the value it is answered with.
pub(super) async fn answer<T: DeserializeOwned>(
    connection: &Connection,
    what: &(dyn Display + Sync),
    request: BollardRequest,
) -> Result<T> {
    let sent = connection.transport.send(request).await;
    let response = sent.map_err(|error| failure(what, error))?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let message = error_message(&mut body).await;
        return Err(refusal(what, Some(status.as_u16()), &message));
    }
    let text = whole(&mut body).await;
    serde_json::from_slice(&text).map_err(|error| {
        Error::Engine(format!("cannot {what}: the engine's answer is not understood: {error}"))
    })
}

/// A `POST` with a query and nothing else.
pub(super) fn post_empty(
    connection: &Connection,
    path: &str,
    query: &[(&str, &str)],
) -> Result<BollardRequest> {
    let mut request = post(connection, path, query, bollard::body_full(Bytes::new()))?;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    Ok(request)
}

/// A `GET`.
pub(super) fn get(connection: &Connection, path: &str) -> Result<BollardRequest> {
    Request::builder()
        .method(Method::GET)
        .uri(format!("{}{path}", connection.transport.url()))
        .body(bollard::body_full(Bytes::new()))
        .map_err(|error| failure("make a request", error.into()))
}

/// A `POST` with a query and a value.
pub(super) fn post_json(
    connection: &Connection,
    path: &str,
    query: &[(&str, &str)],
    body: &serde_json::Value,
) -> Result<BollardRequest> {
    let body = bollard::body_full(body.to_string().into());
    let mut request = post(connection, path, query, body)?;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    Ok(request)
}

/// A `POST` with a query; bollard's own calls leave out a part of what the engine answers.
pub(super) fn post<B>(
    connection: &Connection,
    path: &str,
    query: &[(&str, &str)],
    body: B,
) -> Result<Request<B>> {
    let query: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
    let url = format!("{}{path}?{}", connection.transport.url(), query.join("&"));
    Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, "application/x-tar")
        .body(body)
        .map_err(|error| failure("make a request", error.into()))
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// What broke a stream that was sent, if something did: the request's own error does not say.
#[derive(Clone, Default)]
pub(super) struct Broken(Arc<Mutex<Option<io::Error>>>);

impl Broken {
    /// The stream's error, once.
    pub(super) fn take(&self) -> Option<io::Error> {
        self.0.lock().ok()?.take()
    }
}

/// A stream whose first error is kept aside.
pub(super) fn watched(
    stream: futures::stream::BoxStream<'static, io::Result<Bytes>>,
) -> (impl Stream<Item = io::Result<Bytes>> + Send + 'static, Broken) {
    let broken = Broken::default();
    let kept = broken.clone();
    let stream = stream.map_err(move |error| {
        let told = io::Error::new(error.kind(), error.to_string());
        if let Ok(mut slot) = kept.0.lock() {
            slot.get_or_insert(error);
        }
        told
    });
    (stream, broken)
}
