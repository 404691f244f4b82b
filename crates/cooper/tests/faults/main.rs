//! Faults on purpose: what Cooper makes of a daemon that dies, a registry that stumbles, a disk
//! that is full, and of its own death.
//!
//! One after the other: most look at what is left on the daemon.

#![expect(clippy::print_stderr, reason = "what cannot be cleaned away has to be told")]

mod daemon;
mod death;
mod disk;
mod interrupt;
mod registry;
mod rig;
mod timeout;

use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn() -> cooper_testbed::Result<()>;

const TESTS: &[(&str, Test)] = &[
    ("daemon: its death fails the build with one clear sentence", daemon::death),
    ("daemon: none there is said at once", daemon::absent),
    ("death: what a killed run leaves is removed by the next, and nothing else", death::twenty),
    ("death: a container with a name of the user's is removed too", death::named),
    ("disk: a full one fails docker-save and leaves no half archive", disk::save),
    ("disk: a full one fails export_path and leaves no half archive", disk::export),
    ("disk: a full one fails manifest and keeps the image", disk::manifest),
    ("interrupt: the first one cleans up", interrupt::once),
    ("interrupt: SIGTERM cleans up too", interrupt::terminate),
    ("interrupt: the second one stops waiting", interrupt::twice),
    ("registry: a push survives HTTP 500", registry::push_survives_500),
    ("registry: a push survives HTTP 429", registry::push_survives_429),
    (
        "registry: a push survives a connection cut in the middle of a blob",
        registry::push_survives_cuts,
    ),
    ("registry: a push that never works fails, and the image is kept", registry::push_gives_up),
    ("registry: a push that is refused is not tried again", registry::push_refused),
    ("registry: a pull that never works fails with the image's name", registry::pull_gives_up),
    ("timeout: a script that ignores SIGTERM is ended with what it started", timeout::stubborn),
];

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let required = std::env::var("COOPER_TEST_DOCKER").is_ok_and(|value| value == "require");
    let trials = TESTS
        .iter()
        .map(|(name, test)| {
            // Without a testbed there is nothing to break: `cargo xtask with` brings one.
            Trial::test(*name, || test().map_err(Failed::from)).with_ignored_flag(!required)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
