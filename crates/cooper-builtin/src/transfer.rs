//! Shows how far an engine's transfers have come.

use std::future::Future;

use cooper_build::StepCx;
use cooper_container::engine::Progress;
use tokio::sync::mpsc;

/// What a transfer tells while it goes on.
pub(crate) enum Told {
    Line(String),
    Layer { what: String, done: u64, total: Option<u64> },
}

impl From<Progress> for Told {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Line(line) => Self::Line(line),
            Progress::Layer { id, status, done, total } => {
                Self::Layer { what: format!("{id}: {status}"), done, total }
            }
        }
    }
}

/// Runs a transfer, and passes on what it tells while it goes on. `begin` gets the function
/// that the transfer is to call.
pub(crate) async fn told<'a, T, F>(
    cx: &'a StepCx,
    begin: impl FnOnce(Box<dyn FnMut(Told) + Send>) -> F,
) -> T
where
    F: Future<Output = T> + Send + 'a,
{
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let tell = move |told| {
        // The receiver lives as long as the transfer.
        let _ = sender.send(told);
    };
    let transfer = begin(Box::new(tell));
    let mut transfer = std::pin::pin!(transfer);
    loop {
        tokio::select! {
            biased;
            Some(told) = receiver.recv() => show(cx, told).await,
            result = &mut transfer => {
                while let Ok(told) = receiver.try_recv() {
                    show(cx, told).await;
                }
                return result;
            }
        }
    }
}

async fn show(cx: &StepCx, told: Told) {
    match told {
        Told::Line(line) => cx.say(line).await,
        Told::Layer { what, done, total } => cx.progress(what, done, total),
    }
}
