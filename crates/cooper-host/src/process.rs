//! The process of a component: started, talked to, and ended.
//!
//! A process ends with whoever has it: its whole group is killed then. When Cooper itself is killed,
//! its connections close, at which every plugin ends; what does not is found by the [sweep](crate::sweep)
//! of the next run, by what [`OWNER`] says in its environment.

mod output;

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cooper_build::Failure;
use cooper_wire::broker::Broker;
use cooper_wire::handshake::{self, Address};
use cooper_wire::rpc::{CallError, Client};
use cooper_wire::spec::Encoding;
use cooper_wire::yamux::{self, Keepalive, Session};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::output::{LastWords, drain, first_line};
use crate::cache::Cache;
use crate::plugin::{Plugin, Role};
use crate::schemas::Before;
use crate::sweep::OWNER;

/// How long a plugin may take until it says where it listens, and until it answers there.
const STARTING: Duration = Duration::from_secs(60);

/// How long a process that ended its connection may take to end.
const ENDING: Duration = Duration::from_secs(1);

/// What a process is started for.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// The plugin.
    pub plugin: Arc<Plugin>,
    /// What the component does.
    pub role: Role,
    /// The component, as the plugin calls it.
    pub component: String,
    /// Where it is kept what plugins said.
    pub cache: Cache,
    /// Identifies the run.
    pub run_id: Arc<str>,
    /// Whose turn it is to start.
    pub turns: Turns,
}

/// How many processes of plugins start at once: while hundreds do, each takes so long that Go's
/// library gives up before it is connected to.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        const LEAST: usize = 4;
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self(Arc::new(Semaphore::new(LEAST.max(2 * processors))))
    }
}

/// The process of a component. It is killed when this is dropped.
pub(crate) struct Process {
    name: String,
    client: Client,
    broker: Broker,
    words: Arc<LastWords>,
    ended: watch::Receiver<Option<Ending>>,
    _end: DropGuard,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// By itself.
    Exited(ExitStatus),
    /// Nobody knows.
    Lost,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "{status}"),
            Self::Lost => f.write_str("it cannot be watched"),
        }
    }
}

impl Launch {
    /// What people are told that the plugin is: the name of its program.
    fn name(&self) -> String {
        let name = self.plugin.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// What the component said in earlier runs, if that may be relied on.
    pub(crate) fn before(&self) -> Option<Before<'_>> {
        Before::of(&self.cache, &self.plugin, self.role, &self.component)
    }

    /// How the component's spec travels.
    pub(crate) fn encoding(&self) -> Encoding {
        self.plugin.description.encoding()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.plugin.path);
        command.arg("start").arg(self.role.as_str());
        if self.encoding() == Encoding::Protobuf {
            command.arg("--protobuf");
        }
        command
            .arg(&self.component)
            .envs([handshake::COOKIE])
            .envs(handshake::PORTS)
            .env("PACKER_RUN_UUID", &*self.run_id)
            .env(OWNER, cooper_owner::current())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for Cooper, which cancels what a plugin does.
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// Starts the process and connects to it, when it is its turn.
    ///
    /// # Errors
    ///
    /// When it does not come as far as to answer.
    pub(crate) async fn start(&self) -> Result<Process, Failure> {
        // Nobody closes it.
        let _turn = self.turns.0.acquire().await;
        let name = self.name();
        let mut child = self.command().spawn().map_err(|error| {
            Failure::because(format!("the plugin `{name}` cannot be started"), &error)
        })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let stop = CancellationToken::new();
        let (sender, ended) = watch::channel(None);
        tokio::spawn(supervise(child, stop.clone(), sender));
        let end = stop.drop_guard();
        let words = Arc::new(LastWords::new(&name));
        if let Some(stderr) = stderr {
            tokio::spawn(words.clone().listen(stderr));
        }
        let mut waiting = Waiting { name: &name, words: &words, ended: ended.clone() };
        let starting = async {
            let stdout = stdout.ok_or_else(|| waiting.failure("its output cannot be read"))?;
            let (line, rest) = first_line(stdout).await;
            let Some(line) = line else {
                return Err(waiting.ended("before it said where it listens").await);
            };
            tokio::spawn(drain(rest));
            let address = Address::parse(&line)
                .map_err(|error| waiting.failure(&error.to_string()).help(NO_PLUGIN))?;
            let session = connect(&address)
                .await
                .map_err(|error| waiting.failure(&format!("it cannot be reached: {error}")))?;
            let broker = Broker::new(session);
            match broker.dial_main().await {
                Ok(main) => Ok((broker, Client::new(main))),
                Err(error) => Err(match broker.session().end_so_far() {
                    Some(ended) if ended != yamux::Ended::Closed => {
                        waiting.failure(&ended.to_string())
                    }
                    _ => waiting.ended(&format!("while it was started: {error}")).await,
                }),
            }
        };
        let (broker, client) = match tokio::time::timeout(STARTING, starting).await {
            Ok(started) => started?,
            Err(_) => {
                let seconds = STARTING.as_secs();
                let late = format!("it has not started within {seconds} seconds");
                return Err(Waiting { name: &name, words: &words, ended }.failure(&late));
            }
        };
        Ok(Process { name, client, broker, words, ended, _end: end })
    }
}

/// What to do about a program that says something else than a plugin does.
const NO_PLUGIN: &str = "a plugin prints nothing else before it; is this one a Packer plugin?";

/// Connects to where a plugin listens.
async fn connect(address: &Address) -> std::io::Result<Session> {
    Ok(match address {
        Address::Unix(path) => session(UnixStream::connect(path as &Path).await?),
        Address::Tcp(address) => session(TcpStream::connect(address).await?),
    })
}

fn session(connection: impl AsyncRead + AsyncWrite + Send + 'static) -> Session {
    Session::new(connection, yamux::Role::Client, Some(Keepalive::default()))
}

/// The group that a plugin and what it started are in. It ends with this.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // There may be nobody in it any more.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Waits for the end of a process, or ends it.
async fn supervise(
    mut child: Child,
    stop: CancellationToken,
    ended: watch::Sender<Option<Ending>>,
) {
    let leader = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let group = Group(leader);
    let ending = tokio::select! {
        status = child.wait() => status.map_or(Ending::Lost, Ending::Exited),
        () = stop.cancelled() => {
            drop(group);
            child.wait().await.map_or(Ending::Lost, Ending::Exited)
        }
    };
    // Nobody may be left who wants to know.
    let _ = ended.send(Some(ending));
}

/// What is known of a process that may be ending.
struct Waiting<'a> {
    name: &'a str,
    words: &'a LastWords,
    ended: watch::Receiver<Option<Ending>>,
}

impl Waiting<'_> {
    fn failure(&self, what: &str) -> Failure {
        Failure::new(format!("the plugin `{}` cannot be used: {what}", self.name))
    }

    /// A failure of a plugin whose connection or output ended, with how its process did.
    async fn ended(&mut self, when: &str) -> Failure {
        let ending = tokio::time::timeout(ENDING, self.ended.wait_for(Option::is_some)).await;
        let ending = ending.ok().and_then(Result::ok).and_then(|ending| *ending);
        let failure = match ending {
            Some(ending) => {
                Failure::new(format!("the plugin `{}` ended {when} ({ending})", self.name))
            }
            None => Failure::new(format!("the plugin `{}` broke off {when}", self.name)),
        };
        // A process is gone sooner than its last words are read.
        let _ = tokio::time::timeout(ENDING, self.words.all()).await;
        let failure = match self.words.reason() {
            Some(reason) => failure.caused_by(reason),
            None => failure,
        };
        failure.help("`COOPER_LOG=info` shows what it printed")
    }
}

impl Process {
    /// Whether it has not ended.
    pub(crate) fn is_there(&self) -> bool {
        self.ended.borrow().is_none() && self.broker.session().end_so_far().is_none()
    }

    /// The main channel.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The numbers of nested channels.
    pub(crate) fn broker(&self) -> Broker {
        self.broker.clone()
    }

    /// A call that came to nothing, as trouble of a run: what the plugin says itself, or that it is
    /// gone, or does not do as it should.
    pub(crate) async fn failure(&self, error: CallError) -> Failure {
        let waiting =
            || Waiting { name: &self.name, words: &self.words, ended: self.ended.clone() };
        match error {
            CallError::Refused(text) => Failure::new(text),
            CallError::Ended { method, why } => {
                // Why is only of interest where the connection did not simply end.
                let when = match self.broker.session().end_so_far() {
                    Some(yamux::Ended::Closed) | None => format!("during `{method}`"),
                    Some(ended) => format!("during `{method}`: {ended}"),
                };
                tracing::debug!("`{}`: {why}", self.name);
                waiting().ended(&when).await
            }
            error @ (CallError::Unreadable { .. } | CallError::Late { .. }) => {
                waiting().failure(&error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use cooper_build::version::Version;

    use super::*;
    use crate::plugin::Description;

    /// The time that it may take passes at once while everybody waits.
    #[tokio::test(start_paused = true)]
    async fn a_plugin_that_starts_and_says_nothing_is_left_and_killed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("packer-plugin-silent");
        std::fs::write(&path, "#!/bin/sh\nsleep 600\ntrue\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let description = serde_json::from_str::<Description>(
            r#"{"version":"1.0.0","api_version":"x5.0","provisioners":["x"]}"#,
        );
        let plugin = Plugin {
            path: path.clone(),
            name: "silent".to_owned(),
            version: Version::parse("1.0.0").unwrap(),
            digest: String::new(),
            description: description.unwrap(),
        };
        let launch = Launch {
            plugin: Arc::new(plugin),
            role: Role::Provisioner,
            component: "x".to_owned(),
            cache: Cache::nowhere(),
            run_id: "the run".into(),
            turns: Turns::default(),
        };
        let begin = tokio::time::Instant::now();
        let Err(failure) = launch.start().await else { panic!("it starts") };
        assert_eq!(begin.elapsed().as_secs(), STARTING.as_secs());
        assert_eq!(
            failure.to_string(),
            "the plugin `packer-plugin-silent` cannot be used: it has not started within 60 seconds"
        );
        while is_running(&path) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether a script is.
    fn is_running(script: &Path) -> bool {
        let script = script.display().to_string();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut commands = processes.map(|process| std::fs::read(process.path().join("cmdline")));
        commands
            .any(|words| words.is_ok_and(|words| String::from_utf8_lossy(&words).contains(&script)))
    }
}
