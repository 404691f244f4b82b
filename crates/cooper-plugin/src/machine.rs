//! The machine that is being built.

mod command;
mod lines;

use std::fmt::Display;
use std::path::Path;

use cooper_wire::message::{CopyDir, FileInfo, Modified};
use cooper_wire::service::communicator::Remote;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::{Result, Ui};

pub use command::{Command, CommandFailed, Output, Running};

/// How much [`Machine::download`] and [`Machine::read`] take into memory.
pub const MOST_KEPT: usize = 64 << 20;

/// The machine that is being built. Cloning shares it; what is asked of it may overlap.
#[derive(Clone)]
pub struct Machine {
    remote: Remote,
    ui: Ui,
}

impl Machine {
    pub(crate) const fn new(remote: Remote, ui: Ui) -> Self {
        Self { remote, ui }
    }

    /// A command for the machine's shell, to be run in one of several ways.
    pub fn command(&self, line: impl Into<String>) -> Command<'_> {
        Command::new(self, line.into())
    }

    /// Runs a command, and shows its output as it comes.
    ///
    /// # Errors
    ///
    /// [`CommandFailed`], when its status is not 0; others, when it could not be run.
    pub async fn run(&self, line: impl Into<String>) -> Result {
        self.command(line).run().await
    }

    /// Runs a command, and returns what it prints, as text and without the last line's end.
    ///
    /// # Errors
    ///
    /// [`CommandFailed`] with what it complained of, when its status is not 0; others, when it could not be run
    /// or prints more than [`MOST_KEPT`].
    pub async fn read(&self, line: impl Into<String>) -> Result<String> {
        self.command(line).read().await
    }

    /// Makes a file of the machine.
    ///
    /// # Errors
    ///
    /// When it could not be made.
    pub async fn upload(&self, path: &str, content: impl AsRef<[u8]> + Send) -> Result {
        Ok(self.remote.upload(path, content.as_ref(), None).await?)
    }

    /// Makes a file of the machine with permissions, such as `0o755`.
    ///
    /// # Errors
    ///
    /// When it could not be made.
    pub async fn upload_with_mode(
        &self,
        path: &str,
        content: impl AsRef<[u8]> + Send,
        mode: u32,
    ) -> Result {
        let content = content.as_ref();
        let info = FileInfo {
            name: name_of(path),
            size: i64::try_from(content.len())?,
            mode: FileInfo::go_mode(mode),
            modified: Modified::default(),
        };
        Ok(self.remote.upload(path, content, Some(info)).await?)
    }

    /// Makes a file of the machine of what can be read.
    ///
    /// # Errors
    ///
    /// When it could not be read or made.
    pub async fn upload_from(&self, path: &str, content: impl AsyncRead + Unpin + Send) -> Result {
        Ok(self.remote.upload(path, content, None).await?)
    }

    /// Copies a file of this computer into the machine, with its permissions.
    ///
    /// # Errors
    ///
    /// When it could not be read or made.
    pub async fn upload_file(&self, source: impl AsRef<Path> + Send, path: &str) -> Result {
        use std::os::unix::fs::MetadataExt;
        let file =
            tokio::fs::File::open(source.as_ref()).await.map_err(in_file(source.as_ref()))?;
        let found = file.metadata().await?;
        let info = FileInfo {
            name: name_of(path),
            size: i64::try_from(found.len())?,
            mode: FileInfo::go_mode(found.mode()),
            modified: Modified(Some((found.mtime(), u32::try_from(found.mtime_nsec())?))),
        };
        Ok(self.remote.upload(path, file, Some(info)).await?)
    }

    /// What is in a file of the machine.
    ///
    /// # Errors
    ///
    /// When there is none, or it has more than [`MOST_KEPT`] bytes.
    pub async fn download(&self, path: &str) -> Result<Vec<u8>> {
        let mut kept = command::Kept::default();
        let downloaded = self.remote.download(path, &mut kept).await;
        kept.complete(path)?;
        downloaded?;
        Ok(kept.bytes)
    }

    /// Writes what is in a file of the machine.
    ///
    /// # Errors
    ///
    /// When there is none, or it could not be written.
    pub async fn download_into(&self, path: &str, into: impl AsyncWrite + Unpin + Send) -> Result {
        Ok(self.remote.download(path, into).await?)
    }

    /// Copies a file of the machine to this computer; what was there is replaced, also if the file of the machine
    /// cannot be read to its end.
    ///
    /// # Errors
    ///
    /// When there is none, or it could not be written.
    pub async fn download_file(&self, path: &str, target: impl AsRef<Path> + Send) -> Result {
        let target = target.as_ref();
        let mut file = tokio::fs::File::create(target).await.map_err(in_file(target))?;
        self.remote.download(path, &mut file).await?;
        Ok(file.flush().await?)
    }

    /// Copies a folder of this computer into a folder of the machine; with a `/` at its end, what is in
    /// it.
    ///
    /// # Errors
    ///
    /// When it could not be copied.
    pub async fn upload_dir(&self, source: impl AsRef<Path> + Send, path: &str) -> Result {
        self.upload_dir_without(source, path, []).await
    }

    /// Copies a folder of this computer into the machine, without some of what is in it: names and patterns. Not
    /// every builder has regard to them.
    ///
    /// # Errors
    ///
    /// When it could not be copied.
    pub async fn upload_dir_without(
        &self,
        source: impl AsRef<Path> + Send,
        path: &str,
        exclude: impl IntoIterator<Item = String>,
    ) -> Result {
        let copy = CopyDir {
            destination: path.to_owned(),
            source: here(source.as_ref())?,
            exclude: exclude.into_iter().collect(),
        };
        Ok(self.remote.upload_dir(&copy).await?)
    }

    /// Copies a folder of the machine to this computer.
    ///
    /// # Errors
    ///
    /// When it could not be copied.
    pub async fn download_dir(&self, path: &str, target: impl AsRef<Path> + Send) -> Result {
        let copy = CopyDir {
            destination: here(target.as_ref())?,
            source: path.to_owned(),
            exclude: Vec::new(),
        };
        Ok(self.remote.download_dir(&copy).await?)
    }
}

/// A text as one word of a shell, whatever is in it.
///
/// ```
/// assert_eq!(cooper_plugin::quoted("/srv/app-1.2"), "/srv/app-1.2");
/// assert_eq!(cooper_plugin::quoted("it's $HOME"), r"'it'\''s $HOME'");
/// ```
pub fn quoted(text: impl Display) -> String {
    let text = text.to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@%+,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Whoever has the communicator may stand in another folder.
fn here(path: &Path) -> Result<String> {
    let path = std::path::absolute(path)?;
    path.into_os_string().into_string().map_err(|path| format!("{path:?} is no UTF-8").into())
}

fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// An error that names its file.
fn in_file(path: &Path) -> impl Fn(std::io::Error) -> crate::Error {
    move |error| format!("`{}`: {error}", path.display()).into()
}
