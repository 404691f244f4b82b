//! `sleep`: waits.

use cooper_build::communicator::Communicator;
use cooper_build::component::{Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, component_config};
use futures::future::BoxFuture;

use crate::arguments::GoDuration;
use crate::kind::Kind;

component_config! {
    /// Waits before the next provisioner starts.
    struct Arguments {
        /// How long to wait: `1m30s`.
        duration: GoDuration,
    }
}

/// The kind of provisioner called `sleep`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(|_, arguments| Ok(Sleep(arguments)))
}

struct Sleep(Arguments);

impl Provisioner for Sleep {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        _machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let GoDuration(duration) = self.0.duration;
            cx.sleep(duration).await
        })
    }
}
