//! Child processes that cannot outstay their welcome.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
pub use rustix::process::Signal;
use rustix::process::{Pid, PidfdFlags, kill_process, kill_process_group, pidfd_open};

use crate::error::{Context, Error, Result};

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Waits for a child; kills its whole process group once `limit` has passed.
///
/// The child should lead a group of its own.
pub fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let ended = child.try_wait().context("wait for a process")?;
    if ended.is_some() || ends_within(child, limit).context("wait for a process")? {
        return child.wait().context("wait for a process");
    }
    kill_group(child.id());
    // Reaped here, so that nothing of it stays.
    child.wait().context("wait for a killed process")?;
    Err(Error::new(format!("no end after {} seconds; killed", limit.as_secs())))
}

/// Whether a child ends before so much time has passed. It is told at once: times are taken of it.
fn ends_within(child: &Child, limit: Duration) -> std::io::Result<bool> {
    let handle = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let end = Instant::now() + limit;
    loop {
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now()));
        let left = left.map_err(std::io::Error::other)?;
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left)) {
            Err(Errno::INTR) => {}
            result => return Ok(result? > 0),
        }
    }
}

/// Runs a command to its end and returns what it printed, whether it succeeded or not.
pub fn capture(command: &mut Command, limit: Duration) -> Result<Output> {
    capture_with_input(command, &[], limit)
}

/// Like [`capture`], with something to read on standard input.
pub fn capture_with_input(command: &mut Command, input: &[u8], limit: Duration) -> Result<Output> {
    let name = name(command);
    // Files and not pipes: a process left behind that holds them cannot keep us waiting.
    let mut stdin = tempfile::tempfile().context("make a temporary file")?;
    stdin.write_all(input).and_then(|()| stdin.rewind()).context("write a temporary file")?;
    let mut stdout = tempfile::tempfile().context("make a temporary file")?;
    let mut stderr = tempfile::tempfile().context("make a temporary file")?;
    let mut child = command
        .stdin(stdin)
        .stdout(stdout.try_clone().context("share a temporary file")?)
        .stderr(stderr.try_clone().context("share a temporary file")?)
        .process_group(0)
        .spawn()
        .context(format!("start `{name}`"))?;
    let status = wait(&mut child, limit).context(format!("`{name}`"))?;
    Ok(Output { status, stdout: read_back(&mut stdout)?, stderr: read_back(&mut stderr)? })
}

/// Runs a command that has to succeed and returns its standard output without the final line
/// break; its standard error is in the failure.
pub fn run(command: &mut Command, limit: Duration) -> Result<String> {
    run_with_input(command, &[], limit)
}

/// Like [`run`], with something to read on standard input.
pub fn run_with_input(command: &mut Command, input: &[u8], limit: Duration) -> Result<String> {
    let output = capture_with_input(command, input, limit)?;
    if output.status.success() {
        return Ok(output.stdout.trim_end_matches('\n').to_owned());
    }
    let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
    Err(Error::new(format!(
        "`{} {}` failed ({}):\n{}{}",
        name(command),
        arguments.join(" "),
        output.status,
        output.stdout,
        output.stderr
    )))
}

/// Starts a process that goes on when we end, its output appended to `log`; returns its id.
pub(crate) fn launch(command: &mut Command, log: &Path) -> Result<u32> {
    let open = || File::options().create(true).append(true).open(log);
    let place = || format!("open log {}", log.display());
    let child = command
        .stdin(Stdio::null())
        .stdout(open().context(place())?)
        .stderr(open().context(place())?)
        .process_group(0)
        .spawn()
        .context(format!("start `{}`", name(command)))?;
    Ok(child.id())
}

/// Asks a process to end, makes it end after `grace`, and returns when it is gone.
pub(crate) fn stop(pid: u32, grace: Duration) {
    signal(pid, Signal::TERM);
    if !wait_until(grace, || !is_alive(pid)) {
        signal(pid, Signal::KILL);
        wait_until(Duration::from_secs(5), || !is_alive(pid));
    }
}

/// Sends SIGKILL to a process and to nothing else.
pub fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

/// Sends a signal to a process that may be gone already.
pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // An error means that it is gone.
        let _ = kill_process(pid, signal);
    }
}

fn kill_group(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// Whether a process exists and is no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit(')').next().map(|rest| !rest.trim_start().starts_with('Z')))
        .unwrap_or(false)
}

/// The processes that a process has started and that are still its own.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in parentheses, may hold anything; state and parent follow it.
        let rest = stat.rsplit(')').next().unwrap_or_default();
        rest.split_whitespace().nth(1).and_then(|ppid| ppid.parse().ok()) == Some(parent)
    };
    all().filter(is_child).collect()
}

/// The processes whose command line contains `text`, except ourselves.
pub(crate) fn mentioning(text: &str) -> Vec<u32> {
    let mentions = |pid: &u32| {
        let mut line = Vec::new();
        File::open(format!("/proc/{pid}/cmdline"))
            .and_then(|file| file.take(1 << 16).read_to_end(&mut line))
            .is_ok_and(|_| String::from_utf8_lossy(&line).contains(text))
    };
    all().filter(|pid| *pid != std::process::id()).filter(mentions).collect()
}

fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Asks again and again until the answer is yes or `limit` has passed; returns the last answer.
pub fn wait_until(limit: Duration, mut answer: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if answer() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The last lines of a log, for a failure's message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn read_back(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).context("read a temporary file")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
