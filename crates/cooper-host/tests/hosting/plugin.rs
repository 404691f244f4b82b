//! The plugin that is hosted: it has one component of each kind, and may misbehave.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cooper_wire::broker::Broker;
use cooper_wire::cty::{self, Type};
use cooper_wire::handshake::Address;
use cooper_wire::message::{Configs, CopyDir, Failed, FileInfo, Prepared};
use cooper_wire::msgpack::Value;
use cooper_wire::rpc::{self, CallError, serve};
use cooper_wire::service::communicator::{self, Command, Communicator, Started, Stdin};
use cooper_wire::service::{artifact, builder, datasource, hook, post_processor, provisioner, ui};
use cooper_wire::spec::{Encoding, Object, Spec};
use cooper_wire::yamux::{Keepalive, Role, Session, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::sdk;

/// What this program is started with as a plugin, before how it behaves.
pub(crate) const FLAG: &str = "--be-a-plugin";

/// Is a plugin that behaves in a way.
pub(crate) fn main(mode: &str, arguments: &[String]) {
    match (mode, arguments) {
        // What is in it is what is in ours, and so does not say that it knows protobuf.
        ("sdk-old", [command]) if command == "describe" => return describe("old"),
        ("sdk" | "sdk-old", arguments) => return sdk::main(arguments),
        _ => {}
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["describe"] => describe(mode),
        ["start", kind, rest @ ..] => {
            let encoding = match rest.contains(&"--protobuf") {
                true => Encoding::Protobuf,
                false => Encoding::Gob,
            };
            start(mode, kind, encoding);
        }
        _ => std::process::exit(1),
    }
}

fn print(text: &str) {
    let mut output = std::io::stdout();
    output.write_all(text.as_bytes()).expect("somebody reads");
    output.flush().expect("somebody reads");
}

fn describe(mode: &str) {
    let protocol = if mode == "old" { "" } else { r#","protocol_version":"v2""# };
    print(&format!(
        r#"{{"version":"1.0.0","sdk_version":"0.6.10","api_version":"x5.0","builders":["-packer-default-plugin-name-"],"post_processors":["wrap"],"provisioners":["run"],"datasources":["find"]{protocol}}}
"#
    ));
}

fn complain(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).expect("somebody reads");
}

fn start(mode: &str, kind: &str, encoding: Encoding) {
    match mode {
        "chatty" => {
            print("Hello! What a nice day.\n");
            std::thread::sleep(Duration::from_secs(60));
        }
        "gone" => {
            complain("panic: not today\n\ngoroutine 1\n");
            std::process::exit(3);
        }
        "lost" => {
            print("5|0|unix|/nowhere/to/be/found\n");
            std::thread::sleep(Duration::from_secs(60));
        }
        _ => {}
    }
    if mode == "port" {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        print(&format!("{}\n", Address::Tcp(address.to_string())));
        let (connection, _) = listener.accept().expect("the host connects");
        connection.set_nonblocking(true).expect("it is a socket");
        return serve_on(mode, kind, encoding, || tokio::net::TcpStream::from_std(connection));
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).expect("a socket can be made");
    print(&format!("{}\n", Address::Unix(socket)));
    let (mut connection, _) = listener.accept().expect("the host connects");
    drop(folder);
    match mode {
        "flood" => {
            // A frame of two gigabytes, on a stream that it opens.
            let frames = [0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x7f, 0xff];
            connection.write_all(&frames).expect("the host reads");
            connection.write_all(&[0xff, 0xff]).expect("the host reads");
            let _ = connection.read_to_end(&mut Vec::new());
            return;
        }
        "silent" => {
            drop(connection);
            return;
        }
        _ => {}
    }
    connection.set_nonblocking(true).expect("it is a socket");
    serve_on(mode, kind, encoding, || tokio::net::UnixStream::from_std(connection));
}

fn serve_on<S: AsyncRead + AsyncWrite + Send + 'static>(
    mode: &str,
    kind: &str,
    encoding: Encoding,
    connection: impl FnOnce() -> std::io::Result<S>,
) {
    let keepalive = (mode == "attentive").then_some(Keepalive {
        every: Duration::from_millis(100),
        patience: Duration::from_secs(2),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        let connection = connection().expect("it is a socket");
        let (broker, main) = Broker::of_plugin(Session::new(connection, Role::Server, keepalive));
        let stream = main.accept(Duration::from_secs(5)).await.expect("the host dials");
        let component = Component { mode: mode.to_owned(), arguments: Mutex::default() };
        let service: Box<dyn for<'a> rpc::Service<'a>> = match kind {
            "builder" => Box::new(builder::Service::new(component, broker, encoding)),
            "provisioner" => Box::new(provisioner::Service::new(component, broker, encoding)),
            "post-processor" => Box::new(post_processor::Service::new(component, broker, encoding)),
            _ => Box::new(datasource::Service::new(component, encoding)),
        };
        let _ = serve_one(stream, &*service).await;
    });
}

async fn serve_one<'a>(stream: Stream, service: &'a dyn rpc::Service<'a>) -> Result<(), String> {
    serve(stream, &[service]).await
}

/// Does what its arguments say.
struct Component {
    mode: String,
    arguments: Mutex<BTreeMap<String, cty::Value>>,
}

fn text(error: CallError) -> String {
    error.to_string()
}

fn attribute(name: &str, ty: Type, required: bool) -> (String, Spec) {
    (name.to_owned(), Spec::Attribute { name: name.to_owned(), ty, required })
}

impl Component {
    fn arguments(&self) -> MutexGuard<'_, BTreeMap<String, cty::Value>> {
        self.arguments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, configs: &Configs) -> Result<(), String> {
        let Some(Value::Bytes(json)) = configs.parts.last() else {
            return Err("there are no arguments".to_owned());
        };
        let json = std::str::from_utf8(json).map_err(|error| error.to_string())?;
        let (_, value) = cty::from_json(json).map_err(|error| error.to_string())?;
        let cty::Value::Mapping(arguments) = value else { return Err("no object".to_owned()) };
        *self.arguments() = arguments;
        Ok(())
    }

    fn name(&self) -> String {
        let arguments = self.arguments();
        // Steps have a `name` that is not for their component.
        match arguments.get("name").or_else(|| arguments.get("title")) {
            Some(cty::Value::Text(name)) => name.clone(),
            _ => String::new(),
        }
    }

    fn list(&self, name: &str) -> Vec<cty::Value> {
        match self.arguments().get(name) {
            Some(cty::Value::Sequence(elements)) => elements.clone(),
            _ => Vec::new(),
        }
    }

    fn commands(&self) -> Vec<String> {
        let text = |value| match value {
            cty::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        self.list("commands").into_iter().map(text).collect()
    }
}

impl builder::Builder for Component {
    type Artifact = Thing;

    fn config_spec(&self) -> Object {
        let tag = Spec::Object(Object::from([attribute("key", Type::String, false)]));
        let tags = Spec::BlockList { name: "tag".to_owned(), nested: Box::new(tag) };
        Object::from([attribute("name", Type::String, true), ("tag".to_owned(), tags)])
    }

    async fn prepare(&self, configs: Configs) -> Prepared {
        let bad = || match self.name() == "bad" {
            true => Err("1 error(s) occurred:\n\n* the machine cannot be called so".to_owned()),
            false => Ok(()),
        };
        let is_bad = |tag: &cty::Value| match tag {
            cty::Value::Mapping(tag) => tag["key"] == cty::Value::Text("bad".to_owned()),
            _ => false,
        };
        let bad_tag = || match self.list("tag").iter().position(is_bad) {
            Some(index) => Err(format!("`tag[{index}].key` is bad")),
            None => Ok(()),
        };
        let error = self.take(&configs).and_then(|()| bad()).and_then(|()| bad_tag()).err();
        let error = error.map(|message| Failed { message });
        Prepared { generated: vec!["Custom".to_owned()], warnings: Vec::new(), error }
    }

    async fn run(
        &self,
        ui: ui::Remote,
        hook: hook::Remote,
        _: CancellationToken,
    ) -> Result<Option<Thing>, String> {
        let tags = self.list("tag");
        let keys = tags.iter().map(|tag| match tag {
            cty::Value::Mapping(tag) => match &tag["key"] {
                cty::Value::Text(key) => key.clone(),
                other => format!("{other:?}"),
            },
            other => format!("{other:?}"),
        });
        let keys: Vec<String> = keys.collect();
        let said = format!("builder {} with {} tags {keys:?}", self.name(), tags.len());
        if !tags.is_empty() {
            ui.say(said).await.map_err(text)?;
        }
        let data = Value::object([("ID", Value::text("i-1")), ("Custom", Value::text("custom"))]);
        let data = match data {
            Value::Map(mut fields) => {
                fields.push((Value::text("Name"), Value::text(self.name())));
                Value::Map(fields)
            }
            other => other,
        };
        hook.run(hook::PROVISION, data.clone(), Quiet, Echo).await.map_err(text)?;
        if self.name() == "late" {
            hook.run(hook::CLEANUP, data, Quiet, Echo).await.map_err(text)?;
            return Err("the machine cannot be kept".to_owned());
        }
        if !tags.is_empty() {
            ui.say("the builder is done").await.map_err(text)?;
        }
        Ok(Some(Thing(self.name())))
    }
}

/// A machine in which a command's output is the command.
pub(crate) struct Echo;

impl Communicator for Echo {
    async fn start(&self, command: Command, started: Started) -> Result<i64, String> {
        let Command { line, stdout, .. } = command;
        started.tell();
        if line == "sleep" {
            std::future::pending::<()>().await;
        }
        if let Some(mut stdout) = stdout {
            stdout.write_all(line.as_bytes()).await.map_err(|error| error.to_string())?;
        }
        Ok(line.strip_prefix("exit ").map_or(0, |code| code.parse().unwrap_or(1)))
    }

    async fn upload(&self, _: String, _: &mut Stream, _: Option<FileInfo>) -> Result<(), String> {
        Err("there are no files".to_owned())
    }

    async fn download(&self, _: String, _: &mut Stream) -> Result<(), String> {
        Err("there are no files".to_owned())
    }

    async fn upload_dir(&self, _: CopyDir) -> Result<(), String> {
        Err("there are no files".to_owned())
    }

    async fn download_dir(&self, _: CopyDir) -> Result<(), String> {
        Err("there are no files".to_owned())
    }
}

/// Says nothing.
struct Quiet;

impl ui::Ui for Quiet {
    async fn say(&self, _: String) {}

    async fn error(&self, _: String) {}

    async fn ask(&self, _: String) -> Result<String, String> {
        Err("nobody is there".to_owned())
    }

    async fn machine(&self, _: String, _: Vec<String>) {}

    fn progress(&self, _: &str, _: u64, _: Option<u64>) {}
}

/// An artifact by its id.
struct Thing(String);

impl artifact::Artifact for Thing {
    fn builder_id(&self) -> String {
        "test.thing".to_owned()
    }

    fn id(&self) -> String {
        self.0.clone()
    }

    fn summary(&self) -> String {
        format!("A thing: {}", self.0)
    }

    fn files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn state(&self, _: String) -> Value {
        Value::Nil
    }

    async fn destroy(&self) -> Result<(), String> {
        Ok(())
    }
}

impl provisioner::Provisioner for Component {
    fn config_spec(&self) -> Object {
        let commands = Type::List(Box::new(Type::String));
        Object::from([
            attribute("title", Type::String, false),
            attribute("commands", commands, false),
        ])
    }

    async fn prepare(&self, configs: Configs) -> Result<(), String> {
        self.take(&configs)?;
        match self.commands().iter().any(|command| command == "bad") {
            true => Err("`commands` has one that is bad".to_owned()),
            false => Ok(()),
        }
    }

    async fn provision(
        &self,
        data: Value,
        ui: ui::Remote,
        machine: communicator::Remote,
    ) -> Result<(), String> {
        let fact = |name| data.get(name).and_then(Value::as_text).unwrap_or_default().to_owned();
        if self.mode == "crash" && fact("Name") != "fine" {
            complain("panic: boom\n");
            std::process::exit(2);
        }
        let said = format!("provisioning {} with ID {}", self.name(), fact("ID"));
        ui.say(said).await.map_err(text)?;
        for command in self.commands() {
            if let Some(seconds) = command.strip_prefix("wait ") {
                let seconds = seconds.parse().map_err(|_| "no number".to_owned())?;
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                continue;
            }
            if command == "stay" {
                // Nothing but being cancelled ends it.
                let _left = Leaving;
                std::future::pending::<()>().await;
            }
            if let Some(count) = command.strip_prefix("meet ") {
                let count = count.parse().map_err(|_| "no number".to_owned())?;
                meet(&self.name(), &fact("Name"), count).await?;
                ui.say("out: all are here").await.map_err(text)?;
                continue;
            }
            let mut running = machine.start(&command, Stdin::Nothing).await.map_err(text)?;
            let mut output = String::new();
            let read = running.stdout.read_to_string(&mut output).await;
            read.map_err(|error| error.to_string())?;
            ui.say(format!("out: {output}")).await.map_err(text)?;
            match running.ended.wait().await {
                0 => ui.say("status 0").await.map_err(text)?,
                status => return Err(format!("a command ended with {status}")),
            }
        }
        Ok(())
    }
}

/// Notes in a file that it was left.
struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        let folder = std::env::var_os("COOPER_TEST_FOLDER").expect("there is a folder");
        std::fs::write(std::path::Path::new(&folder).join(LEFT), "").expect("there is room");
    }
}

/// The file that tells that a provisioner was cancelled.
pub(crate) const LEFT: &str = "left";

/// Waits until so many processes are here.
async fn meet(what: &str, name: &str, count: usize) -> Result<(), String> {
    let folder = std::env::var_os("COOPER_TEST_FOLDER").ok_or("there is no folder")?;
    let place = std::path::Path::new(&folder).join(format!("meeting-{what}"));
    let failed = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(&place).map_err(failed)?;
    std::fs::write(place.join(name), "").map_err(failed)?;
    for _ in 0..600 {
        if std::fs::read_dir(&place).map_err(failed)?.count() == count {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("not all have come".to_owned())
}

impl post_processor::PostProcessor for Component {
    type Artifact = Thing;

    fn config_spec(&self) -> Object {
        Object::from([attribute("title", Type::String, false)])
    }

    async fn configure(&self, configs: Configs) -> Result<(), String> {
        self.take(&configs)
    }

    async fn post_process(
        &self,
        ui: ui::Remote,
        input: artifact::Remote,
    ) -> Result<post_processor::Made<Thing>, String> {
        let id = input.id().await.map_err(text)?;
        ui.say(format!("wrapping {id}")).await.map_err(text)?;
        Ok(post_processor::Made {
            artifact: Some(Thing(format!("{} {id}", self.name()))),
            input: post_processor::Input::StaysByDefault,
        })
    }
}

impl datasource::Datasource for Component {
    fn config_spec(&self) -> Object {
        Object::from([attribute("name", Type::String, true)])
    }

    fn output_spec(&self) -> Object {
        Object::from([attribute("found", Type::String, false)])
    }

    async fn configure(&self, configs: Configs) -> Result<(), String> {
        self.take(&configs)
    }

    async fn execute(&self) -> Result<(Type, cty::Value), String> {
        let ty = Type::Object(BTreeMap::from([("found".to_owned(), Type::String)]));
        let found = cty::Value::Text(format!("the found {}", self.name()));
        Ok((ty, cty::Value::Mapping(BTreeMap::from([("found".to_owned(), found)]))))
    }
}
