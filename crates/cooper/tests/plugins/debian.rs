//! Debian's Packer, 1.6.6, as the host: before plugins had arguments.

use std::fs;
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, process};
use libtest_mimic::Trial;

use crate::docker_trial;
use crate::plugin::{bundle_slim, folder, root};

const LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        docker_trial("debians_packer_builds_with_a_plugin_in_python", || build("slim.pkr.hcl")),
        docker_trial("debians_packer_builds_json_with_a_plugin_in_python", || build("slim.json")),
    ]
}

/// Builds a template with the plugin beside it. What the plugin did, the template itself checks.
fn build(template: &str) -> Result<()> {
    let folder = folder(&format!("debian-{template}"))?;
    fs::copy(root().join("testdata/plugins").join(template), folder.join(template))
        .context("copy the template")?;
    fs::rename(bundle_slim(&folder)?, folder.join("packer-provisioner-slim"))
        .context("give the plugin its older name")?;
    let mut packer = Command::new("packer");
    packer
        .args(["build", "-color=false", template])
        .current_dir(&folder)
        .env("CHECKPOINT_DISABLE", "1")
        .env("PACKER_CONFIG_DIR", &folder)
        .env("HOME", &folder);
    let run = process::capture(&mut packer, LIMIT)?;
    if run.status.success() && run.stdout.contains("saved 2.0 MiB") {
        return Ok(());
    }
    Err(Error::new(format!("{}\n{}{}", run.status, run.stdout, run.stderr)))
}
