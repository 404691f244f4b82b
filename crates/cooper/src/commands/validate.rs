//! `cooper validate`: `build`, stopped before anything is done.

use cooper_build::{DataSources, Inputs, OnError, Session, Template};

use super::{PlanWishes, asking, check_kind, input_options, locking, make_plan, print_diagnostics};
use crate::args::ValidateArgs;
use crate::exit::Exit;
use crate::ui::Ui;

const SYNTAX_IS_FINE: &str = "Syntax-only check passed. Everything looks okay.";
const TEMPLATE_IS_FINE: &str = "The configuration is valid.";

/// Checks a template and says whether it could be built.
pub(crate) fn validate(args: &ValidateArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let warn_undeclared = !args.no_warn_undeclared_var;
    if args.syntax_only {
        let inputs = input_options(&args.template.inputs, warn_undeclared);
        let is_fine = check_kind(&args.template.path, &args.template.inputs, &session)
            .and_then(|()| Template::load(&args.template.path, &mut session))
            .and_then(|template| Inputs::collect(&inputs, &template, &mut session))
            .is_ok();
        return finish(&session, ui, is_fine, SYNTAX_IS_FINE);
    }
    let data_sources = match args.evaluate_datasources {
        true => DataSources::Read,
        false => DataSources::Check,
    };
    let locking = locking(args.locked);
    let on_error = OnError::default();
    let wishes =
        PlanWishes { warn_undeclared, force: false, debug: false, on_error, data_sources, locking };
    let plan = asking(&mut session, ui, async |catalog, session| {
        make_plan(&args.template, &wishes, catalog, session).await
    });
    let Some(plan) = plan else { return Exit::Failure };
    finish(&session, ui, plan.is_ok_and(|plan| plan.refused.is_empty()), TEMPLATE_IS_FINE)
}

fn finish(session: &Session, ui: &mut Ui, is_fine: bool, text: &str) -> Exit {
    let is_fine = is_fine && !session.diags.has_errors();
    print_diagnostics(session, ui);
    if is_fine {
        ui.say(text);
        Exit::Success
    } else {
        Exit::Failure
    }
}
