//! `docker`: a container, made from an image and turned into another.

mod base;
mod making;
mod outcome;
mod pin;
mod pulls;
mod run_command;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cooper_build::artifact::Artifact;
use cooper_build::communicator::{Communicator, Output};
use cooper_build::component::{Config, Provisioning, Source, SourceKind, StepCx};
use cooper_build::{Facts, Failure, Stream, component_config};
use cooper_container::changes;
use cooper_container::engine::{Commit, ImageInfo};
use cooper_container::{Container, ContainerEngine, ContainerSpec, Error};
use cooper_hcl::{Code, Reported, Value};
use futures::future::BoxFuture;

use self::base::{Base, BuildArguments};
use self::making::made;
use self::outcome::{Outcome, export, exported};
use self::pin::Pin;
use self::pulls::{Pulled, Pulls, Wanted};
use self::run_command::RunCommand;
use crate::arguments::{given, no_docker_path, no_effect, refuse};
use crate::communicator::docker::{DockerCommunicator, DockerOptions};
use crate::communicator::none::NoMachine;
use crate::communicator::ssh::{SshCommunicator, SshSettings};
use crate::communicator::{self, Choice, Machine, choose};
use crate::facts;
use crate::failure::because;
use crate::image::{self, IMPORTED};
use crate::kind::Kind;
use crate::lines::Lines;
use crate::login::{self, Login};
use crate::transfer::{Told, told};

component_config! {
    /// Starts a container from an image, lets it be provisioned, and commits or exports it.
    struct Arguments {
        /// The image to start from. Required unless there is a `build` block.
        image: Option<String>,
        /// Whether the container becomes an image at the end. Exactly one of `commit`, `discard` and
        /// `export_path` is given.
        commit: bool,
        /// Whether the container is thrown away at the end.
        discard: bool,
        /// The tar file that the container's file system is written to.
        export_path: Option<String>,
        /// The author that the image names.
        author: Option<String>,
        /// The message in the image's history.
        message: Option<String>,
        /// Dockerfile instructions that the image is committed with:
        /// `["WORKDIR /srv", "CMD [\"run\"]"]`. They are checked before anything is built.
        changes: Vec<String>,
        /// Whether the image is pulled even when the engine has it; true when absent.
        pull: Option<bool>,
        /// The platform of the image, such as `linux/arm64`; the engine's own when absent.
        platform: Option<String>,
        /// How the container is started, as arguments of `docker run`; `{{.Image}}` is the image. When
        /// absent, `["-d", "-i", "-t", "--entrypoint=/bin/sh", "--", "{{.Image}}"]`.
        run_command: Vec<String>,
        /// Without effect: Cooper needs no folder in the container.
        container_dir: Option<String>,
        /// Folders of the engine's host, and where the container sees them: `{ "/host" = "/there" }`.
        volumes: BTreeMap<String, String>,
        /// Folders of the container that are in memory only: `["/scratch:size=64m"]`.
        tmpfs: Vec<String>,
        /// Devices of the engine's host that the container may use: `["/dev/fuse"]`.
        device: Vec<String>,
        /// Linux capabilities that the container gets: `["NET_ADMIN"]`.
        cap_add: Vec<String>,
        /// Linux capabilities that the container does not get: `["ALL"]`.
        cap_drop: Vec<String>,
        /// Whether the container may do everything its host may.
        privileged: bool,
        /// The OCI runtime that runs the container; the engine's default when absent.
        runtime: Option<String>,
        /// The user that runs commands in the container: `app`, `1000` or `1000:1000`; the container's
        /// when absent.
        exec_user: Option<String>,
        /// Whether commands in the container get a terminal.
        pty: bool,
        /// Whether uploads belong to the container's user. When absent they do, unless that is root: then
        /// files are root's, and folders have the owners they have here.
        fix_upload_owner: Option<bool>,
        /// Must not be true: Windows containers are not supported.
        windows_container: bool,
        /// Without effect: Cooper talks to the engine's API itself; `DOCKER_HOST` chooses another one.
        docker_path: Option<String>,
        @block
        /// Builds the image to start from, with a Dockerfile.
        build: BuildArguments,
    }
}

/// The `build.*` names that this source adds.
const FACTS: &[&str] =
    &["ImageSha256", "SourceImageDigest", "SourceImageSha256", "SSHPrivateKeyFile", "SSHAgentAuth"];

/// How often a container is looked at that somebody wants to log in to.
const LOOK: Duration = Duration::from_secs(1);

/// The kind of source called `docker`.
pub(crate) fn kind(engine: Arc<dyn ContainerEngine>) -> impl SourceKind {
    let pulls = Arc::new(Pulls::new(engine.clone()));
    Kind::new(move |config, arguments| prepare(config, arguments, engine.clone(), pulls.clone()))
        .with_arguments(login::arguments())
        .with_arguments(communicator::schema(Machine::Container))
        .with_facts(FACTS)
        .rendered_later(&[("run_command", &["Image"])])
}

/// A `docker` source, ready to run.
struct Docker {
    engine: Arc<dyn ContainerEngine>,
    pulls: Arc<Pulls>,
    base: Base,
    platform: Option<String>,
    run: RunCommand,
    communicator: Choice,
    options: DockerOptions,
    login: Login,
    outcome: Outcome,
}

fn prepare(
    config: &Config<'_>,
    mut arguments: Arguments,
    engine: Arc<dyn ContainerEngine>,
    pulls: Arc<Pulls>,
) -> Result<Docker, Reported> {
    let platform = given(arguments.platform.take());

    no_docker_path(config, arguments.docker_path.as_deref());
    if config.places.arguments.contains_key("container_dir") {
        no_effect(config, "container_dir", "Cooper needs no folder in the container");
    }
    // All of them are checked before the first one ends this.
    let login = Login::prepare(config);
    let communicator = choose(config, Machine::Container);
    let base = Base::prepare(config, &mut arguments, platform.as_deref());
    let outcome = Outcome::prepare(config, &mut arguments);
    let run = RunCommand::prepare(config, &arguments, platform.as_deref());
    if arguments.windows_container {
        return Err(refuse(
            config,
            Code::InvalidValue,
            "windows_container",
            "Cooper builds no Windows containers",
            "use Packer for this source",
        ));
    }
    let (base, outcome, run, login, communicator) = (base?, outcome?, run?, login?, communicator?);
    if let Choice::Ssh(_) = communicator {
        for (argument, instead) in [
            ("exec_user", "`ssh_username` says who runs commands"),
            ("pty", "`ssh_pty` gives commands a terminal"),
            ("fix_upload_owner", "files belong to who logs in"),
        ] {
            if config.places.arguments.contains_key(argument) {
                let config = config.looking_at(&["communicator"]);
                no_effect(
                    &config,
                    argument,
                    &format!("the container is reached by ssh: {instead}"),
                );
            }
        }
    }
    let options = DockerOptions {
        exec_user: given(arguments.exec_user),
        pty: arguments.pty,
        fix_upload_owner: arguments.fix_upload_owner,
    };
    Ok(Docker { engine, pulls, base, platform, run, communicator, options, login, outcome })
}

impl Source for Docker {
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        Box::pin(async move {
            let (image, info) = tokio::select! {
                base = self.base_image(cx) => base?,
                () = cx.cancelled() => return Err(Failure::cancelled()),
            };
            if let (Base::Build { .. }, Outcome::Nothing) = (&self.base, &self.outcome) {
                let (engine, image) = (self.engine.clone(), image.clone());
                cx.defer(format!("remove image {image}"), move || {
                    Box::pin(remove_image(engine, image))
                });
            }
            let (spec, container) = self.start(cx, &image).await?;
            let removal = cx.defer(format!("remove container {}", container.id()), {
                let (cx, container) = (cx.clone(), container.clone());
                move || Box::pin(remove(cx, container))
            });

            let facts = self.facts(cx, &*container, &info);
            let facts = self.provision(cx, &container, facts, inside).await?;
            match &self.outcome {
                Outcome::Image { author, message, changes } => {
                    // The container runs a program of its own; the image is to run its source's.
                    let changes = changes::for_commit(&info, &spec, changes);
                    let commit = Commit {
                        author: author.clone(),
                        message: message.clone(),
                        changes: changes.changes,
                        without_entrypoint: changes.without_entrypoint,
                    };
                    let id = self.commit(cx, container, commit).await?;
                    // While the image is tagged and pushed, the container goes away.
                    cx.release(removal);
                    let mut facts = facts;
                    facts.insert("ImageSha256".to_owned(), Value::string(&id));
                    let tags = Vec::new();
                    Ok(Some(image::artifact(&self.engine, IMPORTED, id, tags, Some(facts))))
                }
                Outcome::File(path) => {
                    cx.say("Exporting the container").await;
                    tokio::select! {
                        exported = export(&*container, path) => exported?,
                        () = cx.cancelled() => return Err(Failure::cancelled()),
                    }
                    cx.release(removal);
                    Ok(Some(exported(vec![path.clone()], path.display().to_string(), facts)))
                }
                Outcome::Nothing => Ok(Some(exported(Vec::new(), String::new(), facts))),
            }
        })
    }
}

impl Docker {
    /// Builds or fetches the image to start from; returns its name or id, and what is known of it.
    async fn base_image(&self, cx: &StepCx) -> Result<(String, ImageInfo), Failure> {
        match &self.base {
            Base::Image { name, pull, pin } => {
                let name = match pin {
                    Pin::To(pinned) => pinned.full_name(),
                    Pin::Free | Pin::Noted(_) => name.clone(),
                };
                let Pulled { info, digest } = match pull {
                    true => self.pull(cx, &name, pin).await?,
                    false => {
                        let info = self.local_image(&name, pin).await?;
                        Pulled { info, digest: None }
                    }
                };
                let info = match pin {
                    Pin::Free => info,
                    Pin::To(pinned) => pinned.checked(info)?,
                    Pin::Noted(noted) => {
                        noted.note(cx, digest, &info).await;
                        info
                    }
                };
                Ok((name, info))
            }
            Base::Build { build, noted } => {
                cx.say("Building base image...").await;
                let registries = self.login.registries(cx).await?;
                let (engine, registries) = (&self.engine, &registries);
                let id = told(cx, |mut tell| async move {
                    let mut output = |line| tell(Told::Line(line));
                    engine.build_image(build, registries, &mut output).await
                })
                .await
                .map_err(|error| {
                    because(format!("build `{}`", build.dockerfile.display()), &error)
                })?;
                cx.say(format!("Finished building base image \"{id}\"")).await;
                for noted in noted {
                    // Some engines keep what a Dockerfile starts from where nobody can look.
                    match self.engine.inspect_image(noted.name()).await {
                        Ok(info) => noted.note(cx, None, &info).await,
                        Err(error) => noted.cannot(cx, &error).await,
                    }
                }
                let info = self.inspect_image(&id).await?;
                Ok((id, info))
            }
        }
    }

    /// Fetches an image.
    async fn pull(&self, cx: &StepCx, name: &str, pin: &Pin) -> Result<Pulled, Failure> {
        cx.say(format!("Pulling Docker image: {name}")).await;
        let credentials = self.login.credentials(cx, name).await?;
        let wanted = Wanted {
            image: name.to_owned(),
            platform: self.platform.clone(),
            credentials: credentials.clone(),
        };
        let (engine, credentials) = (&self.engine, &credentials);
        let platform = self.platform.as_deref();
        let pull = || {
            told(cx, |mut tell| async move {
                let mut progress = |progress| tell(Told::from(progress));
                engine.pull(name, platform, credentials, &mut progress).await
            })
        };
        self.pulls.once(wanted, pull).await.map_err(|error| {
            let failure = because(format!("pull image `{name}`"), &*error);
            match (&*error, pin) {
                (Error::NotFound(_), Pin::To(pinned)) => failure.help(pinned.gone()),
                (Error::NotFound(_), Pin::Free | Pin::Noted(_)) => failure.help(
                    "check the image's name and tag; `pull = false` starts from an image that is \
                     only here",
                ),
                _ => failure,
            }
        })
    }

    /// Looks at an image that is here already.
    async fn local_image(&self, name: &str, pin: &Pin) -> Result<ImageInfo, Failure> {
        match (self.engine.inspect_image(name).await, pin) {
            (Err(Error::NotFound(_)), Pin::To(pinned)) => {
                let other = self.inspect_image(pinned.name()).await?;
                Err(pinned.another(&other))
            }
            (info, _) => info.map_err(|error| because(format!("look at image `{name}`"), &error)),
        }
    }

    async fn inspect_image(&self, image: &str) -> Result<ImageInfo, Failure> {
        let info = self.engine.inspect_image(image).await;
        info.map_err(|error| because(format!("look at image `{image}`"), &error))
    }

    /// Lets the provisioners work in the container, and removes what they needed there. Returns the
    /// facts with what was found out on the way.
    async fn provision(
        &self,
        cx: &StepCx,
        container: &Arc<dyn Container>,
        facts: Facts,
        inside: Provisioning<'_>,
    ) -> Result<Facts, Failure> {
        match &self.communicator {
            Choice::Ssh(settings) => {
                cx.say(format!("Container ID: {}", container.id())).await;
                let host = self.host(cx, settings, &**container).await?;
                let facts = settings.facts(facts, &host);
                let gone = ended(cx, &**container);
                SshCommunicator::provision(settings, &host, cx, facts.clone(), inside, gone)
                    .await?;
                return Ok(facts);
            }
            Choice::None => inside.run_shared(Arc::new(NoMachine::Refuse), facts.clone()).await?,
            Choice::Docker => {
                let user = self.connect(cx, &**container).await;
                let (container, options) = (container.clone(), self.options.clone());
                let way = Arc::new(DockerCommunicator::new(container, options, user));
                let machine: Arc<dyn Communicator> = way.clone();
                inside.run_shared(machine, facts.clone()).await?;
                way.remove_temporary().await?;
            }
        }
        Ok(facts)
    }

    /// Tells people where the container is, and gives its user. One that cannot be looked at fails
    /// in its first step.
    async fn connect(&self, cx: &StepCx, container: &dyn Container) -> Option<String> {
        cx.say(format!("Container ID: {}", container.id())).await;
        let info = container.inspect().await.ok()?;
        cx.say(format!("Using docker communicator to connect: {}", info.ip_address)).await;
        Some(info.user)
    }

    fn facts(&self, cx: &StepCx, container: &dyn Container, info: &ImageInfo) -> Facts {
        let digest = match self.base {
            Base::Image { .. } => info.repo_digests.first().cloned().unwrap_or_default(),
            Base::Build { .. } => String::new(),
        };
        let mut facts = facts::common(cx, container.id(), "docker");
        facts.extend([
            ("SourceImageSha256".to_owned(), Value::string(&info.id)),
            ("SourceImageDigest".to_owned(), Value::string(digest)),
            // Packer's word until there is an image.
            ("ImageSha256".to_owned(), Value::string("ERR_IMAGE_SHA256_NOT_FOUND")),
        ]);
        facts
    }

    /// Where the container's ssh server is.
    async fn host(
        &self,
        cx: &StepCx,
        settings: &SshSettings,
        container: &dyn Container,
    ) -> Result<String, Failure> {
        if let Some(host) = settings.host() {
            return Ok(host.to_owned());
        }
        let info = container.inspect().await;
        let info = info.map_err(|error| because("find the container's address", &error))?;
        if !info.running {
            return Err(ended(cx, container).await);
        }
        if info.ip_address.is_empty() {
            return Err(Failure::new("the container has no address of its own")
                .help("say where its ssh server is with `ssh_host` and `ssh_port`"));
        }
        Ok(info.ip_address)
    }

    /// Starts the container; says how.
    async fn start(
        &self,
        cx: &StepCx,
        image: &str,
    ) -> Result<(ContainerSpec, Arc<dyn Container>), Failure> {
        cx.say("Starting docker container...").await;
        let spec = self.run.spec(cx, image).await?;
        let starting = {
            let (engine, spec) = (self.engine.clone(), spec.clone());
            async move { engine.start(&spec).await }
        };
        let container = made(cx, "container", starting, {
            let cx = cx.clone();
            move |container| Box::pin(remove(cx, container))
        });
        let container = container.await;
        let container = container.map_err(|error| because("Error running container", &*error))?;
        Ok((spec, container))
    }

    /// Makes the image; returns its id.
    async fn commit(
        &self,
        cx: &StepCx,
        container: Arc<dyn Container>,
        commit: Commit,
    ) -> Result<String, Failure> {
        cx.say("Committing the container").await;
        let committing = async move { container.commit(&commit).await };
        let id = made(cx, "image", committing, {
            let engine = self.engine.clone();
            move |id| Box::pin(remove_image(engine, id))
        });
        let id = id.await.map_err(|error| because("Error committing container", &*error))?;
        cx.say(format!("Image ID: {id}")).await;
        Ok(id)
    }
}

/// Waits until a container's program has ended, shows what it said last, and tells so: nobody will
/// ever log in.
async fn ended(cx: &StepCx, container: &dyn Container) -> Failure {
    let code = loop {
        match container.inspect().await {
            Ok(info) if info.running => {}
            Ok(info) => break info.exit_code,
            Err(error @ Error::NotFound(_)) => return because("look at the container", &error),
            // Who wants to log in knows more.
            Err(error) => tracing::debug!("the container cannot be looked at: {error}"),
        }
        tokio::time::sleep(LOOK).await;
    };
    match container.last_words().await {
        Ok(words) => {
            let mut lines = Lines::new(cx);
            lines.write(Stream::Stderr, words.as_bytes()).await;
            lines.finish().await;
        }
        Err(error) => tracing::debug!("nobody knows what the container said: {error}"),
    }
    let code = code.map(|code| format!(" with exit code {code}")).unwrap_or_default();
    Failure::new(format!("the container ended{code} before anybody could log in"))
        .help("what `run_command` starts in the container must be an ssh server that stays there")
}

async fn remove_image(engine: Arc<dyn ContainerEngine>, id: String) -> Result<(), Failure> {
    let removed = engine.remove_image(&id).await;
    removed.map_err(|error| because(format!("remove image `{id}`"), &error))
}

async fn remove(cx: StepCx, container: Arc<dyn Container>) -> Result<(), Failure> {
    cx.say(format!("Killing the container: {}", container.id())).await;
    let removed = container.remove().await;
    removed.map_err(|error| because("Error killing container", &error))
}
