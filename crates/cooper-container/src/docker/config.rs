//! Where the Docker engine is: `DOCKER_HOST`, the current context, or the default socket.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// How environment variables are looked up: nothing for one that is unset.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where the Docker engine is and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerConfig {
    pub(crate) address: Address,
}

/// The ways to an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A TCP port, with TLS when there are settings for it.
    Tcp {
        host: String,
        port: u16,
        /// What stands before every path: empty or `/base`.
        base: String,
        tls: Option<TlsFiles>,
    },
    /// Another machine's `docker system dial-stdio`.
    Ssh {
        user: Option<String>,
        host: String,
        port: Option<u16>,
        /// The socket over there, when it is not the usual one.
        socket: Option<String>,
    },
}

/// Where the certificates for a TLS connection are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Who may have signed the engine's certificate; the system's authorities without.
    pub(crate) ca: Option<PathBuf>,
    /// Our own certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Whether the engine's certificate is looked at. Only the user can say no.
    pub(crate) verify: bool,
}

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

impl DockerConfig {
    /// The engine that the `docker` program would talk to from here.
    pub fn from_environment() -> Result<Self> {
        Self::resolve(&|name| std::env::var(name).ok())
    }

    /// The engine that the `docker` program would talk to in this environment: `DOCKER_HOST`,
    /// else `DOCKER_CONTEXT`, else the current context of `config.json`, else the default socket.
    pub fn resolve(env: Environment<'_>) -> Result<Self> {
        if let Some(host) = set(env, "DOCKER_HOST") {
            let address = parse_host(&host, environment_tls(env))
                .map_err(|reason| bad_host("DOCKER_HOST", &host, &reason))?;
            return Ok(Self { address });
        }
        let folder = config_folder(env);
        let name = match set(env, "DOCKER_CONTEXT") {
            Some(name) => Some(name),
            None => current_context(folder.as_deref())?,
        };
        match (name, folder) {
            (Some(name), Some(folder)) if name != "default" => context(&folder, &name),
            (Some(name), None) if name != "default" => Err(Error::Configuration(format!(
                "the Docker context `{name}` cannot be looked up because `HOME` is not set"
            ))),
            _ => Ok(Self::unix(DEFAULT_SOCKET)),
        }
    }

    /// The engine behind a socket of this machine.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self { address: Address::Unix(path.into()) }
    }

    /// The address, as `DOCKER_HOST` would have it.
    pub fn host(&self) -> String {
        match &self.address {
            Address::Unix(path) => format!("unix://{}", path.display()),
            Address::Tcp { host, port, base, .. } => {
                format!("tcp://{}{base}", authority(host, *port))
            }
            Address::Ssh { user, host, port, socket } => {
                let user = user.as_ref().map(|user| format!("{user}@"));
                let port = port.map(|port| format!(":{port}"));
                format!(
                    "ssh://{}{host}{}{}",
                    user.unwrap_or_default(),
                    port.unwrap_or_default(),
                    socket.as_deref().unwrap_or_default()
                )
            }
        }
    }
}

/// `host:port`, with brackets around an IPv6 address.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Docker's folder for settings: `DOCKER_CONFIG`, or `.docker` at home.
pub(crate) fn config_folder(env: Environment<'_>) -> Option<PathBuf> {
    set(env, "DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| set(env, "HOME").map(|home| Path::new(&home).join(".docker")))
}

/// A variable's value; one that is empty counts as unset, as it does for Docker.
fn set(env: Environment<'_>, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

fn bad_host(from: &str, host: &str, reason: &str) -> Error {
    // An address may hold a password, before the last `@`.
    let host = match host.rsplit_once('@') {
        Some((user, place)) => {
            let scheme = user.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://…@{place}")
        }
        None => host.to_owned(),
    };
    Error::Configuration(format!(
        "{from} is `{host}`, which is not an address of a Docker engine: {reason}"
    ))
}

/// The TLS settings that the environment asks for, if it does.
fn environment_tls(env: Environment<'_>) -> Option<TlsFiles> {
    let verify = set(env, "DOCKER_TLS_VERIFY").is_some();
    if !verify && set(env, "DOCKER_TLS").is_none() {
        return None;
    }
    let folder = set(env, "DOCKER_CERT_PATH")
        .map(PathBuf::from)
        .or_else(|| config_folder(env))
        .unwrap_or_default();
    Some(tls_files(&folder, verify))
}

/// The files with Docker's usual names in a folder, as far as they exist.
fn tls_files(folder: &Path, verify: bool) -> TlsFiles {
    let present = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    TlsFiles {
        ca: present("ca.pem"),
        identity: present("cert.pem").zip(present("key.pem")),
        verify,
    }
}

fn parse_host(text: &str, tls: Option<TlsFiles>) -> std::result::Result<Address, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
    match scheme {
        "unix" if rest.is_empty() => Ok(Address::Unix(DEFAULT_SOCKET.into())),
        "unix" => Ok(Address::Unix(rest.into())),
        "tcp" | "http" | "https" => {
            let tls = tls.or_else(|| {
                (scheme == "https").then(|| TlsFiles { verify: true, ..TlsFiles::default() })
            });
            let (place, path) = split_path(rest);
            let (host, port) = host_and_port(place)?;
            let default_port = if tls.is_some() { 2376 } else { 2375 };
            Ok(Address::Tcp {
                host: if host.is_empty() { "127.0.0.1" } else { host }.to_owned(),
                port: port.unwrap_or(default_port),
                base: path.trim_end_matches('/').to_owned(),
                tls,
            })
        }
        "ssh" => parse_ssh(rest),
        "npipe" => Err("named pipes exist on Windows only".to_owned()),
        _ => Err(format!("`{scheme}://` is not known; there are `unix://`, `tcp://` and `ssh://`")),
    }
}

fn parse_ssh(rest: &str) -> std::result::Result<Address, String> {
    let (place, path) = split_path(rest);
    let (user, place) = match place.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            return Err("it holds a password; use a key instead".to_owned());
        }
        Some((user, _)) if !is_user(user) => {
            return Err("what it holds before the `@` is not a user's name".to_owned());
        }
        Some(("", place)) => (None, place),
        Some((user, place)) => (Some(user.to_owned()), place),
        None => (None, place),
    };
    let (host, port) = host_and_port(place)?;
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    if path.contains(['?', '#']) {
        return Err("it has a query or a fragment".to_owned());
    }
    Ok(Address::Ssh {
        user,
        host: host.to_owned(),
        port,
        socket: Some(path.to_owned()).filter(|path| !path.is_empty() && path != "/"),
    })
}

/// Whether `ssh` and the user's settings for it can take this for nothing but a name.
fn is_user(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "-._+@\\".contains(c);
    !name.starts_with('-') && name.chars().all(fits)
}

/// `host:port/path` as `host:port` and `/path`.
fn split_path(text: &str) -> (&str, &str) {
    text.split_at(text.find('/').unwrap_or(text.len()))
}

fn host_and_port(text: &str) -> std::result::Result<(&str, Option<u16>), String> {
    // What stands before it may be a password, so it is not repeated.
    if text.contains('@') {
        return Err("it holds a user, which only `ssh://` can".to_owned());
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
            None => return Err("a bracket is not closed".to_owned()),
        },
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    // Also what a shell or `ssh` could take for something else, in the user's own settings too.
    let fits = |c: char| c.is_alphanumeric() || "-._:%".contains(c);
    if host.starts_with('-') || !host.chars().all(fits) {
        return Err(format!("`{host}` is not a host name"));
    }
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().map_err(|_| format!("`{port}` is not a port"))?),
    };
    Ok((host, port))
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// The current context that `config.json` names; nothing without the file.
fn current_context(folder: Option<&Path>) -> Result<Option<String>> {
    let Some(path) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(None);
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        // As for `docker`: settings that cannot be read are settings that are not there.
        Err(_) => return Ok(None),
    };
    let file: ConfigFile = serde_json::from_slice(&text).map_err(|error| {
        Error::Configuration(format!("cannot understand `{}`: {error}", path.display()))
    })?;
    Ok(file.current_context.filter(|name| !name.is_empty()))
}

#[derive(Deserialize)]
struct ContextFile {
    #[serde(rename = "Endpoints", default)]
    endpoints: ContextEndpoints,
}

#[derive(Deserialize, Default)]
struct ContextEndpoints {
    docker: Option<ContextEndpoint>,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// The engine of a named context, from Docker's folder of contexts.
fn context(folder: &Path, name: &str) -> Result<DockerConfig> {
    let key: String =
        Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let meta = folder.join("contexts/meta").join(&key).join("meta.json");
    let text = std::fs::read(&meta).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "`docker context ls` lists those there are".to_owned(),
            _ => format!("cannot read `{}`: {error}", meta.display()),
        };
        Error::Configuration(format!("there is no Docker context `{name}`: {reason}"))
    })?;
    let file: ContextFile = serde_json::from_slice(&text).map_err(|error| {
        Error::Configuration(format!("cannot understand `{}`: {error}", meta.display()))
    })?;
    let Some(endpoint) = file.endpoints.docker else {
        return Err(Error::Configuration(format!(
            "the Docker context `{name}` has no Docker endpoint"
        )));
    };
    if endpoint.host.is_empty() {
        return Ok(DockerConfig::unix(DEFAULT_SOCKET));
    }
    let tls_folder = folder.join("contexts/tls").join(&key).join("docker");
    let tls = (tls_folder.exists() || endpoint.skip_tls_verify)
        .then(|| tls_files(&tls_folder, !endpoint.skip_tls_verify));
    let address = parse_host(&endpoint.host, tls).map_err(|reason| {
        bad_host(&format!("the host of the Docker context `{name}`"), &endpoint.host, &reason)
    })?;
    Ok(DockerConfig { address })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(variables: &[(&str, &str)]) -> Result<DockerConfig> {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        DockerConfig::resolve(&move |name| {
            let found = variables.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn hosts_are_read_as_docker_reads_them() {
        for (host, expected) in [
            ("unix:///run/d.sock", "unix:///run/d.sock"),
            ("unix://", "unix:///var/run/docker.sock"),
            ("tcp://10.0.0.1", "tcp://10.0.0.1:2375"),
            ("tcp://:4000", "tcp://127.0.0.1:4000"),
            ("10.0.0.1:99", "tcp://10.0.0.1:99"),
            ("tcp://[::1]:99/base/", "tcp://[::1]:99/base"),
            ("tcp://[::1]", "tcp://[::1]:2375"),
            ("https://d.example", "tcp://d.example:2376"),
            ("ssh://me@box:2222", "ssh://me@box:2222"),
            ("ssh://box", "ssh://box"),
            ("ssh://box/run/d.sock", "ssh://box/run/d.sock"),
        ] {
            let config = resolve(&[("DOCKER_HOST", host)]).unwrap();
            assert_eq!(config.host(), expected, "{host}");
        }
    }

    #[test]
    fn hosts_that_are_none_are_refused() {
        for (host, reason) in [
            ("tcp://a:b", "`b` is not a port"),
            ("tcp://a:70000", "`70000` is not a port"),
            ("ssh://me:secret@box", "it holds a password"),
            ("ssh://", "it names no host"),
            ("ssh://box/x?y", "it has a query"),
            ("fd://", "`fd://` is not known"),
            ("tcp://[::1", "a bracket is not closed"),
            ("tcp://[::1]x", "`x` is not a port"),
            ("tcp://a b", "`a b` is not a host name"),
            ("tcp://me:hunter2@box", "it holds a user"),
            ("hunter2@box:2375", "it holds a user"),
            ("ssh://-oProxyCommand=x", "is not a host name"),
            ("ssh://$(x)", "is not a host name"),
            ("ssh://-oProxyCommand=x@box", "is not a user's name"),
            ("ssh://`x`@box", "is not a user's name"),
        ] {
            let error = resolve(&[("DOCKER_HOST", host)]).unwrap_err().to_string();
            assert!(error.contains(reason), "{host}: {error}");
            assert!(error.contains("DOCKER_HOST"), "{error}");
            assert!(!error.contains("secret") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn nothing_set_means_the_default_socket() {
        let expected = DockerConfig::unix("/var/run/docker.sock");
        assert_eq!(resolve(&[]).unwrap(), expected);
        assert_eq!(resolve(&[("DOCKER_HOST", "")]).unwrap(), expected);
        assert_eq!(resolve(&[("DOCKER_CONTEXT", "default")]).unwrap(), expected);
    }

    #[test]
    fn tls_is_asked_for_by_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let path = folder.path().to_str().unwrap();
        let host = ("DOCKER_HOST", "tcp://d.example");
        let config = resolve(&[host, ("DOCKER_CERT_PATH", path)]).unwrap();
        assert_eq!(config.host(), "tcp://d.example:2375");
        let config = resolve(&[host, ("DOCKER_CERT_PATH", path), ("DOCKER_TLS_VERIFY", "1")]);
        let config = config.unwrap();
        assert_eq!(config.host(), "tcp://d.example:2376");
        let Address::Tcp { tls: Some(tls), .. } = config.address else {
            panic!("no TLS");
        };
        assert!(tls.verify && tls.ca.is_some() && tls.identity.is_some());
    }

    #[test]
    fn contexts_are_found_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let digest: String =
            Sha256::digest(b"remote").iter().map(|byte| format!("{byte:02x}")).collect();
        let meta = folder.path().join("contexts/meta").join(digest);
        std::fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"remote","Metadata":{},"Endpoints":{"docker":
            {"Host":"ssh://me@box:2222","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).unwrap();
        let config = folder.path().join("config.json");
        std::fs::write(config, r#"{"auths":{},"currentContext":"remote"}"#).unwrap();

        let home = ("DOCKER_CONFIG", folder.path().to_str().unwrap());
        let found = |more: &[(&str, &str)]| resolve(&[&[home], more].concat());
        assert_eq!(found(&[]).unwrap().host(), "ssh://me@box:2222");
        let other = found(&[("DOCKER_CONTEXT", "default")]).unwrap();
        assert_eq!(other, DockerConfig::unix("/var/run/docker.sock"));
        let host = found(&[("DOCKER_HOST", "unix:///x")]).unwrap();
        assert_eq!(host, DockerConfig::unix("/x"));
        let missing = found(&[("DOCKER_CONTEXT", "nowhere")]).unwrap_err();
        assert!(missing.to_string().contains("no Docker context `nowhere`"));
    }
}
