//! A machine that a plugin's builder made.

use std::path::Path;
use std::pin::pin;
use std::time::UNIX_EPOCH;

use cooper_build::communicator::{
    Command, Communicator, Content, ExitStatus, Input, Output, Upload,
};
use cooper_build::{Failure, Stream};
use cooper_wire::message::{CopyDir, FileInfo, Modified};
use cooper_wire::rpc::CallError;
use cooper_wire::service::communicator::{DISCONNECTED, Remote, Running, Stdin};
use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How much output is passed on at once.
const PIECE: usize = 32 * 1024;

/// The way into a machine that a plugin's builder made.
pub(crate) struct Received {
    remote: Remote,
}

fn failed(doing: impl Into<String>) -> impl FnOnce(CallError) -> Failure {
    move |error| Failure::new(error.to_string()).while_doing(doing)
}

impl Received {
    pub(crate) const fn new(remote: Remote) -> Self {
        Self { remote }
    }

    async fn run_command(
        &self,
        command: Command,
        output: &mut dyn Output,
    ) -> Result<ExitStatus, Failure> {
        let Command { line, stdin } = command;
        let wants = match &stdin {
            Input::Nothing => Stdin::Nothing,
            Input::Bytes(_) | Input::Reader(_) => Stdin::Written,
        };
        let running = self.remote.start(&line, wants).await;
        let running = running.map_err(|error| {
            let away = matches!(error, CallError::Refused(_));
            let failure = failed("run a command in the machine")(error);
            // The plugin is there, and could not begin it.
            if away { failure.away() } else { failure }
        })?;
        let Running { stdin: input, mut stdout, mut stderr, ended } = running;
        let feeding = async {
            let Some(mut input) = input else { return };
            // The command need not read all of it.
            let _ = match stdin {
                Input::Nothing => Ok(()),
                Input::Bytes(bytes) => input.write_all(&bytes).await,
                Input::Reader(mut reader) => {
                    tokio::io::copy(&mut reader, &mut input).await.map(drop)
                }
            };
            let _ = input.shutdown().await;
        };
        let broken = |error: std::io::Error| {
            Failure::because("the output of a command in the machine broke off", &error)
        };
        let passing = async {
            let (mut out, mut err) = (vec![0; PIECE], vec![0; PIECE]);
            let (mut more_out, mut more_err) = (true, true);
            while more_out || more_err {
                tokio::select! {
                    count = stdout.read(&mut out), if more_out => {
                        let count = count.map_err(broken)?;
                        more_out = count > 0;
                        if more_out {
                            output.write(Stream::Stdout, &out[..count]).await;
                        }
                    }
                    count = stderr.read(&mut err), if more_err => {
                        let count = count.map_err(broken)?;
                        more_err = count > 0;
                        if more_err {
                            output.write(Stream::Stderr, &err[..count]).await;
                        }
                    }
                }
            }
            match ended.wait().await {
                DISCONNECTED => {
                    let failure = Failure::new("the machine went away in the middle of a command");
                    Err(failure.cut().help(
                        "`expect_disconnect = true` of a `shell` provisioner is for scripts that \
                         restart the machine",
                    ))
                }
                status => Ok(ExitStatus(status)),
            }
        };
        let mut feeding = pin!(feeding);
        let mut passing = pin!(passing);
        // What nobody read when the command has ended is not waited for.
        tokio::select! {
            status = &mut passing => status,
            () = &mut feeding => passing.await,
        }
    }

    async fn upload_file(&self, file: Upload) -> Result<(), Failure> {
        let Upload { destination, content, mode, modified } = file;
        let doing = format!("upload `{destination}`");
        let name = destination.rsplit('/').next().unwrap_or_default().to_owned();
        let now = || UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
        let modified = i64::try_from(modified.unwrap_or_else(now)).unwrap_or(0);
        let info = |size: u64| FileInfo {
            name: name.clone(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            mode: FileInfo::go_mode(mode),
            modified: Modified(Some((modified, 0))),
        };
        let result = match content {
            Content::Bytes(bytes) => {
                let info = info(bytes.len() as u64);
                self.remote.upload(&destination, &bytes[..], Some(info)).await
            }
            Content::File(path) => {
                let unreadable = |error: std::io::Error| {
                    Failure::because(format!("`{}` cannot be read", path.display()), &error)
                };
                let file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
                let size = file.metadata().await.map_err(unreadable)?.len();
                self.remote.upload(&destination, file, Some(info(size))).await
            }
        };
        result.map_err(failed(doing))
    }

    async fn download_file(&self, source: &str, destination: &Path) -> Result<(), Failure> {
        let unwritable = |error: std::io::Error| {
            Failure::because(format!("`{}` cannot be written", destination.display()), &error)
        };
        let folder = destination.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let (file, path) = file.map_err(unwritable)?.into_parts();
        let file = tokio::fs::File::from_std(file);
        let downloaded = self.remote.download(source, file).await;
        downloaded.map_err(failed(format!("download `{source}`")))?;
        path.persist(destination).map_err(|error| unwritable(error.error))
    }
}

impl Communicator for Received {
    fn run<'a>(
        &'a self,
        command: Command,
        output: &'a mut dyn Output,
    ) -> BoxFuture<'a, Result<ExitStatus, Failure>> {
        Box::pin(self.run_command(command, output))
    }

    fn upload<'a>(&'a self, file: Upload) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.upload_file(file))
    }

    fn upload_dir<'a>(
        &'a self,
        source: &'a Path,
        destination: &'a str,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        let copy = CopyDir {
            destination: destination.to_owned(),
            source: source.to_string_lossy().into_owned(),
            exclude: Vec::new(),
        };
        Box::pin(async move {
            let copied = self.remote.upload_dir(&copy).await;
            copied.map_err(failed(format!("upload `{}`", copy.source)))
        })
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
        let copy = CopyDir {
            destination: destination.to_string_lossy().into_owned(),
            source: source.to_owned(),
            exclude: Vec::new(),
        };
        Box::pin(async move {
            let copied = self.remote.download_dir(&copy).await;
            copied.map_err(failed(format!("download `{}`", copy.source)))
        })
    }
}
