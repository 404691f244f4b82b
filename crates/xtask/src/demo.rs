//! The demonstration: the example template, built, tagged and pushed for real.

use std::fs;
use std::path::Path;
use std::process::Command;

use cooper_testbed::{Context, Environment, Error, Result, http};

use crate::workspace::{Workspace, in_environment};

/// The registry's name in the example.
const PLACEHOLDER: &str = "registry.example";

/// Builds `docs/examples/python-app` and shows the digest that the registry has for it.
pub(crate) fn run(workspace: &Workspace, release: bool) -> Result<()> {
    let cooper = workspace.build_cooper(release)?;
    let environment = workspace.testbed().up()?;
    let folder = workspace.target("demo");
    lay_out(workspace, &environment, &folder)?;

    println!("$ cooper build template.pkr.hcl");
    let mut build = Command::new(cooper);
    build.args(["build", "template.pkr.hcl"]).current_dir(&folder);
    let status = in_environment(&mut build, &environment).status().context("start `cooper`")?;
    if !status.success() {
        return Err(Error::new(format!("the example was not built: {status}")));
    }

    let manifest = http::get(
        &environment.registry,
        "/v2/team1/python-app/manifests/v1",
        &[("Accept", "application/vnd.docker.distribution.manifest.v2+json")],
    )?;
    let digest = manifest.header("docker-content-digest").filter(|_| manifest.status == 200);
    let digest = digest.ok_or_else(|| {
        Error::new(format!("the registry has no `team1/python-app:v1`: HTTP {}", manifest.status))
    })?;
    println!("\nThe registry has {}/team1/python-app:v1 as\n{digest}", environment.registry);
    Ok(())
}

/// Writes the example to a folder, changed in nothing but the registry's name.
pub(crate) fn lay_out(
    workspace: &Workspace,
    environment: &Environment,
    folder: &Path,
) -> Result<()> {
    let example = workspace.path("docs/examples/python-app");
    fs::create_dir_all(folder).context(format!("make folder {}", folder.display()))?;
    for name in ["template.pkr.hcl", "app.py", "requirements.txt"] {
        let from = example.join(name);
        let text = fs::read_to_string(&from).context(format!("read {}", from.display()))?;
        let text = text.replace(PLACEHOLDER, &environment.registry);
        fs::write(folder.join(name), text).context(format!("write {name}"))?;
    }
    Ok(())
}
