//! A world for templates: the files of `testdata/lang/files` under `/template`, a clock that stands
//! still, and places that keep one secret.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cooper_hcl::{FileKind, SecretRequest, SecretStores, System};

/// The template's folder, which is the home folder too.
pub(crate) const ROOT: &str = "/template";

pub(crate) struct World;

/// Where a file of that world really is.
fn real(path: &Path) -> io::Result<PathBuf> {
    let below = path.strip_prefix(ROOT).map_err(|_| io::ErrorKind::NotFound)?;
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lang/files").join(below))
}

impl System for World {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(real(path)?)
    }

    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let found = fs::metadata(real(path)?)?;
        Ok(if found.is_dir() { FileKind::Directory } else { FileKind::File })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(real(path)?)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn current_dir(&self) -> PathBuf {
        format!("{ROOT}/sub").into()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        Some(ROOT.into())
    }

    fn env(&self, name: &str) -> Option<String> {
        (name == "SET").then(|| "value".into())
    }

    fn env_with_prefix(&self, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    /// 2020-01-02T03:04:05Z.
    fn now(&self) -> i128 {
        1_577_934_245_000_000_000
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }

    fn secret_stores(&self) -> &dyn SecretStores {
        &OneSecret
    }
}

struct OneSecret;

impl SecretStores for OneSecret {
    fn ask(&self, wanted: &SecretRequest) -> Result<Option<String>, String> {
        let known = match wanted {
            SecretRequest::Vault { path, key } => path == "secret/data/app" && key == "password",
            SecretRequest::Consul { key } => key == "app/password",
            SecretRequest::Aws { name, key } => {
                name == "app" && key.as_deref().is_none_or(|key| key == "password")
            }
            SecretRequest::AwsRaw { name } => name == "app",
        };
        if known { Ok(Some("hush".into())) } else { Err("there is no such secret".into()) }
    }
}
