//! Images as the daemon tells them, through the `docker` program: none of Cooper's code is used
//! to judge it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::Duration;

use cooper_testbed::{Context, Error, Result, process};
use serde_json::{Map, Value};

use crate::archive::{self, Tree};

const LIMIT: Duration = Duration::from_secs(60);

/// An image.
pub(crate) struct Image {
    /// What `docker inspect` says, less what is never the same twice.
    pub(crate) facts: Value,
    /// What a container made from it has.
    pub(crate) tree: Tree,
}

/// An image in an archive of `docker save`.
pub(crate) struct Saved {
    pub(crate) names: Value,
    pub(crate) facts: Value,
    /// Each layer's own entries, from the lowest.
    pub(crate) layers: Vec<Tree>,
}

/// The images whose name begins with a repository's.
pub(crate) fn of_repository(repository: &str) -> Result<BTreeMap<String, Image>> {
    names(repository)?.into_iter().map(|name| Ok((name.clone(), inspect(&name)?))).collect()
}

/// Removes the images of a repository.
pub(crate) fn remove(repository: &str) -> Result<()> {
    for name in names(repository)? {
        docker(&["rmi", "--force", &name])?;
    }
    Ok(())
}

/// The images of an archive of `docker save`.
pub(crate) fn saved(mut file: &File) -> Result<Vec<Saved>> {
    let manifest = json_entry(file, "manifest.json")?;
    let list = manifest.as_array().cloned().unwrap_or_default();
    let mut images = Vec::new();
    for image in list {
        let config = image["Config"].as_str().unwrap_or_default().to_owned();
        let mut facts = json_entry(file, &config)?;
        forget(&mut facts, &["created", "container", "id", "rootfs", "docker_version"]);
        normalize_config(&mut facts["config"]);
        forget(&mut facts, &["container_config"]);
        if let Some(history) = facts["history"].as_array_mut() {
            history.iter_mut().for_each(|entry| forget(entry, &["created"]));
        }
        let mut layers = Vec::new();
        for layer in image["Layers"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            layers.push(archive::tree(bytes_entry(file, layer)?.as_slice())?);
        }
        images.push(Saved { names: image["RepoTags"].clone(), facts, layers });
    }
    file.rewind().context("rewind")?;
    Ok(images)
}

fn names(repository: &str) -> Result<Vec<String>> {
    let list = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"])?;
    let ours =
        |name: &&str| name.strip_prefix(repository).is_some_and(|r| r.starts_with([':', '/', '-']));
    let mut names: Vec<_> = list.lines().filter(ours).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    Ok(names.into_iter().filter(|name| !name.ends_with(":<none>")).collect())
}

fn inspect(name: &str) -> Result<Image> {
    let text = docker(&["image", "inspect", name])?;
    let mut images: Vec<Value> = serde_json::from_str(&text).context("read `docker inspect`")?;
    let mut image = images.pop().ok_or_else(|| Error::new(format!("no image `{name}`")))?;
    let mut facts = Map::new();
    for field in ["Architecture", "Author", "Comment", "Os", "Variant"] {
        facts.insert(field.to_owned(), image[field].take());
    }
    let layers = image["RootFS"]["Layers"].as_array().map_or(0, Vec::len);
    facts.insert("Layers".to_owned(), layers.into());
    normalize_config(&mut image["Config"]);
    facts.insert("Config".to_owned(), image["Config"].take());
    let history =
        docker(&["history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", name])?;
    facts.insert("History".to_owned(), history.lines().collect());
    Ok(Image { facts: Value::Object(facts), tree: tree(name)? })
}

/// Takes out what names the container that an image was made of, and sorts what a commit shuffles.
fn normalize_config(config: &mut Value) {
    forget(config, &["Hostname"]);
    if let Some(variables) = config["Env"].as_array_mut() {
        variables.sort_by_key(Value::to_string);
    }
}

fn forget(value: &mut Value, fields: &[&str]) {
    if let Some(object) = value.as_object_mut() {
        fields.iter().for_each(|field| drop(object.remove(*field)));
    }
}

/// The tree of a container made from an image and never started.
fn tree(name: &str) -> Result<Tree> {
    let container = docker(&["create", "--entrypoint=/none", name])?;
    let mut export = Command::new("docker");
    let mut export = export
        .args(["export", &container])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("start `docker export`")?;
    let output = export.stdout.take().ok_or_else(|| Error::new("no output to read"))?;
    let tree = archive::tree(output);
    let status = process::wait(&mut export, LIMIT);
    docker(&["rm", "--volumes", &container])?;
    if !status?.success() {
        return Err(Error::new(format!("`docker export` of {name} failed")));
    }
    tree
}

fn docker(arguments: &[&str]) -> Result<String> {
    process::run(Command::new("docker").args(arguments), LIMIT)
}

fn json_entry(file: &File, name: &str) -> Result<Value> {
    serde_json::from_slice(&bytes_entry(file, name)?).context(format!("read {name}"))
}

fn bytes_entry(mut file: &File, name: &str) -> Result<Vec<u8>> {
    file.rewind().context("rewind")?;
    let mut archive = tar::Archive::new(file);
    for entry in archive.entries().context("read an archive")? {
        let mut entry = entry.context("read an entry")?;
        if *entry.path_bytes() == *name.as_bytes() {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).context(format!("read {name}"))?;
            return Ok(bytes);
        }
    }
    Err(Error::new(format!("the archive has no `{name}`")))
}
