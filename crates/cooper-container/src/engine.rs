//! What a container engine can do.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tokio::io::AsyncRead;

use crate::credentials::{Credentials, Registries};
use crate::error::Result;
use crate::spec::ContainerSpec;

/// Something that runs containers and keeps images.
///
/// Dropping a returned future gives up waiting; what the engine has begun may still finish.
pub trait ContainerEngine: Send + Sync {
    /// Fetches an image from its registry, unless it is there and up to date. Returns the digest
    /// that its name stands for in the registry, where the engine tells it.
    fn pull<'a>(
        &'a self,
        image: &'a str,
        platform: Option<&'a str>,
        credentials: &'a Credentials,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> BoxFuture<'a, Result<Option<String>>>;

    /// What is known of a local image.
    fn inspect_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<ImageInfo>>;

    /// Builds an image from a Dockerfile and returns its id. Its base images may come from any
    /// of the registries.
    fn build_image<'a>(
        &'a self,
        build: &'a ImageBuild,
        registries: &'a Registries,
        output: &'a mut (dyn FnMut(String) + Send),
    ) -> BoxFuture<'a, Result<String>>;

    /// Makes a container and starts it. A container that could not be started is removed.
    fn start<'a>(&'a self, spec: &'a ContainerSpec) -> BoxFuture<'a, Result<Arc<dyn Container>>>;

    /// Gives an image another name: `repository` with an optional `tag`.
    fn tag<'a>(
        &'a self,
        image: &'a str,
        repository: &'a str,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<()>>;

    /// Sends an image to the registry its reference names, and returns the manifest's digest.
    fn push<'a>(
        &'a self,
        reference: &'a str,
        platform: Option<&'a str>,
        credentials: &'a Credentials,
        progress: &'a mut (dyn FnMut(Progress) + Send),
    ) -> BoxFuture<'a, Result<String>>;

    /// Writes images, as `docker save` does, to a file that appears only when it is whole.
    fn save<'a>(&'a self, images: &'a [String], path: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Makes an image of a file system archive, as `docker import` does; returns its id.
    fn import<'a>(&'a self, import: &'a Import) -> BoxFuture<'a, Result<String>>;

    /// Removes an image or one of its names. One that is gone already is no error.
    fn remove_image<'a>(&'a self, image: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Removes the containers of Cooper runs whose process is gone; returns how many.
    /// Containers without Cooper's labels, of living runs and of other hosts are left alone.
    fn sweep(&self) -> BoxFuture<'_, Result<usize>>;
}

/// A running container.
pub trait Container: Send + Sync {
    /// The engine's id: 64 hexadecimal digits.
    fn id(&self) -> &str;

    /// What is known of it.
    fn inspect(&self) -> BoxFuture<'_, Result<ContainerInfo>>;

    /// The last lines that its own program printed, on both outputs.
    fn last_words(&self) -> BoxFuture<'_, Result<String>>;

    /// Runs a command and waits for its end, even when something it left behind still holds its
    /// output. Dropping the future kills the command and what it started. With
    /// [`Error::NotBegun`](crate::Error::NotBegun) nothing ran.
    fn exec<'a>(
        &'a self,
        exec: Exec,
        output: &'a mut (dyn ExecOutput + 'a),
    ) -> BoxFuture<'a, Result<i64>>;

    /// Unpacks a tar stream in a folder of the container. Owners and modes are as the archive
    /// says.
    fn copy_in<'a>(
        &'a self,
        folder: &'a str,
        archive: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> BoxFuture<'a, Result<()>>;

    /// A path of the container as a tar stream.
    fn copy_out<'a>(
        &'a self,
        path: &'a str,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Bytes>>>>;

    /// What stands at a path of the container; nothing when there is nothing.
    fn stat<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<PathInfo>>>;

    /// Makes an image of its file system; returns the image's id.
    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<String>>;

    /// Its whole file system as a tar stream.
    fn export(&self) -> BoxFuture<'_, Result<BoxStream<'static, Result<Bytes>>>>;

    /// Stops it and removes it, whatever its state. One that is gone already is no error.
    fn remove(&self) -> BoxFuture<'static, Result<()>>;
}

/// A command to run in a container.
#[derive(Default)]
pub struct Exec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it can read before its input ends.
    pub stdin: Input,
    /// Who runs it: a name or id, with an optional `:group`.
    pub user: Option<String>,
    /// Whether it gets a terminal. Its output is then all standard output.
    pub tty: bool,
}

/// What a command can read. It need not read all of it.
#[derive(Default)]
pub enum Input {
    /// Nothing.
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Bytes),
    /// What comes from here while it runs.
    Reader(Pin<Box<dyn AsyncRead + Send>>),
}

/// Where a command's output goes.
pub trait ExecOutput: Send {
    /// Takes a piece of standard output.
    fn stdout<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()>;
    /// Takes a piece of standard error.
    fn stderr<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()>;
}

/// How far a transfer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A line that stands for itself: `v1: digest: sha256:… size: 528`.
    Line(String),
    /// One layer's transfer: shown as progress, not as lines.
    Layer {
        /// The layer, as the engine names it.
        id: String,
        /// What happens to it: `Downloading`.
        status: String,
        /// How many bytes are done.
        done: u64,
        /// How many there are.
        total: Option<u64>,
    },
}

/// What is known of a local image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageInfo {
    /// `sha256:…`
    pub id: String,
    /// `repository@sha256:…`, for each registry it came from.
    pub repo_digests: Vec<String>,
    /// Its names: `repository:tag`.
    pub repo_tags: Vec<String>,
    /// Its default arguments; nothing when it has none.
    pub cmd: Option<Vec<String>>,
    /// Its default program; nothing when it has none.
    pub entrypoint: Option<Vec<String>>,
    /// Who runs its commands; empty for root.
    pub user: String,
}

/// What is known of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerInfo {
    /// Its address in its network; empty when it has none.
    pub ip_address: String,
    /// Who runs its commands; empty for root.
    pub user: String,
    /// Whether it runs.
    pub running: bool,
    /// The exit code, when it does not.
    pub exit_code: Option<i64>,
}

/// What stands at a path of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathInfo {
    /// What it is; links are not followed.
    pub kind: PathKind,
    /// Its permissions.
    pub mode: u32,
    /// Where it points, for a link.
    pub link_target: String,
}

/// What stands at a path of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A regular file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe, a socket.
    Other,
}

/// How to make an image of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Who made it.
    pub author: Option<String>,
    /// Why.
    pub message: Option<String>,
    /// Dockerfile instructions, in order.
    pub changes: Vec<String>,
    /// Whether the image has no entrypoint although the container runs with one. No instruction
    /// can say that (`ENTRYPOINT []` leaves the container's): the request's body must be the
    /// container's configuration with an empty list for `Entrypoint`.
    pub without_entrypoint: bool,
}

/// How to make an image of a file system archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// The archive.
    pub archive: PathBuf,
    /// The image's name; nothing leaves it without.
    pub repository: Option<String>,
    /// The image's tag.
    pub tag: Option<String>,
    /// Dockerfile instructions, in order.
    pub changes: Vec<String>,
    /// `linux/arm64`
    pub platform: Option<String>,
}

/// How to build an image from a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageBuild {
    /// The Dockerfile.
    pub dockerfile: PathBuf,
    /// What is built instead of what stands in it.
    pub text: Option<String>,
    /// The folder it is built in.
    pub context: PathBuf,
    /// `ARG` values.
    pub arguments: Vec<(String, String)>,
    /// Whether base images are fetched even when they are there.
    pub pull: bool,
    /// Whether the context is sent compressed.
    pub compress: bool,
    /// `linux/arm64`
    pub platform: Option<String>,
}
