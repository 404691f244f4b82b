//! Who we are to a registry.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::docker::{Environment, config_folder};
use crate::error::{Error, Result};
use crate::reference::{DEFAULT_REGISTRY, Reference};

/// How Docker Hub is called where credentials are kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// How long a credential helper may take; it may have to ask somebody.
const HELPER_TIMEOUT: Duration = Duration::from_secs(60);

/// Who we are to each registry: `docker.io`, `127.0.0.1:5000`.
pub type Registries = BTreeMap<String, Credentials>;

/// Who we are to a registry. Held in memory only; the secret parts never show in `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A name and a password.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A token that an identity provider gave.
    IdentityToken(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Password { username, .. } => write!(f, "Password({username}, <sensitive>)"),
            Self::IdentityToken(_) => f.write_str("IdentityToken(<sensitive>)"),
        }
    }
}

/// Who we are to the registry of an image, by what `docker login` has left: `config.json` and
/// the credential helpers that it names. Nobody in particular when nothing is left.
pub async fn for_reference(reference: &Reference) -> Result<Credentials> {
    let registry = reference.registry.clone();
    let server = server(&registry).to_owned();
    let found = in_time(&registry, move || find(&environment, &server)).await??;
    Ok(found.unwrap_or_default())
}

/// Who we are to every registry that `docker login` knows.
pub async fn for_all() -> Result<Registries> {
    let found = in_time("any registry", || {
        let mut registries = Registries::new();
        let Some(config) = Config::load(&environment) else {
            return Ok(registries);
        };
        for server in config.auths.keys().chain(config.helpers.keys()) {
            if let Some(credentials) = find(&environment, server)? {
                registries.insert(registry(server).to_owned(), credentials);
            }
        }
        Ok(registries)
    });
    found.await?
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Asks where it may take a while: a helper is a program.
async fn in_time<T: Send + 'static>(
    registry: &str,
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let asked = tokio::task::spawn_blocking(ask);
    let reason = match tokio::time::timeout(HELPER_TIMEOUT, asked).await {
        Ok(Ok(found)) => return Ok(found),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the helper took more than {} seconds", HELPER_TIMEOUT.as_secs()),
    };
    Err(Error::Configuration(format!("cannot get the credentials for `{registry}`: {reason}")))
}

/// How a registry is called where credentials are kept.
fn server(registry: &str) -> &str {
    if registry == DEFAULT_REGISTRY { DOCKER_HUB } else { registry }
}

/// The registry that credentials are kept for.
fn registry(server: &str) -> &str {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    match host.split('/').next().unwrap_or(host) {
        "index.docker.io" | "registry-1.docker.io" => DEFAULT_REGISTRY,
        other => other,
    }
}

/// The part of `config.json` that is about credentials.
#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, IgnoredAny>,
    #[serde(rename = "credHelpers", default)]
    helpers: BTreeMap<String, String>,
    #[serde(rename = "credsStore", default)]
    store: String,
    #[serde(skip)]
    text: Vec<u8>,
}

impl Config {
    /// Reads it; nothing when there is none that could be read.
    fn load(env: Environment<'_>) -> Option<Self> {
        let text = std::fs::read(config_folder(env)?.join("config.json")).ok()?;
        let config: Self = serde_json::from_slice(&text).ok()?;
        Some(Self { text, ..config })
    }

    /// The program that is asked about a server.
    fn helper(&self, server: &str) -> String {
        let name = self.helpers.get(server).unwrap_or(&self.store);
        format!("docker-credential-{name}")
    }
}

fn find(env: Environment<'_>, server: &str) -> Result<Option<Credentials>> {
    use CredentialRetrievalError as Problem;
    let Some(config) = Config::load(env) else {
        return Ok(None);
    };
    let found = docker_credential::get_credential_from_reader(config.text.as_slice(), server);
    let reason = match found {
        // A helper says so of an identity token.
        Ok(DockerCredential::UsernamePassword(name, token)) if name == "<token>" => {
            return Ok(Some(Credentials::IdentityToken(token)));
        }
        Ok(DockerCredential::UsernamePassword(username, password)) => {
            return Ok(Some(Credentials::Password { username, password }));
        }
        Ok(DockerCredential::IdentityToken(token)) => {
            return Ok(Some(Credentials::IdentityToken(token)));
        }
        Err(Problem::NoCredentialConfigured | Problem::ConfigNotFound) => return Ok(None),
        Err(Problem::HelperFailure { stdout, stderr, .. }) => {
            let said = if stdout.trim().is_empty() { stderr } else { stdout };
            if said.contains("credentials not found") {
                return Ok(None);
            }
            let said = said.trim().lines().next().unwrap_or("nothing").to_owned();
            format!("`{}` failed and said: {said}", config.helper(server))
        }
        Err(Problem::HelperCommunicationError) => {
            format!("`{}` could not be run; is it installed?", config.helper(server))
        }
        Err(Problem::MalformedHelperResponse) => {
            format!("the answer of `{}` is not understood", config.helper(server))
        }
        Err(error) => error.to_string(),
    };
    let registry = registry(server);
    Err(Error::Configuration(format!("cannot get the credentials for `{registry}`: {reason}")))
}
