//! `Artifact`: what a builder or post-processor made.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::broker::{Broker, Offer};
use crate::message::Failed;
use crate::msgpack::{Field, Mismatch, Value};
use crate::rpc::{self, Answer, CallError, Client, Reply};

/// How long the other side may take to say something of an artifact.
const ASKING: Duration = Duration::from_secs(120);

/// How long it may take to dial an artifact that it was told of.
const DIALLING: Duration = Duration::from_secs(30);

/// How long it may take to remove one.
const REMOVING: Duration = Duration::from_secs(30 * 60);

/// Something that was made.
pub trait Artifact: Send + Sync {
    /// What made it: `packer.docker`.
    fn builder_id(&self) -> String;

    /// Its id.
    fn id(&self) -> String;

    /// One line for people.
    fn summary(&self) -> String;

    /// The files it consists of.
    fn files(&self) -> Vec<String>;

    /// Something else that is known of it; [`Value::Nil`] when it is not.
    fn state(&self, name: String) -> impl Future<Output = Value> + Send;

    /// Removes it.
    fn destroy(&self) -> impl Future<Output = Result<(), String>> + Send;
}

/// Answers for an [`Artifact`].
pub struct Service<T>(T);

impl<T: Artifact> Service<T> {
    /// Answers for this.
    pub const fn new(artifact: T) -> Self {
        Self(artifact)
    }
}

impl<'a, T: Artifact + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "Artifact"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        let now = |reply| Box::pin(std::future::ready(Ok(reply))) as BoxFuture<'a, Answer<'a>>;
        Some(match method {
            "BuilderId" => now(Reply::new(&self.0.builder_id())),
            "Id" => now(Reply::new(&self.0.id())),
            "String" => now(Reply::new(&self.0.summary())),
            "Files" => now(Reply::new(&self.0.files())),
            "State" => Box::pin(async move {
                let name = rpc::argument(argument)?;
                Ok(Reply::new(&self.0.state(name).await))
            }),
            "Destroy" => Box::pin(async move {
                // In the header, where Go's library finds it.
                self.0.destroy().await.map(|()| Reply::new(&()))
            }),
            _ => return None,
        })
    }
}

/// An answer that tells of an artifact, by the number of a channel or 0, and answers for it after
/// that, for as long as the other side wants to know of it.
pub(super) fn reply<T: Artifact + Send + Sync + 'static, R: Field>(
    broker: &Broker,
    artifact: Option<T>,
    answer: impl FnOnce(u32) -> R,
) -> Reply<'static> {
    let Some(artifact) = artifact else { return Reply::new(&answer(0)) };
    let offer = broker.offer();
    Reply::then(&answer(offer.id()), Box::pin(offered(offer, artifact)))
}

async fn offered<T: Artifact>(offer: Offer, artifact: T) {
    let Ok(stream) = offer.accept(DIALLING).await else { return };
    let service = Service::new(artifact);
    if let Err(why) = rpc::serve(stream, &[&service as &dyn rpc::Service<'_>]).await {
        tracing::debug!("the channel of an artifact ended: {why}");
    }
}

/// An artifact of the other side.
#[derive(Clone)]
pub struct Remote {
    client: Client,
}

/// `Destroy`'s answer: Go's library puts what went wrong into it.
struct Destroyed(Option<String>);

impl Field for Destroyed {
    fn to_value(&self) -> Value {
        let failed = self.0.clone().map(|message| Failed { message });
        failed.to_value()
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let failed = Option::<Failed>::from_value(value)?;
        Ok(Self(failed.map(|failed| failed.message).filter(|message| !message.is_empty())))
    }
}

impl Remote {
    /// Over this channel.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// Dials an artifact; nothing when the number is 0.
    ///
    /// # Errors
    ///
    /// When the other side does not answer there.
    pub(super) async fn dial(broker: &Broker, id: u32) -> Result<Option<Self>, CallError> {
        match id {
            0 => Ok(None),
            id => Ok(Some(Self::new(Client::new(broker.dial(id).await?)))),
        }
    }

    async fn ask<R: Field>(&self, method: &str) -> Result<R, CallError> {
        self.client.call_within(ASKING, method, &()).await
    }

    /// What made it.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn builder_id(&self) -> Result<String, CallError> {
        self.ask("Artifact.BuilderId").await
    }

    /// Its id.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn id(&self) -> Result<String, CallError> {
        self.ask("Artifact.Id").await
    }

    /// One line for people.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn summary(&self) -> Result<String, CallError> {
        self.ask("Artifact.String").await
    }

    /// The files it consists of.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn files(&self) -> Result<Vec<String>, CallError> {
        self.ask("Artifact.Files").await
    }

    /// Something else that is known of it.
    ///
    /// # Errors
    ///
    /// When the channel ended.
    pub async fn state(&self, name: &str) -> Result<Value, CallError> {
        self.client.call_within(ASKING, "Artifact.State", &name.to_owned()).await
    }

    /// Removes it.
    ///
    /// # Errors
    ///
    /// When it could not be removed.
    pub async fn destroy(&self) -> Result<(), CallError> {
        let Destroyed(failed) = self.client.call_within(REMOVING, "Artifact.Destroy", &()).await?;
        failed.map_or(Ok(()), |message| Err(CallError::Refused(message)))
    }
}
