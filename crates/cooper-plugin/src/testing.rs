//! Components in tests of their own: without a host, but over its protocol.
//!
//! ```
//! use cooper_plugin::communicator::Local;
//! use cooper_plugin::{Build, Machine, Provisioner, Result, Schema, Ui, testing};
//!
//! /// Counts the files in a folder.
//! #[derive(Schema)]
//! struct Count {
//!     /// The folder.
//!     path: String,
//! }
//!
//! impl Provisioner for Count {
//!     async fn provision(&self, machine: &Machine, ui: &Ui, _: &Build) -> Result {
//!         let path = cooper_plugin::quoted(&self.path);
//!         ui.say(machine.read(format!("ls {path} | wc -l")).await?.trim()).await;
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result {
//! let machine = Local::new("/tmp");
//! let run = testing::provision::<Count>(r#"{ "path": "/dev/null" }"#, machine)?;
//! assert_eq!(run.result, Ok(()));
//! assert_eq!(run.said, ["1"]);
//! # Ok(())
//! # }
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cooper_wire::broker::Broker;
use cooper_wire::message::Configs;
use cooper_wire::msgpack::Value;
use cooper_wire::rpc::{self, Client, serve};
use cooper_wire::service::communicator::Communicator;
use cooper_wire::service::{provisioner, ui};
use cooper_wire::spec::Encoding;
use cooper_wire::yamux::{Role, Session};

use crate::Result;
use crate::provisioner::{Adapter, Provisioner};

/// How long a component may take to read its arguments.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a component did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// How it ended.
    pub result: Result<(), String>,
    /// What it said.
    pub said: Vec<String>,
    /// What it complained of.
    pub complained: Vec<String>,
}

/// Has a provisioner change a machine, with arguments in JSON: an object; blocks are objects too.
///
/// It has a runtime of its own, and so is not for async functions.
///
/// # Errors
///
/// When the arguments are no JSON. What the component finds wrong with them is in the [`Run`].
pub fn provision<T: Provisioner>(
    arguments: &str,
    machine: impl Communicator + 'static,
) -> Result<Run> {
    let arguments = plain(&serde_json::from_str(arguments)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(provisioned::<T>(arguments, machine)))
}

async fn provisioned<T: Provisioner>(
    arguments: Value,
    machine: impl Communicator + 'static,
) -> Run {
    let heard = Heard::default();
    let result = async {
        let (host, plugin) = tokio::io::duplex(64 << 10);
        let (broker, main) = Broker::of_plugin(Session::new(plugin, Role::Server, None));
        tokio::spawn(async move {
            let service =
                provisioner::Service::new(Adapter::<T>::new(), broker, Encoding::Protobuf);
            let stream = main.accept_later().await.map_err(|error| error.to_string())?;
            serve(stream, &[&service as &dyn rpc::Service<'_>]).await
        });
        let broker = Broker::new(Session::new(host, Role::Client, None));
        let stream = broker.dial_main().await.map_err(|error| error.to_string())?;
        let remote = provisioner::Remote::new(Client::new(stream), broker, Encoding::Protobuf);
        let build = Value::object([
            ("packer_build_name", Value::text("test")),
            ("packer_builder_type", Value::text("null")),
        ]);
        let configs = Configs { parts: vec![build, arguments] };
        remote.prepare(&configs, PATIENCE).await.map_err(|error| error.to_string())?;
        let facts = Value::object([("ID", Value::text("test"))]);
        let provisioned = remote.provision(facts, heard.clone(), machine).await;
        provisioned.map_err(|error| error.to_string())
    };
    let result = result.await;
    let (said, complained) = (heard.said.take(), heard.complained.take());
    Run { result, said, complained }
}

/// JSON as values that say nothing of their type.
fn plain(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(elements) => Value::List(elements.iter().map(plain).collect()),
        serde_json::Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.as_str(), plain(value))))
        }
    }
}

/// Remembers what is said.
#[derive(Clone, Default)]
struct Heard {
    said: Lines,
    complained: Lines,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn add(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ui::Ui for Heard {
    async fn say(&self, text: String) {
        self.said.add(text);
    }

    async fn error(&self, text: String) {
        self.complained.add(text);
    }

    async fn ask(&self, _: String) -> Result<String, String> {
        Err("nobody can be asked in a test".to_owned())
    }

    async fn machine(&self, _: String, _: Vec<String>) {}

    fn progress(&self, _: &str, _: u64, _: Option<u64>) {}
}
