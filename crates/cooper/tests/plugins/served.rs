//! Debian's Packer, 1.6.6, as the program of a plugin: what is built into it, with the handshake and
//! the specs of 2020.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Result, install_plugin, process};
use libtest_mimic::Trial;

use crate::docker_trial;
use crate::plugin::folder;
use crate::run::{Run, check};

pub(crate) fn trials() -> Vec<Trial> {
    vec![docker_trial("debians_packer_is_a_plugin", build)]
}

/// Names a component of its own on the command line, as plugins of today do.
const SCRIPT: &str = r#"#!/bin/sh
if [ "$1" = describe ]; then
    echo '{"version":"0.1.0","api_version":"x5.0","builders":["docker"],"provisioners":["shell","file"],"post_processors":["docker-tag","manifest"]}'
else
    exec packer plugin "packer-$2-$3"
fi
"#;

fn install() -> Result<PathBuf> {
    let plugins = folder("served")?;
    install_plugin(&plugins, "debian", SCRIPT.as_bytes())?;
    Ok(plugins)
}

/// What the provisioners did, the template itself checks.
fn build() -> Result<()> {
    let run = Run::of("served.pkr.hcl", install()?)?.with("CHECKPOINT_DISABLE", "1");
    let output = run.build(&[])?;
    let said = ["debian in theirs, theirs", "debian in ours, ours", "to standard error"];
    run.expect(&output, true, &said)?;
    for source in ["theirs", "ours"] {
        let file = run.folder.join(format!("who-{source}"));
        let who = fs::read_to_string(&file).context(format!("read {}", file.display()))?;
        check(who == format!("debian in {source}, {source}\n"), || format!("it is {who:?}"))?;
    }
    let manifest =
        fs::read_to_string(run.folder.join("manifest.json")).context("read a manifest")?;
    for tag in ["theirs", "ours"] {
        let image = format!("cooper-test/served:{tag}");
        let environment = docker(&["inspect", "--format", "{{.Config.Env}} {{.Id}}", &image])?;
        check(environment.contains("SERVED=yes"), || environment.clone())?;
        let id = environment.rsplit(' ').next().unwrap_or_default();
        check(manifest.contains(id), || format!("{id} is not in {manifest}"))?;
        docker(&["rmi", &image])?;
    }
    run.nothing_is_left()
}

fn docker(arguments: &[&str]) -> Result<String> {
    process::run(Command::new("docker").args(arguments), Duration::from_secs(60))
}
