//! `cooper inspect`: what is in a template, without building anything.

use cooper_build::{Session, inspect as look};

use super::{asking, input_options};
use crate::args::InspectArgs;
use crate::exit::Exit;
use crate::ui::Ui;

/// Shows what is in a template. What can be shown of a broken one is shown too, and what is
/// wrong with it told.
pub(crate) fn inspect(args: &InspectArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let inputs = input_options(&args.template, false);
    let path = &args.template.path;
    let inspection = asking(&mut session, ui, async |catalog, session| {
        look(path, &inputs, catalog, session).await
    });
    let Some(inspection) = inspection else { return Exit::Failure };
    let is_sound = !session.diags.has_errors();
    ui.inspection(inspection.as_ref().ok(), &session);
    if is_sound { Exit::Success } else { Exit::Failure }
}
