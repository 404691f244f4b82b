//! The registry stumbles.

mod proxy;

use std::time::Duration;

use cooper_testbed::{Result, http};

use crate::rig::{Ended, Rig, docker, expect_no_containers, registry, shell, template};
use proxy::{Fault, Proxy};

pub(crate) fn push_survives_500() -> Result<()> {
    survives("500", Fault::AnswerManifest("500 Internal Server Error"), 2)
}

pub(crate) fn push_survives_429() -> Result<()> {
    survives("429", Fault::AnswerManifest("429 Too Many Requests"), 2)
}

pub(crate) fn push_survives_cuts() -> Result<()> {
    survives("cut", Fault::CutUpload, 2)
}

pub(crate) fn push_gives_up() -> Result<()> {
    let fault = Fault::AnswerManifest("500 Internal Server Error");
    let proxy = Proxy::start(&registry()?, fault, u32::MAX)?;
    let name = "faults/gives-up";
    let ended = push(&proxy, name)?;
    ended.expect_failure(&["push", &proxy.address()])?;
    ended.expect("it was tried more than once", proxy.faults() > 1)?;
    expect_kept(&proxy, name)
}

pub(crate) fn push_refused() -> Result<()> {
    let proxy = Proxy::start(&registry()?, Fault::Answer("403 Forbidden"), u32::MAX)?;
    let name = "faults/refused";
    let ended = push(&proxy, name)?;
    ended.expect_failure(&["push", &proxy.address()])?;
    ended.expect("it is said soon", ended.took < Duration::from_secs(15))?;
    expect_kept(&proxy, name)
}

pub(crate) fn pull_gives_up() -> Result<()> {
    let proxy = Proxy::start(&registry()?, Fault::Answer("500 Internal Server Error"), u32::MAX)?;
    let image = format!("{}/library/base:latest", proxy.address());
    let text = template("").replace("base:latest", &image);
    let ended = Rig::new("registry-pull", &text)?.run()?;
    ended.expect_failure(&[&image])?;
    expect_no_containers()
}

/// A push works in the end, though a registry fails at first.
fn survives(label: &str, fault: Fault, times: u32) -> Result<()> {
    let proxy = Proxy::start(&registry()?, fault, times)?;
    let name = format!("faults/survives-{label}");
    let ended = push(&proxy, &name)?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    ended.expect("the registry did fail", proxy.faults() == times)?;
    expect_kept(&proxy, &name)?;
    let accept = ("Accept", "application/vnd.docker.distribution.manifest.v2+json");
    let answer = http::get(&registry()?, &format!("/v2/{name}/manifests/latest"), &[accept])?;
    ended.expect("the registry has the image", answer.status == 200)
}

/// Builds an image that no registry has yet, and pushes it through a proxy.
fn push(proxy: &Proxy, name: &str) -> Result<Ended> {
    let steps = format!(
        "{}  post-processors {{\n    post-processor \"docker-tag\" {{\n      repository = \"{}/{name}\"\n    \
         }}\n    post-processor \"docker-push\" {{}}\n  }}\n",
        shell("dd if=/dev/urandom of=/noise bs=64k count=16"),
        proxy.address()
    );
    Rig::new(&format!("registry-{}", name.replace('/', "-")), &template(&steps))?.run()
}

/// The image is still there under its name, and goes now.
fn expect_kept(proxy: &Proxy, name: &str) -> Result<()> {
    docker(&["rmi", &format!("{}/{name}", proxy.address())]).map(drop)
}
