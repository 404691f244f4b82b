//! A machine that is there already, reached by ssh: both programs do the same to its files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, SSH_USER, SshServer, process};

/// Longer than such a build takes.
const PATIENCE: Duration = Duration::from_secs(120);

const PASSWORD: &str = "correct horse";

/// What is done: scripts and files, in both directions.
const STEPS: &str = r#"
build {
  sources = ["source.null.it"]
  provisioner "shell" {
    inline = ["mkdir there", "pwd > there/where", "echo \"$NAME $PACKER_BUILDER_TYPE\" > there/variables"]
    environment_vars = ["NAME=it's \"quoted\""]
  }
  provisioner "shell" {
    inline          = ["umask > there/umask", "cat > there/input", "id -un > there/user"]
    execute_command = "echo for the script | env {{.Vars}} sh {{.Path}}"
  }
  provisioner "shell" {
    inline           = ["exit 3"]
    valid_exit_codes = [3]
  }
  provisioner "file" {
    source      = "sent/run.sh"
    destination = "there/"
  }
  provisioner "file" {
    source      = "sent/run.sh"
    destination = "there/other name"
  }
  provisioner "file" {
    source      = "sent"
    destination = "there"
  }
  provisioner "file" {
    source      = "sent/"
    destination = "there"
  }
  provisioner "file" {
    source      = "there/sent/deep/file"
    destination = "got"
    direction   = "download"
  }
}
"#;

/// Builds with both, and compares what is in the user's home and what came back.
pub(crate) fn compare(cooper: &Path) -> Result<()> {
    let packer = outcome("packer", Path::new("packer"))?;
    let cooper = outcome("cooper", cooper)?;
    if packer == cooper {
        return Ok(());
    }
    let differences: Vec<String> = (packer.iter().filter(|line| !cooper.contains(line)))
        .map(|line| format!("  Packer: {line}"))
        .chain(
            cooper
                .iter()
                .filter(|line| !packer.contains(line))
                .map(|line| format!("  Cooper: {line}")),
        )
        .collect();
    Err(Error::new(format!("Packer and Cooper differ:\n{}", differences.join("\n"))))
}

/// A line for each file that a build leaves.
fn outcome(name: &str, program: &Path) -> Result<Vec<String>> {
    let server = SshServer::start("", Some(PASSWORD))?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity-machine").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).context("remove a folder")?;
    }
    fs::create_dir_all(folder.join("sent/deep")).context("make a folder")?;
    let source = format!(
        "source \"null\" \"it\" {{\n  communicator = \"ssh\"\n  ssh_host = \"127.0.0.1\"\n  \
         ssh_port = {}\n  ssh_username = {SSH_USER:?}\n  ssh_password = {PASSWORD:?}\n}}\n",
        server.port()
    );
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.join(name);
        fs::write(&path, text).context("write a file")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).context("set a mode")
    };
    write("template.pkr.hcl", &(source + STEPS), 0o644)?;
    write("sent/run.sh", "#!/bin/sh\n", 0o750)?;
    write("sent/deep/file", "deep\r\n\0", 0o604)?;
    let mut command = Command::new(program);
    command.args(["build", "template.pkr.hcl"]).current_dir(&folder).env("HOME", &folder);
    command.env("CHECKPOINT_DISABLE", "1");
    process::run(&mut command, PATIENCE)?;

    let mut lines = Vec::new();
    describe(&server.home(), Path::new(""), &mut lines)?;
    let got = fs::read(folder.join("got")).context("read what came back")?;
    lines.push(format!("got: {:?}", String::from_utf8_lossy(&got)));
    // Each server has its own folder.
    let home = server.home().display().to_string();
    Ok(lines.into_iter().map(|line| line.replace(&home, "HOME")).collect())
}

/// A line for each file below a folder: name, mode, owner, content.
fn describe(root: &Path, below: &Path, lines: &mut Vec<String>) -> Result<()> {
    let folder = root.join(below);
    let entries = fs::read_dir(&folder).context(format!("list {}", folder.display()))?;
    let mut names: Vec<PathBuf> = entries.flatten().map(|entry| entry.file_name().into()).collect();
    names.sort();
    for name in names {
        let path = below.join(&name);
        let found = fs::symlink_metadata(root.join(&path)).context("look at a file")?;
        let content = if found.is_file() {
            let bytes = fs::read(root.join(&path)).context("read a file")?;
            format!("{:?}", String::from_utf8_lossy(&bytes))
        } else {
            String::new()
        };
        lines.push(format!("{} {:o} {} {content}", path.display(), found.mode(), found.uid()));
        if found.is_dir() {
            describe(root, &path, lines)?;
        }
    }
    Ok(())
}
