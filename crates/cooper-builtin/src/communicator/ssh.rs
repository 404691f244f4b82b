//! The way into a machine by ssh.

mod arguments;
mod client;
mod command;
mod session;
mod settings;
mod transfer;
mod trouble;
mod tunnel;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cooper_build::communicator::{Command, Communicator, ExitStatus, Input, Output, Upload};
use cooper_build::component::Provisioning;
use cooper_build::event::Stream;
use cooper_build::{Facts, Failure, StepCx};
use cooper_hcl::Value;
use cooper_hcl::value::Marks;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::io::ReaderStream;

use self::command::{Event, Feed, Remote, Running};
use self::session::Session;
use self::settings::Proof;
pub(crate) use self::settings::{Host, SshSettings, schema};
use self::trouble::Trouble;
use super::temporary::TemporaryFiles;
use crate::said::Said;
use crate::script::quoted;

/// How long to wait before a machine is tried again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// How long to wait before a server that refused is asked again.
const AFTER_REFUSAL: Duration = Duration::from_secs(2);

/// The `build.*` names that ssh adds.
pub(crate) const FACTS: &[&str] = &["SSHPrivateKeyFile", "SSHAgentAuth"];

/// The way into a machine by ssh. A connection that is lost is made again for the next command.
pub(crate) struct SshCommunicator {
    way: Arc<Way>,
    /// How long a machine is waited for whose connection was lost.
    patience: Duration,
}

/// What all who use a machine have in common.
struct Way {
    settings: Arc<SshSettings>,
    host: String,
    session: Mutex<Option<Arc<Session>>>,
    temporary: TemporaryFiles,
}

impl SshSettings {
    /// The machine that the template names.
    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// What `build.*` is for a machine at this address.
    pub(crate) fn facts(&self, mut facts: Facts, host: &str) -> Facts {
        let secret = |text: &str| Value::string(text).with_marks(Marks::SENSITIVE);
        let password = match &self.login.proof {
            Proof::Password(password) => secret(password),
            Proof::Key(..) | Proof::Agent(_) => Value::string(""),
        };
        let key_file = self.private_key_file.as_deref().unwrap_or_default();
        let agent = matches!(self.login.proof, Proof::Agent(_));
        facts.extend(
            [
                ("Host", Value::string(host)),
                ("Port", Value::number(i64::from(self.port))),
                ("User", Value::string(&self.login.user)),
                ("Password", password),
                ("ConnType", Value::string("ssh")),
                ("SSHPrivateKeyFile", Value::string(key_file)),
                ("SSHAgentAuth", Value::bool(agent)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        facts
    }

    /// Waits so long until one can log in.
    async fn log_in(&self, host: &str, patience: Duration) -> Result<Session, Failure> {
        let deadline = Instant::now() + patience;
        let mut refusals = 0;
        let mut pause = PAUSES.0;
        let mut last = None;
        let timeout = |last: Option<Trouble>| {
            let words = "Timeout waiting for SSH";
            match last {
                Some(trouble) => trouble.failure(words),
                None => {
                    Failure::new(words).help("`ssh_timeout` gives a machine more time to start")
                }
            }
        };
        loop {
            let attempt = tokio::time::timeout_at(deadline, Session::connect(self, host));
            let trouble = match attempt.await {
                Ok(Ok(session)) => return Ok(session),
                Ok(Err(trouble)) => trouble,
                Err(_) => return Err(timeout(last)),
            };
            tracing::debug!("no way in yet: {trouble}");
            let wait = if trouble.is_refusal() {
                refusals += 1;
                AFTER_REFUSAL
            } else {
                pause = (pause * 2).min(PAUSES.1);
                pause
            };
            if trouble.is_final() || self.attempts.is_some_and(|attempts| refusals >= attempts) {
                return Err(trouble.failure("cannot log in to the machine"));
            }
            if Instant::now() + wait >= deadline {
                return Err(timeout(Some(trouble)));
            }
            last = Some(trouble);
            tokio::time::sleep(wait).await;
        }
    }
}

impl SshCommunicator {
    /// Waits for a machine, lets the provisioners work in it, and removes what they needed there.
    /// Should `gone` tell meanwhile why nobody will ever log in, that ends the waiting.
    pub(crate) async fn provision(
        settings: &Arc<SshSettings>,
        host: &str,
        cx: &StepCx,
        facts: Facts,
        inside: Provisioning<'_>,
        gone: impl Future<Output = Failure>,
    ) -> Result<(), Failure> {
        cx.say(format!("Using SSH communicator to connect: {host}")).await;
        let machine = tokio::select! {
            machine = Self::connect(settings, host, cx) => Arc::new(machine?),
            failure = gone => return Err(failure),
            () = cx.cancelled() => return Err(Failure::cancelled()),
        };
        let mut result = inside.run_shared(machine.clone(), facts).await;
        if result.is_ok() {
            result = machine.remove_temporary().await;
        }
        machine.close().await;
        result
    }

    async fn connect(
        settings: &Arc<SshSettings>,
        host: &str,
        cx: &StepCx,
    ) -> Result<Self, Failure> {
        cx.say("Waiting for SSH to become available...").await;
        let mut session = settings.log_in(host, settings.patience).await?;
        cx.say("Connected to SSH!").await;
        if !settings.pause.is_zero() {
            let pause = crate::arguments::shown(settings.pause);
            cx.say(format!("Pausing {pause} before connecting...")).await;
            session.close().await;
            drop(session);
            tokio::time::sleep(settings.pause).await;
            cx.say("Waiting for SSH to become available...").await;
            session = settings.log_in(host, settings.patience).await?;
            cx.say("Connected to SSH!").await;
        }
        let way = Way {
            settings: settings.clone(),
            host: host.to_owned(),
            session: Mutex::new(Some(Arc::new(session))),
            temporary: TemporaryFiles::default(),
        };
        Ok(Self { way: Arc::new(way), patience: settings.patience })
    }

    /// Takes leave of the machine.
    async fn close(&self) {
        if let Some(session) = self.way.session.lock().await.take() {
            session.close().await;
        }
    }

    /// The connection, which is made again when it is lost.
    async fn session(&self) -> Result<Arc<Session>, Failure> {
        let mut session = self.way.session.lock().await;
        if let Some(session) = session.as_ref().filter(|session| !session.is_lost()) {
            return Ok(session.clone());
        }
        // Another one may not have its tunnels while this one does.
        *session = None;
        let new = Arc::new(self.way.settings.log_in(&self.way.host, self.patience).await?);
        *session = Some(new.clone());
        Ok(new)
    }

    /// Starts a command for the login shell.
    async fn start(&self, line: String, input: Feed, terminal: bool) -> Result<Running, Failure> {
        let failed = |trouble: Trouble| trouble.failure("cannot run a command in the machine");
        let mut session = self.session().await?;
        let channel = match session.open().await {
            // It was lost before anything was run.
            Err(Trouble::Lost { .. }) if session.is_lost() => {
                session = self.session().await?;
                session.open().await
            }
            channel => channel,
        };
        let remote = Remote { line, input, terminal };
        session.start(channel.map_err(failed)?, remote).await.map_err(failed)
    }

    /// Starts a script for `/bin/sh`, in which the arguments are `$1` and so on.
    async fn script(
        &self,
        script: &str,
        arguments: &[&str],
        input: Feed,
    ) -> Result<Running, Failure> {
        let words: Vec<String> = ["sh"].iter().chain(arguments).map(|word| quoted(word)).collect();
        let line = format!("exec /bin/sh -c {} {}", quoted(script), words.join(" "));
        self.start(line, input, false).await
    }

    /// Removes the files that steps may have left behind.
    async fn remove_temporary(&self) -> Result<(), Failure> {
        let files = self.way.temporary.list();
        if files.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let running = self.script("rm -f -- \"$@\"", &names, None).await?;
        let ended = finish(running).await?;
        if ended.status.success() {
            self.way.temporary.clear();
            return Ok(());
        }
        Err(Failure::new(format!(
            "cannot remove temporary files from the machine ({}): {}",
            files.join(", "),
            ended.said
        )))
    }
}

/// How a script ended.
struct Ended {
    status: ExitStatus,
    /// What it said, on both streams.
    said: String,
}

/// Waits for the end of a script that prints little.
async fn finish(mut running: Running) -> Result<Ended, Failure> {
    let mut said = Said::default();
    let mut begun = false;
    loop {
        match running.next().await {
            Event::Began => {
                begun = true;
                said = Said::default();
            }
            Event::Greeting(bytes) | Event::Output(_, bytes) => said.keep(&bytes),
            Event::Ended(_) if !begun => {
                let trouble = running.shell(&said);
                return Err(trouble.failure("cannot run a command in the machine"));
            }
            Event::Ended(status) => return Ok(Ended { status, said: said.text() }),
            Event::Failed(trouble) => {
                let trouble = match trouble {
                    // What these scripts do may be done once more.
                    Trouble::Cut { address } => Trouble::Lost { address },
                    trouble => trouble,
                };
                return Err(trouble.failure("cannot run a command in the machine"));
            }
            Event::NoInput(error) => return Err(Failure::new(error.to_string())),
        }
    }
}

/// Input that is in memory.
fn of_bytes(bytes: Bytes) -> Feed {
    Some(stream::once(async { Ok(bytes) }).boxed())
}

impl Communicator for SshCommunicator {
    fn run<'a>(
        &'a self,
        command: Command,
        output: &'a mut dyn Output,
    ) -> BoxFuture<'a, Result<ExitStatus, Failure>> {
        Box::pin(async move {
            let Command { line, stdin } = command;
            let terminal = self.way.settings.terminal;
            let input = match stdin {
                Input::Nothing => None,
                Input::Bytes(bytes) => of_bytes(bytes),
                Input::Reader(reader) => Some(ReaderStream::new(reader).boxed()),
            };
            let mut running = self.start(line, input, terminal).await?;
            loop {
                match running.next().await {
                    Event::Began => {}
                    Event::Greeting(bytes) => output.write(Stream::Stdout, &bytes).await,
                    Event::Output(stream, bytes) => output.write(stream, &bytes).await,
                    Event::Ended(status) => return Ok(status),
                    Event::Failed(trouble) => {
                        return Err(trouble.failure("cannot run a command in the machine"));
                    }
                    Event::NoInput(error) => return Err(Failure::new(error.to_string())),
                }
            }
        })
    }

    fn upload<'a>(&'a self, file: Upload) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.upload_file(file))
    }

    fn upload_dir<'a>(
        &'a self,
        source: &'a Path,
        destination: &'a str,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.upload_folder(source, destination))
    }

    fn download<'a>(
        &'a self,
        source: &'a str,
        destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.download_file(source, destination))
    }

    fn download_dir<'a>(
        &'a self,
        source: &'a str,
        destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.download_folder(source, destination))
    }

    fn has_terminal(&self) -> bool {
        self.way.settings.terminal
    }

    fn patient(&self, patience: Duration) -> Option<Box<dyn Communicator + '_>> {
        Some(Box::new(Self { way: self.way.clone(), patience }))
    }

    fn note_temporary(&self, path: &str) {
        self.way.temporary.note(path);
    }

    fn forget_temporary(&self, path: &str) {
        self.way.temporary.forget(path);
    }
}
