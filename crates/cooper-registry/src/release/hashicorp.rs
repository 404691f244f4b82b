//! Releases as releases.hashicorp.com has them.
//!
//! ```text
//! BASE/packer-plugin-NAME/index.json                                 the versions
//! BASE/packer-plugin-NAME/1.2.3/
//!     packer-plugin-NAME_1.2.3_SHA256SUMS
//!     packer-plugin-NAME_1.2.3_manifest.json                         which protocol they speak
//!     packer-plugin-NAME_1.2.3_linux_amd64.zip
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cooper_build::version::Version;
use cooper_build::{Failure, PluginSource};
use cooper_host::Platform;
use futures::future::BoxFuture;
use reqwest::Url;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::sums::Sums;
use super::{Asker, JSON, TEXT, below, best_api, read_json, versions};
use crate::origin::{Offer, Origin, OriginError};
use cooper_host::discover::hexadecimal;

/// The releases of one plugin in HashiCorp's layout. It knows plugins by their last part only.
pub struct HashiCorp {
    /// What it is called in messages.
    pub name: String,
    /// Where the releases are: `https://releases.hashicorp.com`.
    pub base: Url,
    /// The plugin.
    pub source: PluginSource,
    /// Who asks.
    pub asker: Asker,
}

/// All releases of a plugin.
#[derive(Deserialize)]
struct Index {
    versions: BTreeMap<String, IgnoredAny>,
}

/// What is said of a release.
#[derive(Deserialize)]
struct Manifest {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    /// `5.0`
    protocol_version: String,
}

impl HashiCorp {
    fn product(&self) -> String {
        format!("packer-plugin-{}", self.source.name())
    }

    fn file(&self, version: &Version, file: &str) -> Url {
        below(&self.base, &[&self.product(), &version.to_string(), file])
    }
}

impl Origin for HashiCorp {
    fn name(&self) -> &str {
        &self.name
    }

    fn versions(&self) -> BoxFuture<'_, Result<Vec<Version>, OriginError>> {
        Box::pin(async {
            let url = below(&self.base, &[&self.product(), "index.json"]);
            let index: Index = self.asker.json(&url).await?;
            Ok(versions(index.versions.keys().map(String::as_str)))
        })
    }

    fn offer<'a>(&'a self, version: &'a Version) -> BoxFuture<'a, Result<Offer, OriginError>> {
        Box::pin(async move {
            let prefix = format!("{}_{version}_", self.product());
            let url = self.file(version, &format!("{prefix}SHA256SUMS"));
            let sums = Sums::read(&self.asker.page(&url, TEXT).await?, &url)?;
            let file = format!("{prefix}{}.zip", Platform::this());
            let Some(digest) = sums.of(&file) else {
                let platform = Platform::this();
                return Err(OriginError::Unfit(format!("there is no program for {platform}")));
            };
            let manifest = format!("{prefix}manifest.json");
            let url = self.file(version, &manifest);
            let page = self.asker.page(&url, JSON).await?;
            let seen = hexadecimal(&Sha256::digest(&page));
            if sums.of(&manifest).is_some_and(|digest| digest != seen) {
                let message =
                    format!("`{manifest}` is not the file that its checksum was made for");
                return Err(Failure::new(message).into());
            }
            let Manifest { metadata } = read_json(&page, &url)?;
            let api = format!("x{}", metadata.protocol_version);
            let (api, ()) = best_api(std::iter::once((api, ())))?;
            let digest = digest.to_owned();
            Ok(Offer { version: version.clone(), api, file, digest })
        })
    }

    fn fetch<'a>(
        &'a self,
        offer: &'a Offer,
        scratch: &'a Path,
    ) -> BoxFuture<'a, Result<PathBuf, OriginError>> {
        let url = self.file(&offer.version, &offer.file);
        Box::pin(self.asker.program(url, &self.source, offer, scratch))
    }
}
