//! The conversation: who says what when.
//!
//! One thread reads messages, one analyses templates, and this one answers. Requests are
//! answered in the order they come; diagnostics follow once nobody waits for an answer. A request
//! that is taken back is answered all the same, with an error, even while it is being dealt with.

use std::collections::HashSet;
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use cooper_build::Catalog;
use cooper_hcl::System;
use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::analysis::Analyst;
use crate::capabilities;
use crate::document::Document;
use crate::features;
use crate::options::Options;
use crate::transport::{self, Incoming};
use crate::worker::{Outcome, Worker};
use crate::workspace::{Workspace, path_of};

/// So many messages wait before the client has to.
const WAITING: usize = 256;

/// What the server is given.
pub struct Host {
    /// The machine.
    pub system: Arc<dyn System>,
    /// The components there are.
    pub catalog: Catalog,
    /// Where plugins are talked to. It must have threads of its own, and time and sockets.
    pub runtime: Handle,
    /// The program's version.
    pub version: &'static str,
}

/// How a conversation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The client said `shutdown`, then `exit`.
    Orderly,
    /// The client left without a word, or could not be understood.
    Abruptly,
}

/// Talks to a client until it leaves.
///
/// # Errors
///
/// When the output cannot be written, or the machine has no thread left.
pub fn serve(
    host: Host,
    input: impl BufRead + Send + 'static,
    output: impl Write,
) -> io::Result<Ended> {
    let (sender, inbox) = sync_channel(WAITING);
    let deliver = sender.clone();
    let withdrawn = Withdrawn::default();
    let noted = withdrawn.clone();
    let work = move || receive(input, &sender, &noted);
    thread::Builder::new().name("messages".to_owned()).spawn(work)?;
    let Host { system, catalog, runtime, version } = host;
    let mut server = Server {
        workspace: Workspace::new(system.clone(), catalog.clone()),
        system,
        catalog,
        runtime,
        version,
        output,
        phase: Phase::New,
        worker: None,
        deliver,
        withdrawn,
    };
    server.run(&inbox)
}

/// What happens to the server.
enum Happening {
    Said(Incoming),
    Analysed(Outcome),
    /// The client is gone.
    Gone,
}

/// The numbers of requests that the client took back and that are not answered yet.
#[derive(Clone, Default)]
struct Withdrawn(Arc<Mutex<Requests>>);

#[derive(Default)]
struct Requests {
    open: HashSet<RequestId>,
    withdrawn: HashSet<RequestId>,
}

impl Withdrawn {
    fn requests(&self) -> MutexGuard<'_, Requests> {
        // Sets of numbers are never half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a message says of requests.
    fn note(&self, message: &Message) {
        match message {
            Message::Request(request) => {
                self.requests().open.insert(request.id.clone());
            }
            Message::Notification(note) if note.method == "$/cancelRequest" => {
                let id = note.params.get("id").cloned().map(serde_json::from_value::<RequestId>);
                let mut requests = self.requests();
                if let Some(Ok(id)) = id
                    && requests.open.contains(&id)
                {
                    requests.withdrawn.insert(id);
                }
            }
            Message::Notification(_) | Message::Response(_) => {}
        }
    }

    /// Whether a request was taken back.
    fn has(&self, id: &RequestId) -> bool {
        self.requests().withdrawn.contains(id)
    }

    /// A request is being answered.
    fn close(&self, id: &RequestId) {
        let mut requests = self.requests();
        requests.open.remove(id);
        requests.withdrawn.remove(id);
    }
}

/// Passes on what the client says. It reads on while requests are answered, so that a request can
/// be taken back.
fn receive(mut input: impl BufRead, inbox: &SyncSender<Happening>, withdrawn: &Withdrawn) {
    loop {
        let happening = match transport::read(&mut input) {
            Ok(Some(incoming)) => {
                if let Incoming::Message(message) = &incoming {
                    withdrawn.note(message);
                }
                Happening::Said(incoming)
            }
            Ok(None) => Happening::Gone,
            Err(error) => {
                tracing::error!("the client cannot be understood: {error}");
                Happening::Gone
            }
        };
        let is_end = matches!(happening, Happening::Gone);
        if inbox.send(happening).is_err() || is_end {
            return;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// `initialize` has not come.
    New,
    Running,
    /// `shutdown` has come.
    ShutDown,
}

struct Server<W> {
    system: Arc<dyn System>,
    catalog: Catalog,
    runtime: Handle,
    version: &'static str,
    output: W,
    phase: Phase,
    workspace: Workspace,
    worker: Option<Worker>,
    deliver: SyncSender<Happening>,
    withdrawn: Withdrawn,
}

/// Whether the conversation goes on.
type Next = Option<Ended>;

impl<W: Write> Server<W> {
    fn run(&mut self, inbox: &Receiver<Happening>) -> io::Result<Ended> {
        loop {
            let happening = match inbox.try_recv() {
                Ok(happening) => happening,
                Err(_) => {
                    // Nobody waits for an answer.
                    self.analyse();
                    // This end is held by `self.deliver`, so that there is always a sender.
                    let Ok(happening) = inbox.recv() else { return Ok(Ended::Abruptly) };
                    happening
                }
            };
            if let Some(ended) = self.handle(happening)? {
                return Ok(ended);
            }
        }
    }

    fn handle(&mut self, happening: Happening) -> io::Result<Next> {
        match happening {
            Happening::Gone => return Ok(Some(Ended::Abruptly)),
            Happening::Said(Incoming::Malformed(why)) => {
                let code = ErrorCode::ParseError as i32;
                transport::refuse(&mut self.output, code, &why)?;
            }
            Happening::Said(Incoming::Message(Message::Request(request))) => {
                let id = request.id.clone();
                let answer = self.request(request);
                self.withdrawn.close(&id);
                self.send(Response { id, response_result: answer }.into())?;
            }
            Happening::Said(Incoming::Message(Message::Notification(note))) => {
                if note.method == "exit" {
                    return Ok(Some(match self.phase {
                        Phase::ShutDown => Ended::Orderly,
                        Phase::New | Phase::Running => Ended::Abruptly,
                    }));
                }
                if self.phase == Phase::Running {
                    self.note(note)?;
                }
            }
            // The client's answers: nothing depends on them.
            Happening::Said(Incoming::Message(Message::Response(_))) => {}
            Happening::Analysed(outcome) => {
                if let Some(worker) = &mut self.worker {
                    worker.done();
                }
                if let Some(analysis) = outcome {
                    for told in self.workspace.take(*analysis) {
                        self.tell("textDocument/publishDiagnostics", json!(told))?;
                    }
                }
            }
        }
        Ok(None)
    }

    /// Has the next template analysed, when there is one and nothing is being analysed.
    fn analyse(&mut self) {
        if let Some(worker) = &mut self.worker
            && worker.is_free()
            && let Some(job) = self.workspace.next_job()
        {
            worker.analyse(job);
        }
    }

    fn request(&mut self, request: Request) -> Result<Value, ResponseError> {
        let Request { id, method, params } = request;
        match (self.phase, method.as_str()) {
            (Phase::New, "initialize") => self.initialize(&params),
            (Phase::New, _) => {
                Err(refusal(ErrorCode::ServerNotInitialized, "`initialize` has to come first"))
            }
            (Phase::Running, "initialize") => {
                Err(refusal(ErrorCode::InvalidRequest, "`initialize` came before"))
            }
            (Phase::ShutDown, _) => {
                Err(refusal(ErrorCode::InvalidRequest, "`shutdown` came before"))
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Running, method) => {
                let taken_back = || Err(refusal(ErrorCode::RequestCanceled, "taken back"));
                if self.withdrawn.has(&id) {
                    return taken_back();
                }
                let work = || features::answer(method, params, &self.workspace);
                // Questions change nothing, so nothing is left half changed.
                let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                    let message = format!("`{method}` met a bug in Cooper");
                    Err(refusal(ErrorCode::InternalError, &message))
                });
                // Nobody may want it any more.
                if self.withdrawn.has(&id) { taken_back() } else { answer }
            }
        }
    }

    fn initialize(&mut self, params: &Value) -> Result<Value, ResponseError> {
        let options = Options::read(params);
        let analyst = Analyst::new(
            self.system.clone(),
            self.catalog.clone(),
            self.runtime.clone(),
            options.settings.clone(),
        );
        let deliver = self.deliver.clone();
        let deliver = move |outcome| deliver.send(Happening::Analysed(outcome)).is_ok();
        let worker = Worker::start(analyst, deliver);
        self.worker = Some(worker.map_err(|error| {
            refusal(ErrorCode::InternalError, &format!("no thread can be started: {error}"))
        })?);
        let capabilities = capabilities::capabilities(&options);
        self.workspace.options = options;
        self.phase = Phase::Running;
        let info = json!({ "name": "cooper", "version": self.version });
        Ok(json!({ "capabilities": capabilities, "serverInfo": info }))
    }

    /// Deals with a notification. A panic in it is logged, and leaves its change out.
    fn note(&mut self, note: Notification) -> io::Result<()> {
        let method = note.method.clone();
        // A text that is half changed is still a text, and its next change or opening mends it.
        let work = AssertUnwindSafe(|| self.notification(note));
        catch_unwind(work).unwrap_or_else(|_| {
            tracing::error!("`{method}` met a bug in Cooper");
            Ok(())
        })
    }

    fn notification(&mut self, note: Notification) -> io::Result<()> {
        let Notification { method, params } = note;
        match method.as_str() {
            "initialized" => {
                let registrations = capabilities::watched();
                let request = Request::new(
                    "watch".to_owned().into(),
                    "client/registerCapability".to_owned(),
                    registrations,
                );
                if self.workspace.options.watches {
                    self.send(request.into())?;
                }
            }
            "textDocument/didOpen" => {
                let Some(lsp::DidOpenTextDocumentParams { text_document: item }) = read(params)
                else {
                    return Ok(());
                };
                if let Some(path) = path_of(&item.uri) {
                    let uri = item.uri.to_string();
                    self.workspace.open(path, Document::new(uri, item.version, item.text));
                }
            }
            "textDocument/didChange" => {
                let Some(params) = read::<lsp::DidChangeTextDocumentParams>(params) else {
                    return Ok(());
                };
                if let Some(path) = path_of(&params.text_document.text_document_identifier.uri) {
                    self.workspace.change(&path, params);
                }
            }
            "textDocument/didClose" => {
                let Some(params) = read::<lsp::DidCloseTextDocumentParams>(params) else {
                    return Ok(());
                };
                if let Some(path) = path_of(&params.text_document.uri) {
                    return self.close(&path);
                }
            }
            // Scripts and other files that templates read may be what was saved, and plugins may
            // have been installed meanwhile.
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                if let Some(worker) = &self.worker {
                    worker.forget_plugins();
                }
                self.workspace.touch_all();
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, path: &std::path::Path) -> io::Result<()> {
        let (units, told) = self.workspace.close(path);
        for unit in units {
            if let Some(worker) = &self.worker {
                worker.forget(unit);
            }
        }
        for path in told {
            let nothing = self.workspace.publish(&path, Vec::new());
            self.tell("textDocument/publishDiagnostics", json!(nothing))?;
        }
        Ok(())
    }

    fn tell(&mut self, method: &str, params: Value) -> io::Result<()> {
        self.send(Notification { method: method.to_owned(), params }.into())
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        transport::write(&mut self.output, message)
    }
}

/// Why a request is not answered.
pub(crate) fn refusal(code: ErrorCode, message: &str) -> ResponseError {
    ResponseError { code: code as i32, message: message.to_owned(), data: None }
}

/// What a notification says. One that cannot be read is left out: there is no answer to it.
fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params)
        .inspect_err(|error| tracing::warn!("a notification is left out: {error}"))
        .ok()
}

#[cfg(test)]
mod tests;
