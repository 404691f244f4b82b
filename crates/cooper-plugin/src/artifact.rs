//! What a build has made so far, and what a component makes of it.

use std::path::Path;
use std::sync::Arc;

use cooper_wire::msgpack::Value;
use cooper_wire::service::artifact;
use cooper_wire::service::post_processor::{self, Input};
use futures::future::BoxFuture;

use crate::Result;
use crate::error::guarded;

/// What a build has made so far: what a post-processor is given.
#[derive(Clone)]
pub struct Artifact {
    remote: artifact::Remote,
    id: String,
    builder_id: String,
    summary: String,
    files: Vec<String>,
}

impl Artifact {
    pub(crate) async fn of(remote: artifact::Remote) -> Result<Self> {
        let (id, builder_id, summary, files) =
            tokio::try_join!(remote.id(), remote.builder_id(), remote.summary(), remote.files())?;
        Ok(Self { remote, id, builder_id, summary, files })
    }

    /// Its id, such as that of an image.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which builder or post-processor made it: `packer.docker`.
    pub fn builder_id(&self) -> &str {
        &self.builder_id
    }

    /// What users see of it.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The paths of its files; none, when it is not made of files.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Something more that its maker tells of it, as text; nothing when it tells none, or something else.
    ///
    /// # Errors
    ///
    /// When the host does not answer.
    pub async fn state(&self, name: &str) -> Result<Option<String>> {
        Ok(match self.remote.state(name).await? {
            Value::Text(text) => Some(text),
            Value::Bytes(text) => String::from_utf8(text).ok(),
            Value::Int(number) => Some(number.to_string()),
            Value::Uint(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        })
    }
}

/// Removes something that was made.
type Remove = Arc<dyn Fn() -> BoxFuture<'static, Result> + Send + Sync>;

/// What a builder or post-processor has made.
///
/// When it is no longer wanted its files are deleted, unless [`Made::removed_by`] says how it is removed.
pub struct Made {
    id: String,
    builder_id: String,
    summary: Option<String>,
    files: Vec<String>,
    state: Vec<(String, Value)>,
    remove: Option<Remove>,
}

impl Made {
    /// Something with an id, without files.
    pub fn new(id: impl Into<String>) -> Self {
        let (id, builder_id) = (id.into(), "cooper.plugin".to_owned());
        Self { id, builder_id, summary: None, files: Vec::new(), state: Vec::new(), remove: None }
    }

    /// The same, of a file more.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.files.push(path.as_ref().to_string_lossy().into_owned());
        self
    }

    /// The same, with words for users; without, they see the id.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// The same, from a builder with an id of its own, by which post-processors know what they can take:
    /// `packer.docker`.
    #[must_use]
    pub fn builder_id(mut self, id: impl Into<String>) -> Self {
        self.builder_id = id.into();
        self
    }

    /// The same, telling something more, by a name.
    #[must_use]
    pub fn state(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.state.push((name.into(), Value::Text(value.into())));
        self
    }

    /// The same, removed in a way of its own.
    #[must_use]
    pub fn removed_by<F>(mut self, remove: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result> + Send + 'static,
    {
        self.remove = Some(Arc::new(move || Box::pin(remove())));
        self
    }
}

impl artifact::Artifact for Made {
    fn builder_id(&self) -> String {
        self.builder_id.clone()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn summary(&self) -> String {
        self.summary.clone().unwrap_or_else(|| self.id.clone())
    }

    fn files(&self) -> Vec<String> {
        self.files.clone()
    }

    async fn state(&self, name: String) -> Value {
        let found = self.state.iter().find(|(known, _)| *known == name);
        found.map_or(Value::Nil, |(_, value)| value.clone())
    }

    async fn destroy(&self) -> Result<(), String> {
        match &self.remove {
            Some(remove) => guarded(async { remove().await }).await,
            None => guarded(remove_files(&self.files)).await,
        }
    }
}

async fn remove_files(files: &[String]) -> Result {
    for file in files {
        match tokio::fs::remove_file(file).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("`{file}`: {error}").into()),
        }
    }
    Ok(())
}

/// What a post-processor has made, and what becomes of its input.
pub struct Processed {
    artifact: Output,
    input: Input,
}

/// What comes out of a post-processor.
pub(crate) enum Output {
    Made(Made),
    /// What went in.
    Input(Artifact),
}

impl Processed {
    /// Something new; the input is deleted, unless the template keeps it.
    pub const fn made(made: Made) -> Self {
        Self { artifact: Output::Made(made), input: Input::Goes }
    }

    /// The input itself, which so stays, whatever the template says.
    pub fn input(input: &Artifact) -> Self {
        Self { artifact: Output::Input(input.clone()), input: Input::Stays }
    }

    /// The same; the input stays, unless the template says otherwise.
    #[must_use]
    pub const fn keeping_input(mut self) -> Self {
        self.input = Input::StaysByDefault;
        self
    }

    /// The same; the input stays, whatever the template says: what was made needs it.
    #[must_use]
    pub const fn needing_input(mut self) -> Self {
        self.input = Input::Stays;
        self
    }

    pub(crate) fn answer(self) -> post_processor::Made<Output> {
        post_processor::Made { artifact: Some(self.artifact), input: self.input }
    }
}

impl artifact::Artifact for Output {
    fn builder_id(&self) -> String {
        match self {
            Self::Made(made) => artifact::Artifact::builder_id(made),
            Self::Input(input) => input.builder_id.clone(),
        }
    }

    fn id(&self) -> String {
        match self {
            Self::Made(made) => artifact::Artifact::id(made),
            Self::Input(input) => input.id.clone(),
        }
    }

    fn summary(&self) -> String {
        match self {
            Self::Made(made) => artifact::Artifact::summary(made),
            Self::Input(input) => input.summary.clone(),
        }
    }

    fn files(&self) -> Vec<String> {
        match self {
            Self::Made(made) => artifact::Artifact::files(made),
            Self::Input(input) => input.files.clone(),
        }
    }

    async fn state(&self, name: String) -> Value {
        match self {
            Self::Made(made) => artifact::Artifact::state(made, name).await,
            Self::Input(input) => input.remote.state(&name).await.unwrap_or(Value::Nil),
        }
    }

    async fn destroy(&self) -> Result<(), String> {
        match self {
            Self::Made(made) => artifact::Artifact::destroy(made).await,
            Self::Input(input) => input.remote.destroy().await.map_err(|error| error.to_string()),
        }
    }
}
