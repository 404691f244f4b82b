//! What the engine answered, as an [`Error`] that says what a caller can do.

use bollard::errors::Error as BollardError;

use super::transport::Unreachable;
use crate::error::Error;

/// Why a request did not work. What it was for is known to who asked.
pub(crate) fn failure(error: BollardError) -> Error {
    match error {
        BollardError::DockerResponseServerError { status_code, message } => {
            refusal(Some(status_code), &message)
        }
        BollardError::DockerStreamError { error } => refusal(None, &error),
        BollardError::IOError { err } => {
            match err.get_ref().and_then(|inner| inner.downcast_ref::<Unreachable>()) {
                Some(Unreachable { address, reason }) => {
                    Error::Unreachable { address: address.clone(), reason: reason.clone() }
                }
                None => refusal(None, &err.to_string()),
            }
        }
        other => refusal(None, &other.to_string()),
    }
}

/// Why a request was refused, told by the status and the words of the answer.
pub(crate) fn refusal(status: Option<u16>, message: &str) -> Error {
    let message = message.trim().trim_end_matches('.');
    let text = if message.is_empty() {
        let status = status.map(|status| format!(" (status {status})"));
        format!("the engine did not say why{}", status.unwrap_or_default())
    } else {
        message.to_owned()
    };
    match kind(status, &message.to_lowercase()) {
        Kind::NoSpace => Error::NoSpace(text),
        Kind::Denied => Error::Denied(text),
        Kind::NotFound => Error::NotFound(text),
        Kind::Temporary => Error::Temporary(text),
        Kind::Invalid => Error::Invalid(text),
        Kind::Engine => Error::Engine(text),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NoSpace,
    Denied,
    NotFound,
    Temporary,
    Invalid,
    Engine,
}

/// Words that tell, in the order in which they are looked for. The engine passes on what a
/// registry or the system said with a status of its own choice, mostly 500.
const WORDS: &[(Kind, &[&str])] = &[
    (Kind::NoSpace, &["no space left on device", "disk quota exceeded"]),
    // What a container that can run no commands just now is.
    (Kind::Temporary, &["is paused, unpause", "is restarting, wait until"]),
    (Kind::Temporary, &["toomanyrequests", "too many requests", "429 ", "rate limit"]),
    (
        // Docker Hub says so of images that do not exist, and says "denied" too.
        Kind::NotFound,
        &["repository does not exist", "manifest unknown", "no such image"],
    ),
    (
        Kind::Denied,
        &[
            "unauthorized",
            "authentication required",
            "no basic auth credentials",
            "incorrect username or password",
            "denied",
            "forbidden",
            "401 ",
            "403 ",
        ],
    ),
    (Kind::NotFound, &["not found", "no such container", "does not exist", "no such host"]),
    (
        Kind::Temporary,
        &[
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway",
            "unexpected http status: 5",
            "connection refused",
            "connection reset",
            "broken pipe",
            "i/o timeout",
            "tls handshake timeout",
            "timeout exceeded",
            "deadline exceeded",
            "unexpected eof",
            "server misbehaving",
            "temporary failure in name resolution",
            "http2: ",
        ],
    ),
];

fn kind(status: Option<u16>, message: &str) -> Kind {
    // A machine's rights, not those at a registry.
    let message = &message.replace("permission denied", "");
    for (kind, words) in WORDS {
        if words.iter().any(|word| message.contains(word)) {
            return *kind;
        }
    }
    // What a registry that hangs up leaves of an answer.
    if message == "eof" || message.ends_with(": eof") {
        return Kind::Temporary;
    }
    match status {
        Some(400) => Kind::Invalid,
        Some(401 | 403) => Kind::Denied,
        Some(404) => Kind::NotFound,
        Some(409) => Kind::Invalid,
        Some(429 | 502..=504) => Kind::Temporary,
        _ => Kind::Engine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        for (status, message, expected) in [
            (
                Some(404),
                "pull access denied for nosuch, repository does not exist or may require \
                 'docker login': denied: requested access to the resource is denied",
                Kind::NotFound,
            ),
            (Some(404), "manifest for x:y not found: manifest unknown", Kind::NotFound),
            (Some(500), "Get https://r/v2/: no basic auth credentials", Kind::Denied),
            (None, "unauthorized: authentication required", Kind::Denied),
            (None, "denied: requested access to the resource is denied", Kind::Denied),
            (None, "denied: permission_denied: write_package", Kind::Denied),
            (Some(500), "runc: unable to start: permission denied", Kind::Engine),
            (None, "write /var/lib/x: no space left on device", Kind::NoSpace),
            (None, "received unexpected HTTP status: 500 Internal Server Error", Kind::Temporary),
            (None, "toomanyrequests: slow down", Kind::Temporary),
            (
                None,
                "Get http://r/v2/: dial tcp 1.2.3.4:5: connect: connection refused",
                Kind::Temporary,
            ),
            (None, "Put http://r/v2/x: EOF", Kind::Temporary),
            (Some(400), "invalid reference format", Kind::Invalid),
            (Some(409), "Container x is not running", Kind::Invalid),
            (
                Some(409),
                "Container x is paused, unpause the container before exec",
                Kind::Temporary,
            ),
            (
                Some(409),
                "Container x is restarting, wait until the container is running",
                Kind::Temporary,
            ),
            (Some(500), "something else", Kind::Engine),
        ] {
            assert_eq!(kind(status, &message.to_lowercase()), expected, "{message}");
        }
    }
}
