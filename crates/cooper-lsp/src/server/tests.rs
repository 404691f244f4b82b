//! What happens while the server is busy, on a machine that does as it is told.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use cooper_hcl::FileKind;
use cooper_hcl::system::Nowhere;

use super::*;

/// What becomes of a look into a folder.
#[derive(Clone, Copy)]
enum Look {
    Works,
    Panics,
}

/// A machine on which a question's look into a folder is announced, and then waits for what becomes
/// of it. The first look of an analysis panics.
struct Machine {
    looks: Sender<()>,
    orders: Mutex<Receiver<Look>>,
    analysed: AtomicBool,
}

impl System for Machine {
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let order = match thread::current().name() {
            Some("analysis") if self.analysed.swap(true, Ordering::Relaxed) => Look::Works,
            Some("analysis") => Look::Panics,
            _ => {
                self.looks.send(()).unwrap();
                self.orders.lock().unwrap().recv().unwrap()
            }
        };
        match order {
            Look::Works => Nowhere.list(path),
            Look::Panics => panic!("as it was told"),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Nowhere.read(path)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        Nowhere.kind(path)
    }

    fn current_dir(&self) -> PathBuf {
        Nowhere.current_dir()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        None
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn env_with_prefix(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self, _: &mut [u8]) {}
}

/// What the client says, one message after the other. Whoever reads on has dealt with what came
/// before, and says so.
struct Words {
    messages: Receiver<Vec<u8>>,
    wants_more: Sender<()>,
    left: Vec<u8>,
}

impl Read for Words {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            // The test may be over.
            let _ = self.wants_more.send(());
            self.left = self.messages.recv().unwrap_or_default();
        }
        let count = buffer.len().min(self.left.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

/// What the server says, as it says it.
struct Ear {
    heard: Sender<Vec<u8>>,
    unsent: Vec<u8>,
    /// Whether to panic instead of registering a capability, once.
    panics: Arc<AtomicBool>,
}

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Diagnostics may be told at any moment, and are no notification's doing.
        let registers = String::from_utf8_lossy(bytes).contains("client/registerCapability");
        if registers && self.panics.swap(false, Ordering::Relaxed) {
            // What a message begins with.
            self.unsent.clear();
            panic!("as it was told");
        }
        self.unsent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// A message is over.
    fn flush(&mut self) -> io::Result<()> {
        // The test may be over.
        let _ = self.heard.send(std::mem::take(&mut self.unsent));
        Ok(())
    }
}

/// A server with a client and a machine that do as they are told.
struct Stage {
    messages: Sender<Vec<u8>>,
    wants_more: Receiver<()>,
    looks: Receiver<()>,
    orders: Sender<Look>,
    heard: Receiver<Vec<u8>>,
    panics: Arc<AtomicBool>,
    /// What was answered so far: the number of a request, and the code of its error.
    answers: Vec<(i64, Option<i64>)>,
    server: JoinHandle<io::Result<Ended>>,
}

impl Stage {
    /// The server, with one open template.
    fn new() -> Self {
        let (messages, received) = channel();
        let (wants_more, asked) = channel();
        let (looks, seen) = channel();
        let (orders, obeyed) = channel();
        let (ear, heard) = channel();
        let input = BufReader::new(Words { messages: received, wants_more, left: Vec::new() });
        let orders_of_machine = Mutex::new(obeyed);
        let analysed = AtomicBool::new(false);
        let system = Arc::new(Machine { looks, orders: orders_of_machine, analysed });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        let runtime = runtime.unwrap();
        let handle = runtime.handle().clone();
        let host = Host { system, catalog: Catalog::default(), runtime: handle, version: "0" };
        let panics = Arc::new(AtomicBool::new(false));
        let output = Ear { heard: ear, unsent: Vec::new(), panics: panics.clone() };
        let server = thread::spawn(move || {
            let ended = serve(host, input, output);
            drop(runtime);
            ended
        });
        let answers = Vec::new();
        let wants_more = asked;
        let stage =
            Self { messages, wants_more, looks: seen, orders, heard, panics, answers, server };
        stage.wants_more.recv().unwrap();
        let watches = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
        stage.ask(1, "initialize", json!({ "capabilities": { "workspace": watches } }));
        let item = json!({
            "uri": "file:///t/a.pkr.hcl", "languageId": "hcl", "version": 1, "text": "locals { }\n",
        });
        let params = json!({ "textDocument": item });
        stage.say(json!({ "method": "textDocument/didOpen", "params": params }));
        stage
    }

    /// Says something, and waits until it has been heard.
    fn say(&self, message: Value) {
        let text = message.to_string();
        let text = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        self.messages.send(text.into_bytes()).unwrap();
        self.wants_more.recv().unwrap();
    }

    fn ask(&self, id: i32, method: &str, params: Value) {
        self.say(json!({ "id": id, "method": method, "params": params }));
    }

    /// Asks something that needs a look into the folder.
    fn ask_for_completion(&self, id: i32) {
        let document = json!({ "uri": "file:///t/a.pkr.hcl" });
        let position = json!({ "line": 0, "character": 0 });
        let params = json!({ "textDocument": document, "position": position });
        self.ask(id, "textDocument/completion", params);
    }

    /// Listens until diagnostics come.
    fn diagnostics(&mut self) {
        while self.listen() != Some("textDocument/publishDiagnostics".to_owned()) {}
    }

    /// Hears one message; returns the name of a notification or request.
    fn listen(&mut self) -> Option<String> {
        let text = self.heard.recv().unwrap();
        match transport::read(&mut &*text).unwrap() {
            Some(Incoming::Message(Message::Response(response))) => {
                let response = serde_json::to_value(response).unwrap();
                let id = response["id"].as_i64().unwrap();
                self.answers.push((id, response["error"]["code"].as_i64()));
                None
            }
            Some(Incoming::Message(Message::Request(request))) => Some(request.method),
            Some(Incoming::Message(Message::Notification(note))) => Some(note.method),
            other => panic!("{other:?}"),
        }
    }

    /// Says goodbye; returns all answers.
    fn end(mut self) -> Vec<(i64, Option<i64>)> {
        self.ask(99, "shutdown", Value::Null);
        while self.answers.last() != Some(&(99, None)) {
            self.listen();
        }
        self.say(json!({ "method": "exit" }));
        assert_eq!(self.server.join().unwrap().unwrap(), Ended::Orderly);
        self.answers
    }
}

const TAKEN_BACK: Option<i64> = Some(-32800);
const A_BUG: Option<i64> = Some(-32603);

#[test]
fn a_request_is_taken_back_while_it_is_dealt_with() {
    let stage = Stage::new();
    stage.ask_for_completion(2);
    stage.looks.recv().unwrap();
    // It is under way now, and others wait.
    stage.ask_for_completion(3);
    stage.ask_for_completion(4);
    for id in [2, 4, 4, 77] {
        stage.say(json!({ "method": "$/cancelRequest", "params": { "id": id } }));
    }
    stage.orders.send(Look::Works).unwrap();
    stage.looks.recv().unwrap();
    stage.orders.send(Look::Works).unwrap();
    // What is answered cannot be taken back any more, and its number can be used again.
    stage.ask_for_completion(5);
    stage.looks.recv().unwrap();
    stage.say(json!({ "method": "$/cancelRequest", "params": { "id": 3 } }));
    stage.orders.send(Look::Works).unwrap();
    stage.ask_for_completion(3);
    stage.looks.recv().unwrap();
    stage.orders.send(Look::Works).unwrap();
    let expected =
        [(1, None), (2, TAKEN_BACK), (3, None), (4, TAKEN_BACK), (5, None), (3, None), (99, None)];
    assert_eq!(stage.end(), expected);
}

#[test]
fn a_panic_is_an_answer_and_the_server_goes_on() {
    // The first analysis panics,
    let mut stage = Stage::new();
    // and so does a question,
    stage.ask_for_completion(2);
    stage.looks.recv().unwrap();
    stage.orders.send(Look::Panics).unwrap();
    // and the next of either works.
    stage.ask_for_completion(3);
    stage.looks.recv().unwrap();
    stage.orders.send(Look::Works).unwrap();
    stage.say(json!({ "method": "textDocument/didSave", "params": {} }));
    stage.diagnostics();
    assert_eq!(stage.end(), [(1, None), (2, A_BUG), (3, None), (99, None)]);
}

#[test]
fn a_panic_in_a_notification_leaves_it_out_and_the_server_goes_on() {
    let mut stage = Stage::new();
    // Answered, so that nothing else is being written.
    while stage.answers.last() != Some(&(1, None)) {
        stage.listen();
    }
    stage.panics.store(true, Ordering::Relaxed);
    stage.say(json!({ "method": "initialized", "params": {} }));
    // The next of its kind works, and so does the rest.
    stage.say(json!({ "method": "initialized", "params": {} }));
    while stage.listen() != Some("client/registerCapability".to_owned()) {}
    assert!(!stage.panics.load(Ordering::Relaxed), "nothing panicked");
    stage.ask_for_completion(2);
    stage.looks.recv().unwrap();
    stage.orders.send(Look::Works).unwrap();
    assert_eq!(stage.end(), [(1, None), (2, None), (99, None)]);
}
