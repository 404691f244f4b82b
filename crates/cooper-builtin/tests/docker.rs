//! Components over a real Docker daemon.
//!
//! Without a daemon the tests are skipped, unless `COOPER_TEST_DOCKER=require`. They use the image
//! `base:latest`: a busybox whose folders are those of any Linux.
#![expect(clippy::print_stderr, reason = "why a test was skipped")]
#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod harness;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cooper_build::Catalog;
use cooper_build::plan::Policy;
use cooper_container::{ContainerEngine, DockerConfig, DockerEngine};
use harness::Build;

/// A container without a network, which takes less time and needs nothing of the host.
const ALONE: &str = r#"
    image = "base:latest"
    pull = false
    run_command = ["-dit", "--network=none", "--entrypoint=/bin/sh", "--", "{{.Image}}"]
"#;

fn source(more: &str) -> String {
    format!("{ALONE}\ncommit = true\n{more}")
}

/// The components over the daemon, when there is one.
fn catalog() -> Option<Catalog> {
    let there = docker(&["image", "inspect", "base:latest"]).is_some();
    if !there && std::env::var("COOPER_TEST_DOCKER").as_deref() == Ok("require") {
        panic!("there is no Docker daemon with the image `base:latest`");
    }
    if !there {
        eprintln!("skipped: there is no Docker daemon with the image `base:latest`");
        return None;
    }
    let engine = DockerEngine::connect(&DockerConfig::from_environment().unwrap());
    Some(cooper_builtin::catalog(Arc::new(engine) as Arc<dyn ContainerEngine>))
}

/// What `docker` prints.
fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a command prints in a container of an image, which is then removed.
fn in_image(image: &str, script: &str) -> String {
    let printed =
        docker(&["run", "--rm", "--network=none", "--entrypoint=/bin/sh", image, "-c", script])
            .unwrap();
    docker(&["rmi", "-f", image]);
    printed
}

#[tokio::test]
async fn scripts_run_and_leave_nothing() {
    let Some(catalog) = catalog() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("a script.sh");
    std::fs::write(&script, "#!/bin/sh\r\necho from a file $GREETING\r\ncat\r\n").unwrap();
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step(
            "shell",
            r#"
            inline = ["mkdir /scripts", "echo $GREETING > /out", "echo $PACKER_BUILD_NAME >> /out", "echo oops >&2"]
            environment_vars = ["GREETING=it's \"me\""]
            "#,
        )
        .step(
            "shell",
            &format!(
                "script = \"{}\"\nenv = {{ GREETING = \"hello\\nworld\" }}\nuse_env_var_file = true",
                script.display()
            ),
        )
        .step(
            "shell",
            r#"
            inline = ["echo $0 $X"]
            env = { X = "1" }
            remote_folder = "/scripts"
            remote_file = "with space.sh"
            execute_command = "chmod +x '{{.Path}}'; env {{.Vars}} sh '{{ .Path }}'"
            "#,
        )
        .run()
        .await;
    let image = outcome.artifacts().remove(0);
    assert!(outcome.said("oops"), "{:#?}", outcome.lines);
    assert!(outcome.said("from a file hello world"), "{:#?}", outcome.lines);
    assert!(outcome.said("/scripts/with space.sh 1"), "{:#?}", outcome.lines);
    let left = in_image(&image, "cat /out; ls -A /tmp /scripts; ls / | grep packer; true");
    assert_eq!(left, "it's \"me\"\ntest\n/scripts:\n\n/tmp:");
}

#[tokio::test]
async fn a_failing_script_is_told_by_its_exit_code() {
    let Some(catalog) = catalog() else { return };
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step("shell", r#"inline = ["exit 7"]"#)
        .run()
        .await;
    assert_eq!(
        outcome.failure(),
        "Script exited with non-zero exit status: 7. Allowed exit codes are: [0]"
    );
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step("shell", "inline = [\"exit 7\"]\nvalid_exit_codes = [0, 7]")
        .step("shell", "inline = [\"echo x\"]\nremote_folder = \"/no/such\"")
        .run()
        .await;
    assert!(outcome.failure().contains("Error uploading script"), "{}", outcome.failure());
}

#[tokio::test]
async fn a_wild_script_harms_no_other_step() {
    let Some(catalog) = catalog() else { return };
    let patient = Policy { continue_on_error: true, ..Policy::default() };
    let hasty = Policy { timeout: Some(Duration::from_secs(1)), ..patient };
    let started = Instant::now();
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step_with("shell", r#"inline = ["kill -9 -1", "echo alive"]"#, patient)
        .step("shell", r#"inline = ["sleep 60 &", "echo left one behind"]"#)
        .step_with("shell", r#"inline = ["trap '' TERM", "sleep 60"]"#, hasty)
        .step("shell", r#"inline = ["cat > /out", "echo end >> /out"]"#)
        .run()
        .await;
    let image = outcome.artifacts().remove(0);
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(outcome.said("left one behind"));
    assert_eq!(in_image(&image, "ls -A /tmp; cat /out"), "end");
}

#[tokio::test]
async fn other_users_can_use_scripts_and_uploads() {
    let Some(catalog) = catalog() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    std::fs::write(&file, "data").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o4750)).unwrap();
    let arguments = source("fix_upload_owner = true").replace("\"--\"", "\"-u\", \"65534\"");
    let outcome = Build::new(&catalog, "docker", &arguments)
        .step("shell", r#"inline = ["id -u"]"#)
        .step("file", &format!("source = \"{}\"\ndestination = \"/tmp/\"", file.display()))
        .step("shell", r#"inline = ["stat -c '%u:%g %a' /tmp/f"]"#)
        .step("shell", "inline = [\"echo $0\"]\nremote_folder = \"/\"")
        .run()
        .await;
    let image = outcome.artifacts().remove(0);
    assert!(outcome.said("65534"));
    assert!(outcome.said("65534:0 4750"), "{:#?}", outcome.lines);
    assert_eq!(in_image(&image, "ls / | grep sh; ls /tmp"), "f");
}

#[tokio::test]
async fn uploads_belong_to_the_container_s_user_unless_that_is_root() {
    let Some(catalog) = catalog() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tree")).unwrap();
    let file = folder.path().join("tree/f");
    std::fs::write(&file, "data").unwrap();
    std::os::unix::fs::chown(&file, Some(1234), Some(2345)).unwrap();
    let app = |more: &str| source(more).replace("base:latest", "base:app");
    let named = |more: &str| source(more).replace("\"--\"", "\"-u\", \"nobody\", \"--\"");
    let table = [
        (source(""), "0:0 1234:2345"),
        (source("fix_upload_owner = true"), "0:0 0:2345"),
        (app("exec_user = \"root\""), "1000:0 1000:2345"),
        (app("fix_upload_owner = false\nexec_user = \"root\""), "0:0 1234:2345"),
        (named("exec_user = \"root\""), "65534:0 65534:2345"),
    ];
    for (arguments, owners) in table {
        let outcome = Build::new(&catalog, "docker", &arguments)
            .step("file", &format!("source = \"{}\"\ndestination = \"/f\"", file.display()))
            .step(
                "file",
                &format!("source = \"{}/tree\"\ndestination = \"/d\"", folder.path().display()),
            )
            .step("shell", r#"inline = ["echo $(stat -c '%u:%g' /f /d/f)"]"#)
            .run()
            .await;
        outcome.artifacts();
        assert!(outcome.said(owners), "{arguments}: {:#?}", outcome.lines);
    }
}

#[tokio::test]
async fn a_terminal_is_one() {
    let Some(catalog) = catalog() else { return };
    let outcome = Build::new(&catalog, "docker", &source("pty = true"))
        .step("shell", r#"inline = ["test -t 1 && echo terminal"]"#)
        .run()
        .await;
    let image = outcome.artifacts().remove(0);
    assert!(outcome.said("terminal"), "{:#?}", outcome.lines);
    assert_eq!(in_image(&image, "ls -A /tmp"), "");
}

#[tokio::test]
async fn files_and_folders_go_in_and_out() {
    let Some(catalog) = catalog() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir_all(here.join("tree/sub")).unwrap();
    std::fs::write(here.join("tree/a"), "A").unwrap();
    std::fs::write(here.join("tree/sub/b"), "B").unwrap();
    std::fs::set_permissions(here.join("tree/a"), std::fs::Permissions::from_mode(0o751)).unwrap();
    symlink("sub/b", here.join("tree/link")).unwrap();
    std::fs::hard_link(here.join("tree/a"), here.join("tree/hard")).unwrap();
    let shown = here.display();
    let upload = |source: &str, destination: &str| {
        format!("source = \"{shown}/{source}\"\ndestination = \"{destination}\"")
    };
    let download = |source: &str, destination: &str| {
        format!(
            "source = \"{source}\"\ndestination = \"{shown}/{destination}\"\ndirection = \"download\""
        )
    };
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step("file", &upload("tree", "/new"))
        .step("file", &upload("tree", "/new"))
        .step("file", &upload("tree/", "/tmp"))
        .step("file", &upload("tree/a", "/tmp/sub"))
        .step("file", &upload("tree/a", "/tmp/renamed"))
        .step("file", "content = \"text\"\ndestination = \"/tmp/content\"")
        .step("shell", r#"inline = ["ln -s /tmp/renamed /tmp/to", "ln -s /new /folder"]"#)
        .step("file", &download("/tmp/to", "one"))
        .step("file", &download("/folder/", "two"))
        .step("file", &download("/new", "three/"))
        .step("file", &download("/folder", "four"))
        .run()
        .await;
    let image = outcome.artifacts().remove(0);
    let seen = in_image(
        &image,
        "cd /new; stat -c '%n %a %F' a hard link sub sub/b tree/sub/b; \
         [ a -ef hard ] && echo same; cd /tmp; \
         stat -c '%n %a %u:%g' sub/a renamed content; cat content link; ls",
    );
    assert_eq!(
        seen,
        "a 751 regular file\nhard 751 regular file\nlink 777 symbolic link\nsub 755 directory\n\
         sub/b 644 regular file\ntree/sub/b 644 regular file\nsame\nsub/a 751 0:0\n\
         renamed 751 0:0\ncontent 600 0:0\ntextBa\ncontent\nhard\nlink\nrenamed\nsub\nto"
    );
    let read = |name: &str| std::fs::read_to_string(here.join(name)).unwrap();
    assert_eq!(read("one"), "A");
    assert_eq!(read("two/sub/b"), "B");
    assert_eq!(read("two/link"), "B");
    assert_eq!(read("three/new/sub/b"), "B");
    assert_eq!(read("four/tree/a"), "A");
}

#[tokio::test]
async fn a_missing_file_or_folder_is_named() {
    let Some(catalog) = catalog() else { return };
    let folder = tempfile::tempdir().unwrap();
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step("file", "content = \"x\"\ndestination = \"/no/such/folder\"")
        .run()
        .await;
    assert!(outcome.failure().contains("/no/such/folder"), "{}", outcome.failure());
    let target = folder.path().join("f");
    let outcome = Build::new(&catalog, "docker", &source(""))
        .step(
            "file",
            &format!(
                "source = \"/none\"\ndestination = \"{}\"\ndirection = \"download\"",
                target.display()
            ),
        )
        .run()
        .await;
    assert!(outcome.failure().contains("/none"), "{}", outcome.failure());
    assert!(!target.exists());
}

#[tokio::test]
async fn an_exported_container_is_imported_tagged_and_saved() {
    let Some(catalog) = catalog() else { return };
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().display();
    let name = "cooper-test-import/image";
    let outcome =
        Build::new(&catalog, "docker", &format!("{ALONE}\nexport_path = \"{shown}/deep/c.tar\""))
            .post(
                "docker-import",
                &format!(
                    "repository = \"{name}\"\ntag = \"a\"\nchanges = [\"CMD [\\\"/bin/true\\\"]\"]"
                ),
            )
            .post("docker-tag", &format!("repository = \"{name}\"\ntags = [\"b\", \"c\", \"b\"]"))
            .post("docker-save", &format!("path = \"{shown}/image.tar\""))
            .run()
            .await;
    assert_eq!(outcome.artifacts().last().unwrap(), &format!("{name}:c"));
    assert!(folder.path().join("image.tar").exists());
    assert!(!folder.path().join("deep/c.tar").exists(), "imported archives are removed");
    for tag in ["a", "b", "c"] {
        assert!(docker(&["rmi", &format!("{name}:{tag}")]).is_some());
    }
}

#[tokio::test]
async fn an_image_is_pushed_and_its_digest_told() {
    let Some(catalog) = catalog() else { return };
    let registry =
        std::env::var("COOPER_TEST_REGISTRY").unwrap_or_else(|_| "127.0.0.1:5000".to_owned());
    let name = format!("{registry}/cooper-test/push");
    let build = || {
        let arguments = source("").replace("pull = false", "").replace("base:", "python:");
        Build::new(&catalog, "docker", &arguments.replace("latest", "alpine"))
            .post("docker-tag", &format!("repository = \"{name}\"\ntags = [\"v1\", \"v2\"]"))
    };
    let outcome = build().post("docker-push", "").run().await;
    if outcome.said("connection refused") && std::env::var("COOPER_TEST_DOCKER").is_err() {
        eprintln!("skipped: there is no registry at {registry}");
        return;
    }
    outcome.artifacts();
    let pushed = outcome.lines.iter().filter(|line| line.starts_with("Pushing: ")).count();
    assert_eq!(pushed, 2, "{:#?}", outcome.lines);
    assert!(outcome.said("v1: digest: sha256:"), "{:#?}", outcome.lines);
    docker(&["rmi", &format!("{name}:v1"), &format!("{name}:v2")]);
}

#[tokio::test]
async fn the_image_keeps_its_source_s_program() {
    let Some(catalog) = catalog() else { return };
    let outcome = Build::new(
        &catalog,
        "docker",
        &source(
            r#"
            author = "me"
            message = "why"
            changes = ["WORKDIR /srv", "ENV A=b"]
            "#,
        ),
    )
    .run()
    .await;
    let image = outcome.artifacts().remove(0);
    let format =
        "{{json .Config.Cmd}} {{.Config.WorkingDir}} {{.Config.Env}} {{.Author}} {{.Comment}}";
    let seen = docker(&["inspect", "--format", format, &image]).unwrap();
    docker(&["rmi", &image]);
    assert!(seen.starts_with("[\"/bin/sh\"] /srv"), "{seen}");
    assert!(seen.contains("A=b") && seen.ends_with("me why"), "{seen}");
}

#[tokio::test]
async fn what_cannot_be_sent_or_packed_is_kept() {
    let Some(catalog) = catalog() else { return };
    for (kind, expected) in
        [("docker-push", "has no name to push it to"), ("compress", "nothing to compress")]
    {
        let outcome = Build::new(&catalog, "docker", &source("")).post(kind, "").run().await;
        assert!(outcome.failure().contains(expected), "{}", outcome.failure());
        let image = outcome.lines.iter().find_map(|line| line.strip_prefix("Image ID: ")).unwrap();
        assert!(docker(&["rmi", image]).is_some(), "{kind} took the image");
    }
    // A name stays unless the template says otherwise, and an anonymous volume goes in any case.
    let name = "cooper-test-kept/image";
    let folder = tempfile::tempdir().unwrap();
    let save = format!("path = \"{}/image.tar\"", folder.path().display());
    let volume = source("").replace("\"-dit\"", "\"-dit\", \"-v\", \"/anonymous\"");
    let outcome = Build::new(&catalog, "docker", &volume)
        .step("shell", "inline = [\"grep /anonymous /proc/self/mountinfo\"]")
        .post("docker-tag", &format!("repository = \"{name}\""))
        .post("docker-save", &save)
        .run()
        .await;
    outcome.artifacts();
    let mount = outcome.lines.iter().find(|line| line.contains("/volumes/")).unwrap();
    let id = mount.split("/volumes/").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    assert!(docker(&["volume", "inspect", id]).is_none(), "the volume {id} stayed");
    assert!(docker(&["rmi", name]).is_some());
    let outcome = Build::new(&catalog, "docker", &format!("{ALONE}\ndiscard = true")).run().await;
    assert_eq!(outcome.artifacts().len(), 1);
}
