//! HashiCorp's Consul.

use reqwest::StatusCode;

use super::{SecretStoreClients, address, below};

impl SecretStoreClients {
    /// The value of a key.
    pub(super) async fn consul(&self, key: &str) -> Result<String, String> {
        let server = self.variable("CONSUL_HTTP_ADDR").unwrap_or_else(|| "127.0.0.1:8500".into());
        let scheme = if self.says_yes("CONSUL_HTTP_SSL") { "https" } else { "http" };
        let server = match server.contains("://") {
            true => server,
            false => format!("{scheme}://{server}"),
        };
        let mut url = below(address("CONSUL_HTTP_ADDR", &server)?, &["v1", "kv"], key);
        url.query_pairs_mut().append_key_only("raw");
        if let Some(namespace) = self.variable("CONSUL_NAMESPACE") {
            url.query_pairs_mut().append_pair("ns", &namespace);
        }
        let verify = self.variable("CONSUL_HTTP_SSL_VERIFY");
        let anyone = verify.is_some_and(|value| matches!(&*value, "0" | "f" | "false" | "FALSE"));
        let mut request = self.client(self.trust("CONSUL_CACERT", anyone)?)?.get(url);
        if let Some(token) = self.variable("CONSUL_HTTP_TOKEN") {
            request = request.header("X-Consul-Token", token);
        }
        if let Some(auth) = self.variable("CONSUL_HTTP_AUTH") {
            let (user, password) = auth.split_once(':').unwrap_or((&auth, ""));
            request = request.basic_auth(user, Some(password));
        }
        let (status, body) = self.send("Consul", request).await?;
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(format!("Consul has no key `{key}`")),
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                let code = status.as_u16();
                return Err(format!("Consul refuses ({code}); check `CONSUL_HTTP_TOKEN`"));
            }
            status => return Err(format!("Consul cannot answer ({})", status.as_u16())),
        }
        let value = String::from_utf8(body)
            .map_err(|_| format!("the value of the key `{key}` is not UTF-8 text"))?;
        match &*value {
            "" => Err(format!("the value of the key `{key}` is empty")),
            _ => Ok(value),
        }
    }
}
