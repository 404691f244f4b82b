//! The program of `testdata/oracle`, built once and asked line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A running oracle. It ends when this is dropped.
pub(crate) struct Oracle {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Whether there is Go to build the oracle with.
pub(crate) fn is_possible() -> bool {
    Command::new("go").arg("version").output().is_ok_and(|output| output.status.success())
}

/// Builds the oracle and returns its program.
///
/// # Errors
///
/// What `go build` says.
pub(crate) fn build() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/oracle");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hcl-oracle");
    let output = Command::new("go")
        .args(["build", "-buildvcs=false", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(folder)
        .output()
        .map_err(|error| format!("start `go build`: {error}"))?;
    match output.status.success() {
        true => Ok(program),
        false => Err(format!("`go build`: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

impl Oracle {
    /// Starts a built oracle.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn start(program: &Path) -> Result<Self, String> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("start the oracle: {error}"))?;
        let requests = child.stdin.take().ok_or("the oracle has no input")?;
        let answers = child.stdout.take().ok_or("the oracle has no output")?;
        Ok(Self { child, requests, answers: BufReader::new(answers) })
    }

    /// Puts a question, `{"op": …}`, and waits for the answer.
    ///
    /// # Errors
    ///
    /// When the oracle refuses it, panics over it or is gone.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.requests, "{request}").map_err(|error| format!("ask: {error}"))?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| format!("hear: {error}"))?;
        let answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        for trouble in ["refused", "panic"] {
            if let Some(cause) = answer.get(trouble) {
                return Err(format!("{trouble}: {cause} for {request}"));
            }
        }
        Ok(answer)
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
