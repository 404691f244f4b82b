//! Proxies of the environment: `reqwest` reads them, but for one thing.

use reqwest::ClientBuilder;

/// Lets a client use no proxy when `NO_PROXY` says `*`, which `reqwest` takes for all names but for
/// no address.
pub(crate) fn obey(client: ClientBuilder, env: impl Fn(&str) -> Option<String>) -> ClientBuilder {
    let exceptions = env("no_proxy").or_else(|| env("NO_PROXY")).unwrap_or_default();
    match exceptions.split(',').any(|exception| exception.trim() == "*") {
        true => client.no_proxy(),
        false => client,
    }
}
