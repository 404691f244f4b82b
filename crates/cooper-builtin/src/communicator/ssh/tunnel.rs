//! Ports that lead somewhere else while a machine is reached.

use std::sync::Arc;

use russh::Channel;
use russh::client::{Handle, Msg};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::client::{CONNECTIONS, Client};
use super::trouble::Trouble;

/// A port, and where it leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Tunnel {
    pub(super) port: u16,
    pub(super) host: String,
    pub(super) target: u16,
}

impl Tunnel {
    /// Reads `8080:localhost:80`, in which the host may be `[::1]`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (begin, end) = text.split_once(':')?;
        let (host, target) = end.rsplit_once(':')?;
        let host = match host.strip_prefix('[') {
            Some(address) => address.strip_suffix(']')?,
            None if host.contains(':') => return None,
            None => host,
        };
        let port = |text: &str| text.parse().ok().filter(|port| *port != 0);
        let (port, target) = (port(begin)?, port(target)?);
        (!host.is_empty()).then(|| Self { port, host: host.to_owned(), target })
    }
}

/// Begins tunnels from ports here to where the machine reaches them. They end with `stop`.
pub(super) async fn begin_local(
    tunnels: &[Tunnel],
    session: &Arc<Handle<Client>>,
    stop: &CancellationToken,
) -> Result<(), Trouble> {
    for tunnel in tunnels {
        let port = tunnel.port;
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|source| Trouble::Tunnel { port, here: true, source })?;
        let (tunnel, session) = (tunnel.clone(), session.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(listener, tunnel, session)));
    }
    Ok(())
}

async fn accept(listener: TcpListener, tunnel: Tunnel, session: Arc<Handle<Client>>) {
    // An error of the listener ends the tunnel; the session's own end does as well.
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(permit) = connections.clone().acquire_owned().await
        && let Ok((stream, from)) = listener.accept().await
    {
        let (host, target) = (tunnel.host.clone(), u32::from(tunnel.target));
        let origin = (from.ip().to_string(), u32::from(from.port()));
        let channel = session.channel_open_direct_tcpip(host, target, origin.0, origin.1).await;
        match channel {
            Ok(channel) => {
                tokio::spawn(join(channel, stream, permit));
            }
            Err(error) if session.is_closed() => {
                tracing::debug!("the tunnel at port {} ends: {error}", tunnel.port);
                return;
            }
            Err(error) => {
                tracing::debug!("the tunnel at port {} leads nowhere: {error}", tunnel.port)
            }
        }
    }
}

/// Asks the machine to begin tunnels from its ports to where they are reached from here.
pub(super) async fn begin_remote(
    tunnels: &[Tunnel],
    session: &Handle<Client>,
) -> Result<(), Trouble> {
    for tunnel in tunnels {
        let port = tunnel.port;
        session.tcpip_forward("localhost", u32::from(port)).await.map_err(|error| {
            Trouble::Tunnel { port, here: false, source: std::io::Error::other(error) }
        })?;
    }
    Ok(())
}

/// Connects what arrived at a port of the machine with its target. The permit is given back at the
/// end.
pub(super) async fn arrived(tunnel: Tunnel, channel: Channel<Msg>, permit: OwnedSemaphorePermit) {
    match TcpStream::connect((tunnel.host.as_str(), tunnel.target)).await {
        Ok(stream) => join(channel, stream, permit).await,
        Err(error) => {
            tracing::debug!(
                "the tunnel to {}:{} leads nowhere: {error}",
                tunnel.host,
                tunnel.target
            );
        }
    }
}

/// Copies in both directions until both end; the end of the session ends them.
pub(super) async fn join(
    channel: Channel<Msg>,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    permit: OwnedSemaphorePermit,
) {
    let mut channel = channel.into_stream();
    if let Err(error) = copy_bidirectional(&mut channel, &mut stream).await {
        tracing::debug!("a tunnel broke off: {error}");
    }
    drop(permit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_are_a_port_and_an_address() {
        let tunnel =
            |port, host: &str, target| Some(Tunnel { port, host: host.to_owned(), target });
        for (text, expected) in [
            ("8080:localhost:80", tunnel(8080, "localhost", 80)),
            ("1:[::1]:2", tunnel(1, "::1", 2)),
            ("8080", None),
            ("8080:localhost", None),
            ("8080::80", None),
            ("0:localhost:80", None),
            ("8080:localhost:0", None),
            ("8080:localhost:80:90", None),
            ("70000:localhost:80", None),
            ("-1:localhost:80", None),
            ("8080:[::1:80", None),
        ] {
            assert_eq!(Tunnel::parse(text), expected, "{text}");
        }
    }
}
