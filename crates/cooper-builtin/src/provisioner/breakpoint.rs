//! `breakpoint`: waits for a person.

use cooper_build::communicator::Communicator;
use cooper_build::component::{Config, ConfigSchema, Provisioner, ProvisionerKind, StepCx};
use cooper_build::{Failure, component_config};
use cooper_hcl::Reported;
use cooper_hcl::schema::Schema;
use futures::future::BoxFuture;

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
            Ok(Box::new(Breakpoint(arguments)) as Box<dyn Provisioner>)
        })
    }
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
