//! What a person, or `-on-error`, decides after a failure.

use super::OnError;
use super::build::Build;
use crate::event::Stream;
use crate::failure::{Failure, FailureKind};

/// What happens after a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decision {
    /// Everything acquired is given back.
    CleanUp,
    /// Everything stays, and `error-cleanup-provisioner` runs.
    OnlyProvisioner,
    /// Everything stays.
    Abort,
    /// The step runs again.
    Retry,
}

const QUESTION: &str = "[c] Clean up and exit, [a] abort without cleanup, or [r] retry step \
                        (build may fail even if retry succeeds)?";

impl Build {
    /// Decides what happens after a step failed, and says so.
    pub(super) async fn decide(&self, failure: &Failure, step: &str) -> Decision {
        let on_error = self.run.options.on_error;
        if failure.kind() == FailureKind::Cancelled {
            return match on_error {
                OnError::Cleanup | OnError::Ask => Decision::CleanUp,
                OnError::Abort | OnError::RunCleanupProvisioner => {
                    self.output(Stream::Error, "Interrupted, aborting...").await;
                    Decision::Abort
                }
            };
        }
        match on_error {
            OnError::Cleanup => Decision::CleanUp,
            OnError::Abort | OnError::RunCleanupProvisioner => {
                self.output(Stream::Error, failure.to_string()).await;
                self.output(Stream::Error, format!("Step {step:?} failed, aborting...")).await;
                match on_error {
                    OnError::RunCleanupProvisioner => Decision::OnlyProvisioner,
                    _ => Decision::Abort,
                }
            }
            OnError::Ask => {
                self.output(Stream::Error, failure.to_string()).await;
                self.output(Stream::Say, format!("Step {step:?} failed")).await;
                self.ask_decision().await
            }
        }
    }

    async fn ask_decision(&self) -> Decision {
        loop {
            let answer = tokio::select! {
                biased;
                () = self.run.options.interrupt.stop().cancelled() => return Decision::CleanUp,
                answer = self.events.ask(QUESTION.to_owned()) => answer,
            };
            // Where nobody can be asked, the answer is the default, as an empty line is.
            let Ok(answer) = answer else { return Decision::CleanUp };
            match answer.trim() {
                "" | "c" => return Decision::CleanUp,
                "a" => return Decision::Abort,
                "r" => return Decision::Retry,
                other => self.output(Stream::Say, format!("Incorrect input: {other:?}")).await,
            }
        }
    }

    /// With `-debug`, waits for a person; at once where nobody can be asked.
    pub(super) async fn pause(&self, text: String) {
        if !self.run.options.debug {
            return;
        }
        tokio::select! {
            () = self.run.options.interrupt.stop().cancelled() => {}
            _ = self.events.ask(text) => {}
        }
    }
}
