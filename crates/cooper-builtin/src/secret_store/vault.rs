//! HashiCorp's Vault.

use reqwest::StatusCode;
use serde_json::Value as Json;

use super::{SecretStoreClients, address, below};

impl SecretStoreClients {
    /// One key of a secret: of a KV store of version 2, or of any other secret.
    pub(super) async fn vault(&self, path: &str, key: &str) -> Result<String, String> {
        let token = self.variable("VAULT_TOKEN").ok_or("`VAULT_TOKEN` is not set")?;
        let server = self.variable("VAULT_ADDR");
        let server = server.unwrap_or_else(|| "https://127.0.0.1:8200".into());
        let url = below(address("VAULT_ADDR", &server)?, &["v1"], path);
        let trust = self.trust("VAULT_CACERT", self.says_yes("VAULT_SKIP_VERIFY"))?;
        let mut request = self
            .client(trust)?
            .get(url)
            .header("X-Vault-Token", token)
            .header("X-Vault-Request", "true");
        if let Some(namespace) = self.variable("VAULT_NAMESPACE") {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let (status, body) = self.send("Vault", request).await?;
        let answer: Option<Json> = serde_json::from_slice(&body).ok();
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(format!("Vault has no secret at `{path}`")),
            status => {
                let told = answer.as_ref().and_then(|answer| answer["errors"][0].as_str());
                let told = told.map(|told| format!(": {}", told.trim())).unwrap_or_default();
                let help =
                    if status == StatusCode::FORBIDDEN { "; check `VAULT_TOKEN`" } else { "" };
                return Err(format!("Vault refuses ({}){told}{help}", status.as_u16()));
            }
        }
        let answer = answer.ok_or("the answer of Vault is not JSON")?;
        let data = &answer["data"];
        // Version 2 of its KV store has versions of the data.
        let data = if data["data"].is_object() { &data["data"] } else { data };
        match &data[key] {
            Json::String(secret) => Ok(secret.clone()),
            Json::Null => Err(format!("the secret at `{path}` has no key `{key}`")),
            _ => Err(format!("the key `{key}` of the secret at `{path}` is not a string")),
        }
    }
}
