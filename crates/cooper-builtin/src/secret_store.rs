//! The places that keep secrets: HashiCorp's Vault and Consul, and AWS Secrets Manager.
//!
//! Where they are and who we are to them is said by the same variables of the environment that
//! their own tools read. Each secret is asked for once in a run, whatever comes of it.

mod aws;
mod consul;
mod vault;

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cooper_hcl::{SecretRequest, SecretStores};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use cooper_web::client;
use cooper_web::tls::Trust;

/// Asks the real places.
pub struct SecretStoreClients {
    variables: Variables,
    limits: Limits,
    /// What was found out, or why not.
    answers: Mutex<HashMap<SecretRequest, Result<String, String>>>,
}

/// Looks up a variable of the environment.
type Variables = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What an answer may take.
#[derive(Clone, Copy)]
struct Limits {
    connect: Duration,
    /// With everything.
    total: Duration,
    /// Bytes of an answer.
    body: usize,
}

const LIMITS: Limits =
    Limits { connect: Duration::from_secs(10), total: Duration::from_secs(60), body: 1 << 20 };

impl SecretStoreClients {
    /// Clients that are set up by these variables.
    pub fn new(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Box::new(variables), limits: LIMITS, answers: Mutex::default() }
    }

    /// A variable that is there and not empty.
    fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }

    /// Whether a variable says yes, as Go reads it.
    fn says_yes(&self, name: &str) -> bool {
        let value = self.variable(name).unwrap_or_default();
        matches!(&*value, "1" | "t" | "T" | "true" | "TRUE" | "True")
    }

    async fn fetch(&self, wanted: &SecretRequest) -> Result<String, String> {
        match wanted {
            SecretRequest::Vault { path, key } => self.vault(path, key).await,
            SecretRequest::Consul { key } => self.consul(key).await,
            SecretRequest::Aws { name, key } => self.aws(name, key.as_deref()).await,
            SecretRequest::AwsRaw { name } => self.aws_raw(name).await,
        }
    }

    /// Runs to its end on a thread of its own, because the asking thread may belong to a runtime
    /// that must not be held up inside itself.
    fn wait(&self, wanted: &SecretRequest) -> Result<String, String> {
        let total = self.limits.total;
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| format!("cannot start a runtime: {error}"))?;
            runtime.block_on(async {
                tokio::time::timeout(total, self.fetch(wanted)).await.unwrap_or_else(|_| {
                    Err(format!("no answer came within {} seconds", total.as_secs_f32()))
                })
            })
        };
        std::thread::scope(|scope| {
            scope.spawn(run).join().unwrap_or_else(|_| Err("asking for it failed".into()))
        })
    }

    /// A client that follows no redirects, because those would take tokens to other servers.
    fn client(&self, trust: Trust) -> Result<Client, String> {
        let builder = client::builder(trust, |name| self.variable(name));
        let builder = builder.map_err(|error| format!("cannot set up TLS: {error}"))?;
        let client = builder.connect_timeout(self.limits.connect).build();
        client.map_err(|error| format!("cannot make an HTTP client: {error}"))
    }

    /// The authorities that variables name, or that none is needed.
    fn trust(&self, file: &str, anyone: bool) -> Result<Trust, String> {
        let Some(path) = self.variable(file).filter(|_| !anyone) else {
            return Ok(if anyone { Trust::Anyone } else { Trust::System });
        };
        let read = CertificateDer::pem_file_iter(&path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| format!("`{file}` names `{path}`, which cannot be read: {error}"))?;
        Ok(Trust::Only(read))
    }

    /// Sends a request; the status and the body of what comes back.
    async fn send(
        &self,
        store: &str,
        request: RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let mut answer = request.send().await.map_err(|error| unreachable(store, error))?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(format!("{store} sends us to another server; use that one's address"));
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| unreachable(store, error))? {
            if body.len() + part.len() > self.limits.body {
                return Err(format!("the answer of {store} is larger than a secret can be"));
            }
            body.extend_from_slice(&part);
        }
        Ok((status, body))
    }
}

impl SecretStores for SecretStoreClients {
    fn ask(&self, wanted: &SecretRequest) -> Result<Option<String>, String> {
        // Held while asking: whoever wants the same waits for the same answer.
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers.get(wanted) {
            return answer.clone().map(Some);
        }
        let answer = self.wait(wanted);
        answers.insert(wanted.clone(), answer.clone());
        answer.map(Some)
    }
}

/// An address from a variable.
fn address(name: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| format!("`{name}` is not an address that begins with `http`"))
}

/// Puts a path behind an address, every part of it escaped.
fn below(mut url: Url, parts: &[&str], path: &str) -> Url {
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts).extend(path.trim_matches('/').split('/'));
    }
    url
}

/// Why a server could not be talked to, without its address, which may hold a password.
fn unreachable(store: &str, error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("{store} does not answer");
    }
    let error = error.without_url();
    let mut last: &dyn Error = &error;
    while let Some(source) = last.source() {
        last = source;
    }
    format!("cannot reach {store}: {last}")
}

#[cfg(test)]
mod tests;
