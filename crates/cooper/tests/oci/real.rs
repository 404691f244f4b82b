//! Plugins in a real registry: Debian's `docker-registry`. Where there is none these tests say so and
//! do nothing, unless the testbed is required.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cooper_testbed::{PASSWORD, Registry, TokenServer, USERS, platform};
use tempfile::TempDir;

use crate::bench::{Bench, program_name};

/// A registry of a test's own; it ends when dropped.
struct Own {
    registry: Registry,
    _folder: TempDir,
}

impl Own {
    fn start(start: impl FnOnce(&std::path::Path) -> cooper_testbed::Result<Registry>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = start(folder.path()).expect("a registry");
        Self { registry, _folder: folder }
    }

    fn bench(&self) -> Bench {
        Bench::new(self.registry.address())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.registry.stop();
    }
}

/// Whether there is a registry to test with.
#[expect(clippy::print_stdout, reason = "it is for whoever runs the tests")]
fn is_there() -> bool {
    let there = Command::new("docker-registry").arg("--version").output().is_ok();
    let required = std::env::var("COOPER_TEST_DOCKER").is_ok_and(|value| value == "require");
    if !there && !required {
        println!("ignored: there is no docker-registry");
    }
    there || required
}

/// What `docker login` leaves of the first user.
fn login(registry: &Registry, password: &str) -> String {
    let auth = STANDARD.encode(format!("{}:{password}", USERS[0]));
    format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.address())
}

fn log_in(bench: &Bench, text: &str) {
    fs::write(bench.path().join("config.json"), text).expect("it can be written");
}

/// Lets a template require the plugin.
fn require(bench: &Bench) {
    let source = bench.source();
    let template = format!(
        "packer {{\n  required_plugins {{\n    greet = {{ source = \"{source}\", version = \"~> 1.0\" \
         }}\n  }}\n}}\nsource \"null\" \"a\" {{ communicator = \"none\" }}\nbuild {{ sources = \
         [\"source.null.a\"] }}\n"
    );
    fs::write(bench.path().join("t.pkr.hcl"), template).expect("it can be written");
}

#[test]
fn a_real_registry_keeps_a_plugin() {
    if !is_there() {
        return;
    }
    let own = Own::start(Registry::start);
    let bench = own.bench();
    let other = bench.program("1.0.0", "plan9_mips");
    let said = bench.push("1.0.0", &[&other, &program_name("1.0.0", &platform())]).ok();
    assert!(said.contains(&format!(" v1.0.0 for {}, plan9_mips: sha256:", platform())), "{said}");
    assert!(bench.push_one().failed().contains("is there already"));

    require(&bench);
    let init = |flags: &[&str]| {
        let line = [&["init"], flags, &["."]].concat();
        bench.run(bench.command(&line))
    };
    let said = init(&[]).ok();
    assert!(said.contains(" v1.0.0 in ") && said.contains("Noted in .cooper.lock.hcl"), "{said}");
    assert_eq!(init(&["-locked"]).ok(), "");
    let validate = || bench.run(bench.command(&["validate", "-locked", "."]));
    validate().ok();
    // A newer one changes nothing, where there is a lock file.
    let newer = bench.program("1.1.0", &platform());
    bench.push("1.1.0", &[&newer]).ok();
    fs::remove_dir_all(bench.path().join("plugins")).expect("it was there");
    assert!(validate().failed().contains("is locked, and not installed"));
    let said = init(&["-locked"]).ok();
    assert!(said.contains(" v1.0.0 in ") && !said.contains("Noted"), "{said}");
    validate().ok();
    assert!(init(&["-upgrade"]).ok().contains(" v1.1.0 in "));
}

#[test]
fn what_was_spoilt_in_a_real_registry_is_not_installed() {
    if !is_there() {
        return;
    }
    let own = Own::start(Registry::start);
    let bench = own.bench();
    bench.push_one().ok();
    let program = fs::read(bench.path().join(program_name("1.0.0", &platform())));
    let digest = crate::server::digest_of(&program.expect("it is there"));
    let blob = own.registry.blob(&digest);
    let text = fs::read_to_string(&blob).expect("the registry keeps it");
    // As long as it was.
    fs::write(&blob, text.replace("echo", "EXEC")).expect("it can be written");
    let said = bench.not_installed();
    assert!(said.contains("gave a program with the SHA-256 "), "{said}");
    assert!(said.contains(&digest["sha256:".len()..]), "{said}");
}

#[test]
fn what_docker_login_left_opens_a_real_registry() {
    if !is_there() {
        return;
    }
    let own = Own::start(Registry::start_closed);
    let bench = own.bench();
    log_in(&bench, "{}");
    for said in [bench.push_one().failed(), bench.not_installed()] {
        assert!(said.contains("wants to know who we are"), "{said}");
        assert!(said.contains("help: `docker login 127.0.0.1:"), "{said}");
    }
    log_in(&bench, &login(&own.registry, "not it"));
    for said in [bench.push_one().failed(), bench.not_installed()] {
        assert!(said.contains("(401 Unauthorized)"), "{said}");
        assert!(said.contains("we are `somebody` there"), "{said}");
        assert!(!said.contains("not it"), "{said}");
    }
    log_in(&bench, &login(&own.registry, PASSWORD));
    bench.push_one().ok();
    assert!(bench.install().ok().contains("Installed plugin"));

    // The same by a credential helper.
    let helper = bench.path().join("docker-credential-fake");
    let answer = format!(
        r#"{{"ServerURL":"x","Username":{:?},"Secret":"{}"}}"#,
        USERS[0],
        PASSWORD.replace('\\', "\\\\").replace('"', "\\\"")
    );
    fs::write(bench.path().join("answer"), answer).expect("it can be written");
    let script = format!("#!/bin/sh\nread -r server\ncat {}/answer\n", bench.path().display());
    fs::write(&helper, script).expect("it can be written");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("it is ours");
    log_in(&bench, r#"{"credsStore":"fake"}"#);
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = bench.command(&["plugins", "install", "-force", &bench.source()]);
    command.env("PATH", format!("{}:{path}", bench.path().display()));
    assert!(bench.run(command).ok().contains("Installed plugin"));
}

#[test]
fn a_real_registry_that_is_read_only_takes_nothing() {
    if !is_there() {
        return;
    }
    let own = Own::start(Registry::start_read_only);
    let said = own.bench().push_one().failed();
    assert!(said.contains("answers with 405 Method Not Allowed"), "{said}");
    assert!(said.contains("help: does it take anything"), "{said}");
}

#[test]
fn tokens_open_a_real_registry() {
    if !is_there() {
        return;
    }
    let keys = tempfile::tempdir().expect("a folder");
    let tokens = TokenServer::start(keys.path()).expect("a server of tokens");
    let own = Own::start(|folder| Registry::start_with_tokens(folder, &tokens));
    let bench = own.bench();
    log_in(&bench, &login(&own.registry, PASSWORD));
    bench.push_one().ok();
    assert!(bench.install().ok().contains("Installed plugin"));
    let scope = "somebody repository:team/greet:pull";
    assert_eq!(tokens.given(), [format!("{scope},push"), scope.to_owned()]);

    log_in(&bench, &login(&own.registry, "not it"));
    let line = ["plugins", "install", "-force", &bench.source()];
    let said = bench.run(bench.command(&line)).failed();
    assert!(said.contains("`127.0.0.1` gives us no token for `127.0.0.1:"), "{said}");
    // Nobody in particular gets a token, which opens nothing here.
    log_in(&bench, "{}");
    let said = bench.run(bench.command(&line)).failed();
    assert!(said.contains("does not let us pull from `team/greet` (401 Unauthorized)"), "{said}");
    assert!(said.contains("help: `docker login 127.0.0.1:"), "{said}");
}
