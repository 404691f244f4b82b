//! `docker-save`: writes an image to a file.

use std::path::PathBuf;
use std::sync::Arc;

use cooper_build::artifact::Artifact;
use cooper_build::component::{Config, Keep, PostProcessor, PostProcessorKind, Processed, StepCx};
use cooper_build::{Failure, component_config};
use cooper_container::ContainerEngine;
use cooper_hcl::{Code, FileKind, Reported};
use futures::future::BoxFuture;

use super::{check_maker, required};
use crate::arguments::{no_docker_path, refuse};
use crate::failure::because;
use crate::image::{IMPORTED, TAGGED};
use crate::kind::Kind;

component_config! {
    /// Writes an image to a tar file that `docker load` reads.
    struct Arguments {
        /// The file to make. Required.
        path: Option<String>,
        /// Without effect: Cooper talks to the engine's API itself; `DOCKER_HOST` chooses another one.
        docker_path: Option<String>,
    }
}

/// The kind of post-processor called `docker-save`.
pub(crate) fn kind(engine: Arc<dyn ContainerEngine>) -> impl PostProcessorKind {
    Kind::new(move |config, arguments| prepare(config, arguments, engine.clone()))
}

struct Save {
    engine: Arc<dyn ContainerEngine>,
    path: PathBuf,
}

fn prepare(
    config: &Config<'_>,
    arguments: Arguments,
    engine: Arc<dyn ContainerEngine>,
) -> Result<Save, Reported> {
    no_docker_path(config, arguments.docker_path.as_deref());
    let path = required(config, "path", arguments.path, "name the tar file to make")?;
    if matches!(config.system.kind(path.as_ref()), Ok(FileKind::Directory)) {
        let message = format!("`{path}` is a folder, and a file is needed");
        return Err(refuse(config, Code::InvalidValue, "path", message, "add the file's name"));
    }
    Ok(Save { engine, path: path.into() })
}

impl PostProcessor for Save {
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>> {
        Box::pin(async move {
            check_maker(
                input,
                &[IMPORTED, TAGGED],
                "Can only save Docker builder artifacts.",
                "the source needs `commit = true`, or a `docker-import` before this",
            )?;
            cx.say(format!("Saving image: {}", input.id)).await;
            let images = [input.id.clone()];
            self.engine.save(&images, &self.path).await.map_err(|error| {
                because(format!("save image to `{}`", self.path.display()), &error)
            })?;
            cx.say(format!("Saved to: {}", self.path.display())).await;
            Ok(Processed { artifact: Some(input.clone()), input: Keep::ByDefault })
        })
    }
}
