//! Who we are to a registry: what a template says, else what Docker's configuration says.

use cooper_build::component::ConfigSchema;
use cooper_build::{Config, Failure, StepCx, component_config};
use cooper_container::credentials::{self, Credentials, Registries};
use cooper_container::ecr::{self, EcrOptions};
use cooper_container::reference::Reference;
use cooper_hcl::schema::ArgumentSchema;
use cooper_hcl::{Code, Reported};

use crate::arguments::{given, no_effect, refuse};
use crate::failure::because;

component_config! {
    /// Who logs in to a registry.
    struct Arguments {
        /// Whether `login_username` and `login_password` are used. What `docker login` stored is used in
        /// any case.
        login: bool,
        /// The user's name at the registry.
        login_username: Option<String>,
        /// The user's password at the registry.
        login_password: Option<String>,
        /// The registry that the name and password are for; Docker Hub when absent.
        login_server: Option<String>,
        /// Whether Amazon ECR gives the password for `login_server`.
        ecr_login: bool,
        /// The access key for ECR; what the AWS tools would use when absent.
        aws_access_key: Option<String>,
        /// The secret key that belongs to `aws_access_key`.
        aws_secret_key: Option<String>,
        /// The session token that belongs to `aws_access_key`, if it has one.
        aws_token: Option<String>,
        /// The AWS profile for ECR.
        aws_profile: Option<String>,
        /// Whether `login_server` is Amazon's public registry, whatever its name.
        aws_force_use_public_ecr: bool,
    }
}

/// The arguments of every component that talks to registries.
pub(crate) fn arguments() -> Vec<ArgumentSchema> {
    Arguments::schema().arguments
}

/// The `login` arguments of a component. What they give is held in memory, and used for the
/// server they name only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Login {
    login: bool,
    username: Option<String>,
    password: Option<String>,
    server: Option<String>,
    ecr: bool,
    aws_access_key: Option<String>,
    aws_secret_key: Option<String>,
    aws_token: Option<String>,
    aws_profile: Option<String>,
    aws_force_use_public_ecr: bool,
}

impl Login {
    /// Reads the arguments, checks that they go together, and keeps their passwords from being
    /// shown.
    pub(crate) fn prepare(config: &Config<'_>) -> Result<Self, Reported> {
        let arguments: Arguments = config.read()?;
        let login = Self {
            login: arguments.login,
            username: given(arguments.login_username),
            password: given(arguments.login_password),
            server: given(arguments.login_server),
            ecr: arguments.ecr_login,
            aws_access_key: given(arguments.aws_access_key),
            aws_secret_key: given(arguments.aws_secret_key),
            aws_token: given(arguments.aws_token),
            aws_profile: given(arguments.aws_profile),
            aws_force_use_public_ecr: arguments.aws_force_use_public_ecr,
        };
        login.check(config)?;
        Ok(login)
    }

    fn check(&self, config: &Config<'_>) -> Result<(), Reported> {
        for secret in [&self.password, &self.aws_secret_key, &self.aws_token].into_iter().flatten()
        {
            config.secrets.add(secret);
        }
        if self.ecr && self.server.as_deref().unwrap_or_default().is_empty() {
            return Err(refuse(
                &config.looking_at(&["login_server"]),
                Code::MissingArgument,
                "ecr_login",
                "ECR login requires login server to be provided.",
                "add `login_server = \"https://ACCOUNT.dkr.ecr.REGION.amazonaws.com\"`",
            ));
        }
        if self.login && !self.ecr {
            let mut sound = Ok(());
            for (argument, value) in
                [("login_username", &self.username), ("login_password", &self.password)]
            {
                if value.as_deref().unwrap_or_default().is_empty() {
                    sound = Err(refuse(
                        &config.looking_at(&[argument, "ecr_login"]),
                        Code::MissingArgument,
                        "login",
                        format!("`login` needs `{argument}`"),
                        "give name and password, or remove `login` to use those of `docker login`",
                    ));
                }
            }
            return sound;
        }
        if !self.login && !self.ecr {
            for (argument, value) in
                [("login_username", &self.username), ("login_password", &self.password)]
            {
                if value.is_some() {
                    let config = config.looking_at(&["login", "ecr_login"]);
                    no_effect(&config, argument, "`login` is not true");
                }
            }
        }
        Ok(())
    }

    /// What to tell the registry of this image.
    pub(crate) async fn credentials(
        &self,
        cx: &StepCx,
        image: &str,
    ) -> Result<Credentials, Failure> {
        // The id of a local image is in no registry.
        let Ok(reference) = Reference::parse(image) else { return Ok(Credentials::Anonymous) };
        if (self.login || self.ecr) && self.registry() == reference.registry {
            return self.own(cx).await;
        }
        let found = credentials::for_reference(&reference).await;
        let found = found
            .map_err(|error| because(format!("find the credentials for `{image}`"), &error))?;
        hide(cx, &found);
        Ok(found)
    }

    /// What to tell each registry that is known.
    pub(crate) async fn registries(&self, cx: &StepCx) -> Result<Registries, Failure> {
        let mut all = credentials::for_all()
            .await
            .map_err(|error| because("find the credentials for base images", &error))?;
        all.values().for_each(|credentials| hide(cx, credentials));
        if self.login || self.ecr {
            all.insert(self.registry().to_owned(), self.own(cx).await?);
        }
        Ok(all)
    }

    /// What the template says.
    async fn own(&self, cx: &StepCx) -> Result<Credentials, Failure> {
        if self.ecr {
            return self.ecr_credentials(cx).await;
        }
        cx.say("Logging in...").await;
        Ok(Credentials::Password {
            username: self.username.clone().unwrap_or_default(),
            password: self.password.clone().unwrap_or_default(),
        })
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
        let credentials = ecr::credentials(server, &options)
            .await
            .map_err(|error| because(format!("fetch ECR credentials for `{server}`"), &error))?;
        hide(cx, &credentials);
        Ok(credentials)
    }

    /// The registry that the login is for.
    fn registry(&self) -> &str {
        registry_of(self.server.as_deref().unwrap_or_default())
    }
}

/// Keeps credentials from being shown.
fn hide(cx: &StepCx, credentials: &Credentials) {
    match credentials {
        Credentials::Password { password, .. } => cx.add_secret(password),
        Credentials::IdentityToken(token) => cx.add_secret(token),
        Credentials::Anonymous => {}
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
        let is_for = |server: &str, image: &str| {
            let login = Login { server: Some(server.to_owned()), ..Login::default() };
            login.registry() == Reference::parse(image).unwrap().registry
        };
        assert!(is_for("", "python:alpine"));
        assert!(is_for("https://index.docker.io/v1/", "team/app"));
        assert!(is_for("http://127.0.0.1:5000", "127.0.0.1:5000/app:v1"));
        let ecr = "123.dkr.ecr.eu-west-1.amazonaws.com";
        assert!(is_for(&format!("{ecr}/"), &format!("{ecr}/app")));
        assert!(!is_for("", "127.0.0.1:5000/app"));
        assert!(!is_for("registry.example", "registry.example.evil/app"));
    }
}
