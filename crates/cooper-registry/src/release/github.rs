//! Releases as GitHub has them.
//!
//! ```text
//! API/repos/OWNER/packer-plugin-NAME/git/matching-refs/tags          the versions
//! BASE/OWNER/packer-plugin-NAME/releases/download/v1.2.3/
//!     packer-plugin-NAME_v1.2.3_SHA256SUMS
//!     packer-plugin-NAME_v1.2.3_x5.0_linux_amd64.zip
//! ```

use std::path::{Path, PathBuf};

use cooper_build::PluginSource;
use cooper_build::version::Version;
use cooper_host::Platform;
use futures::future::BoxFuture;
use reqwest::Url;
use serde::Deserialize;

use super::sums::Sums;
use super::{Asker, TEXT, below, best_api, versions};
use crate::origin::{Offer, Origin, OriginError};

/// The variable that has a token for GitHub's API.
pub const GITHUB_TOKEN: &str = "PACKER_GITHUB_API_TOKEN";

/// The releases of one plugin on GitHub, or a server like it.
pub struct GitHub {
    /// What it is called in messages.
    pub name: String,
    /// Where the releases are: `https://github.com`.
    pub base: Url,
    /// Where it can be asked which there are: `https://api.github.com`.
    pub api: Url,
    /// The plugin.
    pub source: PluginSource,
    /// Who asks.
    pub asker: Asker,
}

/// A tag.
#[derive(Deserialize)]
struct Tag {
    /// `refs/tags/v1.2.3`
    #[serde(rename = "ref")]
    name: String,
}

impl GitHub {
    /// The parts of the repository's address, and more of them.
    fn repository<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        self.source.namespace().split('/').chain([name]).collect()
    }

    fn repository_name(&self) -> String {
        format!("packer-plugin-{}", self.source.name())
    }

    /// A file of a release.
    fn asset(&self, version: &Version, file: &str) -> Url {
        let (name, tag) = (self.repository_name(), format!("v{version}"));
        let mut parts = self.repository(&name);
        parts.extend(["releases", "download", &tag, file]);
        below(&self.base, &parts)
    }
}

impl Origin for GitHub {
    fn name(&self) -> &str {
        &self.name
    }

    fn versions(&self) -> BoxFuture<'_, Result<Vec<Version>, OriginError>> {
        Box::pin(async {
            let name = self.repository_name();
            let mut parts = vec!["repos"];
            parts.extend(self.repository(&name));
            parts.extend(["git", "matching-refs", "tags"]);
            let url = below(&self.api, &parts);
            let tags: Vec<Tag> = self.asker.json(&url).await?;
            let texts = tags.iter().filter_map(|tag| tag.name.strip_prefix("refs/tags/v"));
            Ok(versions(texts))
        })
    }

    fn offer<'a>(&'a self, version: &'a Version) -> BoxFuture<'a, Result<Offer, OriginError>> {
        Box::pin(async move {
            let prefix = format!("{}v{version}_", self.source.file_prefix());
            let url = self.asset(version, &format!("{prefix}SHA256SUMS"));
            let sums = Sums::read(&self.asker.page(&url, TEXT).await?, &url)?;
            let suffix = format!("_{}.zip", Platform::this());
            let fitting = sums.files().filter_map(|(file, digest)| {
                let api = file.strip_prefix(&prefix)?.strip_suffix(&suffix)?;
                Some((api.to_owned(), (file.to_owned(), digest.to_owned())))
            });
            let (api, (file, digest)) = best_api(fitting)?;
            Ok(Offer { version: version.clone(), api, file, digest })
        })
    }

    fn fetch<'a>(
        &'a self,
        offer: &'a Offer,
        scratch: &'a Path,
    ) -> BoxFuture<'a, Result<PathBuf, OriginError>> {
        let url = self.asset(&offer.version, &offer.file);
        Box::pin(self.asker.program(url, &self.source, offer, scratch))
    }
}
