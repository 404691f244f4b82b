//! Scripts on this machine: what `shell-local` does as a provisioner and as a post-processor.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cooper_build::communicator::Output;
use cooper_build::component::{Choice, Config, StepCx};
use cooper_build::{Facts, Failure, Stream, choices, component_config};
use cooper_hcl::{Code, Diagnostic, Reported, plainly};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempPath;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::arguments::{given, no_effect, refuse};
use crate::lines::Lines;
use crate::render::Renderer;
use crate::script::{
    self, Scripts, VARIABLES, exit_message, quoted_if_needed, split_variables, variables,
};

component_config! {
    /// Runs scripts on the machine that Cooper runs on.
    pub(crate) struct Arguments {
        /// One command. Exactly one of `command`, `inline`, `script` and `scripts` is given.
        command: Option<String>,
        /// Commands, run as one script.
        inline: Vec<String>,
        /// A script on this machine.
        script: Option<String>,
        /// Scripts on this machine, run in order.
        scripts: Vec<String>,
        /// Variables for the scripts: `["NAME=value"]`.
        environment_vars: Vec<String>,
        /// Variables for the scripts. Wins over `environment_vars`.
        env: BTreeMap<String, String>,
        /// How each variable is written, as for `printf`: `%s='%s' `.
        env_var_format: Option<String>,
        /// The program that runs a script, and its arguments. `{{.Script}}` is the script,
        /// `{{.Vars}}` are the variables.
        execute_command: Vec<String>,
        /// What runs `inline` commands; `/bin/sh -e` when absent.
        inline_shebang: Option<String>,
        /// The systems that the scripts are for: `["linux"]`. On others nothing happens.
        only_on: Vec<OperatingSystem>,
        /// The extension of the temporary file that `inline` commands are written to.
        tempfile_extension: Option<String>,
        /// Without effect: this is for Windows.
        use_linux_pathing: bool,
        /// The exit codes that count as success; `[0]` when absent.
        valid_exit_codes: Vec<i64>,
    }
}

choices! {
    /// What a script may be for.
    pub(crate) enum OperatingSystem: "system" {
        Darwin = "darwin",
        FreeBsd = "freebsd",
        Linux = "linux",
        OpenBsd = "openbsd",
        Solaris = "solaris",
        Windows = "windows",
    }
}

/// How long output that nobody ends is waited for once a script is over.
const GRACE: Duration = Duration::from_millis(500);

/// So much may wait in the two pipes of a script that is over; what comes after it is another's.
const PIPES: usize = 2 * 64 * 1024;

/// A program cannot be started while its file is open for writing, in a child of a fork too; so
/// scripts are written and programs started one at a time.
static STARTING: Mutex<()> = Mutex::const_new(());

/// Scripts for this machine, ready to run.
pub(crate) struct Local {
    scripts: Scripts,
    variables: Vec<(String, String)>,
    /// How variables are written into the command. Without it, and without a command of the
    /// template's own, they are given to the script as they are: everybody on this machine can
    /// see commands, and only their owner what is in their environment.
    format: Option<String>,
    /// `None` is the default.
    execute_command: Option<Vec<String>>,
    shebang: String,
    only_on: Vec<OperatingSystem>,
    extension: Option<String>,
    valid_exit_codes: Vec<i64>,
    renderer: Renderer,
}

impl Local {
    /// Checks the arguments.
    pub(crate) fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Self, Reported> {
        let command = given(arguments.command);
        let other = !arguments.inline.is_empty()
            || arguments.script.is_some()
            || !arguments.scripts.is_empty();
        let script = arguments.script.as_ref();
        let chosen = || Scripts::choose(config, &arguments.inline, script, &arguments.scripts);
        let scripts = match &command {
            Some(_) if other => chosen().and(Err(refuse(
                config,
                Code::ConflictingArguments,
                "command",
                "`command` excludes `inline`, `script` and `scripts`",
                "keep one of them",
            ))),
            Some(command) => Ok(Scripts::Inline(vec![command.clone()])),
            None => chosen(),
        };
        let variables =
            split_variables(config, "environment_vars", &arguments.environment_vars, VARIABLES);
        if arguments.use_linux_pathing {
            no_effect(config, "use_linux_pathing", "it is for Windows");
        }
        if command.is_some() {
            config.diags.warn(
                Diagnostic::warning(Code::Deprecated, "`command` is an old form of `inline`")
                    .at(config.place("command"), "")
                    .help("write `inline = [\"…\"]`"),
            );
        }
        let (scripts, mut variables) = (scripts?, variables?);
        variables.extend(arguments.env);
        let execute_command = match arguments.execute_command {
            command if command.is_empty() => None,
            command if command.len() == 1 => {
                Some(["sh", "-c"].into_iter().map(str::to_owned).chain(command).collect())
            }
            command => Some(command),
        };
        let extension = given(arguments.tempfile_extension);
        let extension = extension.map(|text| format!(".{}", text.trim_start_matches('.')));
        Ok(Self {
            scripts,
            variables,
            format: given(arguments.env_var_format),
            execute_command,
            shebang: given(arguments.inline_shebang).unwrap_or_else(|| "/bin/sh -e".to_owned()),
            only_on: arguments.only_on,
            extension,
            valid_exit_codes: match arguments.valid_exit_codes {
                codes if codes.is_empty() => vec![0],
                codes => codes,
            },
            renderer: Renderer::new(config),
        })
    }

    /// Runs the scripts. `facts` is what `{{build `ID`}}` knows.
    pub(crate) async fn run(&self, cx: &StepCx, facts: &Facts) -> Result<(), Failure> {
        let here = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        if !self.only_on.is_empty() && !self.only_on.iter().any(|system| system.word() == here) {
            cx.say("Skipping shell-local due to runtime OS").await;
            return Ok(());
        }
        match &self.scripts {
            Scripts::Inline(lines) => {
                let script = self.write(lines, facts).await?;
                self.run_script(cx, &script, facts).await
            }
            Scripts::Files(files) => {
                for file in files {
                    self.run_script(cx, Path::new(file), facts).await?;
                }
                Ok(())
            }
        }
    }

    /// Writes inline commands to a file that only its owner can read, and that is removed.
    async fn write(&self, lines: &[String], facts: &Facts) -> Result<TempPath, Failure> {
        let mut text = format!("#!{}\n", self.shebang);
        for line in lines {
            text.push_str(&self.renderer.until_stable(line, facts, &[])?);
            text.push('\n');
        }
        let failed = |error: io::Error| {
            Failure::new(format!("Error preparing shell script: {}", plainly(&error)))
        };
        let _starting = STARTING.lock().await;
        let mut file = tempfile::Builder::new()
            .prefix("packer-shell")
            .suffix(self.extension.as_deref().unwrap_or_default())
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .tempfile()
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        Ok(file.into_temp_path())
    }

    async fn run_script(&self, cx: &StepCx, script: &Path, facts: &Facts) -> Result<(), Failure> {
        let shown = script.display().to_string();
        let failed = |error: io::Error| {
            Failure::new(format!("Error executing script: {shown}: {}", plainly(&error)))
        };
        let script: PathBuf = std::path::absolute(script).map_err(failed)?;
        let own: Vec<(String, String)> = (self.variables.iter())
            .map(|(name, value)| Ok((name.clone(), self.renderer.until_stable(value, facts, &[])?)))
            .collect::<Result<_, Failure>>()?;
        let path = script.to_string_lossy();
        let mut environment = BTreeMap::new();
        let command = match (&self.execute_command, &self.format) {
            (Some(command), format) => {
                let format = format.as_deref().unwrap_or("%s='%s' ");
                let variables = variables(cx, &own, format);
                let data = [("Vars", &*variables), ("Script", &*path), ("Command", &*path)];
                (command.iter())
                    .map(|item| self.renderer.until_stable(item, facts, &data))
                    .collect::<Result<_, _>>()
                    .map_err(|failure| failure.while_doing("Error processing command"))?
            }
            (None, Some(format)) => shell(&variables(cx, &own, format), &path),
            (None, None) => {
                environment = script::environment(cx, &own);
                shell("", &path)
            }
        };
        cx.say(format!("Running local shell script: {shown}")).await;
        let code = execute(cx, &command, &environment).await.map_err(failed)?;
        if self.valid_exit_codes.contains(&code) {
            Ok(())
        } else {
            Err(Failure::new(exit_message(code, &self.valid_exit_codes)))
        }
    }
}

/// The command that runs a script when the template has none of its own. A shell, because a
/// script need not say what runs it.
fn shell(variables: &str, script: &str) -> Vec<String> {
    let line = format!("{variables} {}", quoted_if_needed(script));
    vec!["/bin/sh".to_owned(), "-c".to_owned(), line]
}

/// Runs a program, with all it starts in a process group that ends when this is dropped, and
/// gives its exit code. What it prints is the step's output.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) async fn execute(
    cx: &StepCx,
    command: &[String],
    environment: &BTreeMap<String, String>,
) -> io::Result<i64> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let starting = STARTING.lock().await;
    let mut child = Command::new(program)
        .args(arguments)
        .env("PACKER_RUN_UUID", cx.run_id())
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    drop(starting);
    let mut group = Group(child.id());

    let mut lines = Lines::new(cx);
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (vec![0; 8192], vec![0; 8192]);
    let mut status = None;
    let mut over = None;
    let mut late = 0;
    while (stdout.is_some() || stderr.is_some()) && late < PIPES {
        let piece = async {
            tokio::select! {
                count = read(&mut stdout, &mut out) => (Stream::Stdout, count),
                count = read(&mut stderr, &mut err) => (Stream::Stderr, count),
            }
        };
        // What can be read is read before the time counts, however late this looks.
        tokio::select! {
            biased;
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                over = Some(tokio::time::Instant::now() + GRACE);
            }
            (stream, count) = piece => {
                match (stream, count) {
                    (Stream::Stderr, 0) => stderr = None,
                    (_, 0) => stdout = None,
                    (Stream::Stderr, count) => lines.write(stream, &err[..count]).await,
                    (_, count) => lines.write(stream, &out[..count]).await,
                }
                if over.is_some_and(|over| over < tokio::time::Instant::now()) {
                    late += count;
                }
            }
            // Something that the script left behind holds its output.
            () = until(over) => break,
        }
    }
    let status = match status {
        Some(status) => status,
        None => child.wait().await?,
    };
    group.0 = None;
    lines.finish().await;
    Ok(match (status.code(), std::os::unix::process::ExitStatusExt::signal(&status)) {
        (Some(code), _) => i64::from(code),
        (None, Some(signal)) => 128 + i64::from(signal),
        (None, None) => 1,
    })
}

/// Reads a piece; an end and an error are alike.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, buffer: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

async fn until(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// A process group, killed when this is dropped before it was ended.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // It may be gone already.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}
