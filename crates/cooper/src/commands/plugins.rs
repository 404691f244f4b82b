//! `cooper plugins`: what is installed, and more of it or less.

mod install;
mod installed;
mod push;
mod remove;
mod required;

use cooper_build::version::Constraint;
use cooper_build::{Failure, PluginSource, Session};
use cooper_registry::Store;

use self::install::install;
use self::installed::installed;
use self::push::push;
use self::remove::remove;
use self::required::required;
use super::{print_failure, taking_time};
use crate::args::{PluginsArgs, PluginsCommand};
use crate::exit::Exit;
use crate::ui::Ui;

/// Does what one of the commands of `plugins` says.
pub(crate) fn plugins(args: &PluginsArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let store = match Store::of_user(&*session.system) {
        Ok(store) => store,
        Err(failure) => {
            print_failure(&failure, ui);
            return Exit::Failure;
        }
    };
    let done = taking_time(session.system.clone(), ui, async |ui| match &args.command {
        PluginsCommand::Install(args) => install(args, &store, &mut session, ui).await,
        PluginsCommand::Push(args) => push(args, &session, ui).await,
        PluginsCommand::Installed => {
            installed(&store, ui).await;
            Ok(())
        }
        PluginsCommand::Remove(args) => remove(args, &store, ui).await,
        PluginsCommand::Required(args) => required(args, &store, &mut session, ui).await,
    });
    match done {
        Some(Ok(())) => Exit::Success,
        Some(Err(Some(failure))) => {
            print_failure(&failure, ui);
            Exit::Failure
        }
        Some(Err(None)) | None => Exit::Failure,
    }
}

/// The source that an argument names.
fn source(text: &str) -> Result<PluginSource, Failure> {
    PluginSource::parse(text).map_err(|error| Failure::new(error.to_string()))
}

/// The versions that an argument names, if it is given.
fn constraint(text: Option<&String>) -> Result<Option<Constraint>, Failure> {
    let parsed = text.map(|text| Constraint::parse(text)).transpose();
    parsed.map_err(|error| {
        Failure::new(error.to_string()).help("write `1.2.3`, `'~> 1.2'` or `'>= 1.2, < 3'`")
    })
}
