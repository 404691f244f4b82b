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
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, sleep, timeout};

use super::config::{Address, DockerConfig, authority};
use super::stream::error_message;
use super::{ssh, tls};
use crate::error::Error;

/// How long the other side may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an engine may be silent.
#[derive(Clone, Copy)]
struct Patience {
    /// After this it is asked whether it is still there.
    silence: Duration,
    /// In this it has to say so.
    sign_of_life: Duration,
    /// Nothing takes longer than this.
    longest: Duration,
}

const PATIENCE: Patience = Patience {
    silence: Duration::from_secs(60),
    sign_of_life: Duration::from_secs(60),
    longest: Duration::from_secs(24 * 60 * 60),
};

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
    patience: Patience,
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

impl From<Unreachable> for Error {
    fn from(Unreachable { address, reason }: Unreachable) -> Self {
        Self::Unreachable { address, reason }
    }
}

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
            patience: PATIENCE,
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

    /// Sends a request and waits for the head of its answer, as long as that takes. An answer
    /// that tells of an error is one.
    pub(crate) async fn send(
        &self,
        request: BollardRequest,
    ) -> Result<Response<Incoming>, bollard::errors::Error> {
        let unreachable = |reason| -> bollard::errors::Error {
            io::Error::other(Unreachable { address: self.address.clone(), reason }).into()
        };
        let request = self.client.request(self.prepared(request)?);
        let response = self.attended(request).await.map_err(|gone| unreachable(gone.reason))?;
        let response = response.map_err(|error| unreachable(root_cause(&error)))?;
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return Ok(response);
        }
        let mut body = response.into_body();
        let message = self.attended(error_message(&mut body)).await;
        let message = message.map_err(|gone| unreachable(gone.reason))?;
        let status_code = status.as_u16();
        Err(bollard::errors::Error::DockerResponseServerError { status_code, message })
    }

    /// Waits for something of the engine's, as long as the engine is there: when it has been
    /// silent for a while, it is asked whether it is.
    pub(crate) async fn attended<T>(
        &self,
        answer: impl Future<Output = T>,
    ) -> Result<T, Unreachable> {
        let gone =
            |reason: &str| Unreachable { address: self.address.clone(), reason: reason.to_owned() };
        let Patience { silence, sign_of_life, longest } = self.patience;
        let alive = async {
            let end = Instant::now() + longest;
            while Instant::now() < end {
                sleep(silence).await;
                match timeout(sign_of_life, self.client.request(self.ping())).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return gone(&root_cause(&error)),
                    Err(_) => return gone("it answers no more"),
                }
            }
            gone("it has been busy with one request for too long")
        };
        tokio::select! {
            biased;
            answer = answer => Ok(answer),
            gone = alive => Err(gone),
        }
    }

    fn ping(&self) -> BollardRequest {
        let mut ping = Request::new(bollard::body_full(Bytes::new()));
        // Made of parts that make an address.
        if let Ok(uri) = format!("{}{}/_ping", self.url(), self.base).parse() {
            *ping.uri_mut() = uri;
        }
        ping
    }

    /// A request as the engine wants it.
    fn prepared(
        &self,
        mut request: BollardRequest,
    ) -> Result<BollardRequest, bollard::errors::Error> {
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
        Ok(request)
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// An engine that answers a ping when `lives`, and anything else after a while.
    async fn engine(lives: bool) -> (tempfile::TempDir, Transport) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let count = stream.read(&mut request).await.unwrap_or(0);
                    let is_ping = String::from_utf8_lossy(&request[..count]).contains("/_ping");
                    match (is_ping, lives) {
                        (true, false) => sleep(Duration::from_secs(60)).await,
                        (true, true) => {}
                        (false, _) => sleep(Duration::from_millis(600)).await,
                    }
                    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        let mut transport = Transport::new(&DockerConfig::unix(socket));
        transport.patience = Patience {
            silence: Duration::from_millis(50),
            sign_of_life: Duration::from_millis(300),
            longest: Duration::from_secs(60),
        };
        (folder, transport)
    }

    async fn asked(transport: &Transport) -> Result<(), String> {
        let uri = format!("{}/slow", transport.url());
        let request = Request::builder().uri(uri).body(bollard::body_full(Bytes::new())).unwrap();
        transport.send(request).await.map(drop).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_engine_that_works_is_waited_for_and_one_that_is_gone_is_not() {
        let (_folder, busy) = engine(true).await;
        assert_eq!(asked(&busy).await, Ok(()));
        let (_folder, gone) = engine(false).await;
        let said = asked(&gone).await.unwrap_err();
        assert!(said.ends_with("it answers no more"), "{said}");
        let (_folder, mut endless) = engine(true).await;
        endless.patience.longest = Duration::from_millis(100);
        let said = asked(&endless).await.unwrap_err();
        assert!(said.ends_with("busy with one request for too long"), "{said}");
    }

    #[test]
    fn credentials_use_the_alphabet_for_urls() {
        let value = HeaderValue::from_static("ab+/cd==");
        assert_eq!(url_alphabet(&value), "ab-_cd==");
    }
}
