//! A tag moves, and the lock file holds builds to what it was.

use std::fs;

use cooper_testbed::{Context, Error, Result};

use crate::rig::{Rig, docker, registry, template};

/// An image in the testbed's registry, and what it was first.
struct Moving {
    image: String,
    first: String,
}

impl Moving {
    /// Makes the tag stand for an image with this label; returns the digest.
    fn push(image: &str, label: &str) -> Result<String> {
        let container = docker(&["create", "base:latest"])?;
        let container = container.trim();
        let change = format!("LABEL is={label}");
        let committed = docker(&["commit", "--change", &change, container, image]);
        docker(&["rm", container])?;
        committed?;
        docker(&["push", image])?;
        let digests = docker(&["inspect", "--format", "{{index .RepoDigests 0}}", image])?;
        let digest = digests.trim().split_once('@').map(|(_, digest)| digest.to_owned());
        docker(&["rmi", image])?;
        digest.ok_or_else(|| Error::new("the engine has no digest of what it pushed"))
    }

    fn new(name: &str) -> Result<Self> {
        docker(&["pull", "base:latest"])?;
        let image = format!("{}/faults/{name}:v1", registry()?);
        let first = Self::push(&image, "first")?;
        Ok(Self { image, first })
    }

    fn rig(&self, name: &str, pull: &str) -> Result<Rig> {
        let steps = "  provisioner \"shell-local\" {\n    inline = [\"echo from \
                     ${build.SourceImageDigest}\"]\n  }\n";
        let text = template(steps).replace("base:latest", &self.image);
        let text = text.replace("  commit = true\n", &format!("  commit = true\n{pull}"));
        let rig = Rig::new(name, &text)?;
        fs::write(rig.folder.join(".cooper.lock.hcl"), "# Ours.\n\n").context("a lock file")?;
        Ok(rig)
    }
}

/// With `-locked`, the first image; without, the second, which is told and noted.
pub(crate) fn a_moved_tag() -> Result<()> {
    let moving = Moving::new("moved")?;
    let rig = moving.rig("lock-moved", "")?;
    let read = || fs::read_to_string(rig.folder.join(".cooper.lock.hcl")).context("the lock file");
    let ended = rig.run()?;
    ended.expect("it is built", ended.code == Some(0))?;
    let noted = format!("Noted in .cooper.lock.hcl: {} {}", moving.image, moving.first);
    ended.expect("the first digest is noted", ended.stdout.contains(&noted))?;

    let second = Moving::push(&moving.image, "second")?;
    ended.expect("the tag moved", second != moving.first)?;
    let locked = rig.clone_with_flag("-locked").run()?;
    locked.expect("it is built", locked.code == Some(0))?;
    let from = format!("from {}@{}", moving.image.trim_end_matches(":v1"), moving.first);
    locked.expect("it starts from the first", locked.stdout.contains(&from))?;
    locked.expect("nothing is noted", read()?.contains(&moving.first))?;

    let loose = rig.run()?;
    loose.expect("it is built", loose.code == Some(0))?;
    let now = format!("{} is {second} now; .cooper.lock.hcl has {}", moving.image, moving.first);
    loose.expect("it is told", loose.stdout.contains(&now))?;
    let text = read()?;
    loose.expect("the second is noted", text.contains(&second) && !text.contains(&moving.first))?;
    loose.expect("comments stay", text.starts_with("# Ours.\n"))
}

/// An image that is not pulled must be the one that is locked; both digests are shown.
pub(crate) fn another_is_here() -> Result<()> {
    let moving = Moving::new("local")?;
    let rig = moving.rig("lock-local", "  pull   = false\n")?;
    docker(&["pull", &moving.image])?;
    let ended = rig.run()?;
    ended.expect("it is built", ended.code == Some(0))?;
    let locked = rig.clone_with_flag("-locked").run()?;
    locked.expect("the one that is here will do", locked.code == Some(0))?;

    docker(&["rmi", &moving.image])?;
    let second = Moving::push(&moving.image, "second")?;
    docker(&["pull", &moving.image])?;
    let locked = rig.clone_with_flag("-locked").run()?;
    locked.expect_failure(&[&moving.first, &second, "docker pull"])
}

/// What a Dockerfile names is noted after a build, and with `-locked` used whatever its tag is then.
pub(crate) fn a_dockerfile() -> Result<()> {
    let moving = Moving::new("dockerfile")?;
    let steps = "  provisioner \"shell-local\" {\n    inline = [\"echo done\"]\n  }\n";
    let text = template(steps)
        .replace("  image  = \"base:latest\"\n", "  build {\n    path = \"Dockerfile\"\n  }\n");
    let rig = Rig::new("lock-dockerfile", &text)?;
    let write = |name: &str, text: &str| {
        fs::write(rig.folder.join(name), text).context(format!("write `{name}`"))
    };
    write(".cooper.lock.hcl", "# Ours.\n\n")?;
    let (repository, tag) = moving.image.rsplit_once(':').unwrap_or_default();
    let dockerfile = format!("ARG TAG={tag}\nFROM {repository}:$TAG AS one\nFROM one\nLABEL a=b\n");
    write("Dockerfile", &dockerfile)?;
    let ended = rig.run()?;
    ended.expect("it is built", ended.code == Some(0))?;
    let noted = format!("Noted in .cooper.lock.hcl: {} {}", moving.image, moving.first);
    ended.expect("the first digest is noted", ended.stdout.contains(&noted))?;

    docker(&["rmi", &moving.image])?;
    let second = Moving::push(&moving.image, "second")?;
    let locked = rig.clone_with_flag("-locked").run()?;
    locked.expect("it is built", locked.code == Some(0))?;
    let from = format!("FROM {repository}@{} AS one", moving.first);
    locked.expect("it starts from the first", locked.stdout.contains(&from))?;
    let kept = fs::read_to_string(rig.folder.join("Dockerfile")).context("read the Dockerfile")?;
    locked.expect("the file stays", kept == dockerfile)?;

    let loose = rig.run()?;
    loose.expect("it is built", loose.code == Some(0))?;
    let now = format!("{} is {second} now; .cooper.lock.hcl has {}", moving.image, moving.first);
    loose.expect("it is told", loose.stdout.contains(&now))
}
