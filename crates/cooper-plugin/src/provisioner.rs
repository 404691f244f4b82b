//! Provisioners: they change a machine.

use cooper_wire::message::Configs;
use cooper_wire::msgpack::Value;
use cooper_wire::service::{communicator, provisioner, ui};
use cooper_wire::spec::Object;

use crate::build::Build;
use crate::component::Component;
use crate::schema::{self, Schema};
use crate::{Machine, Result, Ui};

/// Changes the machine that a builder has started.
///
/// ```
/// use cooper_plugin::{Build, Machine, Provisioner, Result, Schema, Ui};
///
/// /// Makes a user.
/// #[derive(Schema)]
/// struct User {
///     /// What it is called.
///     name: String,
/// }
///
/// impl Provisioner for User {
///     fn prepare(&mut self, _: &Build) -> Result {
///         match self.name.starts_with('-') {
///             true => Err("`name` must not begin with `-`".into()),
///             false => Ok(()),
///         }
///     }
///
///     async fn provision(&self, machine: &Machine, _: &Ui, _: &Build) -> Result {
///         machine.run(format!("adduser -D {}", cooper_plugin::quoted(&self.name))).await?;
///         Ok(())
///     }
/// }
/// ```
pub trait Provisioner: Schema {
    /// Checks the arguments, and may change them. It is called when a template is validated, and again, more than
    /// once, when it is built; not while an argument waits for the build.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments; name the argument in backquotes, and hosts point at it.
    fn prepare(&mut self, build: &Build) -> Result {
        let _ = build;
        Ok(())
    }

    /// Does the work.
    ///
    /// When the user gives up, or a timeout passes, the future is dropped where it waits, and what it holds
    /// with it.
    fn provision(
        &self,
        machine: &Machine,
        ui: &Ui,
        build: &Build,
    ) -> impl Future<Output = Result> + Send;
}

/// A provisioner as hosts call it.
pub(crate) struct Adapter<T>(Component<T>);

impl<T: Provisioner> Adapter<T> {
    pub(crate) fn new() -> Self {
        Self(Component::new(T::prepare))
    }
}

impl<T: Provisioner> provisioner::Provisioner for Adapter<T> {
    fn config_spec(&self) -> Object {
        schema::spec(&T::fields())
    }

    async fn prepare(&self, configs: Configs) -> Result<(), String> {
        self.0.configure(configs).await.map(drop)
    }

    async fn provision(
        &self,
        data: Value,
        ui: ui::Remote,
        machine: communicator::Remote,
    ) -> Result<(), String> {
        let ready = self.0.ready(Some(&data)).await?;
        let ui = Ui::new(ui, ready.secrets.clone());
        let machine = Machine::new(machine, ui.clone());
        ready.work(ready.component.provision(&machine, &ui, &ready.build)).await
    }
}
