//! `shell-local` as a provisioner: runs scripts on this machine.

use cooper_build::Failure;
use cooper_build::communicator::Communicator;
use cooper_build::component::{Config, ConfigSchema, Provisioner, ProvisionerKind, StepCx};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use futures::future::BoxFuture;

use crate::local::{Arguments, Local};

/// The kind of provisioner called `shell-local`.
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
            let step = ShellLocal(Local::prepare(config)?);
            Ok(Box::new(step) as Box<dyn Provisioner>)
        })
    }
}

struct ShellLocal(Local);

impl Provisioner for ShellLocal {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        _machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.0.run(cx, cx.facts()))
    }
}
