//! As much of Amazon as it takes: the service that gives tokens, and the way to a registry that has
//! one of its names.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cooper_testbed::{Context, PASSWORD, Result, USERS};

/// The registry's name.
pub(crate) const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// An access key that the service does not know.
pub(crate) const WRONG_KEY: &str = "AKIDNOBODY";

/// A connection that has been silent for this long is over.
const SILENCE: Duration = Duration::from_secs(60);

/// Gives everybody but [`WRONG_KEY`] a token.
pub(crate) struct TokenService(Listener);

impl TokenService {
    pub(crate) fn start() -> Result<Self> {
        Listener::start(|client, head| {
            let mut body = vec![0; content_length(head)];
            client.read_exact(&mut body)?;
            let (status, text) = if head.contains(&format!("Credential={WRONG_KEY}/")) {
                let kind = "UnrecognizedClientException";
                ("400 Bad Request", format!("{{\"__type\":\"{kind}\",\"message\":\"who?\"}}"))
            } else {
                let token = STANDARD.encode(format!("{}:{PASSWORD}", USERS[1]));
                let data = format!("[{{\"authorizationToken\":\"{token}\"}}]");
                ("200 OK", format!("{{\"authorizationData\":{data}}}"))
            };
            write!(
                client.get_mut(),
                "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{text}",
                text.len()
            )
        })
        .map(Self)
    }

    pub(crate) fn address(&self) -> String {
        self.0.address()
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.0.requests()
    }
}

/// A proxy that leads to one registry, whatever name it is asked for. It speaks no TLS.
pub(crate) struct RegistryProxy(Listener);

impl RegistryProxy {
    pub(crate) fn start(registry: &str) -> Result<Self> {
        let registry = registry.to_owned();
        Listener::start(move |client, head| {
            // `GET http://HOST/PATH HTTP/1.1`
            let Some((method, rest)) = head.split_once(" http://") else {
                return client.get_mut().write_all(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n");
            };
            let path = &rest[rest.find('/').unwrap_or(rest.len())..];
            let (path, headers) = path.split_once("\r\n").unwrap_or((path, ""));
            let mut upstream = TcpStream::connect(&registry)?;
            upstream.set_read_timeout(Some(SILENCE))?;
            // One request a connection, so that each begins one.
            write!(upstream, "{method} {path}\r\nConnection: close\r\n{headers}")?;
            let (mut answers, mut back) = (upstream.try_clone()?, client.get_ref().try_clone()?);
            let answering = std::thread::spawn(move || {
                let _ = std::io::copy(&mut answers, &mut back);
                let _ = back.shutdown(Shutdown::Both);
            });
            let _ = std::io::copy(client, &mut upstream);
            let _ = answering.join();
            Ok(())
        })
        .map(Self)
    }

    pub(crate) fn address(&self) -> String {
        self.0.address()
    }

    /// How many requests named the registry.
    pub(crate) fn requests(&self) -> usize {
        self.0
            .requests()
            .iter()
            .filter(|head| head.contains(&format!("http://{REGISTRY}/")))
            .count()
    }
}

/// Listens on a loopback port, a thread a connection, as long as the test runs.
struct Listener {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    fn start(
        serve: impl Fn(&mut BufReader<TcpStream>, &str) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listen")?;
        let port = listener.local_addr().context("listen")?.port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (serve, noted) = (Arc::new(serve), requests.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (serve, noted) = (serve.clone(), noted.clone());
                std::thread::spawn(move || -> std::io::Result<()> {
                    client.set_read_timeout(Some(SILENCE))?;
                    let mut client = BufReader::new(client);
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") && client.read_line(&mut head)? > 0 {}
                    noted.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
                    serve(&mut client, &head)
                });
            }
        });
        Ok(Self { port, requests })
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn content_length(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
