//! `PostProcessor`: makes an artifact of another.

use std::time::Duration;

use futures::future::BoxFuture;

use super::artifact::{self, Artifact};
use super::nested::{CANCELLING, Main};
use super::{UnderWay, ui, unless_cancelled};
use crate::broker::Broker;
use crate::message::{ConfigSpec, Configs, Failed, Processed};
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply, serve};
use crate::spec::{Encoding, Object};

/// Makes an artifact of another.
pub trait PostProcessor: Send + Sync {
    /// What it makes.
    type Artifact: Artifact + Send + Sync + 'static;

    /// The arguments it takes.
    fn config_spec(&self) -> Object;

    /// Reads the arguments, and says what is wrong with them. It may be called again, with others.
    fn configure(&self, configs: Configs) -> impl Future<Output = Result<(), String>> + Send;

    /// Does it. The future is dropped when the host cancels it.
    fn post_process(
        &self,
        ui: ui::Remote,
        input: artifact::Remote,
    ) -> impl Future<Output = Result<Made<Self::Artifact>, String>> + Send;
}

/// What a post-processor made.
pub struct Made<T> {
    /// The artifact; without one the chain ends.
    pub artifact: Option<T>,
    /// What becomes of the input.
    pub input: Input,
}

/// What becomes of a post-processor's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// It stays, whatever the template says.
    Stays,
    /// It stays, unless the template says otherwise.
    StaysByDefault,
    /// It goes, unless the template says otherwise.
    Goes,
}

/// Answers for a [`PostProcessor`].
pub struct Service<T> {
    post_processor: T,
    broker: Broker,
    encoding: Encoding,
    under_way: UnderWay,
}

impl<T: PostProcessor> Service<T> {
    /// Answers for this.
    pub fn new(post_processor: T, broker: Broker, encoding: Encoding) -> Self {
        Self { post_processor, broker, encoding, under_way: UnderWay::default() }
    }

    async fn process(&self, channel: u32) -> Answer<'_> {
        let token = self.under_way.begin();
        let stream = self.broker.dial(channel).await.map_err(|error| error.to_string())?;
        let client = Client::new(stream);
        let ui = ui::Remote::new(client.clone());
        let input = artifact::Remote::new(client);
        let made = unless_cancelled(&token, self.post_processor.post_process(ui, input)).await;
        let Made { artifact, input } = match made {
            Ok(made) => made,
            Err(message) => {
                let error = Some(Failed { message });
                let failed = Processed { error, keep: false, force: false, channel: 0 };
                return Ok(Reply::new(&failed));
            }
        };
        let keep = matches!(input, Input::Stays | Input::StaysByDefault);
        let force = input == Input::Stays;
        let answer = |channel| Processed { error: None, keep, force, channel };
        Ok(artifact::reply(&self.broker, artifact, answer))
    }
}

impl<'a, T: PostProcessor + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "PostProcessor"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        Some(match method {
            "ConfigSpec" => Box::pin(async move {
                let spec = self.encoding.encode(&self.post_processor.config_spec());
                Ok(Reply::new(&ConfigSpec { spec: spec.map_err(|error| error.to_string())? }))
            }),
            "Configure" => Box::pin(async move {
                self.post_processor.configure(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            "PostProcess" => Box::pin(async move { self.process(rpc::argument(argument)?).await }),
            "Cancel" => Box::pin(async move {
                self.under_way.cancel();
                Ok(Reply::new(&()))
            }),
            _ => return None,
        })
    }
}

/// A post-processor of a plugin.
#[derive(Clone)]
pub struct Remote {
    main: Main,
    encoding: Encoding,
}

impl Remote {
    /// Over a plugin's main channel.
    pub fn new(client: Client, broker: Broker, encoding: Encoding) -> Self {
        Self { main: Main::new(client, broker), encoding }
    }

    /// The arguments it takes.
    ///
    /// # Errors
    ///
    /// When it does not say, or not in a way that can be read.
    pub async fn config_spec(&self, patience: Duration) -> Result<Object, CallError> {
        self.main.spec("PostProcessor.ConfigSpec", self.encoding, patience).await
    }

    /// Has it read arguments.
    ///
    /// # Errors
    ///
    /// What it finds wrong with them.
    pub async fn configure(&self, configs: &Configs, patience: Duration) -> Result<(), CallError> {
        self.main.client.call_within(patience, "PostProcessor.Configure", configs).await
    }

    /// Has it make an artifact of another. What it made may be the input itself, so that the
    /// input is answered for as long as the plugin's connection lasts.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn post_process(
        &self,
        ui: impl ui::Ui + 'static,
        input: impl Artifact + 'static,
    ) -> Result<Made<artifact::Remote>, CallError> {
        let broker = &self.main.broker;
        let offer = broker.offer();
        let channel = offer.id();
        tokio::spawn(async move {
            let Ok(stream) = offer.accept_later().await else { return };
            let (ui, input) = (ui::Service::new(ui), artifact::Service::new(input));
            let services: [&dyn rpc::Service<'_>; 2] = [&ui, &input];
            if let Err(why) = serve(stream, &services).await {
                tracing::debug!("the channel of a post-processor ended: {why}");
            }
        });
        let call = self.main.client.call("PostProcessor.PostProcess", &channel);
        let answer: Processed = call.await?;
        let Processed { error, keep, force, channel } = answer;
        if let Some(Failed { message }) = error {
            return Err(CallError::Refused(message));
        }
        Ok(Made {
            artifact: artifact::Remote::dial(broker, channel).await?,
            input: match (keep, force) {
                (true, true) => Input::Stays,
                (true, false) => Input::StaysByDefault,
                (false, _) => Input::Goes,
            },
        })
    }

    /// Cancels what it does, if it does anything.
    pub async fn cancel(&self) {
        // Unlike the others, post-processors of Go's library take it at any time.
        let call = self.main.client.call_within::<(), ()>(CANCELLING, "PostProcessor.Cancel", &());
        // The plugin may just have ended.
        let _ = call.await;
    }
}
