//! TLS to the engine, with a provider that is named here and installed nowhere.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::config::TlsFiles;
use super::transport::ByteStream;

/// Begins TLS on a connection.
pub(crate) async fn connect(
    stream: TcpStream,
    host: &str,
    files: &TlsFiles,
) -> io::Result<Box<dyn ByteStream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| invalid(format!("`{host}` is no name that a certificate can have")))?;
    let connector = TlsConnector::from(Arc::new(client_config(files)?));
    Ok(Box::new(connector.connect(name, stream).await?))
}

fn client_config(files: &TlsFiles) -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(error.to_string()))?;
    let builder = if files.verify {
        builder.with_root_certificates(authorities(files.ca.as_deref())?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
    };
    match &files.identity {
        None => Ok(builder.with_no_client_auth()),
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

/// Takes any certificate: the user has asked for TLS without verification.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use rustls::ServerConfig;
    use rustls::server::WebPkiClientVerifier;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// An authority `ca`, and `server` and `client` that it has signed.
    fn make_certificates(folder: &Path) {
        let script = "
            new() { openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1; }
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2
            openssl req -x509 -newkey rsa:2048 -nodes -keyout x.key -out other.pem -subj /CN=x -days 2
            echo subjectAltName=IP:127.0.0.1 > names
            for who in server client; do
                new $who
                openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
                    -out $who.pem -days 2 -extfile names
            done";
        let made = Command::new("sh").args(["-ec", script]).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// A server that wants to see the client's certificate and says hello.
    async fn serve(folder: PathBuf) -> u16 {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(authorities(Some(&folder.join("ca.pem"))).unwrap());
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
        let chain = certificates(&folder.join("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
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
        make_certificates(folder.path());
        let port = serve(folder.path().to_owned()).await;
        let path = |name: &str| folder.path().join(name);
        let hello = async |files: TlsFiles| -> io::Result<String> {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            let mut text = String::new();
            connect(stream, "127.0.0.1", &files).await?.read_to_string(&mut text).await?;
            Ok(text)
        };
        let files = TlsFiles {
            ca: Some(path("ca.pem")),
            identity: Some((path("client.pem"), path("client.key"))),
            verify: true,
        };
        assert_eq!(hello(files.clone()).await.unwrap(), "hello");
        let stranger = TlsFiles { ca: Some(path("other.pem")), ..files.clone() };
        assert!(hello(stranger.clone()).await.is_err());
        let unverified = TlsFiles { verify: false, ..stranger };
        assert_eq!(hello(unverified).await.unwrap(), "hello");
        assert!(hello(TlsFiles { identity: None, ..files.clone() }).await.is_err());
        let missing = hello(TlsFiles { ca: Some(path("none.pem")), ..files }).await.unwrap_err();
        assert!(missing.to_string().contains("none.pem"), "{missing}");
    }
}
