//! Clients of web servers, as far as all of Cooper's are alike.

use reqwest::{Client, ClientBuilder, redirect};

use crate::proxy;
use crate::tls::{self, Trust};

/// What a client begins with: it says that it is Cooper, believes whom it is told to, and uses the
/// proxies of the environment. It follows no redirects by itself, because those would take tokens to
/// other servers; [`redirected`](crate::redirect::redirected) tells where one leads.
///
/// # Errors
///
/// When TLS cannot be set up.
pub fn builder(
    trust: Trust,
    env: impl Fn(&str) -> Option<String>,
) -> Result<ClientBuilder, rustls::Error> {
    let builder = Client::builder()
        .user_agent(concat!("Cooper/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .tls_backend_preconfigured(tls::config(trust)?);
    Ok(proxy::obey(builder, env))
}
