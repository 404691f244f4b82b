//! Starts builds in template order, as many at once as there is room for.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::build::{Build, Run};
use super::{Events, RunOptions, default_parallel};
use crate::event::{BuildOutcome, EventKind, FailureSummary};
use crate::failure::Failure;
use crate::plan::{BuildPlan, Plan};
use crate::report::Report;

/// Runs every build of a plan and returns once each has ended and cleaned up.
///
/// Builds do not see each other: one that fails, or whose component panics, leaves the others
/// alone. The report equals [`Report::from_events`] over the events.
pub async fn run(plan: Plan, options: RunOptions, events: Events) -> Report {
    let started = Instant::now();
    let Plan { builds, refused: _, secrets, sources } = plan;
    let ids = builds.iter().map(|build| build.id.clone()).collect();
    let run_id = options.run_id.clone();
    events.send(EventKind::RunStarted { builds: ids, run_id }).await;

    let interrupt = options.interrupt.clone();
    let run = Arc::new(Run { events, secrets, sources, options });
    let mut work = std::pin::pin!(run_builds(builds, run.clone()));
    let done = tokio::select! {
        () = &mut work => true,
        () = interrupt.stop().cancelled() => false,
    };
    if let Some(signal) = interrupt.received() {
        run.events.send(EventKind::Interrupted { signal: signal.to_owned() }).await;
    }
    if !done {
        work.await;
    }

    run.events.send(EventKind::RunFinished { elapsed: started.elapsed() }).await;
    run.events.report()
}

/// The end of a build that a mistake of our own cut short.
fn own_panic(elapsed: Duration) -> EventKind {
    let failure = Failure::new("Cooper stopped this build because of a bug of its own")
        .help("what it had acquired may be left; the next `cooper build` removes its container");
    let failures = vec![FailureSummary::new(&failure, None)];
    EventKind::BuildFinished {
        outcome: BuildOutcome::Failed { failures, artifacts: Vec::new() },
        elapsed,
    }
}

async fn run_builds(builds: Vec<BuildPlan>, run: Arc<Run>) {
    let room = if run.options.debug {
        1
    } else {
        run.options.parallel.unwrap_or_else(default_parallel).get().min(Semaphore::MAX_PERMITS)
    };
    let room = Arc::new(Semaphore::new(room));
    let stop = run.options.interrupt.stop();
    let mut tasks = JoinSet::new();
    for plan in builds {
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            permit = room.clone().acquire_owned() => permit,
        };
        let run = run.clone();
        tasks.spawn(async move {
            // Components' panics are caught where they are called; this one would be our own,
            // and must neither take other builds with it nor pass for success.
            let (started, events) = (Instant::now(), run.events.for_build(plan.id.clone()));
            if AssertUnwindSafe(Build::run(plan, run)).catch_unwind().await.is_err() {
                let kind = own_panic(started.elapsed());
                events.send(None, kind).await;
            }
            drop(permit);
        });
    }
    let give_up = run.options.interrupt.give_up();
    loop {
        tokio::select! {
            biased;
            () = give_up.cancelled() => return tasks.shutdown().await,
            ended = tasks.join_next() => if ended.is_none() { return },
        }
    }
}
