//! The commands: each is a prefix of the same pipeline.

mod build;
mod inspect;
mod validate;

use cooper_build::{Catalog, InputOptions, Plan, PlanOptions, Selection, Session, prepare};
use cooper_hcl::Reported;

use crate::args::TemplateArgs;
use crate::ui::Ui;

pub(crate) use build::build;
pub(crate) use inspect::inspect;
pub(crate) use validate::validate;

/// What differs between the commands that make a plan.
struct PlanWishes {
    warn_undeclared: bool,
    force: bool,
    debug: bool,
}

/// The pipeline up to the plan. What is wrong is recorded in the session.
async fn make_plan(
    args: &TemplateArgs,
    wishes: &PlanWishes,
    catalog: &Catalog,
    session: &mut Session,
) -> Result<Plan, Reported> {
    let PlanWishes { warn_undeclared, force, debug } = *wishes;
    let inputs = input_options(args, warn_undeclared);
    let selection = Selection { only: args.only(), except: args.except() };
    let options = PlanOptions { selection, force, debug };
    prepare(&args.path, &inputs, catalog, &options, session).await
}

/// Where the values of variables come from.
fn input_options(args: &TemplateArgs, warn_undeclared: bool) -> InputOptions {
    InputOptions {
        vars: args.variables.clone(),
        var_files: args.variable_files.clone(),
        warn_undeclared,
    }
}

/// Prints what was found wrong so far, errors and warnings, in the order it was found.
fn print_diagnostics(session: &Session, ui: &mut Ui) {
    ui.diagnostics(&session.diags.take(), &session.sources, &session.secrets);
}
