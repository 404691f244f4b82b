//! The program, as people and hosts start it.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_packer-plugin-goss"));
    program.args(arguments).env_remove("PACKER_PLUGIN_MAGIC_COOKIE");
    program.output().expect("it can be started")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("it is text")
}

#[test]
fn it_says_what_is_in_it() {
    let output = run(&["describe"]);
    assert!(output.status.success());
    assert_eq!(
        text(output.stdout),
        format!(
            "{{\"version\":\"{0}\",\"sdk_version\":\"0.1.0\",\"api_version\":\"x5.0\",\"builders\":[],\
             \"post_processors\":[],\"provisioners\":[\"-packer-default-plugin-name-\"],\
             \"datasources\":[],\"protocol_version\":\"v2\"}}\n",
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[test]
fn its_reference_is_in_the_readme() {
    let reference = text(run(&["docs"]).stdout);
    let (_, sections) = reference.split_once("\n## ").expect("it has a section");
    let readme = include_str!("../README.md");
    assert!(readme.contains(sections), "README.md is not what `docs` prints:\n{reference}");
}

#[test]
fn a_person_who_starts_it_is_told_what_it_is() {
    for arguments in [&[][..], &["--help"], &["start", "provisioner", "goss"]] {
        let output = run(arguments);
        assert!(!output.status.success());
        assert_eq!(text(output.stdout), "");
        let told = text(output.stderr);
        for part in ["provisioner \"goss\" { … }", "packer-plugin-goss docs", "to install it"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
