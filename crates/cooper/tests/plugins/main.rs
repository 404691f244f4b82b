//! The plugins under `plugins` in real builds.
//!
//! They are built first, which needs Python and Go. Without a testbed, what needs Docker is ignored:
//! `cargo xtask with` brings one.

mod debian;
mod plugin;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let trials = debian::trials();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test that needs the testbed.
fn docker_trial(name: &str, run: fn() -> cooper_testbed::Result<()>) -> Trial {
    let has_testbed = std::env::var("COOPER_TEST_DOCKER").is_ok_and(|value| value == "require");
    Trial::test(name, move || run().map_err(Failed::from)).with_ignored_flag(!has_testbed)
}
