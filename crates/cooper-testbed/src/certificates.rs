//! Certificates of loopback, for servers and clients of tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Result};
use crate::process;

/// Makes an authority, and a server and a client that it has signed; `other` is an authority
/// that nobody knows, and `stranger` a client that it has signed.
const SCRIPT: &str = r#"
    key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    authority() { openssl req -x509 $key -keyout $1.key -out $1.pem -subj /CN=$1 -days 2; }
    signed() {
        openssl req $key -keyout $1.key -out $1.csr -subj /CN=$1
        openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -out $1.pem \
            -days 2 -extfile names
    }
    authority ca
    authority other
    signed server ca
    signed client ca
    signed stranger other
"#;

/// A folder of certificates, each `NAME.pem` with its key `NAME.key`: `ca`, `server`, `client`,
/// and `other` and `stranger`, which have nothing to do with these.
#[derive(Debug)]
pub struct Certificates(PathBuf);

impl Certificates {
    /// Makes them in a folder. They hold for two days, and the server's for 127.0.0.1.
    pub fn make(folder: &Path) -> Result<Self> {
        Self::make_for(folder, &["IP:127.0.0.1"])
    }

    /// The same for a server with these names: `DNS:example.com`.
    pub fn make_for(folder: &Path, names: &[&str]) -> Result<Self> {
        let names = format!("subjectAltName={}\n", names.join(","));
        std::fs::write(folder.join("names"), names).context("make certificates")?;
        let mut shell = Command::new("sh");
        shell.args(["-ec", SCRIPT]).current_dir(folder);
        process::run(&mut shell, Duration::from_secs(60)).context("make certificates")?;
        Ok(Self(folder.to_owned()))
    }

    /// A certificate.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pem"))
    }

    /// The key that belongs to it.
    pub fn key(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.key"))
    }
}
