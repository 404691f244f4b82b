//! `Builder`: makes a machine, has it provisioned, and makes an artifact of it.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::artifact::{self, Artifact};
use super::nested::Main;
use super::{UnderWay, hook, ui};
use crate::broker::Broker;
use crate::message::{ConfigSpec, Configs, Prepared};
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply};
use crate::spec::{Encoding, Object};

/// Makes a machine, has it provisioned, and makes an artifact of it.
pub trait Builder: Send + Sync {
    /// What it makes.
    type Artifact: Artifact + Send + Sync + 'static;

    /// The arguments it takes.
    fn config_spec(&self) -> Object;

    /// Reads the arguments, and says what is wrong with them.
    fn prepare(&self, configs: Configs) -> impl Future<Output = Prepared> + Send;

    /// Does it. Nothing is left of a build that makes no artifact. When it is `cancelled`, it is to
    /// clean up and return.
    fn run(
        &self,
        ui: ui::Remote,
        hook: hook::Remote,
        cancelled: CancellationToken,
    ) -> impl Future<Output = Result<Option<Self::Artifact>, String>> + Send;
}

/// Answers for a [`Builder`].
pub struct Service<T> {
    builder: T,
    broker: Broker,
    encoding: Encoding,
    under_way: UnderWay,
}

impl<T: Builder> Service<T> {
    /// Answers for this.
    pub fn new(builder: T, broker: Broker, encoding: Encoding) -> Self {
        Self { builder, broker, encoding, under_way: UnderWay::default() }
    }

    async fn run(&self, channel: u32) -> Answer<'_> {
        let token = self.under_way.begin();
        let stream = self.broker.dial(channel).await.map_err(|error| error.to_string())?;
        let client = Client::new(stream);
        let ui = ui::Remote::new(client.clone());
        let hook = hook::Remote::new(client, self.broker.clone());
        let artifact = self.builder.run(ui, hook, token).await?;
        Ok(artifact::reply(&self.broker, artifact, |channel| channel))
    }
}

impl<'a, T: Builder + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "Builder"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        Some(match method {
            "ConfigSpec" => Box::pin(async move {
                let spec = self.encoding.encode(&self.builder.config_spec());
                Ok(Reply::new(&ConfigSpec { spec: spec.map_err(|error| error.to_string())? }))
            }),
            "Prepare" => Box::pin(async move {
                Ok(Reply::new(&self.builder.prepare(rpc::argument(argument)?).await))
            }),
            "Run" => Box::pin(async move { self.run(rpc::argument(argument)?).await }),
            "Cancel" => Box::pin(async move {
                self.under_way.cancel();
                Ok(Reply::new(&()))
            }),
            _ => return None,
        })
    }
}

/// A builder of a plugin.
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
        self.main.spec("Builder.ConfigSpec", self.encoding, patience).await
    }

    /// Has it read arguments. What it finds wrong with them is in the answer.
    ///
    /// # Errors
    ///
    /// When they do not reach it.
    pub async fn prepare(
        &self,
        configs: &Configs,
        patience: Duration,
    ) -> Result<Prepared, CallError> {
        self.main.client.call_within(patience, "Builder.Prepare", configs).await
    }

    /// Has it do everything.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn run(
        &self,
        ui: impl ui::Ui,
        hook: impl hook::Hook,
    ) -> Result<Option<artifact::Remote>, CallError> {
        let broker = &self.main.broker;
        let ui = ui::Service::new(ui);
        let hook = hook::Service::new(hook, broker.clone());
        let services: [&dyn rpc::Service<'_>; 2] = [&ui, &hook];
        let offer = broker.offer();
        let channel = offer.id();
        let call = self.main.client.call::<u32, u32>("Builder.Run", &channel);
        let artifact = self.main.call_serving(offer, &services, call).await?;
        artifact::Remote::dial(broker, artifact).await
    }

    /// Cancels what it does, if it does anything: that returns soon, and the plugin can do nothing
    /// more after it.
    pub async fn cancel(&self) {
        self.main.cancel("Builder.Cancel").await;
    }
}
