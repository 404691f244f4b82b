//! The provisioner over the protocol, with this computer as the machine.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use cooper_plugin::communicator::Local;
use cooper_plugin::testing::{Run, provision};
use tempfile::TempDir;

use crate::goss::Goss;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).expect("it is ours");
    folder
}

fn check(folder: &Path, arguments: &str) -> Run {
    let arguments = arguments.replace("FOLDER", &folder.display().to_string());
    provision::<Goss>(&arguments, Local::new(folder)).expect("the arguments are JSON")
}

#[test]
fn files_are_checked() {
    let folder = folder();
    let file = folder.path().join("it's a file");
    fs::write(&file, "name=app\nport=80\n").expect("there is room");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink("it's a file", folder.path().join("link")).expect("there is room");
    symlink("nowhere", folder.path().join("dangling")).expect("there is room");
    let run = check(
        folder.path(),
        r#"{ "file": [
            { "path": "FOLDER/it's a file", "type": "file", "mode": "0640", "size": 17,
              "contains": ["name=", "/^port=\\d+$/", "!/^user/"],
              "sha256": "D2EA0E62B0B2A8D5FB8CAD8DE4B8A7C6C0B8A8C6F3FB9C27A8A0C1D2E3F40506" },
            { "path": "FOLDER/link", "type": "link", "target": "it's a file", "mode": "640" },
            { "path": "FOLDER/link", "sha256": "e78e08aea77ae917e5838b3d8428cc2cb8cf034015021eddb9c8ea1d48606301" },
            { "path": "FOLDER/dangling", "type": "link" },
            { "path": "FOLDER", "type": "file", "mode": "0777" },
            { "path": "FOLDER/none" },
            { "path": "FOLDER/none", "exists": false },
            { "path": "FOLDER/link", "exists": false }
        ] }"#,
    );
    let wrong: Vec<&str> =
        run.complained.iter().filter_map(|line| Some(line.rsplit_once("`: ")?.1)).collect();
    let [sum, kind, mode, none, there] = &wrong[..] else { panic!("{run:#?}") };
    assert!(sum.starts_with("sha256: is `"), "{sum}");
    assert_eq!(*kind, "type: is `directory`, and not `file`");
    assert_eq!(*mode, "mode: is `0750`, and not `0777`");
    assert_eq!(*none, "exists: there is none");
    assert_eq!(*there, "exists: is there, and should not be");
    assert_eq!(run.result, Err("5 of 22 checks failed".to_owned()));
}

#[test]
fn commands_users_groups_and_ports_are_checked() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let port = listener.local_addr().expect("it has an address").port();
    let run = check(
        folder.path(),
        &format!(
            r#"{{
            "command": [
                {{ "run": "echo out; echo err >&2; exit 3", "status": 3,
                   "stdout": ["/^out$/", "!err"], "stderr": "err" }},
                {{ "run": "sleep 20", "timeout": "200ms" }},
                {{ "run": "echo no >&2; false" }}
            ],
            "user": {{ "name": "root", "uid": 0, "gid": 0, "home": "/root", "groups": ["root"] }},
            "group": [{{ "name": "root", "gid": 0 }}, {{ "name": "no-such-group" }}],
            "port": [
                {{ "number": {port}, "address": "127.0.0.1" }},
                {{ "number": 1, "listening": false }}
            ] }}"#
        ),
    );
    assert_eq!(
        run.complained,
        [
            "  failed  command `sleep 20`: status: does not end within 200ms",
            "  failed  command `echo no >&2; false`: status: is 1, and not 0; it complained of \"no\"",
            "  failed  group `no-such-group`: exists: there is none",
        ]
    );
    assert_eq!(
        run.said[0],
        "  ok      command `echo out; echo err >&2; exit 3`: status, stdout /^out$/, \
                            stdout !err, stderr err"
    );
}

#[test]
fn what_is_not_right_is_looked_at_again() {
    let folder = folder();
    let run = check(
        folder.path(),
        r#"{ "retries": 5, "interval": "10ms", "junit": "FOLDER/reports/goss.xml",
             "command": [
                { "run": "echo x >> FOLDER/tries; test $(wc -l < FOLDER/tries) -ge 3" },
                { "run": "echo y >> FOLDER/once" }
             ] }"#,
    );
    assert_eq!(run.result, Ok(()), "{run:#?}");
    assert_eq!(run.said[0], "1 is not right yet; looking again (1 of 5)");
    assert_eq!(run.said[1], "1 is not right yet; looking again (2 of 5)");
    let once = fs::read_to_string(folder.path().join("once")).expect("it was written");
    assert_eq!(once, "y\n");
    let report = fs::read_to_string(folder.path().join("reports/goss.xml")).expect("it is there");
    assert!(report.contains("<testsuite name=\"null.test\" time="), "{report}");
    assert!(report.contains("tests=\"2\" failures=\"0\""), "{report}");
}

#[test]
fn a_report_is_written_of_failures_too_and_they_may_be_only_reported() {
    let folder = folder();
    let run = check(
        folder.path(),
        r#"{ "only_report": true, "junit": "FOLDER/goss.xml", "command": { "run": "false" } }"#,
    );
    assert_eq!(run.result, Ok(()));
    assert_eq!(run.said, ["1 of 1 check failed"]);
    let report = fs::read_to_string(folder.path().join("goss.xml")).expect("it is there");
    assert!(report.contains("<failure message=\"is 1, and not 0"), "{report}");
}

#[test]
fn every_mistake_in_the_arguments_is_told() {
    let folder = folder();
    let run = check(
        folder.path(),
        r#"{ "file": [{ "path": "etc" }, { "path": "/etc", "mode": "rwx" }, { "path": "/", "contains": ["/(/"] }],
             "package": { "name": "curl", "manager": "pip" },
             "port": { "number": 80, "protocol": "sctp" } }"#,
    );
    assert_eq!(
        run.result.expect_err("there are mistakes"),
        "5 errors occurred:\n\n\
         * file `etc`: `path` must begin with `/`\n\
         * file `/etc`: `mode` must be permissions such as `0644`, and is `rwx`\n\
         * file `/`: `contains`: `/(/` is no expression\n\
         * package `curl`: `manager` must be `dpkg`, `apk` or `rpm`, and is `pip`\n\
         * port `80/sctp`: `protocol` must be `tcp` or `udp`, and is `sctp`"
    );
    let run = check(folder.path(), "{}");
    assert!(run.result.expect_err("nothing to do").starts_with("there is nothing to check"));
}
