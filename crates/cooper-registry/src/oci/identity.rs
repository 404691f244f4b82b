//! Who we are to a registry.
//!
//! A name and a password go to the registry itself, or to the server of tokens that it names, and to
//! nobody else. A token goes to the registry alone.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cooper_build::Failure;
use cooper_container::credentials::{Credentials, for_reference};
use cooper_container::reference::Reference;
use cooper_web::retry::Trouble;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::access::Access;
use super::challenge::Challenge;
use super::complaint::{brief, complaints};
use super::insecure::{INSECURE, Insecure};
use crate::body::{Bounds, broken};

/// Bytes of a token, with what stands around it.
const TOKEN: u64 = 1 << 20;

/// A token, with everything.
const TOKEN_TIME: Duration = Duration::from_secs(60);

/// Who we are to the registry of one repository.
pub(super) struct Identity {
    reference: Reference,
    access: Access,
    insecure: Insecure,
    header: Mutex<Option<HeaderValue>>,
}

impl Identity {
    /// Who we are by what `docker login` has left. Nobody is asked yet.
    pub(super) fn new(reference: Reference, access: Access, insecure: Insecure) -> Self {
        Self { reference, access, insecure, header: Mutex::default() }
    }

    /// The registry: `registry.example`.
    pub(super) fn host(&self) -> &str {
        &self.reference.registry
    }

    /// The repository: `team/greet`.
    pub(super) fn path(&self) -> &str {
        &self.reference.repository
    }

    /// What is sent with each request to the registry, once it has wanted that.
    pub(super) async fn header(&self) -> Option<HeaderValue> {
        self.header.lock().await.clone()
    }

    /// Answers the question who we are; the answer is sent from now on. `server` is the registry's
    /// own address.
    ///
    /// # Errors
    ///
    /// When there is no answer that the registry would take, or none that we give.
    pub(super) async fn answer(
        &self,
        question: &HeaderMap,
        server: &Url,
        client: &Client,
    ) -> Result<(), Trouble<Failure>> {
        let host = self.host();
        let credentials = self.credentials().await?;
        let header = match Challenge::of(question) {
            Some(Challenge::Basic) => match &credentials {
                Credentials::Password { username, password } => basic(username, password)?,
                Credentials::Anonymous | Credentials::IdentityToken(_) => {
                    return Err(self.unknown().into());
                }
            },
            Some(Challenge::Bearer { realm, service }) => {
                let realm = self.trusted(&realm, server)?;
                let asking = self.token(realm, service.as_deref(), &credentials, client);
                tokio::time::timeout(TOKEN_TIME, asking).await.unwrap_or_else(|_| {
                    let message = format!("a token for `{host}` takes longer than {TOKEN_TIME:?}");
                    Err(Failure::new(message).into())
                })?
            }
            None => {
                let message = format!("`{host}` wants to know who we are in no way we know");
                return Err(Failure::new(message).into());
            }
        };
        *self.header.lock().await = Some(header);
        Ok(())
    }

    /// What it means that the registry knows who we are, and does not let us.
    pub(super) async fn refused(&self, status: StatusCode, causes: Vec<String>) -> Failure {
        let (verb, host, path) = (self.access.verb(), self.host(), self.path());
        let failure = Failure::new(format!("`{host}` does not let us {verb} `{path}` ({status})"));
        let failure = causes.into_iter().fold(failure, Failure::caused_by);
        failure.help(match self.credentials().await {
            Ok(Credentials::Password { username, .. }) => {
                let username = brief(&username);
                format!(
                    "we are `{username}` there, by what `docker login {host}` has left: is the \
                     password right, and may they do that?"
                )
            }
            Ok(Credentials::IdentityToken(_)) => {
                format!("the token is what `docker login {host}` has left; do it again")
            }
            Ok(Credentials::Anonymous) | Err(_) => who_to_be(host),
        })
    }

    async fn credentials(&self) -> Result<Credentials, Failure> {
        for_reference(&self.reference).await.map_err(|error| {
            Failure::because(format!("cannot tell `{}` who we are", self.host()), &error)
        })
    }

    /// That somebody wants to know who we are, and we do not know it.
    fn unknown(&self) -> Failure {
        let host = self.host();
        Failure::new(format!("`{host}` wants to know who we are")).help(who_to_be(host))
    }

    /// The address of the server that gives tokens, if it may be asked: with TLS; without, only when
    /// the registry is asked without, too, and the server is the same, or one that may be asked so.
    fn trusted(&self, realm: &str, server: &Url) -> Result<Url, Failure> {
        let url = Url::parse(realm).ok().filter(|url| {
            let place = |url: &Url| Some((url.host()?.to_owned(), url.port_or_known_default()));
            let host = url.host_str().unwrap_or_default();
            let is_open = server.scheme() == "http"
                && (place(url) == place(server) || self.insecure.has(host));
            url.scheme() == "https" || (url.scheme() == "http" && is_open)
        });
        url.ok_or_else(|| {
            let (host, realm) = (self.host(), brief(realm));
            let message = format!("`{host}` wants a token of `{realm}`, which is not asked");
            Failure::new(message).help("ask those who keep the registry")
        })
    }

    /// A token from the server that the registry names.
    async fn token(
        &self,
        mut realm: Url,
        service: Option<&str>,
        credentials: &Credentials,
        client: &Client,
    ) -> Result<HeaderValue, Trouble<Failure>> {
        let giver = realm.host_str().unwrap_or_default().to_owned();
        let scope = format!("repository:{}:{}", self.path(), self.access.actions());
        let request = match credentials {
            Credentials::IdentityToken(refresh) => {
                // A query is written as a form is.
                let mut form = realm.clone();
                form.query_pairs_mut()
                    .clear()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", refresh)
                    .append_pair("client_id", "cooper")
                    .append_pair("scope", &scope)
                    .extend_pairs(service.map(|service| ("service", service)));
                let form = form.query().unwrap_or_default().to_owned();
                let kind = "application/x-www-form-urlencoded";
                client.post(realm).header(CONTENT_TYPE, kind).body(form)
            }
            Credentials::Anonymous | Credentials::Password { .. } => {
                if let Some(service) = service {
                    realm.query_pairs_mut().append_pair("service", service);
                }
                realm.query_pairs_mut().append_pair("scope", &scope);
                let request = client.get(realm);
                match credentials {
                    Credentials::Password { username, password } => {
                        request.header(AUTHORIZATION, basic(username, password)?)
                    }
                    Credentials::Anonymous | Credentials::IdentityToken(_) => request,
                }
            }
        };
        let failure = |error| trouble(&giver, error);
        let response = request.send().await.map_err(|error| broken(error, failure))?;
        let bounds = Bounds { most: TOKEN, what: "a token", failure: &failure };
        if !response.status().is_success() {
            return Err(self.no_token(response, &giver, credentials, &bounds).await);
        }
        let text = bounds.whole(response).await?;
        Ok(read_token(&text).ok_or_else(|| Failure::new(format!("`{giver}` gives no token")))?)
    }

    /// What it means that there is none.
    async fn no_token(
        &self,
        response: Response,
        giver: &str,
        credentials: &Credentials,
        bounds: &Bounds<'_>,
    ) -> Trouble<Failure> {
        let (host, status) = (self.host(), response.status());
        let verdict = Trouble::of_answer(&response, ());
        let failure = match (status, credentials) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Credentials::Anonymous) => {
                self.unknown()
            }
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                let message = format!("`{giver}` gives us no token for `{host}` ({status})");
                let text = bounds.whole(response).await.unwrap_or_default();
                let failure =
                    complaints(&text).into_iter().fold(Failure::new(message), Failure::caused_by);
                failure.help(format!("is the password right that `docker login {host}` has left?"))
            }
            (_, _) => Failure::new(format!("`{giver}` gives no token for `{host}`: {status}")),
        };
        verdict.map(|()| failure)
    }
}

fn who_to_be(host: &str) -> String {
    format!("`docker login {host}` keeps a name and a password for it")
}

/// What goes with requests, by what a server of tokens has answered. Either name will do.
fn read_token(text: &[u8]) -> Option<HeaderValue> {
    #[derive(Deserialize)]
    struct Token {
        #[serde(default)]
        token: Option<String>,
        #[serde(default)]
        access_token: Option<String>,
    }
    // A struct could be read from a list, too.
    let answer: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text).ok()?;
    let Token { token, access_token } = serde_json::from_value(answer.into()).ok()?;
    let mut tokens = [token, access_token].into_iter().flatten();
    let token = tokens.find(|token| !token.is_empty())?;
    sensitive(&format!("Bearer {token}"))
}

fn basic(username: &str, password: &str) -> Result<HeaderValue, Failure> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
        .ok_or_else(|| Failure::new("a password cannot be sent"))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// What went wrong on the way to a registry, or to who gives tokens for one.
pub(super) fn trouble(host: &str, error: reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::new(format!("`{host}` does not answer"));
    }
    let message = match error.is_connect() {
        true => format!("cannot reach `{host}`"),
        false => format!("cannot talk to `{host}`"),
    };
    let causes = cooper_web::trouble::causes(error);
    let failure = causes.into_iter().fold(Failure::new(message), Failure::caused_by);
    failure.help(format!("a registry without TLS is named in `{INSECURE}`"))
}

#[cfg(test)]
mod tests {
    use cooper_hcl::system::Nowhere;

    use super::*;

    #[test]
    fn tokens_have_one_of_two_names() {
        let read = |text: &str| {
            read_token(text.as_bytes()).map(|header| header.to_str().unwrap().to_owned())
        };
        assert_eq!(read(r#"{"token":"a.b"}"#).as_deref(), Some("Bearer a.b"));
        assert_eq!(read(r#"{"access_token":"c","expires_in":60}"#).as_deref(), Some("Bearer c"));
        assert_eq!(read(r#"{"token":"","access_token":"c"}"#).as_deref(), Some("Bearer c"));
        assert_eq!(read(r#"{"token":null,"access_token":"c"}"#).as_deref(), Some("Bearer c"));
        for text in [
            "",
            "a.b",
            "{}",
            r#"{"token":7}"#,
            r#"{"token":""}"#,
            "{\"token\":\"a\\nX-Evil: b\"}",
            r#"["a"]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn servers_of_tokens_are_asked_with_tls_or_where_the_registry_is_asked_without() {
        let is_trusted = |registry: &str, realm: &str| {
            let reference = Reference::parse("registry.example/team/greet").unwrap();
            let identity = Identity::new(reference, Access::Pull, Insecure::of(&Nowhere));
            let refused = identity.trusted(realm, &Url::parse(registry).unwrap());
            refused.is_ok()
        };
        let (closed, open) = ("https://registry.example/v2/", "http://registry.example:5000/v2/");
        for (registry, realm, expected) in [
            (closed, "https://registry.example/token", true),
            (closed, "https://auth.example/token?a=b", true),
            (closed, "http://registry.example/token", false),
            (closed, "http://localhost/token", false),
            (closed, "http://127.0.0.1/token", false),
            (open, "https://auth.example/token", true),
            (open, "http://registry.example:5000/token", true),
            (open, "http://localhost:5001/token", true),
            (open, "http://registry.example/token", false),
            (open, "http://auth.example/token", false),
            (open, "http://127.0.0.1@auth.example/token", false),
            (open, "ftp://registry.example:5000/token", false),
            (open, "file:///etc/passwd", false),
            (open, "/token", false),
            (open, "", false),
        ] {
            assert_eq!(is_trusted(registry, realm), expected, "{registry} {realm}");
        }
    }
}
