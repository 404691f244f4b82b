//! Both sides of every service, over one connection.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::sync::CancellationToken;

use super::communicator::{Command, Communicator, Started, Stdin};
use super::*;
use crate::broker::Broker;
use crate::cty::{self, Type};
use crate::message::{Configs, CopyDir, Failed, FileInfo, Modified, Prepared};
use crate::msgpack::Value;
use crate::rpc::{self, Client, serve};
use crate::spec::{Encoding, Object, Spec};
use crate::yamux::{Role, Session, Stream};

/// A connection: the host's side and the plugin's.
fn connected() -> (Broker, Broker) {
    let (host, plugin) = duplex(64 * 1024);
    let side = |end, role| Broker::new(Session::new(end, role, None));
    (side(host, Role::Client), side(plugin, Role::Server))
}

/// Serves a component as a plugin does, and calls it as a host.
async fn hosting<S>(make: impl FnOnce(Broker) -> S + Send + 'static) -> (Client, Broker)
where
    S: for<'a> rpc::Service<'a> + 'static,
{
    let (host, plugin) = connected();
    let offer = plugin.offer_main();
    tokio::spawn(async move {
        let service = make(plugin);
        let stream = offer.accept_later().await.unwrap();
        serve(stream, &[&service as &dyn rpc::Service<'_>]).await.unwrap();
    });
    (Client::new(host.dial_main().await.unwrap()), host)
}

const PATIENCE: Duration = Duration::from_secs(5);

fn spec() -> Object {
    let name = "name".to_owned();
    Object::from([(name.clone(), Spec::Attribute { name, ty: Type::String, required: true })])
}

/// Remembers what it hears.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl ui::Ui for &Heard {
    async fn say(&self, text: String) {
        self.note(format!("say {text}"));
    }

    async fn error(&self, text: String) {
        self.note(format!("error {text}"));
    }

    async fn ask(&self, question: String) -> Result<String, String> {
        if question == "nobody?" { Err("no available tty".to_owned()) } else { Ok("yes".into()) }
    }

    async fn machine(&self, category: String, values: Vec<String>) {
        self.note(format!("{category} {values:?}"));
    }

    fn progress(&self, what: &str, done: u64, total: Option<u64>) {
        self.note(format!("{what} {done} {total:?}"));
    }
}

/// A machine in memory. Commands: `echo …`, `cat`, `exit N`, `fail`, `sleep`.
#[derive(Default)]
struct Memory {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    log: Heard,
}

impl Communicator for &Memory {
    async fn start(&self, command: Command, started: Started) -> Result<i64, String> {
        let Command { line, mut stdin, mut stdout, mut stderr } = command;
        if line == "fail" {
            return Err("there is no shell".to_owned());
        }
        started.tell();
        if let Some(text) = line.strip_prefix("echo ") {
            if let Some(stdout) = &mut stdout {
                stdout.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
            }
        } else if line == "cat" {
            let (Some(stdin), Some(stdout)) = (&mut stdin, &mut stdout) else { return Ok(2) };
            tokio::io::copy(stdin, stdout).await.map_err(|error| error.to_string())?;
        } else if let Some(code) = line.strip_prefix("exit ") {
            if let Some(stderr) = &mut stderr {
                stderr.write_all(b"bye").await.map_err(|error| error.to_string())?;
            }
            return Ok(code.parse().unwrap());
        } else if line == "sleep" {
            std::future::pending::<()>().await;
        } else if line == "break" {
            // The caller was told that it runs.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Err("the machine is gone".to_owned());
        }
        Ok(0)
    }

    async fn upload(
        &self,
        path: String,
        content: &mut Stream,
        info: Option<FileInfo>,
    ) -> Result<(), String> {
        if path == "/read-only" {
            return Err("no".to_owned());
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).await.map_err(|error| error.to_string())?;
        self.log.note(format!("{path} {:?}", info.map(|info| info.unix_mode())));
        self.files.lock().unwrap().insert(path, bytes);
        Ok(())
    }

    async fn download(&self, path: String, into: &mut Stream) -> Result<(), String> {
        let bytes = self.files.lock().unwrap().get(&path).cloned();
        let bytes = bytes.ok_or_else(|| format!("there is no {path}"))?;
        into.write_all(&bytes).await.map_err(|error| error.to_string())
    }

    async fn upload_dir(&self, copy: CopyDir) -> Result<(), String> {
        self.log.note(format!("{copy:?}"));
        Ok(())
    }

    async fn download_dir(&self, copy: CopyDir) -> Result<(), String> {
        Err(format!("{} is no folder", copy.source))
    }
}

/// An artifact of nothing.
#[derive(Clone, Copy)]
struct Thing(&'static str);

impl artifact::Artifact for Thing {
    fn builder_id(&self) -> String {
        "test.thing".to_owned()
    }

    fn id(&self) -> String {
        self.0.to_owned()
    }

    fn summary(&self) -> String {
        format!("Thing {}", self.0)
    }

    fn files(&self) -> Vec<String> {
        vec!["a".to_owned(), "b".to_owned()]
    }

    async fn state(&self, name: String) -> Value {
        if name == "known" { Value::Int(2222) } else { Value::Nil }
    }

    async fn destroy(&self) -> Result<(), String> {
        if self.0 == "fixed" { Err("it is fixed".to_owned()) } else { Ok(()) }
    }
}

/// Does what its arguments say.
struct Everything(Mutex<String>);

impl Everything {
    fn new() -> Self {
        Self(Mutex::default())
    }

    fn take(&self, configs: &Configs) -> Result<(), String> {
        let [Value::Map(_), Value::Bytes(json)] = &configs.parts[..] else {
            return Err("odd arguments".to_owned());
        };
        let (_, value) = cty::from_json(std::str::from_utf8(json).unwrap()).unwrap();
        let cty::Value::Mapping(arguments) = value else { return Err("no object".to_owned()) };
        match &arguments["name"] {
            cty::Value::Text(name) if name == "bad" => Err("bad config".to_owned()),
            cty::Value::Text(name) => {
                *self.0.lock().unwrap() = name.clone();
                Ok(())
            }
            _ => Err("no name".to_owned()),
        }
    }

    fn name(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

fn configs(name: &str) -> Configs {
    let ty = Type::Object(BTreeMap::from([("name".to_owned(), Type::String)]));
    let text = cty::Value::Text(name.to_owned());
    let value = cty::Value::Mapping(BTreeMap::from([("name".to_owned(), text)]));
    let json = cty::to_json(&ty, &value).unwrap().into_bytes();
    let vars = Value::object([("packer_build_name", Value::text("x"))]);
    Configs { parts: vec![vars, Value::Bytes(json)] }
}

impl provisioner::Provisioner for Everything {
    fn config_spec(&self) -> Object {
        spec()
    }

    async fn prepare(&self, configs: Configs) -> Result<(), String> {
        self.take(&configs)
    }

    async fn provision(
        &self,
        data: Value,
        ui: ui::Remote,
        machine: communicator::Remote,
    ) -> Result<(), String> {
        let text = |error: rpc::CallError| error.to_string();
        ui.say(format!("{} with {:?}", self.name(), data.get("Port"))).await.map_err(text)?;
        match &*self.name() {
            "hangs" => std::future::pending().await,
            "fails" => Err("run failed".to_owned()),
            _ => {
                assert_eq!(ui.ask("anybody?").await.map_err(text)?, "yes");
                let nobody = ui.ask("nobody?").await.unwrap_err().to_string();
                assert_eq!(nobody, "no available tty");
                ui.machine("artifact-count", vec!["1".to_owned()]).await.map_err(text)?;
                let transfer = ui.track("http://example.com/a.iso", 100).await.map_err(text)?;
                transfer.add(60).await.map_err(text)?;
                transfer.close().await.map_err(text)?;
                use_machine(&machine).await;
                ui.error("done").await.map_err(text)
            }
        }
    }
}

/// Everything that can be done with a machine.
async fn use_machine(machine: &communicator::Remote) {
    let run = async |line: &str, stdin: &'static [u8]| {
        let wants = if stdin.is_empty() { Stdin::Nothing } else { Stdin::Written };
        let mut running = machine.start(line, wants).await?;
        let feed = running.stdin.take().map(|mut input| {
            tokio::spawn(async move {
                input.write_all(stdin).await.unwrap();
                input.shutdown().await.unwrap();
            })
        });
        let (mut out, mut err) = (String::new(), String::new());
        running.stdout.read_to_string(&mut out).await.unwrap();
        running.stderr.read_to_string(&mut err).await.unwrap();
        if let Some(feed) = feed {
            feed.await.unwrap();
        }
        Ok::<_, rpc::CallError>((out, err, running.ended.wait().await))
    };
    let ended = |out: &str, err: &str, status| Ok((out.to_owned(), err.to_owned(), status));
    assert_eq!(run("echo hello", b"").await, ended("hello", "", 0));
    assert_eq!(run("cat", b"some input").await, ended("some input", "", 0));
    assert_eq!(run("exit 255", b"").await, ended("", "bye", 255));
    assert_eq!(run("exit -1", b"").await, ended("", "bye", -1));
    assert_eq!(run("break", b"").await, ended("", "", communicator::DISCONNECTED));
    let failed = run("fail", b"").await.unwrap_err().to_string();
    assert_eq!(failed, "there is no shell");

    let content = vec![9; 700_000];
    let modified = Modified(Some((1_000_000_000, 0)));
    let mode = FileInfo::go_mode(0o4755);
    let info = FileInfo { name: "f".to_owned(), size: 700_000, mode, modified };
    machine.upload("/f", &content[..], Some(info)).await.unwrap();
    machine.upload("/g", &b""[..], None).await.unwrap();
    let refused = machine.upload("/read-only", &content[..], None).await.unwrap_err();
    assert_eq!(refused.to_string(), "no");
    let mut got = Vec::new();
    machine.download("/f", &mut got).await.unwrap();
    assert!(got == content);
    let missing = machine.download("/h", &mut got).await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no /h");
    let copy =
        CopyDir { destination: "/to".to_owned(), source: "from".to_owned(), exclude: Vec::new() };
    machine.upload_dir(&copy).await.unwrap();
    let failed = machine.download_dir(&copy).await.unwrap_err();
    assert_eq!(failed.to_string(), "from is no folder");
}

#[tokio::test]
async fn a_provisioner_is_hosted_in_both_encodings() {
    for encoding in [Encoding::Protobuf, Encoding::Gob] {
        let (client, host) =
            hosting(move |broker| provisioner::Service::new(Everything::new(), broker, encoding))
                .await;
        let remote = provisioner::Remote::new(client, host, encoding);
        assert_eq!(remote.config_spec(PATIENCE).await, Ok(spec()));
        let bad = remote.prepare(&configs("bad"), PATIENCE).await.unwrap_err();
        assert_eq!(bad.to_string(), "bad config");
        remote.prepare(&configs("good"), PATIENCE).await.unwrap();
        let (ui, machine) = (Heard::default(), Memory::default());
        let data = Value::object([("Port", Value::Int(2222))]);
        remote.provision(data, &ui, &machine).await.unwrap();
        assert_eq!(
            ui.all(),
            [
                "say good with Some(Int(2222))",
                "artifact-count [\"1\"]",
                "http://example.com/a.iso 0 Some(100)",
                "http://example.com/a.iso 60 Some(100)",
                "error done",
            ]
        );
        assert_eq!(machine.log.all()[0], "/f Some(2541)");
        assert_eq!(machine.files.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_provisioner_fails_and_is_cancelled() {
    let encoding = Encoding::Protobuf;
    let (client, host) =
        hosting(move |broker| provisioner::Service::new(Everything::new(), broker, encoding)).await;
    let remote = provisioner::Remote::new(client, host, encoding);
    // Nothing happens: components of Go's library would crash.
    remote.cancel().await;
    let (ui, machine) = (Heard::default(), Memory::default());
    remote.prepare(&configs("fails"), PATIENCE).await.unwrap();
    let failed = remote.provision(Value::Nil, &ui, &machine).await.unwrap_err();
    assert_eq!(failed.to_string(), "run failed");
    remote.prepare(&configs("hangs"), PATIENCE).await.unwrap();
    let cancel = async {
        while ui.all().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        remote.cancel().await;
    };
    let (failed, ()) = tokio::join!(remote.provision(Value::Nil, &ui, &machine), cancel);
    assert_eq!(failed.unwrap_err().to_string(), CANCELLED);
}

impl builder::Builder for Everything {
    type Artifact = Thing;

    fn config_spec(&self) -> Object {
        spec()
    }

    async fn prepare(&self, configs: Configs) -> Prepared {
        let error = self.take(&configs).err().map(|message| Failed { message });
        let warnings = vec!["a warning".to_owned()];
        Prepared { generated: vec!["Custom".to_owned()], warnings, error }
    }

    async fn run(
        &self,
        ui: ui::Remote,
        hook: hook::Remote,
        cancelled: CancellationToken,
    ) -> Result<Option<Thing>, String> {
        let text = |error: rpc::CallError| error.to_string();
        ui.say("building").await.map_err(text)?;
        match &*self.name() {
            "nothing" => return Ok(None),
            "hangs" => {
                cancelled.cancelled().await;
                ui.say("cleaned up").await.map_err(text)?;
                return Err(CANCELLED.to_owned());
            }
            _ => {}
        }
        let (heard, machine) = (Heard::default(), Memory::default());
        let data = Value::object([("ID", Value::text("i-1"))]);
        hook.run(hook::PROVISION, data, &heard, &machine).await.map_err(text)?;
        assert_eq!(heard.all(), ["say provisioned i-1"]);
        Ok(Some(Thing(if self.name() == "fixed" { "fixed" } else { "free" })))
    }
}

/// Provisions with everything there is.
struct Provisioners;

impl hook::Hook for Provisioners {
    async fn run(&self, name: String, data: Value, machine: hook::Machine) -> Result<(), String> {
        assert_eq!(name, hook::PROVISION);
        let id = data.get("ID").and_then(Value::as_text).unwrap_or_default();
        let said = machine.ui.say(format!("provisioned {id}")).await;
        said.map_err(|error| error.to_string())?;
        use_machine(&machine.communicator).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_builder_is_hosted_with_its_machine_and_its_artifact() {
    let encoding = Encoding::Gob;
    let (client, host) =
        hosting(move |broker| builder::Service::new(Everything::new(), broker, encoding)).await;
    let remote = builder::Remote::new(client, host, encoding);
    assert_eq!(remote.config_spec(PATIENCE).await, Ok(spec()));
    let bad = remote.prepare(&configs("bad"), PATIENCE).await.unwrap();
    assert_eq!(bad.error.unwrap().message, "bad config");
    assert_eq!(bad.warnings, ["a warning"]);
    for (name, destroyed) in [("free", Ok(())), ("fixed", Err("it is fixed"))] {
        remote.prepare(&configs(name), PATIENCE).await.unwrap();
        let ui = Heard::default();
        let artifact = remote.run(&ui, Provisioners).await.unwrap().unwrap();
        assert_eq!(ui.all(), ["say building"]);
        assert_eq!(artifact.builder_id().await.as_deref(), Ok("test.thing"));
        assert_eq!(artifact.id().await.as_deref(), Ok(name));
        assert_eq!(artifact.summary().await.unwrap(), format!("Thing {name}"));
        assert_eq!(artifact.files().await.unwrap(), ["a", "b"]);
        assert_eq!(artifact.state("known").await, Ok(Value::Int(2222)));
        assert_eq!(artifact.state("unknown").await, Ok(Value::Nil));
        let result = artifact.destroy().await.map_err(|error| error.to_string());
        assert_eq!(result, destroyed.map_err(str::to_owned));
    }
    remote.prepare(&configs("nothing"), PATIENCE).await.unwrap();
    assert!(remote.run(&Heard::default(), Provisioners).await.unwrap().is_none());
    remote.prepare(&configs("hangs"), PATIENCE).await.unwrap();
    let ui = Heard::default();
    let cancel = async {
        while ui.all().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        remote.cancel().await;
    };
    let (failed, ()) = tokio::join!(remote.run(&ui, Provisioners), cancel);
    assert_eq!(failed.err().unwrap().to_string(), CANCELLED);
    assert_eq!(ui.all(), ["say building", "say cleaned up"]);
}

/// An artifact that passes on what is asked of another, as Go's library does with an input that
/// comes back.
struct Proxy(artifact::Remote, String);

impl artifact::Artifact for Proxy {
    fn builder_id(&self) -> String {
        "proxy".to_owned()
    }

    fn id(&self) -> String {
        self.1.clone()
    }

    fn summary(&self) -> String {
        String::new()
    }

    fn files(&self) -> Vec<String> {
        Vec::new()
    }

    async fn state(&self, name: String) -> Value {
        self.0.state(&name).await.unwrap()
    }

    async fn destroy(&self) -> Result<(), String> {
        self.0.destroy().await.map_err(|error| error.to_string())
    }
}

impl post_processor::PostProcessor for Everything {
    type Artifact = Proxy;

    fn config_spec(&self) -> Object {
        spec()
    }

    async fn configure(&self, configs: Configs) -> Result<(), String> {
        self.take(&configs)
    }

    async fn post_process(
        &self,
        ui: ui::Remote,
        input: artifact::Remote,
    ) -> Result<post_processor::Made<Proxy>, String> {
        ui.say("processing").await.map_err(|error| error.to_string())?;
        let id = input.id().await.map_err(|error| error.to_string())?;
        match &*self.name() {
            "fails" => Err("pp failed".to_owned()),
            "nothing" => {
                Ok(post_processor::Made { artifact: None, input: post_processor::Input::Goes })
            }
            _ => Ok(post_processor::Made {
                artifact: Some(Proxy(input, id)),
                input: post_processor::Input::Stays,
            }),
        }
    }
}

#[tokio::test]
async fn a_post_processor_gives_back_its_input() {
    let encoding = Encoding::Protobuf;
    let (client, host) =
        hosting(move |broker| post_processor::Service::new(Everything::new(), broker, encoding))
            .await;
    let remote = post_processor::Remote::new(client, host, encoding);
    remote.cancel().await;
    static UI: Heard = Heard(Mutex::new(Vec::new()));
    let thing = Thing("fixed");
    remote.configure(&configs("same"), PATIENCE).await.unwrap();
    let made = remote.post_process(&UI, thing).await.unwrap();
    assert_eq!(made.input, post_processor::Input::Stays);
    let artifact = made.artifact.unwrap();
    assert_eq!(artifact.id().await.as_deref(), Ok("fixed"));
    // The call is over, and the input is still answered for.
    assert_eq!(artifact.state("known").await, Ok(Value::Int(2222)));
    assert_eq!(artifact.destroy().await.unwrap_err().to_string(), "it is fixed");
    remote.configure(&configs("nothing"), PATIENCE).await.unwrap();
    let made = remote.post_process(&UI, thing).await.unwrap();
    assert!(made.artifact.is_none() && made.input == post_processor::Input::Goes);
    remote.configure(&configs("fails"), PATIENCE).await.unwrap();
    let failed = remote.post_process(&UI, thing).await.err().unwrap();
    assert_eq!(failed.to_string(), "pp failed");
}

impl datasource::Datasource for Everything {
    fn config_spec(&self) -> Object {
        spec()
    }

    fn output_spec(&self) -> Object {
        spec()
    }

    async fn configure(&self, configs: Configs) -> Result<(), String> {
        // Data sources get nothing but their arguments.
        let plain = Value::object::<String>([]);
        let parts = [plain].into_iter().chain(configs.parts).collect();
        self.take(&Configs { parts })
    }

    async fn execute(&self) -> Result<(Type, cty::Value), String> {
        if self.name() == "fails" {
            return Err("nothing found".to_owned());
        }
        let ty = Type::Object(BTreeMap::from([("name".to_owned(), Type::String)]));
        let text = cty::Value::Text(self.name());
        Ok((ty, cty::Value::Mapping(BTreeMap::from([("name".to_owned(), text)]))))
    }
}

#[tokio::test]
async fn a_data_source_is_asked_in_both_encodings() {
    for encoding in [Encoding::Protobuf, Encoding::Gob] {
        let (client, _host) =
            hosting(move |_| datasource::Service::new(Everything::new(), encoding)).await;
        let remote = datasource::Remote::new(client, encoding);
        assert_eq!(remote.config_spec(PATIENCE).await, Ok(spec()));
        assert_eq!(remote.output_spec(PATIENCE).await, Ok(spec()));
        let arguments = |name| Configs { parts: configs(name).parts.split_off(1) };
        remote.configure(&arguments("found"), PATIENCE).await.unwrap();
        let (_, value) = remote.execute().await.unwrap();
        let text = cty::Value::Text("found".to_owned());
        let found = cty::Value::Mapping(BTreeMap::from([("name".to_owned(), text)]));
        assert_eq!(value, found);
        remote.configure(&arguments("fails"), PATIENCE).await.unwrap();
        assert_eq!(remote.execute().await.unwrap_err().to_string(), "nothing found");
    }
}

/// A component that counts how often it is cancelled, and an artifact that cannot be removed, which
/// it says as Go's library does.
struct Odd(Arc<Mutex<u32>>);

impl<'a> rpc::Service<'a> for Odd {
    fn is(&self, _: &str) -> bool {
        true
    }

    fn call(
        &'a self,
        _: &str,
        method: &str,
        _: Value,
    ) -> Option<futures::future::BoxFuture<'a, rpc::Answer<'a>>> {
        let answer = match method {
            "Destroy" => rpc::Reply::new(&Some(Failed { message: "it is fixed".to_owned() })),
            _ => {
                *self.0.lock().unwrap() += 1;
                rpc::Reply::new(&())
            }
        };
        Some(Box::pin(async { Ok(answer) }))
    }
}

#[tokio::test]
async fn what_has_not_begun_is_not_cancelled() {
    let count = Arc::new(Mutex::new(0));
    let counted = count.clone();
    let (client, host) = hosting(move |_| Odd(counted)).await;
    let encoding = Encoding::Protobuf;
    provisioner::Remote::new(client.clone(), host.clone(), encoding).cancel().await;
    builder::Remote::new(client.clone(), host.clone(), encoding).cancel().await;
    assert_eq!(*count.lock().unwrap(), 0);
    post_processor::Remote::new(client, host, encoding).cancel().await;
    assert_eq!(*count.lock().unwrap(), 1);
}

#[tokio::test]
async fn an_artifact_that_is_not_removed_says_so_in_its_answer_and_lives_on() {
    let (client, _host) = hosting(|_| Odd(Arc::default())).await;
    let artifact = artifact::Remote::new(client);
    for _ in 0..2 {
        let failed = artifact.destroy().await.unwrap_err();
        assert_eq!(failed.to_string(), "it is fixed");
    }
}
