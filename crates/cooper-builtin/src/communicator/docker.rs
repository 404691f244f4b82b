//! The way into a container: its engine.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cooper_build::communicator::{
    self, Command, Communicator, Content, ExitStatus, Output, Upload,
};
use cooper_build::{Failure, Stream};
use cooper_container::engine::{Exec, ExecOutput, Input, PathKind};
use cooper_container::{Container, Error};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::OnceCell;

use super::temporary::TemporaryFiles;
use crate::archive::{self, First, Owner, Source};
use crate::failure::because;
use crate::files::own_name;
use crate::said::Said;

const ROOT: u64 = 0;

/// How many links are followed before they count as a loop.
const LINKS: usize = 40;

/// The way into a container.
pub(crate) struct DockerCommunicator {
    container: Arc<dyn Container>,
    options: DockerOptions,
    /// Files that may have been left behind.
    temporary: TemporaryFiles,
    /// Whom commands run as, as the container says, when that is known already.
    declared_user: Option<String>,
    /// The number of that user, looked up once.
    user: OnceCell<u64>,
}

/// How a container is used.
#[derive(Clone, Debug, Default)]
pub(crate) struct DockerOptions {
    /// Who runs commands; the container's user when absent.
    pub(crate) exec_user: Option<String>,
    /// Whether commands get a terminal.
    pub(crate) pty: bool,
    /// Whether uploads belong to the container's user; when nothing is said, where that is not root
    /// and can be found.
    pub(crate) fix_upload_owner: Option<bool>,
}

impl DockerCommunicator {
    /// A way into this container, whose user may have been seen already.
    pub(crate) fn new(
        container: Arc<dyn Container>,
        options: DockerOptions,
        declared_user: Option<String>,
    ) -> Self {
        let (temporary, user) = (TemporaryFiles::default(), OnceCell::new());
        Self { container, options, temporary, declared_user, user }
    }

    /// Removes the files that steps may have left behind. Costs nothing when there are none.
    pub(crate) async fn remove_temporary(&self) -> Result<(), Failure> {
        let files = self.temporary.list();
        if files.is_empty() {
            return Ok(());
        }
        let command = ["rm", "-f", "--"].map(str::to_owned).into_iter().chain(files.clone());
        let exec =
            Exec { command: command.collect(), user: Some("0".to_owned()), ..Exec::default() };
        let mut said = Said::default();
        let code = self
            .container
            .exec(exec, &mut said)
            .await
            .map_err(|error| because("remove temporary files from the container", &error))?;
        if code == 0 {
            self.temporary.clear();
            return Ok(());
        }
        Err(Failure::new(format!(
            "cannot remove temporary files from the container ({}): {}",
            files.join(", "),
            said.text()
        )))
    }

    /// Who owns an upload: nobody in particular, or the container's user.
    async fn owner(&self) -> Result<Option<u64>, Failure> {
        if self.options.fix_upload_owner == Some(false) {
            return Ok(None);
        }
        let user = self.user.get_or_try_init(|| self.look_up_user()).await;
        match self.options.fix_upload_owner {
            // A container without `id` can be built all the same.
            None => Ok(user.ok().copied().filter(|&user| user != ROOT)),
            Some(_) => user.map(|&user| Some(user)),
        }
    }

    async fn look_up_user(&self) -> Result<u64, Failure> {
        let failed = |error: Error| because("find the container's user", &error);
        let user = match &self.declared_user {
            Some(user) => user.clone(),
            None => self.container.inspect().await.map_err(failed)?.user,
        };
        let name = user.split(':').next().unwrap_or_default();
        if name.is_empty() {
            return Ok(ROOT);
        }
        if let Ok(number) = name.parse() {
            return Ok(number);
        }
        let command = ["id", "-u", "--", name].map(str::to_owned).to_vec();
        let exec = Exec { command, user: Some("0".to_owned()), ..Exec::default() };
        let mut said = Said::default();
        self.container.exec(exec, &mut said).await.map_err(failed)?;
        said.text().trim().parse().map_err(|_| {
            Failure::new(format!("cannot find the container's user `{name}`: {}", said.text()))
                .help("`fix_upload_owner = false` leaves uploads to root")
        })
    }

    /// Puts one file into a folder.
    async fn put(&self, folder: &str, name: &str, file: &Upload, user: u64) -> Result<(), Error> {
        let source = match &file.content {
            Content::Bytes(bytes) => Source::Bytes(bytes.clone()),
            Content::File(path) => Source::File(path.clone()),
        };
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let modified = file.modified.unwrap_or_else(now);
        let archive = archive::of_file(name.to_owned(), source, file.mode, modified, user);
        self.container.copy_in(folder, archive).await
    }

    async fn upload_file(&self, file: Upload) -> Result<(), Failure> {
        let user = self.owner().await?.unwrap_or(ROOT);
        let (folder, name) = split(&file.destination);
        let name = name.ok_or_else(|| {
            Failure::new(format!("`{}` is a folder, and a file's name is needed", file.destination))
        })?;
        let result = self.put(folder, name, &file, user).await;
        let Err(error) = result else { return Ok(()) };

        // Looking before every upload would cost a round trip; so the reason is found afterwards.
        let standing = match &error {
            Error::NotFound(_) | Error::Invalid(_) | Error::Engine(_) => {
                self.container.stat(&file.destination).await.ok().flatten()
            }
            _ => None,
        };
        let is_folder = standing.is_some_and(|found| found.kind == PathKind::Directory);
        match (&file.content, is_folder) {
            (Content::File(path), true) => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = name.unwrap_or_default();
                let result = self.put(&file.destination, &name, &file, user).await;
                result.map_err(|error| self.upload_failure(&file.destination, &error))
            }
            (Content::Bytes(_), true) => {
                Err(Failure::new(format!("`{}` is a folder in the container", file.destination))
                    .help("add the file's name to `destination`"))
            }
            (_, false) => Err(self.upload_failure(&file.destination, &error)),
        }
    }

    fn upload_failure(&self, destination: &str, error: &Error) -> Failure {
        let failure = because(format!("Failed to upload to '{destination}' in container"), error);
        match error {
            Error::NotFound(_) => {
                let folder = split(destination).0;
                failure.help(format!(
                    "is there a folder `{folder}`? A `shell` provisioner before this one can make it"
                ))
            }
            // It may be done once more.
            Error::Unreachable { .. } => failure.away(),
            _ => failure,
        }
    }

    async fn upload_folder(&self, source: &Path, destination: &str) -> Result<(), Failure> {
        let owner = self.owner().await?.map_or(Owner::AsHere, Owner::User);
        let failed = |error: Error| self.upload_failure(destination, &error);
        let destination = destination.trim_end_matches('/');
        let destination = if destination.is_empty() { "/" } else { destination };
        let contents_only = source.as_os_str().as_encoded_bytes().ends_with(b"/");
        let there = self.folder_at(destination).await.map_err(failed)?;

        let (folder, root, itself) = match (there, contents_only) {
            (true, true) => (destination, String::new(), false),
            (true, false) => (destination, own_name(source)?, true),
            // It becomes the destination; its parent must be there.
            (false, _) => {
                let (folder, name) = split(destination);
                (folder, name.unwrap_or_default().to_owned(), true)
            }
        };
        let archive = archive::of_folder(source.to_owned(), root, itself, owner);
        self.container.copy_in(folder, archive).await.map_err(failed)
    }

    /// Whether a folder stands at a path, links followed.
    async fn folder_at(&self, path: &str) -> Result<bool, Error> {
        if path == "/" {
            return Ok(true);
        }
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            match self.container.stat(&path).await? {
                Some(found) if found.kind == PathKind::Symlink => {
                    path = resolve(&path, Path::new(&found.link_target));
                }
                Some(found) if found.kind == PathKind::Directory => return Ok(true),
                Some(_) => {
                    return Err(Error::Invalid(format!("`{path}` is a file, and not a folder")));
                }
                None => return Ok(false),
            }
        }
        Err(Error::Invalid(format!("`{path}` is a link that leads to itself")))
    }

    async fn download_file(&self, source: &str, destination: &Path) -> Result<(), Failure> {
        let mut path = source.to_owned();
        for _ in 0..LINKS {
            let first = archive::extract_file(self.fetch(&path).await?, destination.to_owned());
            let first = first.await.map_err(|error| {
                because(format!("download `{source}` to `{}`", destination.display()), &error)
            })?;
            match first {
                First::File => return Ok(()),
                First::Link(target) => path = resolve(&path, &target),
                First::Directory => return self.download_folder(&path, destination).await,
                First::Other => {
                    return Err(Failure::new(format!(
                        "`{source}` is neither a file nor a folder of the container"
                    )));
                }
            }
        }
        Err(Failure::new(format!("`{source}` is a link that leads to itself")))
    }

    async fn download_folder(&self, source: &str, destination: &Path) -> Result<(), Failure> {
        let contents_only = source.ends_with('/');
        let path = source.trim_end_matches('/');
        let target = match split(path).1 {
            Some(name) if !contents_only && tokio::fs::metadata(destination).await.is_ok() => {
                destination.join(name)
            }
            _ => destination.to_owned(),
        };
        // A final `/.` makes the engine follow a link, and name the entries from the folder.
        let archive = self.fetch(&format!("{path}/.")).await?;
        archive::extract_folder(archive, target).await.map_err(|error| {
            because(format!("download `{source}` to `{}`", destination.display()), &error)
        })
    }

    async fn fetch(&self, path: &str) -> Result<BoxStream<'static, io::Result<Bytes>>, Failure> {
        let archive = self
            .container
            .copy_out(path)
            .await
            .map_err(|error| because(format!("Error downloading file `{path}`"), &error))?;
        Ok(archive.map(|piece| piece.map_err(io::Error::other)).boxed())
    }
}

/// The folder and the name of a path; no name when it ends with a slash.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", Some(name).filter(|name| !name.is_empty())),
        Some((folder, name)) => (folder, Some(name).filter(|name| !name.is_empty())),
        None => ("/", Some(path).filter(|name| !name.is_empty())),
    }
}

/// What a link at `path` points at.
fn resolve(path: &str, target: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    let joined = Path::new(split(path).0).join(target);
    for part in joined.components() {
        match part {
            std::path::Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            std::path::Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    format!("/{}", parts.join("/"))
}

/// Input, as containers take it.
fn input(stdin: communicator::Input) -> Input {
    match stdin {
        communicator::Input::Nothing => Input::Nothing,
        communicator::Input::Bytes(bytes) => Input::Bytes(bytes),
        communicator::Input::Reader(reader) => Input::Reader(reader),
    }
}

impl Communicator for DockerCommunicator {
    fn run<'a>(
        &'a self,
        command: Command,
        output: &'a mut dyn Output,
    ) -> BoxFuture<'a, Result<ExitStatus, Failure>> {
        Box::pin(async move {
            // In parentheses as Packer has it: `exit` leaves them and not the shell.
            let line = format!("(\n{}\n)", command.line);
            let exec = Exec {
                command: vec!["/bin/sh".to_owned(), "-c".to_owned(), line],
                tty: self.options.pty,
                stdin: input(command.stdin),
                user: self.options.exec_user.clone(),
            };
            let mut output = Forward { output, first: Vec::new() };
            let result = self.container.exec(exec, &mut output).await;
            let code = result.map_err(|error| {
                let failure = because("run a command in the container", &error);
                match error {
                    Error::NotBegun(why) => match *why {
                        Error::Unreachable { .. } | Error::Temporary(_) => failure.away(),
                        _ => failure,
                    },
                    _ => failure.cut(),
                }
            })?;
            if matches!(code, 126 | 127) && output.first.starts_with(b"OCI runtime exec failed") {
                let why = String::from_utf8_lossy(&output.first).trim().to_owned();
                return Err(Failure::new(format!("the container cannot run `/bin/sh`: {why}"))
                    .help("scripts need a shell in the image"));
            }
            Ok(ExitStatus(code))
        })
    }

    fn upload<'a>(&'a self, file: Upload) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.upload_file(file))
    }

    fn upload_dir<'a>(
        &'a self,
        source: &'a Path,
        destination: &'a str,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.upload_folder(source, destination))
    }

    fn download<'a>(
        &'a self,
        source: &'a str,
        destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.download_file(source, destination))
    }

    fn download_dir<'a>(
        &'a self,
        source: &'a str,
        destination: &'a Path,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.download_folder(source, destination))
    }

    fn has_terminal(&self) -> bool {
        self.options.pty
    }

    fn note_temporary(&self, path: &str) {
        self.temporary.note(path);
    }

    fn forget_temporary(&self, path: &str) {
        self.temporary.forget(path);
    }
}

/// Passes output on, and remembers how it began.
struct Forward<'a> {
    output: &'a mut dyn Output,
    first: Vec<u8>,
}

impl Forward<'_> {
    fn remember(&mut self, bytes: &[u8]) {
        let room = 512_usize.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
    }
}

impl ExecOutput for Forward<'_> {
    fn stdout<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.remember(&bytes);
            self.output.write(Stream::Stdout, &bytes).await;
        })
    }

    fn stderr<'a>(&'a mut self, bytes: Bytes) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            self.remember(&bytes);
            self.output.write(Stream::Stderr, &bytes).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_the_last_slash() {
        assert_eq!(split("/usr/src/app.py"), ("/usr/src", Some("app.py")));
        assert_eq!(split("/app.py"), ("/", Some("app.py")));
        assert_eq!(split("app.py"), ("/", Some("app.py")));
        assert_eq!(split("a/b"), ("a", Some("b")));
        assert_eq!(split("/usr/"), ("/usr", None));
        assert_eq!(split("/"), ("/", None));
    }

    #[test]
    fn links_are_resolved_from_their_folder() {
        assert_eq!(
            resolve("/etc/os-release", Path::new("../usr/lib/os-release")),
            "/usr/lib/os-release"
        );
        assert_eq!(resolve("/a/b", Path::new("/c")), "/c");
        assert_eq!(resolve("/a", Path::new("../../b")), "/b");
    }
}
