//! Data sources: they find out something that a template needs to know.

use cooper_wire::cty::{Type, Value};
use cooper_wire::message::Configs;
use cooper_wire::service::datasource;
use cooper_wire::spec::Object;

use crate::Result;
use crate::build::Build;
use crate::component::Component;
use crate::schema::{self, Schema};

/// Finds out something that a template needs to know.
///
/// ```
/// use cooper_plugin::{DataSource, Result, Schema};
///
/// /// Finds out how large a file of the computer that builds is.
/// #[derive(Schema)]
/// struct Size {
///     /// The file.
///     path: std::path::PathBuf,
/// }
///
/// /// What a template sees: `data.NAME-size.LABEL.bytes`.
/// #[derive(Schema)]
/// struct Found {
///     /// How many bytes it has.
///     bytes: u64,
/// }
///
/// impl DataSource for Size {
///     type Output = Found;
///
///     async fn read(&self) -> Result<Found> {
///         Ok(Found { bytes: std::fs::metadata(&self.path)?.len() })
///     }
/// }
/// ```
pub trait DataSource: Schema {
    /// What it finds: its fields are what a template sees.
    type Output: Schema;

    /// Checks the arguments, and may change them. It is called when a template is validated, too. Hosts tell a data
    /// source nothing of builds.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments; name the argument in backquotes, and hosts point at it.
    fn prepare(&mut self, build: &Build) -> Result {
        let _ = build;
        Ok(())
    }

    /// Finds it. Hosts read it before any build begins, and when they are asked to do so while they validate a template.
    fn read(&self) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// A data source as hosts call it.
pub(crate) struct Adapter<T>(Component<T>);

impl<T: DataSource> Adapter<T> {
    pub(crate) fn new() -> Self {
        Self(Component::new(T::prepare))
    }
}

impl<T: DataSource> datasource::Datasource for Adapter<T> {
    fn config_spec(&self) -> Object {
        schema::spec(&T::fields())
    }

    fn output_spec(&self) -> Object {
        schema::spec(&T::Output::fields())
    }

    async fn configure(&self, configs: Configs) -> Result<(), String> {
        self.0.configure(configs).await.map(drop)
    }

    async fn execute(&self) -> Result<(Type, Value), String> {
        let ready = self.0.ready(None).await?;
        let found = ready.work(DataSource::read(&*ready.component)).await?;
        let fields = T::Output::fields();
        let value = Value::Mapping(Schema::write(&found));
        Ok((schema::object_type(&fields), value))
    }
}
