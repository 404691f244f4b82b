//! `cooper fix`: a legacy template without the forms that Packer no longer takes.

use cooper_build::Session;
use cooper_build::fix::{check_fixed, fix as fixed};
use cooper_build::template::is_legacy;

use super::print_diagnostics;
use crate::args::FixArgs;
use crate::exit::Exit;
use crate::ui::Ui;

/// Prints the fixed template, and says what is still wrong with it.
pub(crate) fn fix(args: &FixArgs, mut session: Session, ui: &mut Ui) -> Exit {
    if session.system.kind(&args.path).is_ok() && !is_legacy(&args.path, &*session.system) {
        ui.error("error: `fix` works on legacy templates only, which are JSON with `builders`");
        return Exit::Failure;
    }
    let text = fixed(&args.path, &mut session);
    if let Ok(text) = &text {
        ui.say(text);
        if args.validate && check_fixed(&args.path, text.clone(), &mut session).is_err() {
            print_diagnostics(&session, ui);
            ui.error("error: the fixed template is not sound; what is told was wrong before");
            return Exit::Failure;
        }
    }
    print_diagnostics(&session, ui);
    if text.is_ok() { Exit::Success } else { Exit::Failure }
}
