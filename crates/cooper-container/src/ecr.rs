//! Credentials for Amazon's registries.
//!
//! [`credentials`] exchanges AWS credentials for a registry's user name and password. What the
//! options do not say comes from where AWS's own tools take it: the environment, the profiles in
//! `~/.aws`, single sign-on, or the machine's role. `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_ECR`
//! are followed too.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_ecr::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::credentials::Credentials;
use crate::error::{Error, Result};

/// How long AWS may take, all attempts together.
const PATIENCE: Duration = Duration::from_secs(60);

/// The one region that knows the public registry.
const PUBLIC_REGION: &str = "us-east-1";

/// Who we are to AWS. What is absent comes from where AWS's own tools take it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EcrOptions {
    /// The access key's id.
    pub access_key: Option<String>,
    /// The access key's secret.
    pub secret_key: Option<String>,
    /// The session's token.
    pub token: Option<String>,
    /// A profile of `~/.aws`.
    pub profile: Option<String>,
    /// Whether the registry is the public one, whatever its address.
    pub force_public: bool,
}

impl std::fmt::Debug for EcrOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EcrOptions")
            .field("profile", &self.profile)
            .field("force_public", &self.force_public)
            .finish_non_exhaustive()
    }
}

/// Fetches the credentials for the registry at `server`.
///
/// # Errors
///
/// Fails when the address is not one of Amazon's, when there are no AWS credentials, and when AWS
/// refuses or cannot be reached.
pub async fn credentials(server: &str, options: &EcrOptions) -> Result<Credentials> {
    credentials_from(server, options, None).await
}

async fn credentials_from(
    server: &str,
    options: &EcrOptions,
    endpoint: Option<&str>,
) -> Result<Credentials> {
    let registry = if options.force_public { Registry::Public } else { Registry::parse(server)? };
    let region = match &registry {
        Registry::Public => PUBLIC_REGION,
        Registry::Private { region, .. } => region,
    };
    let config = configure(region, options, endpoint).await?;
    let token = match &registry {
        Registry::Public => {
            let answer = aws_sdk_ecrpublic::Client::new(&config)
                .get_authorization_token()
                .send()
                .await
                .map_err(|error| failure(server, &error))?;
            let data = answer.authorization_data();
            data.and_then(|data| data.authorization_token().map(str::to_owned))
        }
        Registry::Private { account, .. } => {
            let request = aws_sdk_ecr::Client::new(&config).get_authorization_token();
            // AWS calls this deprecated, and answers for another account only with it.
            #[expect(deprecated, reason = "it names the account of the registry")]
            let answer = request
                .registry_ids(account)
                .send()
                .await
                .map_err(|error| failure(server, &error))?;
            let data = answer.authorization_data().first();
            data.and_then(|data| data.authorization_token().map(str::to_owned))
        }
    };
    token
        .as_deref()
        .and_then(decode)
        .ok_or_else(|| Error::Engine(format!("AWS gave no usable token for `{server}`")))
}

/// One of Amazon's registries.
#[derive(Debug, PartialEq, Eq)]
enum Registry {
    Public,
    Private { account: String, region: String },
}

impl Registry {
    /// Reads `[https://]account.dkr.ecr.region.amazonaws.com…` or `public.ecr.aws/…`.
    fn parse(server: &str) -> Result<Self> {
        let bare = server
            .strip_prefix("https://")
            .or_else(|| server.strip_prefix("http://"))
            .unwrap_or(server);
        let host = bare.split('/').next().unwrap_or(bare);
        // The whole host: a token is not for `public.ecr.aws.example` or `example/public.ecr.aws/`.
        if host == "public.ecr.aws" {
            return Ok(Self::Public);
        }
        host.split_once(".dkr.ecr.")
            .and_then(|(account, rest)| {
                let (region, domain) = rest.split_once('.')?;
                let amazon = matches!(domain, "amazonaws.com" | "amazonaws.com.cn");
                let numeric = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
                let named = !region.is_empty()
                    && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                (amazon && numeric && named).then(|| Self::Private {
                    account: account.to_owned(),
                    region: region.to_owned(),
                })
            })
            .ok_or_else(|| {
                Error::Configuration(format!(
                    "`{server}` is not the address of an Amazon registry: it has the form \
                     `123456789012.dkr.ecr.eu-west-1.amazonaws.com` or `public.ecr.aws/alias`"
                ))
            })
    }
}

async fn configure(
    region: &str,
    options: &EcrOptions,
    endpoint: Option<&str>,
) -> Result<SdkConfig> {
    let client =
        aws_smithy_http_client::Builder::new().build_with_connector_fn(|settings, components| {
            let mut connector =
                aws_smithy_http_client::Connector::builder().proxy_config(ProxyConfig::from_env());
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            connector
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(TlsContext::default())
                .build()
        });
    let region = Region::new(region.to_owned());
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .http_client(client.clone())
        .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build());
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    match (&options.access_key, &options.secret_key) {
        (Some(access_key), Some(secret_key)) => {
            loader = loader.credentials_provider(aws_credential_types::Credentials::new(
                access_key,
                secret_key,
                options.token.clone(),
                None,
                "template",
            ));
        }
        (None, None) => {
            if let Some(profile) = &options.profile {
                // The profile alone: variables in the environment must not win over it.
                let provider =
                    ProviderConfig::default().with_region(Some(region)).with_http_client(client);
                let profile = ProfileFileCredentialsProvider::builder()
                    .configure(&provider)
                    .profile_name(profile)
                    .build();
                loader = loader.credentials_provider(profile);
            }
        }
        (Some(_), None) => {
            return Err(Error::Configuration(
                "there is an AWS access key without its secret".to_owned(),
            ));
        }
        (None, Some(_)) => {
            return Err(Error::Configuration(
                "there is an AWS secret key without its access key".to_owned(),
            ));
        }
    }
    let config = loader.load().await;
    // Asked for here, because their absence is another mistake than AWS's refusal.
    let provider = config.credentials_provider();
    let found = match &provider {
        Some(provider) => provider.provide_credentials().await.map(|_| ()),
        None => Ok(()),
    };
    found.map_err(|error| {
        Error::Denied(format!("there are no AWS credentials: {}", DisplayErrorContext(&error)))
    })?;
    Ok(config)
}

/// A token is `user:password` in base64.
fn decode(token: &str) -> Option<Credentials> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Credentials::Password { username: username.to_owned(), password: password.to_owned() })
}

fn failure<E, R>(server: &str, error: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
    SdkError<E, R>: std::error::Error,
{
    let what = format!("get the credentials of `{server}` from AWS");
    match error {
        SdkError::ServiceError(refusal) => {
            let meta = refusal.err().meta();
            let reason = match (meta.code(), meta.message()) {
                (Some(code), Some(message)) => format!("{code}: {message}"),
                (Some(text), None) | (None, Some(text)) => text.to_owned(),
                (None, None) => DisplayErrorContext(error).to_string(),
            };
            match meta.code() {
                Some("ServerException" | "ServiceUnavailable" | "ThrottlingException") => {
                    Error::Temporary(format!("{what}: {reason}"))
                }
                _ => Error::Denied(format!("{what}: {reason}")),
            }
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
            Error::Temporary(format!("{what}: {}", DisplayErrorContext(error)))
        }
        _ => Error::Engine(format!("{what}: {}", DisplayErrorContext(error))),
    }
}

#[cfg(test)]
mod tests;
