//! Data sources of plugins.

use std::sync::Arc;

use cooper_build::Failure;
use cooper_build::component::{Config, DataSource, DataSourceKind, ResultAttribute, ResultSchema};
use cooper_hcl::schema::Schema;
use cooper_hcl::{Reported, Value};
use cooper_wire::cty;
use cooper_wire::rpc::CallError;
use cooper_wire::service::datasource::Remote;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;

use super::arguments::alone;
use super::{ASKING, Component, READING};
use crate::process::{Launch, Process};
use crate::schema::{hcl_type, object_type};
use crate::value::found;

/// A kind of data source whose work a plugin does.
pub(crate) struct DataKind {
    component: Arc<Component<Remote>>,
    result: OnceCell<ResultSchema>,
}

static NOTHING: ResultSchema = ResultSchema { attributes: Vec::new() };

impl DataKind {
    pub(crate) fn new(launch: Launch) -> Self {
        let remote =
            |process: &Process, launch: &Launch| Remote::new(process.client(), launch.encoding());
        Self { component: Arc::new(Component::new(launch, remote)), result: OnceCell::const_new() }
    }

    async fn ask(&self, remote: Remote) -> Result<cooper_wire::spec::Object, CallError> {
        let output = remote.output_spec(ASKING).await?;
        let cty::Type::Object(attributes) = object_type(&output) else {
            return remote.config_spec(ASKING).await;
        };
        let attribute = |(name, ty): (String, cty::Type)| ResultAttribute {
            name: name.into(),
            ty: hcl_type(&ty),
            doc: "".into(),
        };
        let attributes = attributes.into_iter().map(attribute).collect();
        let spec = remote.config_spec(ASKING).await?;
        self.result.get_or_init(async || ResultSchema { attributes }).await;
        Ok(spec)
    }
}

impl DataSourceKind for DataKind {
    fn schema(&self) -> &Schema {
        self.component.schema()
    }

    fn result(&self) -> &ResultSchema {
        self.result.get().unwrap_or(&NOTHING)
    }

    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.component.open(async |remote: Remote| self.ask(remote).await))
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn DataSource>, Reported>> {
        Box::pin(async move {
            let configs = alone(&config, self.component.spec())?;
            let read = async |remote: Remote| remote.configure(&configs, READING).await;
            let (process, remote, ()) = self.component.read(&config, read).await?;
            Ok(Box::new(PluginData { process, remote }) as Box<dyn DataSource>)
        })
    }
}

/// A data source of a plugin, whose arguments were read. Its process ends with it.
struct PluginData {
    process: Process,
    remote: Remote,
}

impl DataSource for PluginData {
    fn read(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async {
            match self.remote.execute().await {
                Ok((ty, value)) => Ok(found(&ty, &value)),
                Err(error) => Err(self.process.failure(error).await),
            }
        })
    }
}
