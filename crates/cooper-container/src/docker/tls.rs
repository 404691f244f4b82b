//! TLS to the engine, with a provider that is named here and installed nowhere.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::config::TlsFiles;
use super::transport::ByteStream;
use cooper_web::unverified::Unverified;

/// Begins TLS on a connection.
pub(crate) async fn connect(
    stream: TcpStream,
    host: &str,
    files: &TlsFiles,
) -> io::Result<Box<dyn ByteStream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| invalid(format!("`{host}` is no name that a certificate can have")))?;
    let asked = Arc::new(AtomicBool::new(false));
    let connector = TlsConnector::from(Arc::new(client_config(files, &asked)?));
    let stream = connector.connect(name, stream).await?;
    let unwelcome = asked.load(Ordering::Relaxed);
    Ok(Box::new(Greeted { stream, unwelcome }))
}

fn client_config(files: &TlsFiles, asked: &Arc<AtomicBool>) -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(error.to_string()))?;
    let builder = if files.verify {
        builder.with_root_certificates(authorities(files.ca.as_deref())?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
    };
    match &files.identity {
        None => Ok(builder.with_client_cert_resolver(Arc::new(Nobody(asked.clone())))),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let private = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, &e))?;
            builder.with_client_auth_cert(chain, private).map_err(|e| unreadable(certificate, &e))
        }
    }
}

/// Who may sign the engine's certificate: the file's authorities, or the system's.
fn authorities(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match file {
        Some(path) => {
            for certificate in certificates(path)? {
                store.add(certificate).map_err(|e| unreadable(path, &e))?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        }
    }
    Ok(store)
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(|found| found.collect::<Result<Vec<_>, _>>())
        .map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    invalid(format!("cannot use `{}`: {error}", path.display()))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Has no certificate, and notes that the engine asked for one. It may take no for an answer.
#[derive(Debug)]
struct Nobody(Arc<AtomicBool>);

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// A connection after its handshake. An engine that does not want us says so only now, or hangs
/// up before that is read.
struct Greeted {
    stream: TlsStream<TcpStream>,
    /// Whether the engine asked for a certificate that we do not have, and has not answered yet.
    unwelcome: bool,
}

impl Greeted {
    fn told<T>(&self, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if self.unwelcome => Err(io::Error::new(
                error.kind(),
                format!("it wants to see a client certificate, and there is none ({error})"),
            )),
            result => result,
        }
    }
}

impl AsyncRead for Greeted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let mut read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        if self.unwelcome && read.is_ok() && buffer.filled().len() == before {
            read = Err(io::ErrorKind::UnexpectedEof.into());
        }
        let told = self.told(read);
        self.unwelcome = false;
        Poll::Ready(told)
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        Poll::Ready(self.told(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.told(flushed))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use cooper_testbed::Certificates;
    use rustls::ServerConfig;
    use rustls::server::WebPkiClientVerifier;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A server that wants to see the client's certificate and says hello.
    async fn serve(made: &Certificates) -> u16 {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(authorities(Some(&made.certificate("ca"))).unwrap());
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
        let chain = certificates(&made.certificate("server")).unwrap();
        let key = PrivateKeyDer::from_pem_file(made.key("server")).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.write_all(b"hello").await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        port
    }

    #[tokio::test]
    async fn both_sides_show_their_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let made = Certificates::make(folder.path()).unwrap();
        let port = serve(&made).await;
        let hello = async |files: TlsFiles| -> io::Result<String> {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            let mut text = String::new();
            connect(stream, "127.0.0.1", &files).await?.read_to_string(&mut text).await?;
            Ok(text)
        };
        let files = TlsFiles {
            ca: Some(made.certificate("ca")),
            identity: Some((made.certificate("client"), made.key("client"))),
            verify: true,
        };
        assert_eq!(hello(files.clone()).await.unwrap(), "hello");
        let stranger = TlsFiles { ca: Some(made.certificate("other")), ..files.clone() };
        assert!(hello(stranger.clone()).await.is_err());
        let unverified = TlsFiles { verify: false, ..stranger };
        assert_eq!(hello(unverified).await.unwrap(), "hello");
        let nobody = hello(TlsFiles { identity: None, ..files.clone() }).await.unwrap_err();
        assert!(nobody.to_string().contains("wants to see a client certificate"), "{nobody}");
        let missing =
            hello(TlsFiles { ca: Some(made.certificate("none")), ..files }).await.unwrap_err();
        assert!(missing.to_string().contains("none.pem"), "{missing}");
    }
}
