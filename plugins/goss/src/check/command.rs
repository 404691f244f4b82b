//! Commands, and what they should print.

use std::time::Duration;

use cooper_plugin::{Machine, Result, Schema};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Finding, Subject, mistake_of};
use crate::pattern::shown;

/// A command, and how it should end.
#[derive(Schema)]
pub(crate) struct Command {
    /// The command, for the machine's shell.
    run: String,
    /// What its status should be.
    #[schema(default = 0)]
    status: i64,
    /// What it should print.
    #[schema(default)]
    stdout: Vec<String>,
    /// What it should complain of.
    #[schema(default)]
    stderr: Vec<String>,
    /// How long it may take.
    #[schema(default = Duration::from_secs(60))]
    timeout: Duration,
}

impl Subject for Command {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn name(&self) -> String {
        self.run.clone()
    }

    fn mistake(&self) -> Option<String> {
        mistake_of("stdout", &self.stdout).or_else(|| mistake_of("stderr", &self.stderr))
    }

    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>> {
        async move {
            let Self { run, status, stdout, stderr, timeout } = self;
            let running = machine.command(run).output();
            let Ok(output) = tokio::time::timeout(*timeout, running).await else {
                let otherwise = format!("does not end within {timeout:?}");
                return Ok(vec![Finding::holds("status", false, otherwise)]);
            };
            let output = output?;
            let (printed, complained) = (output.text(), output.complaint());
            let otherwise = format!(
                "is {}, and not {status}; it complained of {}",
                output.status,
                shown(&complained)
            );
            let mut findings = vec![Finding::holds("status", output.status == *status, otherwise)];
            findings.extend(Finding::patterns("stdout", stdout, &printed));
            findings.extend(Finding::patterns("stderr", stderr, &complained));
            Ok(findings)
        }
        .boxed()
    }
}
