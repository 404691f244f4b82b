//! This computer as the machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::fs;
use tokio::io::{AsyncWriteExt, copy};
use tokio::process;

use super::{Command, Communicator, CopyDir, FileInfo, Started, Stream};

/// This computer as the machine: for builders whose machine it is, and for tests of provisioners.
///
/// Commands are run by `sh` in a folder, and paths that are not absolute are in it.
#[derive(Clone, Debug)]
pub struct Local {
    folder: PathBuf,
}

impl Local {
    /// With a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn place(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}

/// An error that names its file.
fn at(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("`{}`: {error}", path.display())
}

impl Communicator for Local {
    async fn start(&self, command: Command, started: Started) -> Result<i64, String> {
        let Command { line, stdin, stdout, stderr } = command;
        let piped = |is_wanted| if is_wanted { Stdio::piped() } else { Stdio::null() };
        let mut child = process::Command::new("/bin/sh")
            .arg("-c")
            .arg(line)
            .current_dir(&self.folder)
            .stdin(piped(stdin.is_some()))
            .stdout(piped(stdout.is_some()))
            .stderr(piped(stderr.is_some()))
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`/bin/sh`: {error}"))?;
        started.tell();
        let feeding = tokio::spawn(pump(stdin, child.stdin.take()));
        let printing = pump(child.stdout.take(), stdout);
        let complaining = pump(child.stderr.take(), stderr);
        let (status, (), ()) = tokio::join!(child.wait(), printing, complaining);
        // A command need not read all of its input.
        feeding.abort();
        let status = status.map_err(|error| format!("`/bin/sh`: {error}"))?;
        Ok(status.code().map_or(i64::from(u8::MAX), i64::from))
    }

    async fn upload(
        &self,
        path: String,
        content: &mut Stream,
        info: Option<FileInfo>,
    ) -> Result<(), String> {
        let path = self.place(&path);
        let mut file = fs::File::create(&path).await.map_err(at(&path))?;
        copy(content, &mut file).await.map_err(at(&path))?;
        file.flush().await.map_err(at(&path))?;
        if let Some(info) = info {
            let mode = std::fs::Permissions::from_mode(info.unix_mode());
            fs::set_permissions(&path, mode).await.map_err(at(&path))?;
        }
        Ok(())
    }

    async fn download(&self, path: String, into: &mut Stream) -> Result<(), String> {
        let path = self.place(&path);
        let mut file = fs::File::open(&path).await.map_err(at(&path))?;
        copy(&mut file, into).await.map(drop).map_err(at(&path))
    }

    async fn upload_dir(&self, copy: CopyDir) -> Result<(), String> {
        let destination = self.place(&copy.destination);
        copy_folder(Path::new(&copy.source), &destination, &copy).await
    }

    async fn download_dir(&self, copy: CopyDir) -> Result<(), String> {
        copy_folder(&self.place(&copy.source), Path::new(&copy.destination), &copy).await
    }
}

/// Copies all that comes, until either side has enough.
async fn pump(
    from: Option<impl tokio::io::AsyncRead + Unpin>,
    to: Option<impl tokio::io::AsyncWrite + Unpin>,
) {
    if let (Some(mut from), Some(mut to)) = (from, to) {
        let _ = copy(&mut from, &mut to).await;
        let _ = to.shutdown().await;
    }
}

/// A folder into another; with a `/` at its end, what is in it. Links stay links.
async fn copy_folder(source: &Path, destination: &Path, asked: &CopyDir) -> Result<(), String> {
    let destination = match (asked.source.ends_with('/'), source.file_name()) {
        (false, Some(name)) => destination.join(name),
        _ => destination.to_owned(),
    };
    let mut folders = vec![(source.to_owned(), destination)];
    while let Some((source, destination)) = folders.pop() {
        fs::create_dir_all(&destination).await.map_err(at(&destination))?;
        let mut entries = fs::read_dir(&source).await.map_err(at(&source))?;
        while let Some(entry) = entries.next_entry().await.map_err(at(&source))? {
            let name = entry.file_name();
            if asked.exclude.iter().any(|excluded| name.to_str() == Some(excluded)) {
                continue;
            }
            let (from, to) = (entry.path(), destination.join(&name));
            let kind = entry.file_type().await.map_err(at(&from))?;
            if kind.is_dir() {
                folders.push((from, to));
            } else if kind.is_symlink() {
                let target = fs::read_link(&from).await.map_err(at(&from))?;
                fs::symlink(target, &to).await.map_err(at(&to))?;
            } else {
                fs::copy(&from, &to).await.map_err(at(&from))?;
            }
        }
    }
    Ok(())
}
