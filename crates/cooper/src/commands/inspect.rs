//! `cooper inspect`: what is in a template, without asking its components.

use cooper_build::{Session, inspect as look};

use super::{asking, check_kind, input_options};
use crate::args::InspectArgs;
use crate::exit::Exit;
use crate::ui::Ui;

/// Shows what is in a template. What can be shown of a broken one is shown too, and what is
/// wrong with it told.
pub(crate) fn inspect(args: &InspectArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let inputs = input_options(&args.template.inputs, false);
    let looked = asking(&mut session, ui, async |catalog, session| {
        check_kind(&args.template.path, &args.template.inputs, session)?;
        look(&args.template.path, &inputs, catalog, session).await
    });
    let Some(inspection) = looked else { return Exit::Failure };
    let is_sound = !session.diags.has_errors();
    ui.inspection(inspection.as_ref().ok(), &session);
    if is_sound { Exit::Success } else { Exit::Failure }
}
