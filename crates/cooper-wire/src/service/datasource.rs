//! `Datasource`: finds something out.

use std::time::Duration;

use futures::future::BoxFuture;

use super::nested::read_spec;
use crate::cty::{self, Type};
use crate::message::{ConfigSpec, Configs, Configured, Executed, Failed, OutputSpec};
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply};
use crate::spec::{Encoding, Object};

/// Finds something out.
pub trait Datasource: Send + Sync {
    /// The arguments it takes.
    fn config_spec(&self) -> Object;

    /// What it finds.
    fn output_spec(&self) -> Object;

    /// Reads the arguments, and says what is wrong with them.
    fn configure(&self, configs: Configs) -> impl Future<Output = Result<(), String>> + Send;

    /// Finds it: a value and its type.
    fn execute(&self) -> impl Future<Output = Result<(Type, cty::Value), String>> + Send;
}

/// Answers for a [`Datasource`].
pub struct Service<T> {
    source: T,
    encoding: Encoding,
}

impl<T: Datasource> Service<T> {
    /// Answers for this.
    pub const fn new(source: T, encoding: Encoding) -> Self {
        Self { source, encoding }
    }

    async fn execute(&self) -> Result<Executed, String> {
        let (ty, value) = self.source.execute().await?;
        let bytes = match self.encoding {
            Encoding::Protobuf => cty::to_msgpack(&ty, &value),
            Encoding::Gob => cty::gob::encode_value(&ty, &value),
        };
        Ok(Executed { value: bytes.map_err(|error| error.to_string())?, error: None })
    }
}

impl<'a, T: Datasource + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "Datasource"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        Some(match method {
            "ConfigSpec" => Box::pin(async move {
                let spec = self.encoding.encode(&self.source.config_spec());
                Ok(Reply::new(&ConfigSpec { spec: spec.map_err(|error| error.to_string())? }))
            }),
            "OutputSpec" => Box::pin(async move {
                let spec = self.encoding.encode(&self.source.output_spec());
                Ok(Reply::new(&OutputSpec { spec: spec.map_err(|error| error.to_string())? }))
            }),
            "Configure" => Box::pin(async move {
                self.source.configure(rpc::argument(argument)?).await?;
                Ok(Reply::new(&Configured { error: Value::Nil }))
            }),
            "Execute" => Box::pin(async move { Ok(Reply::new(&self.execute().await?)) }),
            "Cancel" => Box::pin(async { Ok(Reply::new(&())) }),
            _ => return None,
        })
    }
}

/// A data source of a plugin.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    encoding: Encoding,
}

impl Remote {
    /// Over a plugin's main channel.
    pub const fn new(client: Client, encoding: Encoding) -> Self {
        Self { client, encoding }
    }

    /// The arguments it takes.
    ///
    /// # Errors
    ///
    /// When it does not say, or not in a way that can be read.
    pub async fn config_spec(&self, patience: Duration) -> Result<Object, CallError> {
        let method = "Datasource.ConfigSpec";
        let ConfigSpec { spec } = self.client.call_within(patience, method, &()).await?;
        read_spec(method, self.encoding, &spec)
    }

    /// What it finds.
    ///
    /// # Errors
    ///
    /// When it does not say, or not in a way that can be read.
    pub async fn output_spec(&self, patience: Duration) -> Result<Object, CallError> {
        let method = "Datasource.OutputSpec";
        let OutputSpec { spec } = self.client.call_within(patience, method, &()).await?;
        read_spec(method, self.encoding, &spec)
    }

    /// Has it read arguments.
    ///
    /// # Errors
    ///
    /// What it finds wrong with them.
    pub async fn configure(&self, configs: &Configs, patience: Duration) -> Result<(), CallError> {
        let configured =
            self.client.call_within::<_, Configured>(patience, "Datasource.Configure", configs);
        configured.await.map(drop)
    }

    /// Has it find out.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn execute(&self) -> Result<(Type, cty::Value), CallError> {
        let method = "Datasource.Execute";
        let Executed { value, error } = self.client.call(method, &()).await?;
        if let Some(Failed { message }) = error {
            return Err(CallError::Refused(message));
        }
        let read = match self.encoding {
            Encoding::Protobuf => cty::from_msgpack(&value),
            Encoding::Gob => cty::gob::decode_value(&value),
        };
        read.map_err(|error| CallError::Unreadable {
            method: method.to_owned(),
            why: error.to_string(),
        })
    }
}
