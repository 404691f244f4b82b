//! Who we are to a registry: what a template says, else what Docker's configuration says.

use cooper_build::{Config, Failure, StepCx};
use cooper_container::Credentials;
use cooper_container::ecr::{self, EcrOptions};
use cooper_container::reference::Reference;
use cooper_hcl::{Code, Reported};

use crate::arguments::{no_effect, refuse};

/// The `login` arguments of a component. What they give is held in memory, and used for the
/// server they name only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Login {
    pub(crate) login: bool,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) server: Option<String>,
    pub(crate) ecr: bool,
    pub(crate) aws_access_key: Option<String>,
    pub(crate) aws_secret_key: Option<String>,
    pub(crate) aws_token: Option<String>,
    pub(crate) aws_profile: Option<String>,
    pub(crate) aws_force_use_public_ecr: bool,
}

impl Login {
    /// Checks that the arguments go together, and keeps their passwords from being shown.
    pub(crate) fn check(&self, config: &Config<'_>) -> Result<(), Reported> {
        for secret in [&self.password, &self.aws_secret_key, &self.aws_token].into_iter().flatten()
        {
            config.secrets.add(secret);
        }
        if self.ecr && self.server.as_deref().unwrap_or_default().is_empty() {
            return Err(refuse(
                config,
                Code::MissingArgument,
                "ecr_login",
                "ECR login requires login server to be provided.",
                "add `login_server = \"https://ACCOUNT.dkr.ecr.REGION.amazonaws.com\"`",
            ));
        }
        if self.login && !self.ecr {
            let missing = [("login_username", &self.username), ("login_password", &self.password)]
                .into_iter()
                .find(|(_, value)| value.as_deref().unwrap_or_default().is_empty());
            if let Some((argument, _)) = missing {
                let message = format!("`login` needs `{argument}`");
                return Err(refuse(
                    config,
                    Code::MissingArgument,
                    "login",
                    message,
                    "give name and password, or remove `login` to use those of `docker login`",
                ));
            }
        }
        if !self.login && !self.ecr {
            for (argument, value) in
                [("login_username", &self.username), ("login_password", &self.password)]
            {
                if value.is_some() {
                    no_effect(config, argument, "`login` is not true");
                }
            }
        }
        Ok(())
    }

    /// What to tell the registry of this image.
    pub(crate) async fn credentials(
        &self,
        cx: &StepCx,
        reference: &str,
    ) -> Result<Credentials, Failure> {
        if (self.login || self.ecr) && self.is_for(reference) {
            if self.ecr {
                return self.ecr_credentials(cx).await;
            }
            cx.say("Logging in...").await;
            return Ok(Credentials::Password {
                username: self.username.clone().unwrap_or_default(),
                password: self.password.clone().unwrap_or_default(),
            });
        }
        Ok(Credentials::Anonymous)
    }

    async fn ecr_credentials(&self, cx: &StepCx) -> Result<Credentials, Failure> {
        cx.say("Fetching ECR credentials...").await;
        let options = EcrOptions {
            access_key: self.aws_access_key.clone(),
            secret_key: self.aws_secret_key.clone(),
            token: self.aws_token.clone(),
            profile: self.aws_profile.clone(),
            force_public: self.aws_force_use_public_ecr,
        };
        let server = self.server.as_deref().unwrap_or_default();
        let credentials = ecr::credentials(server, &options).await.map_err(|error| {
            Failure::because(format!("fetch ECR credentials for `{server}`"), &error)
        })?;
        if let Credentials::Password { password, .. } = &credentials {
            cx.add_secret(password);
        }
        Ok(credentials)
    }

    /// Whether an image is in the registry that the login is for.
    fn is_for(&self, reference: &str) -> bool {
        let Ok(reference) = Reference::parse(reference) else { return true };
        let server = self.server.as_deref().unwrap_or_default();
        registry_of(server) == reference.registry
    }
}

/// The registry that a login server means: without scheme and path, and Docker Hub by one name.
fn registry_of(server: &str) -> &str {
    let server = server.trim();
    let server = server.split_once("://").map_or(server, |(_, rest)| rest);
    match server.split('/').next().unwrap_or_default() {
        "" | "docker.io" | "index.docker.io" | "registry-1.docker.io" | "hub.docker.com" => {
            "docker.io"
        }
        registry => registry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_for_its_server_only() {
        let login = |server: &str| Login { server: Some(server.to_owned()), ..Login::default() };
        assert!(login("").is_for("python:alpine"));
        assert!(login("https://index.docker.io/v1/").is_for("team/app"));
        assert!(login("http://127.0.0.1:5000").is_for("127.0.0.1:5000/app:v1"));
        assert!(
            login("123.dkr.ecr.eu-west-1.amazonaws.com/")
                .is_for("123.dkr.ecr.eu-west-1.amazonaws.com/app")
        );
        assert!(!login("").is_for("127.0.0.1:5000/app"));
        assert!(!login("registry.example").is_for("registry.example.evil/app"));
    }
}
