//! Who we are to a registry.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde::Deserialize;

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
        let by_helper = |entry: &Entry| !config.store.is_empty() || !entry.is_empty();
        let known = config.auths.iter().filter(|(_, entry)| by_helper(entry)).map(|(name, _)| name);
        for server in known.chain(config.helpers.keys()) {
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
    auths: BTreeMap<String, Entry>,
    #[serde(rename = "credHelpers", default)]
    helpers: BTreeMap<String, String>,
    #[serde(rename = "credsStore", default)]
    store: String,
    #[serde(skip)]
    text: Vec<u8>,
}

/// What `config.json` says about one registry.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

impl Entry {
    /// Whether it says nothing: what `docker logout` and helpers leave.
    fn is_empty(&self) -> bool {
        let Self { auth, username, password, identitytoken } = self;
        [auth, username, password, identitytoken]
            .iter()
            .all(|text| text.as_deref().is_none_or(str::is_empty))
    }
}

impl Config {
    /// Reads it; nothing when there is none that could be read.
    fn load(env: Environment<'_>) -> Option<Self> {
        let text = std::fs::read(config_folder(env)?.join("config.json")).ok()?;
        let config: Self = serde_json::from_slice(&text).ok()?;
        Some(Self { text: without_empty(text), ..config })
    }

    /// The program that is asked about a server.
    fn helper(&self, server: &str) -> String {
        let name = self.helpers.get(server).unwrap_or(&self.store);
        format!("docker-credential-{name}")
    }
}

/// The text without what stands empty in it: an empty password is none, and a store without a
/// name is no program that could be asked.
fn without_empty(text: Vec<u8>) -> Vec<u8> {
    let Ok(mut config) = serde_json::from_slice::<serde_json::Value>(&text) else {
        return text;
    };
    if let Some(config) = config.as_object_mut() {
        config.retain(|_, value| value.as_str() != Some(""));
    }
    let entries = config.get_mut("auths").and_then(serde_json::Value::as_object_mut);
    for entry in entries.into_iter().flat_map(serde_json::Map::values_mut) {
        if let Some(fields) = entry.as_object_mut() {
            fields.retain(|_, value| value.as_str() != Some(""));
        }
    }
    config.to_string().into_bytes()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What a configuration says of a server.
    fn found(config: &str, server: &str) -> Result<Option<Credentials>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        found_in(folder.path(), server)
    }

    fn found_in(folder: &Path, server: &str) -> Result<Option<Credentials>> {
        find(&|name| (name == "DOCKER_CONFIG").then(|| folder.display().to_string()), server)
    }

    fn password(username: &str, password: &str) -> Credentials {
        Credentials::Password { username: username.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn what_login_left_is_found() {
        // `me:secret` and `me:p:w`.
        let config = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0"},
            "registry.example:5000": {"auth": "bWU6cDp3"},
            "https://other.example/v2/": {"username": "you", "password": "pw"},
            "token.example": {"identitytoken": "it", "auth": "MDAwMDo="}
        }}"#;
        let hub = server(DEFAULT_REGISTRY);
        assert_eq!(found(config, hub).unwrap(), Some(password("me", "secret")));
        let ported = found(config, "registry.example:5000").unwrap();
        assert_eq!(ported, Some(password("me", "p:w")));
        assert_eq!(found(config, "other.example").unwrap(), Some(password("you", "pw")));
        let token = found(config, "token.example").unwrap();
        assert_eq!(token, Some(Credentials::IdentityToken("it".to_owned())));
        assert_eq!(found(config, "nobody.example").unwrap(), None);
    }

    #[test]
    fn docker_hub_has_one_name() {
        for name in ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"] {
            assert_eq!(registry(name), DEFAULT_REGISTRY, "{name}");
        }
        assert_eq!(registry("https://registry.example:5000/v2/"), "registry.example:5000");
    }

    #[test]
    fn what_is_empty_says_nothing() {
        for config in [
            "{}",
            r#"{"auths": {}}"#,
            r#"{"auths": {"registry.example": {}}}"#,
            r#"{"auths": {"registry.example": {"auth": ""}}}"#,
            r#"{"auths": {"registry.example": {"auth": "", "identitytoken": ""}}}"#,
            r#"{"auths": {"registry.example": {"username": "", "password": ""}}}"#,
            r#"{"auths": {"registry.example": {"auth": ""}}, "credHelpers": {}, "credsStore": ""}"#,
        ] {
            assert_eq!(found(config, "registry.example").unwrap(), None, "{config}");
        }
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(found_in(nothing.path(), "registry.example").unwrap(), None);
    }

    #[test]
    fn a_broken_entry_is_told_without_its_text() {
        let config = r#"{"auths": {"registry.example": {"auth": "%%hush%%"}}}"#;
        let error = found(config, "registry.example").unwrap_err().to_string();
        assert!(error.contains("cannot get the credentials for `registry.example`"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn a_helper_that_is_not_there_is_named() {
        let config = r#"{"auths": {"registry.example": {"auth": ""}}, "credsStore": "none-such"}"#;
        let error = found(config, "registry.example").unwrap_err().to_string();
        assert!(error.contains("`docker-credential-none-such` could not be run"), "{error}");
        // The helper of one registry comes before the store of all, and before what stands there.
        let config = r#"{"auths": {"registry.example": {"auth": "bWU6c2VjcmV0"}},
            "credHelpers": {"registry.example": "own-none-such"}, "credsStore": "none-such"}"#;
        let error = found(config, "registry.example").unwrap_err().to_string();
        assert!(error.contains("`docker-credential-own-none-such`"), "{error}");
    }

    /// What helpers say, by the registry they are asked about.
    const HELPER: &str = r#"#!/bin/sh
read -r server
case $server in
  known.example) echo '{"ServerURL": "x", "Username": "me", "Secret": "s"}' ;;
  token.example) echo '{"ServerURL": "x", "Username": "<token>", "Secret": "it"}' ;;
  odd.example) echo 'hello' ;;
  locked.example) echo 'the store is locked' >&2; exit 1 ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"#;

    /// The path belongs to the whole process, so this runs itself again with one of its own.
    #[test]
    fn a_helper_is_asked() {
        if std::env::var_os("COOPER_TEST_HELPER").is_none() {
            let folder = tempfile::tempdir().unwrap();
            let helper = folder.path().join("docker-credential-fake");
            std::fs::write(&helper, HELPER).unwrap();
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(&helper, executable).unwrap();
            let path = std::env::var("PATH").unwrap_or_default();
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "credentials::tests::a_helper_is_asked"])
                .env("COOPER_TEST_HELPER", "1")
                .env("PATH", format!("{}:{path}", folder.path().display()))
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            return;
        }
        let config = r#"{"auths": {"known.example": {}}, "credsStore": "fake"}"#;
        assert_eq!(found(config, "known.example").unwrap(), Some(password("me", "s")));
        let token = Some(Credentials::IdentityToken("it".to_owned()));
        assert_eq!(found(config, "token.example").unwrap(), token);
        assert_eq!(found(config, "nobody.example").unwrap(), None);
        let error = found(config, "odd.example").unwrap_err().to_string();
        assert!(error.contains("the answer of `docker-credential-fake`"), "{error}");
        let error = found(config, "locked.example").unwrap_err().to_string();
        assert!(error.contains("failed and said: the store is locked"), "{error}");
    }
}
