//! `docker-tag`: gives an image names.

use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use cooper_build::{Failure, component_config};
use cooper_container::ContainerEngine;
use cooper_container::reference::Reference;
use cooper_hcl::{Code, Diagnostic, Reported};
use futures::future::BoxFuture;

use super::{check_maker, required};
use crate::arguments::{no_docker_path, no_effect, refuse, refuse_element};
use crate::failure::because;
use crate::image::{self, IMPORTED, TAGGED};
use crate::kind::Kind;

component_config! {
    /// Gives an image names.
    struct Arguments {
        /// The registry and repository that name the image: `registry.example/team/app`. Required.
        repository: Option<String>,
        /// The tags, one name each; `latest` when there are none.
        tags: Vec<String>,
        /// The old name of `tags`.
        tag: Vec<String>,
        /// Without effect: a name always moves.
        force: Option<bool>,
        /// Without effect: Cooper talks to the engine's API itself; `DOCKER_HOST` chooses another one.
        docker_path: Option<String>,
    }
}

/// The kind of post-processor called `docker-tag`.
pub(crate) fn kind(engine: Arc<dyn ContainerEngine>) -> impl PostProcessorKind {
    Kind::new(move |config, arguments| prepare(config, arguments, engine.clone()))
}

struct Tag {
    engine: Arc<dyn ContainerEngine>,
    repository: String,
    tags: Vec<String>,
}

fn prepare(
    config: &Config<'_>,
    arguments: Arguments,
    engine: Arc<dyn ContainerEngine>,
) -> Result<Tag, Reported> {
    no_docker_path(config, arguments.docker_path.as_deref());
    if arguments.force.is_some() {
        no_effect(config, "force", "an engine moves a name without being forced to");
    }
    if !arguments.tag.is_empty() {
        config.diags.warn(
            Diagnostic::warning(Code::Deprecated, "`tag` is an old name of `tags`")
                .at(config.place("tag"), "")
                .help("write `tags`"),
        );
    }
    let help = "say where the image belongs: `repository = \"registry.example/team/app\"`";
    let repository = required(config, "repository", arguments.repository, help);
    let mut result = Ok(());
    match repository.as_deref().map(Reference::parse) {
        // That it is missing was told.
        Err(_) | Ok(Ok(Reference { tag: None, digest: None, .. })) => {}
        Ok(Ok(found)) => {
            let message = format!("`{found}` names more than a repository");
            let help = "put what follows the last colon into `tags`";
            result = Err(refuse(config, Code::InvalidValue, "repository", message, help));
        }
        Ok(Err(error)) => {
            result = Err(config.error(Code::InvalidValue, "repository", error.to_string()));
        }
    }
    let mut tags: Vec<String> = Vec::new();
    let all = arguments.tags.into_iter().enumerate().map(|(index, tag)| ("tags", index, tag));
    let old = arguments.tag.into_iter().enumerate().map(|(index, tag)| ("tag", index, tag));
    for (argument, index, tag) in all.chain(old) {
        if Reference::parse(&format!("repository:{tag}")).is_err() {
            let message = format!("`{tag}` is no tag");
            let help = "a tag has up to 128 letters, digits, `_`, `.` and `-`, and begins with \
                        none of the last two";
            let place = (argument, index);
            result = Err(refuse_element(config, Code::InvalidValue, place, message, help));
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let repository = repository?;
    result.map(|()| Tag { engine, repository, tags })
}

impl PostProcessor for Tag {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            check_maker(
                input,
                &[TAGGED, IMPORTED],
                "Can only tag from Docker builder artifacts.",
                "the source needs `commit = true`, or a `docker-import` before this",
            )?;
            let mut names = Vec::new();
            for tag in &self.tags {
                names.push(format!("{}:{tag}", self.repository));
                self.tag(cx, &input.id, Some(tag)).await?;
            }
            if names.is_empty() {
                self.tag(cx, &input.id, None).await?;
            }
            let last = names.last().cloned().unwrap_or_else(|| self.repository.clone());
            let facts = input.facts.clone();
            Ok(Processed {
                artifact: Some(image::artifact(&self.engine, TAGGED, last, names, facts)),
                input: Keep::Always,
            })
        })
    }
}

impl Tag {
    async fn tag(&self, cx: &StepCx, image: &str, tag: Option<&str>) -> Result<(), Failure> {
        let name = match tag {
            Some(tag) => format!("{}:{tag}", self.repository),
            None => self.repository.clone(),
        };
        cx.say(format!("Tagging image: {image}")).await;
        cx.say(format!("Repository: {name}")).await;
        let tagged = self.engine.tag(image, &self.repository, tag).await;
        tagged.map_err(|error| because(format!("Error tagging image as `{name}`"), &error))
    }
}
