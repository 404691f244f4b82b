//! The commands: each is a prefix of the same pipeline.

mod build;
mod completion;
mod console;
mod fix;
mod fmt;
mod init;
mod inspect;
mod lock;
mod lsp;
mod plugins;
mod put;
mod upgrade;
mod validate;

use std::path::Path;
use std::sync::Arc;

use cooper_build::template::is_legacy;
use cooper_build::{
    Catalog, DataSources, Failure, InputOptions, Locking, OnError, Plan, PlanOptions, Selection,
    Session, prepare,
};
use cooper_builtin::catalog;
use cooper_hcl::{Code, Diagnostic, Reported, System};
use cooper_host::Plugins;
use uuid::Uuid;

use crate::args::{ConfigType, InputArgs, TemplateArgs};
use crate::engine::Engine;
use crate::interrupt::Signals;
use crate::ui::Ui;

pub(crate) use build::build;
pub(crate) use completion::completion;
pub(crate) use console::console;
pub(crate) use fix::fix;
pub(crate) use fmt::fmt;
pub(crate) use init::init;
pub(crate) use inspect::inspect;
pub(crate) use lsp::lsp;
pub(crate) use plugins::plugins;
pub(crate) use upgrade::upgrade;
pub(crate) use validate::validate;

/// What differs between the commands that make a plan.
struct PlanWishes {
    warn_undeclared: bool,
    force: bool,
    debug: bool,
    on_error: OnError,
    data_sources: DataSources,
    locking: Locking,
}

/// The pipeline up to the plan. What is wrong is recorded in the session.
async fn make_plan(
    args: &TemplateArgs,
    wishes: &PlanWishes,
    catalog: &Catalog,
    session: &mut Session,
) -> Result<Plan, Reported> {
    let PlanWishes { warn_undeclared, force, debug, on_error, data_sources, locking } = *wishes;
    check_kind(&args.path, &args.inputs, session)?;
    let inputs = input_options(&args.inputs, warn_undeclared);
    let selection = Selection { only: args.inputs.only(), except: args.inputs.except() };
    let options = PlanOptions { selection, force, debug, on_error, data_sources, locking };
    prepare(&args.path, &inputs, catalog, &options, session).await
}

/// What `-locked` says.
fn locking(locked: bool) -> Locking {
    match locked {
        true => Locking::Strict,
        false => Locking::Loose,
    }
}

/// Does something that asks data sources, which takes its time; nothing when it was cancelled or
/// could not be started, which is told.
fn asking<T>(
    session: &mut Session,
    ui: &mut Ui,
    work: impl AsyncFnOnce(&Catalog, &mut Session) -> T,
) -> Option<T> {
    let run_id = Uuid::new_v4().to_string();
    let catalog = full_catalog(&Engine::find(&*session.system), session, &run_id);
    taking_time(session.system.clone(), ui, async |_| work(&catalog, session).await)
}

/// Starts what futures run on, with everything that they may need; nothing when it cannot be started,
/// which is told.
fn start(builder: &mut tokio::runtime::Builder, ui: &mut Ui) -> Option<tokio::runtime::Runtime> {
    let started = builder.enable_all().build();
    started.inspect_err(|error| ui.error(&format!("cannot start: {error}"))).ok()
}

/// Does something that takes its time; nothing when it was cancelled or could not be started, which
/// is told.
fn taking_time<T>(
    system: Arc<dyn System>,
    ui: &mut Ui,
    work: impl AsyncFnOnce(&mut Ui) -> T,
) -> Option<T> {
    let runtime = start(&mut Engine::runtime(&*system), ui)?;
    let done = runtime.block_on(async {
        let mut signals = Signals::listen();
        tokio::select! {
            done = work(ui) => Some(done),
            _ = signals.first() => None,
        }
    });
    if done.is_none() {
        ui.error("Cancelled before the end.");
    }
    done
}

/// Prints why something did not work that no text of a template has caused, each cause on a line of
/// its own.
fn print_failure(failure: &Failure, ui: &mut Ui) {
    let mut text = format!("error: {}", failure.message());
    let causes = failure.causes().iter().map(|cause| format!("\n  {cause}"));
    causes.chain(failure.next_step().map(|help| format!("\n  help: {help}"))).for_each(|line| {
        text.push_str(&line);
    });
    ui.error(&text);
}

/// What comes in the box, and the plugins that are installed.
fn full_catalog(engine: &Engine, session: &Session, run_id: &str) -> Catalog {
    let plugins = Plugins::of_user(&*session.system, run_id);
    catalog(engine.engine.clone()).with_extensions(plugins)
}

/// Whether a template is of the kind that `-config-type` wants.
fn check_kind(path: &Path, inputs: &InputArgs, session: &Session) -> Result<(), Reported> {
    if inputs.config_type != Some(ConfigType::Hcl2) || !is_legacy(path, &*session.system) {
        return Ok(());
    }
    let message = format!("`{}` is no template in HCL by its name", path.display());
    let error = Diagnostic::error(Code::UnreadableFile, message);
    let help = "the names of such templates end in `.pkr.hcl` or `.pkr.json`";
    Err(session.diags.error(error.help(help)))
}

/// Where the values of variables come from.
fn input_options(args: &InputArgs, warn_undeclared: bool) -> InputOptions {
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
