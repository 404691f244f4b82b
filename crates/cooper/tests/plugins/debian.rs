//! Debian's Packer, 1.6.6, as the host: before plugins had arguments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::process::Output;
use cooper_testbed::{Context, Error, Result, process};
use libtest_mimic::Trial;

use crate::docker_trial;
use crate::plugin::{bundle_slim, folder, in_rust, root};

const LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        docker_trial("debians_packer_builds_with_a_plugin_in_python", || slim("slim.pkr.hcl")),
        docker_trial("debians_packer_builds_json_with_a_plugin_in_python", || slim("slim.json")),
        docker_trial("debians_packer_builds_with_a_plugin_in_rust", greet),
        docker_trial("debians_packer_builds_json_with_a_plugin_in_rust", goss),
    ]
}

fn slim(template: &'static str) -> Result<()> {
    let run = Run::of(template, "slim", &bundle_slim)?;
    let output = run.build(&[])?;
    succeeds(&output, &["saved 2.0 MiB"])
}

fn greet() -> Result<()> {
    let run = Run::of("greet.pkr.hcl", "greet", &|_| in_rust("greet"))?;
    let output = run.build(&[])?;
    succeeds(&output, &["greets you", "==> docker.base: base is done"])
}

/// Checks that hold, and then one that does not.
fn goss() -> Result<()> {
    let run = Run::of("goss.json", "goss", &|_| in_rust("goss"))?;
    let output = run.build(&[])?;
    succeeds(&output, &["ok      file `/etc/app.conf`: exists, mode", "8 checks passed in"])?;
    let report = || fs::read_to_string(run.folder.join("report.xml")).context("read a report");
    expect(report()?.contains("tests=\"8\" failures=\"0\""), &output)?;
    let output = run.build(&["-var=mode=0600"])?;
    expect(!output.status.success(), &output)?;
    let said =
        ["failed  file `/etc/app.conf`: mode: is `0640`, and not `0600`", "1 of 8 checks failed"];
    let all = format!("{}{}", output.stdout, output.stderr);
    expect(said.iter().all(|text| all.contains(text)), &output)?;
    expect(report()?.contains("<failure message=\"is `0640`"), &output)
}

fn succeeds(output: &Output, said: &[&str]) -> Result<()> {
    let is_said = said.iter().all(|text| output.stdout.contains(text));
    expect(output.status.success() && is_said, output)
}

fn expect(holds: bool, output: &Output) -> Result<()> {
    let Output { status, stdout, stderr } = output;
    if holds { Ok(()) } else { Err(Error::new(format!("{status}\n{stdout}{stderr}"))) }
}

/// A template with a plugin beside it. What the plugin did, the template itself checks.
struct Run {
    folder: PathBuf,
    template: &'static str,
}

impl Run {
    /// `make` makes the plugin, in a folder if it likes.
    fn of(
        template: &'static str,
        plugin: &str,
        make: &dyn Fn(&Path) -> Result<PathBuf>,
    ) -> Result<Self> {
        let folder = folder(&format!("debian-{template}"))?;
        fs::copy(root().join("testdata/plugins").join(template), folder.join(template))
            .context("copy the template")?;
        let beside = folder.join(format!("packer-provisioner-{plugin}"));
        fs::copy(make(&folder)?, beside).context("give the plugin its older name")?;
        Ok(Self { folder, template })
    }

    fn build(&self, arguments: &[&str]) -> Result<Output> {
        let mut packer = Command::new("packer");
        packer
            .args(["build", "-color=false"])
            .args(arguments)
            .arg(self.template)
            .current_dir(&self.folder)
            .env("CHECKPOINT_DISABLE", "1")
            .env("PACKER_CONFIG_DIR", &self.folder)
            .env("HOME", &self.folder);
        process::capture(&mut packer, LIMIT)
    }
}
