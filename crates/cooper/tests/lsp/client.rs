//! An editor that talks to the program.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing takes as long, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, a folder, and what was said so far.
pub(crate) struct Client {
    folder: TempDir,
    program: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    set_aside: Vec<Value>,
    last_id: i64,
    versions: BTreeMap<String, i64>,
}

impl Client {
    /// Starts the program beside these files, and says nothing yet.
    pub(crate) fn start(files: &[(&str, &str)]) -> Self {
        Self::start_with(files, &[])
    }

    /// The same, with variables of the environment.
    pub(crate) fn start_with(files: &[(&str, &str)], environment: &[(String, String)]) -> Self {
        let folder = tempfile::Builder::new().prefix("lsp").tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let mut program = Command::new(env!("CARGO_BIN_EXE_cooper"))
            .arg("lsp")
            .current_dir("/")
            .env_clear()
            .env("HOME", folder.path())
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .envs(environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let output = program.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = program.stdin.take();
        let (set_aside, versions) = (Vec::new(), BTreeMap::new());
        Self { folder, program, input, messages, set_aside, last_id: 0, versions }
    }

    /// Starts the program and is introduced to it.
    pub(crate) fn meet(files: &[(&str, &str)]) -> Self {
        let mut client = Self::start(files);
        client.introduce(json!({}));
        client
    }

    /// Introduces itself, with these settings.
    pub(crate) fn introduce(&mut self, settings: Value) -> Value {
        self.introduce_with(json!({
            "processId": null,
            "rootUri": null,
            "capabilities": {},
            "initializationOptions": settings,
        }))
    }

    /// Introduces itself with these parameters; returns what the program can do.
    pub(crate) fn introduce_with(&mut self, params: Value) -> Value {
        let answer = self.ask("initialize", params);
        self.notify("initialized", json!({}));
        answer["capabilities"].clone()
    }

    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file is called.
    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Opens a file with this text.
    pub(crate) fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        self.versions.insert(name.to_owned(), 1);
        let item = json!({ "uri": uri, "languageId": "hcl", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Opens a file as it is on the disk.
    pub(crate) fn open_saved(&mut self, name: &str) {
        let text = fs::read_to_string(self.path(name)).expect("a file");
        self.open(name, &text);
    }

    /// Makes changes to an open file.
    pub(crate) fn change(&mut self, name: &str, changes: Value) {
        let version = self.versions.get_mut(name).expect("an open file");
        *version += 1;
        let document = json!({ "uri": self.uri(name), "version": self.versions[name] });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    /// Replaces the whole text of an open file.
    pub(crate) fn rewrite(&mut self, name: &str, text: &str) {
        self.change(name, json!([{ "text": text }]));
    }

    /// Closes a file.
    pub(crate) fn close(&mut self, name: &str) {
        self.versions.remove(name);
        let document = json!({ "textDocument": { "uri": self.uri(name) } });
        self.notify("textDocument/didClose", document);
    }

    /// The diagnostics of the latest state of an open file.
    pub(crate) fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let version = self.versions.get(name).copied();
        self.diagnostics_of(name, version)
    }

    /// The next diagnostics of a file that have this version.
    pub(crate) fn diagnostics_of(&mut self, name: &str, version: Option<i64>) -> Vec<Value> {
        let uri = self.uri(name);
        let found = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
                && message["params"]["version"].as_i64() == version
        });
        found["params"]["diagnostics"].as_array().expect("a list").clone()
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Asks what will be refused; returns the error.
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("result").is_none(), "{method}: {answer}");
        answer["error"].clone()
    }

    fn answer(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.wait(|message| message["id"] == id && message.get("method").is_none())
    }

    /// Asks without waiting; returns the question's number.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Says something that has no answer.
    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.say(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn say(&mut self, message: &Value) {
        let text = message.to_string();
        self.send(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the pipe is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the program reads");
    }

    /// The first message that fits, among those that came and those that will.
    pub(crate) fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.set_aside.iter().position(&fits) {
            return self.set_aside.remove(at);
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|error| {
                panic!("{error}; what came instead: {:#?}", self.set_aside);
            });
            if fits(&message) {
                return message;
            }
            self.set_aside.push(message);
        }
    }

    /// Hangs up without a word; returns how the program ended.
    pub(crate) fn hang_up(mut self) -> Option<i32> {
        self.input = None;
        self.program.wait().expect("it ends").code()
    }

    /// Says goodbye; returns how the program ended.
    pub(crate) fn part(mut self) -> Option<i32> {
        self.ask("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.program.wait().expect("it ends").code()
    }

    /// Whether nothing that fits came so far.
    pub(crate) fn is_silent(&mut self, fits: impl Fn(&Value) -> bool) -> bool {
        self.set_aside.extend(self.messages.try_iter());
        !self.set_aside.iter().any(fits)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It ends by itself when nobody talks to it any more; a test that failed does not wait.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse::<usize>().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length?];
    output.read_exact(&mut text).ok()?;
    Some(serde_json::from_slice(&text).expect("the program writes JSON"))
}

/// A line and a column from 0, of the `nth` place of `part` in a text, in UTF-16.
pub(crate) fn position(text: &str, part: &str, nth: usize, into: usize) -> Value {
    let at = text.match_indices(part).nth(nth).expect("the part is there").0 + into;
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().expect("a line").encode_utf16().count();
    json!({ "line": line, "character": column })
}

/// Whether a path is that of a template, in either syntax.
pub(crate) fn is_template(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json")
}
