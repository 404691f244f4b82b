//! What a plugin's component says, as events of its step.

use cooper_build::StepCx;
use cooper_wire::service::ui::Ui;

/// Speaks in the name of a step.
pub(crate) struct StepUi {
    cx: StepCx,
}

impl StepUi {
    pub(crate) fn new(cx: &StepCx) -> Self {
        Self { cx: cx.clone() }
    }
}

impl Ui for StepUi {
    async fn say(&self, text: String) {
        self.cx.say(text.trim_end_matches(['\r', '\n'])).await;
    }

    async fn error(&self, text: String) {
        self.cx.error(text.trim_end_matches(['\r', '\n'])).await;
    }

    async fn ask(&self, question: String) -> Result<String, String> {
        self.cx.ask(question).await.map_err(|failure| failure.to_string())
    }

    /// Records for Packer's own readers have no event.
    async fn machine(&self, category: String, values: Vec<String>) {
        tracing::debug!("{category}: {}", values.join(", "));
    }

    fn progress(&self, what: &str, done: u64, total: Option<u64>) {
        self.cx.progress(what, done, total);
    }
}
