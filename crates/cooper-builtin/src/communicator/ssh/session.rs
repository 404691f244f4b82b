//! A connection to a machine, and how it comes about.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg};
use russh::{Disconnect, MethodKind, MethodSet};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_socks::tcp::Socks5Stream;
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

use super::client::Client;
use super::settings::{Login, Proof, Route, SshSettings};
use super::trouble::Trouble;
use super::tunnel;

/// How long a machine, a proxy or a bastion may take to accept a connection.
const DIALLING: Duration = Duration::from_secs(15);

/// How long both sides may take to agree on how they speak, and a login.
const SHAKING: Duration = Duration::from_secs(60);

/// How long a machine may leave questions unanswered until it is lost.
const UNANSWERED: Duration = Duration::from_secs(60);

/// How often a server may ask questions in one login.
const QUESTIONS: usize = 16;

/// How long what is being ended may take.
const ENDING: Duration = Duration::from_secs(4);

/// A connection on which commands can be run. It ends when it is dropped.
pub(super) struct Session {
    pub(super) handle: Arc<Handle<Client>>,
    pub(super) address: String,
    /// Whether commands may use the agent.
    pub(super) forwards_agent: bool,
    /// The commands that run, or are being ended.
    pub(super) commands: TaskTracker,
    /// The way through a bastion, which must last as long.
    _bastion: Option<Handle<Client>>,
    _end: DropGuard,
}

impl Session {
    /// Connects once, and logs in.
    pub(super) async fn connect(settings: &SshSettings, host: &str) -> Result<Self, Trouble> {
        let SshSettings { port, login, route, algorithms, keep_alive, silence, .. } = settings;
        let address = address(host, *port);
        let config = Arc::new(client::Config {
            keepalive_interval: *keep_alive,
            keepalive_max: keep_alive.map_or(0, unanswered),
            inactivity_timeout: *silence,
            preferred: algorithms.clone(),
            nodelay: true,
            ..client::Config::default()
        });
        let end = CancellationToken::new();
        let guard = end.clone().drop_guard();
        let agent = settings.forwarded_agent.clone();
        let forwards_agent = agent.is_some();
        let ours = Client::new(agent, settings.remote_tunnels.clone());
        let nobody = Client::new(None, Vec::new());

        let (mut handle, bastion) = match route {
            Route::Direct => {
                let stream = dial(host, *port).await?;
                (shake(&config, stream, ours, &end, &address).await?, None)
            }
            Route::Proxy { host: proxy, port: proxy_port, user } => {
                let stream = dial(proxy, *proxy_port).await?;
                let target = (host, *port);
                let through = within(DIALLING, &address, async {
                    match user {
                        None => Ok(Socks5Stream::connect_with_socket(stream, target).await),
                        Some((name, password)) => {
                            Ok(Socks5Stream::connect_with_password_and_socket(
                                stream, target, name, password,
                            )
                            .await)
                        }
                    }
                });
                let stream = through.await?.map_err(|error| Trouble::Proxy {
                    address: self::address(proxy, *proxy_port),
                    reason: error.to_string(),
                })?;
                (shake(&config, stream, ours, &end, &address).await?, None)
            }
            Route::Bastion { host: bastion, port: bastion_port, login } => {
                let stream = dial(bastion, *bastion_port).await?;
                let bastion = self::address(bastion, *bastion_port);
                let mut way = shake(&config, stream, nobody, &end, &bastion).await?;
                log_in(&mut way, login, &bastion).await?;
                let opened = within(DIALLING, &address, async {
                    let here = ("127.0.0.1", 0);
                    Ok(way.channel_open_direct_tcpip(host, u32::from(*port), here.0, here.1).await)
                });
                let channel = opened.await?.map_err(|source| Trouble::Bastion {
                    bastion,
                    address: address.clone(),
                    source: Box::new(source),
                })?;
                let stream = channel.into_stream();
                (shake(&config, stream, ours, &end, &address).await?, Some(way))
            }
        };
        log_in(&mut handle, login, &address).await?;
        tunnel::begin_remote(&settings.remote_tunnels, &handle).await?;
        let handle = Arc::new(handle);
        tunnel::begin_local(&settings.local_tunnels, &handle, &end).await?;
        let commands = TaskTracker::new();
        Ok(Self { handle, address, forwards_agent, commands, _bastion: bastion, _end: guard })
    }

    /// Whether nothing can be done with it any more.
    pub(super) fn is_lost(&self) -> bool {
        self.handle.is_closed()
    }

    /// Waits until what was given up is ended, and takes leave.
    pub(super) async fn close(&self) {
        self.commands.close();
        // What takes longer is left to the machine.
        let _ = tokio::time::timeout(ENDING, self.commands.wait()).await;
        let goodbye = self.handle.disconnect(Disconnect::ByApplication, "", "");
        // A machine that is gone hears nothing.
        let _ = tokio::time::timeout(ENDING, goodbye).await;
    }
}

/// A host and a port as one text.
fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// How many questions may be unanswered.
fn unanswered(interval: Duration) -> usize {
    let count = UNANSWERED.as_nanos() / interval.as_nanos().max(1);
    usize::try_from(count).unwrap_or(usize::MAX).max(2)
}

/// Does something that may take so long.
async fn within<T>(
    limit: Duration,
    address: &str,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let silent = || Trouble::Silent { address: address.to_owned(), limit };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(silent()))
}

async fn dial(host: &str, port: u16) -> Result<TcpStream, Trouble> {
    let address = address(host, port);
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<SocketAddr> = match found {
        Ok(found) => found.collect(),
        Err(source) => return Err(Trouble::UnknownHost { host: host.to_owned(), source }),
    };
    let dialling = async {
        TcpStream::connect(found.as_slice()).await.map_err(|source| match source.kind() {
            io::ErrorKind::ConnectionRefused => Trouble::Refused { address: address.clone() },
            _ => Trouble::Unreachable { address: address.clone(), source },
        })
    };
    let stream = within(DIALLING, &address, dialling).await?;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("small packets may wait: {error}");
    }
    Ok(stream)
}

/// Agrees with a server on how to speak. What was begun ends with `end`.
async fn shake(
    config: &Arc<client::Config>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    client: Client,
    end: &CancellationToken,
    address: &str,
) -> Result<Handle<Client>, Trouble> {
    let stream = Endable { stream, end: Box::pin(end.clone().cancelled_owned()) };
    within(SHAKING, address, async {
        client::connect_stream(config.clone(), stream, client)
            .await
            .map_err(Box::new)
            .map_err(|source| Trouble::Handshake { address: address.to_owned(), source })
    })
    .await
}

async fn log_in(handle: &mut Handle<Client>, login: &Login, address: &str) -> Result<(), Trouble> {
    let Login { user, proof } = login;
    within(SHAKING, address, async {
        let lost = |_| Trouble::Lost { address: address.to_owned() };
        let (with, refused) = match proof {
            Proof::Password(password) => {
                ("this password", with_password(handle, user, password).await.map_err(lost)?)
            }
            Proof::Key(key, certificate) => {
                let mut result = None;
                match certificate {
                    Some(certificate) => {
                        let (key, certificate) = (key.clone(), (**certificate).clone());
                        let answer = handle.authenticate_openssh_cert(user, key, certificate);
                        result = refusal(answer.await.map_err(lost)?);
                    }
                    None => {
                        for hash in hashes(handle, key.algorithm().is_rsa()).await {
                            let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
                            let answer = handle.authenticate_publickey(user, key);
                            result = refusal(answer.await.map_err(lost)?);
                            if result.is_none() {
                                break;
                            }
                        }
                    }
                }
                ("this key", result)
            }
            Proof::Agent(None) => return Err(Trouble::NoAgent),
            Proof::Agent(Some(socket)) => {
                ("a key of the agent", with_agent(handle, user, socket).await?)
            }
        };
        let Some(accepted) = refused else { return Ok(()) };
        let accepted = accepted.iter().map(String::from).collect();
        let (address, user) = (address.to_owned(), user.clone());
        Err(Trouble::Denied { address, user, with, accepted })
    })
    .await
}

/// What a server that refused would take; nothing when it did not refuse.
fn refusal(result: AuthResult) -> Option<MethodSet> {
    match result {
        AuthResult::Success => None,
        AuthResult::Failure { remaining_methods, .. } => Some(remaining_methods),
    }
}

async fn with_password(
    handle: &mut Handle<Client>,
    user: &str,
    password: &str,
) -> Result<Option<MethodSet>, russh::Error> {
    let Some(accepted) = refusal(handle.authenticate_password(user, password).await?) else {
        return Ok(None);
    };
    if !accepted.contains(&MethodKind::KeyboardInteractive) {
        return Ok(Some(accepted));
    }
    let mut answer = handle.authenticate_keyboard_interactive_start(user, None).await?;
    for _ in 0..QUESTIONS {
        let prompts = match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(None),
            KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                return Ok(Some(remaining_methods));
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        let answers = prompts.iter().map(|_| password.to_owned()).collect();
        answer = handle.authenticate_keyboard_interactive_respond(answers).await?;
    }
    Ok(Some(accepted))
}

/// The ways to sign with a key that a server may accept, the best first.
async fn hashes(handle: &Handle<Client>, rsa: bool) -> Vec<Option<HashAlg>> {
    if !rsa {
        return vec![None];
    }
    match handle.best_supported_rsa_hash().await {
        Ok(Some(hash)) => vec![hash],
        // Old servers do not tell, and the oldest know SHA-1 only.
        _ => vec![Some(HashAlg::Sha512), None],
    }
}

async fn with_agent(
    handle: &mut Handle<Client>,
    user: &str,
    socket: &Path,
) -> Result<Option<MethodSet>, Trouble> {
    let broken = |source: russh::keys::Error| Trouble::Agent { source: Box::new(source) };
    let stream = UnixStream::connect(socket).await.map_err(|error| broken(error.into()))?;
    let mut agent = AgentClient::connect(stream);
    let identities = agent.request_identities().await.map_err(broken)?;
    let mut accepted = MethodSet::empty();
    for identity in identities {
        if handle.is_closed() {
            // A server has enough after a few keys.
            break;
        }
        let rsa = identity.public_key().algorithm().is_rsa();
        for hash in hashes(handle, rsa).await {
            let result = match &identity {
                AgentIdentity::PublicKey { key, .. } => {
                    handle.authenticate_publickey_with(user, key.clone(), hash, &mut agent).await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    let certificate = certificate.clone();
                    handle.authenticate_certificate_with(user, certificate, hash, &mut agent).await
                }
            };
            match result.map(refusal) {
                Ok(None) => return Ok(None),
                Ok(Some(others)) => accepted = others,
                // The agent does not sign with this one, which may be locked.
                Err(error) => tracing::debug!("a key of the agent is of no use: {error}"),
            }
        }
    }
    Ok(Some(accepted))
}

/// A stream that ends when it is told to, wherever its other side is.
struct Endable<S> {
    stream: S,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Endable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            return Poll::Ready(read);
        }
        self.end.as_mut().poll(cx).map(Ok)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Endable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            return Poll::Ready(written);
        }
        self.end.as_mut().poll(cx).map(|()| Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
