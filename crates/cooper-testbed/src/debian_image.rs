//! An image of Debian with Python and Ansible, which takes a while to make and few tests need.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::process;

/// The image's name.
pub const DEBIAN_IMAGE: &str = "debian:ansible";

/// What is in it, besides what these need.
const PACKAGES: &[&str] = &[
    "ansible-core",
    "base-passwd",
    "bash",
    "coreutils",
    "dash",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "libc-bin",
    "mount",
    "passwd",
    "procps",
    "python3",
    "sed",
    "tar",
];

/// What nobody reads in a test.
const LEFT_OUT: &[&str] = &["usr/share/doc", "usr/share/locale", "usr/share/man"];

const LIMIT: Duration = Duration::from_secs(600);

/// Makes the image on the daemon of `DOCKER_HOST`, unless it is there. The packages are kept in
/// `folder`. Their files are unpacked; what they would run when they are installed is not.
///
/// # Errors
///
/// When Debian's packages cannot be had, or the daemon does not take the image.
pub fn make_debian_image(folder: &Path) -> Result<()> {
    let docker = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.args(arguments);
        command
    };
    let inspect = ["image", "inspect", "--format", "{{.Id}}", DEBIAN_IMAGE];
    if process::run(&mut docker(&inspect), LIMIT).is_ok() {
        return Ok(());
    }
    let archives = folder.join("archives");
    let tree = folder.join("tree");
    fs::create_dir_all(archives.join("partial")).context("make a folder for packages")?;
    if tree.exists() {
        fs::remove_dir_all(&tree).context("remove what was left of an image")?;
    }
    fs::create_dir_all(&tree).context("make a folder for an image")?;
    // As if nothing were installed, so that everything that is needed comes along.
    let mut download = Command::new("apt-get");
    download
        .args(["install", "--yes", "--quiet", "--download-only", "--no-install-recommends"])
        .args(["-o", "Dir::State::status=/dev/null", "-o", "Acquire::Retries=3"])
        .args(["-o", &format!("Dir::Cache::archives={}", archives.display())])
        .args(PACKAGES)
        .env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut download, LIMIT).context("get the packages of a Debian image")?;
    let entries = fs::read_dir(&archives).context("list the packages")?;
    for entry in entries {
        let package = entry.context("list the packages")?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            let mut unpack = Command::new("dpkg-deb");
            process::run(unpack.arg("--extract").arg(&package).arg(&tree), LIMIT)?;
        }
    }
    for folder in LEFT_OUT {
        fs::remove_dir_all(tree.join(folder)).context(format!("remove {folder}"))?;
    }
    for list in ["passwd", "group"] {
        let master = tree.join(format!("usr/share/base-passwd/{list}.master"));
        fs::copy(master, tree.join("etc").join(list)).context(format!("make /etc/{list}"))?;
    }
    for folder in ["root", "tmp", "proc", "sys", "dev", "home", "run"] {
        fs::create_dir_all(tree.join(folder)).context(format!("make /{folder}"))?;
    }
    import(&tree)?;
    fs::remove_dir_all(&tree).context("remove the image's files")
}

/// Makes an image of a folder's contents.
fn import(tree: &Path) -> Result<()> {
    let mut pack = Command::new("tar")
        .args(["--create", "--numeric-owner", "--directory"])
        .arg(tree)
        .arg(".")
        .stdout(Stdio::piped())
        .spawn()
        .context("start `tar`")?;
    let archive = pack.stdout.take().ok_or_else(|| Error::new("`tar` has no output"))?;
    let imported = Command::new("docker")
        .args(["import", "--change", "ENV LANG=C.UTF-8", "--change", "CMD [\"/bin/bash\"]"])
        .args(["-", DEBIAN_IMAGE])
        .stdin(archive)
        .stdout(Stdio::null())
        .status()
        .context("start `docker import`")?;
    let packed = process::wait(&mut pack, LIMIT).context("`tar`")?;
    match imported.success() && packed.success() {
        true => Ok(()),
        false => Err(Error::new(format!("`tar`: {packed}, `docker import`: {imported}"))),
    }
}
