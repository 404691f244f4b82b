//! Registries that are asked without TLS.

use std::net::IpAddr;

use cooper_hcl::System;

/// Names registries that are asked without TLS, as Docker's `insecure-registries` does.
pub(super) const INSECURE: &str = "COOPER_INSECURE_REGISTRIES";

/// The registries that the user names so.
#[derive(Clone, Debug)]
pub(super) struct Insecure(Vec<String>);

impl Insecure {
    /// Those of the environment.
    pub(super) fn of(system: &dyn System) -> Self {
        let named = system.env(INSECURE).unwrap_or_default();
        Self(named.split(',').map(|host| host.trim().to_owned()).collect())
    }

    /// Whether a server is asked without TLS: one on this machine, or one that is named, by its name
    /// or with its port.
    pub(super) fn has(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        let is_here = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_named = self.0.iter().any(|known| known == host || known == name);
        name == "localhost" || is_here || is_named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_what_is_named_goes_without_tls() {
        let named = Insecure(vec!["named.example".to_owned(), "ported.example:5000".to_owned()]);
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "127.1.2.3",
            "[::1]:5000",
            "named.example",
            "named.example:5000",
            "ported.example:5000",
        ] {
            assert!(named.has(host), "{host}");
        }
        for host in [
            "",
            "registry.example",
            "localhost.example",
            "127.0.0.1.example",
            "ported.example",
            "ported.example:5001",
            "[2001:db8::1]:5000",
            "192.0.2.1:5000",
        ] {
            assert!(!named.has(host), "{host}");
        }
    }
}
