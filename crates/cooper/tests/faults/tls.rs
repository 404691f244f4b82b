//! The daemon listens on TCP and wants to see certificates.

use std::fs;
use std::path::Path;

use cooper_testbed::{Certificates, Context, DaemonOptions, Result, free_port, process};

use crate::rig::{OwnDaemon, PATIENCE, Rig, shell, template_without_pull};

pub(crate) fn certificates() -> Result<()> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let made = Certificates::make(folder.path())?;
    let address = format!("tcp://127.0.0.1:{}", free_port()?);
    let file = |option: &str, path: &Path| format!("--{option}={}", path.display());
    let arguments = vec![
        format!("--host={address}"),
        "--tlsverify".to_owned(),
        file("tlscacert", &made.certificate("ca")),
        file("tlscert", &made.certificate("server")),
        file("tlskey", &made.key("server")),
    ];
    let options = DaemonOptions { arguments, ..DaemonOptions::default() };
    let daemon = OwnDaemon::start_with("tls", &options)?;

    let name = "faults/over-tls";
    let steps = shell("echo through TLS > /made")
        + &format!("  post-processor \"docker-tag\" {{\n    repository = {name:?}\n  }}\n");
    let rig = |label: &str, ca: &str, client: Option<&str>| {
        let rig = Rig::new(&format!("tls-{label}"), &template_without_pull(&steps))?;
        let copy = |from: &Path, to: &str| {
            let target = rig.folder.join(to);
            fs::copy(from, &target).context(format!("make {}", target.display()))
        };
        copy(&made.certificate(ca), "ca.pem")?;
        if let Some(client) = client {
            copy(&made.certificate(client), "cert.pem")?;
            copy(&made.key(client), "key.pem")?;
        }
        let folder = rig.folder.display().to_string();
        Ok(rig.on(&address).with("DOCKER_TLS_VERIFY", "1").with("DOCKER_CERT_PATH", folder))
    };

    let ended = rig("right", "ca", Some("client"))?.run()?;
    ended.expect("it succeeds", ended.code == Some(0))?;
    let run = ["run", "--rm", "--network=none", "--entrypoint=/bin/cat", name, "/made"];
    let made_there = process::run(&mut daemon.0.docker(&run), PATIENCE)?;
    ended.expect("the image is there", made_there == "through TLS")?;

    for (label, ca, client, reason, help) in [
        ("wrong-ca", "other", Some("client"), "invalid peer certificate", "`ca.pem`"),
        ("no-client", "ca", None, "wants to see a client certificate", "`key.pem`"),
    ] {
        let ended = rig(label, ca, client)?.run()?;
        ended.expect_failure(&["cannot reach the container engine", &address, reason, help])?;
    }
    // What the daemon says of it may be lost when it hangs up.
    let ended = rig("stranger", "ca", Some("stranger"))?.run()?;
    ended.expect_failure(&["cannot reach the container engine", &address])
}
