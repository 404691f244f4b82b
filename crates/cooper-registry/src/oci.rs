//! Plugins in registries of images: `oci://registry.example/team/greet`.
//!
//! A version is a tag of the repository. It names an index, which has a manifest for each platform,
//! which has one layer: the program, as it is. `docs/plugins.md` says it in full.

mod access;
mod challenge;
mod complaint;
mod connection;
mod content;
mod identity;
mod insecure;
mod manifest;
mod push;
mod repository;

use std::path::{Path, PathBuf};

use cooper_build::version::Version;
use cooper_build::{Failure, PluginSource};
use cooper_hcl::System;
use cooper_host::Platform;
use futures::future::BoxFuture;

pub use self::push::{Pushed, Replacing, push};

use self::access::Access;
use self::manifest::{Descriptor, Index, Manifest};
use self::repository::Repository;
use crate::origin::{Offer, Origin, OriginError};

/// A plugin in a registry.
pub(crate) struct Oci {
    source: PluginSource,
    /// Or why it cannot be asked.
    repository: Result<Repository, Failure>,
}

impl Oci {
    /// The plugin that a source names.
    pub(crate) fn new(source: &PluginSource, system: &dyn System) -> Self {
        let repository = Repository::new(source, Access::Pull, system);
        Self { source: source.clone(), repository }
    }

    fn repository(&self) -> Result<&Repository, Failure> {
        self.repository.as_ref().map_err(Failure::clone)
    }

    /// The program of a version for this machine.
    async fn program(&self, version: &Version) -> Result<(Descriptor, String), OriginError> {
        let tag = version.to_string();
        let Some(index) = self.repository()?.manifest(&tag, None).await? else {
            return Err(OriginError::Unfit(format!("there is no tag `{tag}`")));
        };
        let index = Index::read(&index).map_err(OriginError::Unfit)?;
        let Some(manifest) = index.of(Platform::this()) else {
            let known: Vec<String> = index.platforms().collect();
            return Err(OriginError::Unfit(format!(
                "it has no program for {}; there are {}",
                Platform::this(),
                known.join(", ")
            )));
        };
        let digest = &manifest.digest;
        let Some(manifest) = self.repository()?.manifest(digest, Some(manifest)).await? else {
            let message = format!("the index of `{tag}` names {digest}, which is not there");
            return Err(Failure::new(message).into());
        };
        Manifest::read(&manifest).map_err(OriginError::Unfit)?.program().map_err(OriginError::Unfit)
    }
}

impl Origin for Oci {
    fn name(&self) -> &str {
        self.source.host()
    }

    fn versions(&self) -> BoxFuture<'_, Result<Vec<Version>, OriginError>> {
        Box::pin(async {
            let Some(tags) = self.repository()?.tags().await? else {
                let message = format!("there is no repository `{}`", self.repository()?.path());
                return Err(OriginError::Unfit(message));
            };
            Ok(tags.iter().filter_map(|tag| release(tag)).collect())
        })
    }

    fn offer<'a>(&'a self, version: &'a Version) -> BoxFuture<'a, Result<Offer, OriginError>> {
        Box::pin(async move {
            let (program, api) = self.program(version).await?;
            let digest = program.sha256().to_owned();
            Ok(Offer { version: version.clone(), api, file: program.digest, digest })
        })
    }

    fn fetch<'a>(
        &'a self,
        offer: &'a Offer,
        scratch: &'a Path,
    ) -> BoxFuture<'a, Result<PathBuf, OriginError>> {
        Box::pin(async move {
            let path = scratch.join("program");
            let digest = self.repository()?.blob(&offer.file, &path).await?;
            if digest != offer.digest {
                let failure = Failure::new(format!(
                    "`{}` gave a program with the SHA-256 {digest}, and its manifest names {}",
                    self.source.host(),
                    offer.digest
                ));
                let help = "nothing of it was run or kept; ask those who keep the registry";
                return Err(failure.help(help).into());
            }
            Ok(path)
        })
    }
}

/// The version that a tag is: `1.2.3`, and nothing that another tag could be, too.
fn release(tag: &str) -> Option<Version> {
    Version::parse(tag).ok().filter(|version| version.to_string() == tag)
}
