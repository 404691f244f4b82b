//! Asking web servers for files, within bounds.
//!
//! Redirects are followed, because releases lie elsewhere than they are listed. What was asked by
//! TLS is never fetched without it, and a token goes to the one host that it is for. What failed in a
//! way that may pass is tried again.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cooper_build::Failure;
use cooper_hcl::System;
use cooper_web::redirect::{MOST_REDIRECTS, is_same_host, redirected};
use cooper_web::retry::{Trouble, patiently};
use cooper_web::tls::Trust;
use cooper_web::{client, trouble};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};

use crate::body::{Bounds, broken};

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To reach a server.
    pub connect: Duration,
    /// Without a single byte.
    pub idle: Duration,
    /// For a list or a page, with everything.
    pub page_time: Duration,
    /// Bytes of a list or a page.
    pub page: u64,
    /// For a program, with everything.
    pub program_time: Duration,
    /// Bytes of a program, as it is fetched.
    pub program: u64,
}

impl Limits {
    /// What no plugin needs.
    pub const PLUGIN: Self = Self {
        connect: Duration::from_secs(20),
        idle: Duration::from_secs(30),
        page_time: Duration::from_secs(60),
        page: 16 << 20,
        program_time: Duration::from_secs(30 * 60),
        program: 512 << 20,
    };
}

/// Who we are to one server, and to no other.
#[derive(Clone)]
pub struct Token {
    server: Url,
    header: HeaderValue,
}

impl Token {
    /// A token for the server of an address; nothing, when it cannot be sent.
    pub fn new(server: &Url, token: &str) -> Option<Self> {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", token.trim())).ok()?;
        header.set_sensitive(true);
        Some(Self { server: server.clone(), header })
    }

    fn is_for(&self, url: &Url) -> bool {
        // Not `is_same_host`, which lets plain text go over to TLS: here nothing is lost by asking
        // without the token.
        (url.scheme(), url.host(), url.port_or_known_default())
            == (self.server.scheme(), self.server.host(), self.server.port_or_known_default())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token for {}", self.server.host_str().unwrap_or_default())
    }
}

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server has no such thing.
    #[error("there is no `{0}`")]
    Absent(String),
    /// The server does not want to be asked by us.
    #[error("`{host}` refuses to answer ({status})")]
    Refused {
        /// The server.
        host: String,
        /// What it said.
        status: StatusCode,
    },
    /// The server does not want to be asked so often.
    #[error("`{host}` has been asked too often ({status}){}", again(*.wait))]
    Limited {
        /// The server.
        host: String,
        /// What it said.
        status: StatusCode,
        /// When it will answer again, if it says so.
        wait: Option<Duration>,
    },
    /// It cannot be reached, or does not answer as it should.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A client of web servers.
#[derive(Clone, Debug)]
pub struct Web {
    client: Client,
    limits: Limits,
}

impl Web {
    /// One that goes through the proxies of the environment.
    ///
    /// # Errors
    ///
    /// When the libraries cannot be set up.
    pub fn new(system: &dyn System, limits: Limits) -> Result<Self, Failure> {
        let builder = client::builder(Trust::System, |name| system.env(name));
        let builder = builder.map_err(|error| Failure::because("cannot set up TLS", &error))?;
        let client = builder.connect_timeout(limits.connect).read_timeout(limits.idle).build();
        let client =
            client.map_err(|error| Failure::because("cannot make an HTTP client", &error))?;
        Ok(Self { client, limits })
    }

    /// A page, whole.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be fetched, or is larger or slower than it may be.
    pub async fn page(
        &self,
        url: &Url,
        accept: &'static str,
        token: Option<&Token>,
    ) -> Result<Vec<u8>, FetchError> {
        let Limits { page: most, page_time, .. } = self.limits;
        let fetching = patiently(|| async {
            let response = self.get(url, accept, token).await?;
            let what = format!("`{}`", shown(url));
            let failure = |error| self.trouble(url, error);
            let bounds = Bounds { most, what: &what, failure: &failure };
            bounds.whole(response).await.map_err(|trouble| trouble.map(FetchError::from))
        });
        in_time(page_time, url, fetching).await
    }

    /// A file; returns its SHA-256, in hexadecimal.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be fetched, or is larger or slower than it may be. What was
    /// written until then is left.
    pub async fn file(
        &self,
        url: &Url,
        token: Option<&Token>,
        to: &Path,
    ) -> Result<String, FetchError> {
        let Limits { program: most, program_time, .. } = self.limits;
        let fetching = patiently(|| async {
            let response = self.get(url, "application/octet-stream", token).await?;
            let what = format!("`{}`", shown(url));
            let failure = |error| self.trouble(url, error);
            let bounds = Bounds { most, what: &what, failure: &failure };
            bounds.written_to(response, to).await.map_err(|trouble| trouble.map(FetchError::from))
        });
        in_time(program_time, url, fetching).await
    }

    /// The answer to a request, wherever it is.
    async fn get(
        &self,
        url: &Url,
        accept: &'static str,
        token: Option<&Token>,
    ) -> Result<Response, Trouble<FetchError>> {
        let lasting = |message: String| Trouble::Lasting(FetchError::from(Failure::new(message)));
        let mut next = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            tracing::debug!("fetching `{}`", shown(&next));
            let request = self.client.get(next.clone()).headers(headers(&next, accept, token));
            let response = request.send().await.map_err(|error| {
                broken(error, |error| self.trouble(&next, error)).map(FetchError::from)
            })?;
            let redirected = redirected(&response).map_err(|error| lasting(error.to_string()))?;
            let Some(target) = redirected else { return answered(response, &next) };
            if next.scheme() == "https" && target.scheme() != "https" {
                let (from, to) = (shown(&next), shown(&target));
                return Err(lasting(format!("`{from}` redirects to `{to}`, without encryption")));
            }
            if !is_same_host(&next, &target) {
                tracing::debug!("redirected to another host");
            }
            next = target;
        }
        Err(lasting(format!("`{}` redirects more than {MOST_REDIRECTS} times", shown(url))))
    }

    /// What went wrong on the way.
    fn trouble(&self, url: &Url, error: reqwest::Error) -> Failure {
        let host = url.host_str().unwrap_or_default();
        let Limits { connect, idle, .. } = self.limits;
        if error.is_timeout() {
            let time = if error.is_connect() { connect } else { idle };
            return Failure::new(format!("`{host}` does not answer for {time:?}")).help(OFFLINE);
        }
        let message = match error.is_connect() {
            true => format!("cannot reach `{host}`"),
            false => format!("cannot fetch `{}`", shown(url)),
        };
        let causes = trouble::causes(error);
        causes.into_iter().fold(Failure::new(message), Failure::caused_by).help(OFFLINE)
    }
}

/// GitHub counts by the hour. What says much more is no such moment.
const LONGEST_LIMIT: Duration = Duration::from_secs(48 * 60 * 60);

/// What helps when a server cannot be reached.
const OFFLINE: &str = "check the network and `HTTPS_PROXY`; a site without one has a mirror \
    (`COOPER_PLUGIN_MIRRORS`), or `cooper plugins install -path FILE`";

fn headers(url: &Url, accept: &'static str, token: Option<&Token>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    if let Some(token) = token.filter(|token| token.is_for(url)) {
        headers.insert(AUTHORIZATION, token.header.clone());
    }
    headers
}

fn answered(response: Response, url: &Url) -> Result<Response, Trouble<FetchError>> {
    let status = response.status();
    let host = || url.host_str().unwrap_or_default().to_owned();
    let error = match status {
        status if status.is_success() => return Ok(response),
        StatusCode::NOT_FOUND | StatusCode::GONE => FetchError::Absent(shown(url)),
        status if is_limited(&response) => {
            let wait = limit_ends(response.headers(), SystemTime::now());
            FetchError::Limited { host: host(), status, wait }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            FetchError::Refused { host: host(), status }
        }
        status => {
            let failure = Failure::new(format!("`{}` is answered with {status}", shown(url)));
            FetchError::from(match status.is_server_error() {
                true => failure.help("try again later"),
                false => failure,
            })
        }
    };
    Err(Trouble::of_answer(&response, error))
}

/// Whether a server does not answer because it was asked too often, in the ways that GitHub says so.
fn is_limited(response: &Response) -> bool {
    let headers = response.headers();
    let none_left = headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0");
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => none_left || headers.contains_key(RETRY_AFTER),
        _ => false,
    }
}

/// How long it takes until GitHub counts anew, which it says in seconds since 1970.
fn limit_ends(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let seconds = headers.get("x-ratelimit-reset")?.to_str().ok()?.parse().ok()?;
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    end.duration_since(now).ok().filter(|wait| *wait < LONGEST_LIMIT)
}

/// Says when a server may be asked again, in minutes that are not too few.
fn again(wait: Option<Duration>) -> String {
    match wait.map(|wait| wait.as_secs().div_ceil(60)) {
        None => String::new(),
        Some(0 | 1) => ", and answers again in a minute".to_owned(),
        Some(minutes) => format!(", and answers again in {minutes} minutes"),
    }
}

async fn in_time<T>(
    time: Duration,
    url: &Url,
    fetching: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::time::timeout(time, fetching).await.unwrap_or_else(|_| {
        let message = format!("`{}` takes longer than {time:?}", shown(url));
        Err(Failure::new(message).help(OFFLINE).into())
    })
}

/// An address as it may be told: without a password, and without what signs it, as addresses have
/// it that servers redirect to.
pub(crate) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Only addresses without a host have neither.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Instant;

    use cooper_hcl::system::Nowhere;

    use super::*;

    const SHORT: Limits = Limits {
        connect: Duration::from_secs(5),
        idle: Duration::from_millis(300),
        page_time: Duration::from_millis(1_500),
        page: 1 << 20,
        program_time: Duration::from_millis(1_500),
        program: 1 << 20,
    };

    /// What a server does with a connection.
    type Behaviour = fn(&mut TcpStream) -> Option<()>;

    /// A server that does this to everybody; how many came.
    fn serve(answer: Behaviour) -> (Url, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}/it", listener.local_addr().unwrap())).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || answer(&mut stream));
            }
        });
        (url, count)
    }

    fn head(stream: &mut TcpStream) -> Option<()> {
        // What is asked for does not matter; one byte tells that something is.
        stream.read_exact(&mut [0]).ok()?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").ok()
    }

    /// Silent before it says anything.
    fn silent(stream: &mut TcpStream) -> Option<()> {
        stream.read_to_end(&mut Vec::new()).ok().map(drop)
    }

    /// Silent in the middle of what it says.
    fn falls_silent(stream: &mut TcpStream) -> Option<()> {
        head(stream)?;
        stream.write_all(b"abc").ok()?;
        silent(stream)
    }

    /// Never silent, and never done.
    fn drips(stream: &mut TcpStream) -> Option<()> {
        head(stream)?;
        loop {
            stream.write_all(b".").ok()?;
            thread::sleep(Duration::from_millis(100));
        }
    }

    #[tokio::test]
    async fn who_is_silent_or_slow_is_not_waited_for() {
        let web = Web::new(&Nowhere, SHORT).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let table: [(Behaviour, &str); 3] = [
            (silent, "`127.0.0.1` does not answer for 300ms"),
            (falls_silent, "`127.0.0.1` does not answer for 300ms"),
            (drips, "takes longer than 1.5s"),
        ];
        for (answer, wanted) in table {
            let (url, count) = serve(answer);
            let begun = Instant::now();
            let page = web.page(&url, "*/*", None).await.unwrap_err().to_string();
            assert!(page.contains(wanted), "{page}");
            let file = web.file(&url, None, &folder.path().join("file")).await;
            let file = file.unwrap_err().to_string();
            assert!(file.contains(wanted), "{file}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
            // Nobody is asked again who did not answer.
            assert_eq!(count.load(Ordering::Relaxed), 2, "{wanted}");
        }
    }

    #[test]
    fn moments_of_github_are_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        for (text, seconds) in [
            ("1600", Some(600)),
            ("1000", Some(0)),
            ("999", None),
            ("99999999999", None),
            ("18446744073709551615", None),
            ("-1", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-reset", HeaderValue::from_static(text));
            assert_eq!(limit_ends(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(again(None), "");
        assert_eq!(again(Some(Duration::ZERO)), ", and answers again in a minute");
        assert_eq!(again(Some(Duration::from_secs(61))), ", and answers again in 2 minutes");
    }
}
