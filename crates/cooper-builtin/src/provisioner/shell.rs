//! `shell`: runs scripts in the machine.
//!
//! A script costs one remote command: the command's line writes its own standard input to the
//! remote path, runs `execute_command`, and removes the file. Where the machine cannot do that
//! (no `cat`, a folder that its user may not write to) the script is uploaded instead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use cooper_build::communicator::{
    Command, Communicator, Content, DISCONNECTED, ExitStatus, Input, Output, Upload,
};
use cooper_build::component::{Config, Provisioner, ProvisionerKind, StepCx};
use cooper_build::failure::FailureKind;
use cooper_build::{Failure, Stream, component_config};
use cooper_hcl::{Reported, plainly};
use futures::future::BoxFuture;
use tokio::time::Instant;
use uuid::Uuid;

use crate::arguments::{GoDuration, given, shown};
use crate::kind::Kind;
use crate::lines::Lines;
use crate::render::Renderer;
use crate::script::{
    Scripts, VARIABLES, exit_message, quoted, quoted_if_needed, split_variables, variables,
};

/// What to do about a script that failed.
const LOOK_INTO_IT: &str =
    "what it printed is above; with `-on-error=abort` the machine stays, to look into it";

component_config! {
    /// Runs scripts in the machine: lines in the template or local files.
    struct Arguments {
        /// Commands, run as one script. Exactly one of `inline`, `script` and `scripts` is given.
        inline: Vec<String>,
        /// A script on this machine.
        script: Option<String>,
        /// Scripts on this machine, run in order.
        scripts: Vec<String>,
        /// Variables for the scripts: `["NAME=value"]`.
        environment_vars: Vec<String>,
        /// Variables for the scripts. Wins over `environment_vars`.
        env: BTreeMap<String, String>,
        /// How each variable is written, as for `printf`: `%s='%s' `, or `export %s='%s'\n` with
        /// `use_env_var_file`.
        env_var_format: Option<String>,
        /// Whether variables go into a file that the script's shell reads.
        use_env_var_file: bool,
        /// The command that runs a script. `{{.Path}}` is where it is, `{{.Vars}}` are the
        /// variables, `{{.EnvVarFile}}` is the file with them.
        execute_command: Option<String>,
        /// What runs `inline` commands; `/bin/sh -e` when absent.
        inline_shebang: Option<String>,
        /// Whether scripts are sent as they are. Otherwise line ends become those of Unix.
        binary: bool,
        /// The folder for scripts in the machine; `/tmp` when absent.
        remote_folder: Option<String>,
        /// The script's name in that folder; a random one when absent.
        remote_file: Option<String>,
        /// The script's whole path in the machine.
        remote_path: Option<String>,
        /// How long to try again while the machine cannot be reached: `5m` when absent. Nothing of the
        /// script has run then. A container that is paused or being restarted may come back, too, and so
        /// may its engine; one that is gone fails at once.
        start_retry_timeout: Option<GoDuration>,
        /// Whether scripts stay in the machine.
        skip_clean: bool,
        /// Whether the machine may go away while a script runs.
        expect_disconnect: bool,
        /// The exit codes that count as success; `[0]` when absent. `2300218` says the same as
        /// `expect_disconnect`.
        valid_exit_codes: Vec<i64>,
        /// How long to wait after the last script: `10s`.
        pause_after: Option<GoDuration>,
    }
}

const COMMAND: &str = "chmod +x {{.Path}}; {{.Vars}} {{.Path}}";
const COMMAND_WITH_FILE: &str = "chmod +x {{.Path}}; . {{.EnvVarFile}} && {{.Path}}";

/// How long a machine that cannot be reached is tried again.
const RETRYING: Duration = Duration::from_secs(300);

/// How long to wait before it is.
const PAUSE: Duration = Duration::from_secs(2);

/// Scripts up to this size travel with their command; larger ones are uploaded first.
const CARRIED: u64 = 1024 * 1024;

/// The kind of provisioner called `shell`.
pub(crate) fn kind() -> impl ProvisionerKind {
    Kind::new(prepare).rendered_later(&[("execute_command", &["Path", "Vars", "EnvVarFile"])])
}

/// A `shell` step, ready to run.
struct Shell {
    scripts: Scripts,
    variables: Vec<(String, String)>,
    format: String,
    env_file: bool,
    /// `None` is Packer's default, in which paths are quoted where they need it.
    execute_command: Option<String>,
    shebang: Option<String>,
    binary: bool,
    remote_folder: String,
    remote_path: RemotePath,
    skip_clean: bool,
    start_retry_timeout: Duration,
    expect_disconnect: bool,
    valid_exit_codes: Vec<i64>,
    pause_after: Option<GoDuration>,
    renderer: Renderer,
}

/// Where the script goes.
enum RemotePath {
    Fixed(String),
    RandomIn(String),
}

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Shell, Reported> {
    let scripts =
        Scripts::choose(config, &arguments.inline, arguments.script.as_ref(), &arguments.scripts);
    let variables =
        split_variables(config, "environment_vars", &arguments.environment_vars, VARIABLES);
    let (scripts, mut variables) = (scripts?, variables?);
    variables.extend(arguments.env);

    let default_format = if arguments.use_env_var_file { "export %s='%s'\n" } else { "%s='%s' " };
    let remote_folder = given(arguments.remote_folder).unwrap_or_else(|| "/tmp".to_owned());
    let remote_path = match (given(arguments.remote_path), given(arguments.remote_file)) {
        (Some(path), _) => RemotePath::Fixed(absolute(&path)),
        (None, Some(file)) => RemotePath::Fixed(absolute(&format!("{remote_folder}/{file}"))),
        (None, None) => RemotePath::RandomIn(absolute(&remote_folder)),
    };
    let valid_exit_codes = match arguments.valid_exit_codes {
        codes if codes.is_empty() => vec![0],
        codes => codes,
    };
    Ok(Shell {
        scripts,
        variables,
        format: given(arguments.env_var_format).unwrap_or_else(|| default_format.to_owned()),
        env_file: arguments.use_env_var_file,
        execute_command: given(arguments.execute_command),
        shebang: given(arguments.inline_shebang),
        binary: arguments.binary,
        remote_folder: absolute(&remote_folder),
        remote_path,
        skip_clean: arguments.skip_clean,
        start_retry_timeout: match arguments.start_retry_timeout {
            Some(GoDuration(timeout)) if !timeout.is_zero() => timeout,
            _ => RETRYING,
        },
        expect_disconnect: arguments.expect_disconnect || valid_exit_codes.contains(&DISCONNECTED),
        valid_exit_codes,
        pause_after: arguments.pause_after,
        renderer: Renderer::new(config),
    })
}

/// A relative path counts from the root, as it does for uploads.
fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

impl Provisioner for Shell {
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            match &self.scripts {
                Scripts::Inline(lines) => {
                    cx.say("Provisioning with shell script: inline").await;
                    let script = Bytes::from(self.inline(cx, lines)?);
                    self.run(cx, machine, Content::Bytes(script)).await?;
                }
                Scripts::Files(files) => {
                    for file in files {
                        cx.say(format!("Provisioning with shell script: {file}")).await;
                        let script = load(Path::new(file), self.binary).await?;
                        self.run(cx, machine, script).await?;
                    }
                }
            }
            if let Some(GoDuration(pause)) = self.pause_after
                && !pause.is_zero()
            {
                let pause_shown = shown(pause);
                cx.say(format!("Pausing {pause_shown} after this provisioner...")).await;
                cx.sleep(pause).await?;
            }
            Ok(())
        })
    }
}

/// What a remote line needs to know.
struct Remote<'a> {
    /// Where the script is written.
    path: &'a str,
    /// Where the variables are written, and their lines.
    env_file: Option<(&'a str, &'a str)>,
    /// Whether both are removed afterwards.
    clean: bool,
    /// A text that no script prints by chance.
    nonce: &'a str,
}

impl Shell {
    /// The script that `inline` lines make.
    fn inline(&self, cx: &StepCx, lines: &[String]) -> Result<String, Failure> {
        let mut body = String::new();
        for line in lines {
            let line = self
                .renderer
                .until_stable(line, cx.facts(), &[])
                .map_err(|failure| failure.while_doing("Error processing command"))?;
            body.push_str(&line);
            body.push('\n');
        }
        Ok(match &self.shebang {
            Some(shebang) => format!("#!{shebang}\n{body}"),
            None if body.starts_with("#!") => body,
            None => format!("#!/bin/sh -e\n{body}"),
        })
    }

    /// Runs one script.
    async fn run(
        &self,
        cx: &StepCx,
        machine: &dyn Communicator,
        script: Content,
    ) -> Result<(), Failure> {
        let nonce = Uuid::new_v4().simple().to_string();
        let path = match &self.remote_path {
            RemotePath::Fixed(path) => path.clone(),
            RemotePath::RandomIn(folder) => {
                format!("{}/script_{}.sh", folder.trim_end_matches('/'), &nonce[..12])
            }
        };
        let env_path =
            format!("{}/varfile_{}.sh", self.remote_folder.trim_end_matches('/'), &nonce[..12]);
        let variables = variables(cx, &self.variables, &self.format);
        let command = self.command(cx, &path, &variables, self.env_file.then_some(&*env_path))?;
        let remote = Remote {
            path: &path,
            env_file: self.env_file.then_some((&*env_path, &*variables)),
            clean: !self.skip_clean,
            nonce: &nonce,
        };

        let temporary = |note: fn(&dyn Communicator, &str)| {
            if remote.clean {
                note(machine, remote.path);
                if let Some((path, _)) = remote.env_file {
                    note(machine, path);
                }
            }
        };
        // Noted before anything is written: the step can be dropped at every await below.
        temporary(|machine, path| machine.note_temporary(path));
        let (ended, removed) = self.persist(cx, machine, script, &command, &remote).await?;
        if removed {
            temporary(|machine, path| machine.forget_temporary(path));
        }

        if self.valid_exit_codes.contains(&ended.0) {
            Ok(())
        } else {
            let failure = Failure::new(exit_message(ended.0, &self.valid_exit_codes));
            Err(failure.help(LOOK_INTO_IT))
        }
    }

    /// The line that `execute_command` makes.
    fn command(
        &self,
        cx: &StepCx,
        path: &str,
        variables: &str,
        env_file: Option<&str>,
    ) -> Result<String, Failure> {
        // Who writes an own command quotes what needs it, as with Packer.
        let (template, path, env_file) = match (&self.execute_command, env_file) {
            (Some(own), env_file) => {
                (own.as_str(), path.to_owned(), env_file.unwrap_or_default().to_owned())
            }
            (None, Some(file)) => {
                (COMMAND_WITH_FILE, quoted_if_needed(path), quoted_if_needed(file))
            }
            (None, None) => (COMMAND, quoted_if_needed(path), String::new()),
        };
        let data = [("Path", &*path), ("Vars", variables), ("EnvVarFile", &*env_file)];
        self.renderer
            .until_stable(template, cx.facts(), &data)
            .map_err(|failure| failure.while_doing("Error processing command"))
    }

    /// Brings the script into the machine and runs it, as soon as the machine can be reached. Says
    /// what [`Shell::deliver_and_run`] says.
    async fn persist(
        &self,
        cx: &StepCx,
        machine: &dyn Communicator,
        script: Content,
        command: &str,
        remote: &Remote<'_>,
    ) -> Result<(ExitStatus, bool), Failure> {
        let limit = self.start_retry_timeout;
        let end = Instant::now() + limit;
        let mut told = false;
        loop {
            let patient = machine.patient(end.saturating_duration_since(Instant::now()));
            let machine = patient.as_deref().unwrap_or(machine);
            let ended = self.deliver_and_run(cx, machine, script.clone(), command, remote).await;
            let failure = match ended {
                Err(failure) if failure.kind() == FailureKind::Away => failure,
                ended => return ended,
            };
            let limit_shown = shown(limit);
            if Instant::now() + PAUSE > end {
                return Err(failure.while_doing(format!(
                    "the machine could not be reached within `start_retry_timeout`, {limit_shown}"
                )));
            }
            if !std::mem::replace(&mut told, true) {
                cx.say(format!(
                    "The machine cannot be reached, and is tried again for {limit_shown}: {failure}"
                ))
                .await;
            }
            cx.sleep(PAUSE).await?;
        }
    }

    /// Brings the script into the machine and runs it. Says how it ended, and whether it is
    /// certain that its files are gone.
    async fn deliver_and_run(
        &self,
        cx: &StepCx,
        machine: &dyn Communicator,
        script: Content,
        command: &str,
        remote: &Remote<'_>,
    ) -> Result<(ExitStatus, bool), Failure> {
        if let Content::Bytes(bytes) = &script
            && bytes.len() as u64 <= CARRIED
            && !machine.has_terminal()
        {
            let line = writing_line(command, remote, bytes.len());
            let stdin = match remote.env_file {
                Some((_, variables)) => [env_lines(variables).as_bytes(), bytes].concat().into(),
                None => bytes.clone(),
            };
            let ended = self
                .run_line(cx, machine, Command { line, stdin: stdin.into() }, remote.nonce)
                .await?;
            if !ended.not_written {
                return Ok((ended.status, ended.removed));
            }
        }

        let upload = |destination: &str, content: Content, mode: u32| Upload {
            destination: destination.to_owned(),
            content,
            mode,
            modified: None,
        };
        let doing = |failure: Failure| failure.while_doing("Error uploading script");
        if let Some((path, variables)) = remote.env_file {
            // The user who reads it is not known here; it is gone when the script ends.
            let content = Content::Bytes(variables.to_owned().into());
            machine.upload(upload(path, content, 0o644)).await.map_err(doing)?;
        }
        machine.upload(upload(remote.path, script, 0o755)).await.map_err(doing)?;
        let command = Command { line: running_line(command, remote), stdin: Input::Nothing };
        let ended = self.run_line(cx, machine, command, remote.nonce).await?;
        Ok((ended.status, ended.removed))
    }

    /// Runs a line that says by the nonce what became of its files.
    async fn run_line(
        &self,
        cx: &StepCx,
        machine: &dyn Communicator,
        command: Command,
        nonce: &str,
    ) -> Result<Ended, Failure> {
        let mut output = Listening::new(Lines::new(cx), nonce, machine.has_terminal());
        let status = match machine.run(command, &mut output).await {
            Err(failure) if self.expect_disconnect && failure.kind() == FailureKind::Cut => {
                cx.say(format!("The machine went away, as it may: {failure}")).await;
                output.unfinished = true;
                ExitStatus(self.valid_exit_codes.first().copied().unwrap_or(0))
            }
            status => status?,
        };
        let unfinished = output.unfinished;
        let (not_written, not_removed) = output.finish().await;
        // What a signal ended may not have come to the removal.
        let removed = !not_removed && !unfinished && status.0 < 128;
        Ok(Ended { status, not_written, removed })
    }
}

/// How a remote line ended.
struct Ended {
    status: ExitStatus,
    /// The script could not be written, and nothing was run.
    not_written: bool,
    /// It is certain that the line removed its files.
    removed: bool,
}

/// The variables, each line complete: the remote line counts lines.
fn env_lines(variables: &str) -> String {
    let mut lines = variables.to_owned();
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}

/// A line that writes its input to the files, then runs the command and removes them. A script that
/// did not arrive with all its bytes, because the connection broke, is not run.
fn writing_line(command: &str, remote: &Remote<'_>, size: usize) -> String {
    let Remote { path, env_file, clean: _, nonce } = *remote;
    let path = quoted(path);
    // `read` takes no more than its line, so that the rest is left for `cat`.
    let env_file = env_file.map_or_else(String::new, |(file, variables)| {
        let count = env_lines(variables).matches('\n').count();
        let file = quoted(file);
        format!(
            "i=0; while [ $i -lt {count} ] && IFS= read -r line; do \
             printf '%s\\n' \"$line\"; i=$((i+1)); done > {file} && "
        )
    });
    format!(
        "(umask 077; {env_file}cat > {path} && [ $(wc -c < {path}) -eq {size} ] && \
         chmod 0755 {path}) 2>/dev/null || {{ printf %s {nonce}w >&2; exit 1; }}\n{}",
        running_line(command, remote)
    )
}

/// A line that runs the command and removes the files.
fn running_line(command: &str, remote: &Remote<'_>) -> String {
    let Remote { path, env_file, clean, nonce } = *remote;
    if !clean {
        return format!("(\n{command}\n)");
    }
    let mut files = quoted(path);
    if let Some((file, _)) = env_file {
        files.push(' ');
        files.push_str(&quoted(file));
    }
    format!(
        "(\n{command}\n)\ncode=$?\nrm -f {files} 2>/dev/null || printf %s {nonce}r >&2\nexit $code"
    )
}

/// Passes output on, except what a remote line says by its nonce.
struct Listening<'a> {
    lines: Lines<'a>,
    /// Where the nonce is looked for.
    heard: Stream,
    nonce: Vec<u8>,
    /// Output that may be the beginning of the nonce.
    held: Vec<u8>,
    not_written: bool,
    not_removed: bool,
    unfinished: bool,
}

impl<'a> Listening<'a> {
    fn new(lines: Lines<'a>, nonce: &str, terminal: bool) -> Self {
        Self {
            lines,
            heard: if terminal { Stream::Stdout } else { Stream::Stderr },
            nonce: nonce.as_bytes().to_vec(),
            held: Vec::new(),
            not_written: false,
            not_removed: false,
            unfinished: false,
        }
    }

    async fn finish(mut self) -> (bool, bool) {
        let held = std::mem::take(&mut self.held);
        self.lines.write(self.heard, &held).await;
        self.lines.finish().await;
        (self.not_written, self.not_removed)
    }

    /// Takes output; returns what can be passed on.
    fn listen(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut passed = Vec::new();
        let said = self.nonce.len() + 1;
        while let Some(at) =
            self.held.windows(said).position(|window| window.starts_with(&self.nonce))
        {
            match self.held[at + said - 1] {
                b'w' => self.not_written = true,
                _ => self.not_removed = true,
            }
            passed.extend(self.held.drain(..at + said).take(at));
        }
        let may_be_nonce = (1..=self.nonce.len().min(self.held.len()))
            .rev()
            .find(|&length| self.nonce.starts_with(&self.held[self.held.len() - length..]))
            .unwrap_or(0);
        passed.extend(self.held.drain(..self.held.len() - may_be_nonce));
        passed
    }
}

impl Output for Listening<'_> {
    fn write<'a>(&'a mut self, stream: Stream, bytes: &'a [u8]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if stream == self.heard {
                let passed = self.listen(bytes);
                self.lines.write(stream, &passed).await;
            } else {
                self.lines.write(stream, bytes).await;
            }
        })
    }
}

/// A local script as it is sent. What is binary and large is read while it is sent.
async fn load(path: &Path, binary: bool) -> Result<Content, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("Error opening shell script: {}: {}", path.display(), plainly(&error)))
    };
    let size = tokio::fs::metadata(path).await.map_err(failed)?.len();
    if binary && size > CARRIED {
        return Ok(Content::File(PathBuf::from(path)));
    }
    let bytes = tokio::fs::read(path).await.map_err(failed)?;
    Ok(Content::Bytes(if binary { bytes.into() } else { unix_lines(bytes).into() }))
}

/// The text with `\r\n` as `\n`.
fn unix_lines(mut text: Vec<u8>) -> Vec<u8> {
    if text.contains(&b'\r') {
        let mut previous = 0;
        let mut end = 0;
        for index in 0..text.len() {
            let byte = text[index];
            if byte == b'\n' && previous == b'\r' {
                end -= 1;
            }
            text[end] = byte;
            end += 1;
            previous = byte;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    /// Runs a line as a machine would: in parentheses, with input that ends.
    fn run(line: &str, stdin: &str) -> (i32, String, String) {
        let mut child = Command::new("/bin/sh")
            .args(["-c", &format!("(\n{line}\n)")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A line that ends without reading its input closes it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    #[test]
    fn a_line_writes_its_input_runs_it_and_removes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's a script.sh").display().to_string();
        let file = folder.path().join("vars").display().to_string();
        let remote = |clean| Remote {
            path: &path,
            env_file: Some((&file, "export A='1\n2\\n'\nexport B=' x'")),
            clean,
            nonce: "nonce",
        };
        let command = format!(". {}; {}", quoted(&file), quoted(&path));
        let stdin =
            "export A='1\n2\\n'\nexport B=' x'\n#!/bin/sh\nprintf '%s' \"$A$B\"; cat; exit 3";
        let size = stdin.len() - "export A='1\n2\\n'\nexport B=' x'\n".len();
        let (code, out, err) = run(&writing_line(&command, &remote(true), size), stdin);
        assert_eq!((code, out.as_str(), err.as_str()), (3, "1\n2\\n x", ""));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let (code, ..) = run(&writing_line(&command, &remote(false), size), stdin);
        assert_eq!(code, 3);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        let mode = |path: &str| permissions(&std::fs::metadata(path).unwrap());
        assert_eq!((mode(&path), mode(&file)), (0o755, 0o600));

        let (code, out, err) = run(&writing_line(&command, &remote(true), size + 1), stdin);
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", "noncew"), "a part is not run");
    }

    #[test]
    fn a_line_says_when_it_cannot_write() {
        let remote = Remote { path: "/no/such/x", env_file: None, clean: true, nonce: "nonce" };
        let (code, out, err) = run(&writing_line("echo ran", &remote, 4), "true");
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", "noncew"));
    }

    fn permissions(metadata: &std::fs::Metadata) -> u32 {
        crate::files::permissions(metadata)
    }

    #[test]
    fn line_ends_become_those_of_unix() {
        for (text, expected) in
            [("a\r\nb\r\n", "a\nb\n"), ("a\rb", "a\rb"), ("", ""), ("\r\n", "\n"), ("a\n", "a\n")]
        {
            assert_eq!(unix_lines(text.into()), expected.as_bytes());
        }
    }
}
