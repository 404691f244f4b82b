//! Where an answer sends a request.
//!
//! `reqwest` would follow by itself, but with headers and bodies that only the first server is to
//! see, and without asking whom we ask instead.

use reqwest::header::LOCATION;
use reqwest::{Response, Url};

/// So many redirects are followed, as by Go.
pub const MOST_REDIRECTS: usize = 10;

/// An answer that sends a request to something that cannot be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the server redirects to something that is no web address")]
pub struct NoWebAddress;

/// Where an answer sends the request, if anywhere.
///
/// # Errors
///
/// When that is no web address.
pub fn redirected(response: &Response) -> Result<Option<Url>, NoWebAddress> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let next = location.to_str().ok().and_then(|text| response.url().join(text).ok());
    match next.filter(|next| matches!(next.scheme(), "http" | "https")) {
        Some(next) => Ok(Some(next)),
        None => Err(NoWebAddress),
    }
}

/// Whether two addresses are of the same server; going over to TLS on the usual ports counts.
pub fn is_same_host(from: &Url, to: &Url) -> bool {
    let port = Url::port_or_known_default;
    let same_port = from.scheme() == to.scheme() && port(from) == port(to);
    let to_tls = (from.scheme(), to.scheme()) == ("http", "https")
        && (port(from), port(to)) == (Some(80), Some(443));
    from.host() == to.host() && (same_port || to_tls)
}
