//! A registry wants to know who asks, and a template says it.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cooper_testbed::{Context, Error, PASSWORD, Registry, Result, USERS, http, process};

use crate::rig::{Ended, PATIENCE, Rig, docker, expect_no_containers};
use crate::secret::Secret;

/// The start of every template: where the password comes from.
const PASSWORD_VARIABLE: &str = "variable \"password\" {\n  type      = string\n  \
                                 sensitive = true\n}\n";

pub(crate) fn pull_and_push() -> Result<()> {
    let closed = ClosedRegistry::start("pull")?;
    let template = pull_and_push_template(closed.address(), &closed.login());
    let rig = closed.rig("login-pull", &template, PASSWORD)?;
    let ended = secretly(&rig, PASSWORD)?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    ended.expect("it logs in", ended.stdout.matches("Logging in...").count() == 2)?;
    closed.expect_image("private/app", "v1")?;
    closed.expect_kept("private/app:v1")
}

pub(crate) fn dockerfile() -> Result<()> {
    let closed = ClosedRegistry::start("dockerfile")?;
    let address = closed.address();
    let template = format!(
        "{PASSWORD_VARIABLE}source \"docker\" \"it\" {{\n  commit = true\n{}  build {{\n    \
         path = \"Dockerfile\"\n  }}\n}}\nbuild {{\n  sources = [\"source.docker.it\"]\n  \
         post-processor \"docker-tag\" {{ repository = \"{address}/private/built\" }}\n}}\n",
        closed.login()
    );
    let rig = closed.rig("login-dockerfile", &template, PASSWORD)?;
    let text = format!("FROM {address}/private/base:v1\nRUN echo built > /built\n");
    fs::write(rig.folder.join("Dockerfile"), text).context("write a Dockerfile")?;
    let ended = secretly(&rig, PASSWORD)?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    let built = format!("{address}/private/built:latest");
    let cat = ["run", "--rm", "--network=none", "--entrypoint=/bin/cat", &built, "/built"];
    ended.expect("the image is there", docker(&cat)? == "built")?;
    closed.expect_kept("private/built:latest")
}

pub(crate) fn wrong_password() -> Result<()> {
    let closed = ClosedRegistry::start("wrong")?;
    let address = closed.address();
    let wrong = format!("not {PASSWORD}");

    let template = pull_and_push_template(address, &closed.login());
    let rig = closed.rig("login-wrong-pull", &template, &wrong)?;
    let image = format!("pull image `{address}/private/base:v1`");
    expect_refused(&secretly(&rig, &wrong)?, &image)?;

    let template = pull_and_push_template(address, &closed.login()).replacen(
        &format!("{address}/private/base:v1"),
        "base:latest",
        1,
    );
    let rig = closed.rig("login-wrong-push", &template, &wrong)?;
    let image = format!("push `{address}/private/app:v1`");
    expect_refused(&secretly(&rig, &wrong)?, &image)?;
    closed.expect_kept("private/app:v1")
}

/// One sentence says what was refused, and what to do.
fn expect_refused(ended: &Ended, what: &str) -> Result<()> {
    ended.expect_failure(&[what, "unauthorized", "help: "])?;
    let refused = |line: &&str| line.starts_with("--> ") && !line.contains(": kept: ");
    let sentences = ended.stderr.lines().filter(refused).count();
    ended.expect("it is one sentence", sentences == 1)?;
    ended.expect("it is said once", ended.stderr.matches("unauthorized").count() == 1)?;
    ended.expect("it is said soon", ended.took < Duration::from_secs(15))
}

/// Runs a build, and looks for the password wherever it could be left.
fn secretly(rig: &Rig, password: &str) -> Result<Ended> {
    let secret = Secret::new(password);
    let watch = secret.watch();
    let ended = rig.run()?;
    watch.expect_nothing()?;
    secret.expect_in_no_file(&rig.folder)?;
    let log = fs::read_to_string(rig.folder.join("log")).context("read the log")?;
    ended.expect("there is a log", !log.is_empty())?;
    let temporary = fs::read_dir(rig.folder.join("tmp")).context("list a folder")?.count();
    ended.expect("no temporary file is left", temporary == 0)?;
    ended.expect("Docker's settings are left alone", !rig.folder.join("docker").exists())?;
    expect_no_containers()?;
    Ok(ended)
}

/// From a private image to another.
fn pull_and_push_template(address: &str, login: &str) -> String {
    format!(
        "{PASSWORD_VARIABLE}source \"docker\" \"it\" {{\n  image  = \"{address}/private/base:v1\"\n  \
         commit = true\n{login}}}\nbuild {{\n  sources = [\"source.docker.it\"]\n  \
         provisioner \"shell\" {{ inline = [\"echo made > /made\"] }}\n  post-processors {{\n    \
         post-processor \"docker-tag\" {{\n      repository = \"{address}/private/app\"\n      \
         tags       = [\"v1\"]\n    }}\n    post-processor \"docker-push\" {{\n{login}    }}\n  \
         }}\n}}\n"
    )
}

/// A registry with a private image that the daemon does not have; it ends when dropped.
pub(crate) struct ClosedRegistry {
    registry: Registry,
    _folder: tempfile::TempDir,
}

impl ClosedRegistry {
    pub(crate) fn start(name: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let closed =
            Self { registry: Registry::start_closed(&folder.path().join(name))?, _folder: folder };
        let settings = tempfile::tempdir().context("make a folder")?;
        let settings = settings.path().display().to_string();
        let address = closed.address();
        let image = format!("{address}/private/base:v1");
        let mut login = std::process::Command::new("docker");
        login.args(["--config", &settings, "login", "--password-stdin"]);
        login.args(["--username", USERS[0], address]);
        process::run_with_input(&mut login, PASSWORD.as_bytes(), PATIENCE)?;
        docker(&["tag", "base:latest", &image])?;
        docker(&["--config", &settings, "push", "--quiet", &image])?;
        docker(&["rmi", &image])?;
        Ok(closed)
    }

    pub(crate) fn address(&self) -> &str {
        self.registry.address()
    }

    /// The arguments that say who asks; the password is a variable's.
    fn login(&self) -> String {
        format!(
            "  login          = true\n  login_server   = \"{}\"\n  login_username = \"{}\"\n  \
             login_password = var.password\n",
            self.address(),
            USERS[0]
        )
    }

    /// Runs a template that says everything it can to a log, with nobody's credentials.
    fn rig(&self, name: &str, template: &str, password: &str) -> Result<Rig> {
        let rig = Rig::new(name, template)?;
        let place = |name: &str| rig.folder.join(name).display().to_string();
        fs::create_dir(rig.folder.join("tmp")).context("make a folder")?;
        let (log, temporary, settings) = (place("log"), place("tmp"), place("docker"));
        Ok(rig
            .with("PKR_VAR_password", password)
            .with("COOPER_LOG", "trace")
            .with("PACKER_LOG_PATH", log)
            .with("TMPDIR", temporary)
            .with("DOCKER_CONFIG", settings))
    }

    /// Fails unless the registry has an image of this name.
    pub(crate) fn expect_image(&self, name: &str, tag: &str) -> Result<()> {
        let basic = STANDARD.encode(format!("{}:{PASSWORD}", USERS[0]));
        let headers = [
            ("Authorization", format!("Basic {basic}")),
            ("Accept", "application/vnd.docker.distribution.manifest.v2+json".to_owned()),
        ];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = http::get(self.address(), &format!("/v2/{name}/manifests/{tag}"), &headers)?;
        match answer.status {
            200 => Ok(()),
            status => Err(Error::new(format!("the registry has no {name}:{tag}: {status}"))),
        }
    }

    /// The daemon has the image, without the password, and loses it now.
    fn expect_kept(&self, name: &str) -> Result<()> {
        let image = format!("{}/{name}", self.address());
        Secret::new(PASSWORD).expect_in_no_image(&image)?;
        docker(&["rmi", &image]).map(drop)?;
        // Not there when nobody pulled it.
        let _ = docker(&["rmi", &format!("{}/private/base:v1", self.address())]);
        Ok(())
    }
}

impl Drop for ClosedRegistry {
    fn drop(&mut self) {
        self.registry.stop();
    }
}
