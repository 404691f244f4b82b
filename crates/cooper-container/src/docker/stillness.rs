//! Whether anything can change a container's files while it is committed.
//!
//! Pausing a container for a commit takes about 30 ms. It is needed when something runs in the
//! container besides a shell that waits for input, such as what a command has left behind.

use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use super::Connection;
use super::request::{answer, get};
use crate::spec::{ContainerSpec, Entrypoint};

/// What is known of a container's processes.
pub(super) struct Stillness {
    /// Whether the container's own program only waits.
    waits: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether the engine runs no health check in it. Not known before the container was looked
    /// at.
    no_health_check: bool,
    /// Whether there is but one process. What runs in a container changes by commands only, so
    /// it is found out at most once after each.
    alone: Option<Shared<BoxFuture<'static, bool>>>,
}

impl Stillness {
    pub(super) fn new(spec: &ContainerSpec) -> Self {
        let waits = match &spec.entrypoint {
            Entrypoint::Program(program) => match program.as_slice() {
                [shell] => matches!(
                    shell.rsplit('/').next().unwrap_or(shell),
                    "sh" | "ash" | "bash" | "dash"
                ),
                _ => false,
            },
            Entrypoint::Image | Entrypoint::None => false,
        };
        let waits = waits && spec.command.is_empty() && spec.open_stdin;
        Self { waits, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the engine runs no health check in the container.
    pub(super) fn has_no_health_check(&self) {
        self.state().no_health_check = true;
    }

    /// Notes that a command runs, until what is returned is dropped.
    pub(super) fn disturbed(&self) -> Disturbed<'_> {
        Disturbed(self)
    }

    /// Begins to find out, so that the answer is there when it is needed.
    pub(super) fn look(&self, connection: &Connection, id: &str) {
        if !self.waits {
            return;
        }
        let mut state = self.state();
        if state.no_health_check && state.alone.is_none() {
            let (connection, id) = (connection.clone(), id.to_owned());
            let looking = tokio::spawn(async move { is_alone(&connection, &id).await });
            state.alone = Some(looking.map(|alone| alone.unwrap_or(false)).boxed().shared());
        }
    }

    /// Whether nothing changes the container's files. `false` also means that it is not known.
    pub(super) async fn is_still(&self, connection: &Connection, id: &str) -> bool {
        self.look(connection, id);
        let alone = self.state().alone.clone();
        match alone {
            Some(alone) => alone.await,
            None => false,
        }
    }
}

/// A command that runs, and may leave something behind.
pub(super) struct Disturbed<'a>(&'a Stillness);

impl Drop for Disturbed<'_> {
    fn drop(&mut self) {
        self.0.state().alone = None;
    }
}

/// Whether one process runs in a container. An engine whose machine has no `ps` cannot tell.
async fn is_alone(connection: &Connection, id: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Top {
        #[serde(rename = "Processes", default)]
        processes: Vec<serde::de::IgnoredAny>,
    }
    let Ok(request) = get(connection, &format!("/containers/{id}/top"), &[]) else {
        return false;
    };
    let top: Result<Top, _> = answer(connection, request).await;
    top.is_ok_and(|top| top.processes.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_with_open_input_waits() {
        let spec = |program: &[&str], command: &[&str], open_stdin| ContainerSpec {
            entrypoint: Entrypoint::Program(program.iter().map(|&word| word.into()).collect()),
            command: command.iter().map(|&word| word.into()).collect(),
            open_stdin,
            ..ContainerSpec::default()
        };
        for (spec, waits) in [
            (spec(&["/bin/sh"], &[], true), true),
            (spec(&["bash"], &[], true), true),
            (spec(&["/bin/sh"], &[], false), false),
            (spec(&["/bin/sh"], &["-c", "work"], true), false),
            (spec(&["/bin/sh", "-c"], &[], true), false),
            (spec(&["/sbin/init"], &[], true), false),
            (ContainerSpec { open_stdin: true, ..ContainerSpec::default() }, false),
        ] {
            assert_eq!(Stillness::new(&spec).waits, waits, "{spec:?}");
        }
    }
}
