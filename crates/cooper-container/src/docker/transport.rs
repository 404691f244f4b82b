//! The way to the engine: HTTP over a Unix socket, TCP, TLS or `ssh`.
//!
//! Our own rather than bollard's: it pins the API version in every path (bollard leaves it
//! out), writes registry credentials in the alphabet that the engine reads, has no limit on how
//! long an answer may take, and takes its TLS provider from nobody.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::BollardRequest;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::Stream;
use http_body_util::{Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderValue;
use hyper::http::uri::PathAndQuery;
use hyper::{Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::config::{Address, DockerConfig, authority};
use super::{ssh, tls};

/// How long the other side may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The headers that hold registry credentials.
const CREDENTIAL_HEADERS: [&str; 2] = ["x-registry-auth", "x-registry-config"];

/// What a request carries: bollard's own type, which has no public name.
type Body =
    Either<Full<Bytes>, StreamBody<Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send>>>>;

/// Sends requests to one engine over a pool of connections.
pub(crate) struct Transport {
    client: Client<Connector, Body>,
    /// The engine's address, for messages.
    address: String,
    /// What URLs name as the host.
    authority: String,
    /// What the address wants before every path: empty or `/base`.
    base: String,
    /// `/v1.41`, once it is known.
    version: OnceLock<String>,
}

/// The engine could not be reached, or the connection broke.
#[derive(Debug)]
pub(crate) struct Unreachable {
    pub(crate) address: String,
    pub(crate) reason: String,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot reach {}: {}", self.address, self.reason)
    }
}

impl std::error::Error for Unreachable {}

impl Transport {
    /// Prepares the way; nothing is contacted.
    pub(crate) fn new(config: &DockerConfig) -> Self {
        let (host, base) = match &config.address {
            Address::Tcp { host, port, base, .. } => (authority(host, *port), base.clone()),
            Address::Unix(_) | Address::Ssh { .. } => ("docker".to_owned(), String::new()),
        };
        let connector = Connector { address: config.address.clone() };
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            address: config.host(),
            authority: host,
            base,
            version: OnceLock::new(),
        }
    }

    /// The engine's address, for messages.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The start of every URL: `http://docker`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// Makes every later request speak this version of the API.
    pub(crate) fn pin_version(&self, version: &str) {
        self.version.get_or_init(|| format!("/v{version}"));
    }

    /// Sends a request and waits for the head of its answer, as long as that takes.
    pub(crate) async fn send(
        &self,
        mut request: BollardRequest,
    ) -> Result<Response<Incoming>, bollard::errors::Error> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let version = self.version.get().map_or("", String::as_str);
        let path: PathAndQuery = format!("{}{version}{path}", self.base).parse()?;
        let mut uri = request.uri().clone().into_parts();
        uri.path_and_query = Some(path);
        *request.uri_mut() = Uri::from_parts(uri)?;
        for name in CREDENTIAL_HEADERS {
            if let Some(value) = request.headers_mut().get_mut(name) {
                *value = url_alphabet(value);
            }
        }
        self.client.request(request).await.map_err(|error| {
            let reason = root_cause(&error);
            io::Error::other(Unreachable { address: self.address.clone(), reason }).into()
        })
    }
}

/// Base64 in the alphabet for URLs, which is the one that the engine reads: in the usual one, a
/// password like `p~~??>>` is refused.
fn url_alphabet(value: &HeaderValue) -> HeaderValue {
    let bytes: Vec<u8> = value
        .as_bytes()
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    let mut value = HeaderValue::from_bytes(&bytes).unwrap_or_else(|_| value.clone());
    value.set_sensitive(true);
    value
}

/// The innermost cause of an error: what the system said.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Opens connections to one address.
#[derive(Clone)]
struct Connector {
    address: Address,
}

impl tower_service::Service<Uri> for Connector {
    type Response = Pipe;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Pipe>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let address = self.address.clone();
        Box::pin(async move {
            match tokio::time::timeout(CONNECT_TIMEOUT, connect(&address)).await {
                Ok(stream) => stream.map(|stream| Pipe(TokioIo::new(stream))),
                Err(_) => Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "it did not answer within 30 seconds",
                )),
            }
        })
    }
}

async fn connect(address: &Address) -> io::Result<Box<dyn ByteStream>> {
    match address {
        Address::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        Address::Tcp { host, port, tls, .. } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            match tls {
                None => Ok(Box::new(stream)),
                Some(files) => tls::connect(stream, host, files).await,
            }
        }
        Address::Ssh { user, host, port, socket } => {
            ssh::connect(user.as_deref(), host, *port, socket.as_deref())
        }
    }
}

/// A connection, whatever carries it.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A connection as hyper wants it.
struct Pipe(TokioIo<Box<dyn ByteStream>>);

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl hyper::rt::Write for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_use_the_alphabet_for_urls() {
        let value = HeaderValue::from_static("ab+/cd==");
        assert_eq!(url_alphabet(&value), "ab-_cd==");
    }
}
