//! `breakpoint`: waits for a person.

use cooper_build::communicator::Communicator;
use cooper_build::component::{Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, component_config};
use futures::future::BoxFuture;

use crate::kind::Kind;

component_config! {
    /// Waits until a person at the terminal wants to go on.
    struct Arguments {
        /// What the person is told.
        note: Option<String>,
        /// Whether to go on without waiting.
        disable: bool,
    }
}

/// The kind of provisioner called `breakpoint`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(|_, arguments| Ok(Breakpoint(arguments)))
}

struct Breakpoint(Arguments);

impl Provisioner for Breakpoint {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        _machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let note = match self.0.note.as_deref() {
                Some(note) if !note.is_empty() => format!(" with note \"{note}\""),
                _ => String::new(),
            };
            if self.0.disable {
                cx.say(format!("Breakpoint provisioner{note} disabled; continuing...")).await;
                return Ok(());
            }
            cx.say(format!("Pausing at breakpoint provisioner{note}.")).await;
            cx.ask("Press enter to continue. ").await.map_err(|failure| {
                failure
                    .while_doing("Error asking for input")
                    .help("`disable = true` goes on without asking")
            })?;
            Ok(())
        })
    }
}
