//! Ctrl-C and SIGTERM.

use std::time::Duration;

use cooper_build::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// How long a run that was told to stop waiting may take to end, before the program does.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells a run of every signal from now on. The first lets it clean up; after the second it
/// stops waiting, and the program ends soon even when its output is blocked; the third ends it.
pub(crate) fn listen(interrupt: Interrupt) {
    // Without a handler the signal ends the program, and the next run cleans up.
    let (Ok(interrupts), Ok(terminations)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::spawn(async move {
        let mut signals = (interrupts, terminations);
        interrupt.signal(next(&mut signals).await);
        interrupt.signal(next(&mut signals).await);
        tokio::select! {
            _ = next(&mut signals) => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        std::process::exit(Exit::Failure.code().into());
    });
}

/// The next signal, as Packer names it.
async fn next((interrupts, terminations): &mut (Signal, Signal)) -> &'static str {
    tokio::select! {
        _ = interrupts.recv() => "interrupt",
        _ = terminations.recv() => "terminated",
    }
}
