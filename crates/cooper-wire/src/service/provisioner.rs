//! `Provisioner`: changes a machine.

use std::time::Duration;

use futures::future::BoxFuture;

use super::nested::Main;
use super::{UnderWay, communicator, ui, unless_cancelled};
use crate::broker::Broker;
use crate::message::{ConfigSpec, Configs, Provision};
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply};
use crate::spec::{Encoding, Object};

/// Changes a machine.
pub trait Provisioner: Send + Sync {
    /// The arguments it takes.
    fn config_spec(&self) -> Object;

    /// Reads the arguments, and says what is wrong with them. It may be called again, with others.
    fn prepare(&self, configs: Configs) -> impl Future<Output = Result<(), String>> + Send;

    /// Does it. The future is dropped when the host cancels it.
    fn provision(
        &self,
        data: Value,
        ui: ui::Remote,
        machine: communicator::Remote,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

/// Answers for a [`Provisioner`].
pub struct Service<T> {
    provisioner: T,
    broker: Broker,
    encoding: Encoding,
    under_way: UnderWay,
}

impl<T: Provisioner> Service<T> {
    /// Answers for this.
    pub fn new(provisioner: T, broker: Broker, encoding: Encoding) -> Self {
        Self { provisioner, broker, encoding, under_way: UnderWay::default() }
    }

    async fn provision(&self, provision: Provision) -> Result<(), String> {
        let Provision { data, channel } = provision;
        let token = self.under_way.begin();
        let stream = self.broker.dial(channel).await.map_err(|error| error.to_string())?;
        let client = Client::new(stream);
        let ui = ui::Remote::new(client.clone());
        let machine = communicator::Remote::new(client, self.broker.clone());
        unless_cancelled(&token, self.provisioner.provision(data, ui, machine)).await
    }
}

impl<'a, T: Provisioner + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "Provisioner"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        Some(match method {
            "ConfigSpec" => Box::pin(async move {
                let spec = self.encoding.encode(&self.provisioner.config_spec());
                Ok(Reply::new(&ConfigSpec { spec: spec.map_err(|error| error.to_string())? }))
            }),
            "Prepare" => Box::pin(async move {
                self.provisioner.prepare(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            "Provision" => Box::pin(async move {
                self.provision(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            "Cancel" => Box::pin(async move {
                self.under_way.cancel();
                Ok(Reply::new(&()))
            }),
            _ => return None,
        })
    }
}

/// A provisioner of a plugin.
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
        self.main.spec("Provisioner.ConfigSpec", self.encoding, patience).await
    }

    /// Has it read arguments.
    ///
    /// # Errors
    ///
    /// What it finds wrong with them.
    pub async fn prepare(&self, configs: &Configs, patience: Duration) -> Result<(), CallError> {
        self.main.client.call_within(patience, "Provisioner.Prepare", configs).await
    }

    /// Has it change a machine.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn provision(
        &self,
        data: Value,
        ui: impl ui::Ui,
        machine: impl communicator::Communicator,
    ) -> Result<(), CallError> {
        let broker = &self.main.broker;
        let ui = ui::Service::new(ui);
        let machine = communicator::Service::new(machine, broker.clone());
        let services: [&dyn rpc::Service<'_>; 2] = [&ui, &machine];
        let offer = broker.offer();
        let provision = Provision { data, channel: offer.id() };
        let call = self.main.client.call("Provisioner.Provision", &provision);
        self.main.call_serving(offer, &services, call).await
    }

    /// Cancels what it does, if it does anything: that returns soon, and the plugin can do nothing
    /// more after it.
    pub async fn cancel(&self) {
        self.main.cancel("Provisioner.Cancel").await;
    }
}
