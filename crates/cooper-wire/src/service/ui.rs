//! `Ui`: what a component says, and what it asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;

use crate::message::{Machine, TrackProgress};
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply};

/// How many transfers may be under way at once.
const MOST_TRANSFERS: usize = 1000;

/// Hears what a component says.
pub trait Ui: Send + Sync {
    /// It does something.
    fn say(&self, text: String) -> impl Future<Output = ()> + Send;

    /// Something went wrong.
    fn error(&self, text: String) -> impl Future<Output = ()> + Send;

    /// It wants to know something; the answer is a line without its end.
    ///
    /// Fails when nobody can be asked.
    fn ask(&self, question: String) -> impl Future<Output = Result<String, String>> + Send;

    /// A record for programs.
    fn machine(&self, category: String, values: Vec<String>) -> impl Future<Output = ()> + Send;

    /// A transfer has come so far, in bytes; nothing when the whole is not known.
    fn progress(&self, what: &str, done: u64, total: Option<u64>);
}

/// Answers for a [`Ui`].
pub struct Service<T> {
    ui: T,
    transfers: Mutex<HashMap<String, Transfer>>,
    last: AtomicU64,
}

/// Something that is being moved.
struct Transfer {
    what: String,
    done: u64,
    total: Option<u64>,
}

const NAME: &str = "Ui";

impl<T: Ui> Service<T> {
    /// Answers for this.
    pub fn new(ui: T) -> Self {
        Self { ui, transfers: Mutex::default(), last: AtomicU64::new(0) }
    }

    fn transfers(&self) -> MutexGuard<'_, HashMap<String, Transfer>> {
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to watch a transfer. Its name is part of the name of a service.
    fn track(&self, progress: TrackProgress) -> Result<String, String> {
        let TrackProgress { source, total, done } = progress;
        let total = u64::try_from(total).ok().filter(|total| *total > 0);
        let done = u64::try_from(done).unwrap_or(0);
        let name = format!("-transfer-{}", self.last.fetch_add(1, Ordering::Relaxed));
        let mut transfers = self.transfers();
        if transfers.len() == MOST_TRANSFERS {
            return Err(format!("more than {MOST_TRANSFERS} transfers at once"));
        }
        self.ui.progress(&source, done, total);
        transfers.insert(name.clone(), Transfer { what: source, done, total });
        Ok(name)
    }

    /// A transfer has come so much further.
    fn add(&self, name: &str, count: i64) {
        if let Some(transfer) = self.transfers().get_mut(name) {
            transfer.done = transfer.done.saturating_add_signed(count);
            self.ui.progress(&transfer.what, transfer.done, transfer.total);
        }
    }
}

impl<'a, T: Ui + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        let transfer = name.strip_prefix(NAME);
        transfer.is_some_and(|name| name.is_empty() || self.transfers().contains_key(name))
    }

    fn call(
        &'a self,
        service: &str,
        method: &str,
        argument: Value,
    ) -> Option<BoxFuture<'a, Answer<'a>>> {
        let transfer = service.strip_prefix(NAME).unwrap_or_default().to_owned();
        let read = rpc::argument::<String>;
        Some(match (method, transfer.is_empty()) {
            // A message is said as the rest is.
            ("Say" | "Message", true) => Box::pin(async move {
                self.ui.say(read(argument)?).await;
                Ok(Reply::new(&()))
            }),
            ("Error", true) => Box::pin(async move {
                self.ui.error(read(argument)?).await;
                Ok(Reply::new(&()))
            }),
            ("Ask", true) => {
                Box::pin(async move { Ok(Reply::new(&self.ui.ask(read(argument)?).await?)) })
            }
            ("Machine", true) => Box::pin(async move {
                let Machine { category, arguments } = rpc::argument(argument)?;
                self.ui.machine(category, arguments).await;
                Ok(Reply::new(&()))
            }),
            ("NewTrackProgress", true) => {
                Box::pin(async move { Ok(Reply::new(&self.track(rpc::argument(argument)?)?)) })
            }
            ("Add", false) => Box::pin(async move {
                self.add(&transfer, rpc::argument(argument)?);
                Ok(Reply::new(&()))
            }),
            ("Close", false) => Box::pin(async move {
                self.transfers().remove(&transfer);
                Ok(Reply::new(&()))
            }),
            _ => return None,
        })
    }
}

/// The `Ui` of the other side.
#[derive(Clone)]
pub struct Remote {
    client: Client,
}

impl Remote {
    /// Over this channel.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Says what is done.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn say(&self, text: impl Into<String>) -> Result<(), CallError> {
        self.client.call("Ui.Say", &text.into()).await
    }

    /// Says something below that. Hosts since 2021 show it as they show what is said.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn message(&self, text: impl Into<String>) -> Result<(), CallError> {
        self.client.call("Ui.Message", &text.into()).await
    }

    /// Says what went wrong.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn error(&self, text: impl Into<String>) -> Result<(), CallError> {
        self.client.call("Ui.Error", &text.into()).await
    }

    /// Asks a person.
    ///
    /// # Errors
    ///
    /// When nobody can be asked.
    pub async fn ask(&self, question: impl Into<String>) -> Result<String, CallError> {
        self.client.call("Ui.Ask", &question.into()).await
    }

    /// Says something for programs.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn machine(
        &self,
        category: impl Into<String>,
        arguments: Vec<String>,
    ) -> Result<(), CallError> {
        self.client.call("Ui.Machine", &Machine { category: category.into(), arguments }).await
    }

    /// Begins to tell how far a transfer has come; `total` is 0 when nobody knows.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn track(&self, source: impl Into<String>, total: i64) -> Result<Tracked, CallError> {
        let progress = TrackProgress { source: source.into(), total, done: 0 };
        let name: String = self.client.call("Ui.NewTrackProgress", &progress).await?;
        Ok(Tracked { client: self.client.clone(), name })
    }
}

/// A transfer of which the other side is told how far it has come.
pub struct Tracked {
    client: Client,
    name: String,
}

impl Tracked {
    /// So many more bytes were moved.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn add(&self, count: i64) -> Result<(), CallError> {
        self.client.call(&format!("{NAME}{}.Add", self.name), &count).await
    }

    /// The transfer is over.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn close(self) -> Result<(), CallError> {
        self.client.call(&format!("{NAME}{}.Close", self.name), &()).await
    }
}
