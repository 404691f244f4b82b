//! Running a command in a container, and ending it when nobody waits for it any more.

use std::pin::pin;
use std::time::Duration;

use bollard::models::{ExecConfig, ExecInspectResponse, IdResponse};
use bytes::{Buf, Bytes, BytesMut};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Connection;
use super::failure::{failure, refusal};
use super::request::{answer, get, post_json};
use crate::engine::{Exec, ExecOutput, Input};
use crate::error::{Error, Result};

/// The variable by which a command's processes are found when they are to be killed.
const MARK: &str = "COOPER_EXEC_ID";

/// When the engine is first asked whether a command that is still being read has ended.
const FIRST_LOOK: Duration = Duration::from_millis(150);

/// How rarely it is asked after a while.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// How long the output of a command that has ended may stay silent before it counts as read:
/// something that the command left behind holds it open.
const DRAIN_SILENCE: Duration = Duration::from_millis(250);

/// What may still be on its way when a command has ended: pipes and buffers of engine, kernel
/// and connection. What comes after so much is from something the command left behind.
const DRAIN_LIMIT: usize = 4 << 20;

/// How long processes may take to end after they were asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How long killing a command's processes is tried.
const KILL_TIMEOUT: Duration = Duration::from_secs(15);

/// The most bytes handed on at once.
const PIECE: usize = 64 << 10;

pub(super) async fn exec(
    connection: &Connection,
    container: &str,
    kills: &Kills,
    exec: Exec,
    output: &mut (dyn ExecOutput + '_),
) -> Result<i64> {
    let Exec { command, stdin, user, tty } = exec;
    let has_input = !matches!(stdin, Input::Nothing);
    kills.finished().await;
    let mark = mark();
    let config = ExecConfig {
        attach_stdin: Some(has_input),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(tty),
        cmd: Some(command),
        env: Some(vec![format!("{MARK}={mark}")]),
        user: user.clone(),
        ..ExecConfig::default()
    };
    let created = create(connection, container, &config).await;
    let created = created.map_err(|error| Error::NotBegun(Box::new(error)))?;
    let guard = KillOnDrop {
        connection: connection.clone(),
        container: container.to_owned(),
        user,
        mark: Some(mark),
        kills: kills.clone(),
    };
    let streams = attach(connection, &created, tty).await;
    let (read, mut write) = match streams {
        Ok(upgraded) => tokio::io::split(TokioIo::new(upgraded)),
        Err(error) => {
            guard.disarm();
            return Err(error);
        }
    };
    let feed = async {
        // A command need not read its input; that it does not is no error.
        let _ = match stdin {
            Input::Nothing => Ok(()),
            Input::Bytes(bytes) => write.write_all(&bytes).await,
            Input::Reader(mut reader) => tokio::io::copy(&mut reader, &mut write).await.map(drop),
        };
        if has_input {
            let _ = write.shutdown().await;
        }
        std::future::pending::<std::convert::Infallible>().await
    };
    let result = {
        let mut feed = pin!(feed);
        let follow = follow(connection, &created, Frames::new(read, tty), output);
        tokio::select! {
            result = follow => result,
            never = &mut feed => match never {},
        }
    };
    if result.is_ok() {
        guard.disarm();
    }
    result
}

/// Prepares a command; returns its id.
async fn create(connection: &Connection, container: &str, config: &ExecConfig) -> Result<String> {
    let config = serde_json::json!(config);
    let path = format!("/containers/{container}/exec");
    let created: IdResponse =
        answer(connection, post_json(connection, &path, &[], &config)?).await?;
    Ok(created.id)
}

/// Starts a command and takes over the connection, which then carries its input and output.
async fn attach(connection: &Connection, id: &str, tty: bool) -> Result<hyper::upgrade::Upgraded> {
    let body = format!("{{\"Detach\":false,\"Tty\":{tty}}}");
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/exec/{id}/start", connection.transport.url()))
        .header("content-type", "application/json")
        .header("connection", "Upgrade")
        .header("upgrade", "tcp")
        .body(bollard::body_full(body.into()))
        .map_err(|error| failure(error.into()))?;
    let response = connection.transport.send(request).await.map_err(failure)?;
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refusal(Some(status.as_u16()), "the connection cannot be taken over"));
    }
    hyper::upgrade::on(response).await.map_err(|error| failure(error.into()))
}

/// Hands on a command's output until the command has ended; returns its exit code.
///
/// The output ends when the last process that has it open ends, which may be one that the
/// command left behind. So the engine is asked too.
async fn follow(
    connection: &Connection,
    id: &str,
    mut frames: Frames<impl AsyncRead + Unpin>,
    output: &mut (dyn ExecOutput + '_),
) -> Result<i64> {
    let mut interval = FIRST_LOOK;
    let mut next_look = Instant::now() + interval;
    loop {
        let piece = tokio::select! {
            biased;
            () = tokio::time::sleep_until(next_look) => None,
            piece = frames.next() => Some(piece),
        };
        match piece {
            Some(Ok(Some(piece))) => piece.hand_on(output).await,
            Some(Ok(None)) => return exit_code(connection, id).await,
            Some(Err(error)) => return Err(broken(connection, &error)),
            None => {
                if let Some(code) = ended(connection, id).await? {
                    drain(&mut frames, output).await;
                    return Ok(code);
                }
                interval = (interval * 3 / 2).min(LAST_LOOK);
                next_look = Instant::now() + interval;
            }
        }
    }
}

fn broken(connection: &Connection, error: &std::io::Error) -> Error {
    Error::Unreachable {
        address: connection.transport.address().to_owned(),
        reason: format!("the connection broke while a command ran: {error}"),
    }
}

/// Hands on what a command that has ended wrote, and not what others still write.
async fn drain(frames: &mut Frames<impl AsyncRead + Unpin>, output: &mut (dyn ExecOutput + '_)) {
    let mut taken = 0;
    while taken < DRAIN_LIMIT {
        match timeout(DRAIN_SILENCE, frames.next()).await {
            Ok(Ok(Some(piece))) => {
                taken += piece.bytes.len();
                piece.hand_on(output).await;
            }
            // Its end, a broken connection, or silence: the command has ended all the same.
            Ok(Ok(None) | Err(_)) | Err(_) => return,
        }
    }
}

/// The exit code of a command whose output has ended: the command may run on without.
async fn exit_code(connection: &Connection, id: &str) -> Result<i64> {
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(code) = ended(connection, id).await? {
            return Ok(code);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// The exit code of a command that has ended.
async fn ended(connection: &Connection, id: &str) -> Result<Option<i64>> {
    let request = get(connection, &format!("/exec/{id}/json"), &[])?;
    let found: ExecInspectResponse = answer(connection, request).await?;
    Ok(found.exit_code.filter(|_| found.running != Some(true)))
}

/// A piece of a command's output.
struct Piece {
    is_error: bool,
    bytes: Bytes,
}

impl Piece {
    async fn hand_on(self, output: &mut (dyn ExecOutput + '_)) {
        if self.is_error {
            output.stderr(self.bytes).await;
        } else {
            output.stdout(self.bytes).await;
        }
    }
}

/// The output of a command as it comes over the connection: raw from a terminal, else in frames
/// of eight bytes that tell stream and length, and the bytes.
struct Frames<R> {
    read: R,
    pending: BytesMut,
    state: State,
}

enum State {
    Raw,
    /// So many bytes of a frame are to come; none between frames.
    Framed {
        is_error: bool,
        left: usize,
    },
}

impl<R: AsyncRead + Unpin> Frames<R> {
    fn new(read: R, raw: bool) -> Self {
        Self {
            read,
            pending: BytesMut::new(),
            state: if raw { State::Raw } else { State::Framed { is_error: false, left: 0 } },
        }
    }

    /// The next piece; nothing at the end. Nothing is lost when the future is dropped.
    async fn next(&mut self) -> std::io::Result<Option<Piece>> {
        loop {
            if let Some(piece) = self.decode()? {
                return Ok(Some(piece));
            }
            self.pending.reserve(PIECE);
            let mut limited = (&mut self.read).take(PIECE as u64);
            if limited.read_buf(&mut self.pending).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn decode(&mut self) -> std::io::Result<Option<Piece>> {
        match &mut self.state {
            State::Raw => Ok((!self.pending.is_empty())
                .then(|| Piece { is_error: false, bytes: self.pending.split().freeze() })),
            State::Framed { is_error, left } => {
                while *left == 0 {
                    if self.pending.len() < 8 {
                        return Ok(None);
                    }
                    *is_error = match self.pending[0] {
                        0 | 1 => false,
                        2 => true,
                        other => {
                            return Err(std::io::Error::other(format!(
                                "the engine sent a stream of the unknown kind {other}"
                            )));
                        }
                    };
                    self.pending.advance(4);
                    *left = self.pending.get_u32() as usize;
                }
                if self.pending.is_empty() {
                    return Ok(None);
                }
                let bytes = self.pending.split_to((*left).min(self.pending.len())).freeze();
                *left -= bytes.len();
                Ok(Some(Piece { is_error: *is_error, bytes }))
            }
        }
    }
}

/// The killing of commands in one container that is still going on.
#[derive(Clone, Default)]
pub(super) struct Kills(watch::Sender<usize>);

impl Kills {
    /// Waits until what was to be killed is gone, so that nothing of it meets the next command.
    async fn finished(&self) {
        let mut count = self.0.subscribe();
        // The sender is here, so waiting cannot fail.
        let _ = count.wait_for(|count| *count == 0).await;
    }
}

/// Kills a command and what it started when dropped.
struct KillOnDrop {
    connection: Connection,
    container: String,
    user: Option<String>,
    /// What its processes are marked with; nothing when there is nothing to kill.
    mark: Option<String>,
    kills: Kills,
}

impl KillOnDrop {
    fn disarm(mut self) {
        self.mark = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let Some(mark) = self.mark.take() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let connection = self.connection.clone();
        let container = std::mem::take(&mut self.container);
        let user = self.user.take();
        let kills = self.kills.clone();
        kills.0.send_modify(|count| *count += 1);
        runtime.spawn(async move {
            let killed =
                timeout(KILL_TIMEOUT, kill(&connection, &container, user.as_deref(), &mark)).await;
            kills.0.send_modify(|count| *count -= 1);
            let reason = match killed {
                Ok(Ok(())) => return,
                // With the container its processes are gone.
                Ok(Err(Error::NotFound(_))) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("it took more than {} seconds", KILL_TIMEOUT.as_secs()),
            };
            tracing::warn!("a command in the container may still run: {reason}");
        });
    }
}

/// Finds the processes of a command and sends them a signal; prints the sessions they are in.
///
/// They are those that carry the mark in their environment, and those of a session that one of
/// these was in: every command gets a session of its own. Only a shell is needed, none of the
/// programs an image may lack. Arguments: the mark, the signal, the sessions known so far.
/// The first process and our own are never hit.
const KILL_SCRIPT: &str = r#"
mark=$1; signal=$2; sessions=" $3 "; found=
IFS=
for pass in 1 2; do
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    [ "$pid" = 1 ] || [ "$pid" = "$$" ] && continue
    { read -r stat < "$folder/stat"; } 2>/dev/null || continue
    stat=${stat##*) }
    IFS=' '; set -f; set -- $stat; IFS=; set +f
    [ "$1" = Z ] || [ "$1" = X ] && continue
    session=$4
    if [ "$pass" = 1 ]; then
      { while read -r line || [ -n "$line" ]; do
          case $line in *"$mark"*) found="$found $pid"; case $sessions in *" $session "*) ;; *) [ "$session" -gt 1 ] && sessions="$sessions$session ";; esac; break;; esac
        done < "$folder/environ"; } 2>/dev/null
    else
      case $sessions in *" $session "*) case "$found " in *" $pid "*) ;; *) found="$found $pid";; esac;; esac
    fi
  done
done
IFS=' '
for pid in $found; do kill -"$signal" "$pid" 2>/dev/null; done
echo $sessions
[ -z "$found" ]
"#;

/// Asks a command's processes to end, and ends those that do not within the grace.
async fn kill(
    connection: &Connection,
    container: &str,
    user: Option<&str>,
    mark: &str,
) -> Result<()> {
    let mut sessions = String::new();
    let begun = Instant::now();
    let mut signal = "TERM";
    let mut pause = Duration::from_millis(20);
    loop {
        // The command's own user sees what its processes carry, which root without all its
        // powers does not; root reaches all processes of the sessions that are found so.
        let mut nobody = true;
        for user in [user, Some("0")] {
            nobody &= signal_all(connection, container, user, mark, signal, &mut sessions).await?;
        }
        if nobody {
            return Ok(());
        }
        // Signal 0 only looks whether somebody is left.
        signal = if begun.elapsed() < GRACE { "0" } else { "KILL" };
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(300));
    }
}

/// Sends a signal to a command's processes; returns whether there were none.
async fn signal_all(
    connection: &Connection,
    container: &str,
    user: Option<&str>,
    mark: &str,
    signal: &str,
    sessions: &mut String,
) -> Result<bool> {
    let marked = format!("{MARK}={mark}");
    let command = ["/bin/sh", "-c", KILL_SCRIPT, "sh", &marked, signal, sessions];
    let config = ExecConfig {
        attach_stdout: Some(true),
        cmd: Some(command.map(str::to_owned).to_vec()),
        user: user.map(str::to_owned),
        ..ExecConfig::default()
    };
    let created = create(connection, container, &config).await?;
    let upgraded = attach(connection, &created, false).await?;
    let mut frames = Frames::new(TokioIo::new(upgraded), false);
    let mut text = Vec::new();
    while let Ok(Some(piece)) = frames.next().await {
        if text.len() < PIECE {
            text.extend_from_slice(&piece.bytes);
        }
    }
    match exit_code(connection, &created).await? {
        code @ (0 | 1) => {
            let text = String::from_utf8_lossy(&text);
            *sessions = text.trim().to_owned();
            Ok(code == 0)
        }
        code => Err(Error::Engine(format!("`/bin/sh` ended with {code}"))),
    }
}

/// A word that nobody else has.
fn mark() -> String {
    use std::hash::{BuildHasher, Hasher};
    let random = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
