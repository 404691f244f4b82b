//! A registry of Amazon's, whose password comes from a token service.

mod amazon;

use std::fs;

use cooper_testbed::{Context, DaemonOptions, Result};

use crate::login::ClosedRegistry;
use crate::rig::{OwnDaemon, Rig};
use crate::secret::Secret;
use amazon::{REGISTRY, RegistryProxy, TokenService, WRONG_KEY};

const SECRET_KEY: &str = "wJalr/XUtn+FEMI/K7MDENG/bPxRfiCYEX";

pub(crate) fn pull_and_push() -> Result<()> {
    let closed = ClosedRegistry::start("ecr")?;
    let service = TokenService::start()?;
    let proxy = RegistryProxy::start(closed.address())?;
    let through = |name: &str| (name.to_owned(), format!("http://{}", proxy.address()));
    let options = DaemonOptions {
        arguments: vec![format!("--insecure-registry={REGISTRY}")],
        environment: vec![through("HTTP_PROXY"), through("HTTPS_PROXY")],
        ..DaemonOptions::default()
    };
    let daemon = OwnDaemon::start_with("ecr", &options)?;
    let rig = |label: &str, access_key: &str| {
        let rig = Rig::new(&format!("ecr-{label}"), &template(access_key))?;
        let (log, settings) = (rig.folder.join("log"), rig.folder.join("docker"));
        Ok(rig
            .on(daemon.0.host())
            .with("PKR_VAR_secret", SECRET_KEY)
            .with("AWS_ENDPOINT_URL_ECR", format!("http://{}", service.address()))
            .with("COOPER_LOG", "trace")
            .with("PACKER_LOG_PATH", log.display().to_string())
            .with("DOCKER_CONFIG", settings.display().to_string()))
    };
    let secrets = [Secret::new(SECRET_KEY), Secret::new(cooper_testbed::PASSWORD)];

    let right = rig("right", "AKIDEXAMPLE")?;
    let watches = secrets.each_ref().map(Secret::watch);
    let ended = right.run()?;
    for watch in watches {
        watch.expect_nothing()?;
    }
    ended.expect("it succeeds", ended.code == Some(0))?;
    ended.expect("the token is fetched", ended.stdout.contains("Fetching ECR credentials..."))?;
    closed.expect_image("private/app", "v1")?;
    ended.expect("the registry is asked by its name", proxy.requests() > 0)?;
    for request in service.requests() {
        fs::write(right.folder.join("request"), request).context("write a request")?;
        secrets[0].expect_in_no_file(&right.folder)?;
    }

    let refused = rig("refused", WRONG_KEY)?;
    let ended = refused.run()?;
    ended.expect_failure(&["fetch ecr credentials", REGISTRY, "unrecognizedclientexception"])?;
    for folder in [&right.folder, &refused.folder] {
        secrets.iter().try_for_each(|secret| secret.expect_in_no_file(folder))?;
    }
    Ok(())
}

fn template(access_key: &str) -> String {
    let login = format!(
        "  ecr_login      = true\n  login_server   = \"https://{REGISTRY}\"\n  \
         aws_access_key = \"{access_key}\"\n  aws_secret_key = var.secret\n"
    );
    format!(
        "variable \"secret\" {{\n  type      = string\n  sensitive = true\n}}\n\
         source \"docker\" \"it\" {{\n  image  = \"{REGISTRY}/private/base:v1\"\n  commit = true\n\
         {login}}}\nbuild {{\n  sources = [\"source.docker.it\"]\n  provisioner \"shell\" {{ inline = \
         [\"echo made > /made\"] }}\n  post-processors {{\n    post-processor \"docker-tag\" {{\n      \
         repository = \"{REGISTRY}/private/app\"\n      tags       = [\"v1\"]\n    }}\n    \
         post-processor \"docker-push\" {{\n{login}    }}\n  }}\n}}\n"
    )
}
