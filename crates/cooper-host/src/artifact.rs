//! Artifacts: those of plugins as ours, and ours as plugins see them.

use std::path::PathBuf;
use std::sync::Arc;

use cooper_build::{Artifact, ArtifactHandle, Failure};
use cooper_hcl::Value;
use cooper_wire::msgpack;
use cooper_wire::rpc::CallError;
use cooper_wire::service::artifact::{self, Remote};
use futures::future::BoxFuture;

use crate::process::Process;
use crate::value;

/// The state that has what `build.*` is for post-processors.
const FACTS: &str = "generated_data";

/// The state that has the names that an image was given.
const TAGS: &str = "docker_tags";

/// An artifact that a plugin made. Its process lives as long as this.
pub(crate) async fn received(remote: Remote, process: Arc<Process>) -> Result<Artifact, CallError> {
    let builder_id = remote.builder_id().await?;
    let id = remote.id().await?;
    let files = remote.files().await?;
    let summary = remote.summary().await?;
    let facts = match remote.state(FACTS).await? {
        msgpack::Value::Map(fields) => Some(value::facts(&msgpack::Value::Map(fields))),
        _ => None,
    };
    // Only what makes images knows of names; others need not be asked what they may not expect.
    let tags = match builder_id.contains("docker") {
        true => remote.state(TAGS).await?,
        false => msgpack::Value::Nil,
    };
    let tags = match tags {
        msgpack::Value::List(tags) => {
            tags.iter().filter_map(|tag| tag.as_text().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    Ok(Artifact {
        builder_id,
        id,
        files: files.into_iter().map(PathBuf::from).collect(),
        summary,
        tags,
        digest: None,
        facts,
        handle: Arc::new(Handle { remote, process }),
    })
}

struct Handle {
    remote: Remote,
    process: Arc<Process>,
}

impl ArtifactHandle for Handle {
    fn destroy(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async {
            match self.remote.destroy().await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.process.failure(error).await),
            }
        })
    }

    fn state<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<Value>> {
        Box::pin(async move {
            // Who asks takes no answer for nothing.
            let state = self.remote.state(name).await.ok()?;
            value::state(&state)
        })
    }
}

/// An artifact as a plugin sees it.
pub(crate) struct Shown(pub(crate) Artifact);

impl artifact::Artifact for Shown {
    fn builder_id(&self) -> String {
        self.0.builder_id.clone()
    }

    fn id(&self) -> String {
        self.0.id.clone()
    }

    fn summary(&self) -> String {
        self.0.summary.clone()
    }

    fn files(&self) -> Vec<String> {
        self.0.files.iter().map(|file| file.display().to_string()).collect()
    }

    async fn state(&self, name: String) -> msgpack::Value {
        match (&*name, &self.0.facts) {
            (FACTS, Some(facts)) => return value::data(facts),
            (TAGS, _) if !self.0.tags.is_empty() => {
                let tags = self.0.tags.iter().map(msgpack::Value::text);
                return msgpack::Value::List(tags.collect());
            }
            _ => {}
        }
        let state = self.0.handle.state(&name).await;
        state.as_ref().map_or(msgpack::Value::Nil, value::untyped)
    }

    async fn destroy(&self) -> Result<(), String> {
        self.0.handle.destroy().await.map_err(|failure| failure.to_string())
    }
}
