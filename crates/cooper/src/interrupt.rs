//! Ctrl-C and SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cooper_build::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::exit::Exit;

/// How long what was told to stop at once may take to end, before the program does.
const PATIENCE: Duration = Duration::from_secs(2);

/// The signals that the program gets from now on, in order; none is lost between two stages.
pub(crate) struct Signals {
    received: mpsc::UnboundedReceiver<&'static str>,
    /// Whether there is something to clean up, so that the first signal does not end the program.
    running: Arc<AtomicBool>,
}

impl Signals {
    /// Listens to signals. Without [`Signals::interrupt`] the program ends soon after the first,
    /// even when nobody looks at it.
    pub(crate) fn listen() -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let running = Arc::new(AtomicBool::new(false));
        // Without a handler the signal ends the program, and the next run cleans up.
        if let (Ok(interrupts), Ok(terminations)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            let running = running.clone();
            tokio::spawn(async move {
                let mut signals = (interrupts, terminations);
                loop {
                    // Nobody may be left to be told.
                    let _ = sender.send(next(&mut signals).await);
                    let running = running.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(PATIENCE).await;
                        if !running.load(Ordering::Acquire) {
                            end();
                        }
                    });
                }
            });
        }
        Self { received, running }
    }

    /// Completes at the first signal.
    pub(crate) async fn first(&mut self) -> &'static str {
        match self.received.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }

    /// Tells a run of every signal. The first lets it clean up; after the second it stops waiting,
    /// and the program ends soon even when its output is blocked; the third ends it.
    pub(crate) fn interrupt(mut self, interrupt: Interrupt) {
        self.running.store(true, Ordering::Release);
        tokio::spawn(async move {
            interrupt.signal(self.first().await);
            interrupt.signal(self.first().await);
            tokio::select! {
                _ = self.first() => {}
                () = tokio::time::sleep(PATIENCE) => {}
            }
            end();
        });
    }
}

/// Lets the first signal end the program from now on, also when signals were listened to before.
pub(crate) fn end_at_first() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Without a runtime nobody has listened either.
    if let Ok(runtime) = runtime {
        std::thread::spawn(move || {
            runtime.block_on(async {
                Signals::listen().first().await;
                end();
            });
        });
    }
}

fn end() {
    std::process::exit(Exit::Failure.code().into());
}

/// The next signal, as Packer names it.
async fn next((interrupts, terminations): &mut (Signal, Signal)) -> &'static str {
    tokio::select! {
        _ = interrupts.recv() => "interrupt",
        _ = terminations.recv() => "terminated",
    }
}
