//! The records that the engine sends one a line while it pulls, pushes, imports or builds.

use std::sync::Arc;

use bollard::BollardRequest;
use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, StreamExt};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;

use super::failure::{failure, refusal};
use super::transport::Transport;
use crate::engine::Progress;
use crate::error::{Error, Result};

/// Longer than any record that an engine sends.
const RECORD_LIMIT: usize = 4 << 20;

/// How much is read of an answer that says what went wrong.
const ANSWER_LIMIT: usize = 64 << 10;

/// One record of a stream.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    /// What a Dockerfile's step printed.
    pub(crate) stream: Option<String>,
    #[serde(rename = "progressDetail")]
    detail: Option<Detail>,
    #[serde(rename = "errorDetail")]
    error_detail: Option<Detail>,
    error: Option<String>,
    /// What came of it: a digest, an image's id.
    pub(crate) aux: Option<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Detail {
    current: Option<i64>,
    total: Option<i64>,
    message: Option<String>,
}

impl Record {
    /// What the record says of the way things go, if it does.
    pub(crate) fn progress(&self) -> Option<Progress> {
        let status = self.status.as_deref()?;
        let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        Some(match self.id.as_deref() {
            None | Some("") => Progress::Line(status.to_owned()),
            // The id is the tag here.
            Some(id) if status.starts_with("Pulling from ") => {
                Progress::Line(format!("{id}: {status}"))
            }
            Some(id) => {
                let detail = self.detail.as_ref();
                Progress::Layer {
                    id: id.to_owned(),
                    status: status.to_owned(),
                    done: count(detail.and_then(|detail| detail.current)).unwrap_or(0),
                    total: count(detail.and_then(|detail| detail.total)).filter(|total| *total > 0),
                }
            }
        })
    }
}

/// Sends a request and reads the records of its answer.
///
/// The first record that tells of an error ends it, as does an answer that is no success.
pub(crate) async fn records(
    transport: &Transport,
    request: BollardRequest,
    mut each: impl FnMut(Record) + Send,
) -> Result<()> {
    let mut body = transport.send(request).await.map_err(failure)?.into_body();
    let mut pending = BytesMut::new();
    loop {
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line = pending.split_to(end + 1);
            take(&line, &mut each)?;
        }
        if pending.len() > RECORD_LIMIT {
            return Err(Error::Engine("the engine sent a record without an end".to_owned()));
        }
        match transport.attended(next_bytes(&mut body)).await? {
            None => break,
            Some(Ok(bytes)) => pending.extend_from_slice(&bytes),
            Some(Err(error)) => {
                return Err(Error::Unreachable {
                    address: transport.address().to_owned(),
                    reason: format!("the connection broke: {error}"),
                });
            }
        }
    }
    take(&pending, &mut each)
}

fn take(line: &[u8], each: &mut (impl FnMut(Record) + Send)) -> Result<()> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    let record: Record = serde_json::from_slice(line).map_err(|error| {
        Error::Engine(format!("the engine's answer is not understood: {error}"))
    })?;
    let detail = record.error_detail.as_ref();
    let message = detail.and_then(|detail| detail.message.as_ref());
    match message.or(record.error.as_ref()) {
        Some(message) => Err(refusal(None, message)),
        None => {
            each(record);
            Ok(())
        }
    }
}

/// A stream that breaks when the engine is gone, and not only when its connection is.
pub(crate) fn attended(
    transport: &Arc<Transport>,
    stream: BoxStream<'static, Result<Bytes>>,
) -> BoxStream<'static, Result<Bytes>> {
    futures::stream::unfold(Some((transport.clone(), stream)), |state| async move {
        let (transport, mut stream) = state?;
        match transport.attended(stream.next()).await {
            Ok(piece) => Some((piece?, Some((transport, stream)))),
            Err(gone) => Some((Err(gone.into()), None)),
        }
    })
    .boxed()
}

async fn next_bytes(body: &mut Incoming) -> Option<std::result::Result<Bytes, hyper::Error>> {
    loop {
        match body.frame().await? {
            Ok(frame) => match frame.into_data() {
                Ok(bytes) => return Some(Ok(bytes)),
                Err(_) => continue,
            },
            Err(error) => return Some(Err(error)),
        }
    }
}

/// What an answer that is no success says.
pub(crate) async fn error_message(body: &mut Incoming) -> String {
    #[derive(Deserialize)]
    struct Answer {
        message: String,
    }
    let text = whole(body, ANSWER_LIMIT).await;
    match serde_json::from_slice::<Answer>(&text) {
        Ok(answer) => answer.message,
        Err(_) => String::from_utf8_lossy(&text).into_owned(),
    }
}

/// The bytes of an answer; what is beyond the limit, and a little more, is left.
pub(crate) async fn whole(body: &mut Incoming, limit: usize) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() <= limit {
        match next_bytes(body).await {
            Some(Ok(bytes)) => text.extend_from_slice(&bytes),
            Some(Err(_)) | None => break,
        }
    }
    text
}
