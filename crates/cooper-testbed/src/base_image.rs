//! The small images that tests build on.

use std::path::Path;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::error::{Context, Result};
use crate::process;

const BUSYBOX: &str = "/bin/busybox";
const LIMIT: Duration = Duration::from_secs(60);

/// The images and how each differs from the plain one.
const IMAGES: &[(&str, &[&str])] = &[
    ("base:latest", &["CMD [\"/bin/sh\"]"]),
    ("python:alpine", &["CMD [\"/bin/sh\"]"]),
    ("base:app", &["CMD [\"/bin/sh\"]", "USER app", "WORKDIR /home/app"]),
    (
        "base:configured",
        &[
            "ENV COLOUR=green",
            "LABEL org.example.from=base",
            "EXPOSE 8080/tcp",
            "VOLUME /data",
            "WORKDIR /srv",
            "ENTRYPOINT [\"/bin/busybox\"]",
            "CMD [\"httpd\", \"-f\"]",
        ],
    ),
];

/// Makes the images.
pub(crate) fn make(daemon: &Daemon) -> Result<()> {
    let tree = tree()?;
    for (name, changes) in IMAGES {
        let mut import = daemon.docker(&["import"]);
        import.args(changes.iter().flat_map(|change| ["--change", change])).args(["-", name]);
        process::run_with_input(&mut import, &tree, LIMIT).context(format!("make `{name}`"))?;
    }
    Ok(())
}

/// Pushes the images to the registry that mirrors Docker Hub, so that a pull of their plain names
/// works.
pub(crate) fn push(daemon: &Daemon, mirror: &str) -> Result<()> {
    for (name, _) in IMAGES {
        let pushed = format!("{mirror}/library/{name}");
        process::run(&mut daemon.docker(&["tag", name, &pushed]), LIMIT)?;
        process::run(&mut daemon.docker(&["push", "--quiet", &pushed]), LIMIT)
            .context(format!("push `{pushed}`"))?;
        // Only the plain names stay, as after a pull.
        process::run(&mut daemon.docker(&["rmi", &pushed]), LIMIT)?;
    }
    Ok(())
}

/// A root file system: busybox, a link for each of its tools, and three users.
fn tree() -> Result<Vec<u8>> {
    let busybox = std::fs::read(BUSYBOX).context(format!("read {BUSYBOX}"))?;
    let list =
        process::run(std::process::Command::new(BUSYBOX).arg("--list"), Duration::from_secs(10))?;
    let mut tree = Tree(tar::Builder::new(Vec::new()));
    for (path, mode, owner) in [
        ("bin", 0o755, 0),
        ("dev", 0o755, 0),
        ("etc", 0o755, 0),
        ("home", 0o755, 0),
        ("home/app", 0o750, 1000),
        ("proc", 0o555, 0),
        ("root", 0o700, 0),
        ("srv", 0o755, 0),
        ("sys", 0o555, 0),
        ("tmp", 0o1777, 0),
        ("usr", 0o755, 0),
        ("usr/bin", 0o755, 0),
        ("usr/src", 0o755, 0),
        ("var", 0o755, 0),
        ("var/tmp", 0o1777, 0),
    ] {
        tree.add(tar::EntryType::Directory, path, mode, owner, &[])?;
    }
    tree.add(tar::EntryType::Regular, "bin/busybox", 0o755, 0, &busybox)?;
    for tool in list.lines().filter(|tool| *tool != "busybox" && !tool.contains('/')) {
        tree.link(&format!("bin/{tool}"), "busybox")?;
    }
    let users = "root:x:0:0:root:/root:/bin/sh\n\
                 app:x:1000:1000:app:/home/app:/bin/sh\n\
                 nobody:x:65534:65534:nobody:/:/bin/false\n";
    let groups = "root:x:0:\napp:x:1000:\nnogroup:x:65534:\n";
    tree.add(tar::EntryType::Regular, "etc/passwd", 0o644, 0, users.as_bytes())?;
    tree.add(tar::EntryType::Regular, "etc/group", 0o644, 0, groups.as_bytes())?;
    tree.0.into_inner().context("finish an archive")
}

/// An archive whose entries all have the same time, so that the same tree gives the same bytes.
struct Tree(tar::Builder<Vec<u8>>);

impl Tree {
    fn add(
        &mut self,
        kind: tar::EntryType,
        path: &str,
        mode: u32,
        owner: u64,
        content: &[u8],
    ) -> Result<()> {
        let mut header = header(kind, mode, owner);
        header.set_size(content.len() as u64);
        self.0.append_data(&mut header, Path::new(path), content).context(format!("add {path}"))
    }

    fn link(&mut self, path: &str, target: &str) -> Result<()> {
        let mut header = header(tar::EntryType::Symlink, 0o777, 0);
        header.set_size(0);
        self.0.append_link(&mut header, path, target).context(format!("add {path}"))
    }
}

fn header(kind: tar::EntryType, mode: u32, owner: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(1_600_000_000);
    header
}
