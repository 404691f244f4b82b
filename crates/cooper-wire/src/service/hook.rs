//! `Hook`: what a builder asks to be done in its machine.

use futures::future::BoxFuture;

use super::{communicator, ui};
use crate::broker::Broker;
use crate::message::HookRun;
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply, serve};

/// The name by which provisioners are run.
pub const PROVISION: &str = "packer_provision";

/// The name by which `error-cleanup-provisioner` is run.
pub const CLEANUP: &str = "packer_cleanup_provision";

/// Does something in a builder's machine.
pub trait Hook: Send + Sync {
    /// Runs what goes by a name. `data` is what the builder knows of its machine.
    ///
    /// Fails as what was run does. A name that nothing goes by succeeds.
    fn run(
        &self,
        name: String,
        data: Value,
        machine: Machine,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

/// What a builder has of its machine.
#[derive(Clone)]
pub struct Machine {
    /// Where to say what is done.
    pub ui: ui::Remote,
    /// The way in.
    pub communicator: communicator::Remote,
}

/// Answers for a [`Hook`].
pub struct Service<T> {
    hook: T,
    broker: Broker,
}

impl<T: Hook> Service<T> {
    /// Answers for this.
    pub const fn new(hook: T, broker: Broker) -> Self {
        Self { hook, broker }
    }
}

impl<'a, T: Hook + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "Hook"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        Some(match method {
            "Run" => Box::pin(async move {
                let HookRun { name, data, channel } = rpc::argument(argument)?;
                let stream = self.broker.dial(channel).await.map_err(|error| error.to_string())?;
                let client = Client::new(stream);
                let machine = Machine {
                    ui: ui::Remote::new(client.clone()),
                    communicator: communicator::Remote::new(client, self.broker.clone()),
                };
                self.hook.run(name, data, machine).await?;
                Ok(Reply::new(&()))
            }),
            // The build is cancelled by whoever runs it.
            "Cancel" => Box::pin(async { Ok(Reply::new(&())) }),
            _ => return None,
        })
    }
}

/// The `Hook` of the host.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    broker: Broker,
}

impl Remote {
    /// Over this channel.
    pub const fn new(client: Client, broker: Broker) -> Self {
        Self { client, broker }
    }

    /// Runs what goes by a name, in a machine. `data` may have texts, numbers and booleans, which
    /// templates see as `build.*`.
    ///
    /// # Errors
    ///
    /// As what was run.
    pub async fn run(
        &self,
        name: &str,
        data: Value,
        ui: impl ui::Ui,
        communicator: impl communicator::Communicator,
    ) -> Result<(), CallError> {
        let ui = ui::Service::new(ui);
        let communicator = communicator::Service::new(communicator, self.broker.clone());
        let services: [&dyn rpc::Service<'_>; 2] = [&ui, &communicator];
        let offer = self.broker.offer();
        let run = HookRun { name: name.to_owned(), data, channel: offer.id() };
        let serving = async {
            let stream = offer.accept_later().await?;
            serve(stream, &services)
                .await
                .map_err(|why| CallError::Ended { method: "Hook.Run".to_owned(), why })
        };
        let mut call = std::pin::pin!(self.client.call("Hook.Run", &run));
        tokio::select! {
            result = &mut call => result,
            _ = serving => call.await,
        }
    }
}
