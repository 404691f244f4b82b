//! The plugins that are measured, installed for one scenario.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Result, process, releases};

use crate::workspace::Workspace;

/// A build of Go from nothing takes a while.
const LIMIT: Duration = Duration::from_secs(600);

/// The folder of plugins in a scenario's.
pub(super) fn folder(scenario: &Path) -> PathBuf {
    scenario.join("plugins")
}

/// Installs the plugins of the repository that scenarios use: two in Go, one in Rust. The latter stands
/// beside the template, too, where Packer 1.6.6 looks for it.
pub(super) fn install(workspace: &Workspace, scenario: &Path, release: bool) -> Result<()> {
    for (name, package) in [("files", "."), ("misbehave", "./cmd/packer-plugin-misbehave")] {
        let program = workspace.target("bench").join(format!("packer-plugin-{name}"));
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&program).arg(package);
        process::run(build.current_dir(workspace.path("plugins/files")), LIMIT)?;
        put(scenario, name, &program)?;
    }
    let greet = workspace.build_example("cooper-plugin", "greet", release)?;
    put(scenario, "greet", &greet)?;
    copy(&greet, &scenario.join("packer-provisioner-greet"))
}

/// Installs so many others, which are large, besides.
pub(super) fn install_others(scenario: &Path, count: usize) -> Result<()> {
    let program = place(scenario, "files");
    (0..count).try_for_each(|n| put(scenario, &format!("other{n}"), &program))
}

/// Installs a program with its checksum.
fn put(scenario: &Path, name: &str, program: &Path) -> Result<()> {
    let path = place(scenario, name);
    fs::create_dir_all(path.parent().unwrap_or(scenario)).context("make a folder")?;
    copy(program, &path)?;
    let bytes = fs::read(program).context("read a plugin")?;
    let sums = releases::sums(&[(name, &bytes)]);
    fs::write(format!("{}_SHA256SUM", path.display()), sums).context("write a checksum")
}

fn copy(program: &Path, to: &Path) -> Result<()> {
    fs::copy(program, to).context(format!("copy a plugin to {}", to.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).context("let a plugin run")
}

/// Where a plugin is.
fn place(scenario: &Path, name: &str) -> PathBuf {
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let file = format!("packer-plugin-{name}_v0.1.0_x5.0_linux_{processor}");
    folder(scenario).join("github.com/example").join(name).join(file)
}
