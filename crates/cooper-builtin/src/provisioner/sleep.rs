//! `sleep`: waits.

use cooper_build::communicator::Communicator;
use cooper_build::component::{Config, ConfigSchema, Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use futures::future::BoxFuture;

use crate::arguments::GoDuration;

component_config! {
    /// Waits before the next provisioner starts.
    struct Arguments {
        /// How long to wait: `1m30s`.
        duration: Option<GoDuration>,
    }
}

/// The kind of provisioner called `sleep`.
pub(crate) struct Kind {
    schema: Schema,
}

impl Kind {
    pub(crate) fn new() -> Self {
        Self { schema: Arguments::schema() }
    }
}

impl ProvisionerKind for Kind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Provisioner>, Reported>> {
        Box::pin(async move {
            let arguments: Arguments = config.render(&[])?.read()?;
            Ok(Box::new(Sleep(arguments)) as Box<dyn Provisioner>)
        })
    }
}

struct Sleep(Arguments);

impl Provisioner for Sleep {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        _machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            match self.0.duration {
                Some(GoDuration(duration)) => cx.sleep(duration).await,
                None => Ok(()),
            }
        })
    }
}
