//! What users see.

use std::fmt::Display;

use cooper_wire::service::ui::Remote;

use crate::Result;
use crate::secrets::Secrets;

/// What users see. Cloning shares it.
///
/// What is said reaches the host before the future ends. If the host is gone, nothing is said, and the component
/// ends anyway. Values of sensitive fields are left out.
#[derive(Clone)]
pub struct Ui {
    remote: Remote,
    secrets: Secrets,
}

impl Ui {
    pub(crate) const fn new(remote: Remote, secrets: Secrets) -> Self {
        Self { remote, secrets }
    }

    /// Says what the component does: a headline.
    pub async fn say(&self, text: impl Display) {
        let _ = self.remote.say(self.secrets.hide(text.to_string())).await;
    }

    /// Says something below that, such as a line that a command printed. Packer 1.7 and newer show it as the rest.
    pub async fn message(&self, text: impl Display) {
        let _ = self.remote.message(self.secrets.hide(text.to_string())).await;
    }

    /// Says what went wrong; the build goes on.
    pub async fn error(&self, text: impl Display) {
        let _ = self.remote.error(self.secrets.hide(text.to_string())).await;
    }

    /// Asks the user, and returns the answer.
    ///
    /// # Errors
    ///
    /// When nobody can be asked.
    pub async fn ask(&self, question: impl Display) -> Result<String> {
        Ok(self.remote.ask(self.secrets.hide(question.to_string())).await?)
    }

    /// Says something for programs: a record of `-machine-readable` output.
    pub async fn record(&self, category: impl Display, values: impl IntoIterator<Item = String>) {
        let values = values.into_iter().map(|value| self.secrets.hide(value)).collect();
        let _ = self.remote.machine(category.to_string(), values).await;
    }

    /// Tells how far a transfer has come; `total` is in bytes, 0 if nobody knows.
    ///
    /// # Errors
    ///
    /// When the host takes none.
    pub async fn track(&self, what: impl Display, total: u64) -> Result<Tracked> {
        let total = i64::try_from(total).unwrap_or(0);
        Ok(Tracked(self.remote.track(self.secrets.hide(what.to_string()), total).await?))
    }
}

/// A transfer that users see.
pub struct Tracked(cooper_wire::service::ui::Tracked);

impl Tracked {
    /// So many more bytes were moved.
    pub async fn add(&self, bytes: u64) {
        let _ = self.0.add(i64::try_from(bytes).unwrap_or(i64::MAX)).await;
    }

    /// It is over.
    pub async fn close(self) {
        let _ = self.0.close().await;
    }
}
