//! The plugins that are measured, installed for one scenario.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Result, install_plugin, plugin_place, process};

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
    let beside = scenario.join("packer-provisioner-greet");
    fs::copy(&greet, beside).map(|_| ()).context("copy a plugin beside the template")
}

/// Installs so many others, which are large, besides.
pub(super) fn install_others(scenario: &Path, count: usize) -> Result<()> {
    let program = fs::read(plugin_place(&folder(scenario), "files")).context("read a plugin")?;
    (0..count).try_for_each(|n| install_plugin(&folder(scenario), &format!("other{n}"), &program))
}

/// Installs a program that was built.
fn put(scenario: &Path, name: &str, program: &Path) -> Result<()> {
    let program = fs::read(program).context("read a plugin")?;
    install_plugin(&folder(scenario), name, &program)
}
