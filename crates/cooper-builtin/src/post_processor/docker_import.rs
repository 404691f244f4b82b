//! `docker-import`: makes an image of a file system archive.

use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use cooper_build::{Failure, component_config};
use cooper_container::ContainerEngine;
use cooper_container::engine::Import;
use cooper_container::reference::Reference;
use cooper_hcl::{Code, Reported};
use futures::future::BoxFuture;

use super::{check_maker, required};
use crate::arguments::{self, no_docker_path};
use crate::failure::because;
use crate::image::{self, ARTIFICE, EXPORTED, IMPORTED};
use crate::kind::Kind;

component_config! {
    /// Makes an image of a tar file: of an exported container, or one that `artifice` names.
    struct Arguments {
        /// The registry and repository that name the image: `registry.example/team/app`. Required.
        repository: Option<String>,
        /// The tag of the image; `latest` when absent.
        tag: Option<String>,
        /// Dockerfile instructions for the image: `["CMD [\"run\"]"]`.
        changes: Vec<String>,
        /// The platform that the image is for, such as `linux/arm64`.
        platform: Option<String>,
        /// Without effect: Cooper talks to the engine's API itself; `DOCKER_HOST` chooses another one.
        docker_path: Option<String>,
    }
}

/// The kind of post-processor called `docker-import`.
pub(crate) fn kind(engine: Arc<dyn ContainerEngine>) -> impl PostProcessorKind {
    Kind::new(move |config, arguments| prepare(config, arguments, engine.clone()))
}

struct ImportStep {
    engine: Arc<dyn ContainerEngine>,
    repository: String,
    tag: Option<String>,
    changes: Vec<String>,
    platform: Option<String>,
}

fn prepare(
    config: &Config<'_>,
    arguments: Arguments,
    engine: Arc<dyn ContainerEngine>,
) -> Result<ImportStep, Reported> {
    no_docker_path(config, arguments.docker_path.as_deref());
    let mut result = arguments::changes(config, &arguments.changes).map(drop);
    let help = "name the image: `repository = \"registry.example/team/app\"`";
    let repository = required(config, "repository", arguments.repository, help)?;
    let tag = arguments.tag.filter(|tag| !tag.is_empty());
    let name = full_name(&repository, tag.as_deref());
    if let Err(error) = Reference::parse(&name) {
        result = Err(config.error(Code::InvalidValue, "repository", error.to_string()));
    }
    let platform = arguments.platform.filter(|platform| !platform.is_empty());
    result.map(|()| ImportStep { engine, repository, tag, changes: arguments.changes, platform })
}

fn full_name(repository: &str, tag: Option<&str>) -> String {
    tag.map_or_else(|| repository.to_owned(), |tag| format!("{repository}:{tag}"))
}

impl PostProcessor for ImportStep {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            check_maker(
                input,
                &[EXPORTED, ARTIFICE],
                "Can only import from Docker builder and Artifice post-processor artifacts.",
                "the source needs `export_path`; with `commit = true` there is an image already",
            )?;
            let Some(archive) = input.files.first() else {
                return Err(Failure::new("there is no file to import")
                    .help("the source needs `export_path` instead of `discard`"));
            };
            let name = full_name(&self.repository, self.tag.as_deref());
            cx.say(format!("Importing image: {}", archive.display())).await;
            cx.say(format!("Repository: {name}")).await;
            let import = Import {
                archive: archive.clone(),
                repository: Some(self.repository.clone()),
                tag: self.tag.clone(),
                changes: self.changes.clone(),
                platform: self.platform.clone(),
            };
            let id = self.engine.import(&import).await.map_err(|error| {
                because(format!("Error importing container as `{name}`"), &error)
            })?;
            cx.say(format!("Imported ID: {id}")).await;
            let artifact = image::artifact(&self.engine, IMPORTED, name, Vec::new(), None);
            Ok(Processed { artifact: Some(artifact), input: Keep::OnRequest })
        })
    }
}
