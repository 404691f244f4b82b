//! `file`: copies files and folders into the machine, or out of it.

use std::path::Path;
use std::time::UNIX_EPOCH;

use cooper_build::communicator::{Communicator, Content, Upload};
use cooper_build::component::{Config, Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, choices, component_config};
use cooper_hcl::{Code, Diagnostic, Reported, plainly};
use futures::future::BoxFuture;

use crate::archive::brought_link;
use crate::arguments::{check_exists, refuse};
use crate::files::permissions;
use crate::kind::Kind;
use crate::render::Renderer;

component_config! {
    /// Copies files and folders into the machine, or out of it.
    struct Arguments {
        /// The file or folder to copy. A folder with a final slash stands for what is in it.
        source: Option<String>,
        /// Several files or folders to copy.
        sources: Vec<String>,
        /// The text of the file to make, instead of a source. Its mode is 0600.
        content: Option<String>,
        /// Where it goes. Required. With a final slash, it is the folder that gets the file.
        destination: Option<String>,
        /// Which way: `upload` into the machine, or `download` out of it; `upload` when absent.
        direction: Option<Direction>,
        /// Whether the source may not exist before the build runs.
        generated: bool,
    }
}

choices! {
    /// Which way files go.
    enum Direction: "direction" {
        Upload = "upload",
        Download = "download",
    }
}

/// The kind of provisioner called `file`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(prepare)
}

/// A `file` step, ready to run.
struct FileStep {
    work: Work,
    destination: String,
    renderer: Renderer,
}

enum Work {
    Upload(Vec<String>),
    Write(String),
    Download(Vec<String>),
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<FileStep, Reported> {
    let mut result = Ok(());
    let direction = arguments.direction.unwrap_or(Direction::Upload);
    let upload = direction == Direction::Upload;
    let destination = arguments.destination.unwrap_or_default();
    if destination.is_empty() {
        result = Err(refuse(
            config,
            Code::MissingArgument,
            "destination",
            "the argument `destination` is required",
            "say where the file goes",
        ));
    }
    let sources: Vec<(&str, Option<usize>, String)> = (arguments.sources.into_iter().enumerate())
        .map(|(index, source)| ("sources", Some(index), source))
        .chain(arguments.source.into_iter().map(|source| ("source", None, source)))
        .filter(|(_, _, source)| !source.is_empty())
        .collect();
    if upload && !arguments.generated {
        let config = config.looking_at(&["direction", "generated"]);
        for (argument, index, source) in &sources {
            result = check_exists(&config, argument, *index, source).map(|_| ()).and(result);
        }
    }
    let content = arguments.content.filter(|text| !text.is_empty() || sources.is_empty());
    if let (Some(_), Some((argument, ..))) = (&content, sources.first()) {
        let message = format!("`content` and `{argument}` exclude each other");
        result = Err(config.diags.error(
            Diagnostic::error(Code::ConflictingArguments, message)
                .at(config.place("content"), "")
                .label(config.place(argument), "the other one")
                .help("keep the one that the file is to contain"),
        ));
    }
    if content.is_none() && sources.is_empty() {
        result = Err(refuse(
            &config.looking_at(&["source", "sources", "content"]),
            Code::MissingArgument,
            "source",
            "there is nothing to copy: `source`, `sources` or `content` is required",
            "name a local file or folder with `source`, or give a text with `content`",
        ));
    }
    if content.is_some() && upload && destination.ends_with('/') {
        result = Err(refuse(
            &config.looking_at(&["direction"]),
            Code::InvalidValue,
            "destination",
            "`destination` is a folder, and `content` has no name of its own",
            "add the file's name to `destination`",
        ));
    }
    if content.is_some() && !upload {
        result = Err(refuse(
            config,
            Code::ConflictingArguments,
            "direction",
            "`content` cannot be downloaded",
            "remove `direction`, or name a file of the machine with `source`",
        ));
    }
    result?;

    let sources = sources.into_iter().map(|(_, _, source)| source).collect();
    let work = match (content, upload) {
        (Some(text), _) => Work::Write(text),
        (None, true) => Work::Upload(sources),
        (None, false) => Work::Download(sources),
    };
    Ok(FileStep { work, destination, renderer: Renderer::new(config) })
}

impl Provisioner for FileStep {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let render = |text: &str, doing: &str| {
                self.renderer
                    .until_stable(text, cx.facts(), &[])
                    .map_err(|failure| failure.while_doing(doing))
            };
            let destination = render(&self.destination, "Error interpolating destination")?;
            match &self.work {
                Work::Write(text) => {
                    cx.say(format!("Uploading content => {destination}")).await;
                    let content = Content::Bytes(text.clone().into());
                    // Packer's mode for content; images are to be equal.
                    let mode = 0o600;
                    let upload = Upload { destination, content, mode, modified: None };
                    failing(cx, "Upload failed", machine.upload(upload).await).await?;
                }
                Work::Upload(sources) => {
                    for source in sources {
                        let source = render(source, "Error interpolating source")?;
                        cx.say(format!("Uploading {source} => {destination}")).await;
                        let result = upload(machine, &source, &destination).await;
                        failing(cx, "Upload failed", result).await?;
                    }
                }
                Work::Download(sources) => {
                    for source in sources {
                        let source = render(source, "Error interpolating source")?;
                        let to_folder = destination.ends_with('/') && !source.ends_with('/');
                        let target = match base_name(&source) {
                            Some(name) if to_folder => format!("{destination}{name}"),
                            _ => destination.clone(),
                        };
                        cx.say(format!("Downloading {source} => {target}")).await;
                        let result = download(machine, &source, &target).await;
                        failing(cx, "Download failed", result).await?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// Tells a failure right away, as Packer does, and passes it on.
async fn failing(cx: &StepCx, what: &str, result: Result<(), Failure>) -> Result<(), Failure> {
    if let Err(failure) = &result {
        cx.error(format!("{what}: {failure}")).await;
    }
    result
}

async fn upload(
    machine: &dyn Communicator,
    source: &str,
    destination: &str,
) -> Result<(), Failure> {
    let path = Path::new(source);
    let metadata = tokio::fs::metadata(path)
        .await
        .map_err(|error| Failure::new(format!("`{source}` cannot be read: {}", plainly(&error))))?;
    if metadata.is_dir() {
        return machine.upload_dir(path, destination).await;
    }
    let destination = match base_name(source) {
        Some(name) if destination.ends_with('/') => format!("{destination}{name}"),
        _ => destination.to_owned(),
    };
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let upload = Upload {
        destination,
        content: Content::File(path.to_owned()),
        mode: permissions(&metadata),
        modified: modified.map(|time| time.as_secs()),
    };
    machine.upload(upload).await
}

async fn download(machine: &dyn Communicator, source: &str, target: &str) -> Result<(), Failure> {
    let target = Path::new(target);
    if let Some(link) = brought_link(target) {
        let message = format!("`{}` is a link that an earlier download brought", link.display());
        let help = "it may lead anywhere on this machine; download to another folder";
        return Err(Failure::new(message).help(help));
    }
    let folder = if source.ends_with('/') { Some(target) } else { target.parent() };
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(|error| {
            Failure::new(format!("cannot make folder `{}`: {}", folder.display(), plainly(&error)))
        })?;
    }
    if source.ends_with('/') {
        machine.download_dir(source, target).await
    } else {
        machine.download(source, target).await
    }
}

/// The last part of a path.
fn base_name(path: &str) -> Option<&str> {
    path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty())
}
