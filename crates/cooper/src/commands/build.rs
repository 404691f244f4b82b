//! `cooper build`: the whole pipeline.

use std::num::NonZeroUsize;
use std::time::Duration;

use cooper_build::run::Events;
use cooper_build::{DataSources, Interrupt, OnError, Plan, Report, RunOptions, Session, run};
use uuid::Uuid;

use super::lock::note;
use super::{PlanWishes, full_catalog, locking, make_plan, print_diagnostics, start};
use crate::args::{self, BuildArgs};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::interrupt::Signals;
use crate::ui::Ui;

/// How long the program waits, at its end, for work that nobody waits for.
const LAST_MOMENT: Duration = Duration::from_millis(100);

/// Makes a plan and runs it.
pub(crate) fn build(args: &BuildArgs, session: Session, ui: &mut Ui) -> Exit {
    let Some(runtime) = start(&mut Engine::runtime(&*session.system), ui) else {
        return Exit::Failure;
    };
    let exit = runtime.block_on(plan_and_run(args, session, ui));
    runtime.shutdown_timeout(LAST_MOMENT);
    exit
}

async fn plan_and_run(args: &BuildArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let wishes = PlanWishes {
        warn_undeclared: args.warn_on_undeclared_var,
        force: args.force,
        debug: args.debug,
        on_error: on_error(args.on_error),
        data_sources: DataSources::Read,
        locking: locking(args.locked),
    };
    let mut signals = Signals::listen();
    let engine = Engine::find(&*session.system);
    let run_id = Uuid::new_v4().to_string();
    let catalog = full_catalog(&engine, &session, &run_id);
    let plan = tokio::select! {
        plan = make_plan(&args.template, &wishes, &catalog, &mut session) => plan,
        _ = signals.first() => {
            ui.error("Cancelled before anything was built.");
            return Exit::Failure;
        }
    };
    let plan = match plan {
        Ok(plan) if plan.require_builds(&session).is_ok() => plan,
        Ok(_) | Err(_) => {
            print_diagnostics(&session, ui);
            return Exit::Failure;
        }
    };
    let refused = session.diags.has_errors() || !plan.refused.is_empty();
    print_diagnostics(&session, ui);
    if plan.builds.is_empty() {
        return Exit::Failure;
    }
    if let Err(error) = engine.check(&plan) {
        ui.error(&format!("error: {error}"));
        return Exit::Failure;
    }
    if args.debug {
        ui.say("Debug mode enabled. Builds will not be parallelized.");
    }
    let Some(report) = run_plan(plan, run_id, &engine, args, signals, ui).await else {
        return Exit::Failure;
    };
    let noted = session.lock.noted(|build| report.went_well(build));
    if !noted.is_empty() {
        note(&noted, &session, ui);
    }
    match report.succeeded() && !refused {
        true => Exit::Success,
        false => Exit::Failure,
    }
}

/// Runs a plan while showing it; returns what it came to, unless it ended in a way that it should
/// not.
async fn run_plan(
    plan: Plan,
    run_id: String,
    engine: &Engine,
    args: &BuildArgs,
    signals: Signals,
    ui: &mut Ui,
) -> Option<Report> {
    let interrupt = Interrupt::new();
    signals.interrupt(interrupt.clone());
    let (events, received) = Events::channel(plan.secrets.clone());
    let options = RunOptions {
        run_id,
        parallel: parallel(args.parallel_builds),
        on_error: on_error(args.on_error),
        debug: args.debug,
        interrupt: interrupt.clone(),
    };
    let sweep = engine.sweep(&plan);
    // A task of its own: showing a run may block on a slow terminal.
    let running = tokio::spawn(run(plan, options, events));
    ui.watch(received).await;
    let report = running.await;
    sweep.finish(&interrupt).await;
    match report {
        Ok(report) => Some(report),
        Err(error) => {
            ui.error(&format!("the run ended unexpectedly: {error}"));
            None
        }
    }
}

/// As Packer reads `-parallel-builds`: nothing is the default, less than one is no limit.
fn parallel(wished: Option<i64>) -> Option<NonZeroUsize> {
    const NO_LIMIT: usize = u16::MAX as usize;
    let wished = wished?;
    NonZeroUsize::new(match usize::try_from(wished) {
        Ok(0) | Err(_) => NO_LIMIT,
        Ok(count) => count.min(NO_LIMIT),
    })
}

fn on_error(wished: args::OnError) -> OnError {
    match wished {
        args::OnError::Cleanup => OnError::Cleanup,
        args::OnError::Abort => OnError::Abort,
        args::OnError::Ask => OnError::Ask,
        args::OnError::RunCleanupProvisioner => OnError::RunCleanupProvisioner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_builds_run_at_once_as_packer_says() {
        assert_eq!(parallel(None), None);
        assert_eq!(parallel(Some(1)), NonZeroUsize::new(1));
        assert_eq!(parallel(Some(5)), NonZeroUsize::new(5));
        let no_limit = parallel(Some(0));
        assert!(no_limit.is_some_and(|limit| limit.get() > 10_000), "{no_limit:?}");
        assert_eq!(parallel(Some(-1)), no_limit);
        assert_eq!(parallel(Some(i64::MAX)), no_limit);
    }
}
