//! `cooper inspect`: what is in a template, without asking its components.

use cooper_build::{Session, inspect as look};
use cooper_builtin::catalog;
use futures::executor::block_on;

use super::{check_kind, input_options};
use crate::args::InspectArgs;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::ui::Ui;

/// Shows what is in a template. What can be shown of a broken one is shown too, and what is
/// wrong with it told.
pub(crate) fn inspect(args: &InspectArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let inputs = input_options(&args.template.inputs, false);
    let catalog = catalog(Engine::find(&*session.system).engine);
    let inspection = check_kind(&args.template, &session).and_then(|()| {
        // Nothing is contacted, so this thread will do.
        block_on(look(&args.template.path, &inputs, &catalog, &mut session))
    });
    let is_sound = !session.diags.has_errors();
    ui.inspection(inspection.as_ref().ok(), &session);
    if is_sound { Exit::Success } else { Exit::Failure }
}
