//! What a machine may ask of us while we are connected.

use std::path::PathBuf;
use std::sync::Arc;

use russh::Channel;
use russh::client::{ChannelOpenHandle, Handler, Msg, Session};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::tunnel::{self, Tunnel};

/// How many connections may go through a tunnel, or from a machine through us, at once.
pub(super) const CONNECTIONS: usize = 128;

/// Our side of a connection. It lets the machine open what the template allows, and nothing else.
pub(super) struct Client {
    /// The agent that programs in the machine may use.
    agent: Option<PathBuf>,
    /// The tunnels that begin at ports of the machine.
    tunnels: Vec<Tunnel>,
    connections: Arc<Semaphore>,
}

impl Client {
    pub(super) fn new(agent: Option<PathBuf>, tunnels: Vec<Tunnel>) -> Self {
        Self { agent, tunnels, connections: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.connections.clone().try_acquire_owned().ok()
    }
}

/// Everything a machine may open that is not here is refused: dropping `reply` says so.
impl Handler for Client {
    type Error = russh::Error;

    /// Machines are made for a build and have new keys each time, so there is nothing to compare with.
    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = key {
            tracing::debug!("the machine's key is {}", key.fingerprint(HashAlg::Sha256));
        }
        Ok(true)
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        channel: Channel<Msg>,
        _address: &str,
        port: u32,
        _origin: &str,
        _origin_port: u32,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let tunnel = self.tunnels.iter().find(|tunnel| u32::from(tunnel.port) == port);
        if let (Some(tunnel), Some(permit)) = (tunnel, self.permit()) {
            reply.accept().await;
            tokio::spawn(tunnel::arrived(tunnel.clone(), channel, permit));
        }
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if let (Some(path), Some(permit)) = (&self.agent, self.permit()) {
            match UnixStream::connect(path).await {
                Ok(agent) => {
                    reply.accept().await;
                    tokio::spawn(tunnel::join(channel, agent, permit));
                }
                Err(error) => tracing::debug!("the agent is not there: {error}"),
            }
        }
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel<Msg>,
        _host: &str,
        _port: u32,
        _origin: &str,
        _origin_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel<Msg>,
        _path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel<Msg>,
        _origin: &str,
        _origin_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        Ok(())
    }
}
