//! An engine that only pretends, for tests: it runs nothing and reaches nobody.
//!
//! What commands answer and what fails is said by a [`Script`]; what was asked is in
//! [`FakeEngine::calls`]. Ids and digests follow from what was done, so that they are the same
//! every time.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::changes::{Change, Command, Instruction};
use crate::credentials::{Credentials, Registries};
use crate::engine::{
    Commit, Container, ContainerEngine, ContainerInfo, Exec, ExecOutput, ImageBuild, ImageInfo,
    Import, Input, PathInfo, PathKind, Progress,
};
use crate::error::{Error, Result};
use crate::reference::Reference;
use crate::spec::{ContainerSpec, Entrypoint};

/// What a fake engine has and does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Images that are there from the start.
    pub images: Vec<String>,
    /// What names stand for in their registry, instead of what follows from the name. Images that are
    /// there from the start came from there when they are in this list.
    pub digests: BTreeMap<String, String>,
    /// What commands answer: the first that fits.
    pub exec: Vec<Answer>,
    /// The exit code and the last words of the program of every container, when it has ended.
    pub ended: Option<(i64, String)>,
    /// How many commands are not begun at first, because the container is paused.
    pub paused: usize,
    /// Operations (`pull`, `push`, `start`, `commit`, …) that fail, and what they say.
    pub fail: BTreeMap<String, String>,
}

/// What a command answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// A part of the command or its input. It must not look like a number in hexadecimal, as the
    /// random names of files do.
    pub contains: String,
    /// Its output.
    pub stdout: String,
    /// Its errors.
    pub stderr: String,
    /// Its exit code.
    pub exit: i64,
    /// Whether it never ends.
    pub hangs: bool,
    /// Whether the engine has a bug there.
    pub panics: bool,
}

/// An engine that only pretends.
#[derive(Clone, Default)]
pub struct FakeEngine(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    script: Script,
    /// Images by name; more than one name may have the same id.
    images: BTreeMap<String, ImageInfo>,
    calls: Vec<String>,
    started: u64,
    running: usize,
}

/// A file of a fake container.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    kind: PathKind,
    mode: u32,
    link_target: String,
    content: Bytes,
}

impl FakeEngine {
    /// An engine that does what the script says.
    pub fn new(script: Script) -> Self {
        let images = script.images.iter().map(|name| {
            let digest = script.digests.get(name);
            let repo_digests =
                digest.map(|digest| format!("{name}@{digest}")).into_iter().collect();
            (full_name(name), ImageInfo { repo_digests, ..image(&[name.as_str()]) })
        });
        let images = images.collect();
        Self(Arc::new(Mutex::new(State { script, images, ..State::default() })))
    }

    /// An engine that does what a script in JSON says.
    pub fn from_json(text: &str) -> Result<Self> {
        let script: Script = serde_json::from_str(text).map_err(|error| {
            Error::Configuration(format!("cannot understand the fake engine's script: {error}"))
        })?;
        for Answer { contains, .. } in &script.exec {
            if !contains.is_empty() && contains.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let message = format!("`{contains}` may be a part of a random name, too");
                return Err(Error::Configuration(message));
            }
        }
        Ok(Self::new(script))
    }

    /// What was asked so far, a line each: `pull python:alpine`.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// How many containers have been started and not removed.
    pub fn running(&self) -> usize {
        self.state().running
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Notes a call, and fails if the script says so.
    fn call(&self, operation: &str, what: &str) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.calls.push(format!("{operation} {what}").trim_end().to_owned());
        match state.script.fail.get(operation) {
            Some(message) => Err(Error::Engine(message.clone())),
            None => Ok(state),
        }
    }
}

impl State {
    /// What a registry has by a name: the name without a digest, and the digest.
    fn registry_image<'n>(&self, image: &'n str) -> Result<(&'n str, String)> {
        let (name, wanted) = match image.split_once('@') {
            Some((name, wanted)) => (name, Some(wanted)),
            None => (image, None),
        };
        let current = self.script.digests.get(name).cloned();
        let current = current.unwrap_or_else(|| registry_digest(name));
        match wanted {
            // What a name stood for once is still there.
            Some(wanted) if wanted == registry_digest(name) || wanted == current => {
                Ok((name, wanted.to_owned()))
            }
            Some(_) => Err(Error::NotFound(format!("manifest for {image} not found"))),
            None => Ok((name, current)),
        }
    }

    fn image(&self, name: &str) -> Result<ImageInfo> {
        let named = self.images.get(&full_name(name));
        let found = named.or_else(|| self.images.values().find(|image| image.id == name));
        let found =
            found.ok_or_else(|| Error::NotFound(format!("there is no image `{name}`")))?.clone();
        Ok(ImageInfo { repo_tags: self.names(&found.id), ..found })
    }

    /// The names of an image.
    fn names(&self, id: &str) -> Vec<String> {
        let named = self.images.iter().filter(|(name, image)| image.id == id && *name != id);
        named.map(|(name, _)| name.clone()).collect()
    }

    fn add(&mut self, name: &str, image: ImageInfo) {
        self.images.insert(full_name(name), image);
    }

    /// Takes a name away, and with the last one its image.
    fn remove(&mut self, name: &str) -> Result<()> {
        let Ok(image) = self.image(name) else { return Ok(()) };
        if image.id == name && image.repo_tags.len() > 1 {
            return Err(Error::Invalid(format!("image `{name}` has several names")));
        }
        if image.id != name {
            self.images.remove(&full_name(name));
        }
        if image.id == name || self.names(&image.id).is_empty() {
            self.images.retain(|_, other| other.id != image.id);
        }
        Ok(())
    }
}

fn full_name(name: &str) -> String {
    match Reference::parse(name) {
        Ok(reference) if reference.tag.is_none() && reference.digest.is_none() => {
            format!("{name}:latest")
        }
        _ => name.to_owned(),
    }
}

fn digest(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a name stands for in a registry, unless a script says something else.
fn registry_digest(name: &str) -> String {
    format!("sha256:{}", digest(&["d", name]))
}

fn image(parts: &[&str]) -> ImageInfo {
    ImageInfo { id: format!("sha256:{}", digest(parts)), ..ImageInfo::default() }
}

/// A result, once everything else that can go on has: with one thread, what happens beside a call
/// happens before it ends.
fn done<'a, T: Send + 'a>(result: Result<T>) -> BoxFuture<'a, Result<T>> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        result
    })
}

impl ContainerEngine for FakeEngine {
    fn pull<'a>(
        &'a self,
        image_name: &'a str,
        _platform: Option<&'a str>,
        _credentials: &'a Credentials,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> BoxFuture<'a, Result<Option<String>>> {
        let pulled = self.call("pull", image_name).and_then(|mut state| {
            let (name, found) = state.registry_image(image_name)?;
            let known = format!("{name}@{found}");
            let id = match found == registry_digest(name) {
                true => image(&[name]),
                false => image(&[&known]),
            };
            state.add(image_name, ImageInfo { repo_digests: vec![known], ..id });
            Ok(Some(found))
        });
        if pulled.is_ok() {
            progress(Progress::Line(format!("Status: Downloaded newer image for {image_name}")));
        }
        done(pulled)
    }

    fn inspect_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<ImageInfo>> {
        done(self.call("inspect_image", image).and_then(|state| state.image(image)))
    }

    fn build_image<'a>(
        &'a self,
        build: &'a ImageBuild,
        _registries: &'a Registries,
        output: &'a mut (dyn FnMut(String) + Send),
    ) -> BoxFuture<'a, Result<String>> {
        let dockerfile = build.dockerfile.display().to_string();
        let built = self.call("build", &dockerfile).and_then(|mut state| {
            let text = std::fs::read_to_string(&build.dockerfile)
                .map_err(broken(&format!("read `{dockerfile}`")))?;
            let text = build.text.clone().unwrap_or(text);
            let steps: Vec<&str> = text.lines().collect();
            for (number, step) in (1..).zip(&steps) {
                output(format!("Step {number}/{} : {step}", steps.len()));
            }
            let built = image(&["build", &dockerfile]);
            state.images.insert(built.id.clone(), built.clone());
            Ok(built.id)
        });
        if let Ok(id) = &built {
            output(format!("Successfully built {}", &id["sha256:".len()..][..12]));
        }
        done(built)
    }

    fn start<'a>(&'a self, spec: &'a ContainerSpec) -> BoxFuture<'a, Result<Arc<dyn Container>>> {
        let started = self.call("start", &spec.image).and_then(|mut state| {
            let image = state.image(&spec.image)?;
            state.started += 1;
            state.running += 1;
            Ok(Arc::new(FakeContainer {
                engine: self.clone(),
                id: digest(&["container", &state.started.to_string()]),
                base: image.id.clone(),
                config: container_config(image, spec),
                files: Mutex::new(base_files()),
                is_removed: Arc::default(),
            }) as Arc<dyn Container>)
        });
        done(started)
    }

    fn tag<'a>(
        &'a self,
        image: &'a str,
        repository: &'a str,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>> {
        let name = format!("{repository}:{}", tag.unwrap_or("latest"));
        done(self.call("tag", &format!("{image} {name}")).and_then(|mut state| {
            let found = state.image(image)?;
            state.add(&name, found);
            Ok(())
        }))
    }

    fn push<'a>(
        &'a self,
        reference: &'a str,
        _platform: Option<&'a str>,
        _credentials: &'a Credentials,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> BoxFuture<'a, Result<String>> {
        let pushed = self.call("push", reference).and_then(|mut state| {
            let (named, parsed) = (state.image(reference)?, Reference::parse(reference)?);
            let digest = format!("sha256:{}", digest(&["manifest", &named.id]));
            let known = format!("{}@{digest}", parsed.name());
            for image in state.images.values_mut().filter(|image| image.id == named.id) {
                if !image.repo_digests.contains(&known) {
                    image.repo_digests.push(known.clone());
                }
            }
            let tag = parsed.version().to_owned();
            Ok((digest, tag))
        });
        let pushed = pushed.map(|(digest, tag)| {
            progress(Progress::Line(format!("{tag}: digest: {digest} size: 528")));
            digest
        });
        done(pushed)
    }

    fn save<'a>(&'a self, images: &'a [String], path: &'a Path) -> BoxFuture<'a, Result<()>> {
        done(self.call("save", &images.join(" ")).and_then(|state| {
            let ids: Result<Vec<String>> =
                images.iter().map(|image| state.image(image).map(|found| found.id)).collect();
            std::fs::write(path, ids?.join("\n")).map_err(|source| Error::Io {
                what: format!("cannot write `{}`", path.display()),
                source,
            })
        }))
    }

    fn import<'a>(&'a self, import: &'a Import) -> BoxFuture<'a, Result<String>> {
        let archive = import.archive.display().to_string();
        done(self.call("import", &archive).and_then(|mut state| {
            let content = std::fs::read(&import.archive)
                .map_err(|source| Error::Io { what: format!("cannot read `{archive}`"), source })?;
            let made = image(&[&String::from_utf8_lossy(&content), &import.changes.join("\n")]);
            let made = changed(made, &import.changes)?;
            let id = made.id.clone();
            if let Some(repository) = &import.repository {
                let tag = import.tag.as_deref().unwrap_or("latest");
                state.add(&format!("{repository}:{tag}"), made);
            } else {
                state.images.insert(id.clone(), made);
            }
            Ok(id)
        }))
    }

    fn remove_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<()>> {
        done(self.call("remove_image", image).and_then(|mut state| state.remove(image)))
    }

    fn sweep(&self) -> BoxFuture<'_, Result<usize>> {
        done(self.call("sweep", "").map(|_| 0))
    }
}

struct FakeContainer {
    engine: FakeEngine,
    id: String,
    /// The id of its image.
    base: String,
    /// What an image that is made of it has.
    config: ImageInfo,
    files: Mutex<BTreeMap<String, File>>,
    is_removed: Arc<Mutex<bool>>,
}

/// What a container is like that is started from an image.
fn container_config(image: ImageInfo, spec: &ContainerSpec) -> ImageInfo {
    let command = Some(spec.command.clone()).filter(|command| !command.is_empty());
    let (entrypoint, cmd) = match &spec.entrypoint {
        Entrypoint::Image => (image.entrypoint, command.or(image.cmd)),
        // Another program gets none of the image's arguments.
        Entrypoint::None => (None, command),
        Entrypoint::Program(program) => (Some(program.clone()), command),
    };
    let user = spec.user.clone().unwrap_or(image.user);
    ImageInfo { entrypoint, cmd, user, ..ImageInfo::default() }
}

/// What an image is like after Dockerfile instructions, as far as is known of images.
fn changed(mut image: ImageInfo, changes: &[String]) -> Result<ImageInfo> {
    let words = |command: Command| match command {
        Command::Exec(words) => Some(words).filter(|words| !words.is_empty()),
        Command::Shell(line) => Some(["/bin/sh", "-c", &line].map(str::to_owned).to_vec()),
    };
    let mut sets_cmd = false;
    for text in changes {
        let change = Change::parse(text).map_err(|error| Error::Invalid(error.to_string()))?;
        for instruction in change.instructions {
            match instruction {
                Instruction::Cmd(command) => (image.cmd, sets_cmd) = (words(command), true),
                Instruction::Entrypoint(command) => {
                    image.entrypoint = words(command);
                    image.cmd = image.cmd.filter(|_| sets_cmd);
                }
                Instruction::Other("USER") => {
                    image.user = text.split_whitespace().nth(1).unwrap_or_default().to_owned();
                }
                Instruction::Other(_) => {}
            }
        }
    }
    Ok(image)
}

/// The folders that every container has.
fn base_files() -> BTreeMap<String, File> {
    let folder = |path: &str, mode| {
        let (kind, link_target) = (PathKind::Directory, String::new());
        (path.to_owned(), File { kind, mode, link_target, content: Bytes::new() })
    };
    BTreeMap::from([folder("/", 0o755), folder("/tmp", 0o777)])
}

impl FakeContainer {
    /// Notes a call, and fails when the container is gone.
    fn call(&self, operation: &str, what: &str) -> Result<MutexGuard<'_, State>> {
        let state = self.engine.call(operation, what)?;
        if *self.is_removed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(Error::NotFound("there is no such container".to_owned()));
        }
        Ok(state)
    }

    /// What stands at a path, also nothing when the container is gone.
    fn look(&self, path: &str) -> Option<PathInfo> {
        if *self.is_removed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return None;
        }
        let path = absolute("/", path);
        let File { kind, mode, link_target, content: _ } = self.files().get(&path)?.clone();
        // The engine tells where a link leads from the root.
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let link_target = match link_target.as_str() {
            "" => link_target,
            target if target.starts_with('/') => link_target,
            target => absolute(folder, target),
        };
        Some(PathInfo { kind, mode, link_target })
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The files below a path, or the one that stands there, as an archive. A final `/.` names
    /// them from the folder.
    fn archive(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let from_inside = path.ends_with("/.") || path == "/";
        let path = absolute("/", path);
        let folder = path.trim_end_matches('/');
        let parent = match folder.rsplit_once('/') {
            Some((parent, _)) if !from_inside => parent,
            _ => folder,
        };
        let mut archive = tar::Builder::new(Vec::new());
        for (name, file) in self.files().iter() {
            let inside = name.trim_end_matches('/').strip_prefix(folder);
            if !inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                continue;
            }
            let mut header = tar::Header::new_gnu();
            header.set_mode(file.mode);
            header.set_size(file.content.len() as u64);
            header.set_entry_type(match file.kind {
                PathKind::File | PathKind::Other => tar::EntryType::Regular,
                PathKind::Directory => tar::EntryType::Directory,
                PathKind::Symlink => tar::EntryType::Symlink,
            });
            let name = match name.get(parent.len()..).unwrap_or(name).trim_start_matches('/') {
                "" => ".",
                name => name,
            };
            if file.kind == PathKind::Symlink {
                archive.append_link(&mut header, name, &file.link_target)?;
            } else {
                archive.append_data(&mut header, name, &file.content[..])?;
            }
        }
        archive.into_inner()
    }
}

fn absolute(folder: &str, name: &str) -> String {
    let parts = folder.split('/').chain(name.split('/'));
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    format!("/{}", parts.join("/"))
}

fn broken(what: &str) -> impl Fn(std::io::Error) -> Error {
    let what = format!("cannot {what}");
    move |source| Error::Io { what: what.clone(), source }
}

impl Container for FakeContainer {
    fn id(&self) -> &str {
        &self.id
    }

    fn inspect(&self) -> BoxFuture<'_, Result<ContainerInfo>> {
        done(self.call("inspect", "").map(|state| ContainerInfo {
            ip_address: "172.17.0.2".to_owned(),
            user: self.config.user.clone(),
            running: state.script.ended.is_none(),
            exit_code: state.script.ended.as_ref().map(|(code, _)| *code),
        }))
    }

    fn last_words(&self) -> BoxFuture<'_, Result<String>> {
        done(self.call("last_words", "").map(|state| {
            let ended = state.script.ended.clone();
            ended.map(|(_, words)| words).unwrap_or_default()
        }))
    }

    fn exec<'a>(
        &'a self,
        exec: Exec,
        output: &'a mut (dyn ExecOutput + 'a),
    ) -> BoxFuture<'a, Result<i64>> {
        let stdin = match &exec.stdin {
            Input::Bytes(bytes) => String::from_utf8_lossy(bytes),
            // What comes while the command runs, it does not read.
            Input::Nothing | Input::Reader(_) => "".into(),
        };
        let text = format!("{}\n{stdin}", exec.command.join(" "));
        let begun = self.call("exec", text.trim_end()).and_then(|mut state| {
            if let Some(left) = state.script.paused.checked_sub(1) {
                state.script.paused = left;
                return Err(Error::Temporary("the container is paused".to_owned()));
            }
            let mut answers = state.script.exec.iter();
            let found = answers.find(|answer| text.contains(&answer.contains));
            Ok(found.cloned().unwrap_or_default())
        });
        let answer = begun.map_err(|error| Error::NotBegun(Box::new(error)));
        Box::pin(async move {
            let Answer { contains: _, stdout, stderr, exit, hangs, panics } = answer?;
            assert!(!panics, "the script wants it");
            if !stdout.is_empty() {
                output.stdout(stdout.into()).await;
            }
            if !stderr.is_empty() {
                output.stderr(stderr.into()).await;
            }
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(exit)
        })
    }

    fn copy_in<'a>(
        &'a self,
        folder: &'a str,
        mut archive: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.call("copy_in", folder).map(drop)?;
            let broken = broken("read what is to be copied");
            let mut bytes = Vec::new();
            while let Some(piece) = archive.next().await {
                bytes.extend_from_slice(&piece.map_err(&broken)?);
            }
            let mut archive = tar::Archive::new(&bytes[..]);
            for entry in archive.entries().map_err(&broken)? {
                let mut entry = entry.map_err(&broken)?;
                let name = entry.path().map_err(&broken)?.to_string_lossy().into_owned();
                let kind = match entry.header().entry_type() {
                    tar::EntryType::Regular => PathKind::File,
                    tar::EntryType::Directory => PathKind::Directory,
                    tar::EntryType::Symlink => PathKind::Symlink,
                    _ => PathKind::Other,
                };
                let link = entry.link_name().map_err(&broken)?.unwrap_or_default();
                let link_target = link.to_string_lossy().into_owned();
                let mode = entry.header().mode().map_err(&broken)?;
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(&broken)?;
                let file = File { kind, mode, link_target, content: content.into() };
                self.files().insert(absolute(folder, &name), file);
            }
            Ok(())
        })
    }

    fn copy_out<'a>(
        &'a self,
        path: &'a str,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>> {
        let called = self.call("copy_out", path).map(drop);
        done(called.and_then(|()| {
            if !self.files().contains_key(&absolute("/", path)) {
                return Err(Error::NotFound(format!("there is no `{path}` in the container")));
            }
            let bytes = self.archive(path).map_err(broken("write an archive"))?;
            Ok(stream::iter([Ok(Bytes::from(bytes))]).boxed())
        }))
    }

    fn stat<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<PathInfo>>> {
        let found = self.engine.call("stat", path).map(|_| self.look(path));
        done(found)
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<String>> {
        let changes = commit.changes.join("; ");
        let tree: String =
            self.files().iter().map(|(name, file)| format!("{name} {file:?}\n")).collect();
        done(self.call("commit", &changes).and_then(|mut state| {
            let mut config = self.config.clone();
            if commit.without_entrypoint {
                config.entrypoint = None;
            }
            let ImageInfo { id, .. } = image(&[&self.base, &tree, &changes]);
            let made = changed(ImageInfo { id, ..config }, &commit.changes)?;
            state.images.insert(made.id.clone(), made.clone());
            Ok(made.id)
        }))
    }

    fn export(&self) -> BoxFuture<'_, Result<BoxStream<'static, Result<Bytes>>>> {
        let called = self.call("export", "").map(drop);
        done(called.and_then(|()| {
            let bytes = self.archive("/").map_err(broken("write an archive"))?;
            Ok(stream::iter([Ok(Bytes::from(bytes))]).boxed())
        }))
    }

    fn remove(&self) -> BoxFuture<'static, Result<()>> {
        let (engine, is_removed) = (self.engine.clone(), self.is_removed.clone());
        Box::pin(async move {
            let mut state = engine.call("remove", "")?;
            let mut is_removed =
                is_removed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !std::mem::replace(&mut *is_removed, true) {
                state.running -= 1;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl ExecOutput for Nowhere {
        fn stdout<'a>(&'a mut self, _: Bytes) -> BoxFuture<'a, ()> {
            Box::pin(async {})
        }
        fn stderr<'a>(&'a mut self, _: Bytes) -> BoxFuture<'a, ()> {
            Box::pin(async {})
        }
    }

    #[tokio::test]
    async fn a_script_says_what_happens() {
        let engine = FakeEngine::from_json(
            r#"{"images": ["base"], "exec": [{"contains": "wrong", "exit": 3}],
                "fail": {"push": "the registry is on fire"}}"#,
        )
        .unwrap();
        let spec = ContainerSpec { image: "base:latest".to_owned(), ..ContainerSpec::default() };
        let container = engine.start(&spec).await.unwrap();
        let exec = |word: &str| Exec { command: vec![word.to_owned()], ..Exec::default() };
        assert_eq!(container.exec(exec("wrong"), &mut Nowhere).await.unwrap(), 3);
        assert_eq!(container.exec(exec("good"), &mut Nowhere).await.unwrap(), 0);
        let id = container.commit(&Commit::default()).await.unwrap();
        assert_eq!(id, container.commit(&Commit::default()).await.unwrap());
        engine.tag(&id, "app", Some("v1")).await.unwrap();
        let pushed = engine.push("app:v1", None, &Credentials::Anonymous, &mut |_| {}).await;
        assert_eq!(pushed.unwrap_err().to_string(), "the registry is on fire");
        assert_eq!(engine.running(), 1);
        container.remove().await.unwrap();
        container.remove().await.unwrap();
        assert_eq!(engine.running(), 0);
        assert_eq!(engine.calls()[..2], ["start base:latest", "exec wrong"]);
    }
    #[test]
    fn an_answer_is_not_given_by_chance() {
        let script = r#"{"exec": [{"contains": "bad"}]}"#;
        let error = FakeEngine::from_json(script).err().expect("a word that ids contain");
        assert!(error.to_string().contains("`bad`"), "{error}");
    }
}
