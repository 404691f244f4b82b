//! `shell-local` as a provisioner: runs scripts on this machine.

use cooper_build::Failure;
use cooper_build::communicator::Communicator;
use cooper_build::component::{Provisioner, ProvisionerKind, StepCx};
use futures::future::BoxFuture;

use crate::kind::Kind;
use crate::local::Local;

/// The kind of provisioner called `shell-local`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(|config, arguments| Local::prepare(config, arguments).map(ShellLocal))
        .rendered_later(&[("execute_command", &["Vars", "Script", "Command"])])
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
