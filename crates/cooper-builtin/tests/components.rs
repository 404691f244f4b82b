//! Components that need no container, and what is said of arguments that cannot be used.
#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod harness;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cooper_build::Catalog;
use cooper_build::plan::Policy;
use cooper_container::{DockerConfig, DockerEngine};
use harness::Build;

/// The components, over an engine that is not there.
fn catalog() -> Catalog {
    let engine = DockerEngine::connect(&DockerConfig::unix("/nonexistent/docker.sock"));
    cooper_builtin::catalog(Arc::new(engine))
}

const NONE: &str = "communicator = \"none\"";

/// The codes and messages that preparing this ends with.
async fn refused(build: Build<'_>) -> Vec<String> {
    let diagnostics = match build.prepare().await {
        Ok(_) => panic!("nothing was refused"),
        Err(diagnostics) => diagnostics,
    };
    let shown = diagnostics.iter().map(|found| {
        assert!(found.primary.is_some(), "{found:?} has no place");
        format!("{}: {}", found.code, found.message)
    });
    shown.collect()
}

#[tokio::test]
async fn every_mistake_of_a_source_is_told_in_one_run() {
    let catalog = catalog();
    let told = refused(Build::new(
        &catalog,
        "docker",
        r#"
        image        = "Not A Name"
        commit       = true
        discard      = true
        changes      = ["FOO bar"]
        cap_add      = ["SYS_ADMIN"]
        run_command  = ["-d", "--no-such-option", "{{.Image}}"]
        ecr_login    = true
        communicator = "ssh"
        "#,
    ))
    .await;
    for code in [
        "invalid-value: `Not A Name`",
        "conflicting-arguments",
        "invalid-change",
        "invalid-run-option: `docker run` has no option",
        "missing-argument: ECR login",
        "missing-argument: nobody to log in as",
    ] {
        assert!(told.iter().any(|line| line.starts_with(code)), "{code} in {told:#?}");
    }
}

#[tokio::test]
async fn mistakes_of_steps_are_told_at_their_place() {
    let catalog = catalog();
    let source = || Build::new(&catalog, "null", NONE);
    for (kind, arguments, expected) in [
        ("shell", "", "missing-argument: there is nothing to run"),
        (
            "shell",
            "inline = [\"a\"]\nscript = \"b\"",
            "conflicting-arguments: `inline` and `script`",
        ),
        ("shell", "scripts = [\"/no/a\", \"/no/b\"]", "unreadable-file: `/no/a` cannot be read"),
        ("shell", "script = \"/\"", "unreadable-file: `/` is a folder"),
        ("shell", "inline = [\"a\"]\nenvironment_vars = [\"secret\"]", "invalid-value: element 0"),
        ("shell", "inline = [\"a\"]\npause_after = \"5\"", "invalid-value: `pause_after`"),
        ("file", "source = \"/\"", "missing-argument: the argument `destination`"),
        ("file", "destination = \"/x\"", "missing-argument: there is nothing to copy"),
        ("file", "source = \"/no\"\ndestination = \"/x\"", "unreadable-file: `/no` cannot be read"),
        ("file", "content = \"a\"\nsource = \"/\"\ndestination = \"/x\"", "conflicting-arguments"),
        (
            "file",
            "source = \"/\"\ndestination = \"/x\"\ndirection = \"up\"",
            "invalid-value: there is no direction",
        ),
        (
            "shell-local",
            "inline = [\"a\"]\nonly_on = [\"linus\"]",
            "invalid-value: there is no system",
        ),
    ] {
        let told = refused(source().step(kind, arguments)).await;
        assert!(told.iter().any(|line| line.starts_with(expected)), "{expected} in {told:#?}");
    }
    for (kind, arguments, expected) in [
        ("docker-tag", "", "missing-argument: the argument `repository`"),
        ("docker-tag", "repository = \"a:b\"", "invalid-value: `a:b` names more"),
        ("docker-tag", "repository = \"a\"\ntags = [\"?\"]", "invalid-value: `?` is no tag"),
        ("docker-save", "", "missing-argument: the argument `path`"),
        ("docker-import", "", "missing-argument: the argument `repository`"),
        ("docker-push", "login = true", "missing-argument: `login` needs"),
        ("artifice", "", "missing-argument: the argument `files`"),
        ("checksum", "checksum_types = [\"sha257\"]", "invalid-value: there is no checksum"),
        ("compress", "format = \"rar\"", "invalid-value: there is no format"),
    ] {
        let told = refused(source().post(kind, arguments)).await;
        assert!(told.iter().any(|line| line.starts_with(expected)), "{expected} in {told:#?}");
    }
    let told = refused(Build::new(&catalog, "null", "")).await;
    assert!(told[0].contains("ssh"), "{told:#?}");
    let told = refused(Build::new(&catalog, "file", "source = \"/no\"")).await;
    assert!(told.len() == 2, "{told:#?}");
}

#[tokio::test]
async fn local_scripts_run_with_their_variables() {
    let catalog = catalog();
    let outcome = Build::new(&catalog, "null", NONE)
        .step(
            "shell-local",
            r#"
            inline = ["echo $A $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE; echo $0", "echo oops >&2"]
            env = { A = "it's" }
            "#,
        )
        .step("shell-local", "inline = [\"x\"]\nonly_on = [\"windows\"]")
        .step("shell-local", "inline = [\"exit 4\"]\nvalid_exit_codes = [4]")
        .step("shell-local", "inline = [\"x\"]\nexecute_command = [\"echo {{.Script}} ran\"]")
        .step("breakpoint", "disable = true\nnote = \"n\"")
        .step("sleep", "duration = \"1ms\"")
        .post("shell-local", "inline = [\"echo after\"]")
        .run()
        .await;
    outcome.artifacts();
    for line in [
        "it's test null",
        "oops",
        "Skipping shell-local due to runtime OS",
        " ran",
        "Breakpoint provisioner with note \"n\" disabled; continuing...",
        "after",
    ] {
        assert!(outcome.said(line), "{line} in {:#?}", outcome.lines);
    }
    let script = outcome.lines.iter().find(|line| line.contains("/packer-shell")).unwrap();
    let script = script.rsplit(' ').next().unwrap();
    assert!(!Path::new(script).exists());
}

#[tokio::test]
async fn nobody_sees_variables_of_local_scripts_in_commands() {
    let catalog = catalog();
    let outcome = Build::new(&catalog, "null", NONE)
        .step(
            "shell-local",
            r#"
            env = { HIDDEN = "horse battery's staple" }
            inline = [
              "for file in /proc/[0-9]*/cmdline; do",
              "  line=$(tr '\\0' ' ' 2>/dev/null < $file) || continue",
              "  case $line in *\"$HIDDEN\"*|*'horse battery'*) echo \"seen: $line\";; esac",
              "done; echo \"looked for $HIDDEN\"",
            ]
            "#,
        )
        .run()
        .await;
    outcome.artifacts();
    assert!(outcome.said("looked for horse battery's staple"), "{:#?}", outcome.lines);
    assert!(!outcome.said("seen"), "{:#?}", outcome.lines);
}

#[tokio::test]
async fn a_local_script_ends_when_it_is_told_to() {
    let catalog = catalog();
    let started = Instant::now();
    let hasty = Policy { timeout: Some(Duration::from_millis(300)), ..Policy::default() };
    let outcome = Build::new(&catalog, "null", NONE)
        .step("shell-local", r#"inline = ["sleep 61 & echo left"]"#)
        .step_with("shell-local", r#"inline = ["trap '' TERM; sleep 62; echo no"]"#, hasty)
        .run()
        .await;
    outcome.failure();
    assert!(outcome.said("left"));
    assert!(!outcome.said("no"));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_a_local_script_leaves_behind_does_not_hold_it_up() {
    let catalog = catalog();
    let started = Instant::now();
    let talks = r#"inline = ["(while sleep 0.05; do echo x; done) &", "echo said before"]"#;
    let outcome = Build::new(&catalog, "null", NONE).step("shell-local", talks).run().await;
    outcome.artifacts();
    assert!(outcome.said("said before"), "{:#?}", outcome.lines);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_machine_that_is_none_runs_nothing() {
    let catalog = catalog();
    let outcome =
        Build::new(&catalog, "null", NONE).step("shell", "inline = [\"true\"]").run().await;
    assert!(outcome.failure().contains("communicator = 'none'"), "{}", outcome.failure());
}

#[tokio::test]
async fn files_are_summed_packed_and_noted() {
    let catalog = catalog();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    let outcome = Build::new(
        &catalog,
        "file",
        &format!("content = \"abc\"\ntarget = \"{here}/deep/data.txt\""),
    )
    .post("checksum", &format!("checksum_types = [\"sha1\"]\noutput = \"{here}/sums\""))
    .post("manifest", &format!("output = \"{here}/m.json\"\nstrip_path = true\nstrip_time = true"))
    .post("compress", &format!("output = \"{here}/all.tar.gz\""))
    .post("artifice", &format!("files = [\"{here}/*.gz\"]"))
    .run()
    .await;
    outcome.artifacts();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let manifest = read("m.json");
    assert!(manifest.contains("\"data.txt\"") && manifest.contains("\"sums\""), "{manifest}");
    assert!(outcome.said("Tarring"), "{:#?}", outcome.lines);
    assert!(outcome.said("all.tar.gz"), "{:#?}", outcome.lines);
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_told() {
    let catalog = catalog();
    let outcome =
        Build::new(&catalog, "docker", "image = \"x\"\ncommit = true\npull = false").run().await;
    assert!(outcome.failure().contains("/nonexistent/docker.sock"), "{}", outcome.failure());
}

/// A program that says how it was called, in the place of Ansible's.
fn fake_ansible(folder: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;

    let program = folder.join("fake");
    let script = "#!/bin/sh\n\
        echo called: \"$@\" | sed 's|/[^ ]*/||g'\n\
        echo keys: $ANSIBLE_HOST_KEY_CHECKING $ANSIBLE_PIPELINING $COLOUR\n\
        while [ $# -gt 0 ]; do [ \"$1\" = -i ] && cat \"$2\"; shift; done\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program.display().to_string()
}

#[tokio::test]
async fn ansible_is_called_as_packer_calls_it() {
    let catalog = catalog();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let fake = fake_ansible(folder.path());
    let (playbook, wanted) =
        (write("site.yml", ""), write("r.yml", "roles: []\ncollections: []\n"));
    let step = format!(
        r#"
        command              = "{fake}"
        galaxy_command       = "{fake}"
        playbook_file        = "{playbook}"
        galaxy_file          = "{wanted}"
        galaxy_force_install = true
        roles_path           = "roles"
        host_alias           = "box"
        user                 = "me"
        groups               = ["web"]
        empty_groups         = ["none"]
        use_sftp             = true
        ansible_env_vars     = ["COLOUR={{{{ build_name }}}}"]
        extra_arguments      = ["--tags", "{{{{ build_type }}}}", "-e", "my_password=hidden"]
        "#
    );
    let outcome = Build::new(&catalog, "null", NONE).step("ansible", &step).run().await;
    outcome.artifacts();
    for line in [
        "Provisioning with Ansible...",
        "called: install -r r.yml -f -p roles",
        "called: collection install -r r.yml -f",
        "called: -e packer_build_name=\"test\" -e packer_builder_type=null --tags null \
         -e my_password=hidden -i ",
        "keys: False True test",
        "box ansible_host=127.0.0.1 ansible_user=me ansible_connection=cooper",
        "[web]",
        "[none]",
        "-e my_password=***** -i",
    ] {
        assert!(outcome.said(line), "`{line}` in {outcome:#?}");
    }

    let own = write("hosts", "mine\n");
    let step = format!(
        "command = \"{fake}\"\nplaybook_file = \"{playbook}\"\ninventory_file = \"{own}\"\n\
         ansible_env_vars = [\"ANSIBLE_PIPELINING=no\"]"
    );
    let outcome = Build::new(&catalog, "null", NONE).step("ansible", &step).run().await;
    outcome.artifacts();
    assert!(outcome.said("keys: False no") && outcome.said("mine"), "{outcome:#?}");
}
