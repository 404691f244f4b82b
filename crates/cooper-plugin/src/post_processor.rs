//! Post-processors: they make an artifact of another.

use cooper_wire::message::Configs;
use cooper_wire::service::{artifact, post_processor, ui};
use cooper_wire::spec::Object;

use crate::artifact::Output;
use crate::build::Build;
use crate::component::Component;
use crate::schema::{self, Schema};
use crate::{Artifact, Processed, Result, Ui};

/// Does something with what a build has made.
///
/// ```
/// use cooper_plugin::{Artifact, Build, PostProcessor, Processed, Result, Schema, Ui};
///
/// /// Says what was made, and hands it on.
/// #[derive(Schema)]
/// struct Tell {
///     /// What is said before.
///     #[schema(default = "made: ")]
///     prefix: String,
/// }
///
/// impl PostProcessor for Tell {
///     async fn post_process(&self, input: &Artifact, ui: &Ui, _: &Build) -> Result<Processed> {
///         ui.say(format!("{}{}", self.prefix, input.id())).await;
///         Ok(Processed::input(input))
///     }
/// }
/// ```
pub trait PostProcessor: Schema {
    /// Checks the arguments, and may change them; as [`crate::Provisioner::prepare`].
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments; name the argument in backquotes, and hosts point at it.
    fn prepare(&mut self, build: &Build) -> Result {
        let _ = build;
        Ok(())
    }

    /// Makes something of what the builder, or the post-processor before, has made.
    ///
    /// When the user gives up the future is dropped where it waits, and what it holds with it.
    fn post_process(
        &self,
        input: &Artifact,
        ui: &Ui,
        build: &Build,
    ) -> impl Future<Output = Result<Processed>> + Send;
}

/// A post-processor as hosts call it.
pub(crate) struct Adapter<T>(Component<T>);

impl<T: PostProcessor> Adapter<T> {
    pub(crate) fn new() -> Self {
        Self(Component::new(T::prepare))
    }
}

impl<T: PostProcessor> post_processor::PostProcessor for Adapter<T> {
    type Artifact = Output;

    fn config_spec(&self) -> Object {
        schema::spec(&T::fields())
    }

    async fn configure(&self, configs: Configs) -> Result<(), String> {
        self.0.configure(configs).await.map(drop)
    }

    async fn post_process(
        &self,
        ui: ui::Remote,
        input: artifact::Remote,
    ) -> Result<post_processor::Made<Output>, String> {
        let ready = self.0.ready(None).await?;
        let ui = Ui::new(ui, ready.secrets.clone());
        let work = async {
            let input = Artifact::of(input).await?;
            ready.component.post_process(&input, &ui, &ready.build).await
        };
        ready.work(work).await.map(Processed::answer)
    }
}
