//! What a build leaves behind.

use std::path::PathBuf;
use std::sync::Arc;

use cooper_hcl::Value;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::secret::Secrets;

use crate::component::Facts;
use crate::failure::Failure;

/// An image or files, made by a source or a post-processor.
#[derive(Clone)]
pub struct Artifact {
    /// What made it, as Packer names it: `packer.post-processor.docker-tag`. Post-processors
    /// look at this to know whether they can work on an artifact.
    pub builder_id: String,
    /// The image's id or reference, or another name.
    pub id: String,
    /// The files it consists of; empty for an image.
    pub files: Vec<PathBuf>,
    /// One line for people: `Imported Docker image: sha256:…`.
    pub summary: String,
    /// The references that `docker-tag` gave the image.
    pub tags: Vec<String>,
    /// The manifest's digest in the registry, once pushed: `sha256:…`.
    pub digest: Option<String>,
    /// What `build.*` is for post-processors that work on this; nothing when unknown.
    pub facts: Option<Facts>,
    /// The thing itself.
    pub handle: Arc<dyn ArtifactHandle>,
}

impl Artifact {
    /// What people and programs are told of it.
    pub fn summary(&self) -> ArtifactSummary {
        ArtifactSummary {
            builder_id: self.builder_id.clone(),
            id: self.id.clone(),
            files: self.files.iter().map(|file| file.display().to_string()).collect(),
            summary: self.summary.clone(),
            digest: self.digest.clone(),
        }
    }
}

/// The thing an [`Artifact`] describes.
pub trait ArtifactHandle: Send + Sync {
    /// Removes it. Removing what is gone already succeeds.
    fn destroy(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// Something else that is known of it, by a name that what made it knows; nothing when it is
    /// not.
    fn state<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<Value>> {
        let _ = name;
        Box::pin(std::future::ready(None))
    }
}

/// What people and programs are told of an artifact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArtifactSummary {
    /// What made it.
    pub builder_id: String,
    /// Its id.
    pub id: String,
    /// Its files.
    pub files: Vec<String>,
    /// One line for people.
    pub summary: String,
    /// The manifest's digest in the registry, once pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl ArtifactSummary {
    /// The same with every secret in its texts replaced.
    pub(crate) fn scrubbed(self, secrets: &Secrets) -> Self {
        let Self { builder_id, id, files, summary, digest } = self;
        let scrub = |text: String| secrets.scrub(&text);
        Self {
            builder_id: scrub(builder_id),
            id: scrub(id),
            files: files.into_iter().map(scrub).collect(),
            summary: scrub(summary),
            digest: digest.map(scrub),
        }
    }
}
