//! Places outside that keep secrets, as the language sees them.

/// Asks the places that keep secrets. The program has one for the real ones, tests have their own.
pub trait SecretStores: Send + Sync {
    /// The secret, or nothing when the stores are not to be asked yet: then it is unknown.
    ///
    /// # Errors
    ///
    /// Why there is none, as a diagnostic's message.
    fn ask(&self, wanted: &SecretRequest) -> Result<Option<String>, String>;
}

/// Which secret is wanted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SecretRequest {
    /// One key of a secret in HashiCorp's Vault.
    Vault {
        /// The secret's path.
        path: String,
        /// The key.
        key: String,
    },
    /// A key of Consul's key/value store.
    Consul {
        /// The key.
        key: String,
    },
    /// A secret in AWS Secrets Manager whose text is JSON: one key of it, or its only one.
    Aws {
        /// The secret's name or ARN.
        name: String,
        /// The key.
        key: Option<String>,
    },
    /// The whole text of a secret in AWS Secrets Manager.
    AwsRaw {
        /// The secret's name or ARN.
        name: String,
    },
}

/// Stores that have no secret.
#[derive(Clone, Copy, Debug)]
pub struct NoStores;

impl SecretStores for NoStores {
    fn ask(&self, _: &SecretRequest) -> Result<Option<String>, String> {
        Err("no place that keeps secrets can be asked here".into())
    }
}

/// Stores that are not to be asked yet.
#[derive(Clone, Copy, Debug)]
pub struct ClosedStores;

impl SecretStores for ClosedStores {
    fn ask(&self, _: &SecretRequest) -> Result<Option<String>, String> {
        Ok(None)
    }
}
