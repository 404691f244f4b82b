//! `docker`: a container, made from an image and turned into another.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::communicator::Communicator;
use cooper_build::component::{Config, ConfigSchema, Provisioning, Source, SourceKind, StepCx};
use cooper_build::{Facts, Failure, component_config};
use cooper_container::changes::{self, Change};
use cooper_container::engine::{Commit, ImageBuild, ImageInfo};
use cooper_container::reference::{Reference, is_image_id};
use cooper_container::run_options::{self, LocalHost};
use cooper_container::{Container, ContainerEngine, ContainerSpec};
use cooper_hcl::schema::Schema;
use cooper_hcl::{Code, Diagnostic, FileKind, Reported, System, Value};
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::io::AsyncWriteExt;

use crate::arguments::{check_exists, check_file, no_effect, refuse, refuse_element};
use crate::communicator::docker::{DockerCommunicator, DockerOptions};
use crate::communicator::none::NoMachine;
use crate::communicator::{Choice, OPTIONS, choose};
use crate::files::Files;
use crate::image::{self, EXPORTED, IMPORTED};
use crate::login::Login;
use crate::render::Renderer;
use crate::transfer::{Told, told};
use crate::{facts, files};

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
        /// Whether uploaded files belong to the container's user; root's when absent.
        fix_upload_owner: bool,
        /// Must not be true: Windows containers are not supported.
        windows_container: bool,
        /// Without effect: Cooper talks to the engine itself.
        docker_path: Option<String>,
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
        @block
        /// Builds the image to start from, with a Dockerfile.
        build: BuildArguments,
    }
}

component_config! {
    /// Builds the image to start from, with a Dockerfile.
    struct BuildArguments {
        /// The Dockerfile. Required.
        path: Option<String>,
        /// The folder that the Dockerfile can copy from; the current one when absent.
        build_dir: Option<String>,
        /// Values for what the Dockerfile declares with `ARG`.
        arguments: BTreeMap<String, String>,
        /// Whether base images are pulled even when the engine has them; true when absent.
        pull: Option<bool>,
        /// Whether the folder is compressed on its way to the engine.
        compress: bool,
    }
}

const RUN_COMMAND: &[&str] = &["-d", "-i", "-t", "--entrypoint=/bin/sh", "--", "{{.Image}}"];

/// Stands for an image that is not built yet when options are checked.
const SOME_IMAGE: &str = "image";

/// The kind of source called `docker`.
pub(crate) struct Kind {
    schema: Schema,
    engine: Arc<dyn ContainerEngine>,
}

impl Kind {
    pub(crate) fn new(engine: Arc<dyn ContainerEngine>) -> Self {
        let mut schema = Arguments::schema();
        schema.arguments.extend(OPTIONS.schema());
        Self { schema, engine }
    }
}

impl SourceKind for Kind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn facts(&self) -> &[&'static str] {
        &["ImageSha256", "SourceImageDigest", "SourceImageSha256"]
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>> {
        Box::pin(async move {
            let docker = prepare(&config.render(&["run_command"])?, self.engine.clone())?;
            Ok(Box::new(docker) as Box<dyn Source>)
        })
    }
}

/// A `docker` source, ready to run.
struct Docker {
    engine: Arc<dyn ContainerEngine>,
    base: Base,
    platform: Option<String>,
    run: Run,
    communicator: Choice,
    options: DockerOptions,
    login: Login,
    result: Wanted,
}

/// Where the image to start from comes from.
enum Base {
    Image { name: String, pull: bool },
    Build(ImageBuild),
}

/// What becomes of the container.
enum Wanted {
    Image { author: Option<String>, message: Option<String>, changes: Vec<Change> },
    File(PathBuf),
    Nothing,
}

fn prepare(config: &Config<'_>, engine: Arc<dyn ContainerEngine>) -> Result<Docker, Reported> {
    let mut arguments: Arguments = config.read()?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let platform = given(arguments.platform.take());

    for (argument, why) in [
        ("docker_path", "Cooper talks to the engine itself and starts no program for it"),
        ("container_dir", "Cooper needs no folder in the container"),
    ] {
        if config.places.arguments.contains_key(argument) {
            no_effect(config, argument, why);
        }
    }
    let login = Login {
        login: arguments.login,
        username: given(arguments.login_username.take()),
        password: given(arguments.login_password.take()),
        server: given(arguments.login_server.take()),
        ecr: arguments.ecr_login,
        aws_access_key: given(arguments.aws_access_key.take()),
        aws_secret_key: given(arguments.aws_secret_key.take()),
        aws_token: given(arguments.aws_token.take()),
        aws_profile: given(arguments.aws_profile.take()),
        aws_force_use_public_ecr: arguments.aws_force_use_public_ecr,
    };

    // All of them are checked before the first one ends this.
    let logged_in = login.check(config);
    let communicator = choose(config, Some(Choice::Docker));
    let base = base(config, &mut arguments, platform.as_deref());
    let result = wanted(config, &mut arguments);
    let run = Run::prepare(config, &arguments, platform.as_deref());
    if arguments.windows_container {
        return Err(refuse(
            config,
            Code::InvalidValue,
            "windows_container",
            "Cooper builds no Windows containers",
            "use Packer for this source",
        ));
    }
    let (base, result, run) = (base?, result?, run?);
    logged_in?;
    let options = DockerOptions {
        exec_user: given(arguments.exec_user),
        pty: arguments.pty,
        fix_upload_owner: arguments.fix_upload_owner,
    };
    Ok(Docker { engine, base, platform, run, communicator: communicator?, options, login, result })
}

fn base(
    config: &Config<'_>,
    arguments: &mut Arguments,
    platform: Option<&str>,
) -> Result<Base, Reported> {
    let image = arguments.image.take().filter(|image| !image.is_empty());
    let build = arguments.build.take().filter(|build| {
        let BuildArguments { path, build_dir, arguments, pull, compress } = build;
        path.is_some()
            || build_dir.is_some()
            || !arguments.is_empty()
            || pull.is_some()
            || *compress
    });
    match (image, build) {
        (Some(image), None) => {
            if let (Err(error), false) = (Reference::parse(&image), is_image_id(&image)) {
                return Err(config.error(Code::InvalidValue, "image", error.to_string()));
            }
            Ok(Base::Image { name: image, pull: arguments.pull.unwrap_or(true) })
        }
        (None, Some(build)) => {
            if arguments.pull == Some(true) {
                no_effect(config, "pull", "an image that was just built is in no registry");
            }
            image_build(config, build, platform).map(Base::Build)
        }
        (Some(_), Some(_)) => Err(refuse(
            config,
            Code::ConflictingArguments,
            "image",
            "`image` cannot be specified with a build config",
            "remove `image`, or the `build` block",
        )),
        (None, None) => Err(refuse(
            config,
            Code::MissingArgument,
            "image",
            "missing `image` attribute or `build` section",
            "say what to start from: `image = \"debian:12\"`",
        )),
    }
}

fn image_build(
    config: &Config<'_>,
    build: BuildArguments,
    platform: Option<&str>,
) -> Result<ImageBuild, Reported> {
    // Places inside the block, so that mistakes are shown there.
    let mut config = config.clone();
    if let Some([places, ..]) = config.places.blocks.get("build").map(Vec::as_slice) {
        config.places = places.clone();
    }
    let folder = build.build_dir.filter(|path| !path.is_empty()).unwrap_or_else(|| ".".to_owned());
    let context = check_exists(&config, "build_dir", None, &folder).and_then(|kind| match kind {
        FileKind::Directory => Ok(()),
        FileKind::File | FileKind::Other => {
            let message = format!("`{folder}` is not a folder");
            Err(config.error(Code::UnreadableFile, "build_dir", message))
        }
    });
    let Some(dockerfile) = build.path.filter(|path| !path.is_empty()) else {
        return Err(refuse(
            &config,
            Code::MissingArgument,
            "path",
            "`path` is required for bootstrapping a build with `docker build`",
            "name the Dockerfile",
        ));
    };
    check_file(&config, "path", None, &dockerfile).and(context)?;
    let here = config.system.current_dir();
    Ok(ImageBuild {
        dockerfile: here.join(dockerfile),
        context: here.join(folder),
        arguments: build.arguments.into_iter().collect(),
        pull: build.pull.unwrap_or(true),
        compress: build.compress,
        platform: platform.map(str::to_owned),
    })
}

fn wanted(config: &Config<'_>, arguments: &mut Arguments) -> Result<Wanted, Reported> {
    let export = arguments.export_path.take().filter(|path| !path.is_empty());
    let mut changes = Vec::new();
    let mut checked = Ok(());
    for (index, change) in arguments.changes.iter().enumerate() {
        match Change::parse(change) {
            Ok(change) => changes.push(change),
            Err(error) => {
                let help = error.help.unwrap_or_default();
                let place = ("changes", index);
                let refused =
                    refuse_element(config, Code::InvalidChange, place, error.message, &help);
                checked = Err(refused);
            }
        }
    }
    let chosen: Vec<&str> = [
        ("commit", arguments.commit),
        ("discard", arguments.discard),
        ("export_path", export.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, chosen)| chosen.then_some(name))
    .collect();
    if let [first, second, ..] = chosen.as_slice() {
        return Err(config.diags.error(
            Diagnostic::error(
                Code::ConflictingArguments,
                "Cannot specify more than one of commit, discard, and export_path",
            )
            .at(config.place(second), "")
            .label(config.place(first), "the other one")
            .help("a container becomes one thing"),
        ));
    }
    let unused = |arguments: &[(&str, bool)]| {
        for (name, given) in arguments {
            if *given {
                no_effect(config, name, "the container does not become an image");
            }
        }
    };
    let image_only = [
        ("changes", !arguments.changes.is_empty()),
        ("author", arguments.author.is_some()),
        ("message", arguments.message.is_some()),
    ];
    if let Some(path) = export {
        unused(&image_only);
        if matches!(config.system.kind(path.as_ref()), Ok(FileKind::Directory)) {
            return Err(refuse(
                config,
                Code::InvalidValue,
                "export_path",
                "export_path must be a file, not a directory",
                "add the file's name",
            ));
        }
        return checked.map(|()| Wanted::File(path.into()));
    }
    if arguments.discard {
        unused(&image_only);
        return checked.map(|()| Wanted::Nothing);
    }
    if !arguments.commit {
        return Err(refuse(
            config,
            Code::MissingArgument,
            "commit",
            "No instructions given for handling the artifact; expected commit, discard, or \
             export_path",
            "to make an image, say `commit = true`",
        ));
    }
    checked?;
    Ok(Wanted::Image {
        author: arguments.author.take().filter(|text| !text.is_empty()),
        message: arguments.message.take().filter(|text| !text.is_empty()),
        changes,
    })
}

/// How the container is started: the arguments of `docker run`.
struct Run {
    /// Those that other arguments stand for.
    options: Vec<String>,
    /// `run_command`, not rendered.
    command: Vec<String>,
    system: Arc<dyn System>,
    renderer: Renderer,
}

impl Run {
    fn prepare(
        config: &Config<'_>,
        arguments: &Arguments,
        platform: Option<&str>,
    ) -> Result<Self, Reported> {
        // Where each option came from, for mistakes.
        let mut options: Vec<(&str, usize, String)> = Vec::new();
        let mut add = |argument: &'static str, option: &str, values: &[String]| {
            for (index, value) in values.iter().enumerate() {
                options.push((argument, index, option.to_owned()));
                options.push((argument, index, value.clone()));
            }
        };
        add("device", "--device", &arguments.device);
        add("cap_add", "--cap-add", &arguments.cap_add);
        add("cap_drop", "--cap-drop", &arguments.cap_drop);
        let runtime = arguments.runtime.iter().filter(|text| !text.is_empty()).cloned();
        add("runtime", "--runtime", &runtime.collect::<Vec<_>>());
        let platform: Vec<String> = platform.map(str::to_owned).into_iter().collect();
        add("platform", "--platform", &platform);
        add("tmpfs", "--tmpfs", &arguments.tmpfs);
        let volumes = arguments.volumes.iter();
        let volumes = volumes.map(|(host, there)| format!("{}:{there}", at_home(config, host)));
        add("volumes", "-v", &volumes.collect::<Vec<_>>());
        if arguments.privileged {
            options.push(("privileged", 0, "--privileged".to_owned()));
        }

        let command = match &arguments.run_command {
            command if command.is_empty() => {
                RUN_COMMAND.iter().map(|&item| item.to_owned()).collect()
            }
            command => command.clone(),
        };
        let run = Self {
            options: options.iter().map(|(_, _, option)| option.clone()).collect(),
            command,
            system: config.system.clone(),
            renderer: Renderer::new(config),
        };
        let image = arguments.image.as_deref().unwrap_or(SOME_IMAGE);
        let list = run.arguments(image, &Facts::new()).map_err(|failure| {
            config.error(Code::StringTemplate, "run_command", failure.to_string())
        })?;
        run_options::parse(&list, &Host(&*run.system)).map_err(|error| {
            let place = match options.get(error.index) {
                Some(&(argument, index, _)) => (argument, index),
                None => ("run_command", error.index - options.len()),
            };
            let help = error.help.unwrap_or_default();
            refuse_element(config, Code::InvalidRunOption, place, error.message, &help)
        })?;
        Ok(run)
    }

    /// The arguments of `docker run` for an image.
    fn arguments(&self, image: &str, facts: &Facts) -> Result<Vec<String>, Failure> {
        let command = self.command.iter();
        let rendered = command.map(|item| self.renderer.once(item, facts, &[("Image", image)]));
        let mut all = self.options.clone();
        for item in rendered {
            all.push(item?);
        }
        Ok(all)
    }
}

/// A path of the host, `~` being the user's home folder.
fn at_home(config: &Config<'_>, path: &str) -> String {
    match (path.strip_prefix("~/"), config.system.home_dir()) {
        (Some(rest), Some(home)) => home.join(rest).display().to_string(),
        _ => path.to_owned(),
    }
}

/// What `docker run` options may refer to.
struct Host<'a>(&'a dyn System);

impl LocalHost for Host<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.env(name)
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.0.read(path)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"));
        }
        Ok(bytes)
    }

    fn working_dir(&self) -> io::Result<PathBuf> {
        Ok(self.0.current_dir())
    }
}

impl Source for Docker {
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>> {
        Box::pin(async move {
            let image = tokio::select! {
                image = self.base_image(cx) => image?,
                () = cx.cancelled() => return Err(Failure::cancelled()),
            };
            let info =
                self.engine.inspect_image(&image).await.map_err(|error| {
                    Failure::because(format!("look at image `{image}`"), &error)
                })?;

            cx.say("Starting docker container...").await;
            let spec = self.spec(cx, &image).await?;
            let container = self
                .engine
                .start(&spec)
                .await
                .map_err(|error| Failure::because("Error running container", &error))?;
            let removal = cx.defer(format!("remove container {}", container.id()), {
                let (cx, container) = (cx.clone(), container.clone());
                move || Box::pin(remove(cx, container))
            });

            let mut facts = self.facts(cx, &*container, &info);
            match self.communicator {
                Choice::None => {
                    inside.run_shared(Arc::new(NoMachine::Refuse), facts.clone()).await?;
                }
                Choice::Docker => {
                    self.connect(cx, &*container).await;
                    let way =
                        Arc::new(DockerCommunicator::new(container.clone(), self.options.clone()));
                    let machine: Arc<dyn Communicator> = way.clone();
                    inside.run_shared(machine, facts.clone()).await?;
                    way.remove_temporary().await?;
                }
            }

            match &self.result {
                Wanted::Image { author, message, changes } => {
                    // The container runs a program of its own; the image is to run its source's.
                    let changes = changes::for_commit(&info, &spec, changes);
                    let commit = Commit {
                        author: author.clone(),
                        message: message.clone(),
                        changes: changes.changes,
                        without_entrypoint: changes.without_entrypoint,
                    };
                    let id = self.commit(cx, &*container, &commit).await?;
                    // While the image is tagged and pushed, the container goes away.
                    cx.release(removal);
                    facts.insert("ImageSha256".to_owned(), Value::string(&id));
                    let tags = Vec::new();
                    Ok(Some(image::artifact(&self.engine, IMPORTED, id, tags, Some(facts))))
                }
                Wanted::File(path) => {
                    cx.say("Exporting the container").await;
                    tokio::select! {
                        exported = export(&*container, path) => exported?,
                        () = cx.cancelled() => return Err(Failure::cancelled()),
                    }
                    cx.release(removal);
                    Ok(Some(exported(vec![path.clone()], path.display().to_string(), facts)))
                }
                Wanted::Nothing => Ok(Some(exported(Vec::new(), String::new(), facts))),
            }
        })
    }
}

impl Docker {
    /// Builds or fetches the image to start from; returns its name or id.
    async fn base_image(&self, cx: &StepCx) -> Result<String, Failure> {
        match &self.base {
            Base::Image { name, pull: false } => Ok(name.clone()),
            Base::Image { name, pull: true } => {
                cx.say(format!("Pulling Docker image: {name}")).await;
                let credentials = self.login.credentials(cx, name).await?;
                let platform = self.platform.as_deref();
                let (engine, credentials) = (&self.engine, &credentials);
                told(cx, |mut tell| async move {
                    let mut progress = |progress| tell(Told::from(progress));
                    engine.pull(name, platform, credentials, &mut progress).await
                })
                .await
                .map_err(|error| Failure::because(format!("pull image `{name}`"), &error))?;
                Ok(name.clone())
            }
            Base::Build(build) => {
                cx.say("Building base image...").await;
                let registries = self.login.registries(cx).await?;
                let (engine, registries) = (&self.engine, &registries);
                let id = told(cx, |mut tell| async move {
                    let mut output = |line| tell(Told::Line(line));
                    engine.build_image(build, registries, &mut output).await
                })
                .await
                .map_err(|error| {
                    Failure::because(format!("build `{}`", build.dockerfile.display()), &error)
                })?;
                cx.say(format!("Finished building base image \"{id}\"")).await;
                if matches!(self.result, Wanted::Nothing) {
                    let (engine, image) = (self.engine.clone(), id.clone());
                    cx.defer(format!("remove image {id}"), move || {
                        Box::pin(async move {
                            engine.remove_image(&image).await.map_err(|error| {
                                Failure::because(format!("remove image `{image}`"), &error)
                            })
                        })
                    });
                }
                Ok(id)
            }
        }
    }

    /// What the container is to be like.
    async fn spec(&self, cx: &StepCx, image: &str) -> Result<ContainerSpec, Failure> {
        let arguments = self.run.arguments(image, cx.facts())?;
        cx.say(format!("Run command: docker run {}", arguments.join(" "))).await;
        run_options::parse(&arguments, &Host(&*self.run.system))
            .map_err(|error| Failure::because("understand `run_command`", &error))
    }

    async fn connect(&self, cx: &StepCx, container: &dyn Container) {
        cx.say(format!("Container ID: {}", container.id())).await;
        // For people only; a container that cannot be looked at fails in its first step.
        if let Ok(info) = container.inspect().await {
            cx.say(format!("Using docker communicator to connect: {}", info.ip_address)).await;
        }
    }

    fn facts(&self, cx: &StepCx, container: &dyn Container, info: &ImageInfo) -> Facts {
        let digest = match self.base {
            Base::Image { .. } => info.repo_digests.first().cloned().unwrap_or_default(),
            Base::Build(_) => String::new(),
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

    async fn commit(
        &self,
        cx: &StepCx,
        container: &dyn Container,
        commit: &Commit,
    ) -> Result<String, Failure> {
        cx.say("Committing the container").await;
        let id = container
            .commit(commit)
            .await
            .map_err(|error| Failure::because("Error committing container", &error))?;
        cx.say(format!("Image ID: {id}")).await;
        Ok(id)
    }
}

async fn remove(cx: StepCx, container: Arc<dyn Container>) -> Result<(), Failure> {
    cx.say(format!("Killing the container: {}", container.id())).await;
    let removed = container.remove().await;
    removed.map_err(|error| Failure::because("Error killing container", &error))
}

/// Writes the container's file system to a file, which appears when it is whole.
async fn export(container: &dyn Container, path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::because(format!("Error exporting to `{}`", path.display()), &error)
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let mut stream = container
        .export()
        .await
        .map_err(|error| Failure::because("Error exporting container", &error))?;
    let temporary = files::temporary_beside(path, 0o666).map_err(failed)?;
    let mut file = tokio::fs::File::from_std(temporary.reopen().map_err(failed)?);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| Failure::because("Error exporting container", &error))?;
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn exported(files: Vec<PathBuf>, shown: String, facts: Facts) -> Artifact {
    Artifact {
        builder_id: EXPORTED.to_owned(),
        id: "Container".to_owned(),
        files: files.clone(),
        summary: format!("Exported Docker file: {shown}"),
        tags: Vec::new(),
        digest: None,
        facts: Some(facts),
        handle: Arc::new(Files(files)),
    }
}
