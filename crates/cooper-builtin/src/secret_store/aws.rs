//! AWS Secrets Manager: one signed request.
//!
//! Who we are comes from where AWS's own tools take it: the environment, the profiles in `~/.aws`,
//! single sign-on, or the machine's role. `AWS_ENDPOINT_URL_SECRETS_MANAGER` and
//! `AWS_ENDPOINT_URL` are followed.

use std::time::SystemTime;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use reqwest::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::{SecretStoreClients, address};
use cooper_web::tls::Trust;

const STORE: &str = "AWS Secrets Manager";

impl SecretStoreClients {
    /// One key of a secret whose text is a JSON object, or its only one; any other text as it is.
    pub(super) async fn aws(&self, name: &str, key: Option<&str>) -> Result<String, String> {
        let text = self.aws_raw(name).await?;
        if serde_json::from_str::<Json>(&text).is_err() {
            return Ok(text);
        }
        let values: Map<String, Json> = serde_json::from_str(&text)
            .map_err(|_| format!("the secret `{name}` is JSON, but no object"))?;
        let value = match (key, values.len()) {
            (Some(key), _) => values.get(key),
            (None, 1) => values.values().next(),
            (None, 0) => return Err(format!("the secret `{name}` has no keys")),
            (None, _) => {
                return Err(format!("the secret `{name}` has several keys; say which one"));
            }
        };
        match value {
            Some(Json::String(value)) => Ok(value.clone()),
            // As in Packer, numbers are rounded to whole ones.
            Some(Json::Number(number)) => match number.as_f64() {
                Some(_) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
                Some(double) => Ok(format!("{double:.0}")),
                None => Err(format!("a number in the secret `{name}` is out of range")),
            },
            Some(_) => Err(format!("that key of the secret `{name}` is neither text nor a number")),
            None => {
                let key = key.unwrap_or_default();
                Err(format!("the secret `{name}` has no key `{key}`"))
            }
        }
    }

    /// The text of a secret.
    pub(super) async fn aws_raw(&self, name: &str) -> Result<String, String> {
        let client = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config =
            aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await;
        let region = config.region().map(Region::to_string);
        let region = region.ok_or("there is no AWS region: set `AWS_REGION`")?;
        let provider = config.credentials_provider().ok_or("there are no AWS credentials")?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            let cause =
                std::error::Error::source(&error).map_or(String::new(), |c| format!(": {c}"));
            format!("there are no AWS credentials{cause}")
        })?;
        let own = self.variable("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        let own = own.or_else(|| config.endpoint_url().map(str::to_owned));
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = own.unwrap_or_else(|| format!("https://secretsmanager.{region}.{domain}/"));
        let url = address("AWS_ENDPOINT_URL", &url)?;

        let body = json!({ "SecretId": name, "VersionStage": "AWSCURRENT" }).to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
        ];
        let unsigned = |error: &dyn std::fmt::Display| format!("cannot sign the request: {error}");
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&region)
            .name("secretsmanager")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let signable = SignableRequest::new(
            "POST",
            url.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let signable = signable.map_err(|error| unsigned(&error))?;
        let (signature, _) =
            sign(signable, &params).map_err(|error| unsigned(&error))?.into_parts();
        let mut request = self.client(Trust::System)?.post(url.clone()).body(body);
        for (name, value) in headers.into_iter().chain(signature.headers()) {
            request = request.header(name, value);
        }

        let (status, body) = self.send(STORE, request).await?;
        let answer: Json = serde_json::from_slice(&body)
            .map_err(|_| format!("the answer of {STORE} ({}) is not JSON", status.as_u16()))?;
        if status != StatusCode::OK {
            let text = |name: &str| answer[name].as_str().unwrap_or_default();
            let code = text("__type").rsplit('#').next().unwrap_or_default();
            if code == "ResourceNotFoundException" {
                return Err(format!("{STORE} has no secret `{name}` in `{region}`"));
            }
            let message = [text("message"), text("Message")].concat();
            return Err(format!("{STORE} refuses ({}): {code}: {message}", status.as_u16()));
        }
        let secret = answer["SecretString"].as_str();
        secret.map(str::to_owned).ok_or_else(|| format!("the secret `{name}` is not text"))
    }
}
