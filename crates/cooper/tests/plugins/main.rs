//! The plugins under `plugins` in real builds.
//!
//! They are built first, with Cargo, Python and Go: without those the tests are ignored, unless
//! `COOPER_TEST_PLUGINS=require` is set. Without a testbed, so is what needs Docker: `cargo xtask with`
//! brings one.

mod bulk;
#[expect(dead_code, reason = "the tests of `cooper lsp` use all of it")]
#[path = "../lsp/client.rs"]
mod client;
mod cooper;
mod death;
mod debian;
mod editor;
mod plugin;
mod run;
mod served;
mod stopped;

use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use cooper_testbed::Result;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = [
        bulk::trials(),
        debian::trials(),
        served::trials(),
        stopped::trials(),
        cooper::trials(),
        death::trials(),
        editor::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}

/// A test that needs the plugins.
fn trial(name: &str, run: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || run().map_err(Failed::from)).with_ignored_flag(!can_be_made())
}

/// Whether the plugins can be made, or have to be.
fn can_be_made() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    let required = || std::env::var("COOPER_TEST_PLUGINS").is_ok_and(|value| value == "require");
    *ANSWER.get_or_init(|| {
        required() || (is_there("python3", "--version") && is_there("go", "version"))
    })
}

/// A test that needs the testbed, too.
fn docker_trial(name: &str, run: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    let has_testbed = std::env::var("COOPER_TEST_DOCKER").is_ok_and(|value| value == "require");
    match has_testbed {
        true => trial(name, run),
        false => Trial::test(name, || Ok(())).with_ignored_flag(true),
    }
}

fn is_there(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}
