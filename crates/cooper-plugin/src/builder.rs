//! Builders: they make a machine, have it provisioned, and make an artifact of it.

use std::collections::BTreeMap;

use cooper_wire::message::{Configs, Failed, Prepared};
use cooper_wire::msgpack::Value;
use cooper_wire::service::communicator::Communicator;
use cooper_wire::service::{builder, hook, ui};
use cooper_wire::spec::Object;
use tokio_util::sync::CancellationToken;

use crate::build::Build;
use crate::component::Component;
use crate::schema::{self, Schema};
use crate::{Made, Result, Ui};

/// Makes a machine, has it provisioned, and makes an artifact of it.
///
/// ```
/// use cooper_plugin::communicator::Local;
/// use cooper_plugin::{
///     Build, Builder, CancellationToken, Facts, Made, Provisioners, Result, Schema, Ui,
/// };
///
/// /// A folder of the computer that builds, as a machine.
/// #[derive(Schema)]
/// struct Folder {
///     /// Where it is.
///     path: String,
/// }
///
/// impl Builder for Folder {
///     async fn run(
///         &self,
///         provisioners: &Provisioners,
///         _: &Ui,
///         _: &Build,
///         _: &CancellationToken,
///     ) -> Result<Option<Made>> {
///         let facts = Facts::from([("ID".to_owned(), self.path.clone())]);
///         provisioners.run(Local::new(&self.path), &facts).await?;
///         Ok(Some(Made::new(&self.path)))
///     }
/// }
/// ```
pub trait Builder: Schema {
    /// What it says of its machine besides `ID`, for templates to read as `build.NAME`.
    const FACTS: &'static [&'static str] = &[];

    /// Checks the arguments, and may change them; as [`crate::Provisioner::prepare`].
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments; name the argument in backquotes, and hosts point at it.
    fn prepare(&mut self, build: &Build) -> Result {
        let _ = build;
        Ok(())
    }

    /// What is no mistake in the arguments, but not right either.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Does all of it; no artifact is nothing to keep.
    ///
    /// When the user gives up, `cancelled` is, and provisioning fails. It then cleans up behind itself and returns: this
    /// future is not dropped.
    fn run(
        &self,
        provisioners: &Provisioners,
        ui: &Ui,
        build: &Build,
        cancelled: &CancellationToken,
    ) -> impl Future<Output = Result<Option<Made>>> + Send;
}

/// The provisioners of a build, to be run when its machine is there.
pub struct Provisioners {
    hook: hook::Remote,
    ui: Ui,
}

/// What a builder says of its machine: `ID`, and [`Builder::FACTS`].
pub type Facts = BTreeMap<String, String>;

impl Provisioners {
    /// Runs them all. `machine` is the way into it; [`crate::communicator`] has what that takes.
    ///
    /// # Errors
    ///
    /// When one of them failed, or the user gave up.
    pub async fn run(&self, machine: impl Communicator, facts: &Facts) -> Result {
        let facts = facts.iter().map(|(name, value)| (name.as_str(), Value::text(value)));
        let said = Said(self.ui.clone());
        Ok(self.hook.run(hook::PROVISION, Value::object(facts), said, machine).await?)
    }
}

/// What provisioners say goes where the builder's own words go.
struct Said(Ui);

impl ui::Ui for Said {
    async fn say(&self, text: String) {
        self.0.say(text).await;
    }

    async fn error(&self, text: String) {
        self.0.error(text).await;
    }

    async fn ask(&self, question: String) -> Result<String, String> {
        self.0.ask(question).await.map_err(|error| error.to_string())
    }

    async fn machine(&self, category: String, values: Vec<String>) {
        self.0.record(category, values).await;
    }

    // The host has the machine's side of a transfer.
    fn progress(&self, _: &str, _: u64, _: Option<u64>) {}
}

/// A builder as hosts call it.
pub(crate) struct Adapter<T>(Component<T>);

impl<T: Builder> Adapter<T> {
    pub(crate) fn new() -> Self {
        Self(Component::new(T::prepare))
    }
}

impl<T: Builder> builder::Builder for Adapter<T> {
    type Artifact = Made;

    fn config_spec(&self) -> Object {
        schema::spec(&T::fields())
    }

    async fn prepare(&self, configs: Configs) -> Prepared {
        let generated = T::FACTS.iter().map(|name| (*name).to_owned()).collect();
        match self.0.configure(configs).await {
            Ok(ready) => {
                let warnings = ready.map(|ready| ready.component.warnings()).unwrap_or_default();
                Prepared { generated, warnings, error: None }
            }
            Err(message) => {
                Prepared { generated, warnings: Vec::new(), error: Some(Failed { message }) }
            }
        }
    }

    async fn run(
        &self,
        ui: ui::Remote,
        hook: hook::Remote,
        cancelled: CancellationToken,
    ) -> Result<Option<Made>, String> {
        let ready = self.0.ready(None).await?;
        let ui = Ui::new(ui, ready.secrets.clone());
        let provisioners = Provisioners { hook, ui: ui.clone() };
        let run = ready.component.run(&provisioners, &ui, &ready.build, &cancelled);
        ready.work(run).await
    }
}
