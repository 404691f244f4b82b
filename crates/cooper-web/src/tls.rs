//! TLS to web servers.

use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::unverified::Unverified;

/// Whose certificates are believed.
pub enum Trust {
    /// Those of the authorities that the machine trusts.
    System,
    /// Those of these authorities.
    Only(Vec<CertificateDer<'static>>),
    /// Everybody's.
    Anyone,
}

/// TLS as a client.
///
/// # Errors
///
/// When the library cannot be set up.
pub fn config(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::System => builder.with_root_certificates(authorities()),
        Trust::Only(certificates) => {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(certificates);
            builder.with_root_certificates(store)
        }
        Trust::Anyone => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        }
    };
    Ok(builder.with_no_client_auth())
}

/// The machine's authorities, which are read once.
fn authorities() -> Arc<RootCertStore> {
    static AUTHORITIES: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let authorities = AUTHORITIES.get_or_init(|| {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(store)
    });
    authorities.clone()
}
