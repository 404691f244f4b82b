//! The disk is full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, process};

use crate::rig::{Rig, docker, expect_no_containers, registry, shell, template};

const SENTENCE: &str = "no space left";

pub(crate) fn save() -> Result<()> {
    let disk = SmallDisk::mount("save")?;
    let repository = format!("{}/faults/full-save", registry()?);
    let steps = format!(
        "  post-processors {{\n    post-processor \"docker-tag\" {{ repository = {repository:?} }}\n    \
         post-processor \"docker-save\" {{ path = {:?} }}\n  }}\n",
        disk.path("image.tar")
    );
    let ended = Rig::new("disk-save", &template(&steps))?.run()?;
    ended.expect_failure(&[SENTENCE])?;
    disk.expect_empty()?;
    expect_image(&repository)
}

pub(crate) fn export() -> Result<()> {
    let disk = SmallDisk::mount("export")?;
    let text = template("")
        .replace("commit = true", &format!("export_path = {:?}", disk.path("container.tar")));
    let ended = Rig::new("disk-export", &text)?.run()?;
    ended.expect_failure(&[SENTENCE])?;
    disk.expect_empty()?;
    expect_no_containers()
}

pub(crate) fn manifest() -> Result<()> {
    let disk = SmallDisk::mount("manifest")?;
    disk.fill()?;
    let repository = format!("{}/faults/full-manifest", registry()?);
    let steps = format!(
        "{}  post-processors {{\n    post-processor \"docker-tag\" {{ repository = {repository:?} }}\n    \
         post-processor \"manifest\" {{ output = {:?} }}\n  }}\n",
        shell("true"),
        disk.path("manifest.json")
    );
    let ended = Rig::new("disk-manifest", &template(&steps))?.run()?;
    ended.expect_failure(&[SENTENCE])?;
    expect_image(&repository)
}

/// What was built before the disk was full is kept.
fn expect_image(repository: &str) -> Result<()> {
    docker(&["rmi", repository]).context("the image is not kept").map(drop)
}

/// A file system of one megabyte.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(name: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-disk").join(name);
        fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&folder);
        process::run(&mut mount, Duration::from_secs(10))?;
        Ok(Self(folder))
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Leaves not a byte.
    fn fill(&self) -> Result<()> {
        match fs::write(self.0.join("filling"), vec![0; 2 << 20]) {
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => Ok(()),
            other => Err(Error::new(format!("the small disk took two megabytes: {other:?}"))),
        }
    }

    fn expect_empty(&self) -> Result<()> {
        let entries = fs::read_dir(&self.0).context("list the small disk")?;
        let left: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        if left.is_empty() { Ok(()) } else { Err(Error::new(format!("left behind: {left:?}"))) }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut umount = Command::new("umount");
        let _ = process::run(umount.arg("--lazy").arg(&self.0), Duration::from_secs(10));
    }
}
