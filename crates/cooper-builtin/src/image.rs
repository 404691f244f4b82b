//! Images as artifacts.

use std::sync::Arc;

use cooper_build::artifact::{Artifact, ArtifactHandle};
use cooper_build::{Facts, Failure};
use cooper_container::ContainerEngine;
use futures::future::BoxFuture;

use crate::failure::because;

/// What Packer calls the maker of committed and imported images.
pub(crate) const IMPORTED: &str = "packer.post-processor.docker-import";
/// What Packer calls the maker of tagged images.
pub(crate) const TAGGED: &str = "packer.post-processor.docker-tag";
/// What Packer calls the maker of exported containers.
pub(crate) const EXPORTED: &str = "packer.docker";
/// What Packer calls the maker of arbitrary files.
pub(crate) const ARTIFICE: &str = "packer.post-processor.artifice";

/// An image in an engine.
struct Image {
    engine: Arc<dyn ContainerEngine>,
    name: String,
}

impl ArtifactHandle for Image {
    fn destroy(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.engine
                .remove_image(&self.name)
                .await
                .map_err(|error| because(format!("remove image `{}`", self.name), &error))
        })
    }
}

/// An image as an artifact, by its id or one of its names.
pub(crate) fn artifact(
    engine: &Arc<dyn ContainerEngine>,
    builder_id: &str,
    name: String,
    tags: Vec<String>,
    facts: Option<Facts>,
) -> Artifact {
    let mut summary = format!("Imported Docker image: {name}");
    if !tags.is_empty() {
        summary.push_str(" with tags ");
        summary.push_str(&tags.join(" "));
    }
    Artifact {
        builder_id: builder_id.to_owned(),
        id: name.clone(),
        files: Vec::new(),
        summary,
        tags,
        digest: None,
        facts,
        handle: Arc::new(Image { engine: engine.clone(), name }),
    }
}
