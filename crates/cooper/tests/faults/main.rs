//! Faults on purpose: what Cooper makes of a daemon that dies, a registry that stumbles, a wrong
//! key or password, a disk that is full, and of its own death. Where there is a wrong one, the
//! right one is shown to work.
//!
//! One after the other: most look at what is left on the daemon.

#![expect(clippy::print_stderr, reason = "what cannot be cleaned away has to be told")]

mod ansible;
mod cancel;
mod daemon;
mod death;
mod disk;
mod ecr;
mod interrupt;
mod lock;
mod login;
mod machine;
mod registry;
mod rig;
mod secret;
mod ssh;
mod timeout;
mod tls;

use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn() -> cooper_testbed::Result<()>;

const TESTS: &[(&str, Test)] = &[
    ("ansible: roles, handlers, facts and files, without SSH", ansible::roles),
    ("ansible: a task that fails fails the step, at its place", ansible::failing),
    ("ansible: an interrupt ends it, and what it started", ansible::cancelled),
    ("ansible: Docker's own connection, when it is named", ansible::docker_connection),
    ("ansible: an inventory of one's own, as another user than root", ansible::own_inventory),
    ("ansible: galaxy, an inventory and programs in the template's words", ansible::own_words),
    ("ansible-local: playbooks go in and run there", ansible::local),
    ("cancel: during a pull", cancel::pull),
    ("cancel: during the build of a Dockerfile", cancel::dockerfile),
    ("cancel: while a container is created, which takes longer than the grace", cancel::create),
    ("cancel: while a container is started, which takes longer than the grace", cancel::start),
    ("cancel: during an upload", cancel::upload),
    ("cancel: during a commit, which takes longer than the grace", cancel::commit),
    ("cancel: during an export", cancel::export),
    ("cancel: while an image is tagged", cancel::tag),
    ("cancel: while an image is pushed", cancel::push),
    ("cancel: while an image is saved", cancel::save),
    ("daemon: its death fails the build with one clear sentence", daemon::death),
    ("daemon: none there is said at once", daemon::absent),
    ("death: what a killed run leaves is removed by the next, and nothing else", death::twenty),
    ("death: a container with a name of the user's is removed too", death::named),
    ("disk: a full one fails docker-save and leaves no half archive", disk::save),
    ("disk: a full one fails export_path and leaves no half archive", disk::export),
    ("disk: a full one fails manifest and keeps the image", disk::manifest),
    ("ecr: a token opens Amazon's registry for a whole build", ecr::pull_and_push),
    ("interrupt: the first one cleans up", interrupt::once),
    ("interrupt: SIGTERM cleans up too", interrupt::terminate),
    ("interrupt: the second one stops waiting", interrupt::twice),
    ("login: a private image is pulled and another pushed, secretly", login::pull_and_push),
    ("login: a Dockerfile starts from a private image, secretly", login::dockerfile),
    ("login: a wrong password is one sentence, and stays a secret", login::wrong_password),
    ("machine: a password opens one, and nothing shows it", machine::password),
    ("machine: keys of every kind, a certificate and an agent open one", machine::keys),
    ("machine: what does not let us in is one sentence", machine::refusals),
    ("machine: one that is not there is waited for, and an interrupt ends that", machine::waiting),
    ("machine: commands end as they end there", machine::endings),
    ("machine: files and folders arrive whole in both directions", machine::files),
    ("machine: a command that is given up is ended, with what it started", machine::given_up),
    ("machine: an interrupt ends what runs there", machine::interrupted),
    ("machine: a connection that was lost is made again", machine::lost),
    ("machine: one that is away is tried again for as long as a step says", machine::away),
    ("machine: a server that starts late is waited for", machine::late),
    ("machine: one that is silent or vanished is lost, unless it answers", machine::silence),
    ("machine: questions are answered with the password", machine::questions),
    ("machine: the way may go through a bastion or a proxy", machine::detours),
    ("machine: tunnels lead both ways", machine::tunnels),
    ("machine: commands can have a terminal", machine::terminal),
    ("machine: a greeting of the login shell does no harm", machine::greeting),
    ("machine: an agent is lent only when the template says so", machine::lent_agent),
    ("machine: a server that is not what it says ends the build", machine::hostile),
    ("machine: a container with an ssh server is reached by ssh", machine::container),
    ("lock: a tag that moves moves no locked build", lock::a_moved_tag),
    ("lock: a Dockerfile starts from what is locked", lock::a_dockerfile),
    ("lock: an image that is not pulled is the one that is locked", lock::another_is_here),
    ("registry: a push survives HTTP 500", registry::push_survives_500),
    ("registry: a push survives HTTP 429", registry::push_survives_429),
    (
        "registry: a push survives a connection cut in the middle of a blob",
        registry::push_survives_cuts,
    ),
    ("registry: a push that never works fails, and the image is kept", registry::push_gives_up),
    ("registry: a push that is refused is not tried again", registry::push_refused),
    ("registry: a pull that never works fails with the image's name", registry::pull_gives_up),
    ("ssh: a daemon behind a real server is reached, with the right keys only", ssh::keys),
    ("timeout: a script that ignores SIGTERM is ended with what it started", timeout::stubborn),
    (
        "tls: a daemon that wants certificates is reached, with the right ones only",
        tls::certificates,
    ),
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
