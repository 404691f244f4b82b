//! `Communicator`: the way into a machine.
//!
//! What is moved goes over streams of its own: the caller offers them, and whoever has the
//! communicator dials them.

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;

use super::exit_status;
use crate::broker::{Broker, DIALLING, NoStream, Offer};
use crate::message::{CopyDir, Download, FileInfo, Start, Upload};
use crate::msgpack::Value;
use crate::rpc::{self, Answer, CallError, Client, Reply};
use crate::yamux::Stream;

/// The exit status of a command that nobody knows the status of, as Go's library has it.
pub const UNKNOWN_STATUS: i64 = 123;

/// The exit status of a command whose machine went away, as Go's library has it.
pub const DISCONNECTED: i64 = 2_300_218;

/// The way into a machine.
pub trait Communicator: Send + Sync {
    /// Runs a command, and returns how it ended. `started` is told when it runs: the caller goes
    /// on then. Output ends when the streams of `command` are dropped.
    ///
    /// Fails when it could not be run, before `started` was told; after that, nobody hears why.
    fn start(
        &self,
        command: Command,
        started: Started,
    ) -> impl Future<Output = Result<i64, String>> + Send;

    /// Makes a file in the machine of what can be read from `content`.
    fn upload(
        &self,
        path: String,
        content: &mut Stream,
        info: Option<FileInfo>,
    ) -> impl Future<Output = Result<(), String>> + Send;

    /// Writes what a file of the machine contains.
    fn download(
        &self,
        path: String,
        into: &mut Stream,
    ) -> impl Future<Output = Result<(), String>> + Send;

    /// Copies a folder into the machine.
    fn upload_dir(&self, copy: CopyDir) -> impl Future<Output = Result<(), String>> + Send;

    /// Copies a folder out of the machine.
    fn download_dir(&self, copy: CopyDir) -> impl Future<Output = Result<(), String>> + Send;
}

/// A command to be run, and what it reads and prints; nothing where the caller does not care.
pub struct Command {
    /// The command line.
    pub line: String,
    /// What it reads, until its end.
    pub stdin: Option<Stream>,
    /// What it prints.
    pub stdout: Option<Stream>,
    /// What it complains of.
    pub stderr: Option<Stream>,
}

/// Tells the caller that its command runs.
pub struct Started(oneshot::Sender<()>);

impl Started {
    /// It does.
    pub fn tell(self) {
        // Who waits may have gone.
        let _ = self.0.send(());
    }
}

/// Answers for a [`Communicator`].
pub struct Service<T> {
    communicator: T,
    broker: Broker,
}

/// Dials a channel of the caller, unless it is 0.
async fn dial(broker: &Broker, id: u32) -> Result<Option<Stream>, String> {
    match id {
        0 => Ok(None),
        id => broker.dial(id).await.map(Some).map_err(|error| error.to_string()),
    }
}

async fn dial_content(broker: &Broker, id: u32) -> Result<Stream, String> {
    broker.dial(id).await.map_err(|error| error.to_string())
}

impl<T: Communicator> Service<T> {
    /// Answers for this.
    pub const fn new(communicator: T, broker: Broker) -> Self {
        Self { communicator, broker }
    }

    async fn start(&self, start: Start) -> Answer<'_> {
        let Start { command, stdin, stdout, stderr, response } = start;
        let broker = &self.broker;
        let (stdin, stdout, stderr, response) = tokio::try_join!(
            dial(broker, stdin),
            dial(broker, stdout),
            dial(broker, stderr),
            dial(broker, response),
        )?;
        let (sender, mut started) = oneshot::channel();
        let command = Command { line: command, stdin, stdout, stderr };
        let mut work = Box::pin(self.communicator.start(command, Started(sender)));
        tokio::select! {
            biased;
            result = &mut work => {
                let status = result?;
                Ok(Reply::then(&(), Box::pin(tell(response, status))))
            }
            _ = &mut started => Ok(Reply::then(&(), Box::pin(async move {
                let status = work.await.unwrap_or_else(|error| {
                    tracing::debug!("a command broke off: {error}");
                    DISCONNECTED
                });
                tell(response, status).await;
            }))),
        }
    }

    async fn upload(&self, upload: Upload) -> Result<(), String> {
        let Upload { path, content, info } = upload;
        let mut content = dial_content(&self.broker, content).await?;
        self.communicator.upload(path, &mut content, info).await
    }

    async fn download(&self, download: Download) -> Result<(), String> {
        let Download { path, content } = download;
        let mut content = dial_content(&self.broker, content).await?;
        let result = self.communicator.download(path, &mut content).await;
        if result.is_err() {
            // What was written so far is not all there is.
            content.reset();
        }
        result
    }
}

/// Says how a command ended.
async fn tell(response: Option<Stream>, status: i64) {
    if let Some(mut response) = response {
        // Who wanted to know may have gone.
        let _ = response.write_all(&exit_status::write(status)).await;
        let _ = response.shutdown().await;
    }
}

impl<'a, T: Communicator + 'a> rpc::Service<'a> for Service<T> {
    fn is(&self, name: &str) -> bool {
        name == "Communicator"
    }

    fn call(&'a self, _: &str, method: &str, argument: Value) -> Option<BoxFuture<'a, Answer<'a>>> {
        Some(match method {
            "Start" => Box::pin(async move { self.start(rpc::argument(argument)?).await }),
            "Upload" => Box::pin(async move {
                self.upload(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            "Download" => Box::pin(async move {
                self.download(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            "UploadDir" => Box::pin(async move {
                self.communicator.upload_dir(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            "DownloadDir" => Box::pin(async move {
                self.communicator.download_dir(rpc::argument(argument)?).await?;
                Ok(Reply::new(&()))
            }),
            _ => return None,
        })
    }
}

/// The communicator of the other side.
#[derive(Clone)]
pub struct Remote {
    client: Client,
    broker: Broker,
}

/// A command that runs, or has run.
pub struct Running {
    /// What it reads; to be closed where that ends. Nothing when it reads nothing.
    pub stdin: Option<Stream>,
    /// What it prints.
    pub stdout: Stream,
    /// What it complains of.
    pub stderr: Stream,
    /// How it ended, when the outputs have.
    pub ended: ExitStatus,
}

/// How a command ended, as soon as it has.
pub struct ExitStatus(Stream);

impl ExitStatus {
    /// The status; [`UNKNOWN_STATUS`] when the other side does not say it.
    pub async fn wait(mut self) -> i64 {
        exit_status::read(&mut self.0).await.unwrap_or(UNKNOWN_STATUS)
    }
}

/// What a command reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stdin {
    /// Nothing.
    Nothing,
    /// What is written to [`Running::stdin`].
    Written,
}

async fn accept(offer: Offer) -> Result<Stream, NoStream> {
    offer.accept(DIALLING * 6).await
}

impl Remote {
    /// Over this channel.
    pub const fn new(client: Client, broker: Broker) -> Self {
        Self { client, broker }
    }

    /// Starts a command.
    ///
    /// # Errors
    ///
    /// When it could not be started.
    pub async fn start(&self, command: &str, stdin: Stdin) -> Result<Running, CallError> {
        let input = match stdin {
            Stdin::Nothing => None,
            Stdin::Written => Some(self.broker.offer()),
        };
        let [stdout, stderr, response] = std::array::from_fn(|_| self.broker.offer());
        let start = Start {
            command: command.to_owned(),
            stdin: input.as_ref().map_or(0, Offer::id),
            stdout: stdout.id(),
            stderr: stderr.id(),
            response: response.id(),
        };
        // The streams are dialled before the answer comes. When it is an error, they are not.
        let call = self.client.call::<_, ()>("Communicator.Start", &start);
        let streams = async {
            let input = async {
                match input {
                    Some(input) => input.accept_later().await.map(Some),
                    None => Ok(None),
                }
            };
            tokio::try_join!(
                input,
                stdout.accept_later(),
                stderr.accept_later(),
                response.accept_later()
            )
        };
        let mut call = std::pin::pin!(call);
        let mut streams = std::pin::pin!(streams);
        let (stdin, stdout, stderr, response) = tokio::select! {
            streams = &mut streams => streams?,
            answer = &mut call => {
                answer?;
                let late = |_| NoStream::NotDialled(start.response);
                let streams = tokio::time::timeout(DIALLING, streams).await.map_err(late)??;
                let (stdin, stdout, stderr, response) = streams;
                return Ok(Running { stdin, stdout, stderr, ended: ExitStatus(response) });
            }
        };
        call.await?;
        Ok(Running { stdin, stdout, stderr, ended: ExitStatus(response) })
    }

    /// Makes a file in the machine.
    ///
    /// # Errors
    ///
    /// When it could not be made.
    pub async fn upload(
        &self,
        path: &str,
        mut content: impl AsyncRead + Unpin,
        info: Option<FileInfo>,
    ) -> Result<(), CallError> {
        let offer = self.broker.offer();
        let upload = Upload { path: path.to_owned(), content: offer.id(), info };
        let sending = async {
            let mut stream = accept(offer).await?;
            match tokio::io::copy(&mut content, &mut stream).await {
                Ok(_) => {
                    // The other side may have what it wants.
                    let _ = stream.shutdown().await;
                    // Kept open until it has answered: it may not have read all of it yet.
                    Ok(stream)
                }
                Err(error) => {
                    stream.reset();
                    Err(CallError::Ended {
                        method: "Communicator.Upload".to_owned(),
                        why: error.to_string(),
                    })
                }
            }
        };
        let mut call = std::pin::pin!(self.client.call("Communicator.Upload", &upload));
        tokio::select! {
            answer = &mut call => answer,
            sent = sending => {
                // The other side knows best why it stopped reading.
                call.await?;
                sent.map(drop)
            }
        }
    }

    /// Writes what a file of the machine contains.
    ///
    /// # Errors
    ///
    /// When there is none, or it could not be written.
    pub async fn download(
        &self,
        path: &str,
        mut into: impl AsyncWrite + Unpin,
    ) -> Result<(), CallError> {
        let failed = |error: std::io::Error| CallError::Ended {
            method: "Communicator.Download".to_owned(),
            why: error.to_string(),
        };
        let offer = self.broker.offer();
        let download = Download { path: path.to_owned(), content: offer.id() };
        let receiving = async {
            let mut stream = accept(offer).await?;
            tokio::io::copy(&mut stream, &mut into).await.map_err(failed)?;
            into.flush().await.map_err(failed)
        };
        let mut call =
            std::pin::pin!(self.client.call::<_, ()>("Communicator.Download", &download));
        let mut receiving = std::pin::pin!(receiving);
        tokio::select! {
            biased;
            received = &mut receiving => {
                // Why it broke off is in the answer.
                call.await?;
                received
            }
            answer = &mut call => {
                answer?;
                receiving.await
            }
        }
    }

    /// Copies a folder into the machine. The folder is read by whoever has the communicator.
    ///
    /// # Errors
    ///
    /// When it could not be copied.
    pub async fn upload_dir(&self, copy: &CopyDir) -> Result<(), CallError> {
        self.client.call("Communicator.UploadDir", copy).await
    }

    /// Copies a folder out of the machine.
    ///
    /// # Errors
    ///
    /// When it could not be copied.
    pub async fn download_dir(&self, copy: &CopyDir) -> Result<(), CallError> {
        self.client.call("Communicator.DownloadDir", copy).await
    }
}
