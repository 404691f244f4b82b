//! Requests that bollard has no words for.

use std::io;
use std::sync::{Arc, Mutex};

use bollard::BollardRequest;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use serde::de::DeserializeOwned;

use super::Connection;
use super::failure::failure;
use super::stream::whole;
use crate::error::{Error, Result};

/// More than any image or container has to be described by.
const DESCRIPTION_LIMIT: usize = 16 << 20;

/// Sends a request and reads the value it is answered with. Not by bollard, which reads without
/// a limit.
pub(super) async fn answer<T: DeserializeOwned>(
    connection: &Connection,
    request: BollardRequest,
) -> Result<T> {
    let transport = &connection.transport;
    let mut body = transport.send(request).await.map_err(failure)?.into_body();
    let text = transport.attended(whole(&mut body, DESCRIPTION_LIMIT)).await?;
    if text.len() > DESCRIPTION_LIMIT {
        return Err(Error::Engine("the engine's answer has no end".to_owned()));
    }
    serde_json::from_slice(&text)
        .map_err(|error| Error::Engine(format!("the engine's answer is not understood: {error}")))
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

/// A `GET` with a query.
pub(super) fn get(
    connection: &Connection,
    path: &str,
    query: &[(&str, &str)],
) -> Result<BollardRequest> {
    request(connection, Method::GET, path, query, bollard::body_full(Bytes::new()))
}

/// A `DELETE`.
pub(super) fn delete(connection: &Connection, path: &str) -> Result<BollardRequest> {
    request(connection, Method::DELETE, path, &[], bollard::body_full(Bytes::new()))
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
    let mut request = request(connection, Method::POST, path, query, body)?;
    let tar = HeaderValue::from_static("application/x-tar");
    request.headers_mut().insert(CONTENT_TYPE, tar);
    Ok(request)
}

fn request<B>(
    connection: &Connection,
    method: Method,
    path: &str,
    query: &[(&str, &str)],
    body: B,
) -> Result<Request<B>> {
    let mut url = format!("{}{path}", connection.transport.url());
    for (index, (name, value)) in query.iter().enumerate() {
        let mark = if index == 0 { '?' } else { '&' };
        url.push_str(&format!("{mark}{name}={}", percent_encoded(value)));
    }
    let request = Request::builder().method(method).uri(url).body(body);
    request.map_err(|error| failure(error.into()))
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
