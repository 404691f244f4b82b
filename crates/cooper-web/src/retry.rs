//! Asking once more what failed in a way that may pass.

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};

/// How long to wait before each further attempt, unless the server says how long.
pub const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Who wants us to wait longer is not waited for.
const LONGEST: Duration = Duration::from_secs(20);

/// Why an attempt failed, and whether another one may help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble<E> {
    /// It may have passed soon.
    Passing {
        /// What went wrong.
        error: E,
        /// When the server wants to be asked again, if it says so.
        wait: Option<Duration>,
    },
    /// The next attempt would end the same.
    Lasting(E),
}

impl<E> From<E> for Trouble<E> {
    fn from(error: E) -> Self {
        Self::Lasting(error)
    }
}

impl<E> Trouble<E> {
    /// The same of another error.
    pub fn map<F>(self, change: impl FnOnce(E) -> F) -> Trouble<F> {
        match self {
            Self::Passing { error, wait } => Trouble::Passing { error: change(error), wait },
            Self::Lasting(error) => Trouble::Lasting(change(error)),
        }
    }

    /// What an answer with another status than success means. It may pass when the server has
    /// trouble of its own, or is asked too often.
    pub fn of_answer(response: &Response, error: E) -> Self {
        match may_pass(response.status()) {
            true => {
                let wait = wanted_wait(response.headers(), SystemTime::now());
                Self::Passing { error, wait }
            }
            false => Self::Lasting(error),
        }
    }

    /// What it means that there is no answer, or only a part of it. A connection that was cut may
    /// be made again; a server that is silent, is not there or is not believed stays so.
    pub fn of_connection(cause: &reqwest::Error, error: E) -> Self {
        match was_cut(cause) {
            true => Self::Passing { error, wait: None },
            false => Self::Lasting(error),
        }
    }
}

/// Makes attempts until one succeeds, fails for good, or was the last that makes sense: five, with
/// growing pauses. What went wrong before is told in the log.
///
/// # Errors
///
/// What the last attempt failed with.
pub async fn patiently<T, E: Display, Attempt>(attempt: impl FnMut() -> Attempt) -> Result<T, E>
where
    Attempt: Future<Output = Result<T, Trouble<E>>>,
{
    with_pauses(&PAUSES, attempt).await
}

/// The same with these pauses, and one attempt more than there are.
///
/// # Errors
///
/// What the last attempt failed with.
pub async fn with_pauses<T, E: Display, Attempt>(
    pauses: &[Duration],
    mut attempt: impl FnMut() -> Attempt,
) -> Result<T, E>
where
    Attempt: Future<Output = Result<T, Trouble<E>>>,
{
    let mut pauses = pauses.iter().copied();
    loop {
        let (error, wait) = match attempt().await {
            Ok(done) => return Ok(done),
            Err(Trouble::Lasting(error)) => return Err(error),
            Err(Trouble::Passing { error, wait }) => (error, wait),
        };
        let pause = pauses.next().map(|pause| wait.unwrap_or(pause));
        let Some(pause) = pause.filter(|pause| *pause <= LONGEST) else { return Err(error) };
        tracing::info!("{error}; trying again in {pause:?}");
        tokio::time::sleep(pause).await;
    }
}

fn may_pass(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// How long `Retry-After` wants us to wait: a number of seconds, or a moment.
fn wanted_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(SystemTime::from(moment.timestamp()).duration_since(now).unwrap_or_default())
}

/// Whether the other side ended a connection before it had said everything.
fn was_cut(error: &reqwest::Error) -> bool {
    if error.is_timeout() || error.is_builder() {
        return false;
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let by_system = error.downcast_ref().is_some_and(|error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            )
        });
        let by_protocol = error.downcast_ref().is_some_and(hyper::Error::is_incomplete_message);
        if by_system || by_protocol {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use reqwest::header::HeaderValue;

    use super::*;

    const SHORT: [Duration; 2] = [Duration::ZERO; 2];

    /// Makes attempts that fail like this; returns how they end, and how many there were.
    async fn attempts(failing: &[Trouble<&'static str>]) -> (Result<(), &'static str>, usize) {
        let count = AtomicUsize::new(0);
        let ended = with_pauses(&SHORT, || async {
            match failing.get(count.fetch_add(1, Ordering::Relaxed)) {
                Some(trouble) => Err(trouble.clone()),
                None => Ok(()),
            }
        });
        (ended.await, count.load(Ordering::Relaxed))
    }

    fn passing(wait: Option<u64>) -> Trouble<&'static str> {
        Trouble::Passing { error: "busy", wait: wait.map(Duration::from_secs) }
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again_and_not_for_ever() {
        assert_eq!(attempts(&[]).await, (Ok(()), 1));
        assert_eq!(attempts(&[passing(None), passing(Some(0))]).await, (Ok(()), 3));
        assert_eq!(attempts(&[const { Trouble::Lasting("no") }]).await, (Err("no"), 1));
        assert_eq!(attempts(&[passing(None), Trouble::Lasting("no")]).await, (Err("no"), 2));
        assert_eq!(attempts(&vec![passing(None); 9]).await, (Err("busy"), 3));
        // Nobody waits for an hour.
        assert_eq!(attempts(&[passing(Some(3600))]).await, (Err("busy"), 1));
    }

    #[test]
    fn servers_say_how_long_to_wait() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999999999999999999", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            assert_eq!(wanted_wait(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(wanted_wait(&HeaderMap::new(), now), None);
    }
}
