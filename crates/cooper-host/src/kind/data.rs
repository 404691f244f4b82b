//! Data sources of plugins.

use std::sync::Arc;

use cooper_build::Failure;
use cooper_build::component::{Config, DataSource, DataSourceKind, ResultSchema};
use cooper_hcl::schema::Schema;
use cooper_hcl::{Reported, Value};
use cooper_wire::rpc::CallError;
use cooper_wire::service::datasource::Remote;
use futures::future::BoxFuture;

use super::arguments::alone;
use super::{ASKING, Component, READING};
use crate::process::{Launch, Process};
use crate::schemas::Said;
use crate::value::found;

/// A kind of data source whose work a plugin does.
pub(crate) struct DataKind(Arc<Component<Remote>>);

impl DataKind {
    pub(crate) fn new(launch: Launch) -> Self {
        let remote =
            |process: &Process, launch: &Launch| Remote::new(process.client(), launch.encoding());
        Self(Arc::new(Component::new(launch, remote)))
    }
}

async fn ask(remote: Remote) -> Result<Said, CallError> {
    let result = remote.output_spec(ASKING).await?;
    Ok(Said { arguments: remote.config_spec(ASKING).await?, result })
}

impl DataSourceKind for DataKind {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn result(&self) -> &ResultSchema {
        self.0.result()
    }

    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.0.open(ask))
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn DataSource>, Reported>> {
        Box::pin(async move {
            let configs = alone(&config, self.0.spec())?;
            let read = async |remote: Remote| remote.configure(&configs, READING).await;
            let (process, remote, ()) = self.0.read(&config, read).await?;
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
