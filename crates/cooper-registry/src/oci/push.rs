//! Sending a version of a plugin to a registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cooper_build::version::Version;
use cooper_build::{Failure, PluginSource};
use cooper_hcl::System;
use cooper_host::Platform;
use cooper_host::describe::describe;
use cooper_host::discover::sha256;
use serde::Serialize;

use super::access::Access;
use super::content::{Content, unreadable};
use super::manifest::{
    API, ARTIFACT, Descriptor, EMPTY, EMPTY_TEXT, INDEX, Index, MANIFEST, MadeFor, Manifest,
    PROGRAM, TITLE, VERSION,
};
use super::repository::{PROGRAM as MOST, Repository, digest_of};

/// A version that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pushed {
    /// The digest of its index.
    pub digest: String,
    /// The platforms that it has programs for.
    pub platforms: Vec<String>,
}

/// A program that is to be sent.
struct Program<'a> {
    path: &'a Path,
    file: String,
    api: String,
    made_for: MadeFor,
}

/// Sends the programs of a version, whose files are called as releases call them:
/// `packer-plugin-greet_v1.2.3_x5.0_linux_amd64`. One that is for this machine is asked whether it is
/// what its name says. The version must not be there yet, unless it is to be replaced.
///
/// # Errors
///
/// When a file is no such program, or the registry does not take it.
pub async fn push(
    source: &PluginSource,
    version: &Version,
    files: &[impl AsRef<Path>],
    replaces: Replacing,
    system: &dyn System,
) -> Result<Pushed, Failure> {
    let mut programs = Vec::new();
    for file in files {
        programs.push(Program::of(file.as_ref(), source, version).await?);
    }
    programs.sort_by_key(Program::platform);
    if let Some(twice) = programs.windows(2).find(|two| two[0].made_for == two[1].made_for) {
        let message = format!("there are two programs for {}", twice[0].platform());
        return Err(Failure::new(message).help("name one for each platform"));
    }
    let repository = Repository::new(source, Access::Push, system)?;
    let tag = version.to_string();
    if replaces == Replacing::Refuse && repository.manifest(&tag, None).await?.is_some() {
        let message = format!("version {version} of `{source}` is there already");
        let help = "who has installed it would get another one by the same name: take a new version, or \
                    replace it with `-force`";
        return Err(Failure::new(message).help(help));
    }
    repository.put_blob(&digest_of(EMPTY_TEXT), &Content::Bytes(EMPTY_TEXT)).await?;
    let mut manifests = Vec::new();
    for program in &programs {
        manifests.push(program.send(version, &repository).await?);
    }
    let index = Index {
        schema_version: 2,
        media_type: INDEX.to_owned(),
        artifact_type: ARTIFACT.to_owned(),
        manifests,
        annotations: BTreeMap::from([(VERSION.to_owned(), tag.clone())]),
    };
    let text = json(&index)?;
    repository.put_manifest(&tag, INDEX, &text).await?;
    let platforms = programs.iter().map(Program::platform).collect();
    Ok(Pushed { digest: digest_of(&text), platforms })
}

/// What happens to a version that is there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replacing {
    /// It stays, and nothing is sent.
    Refuse,
    /// It is replaced.
    Replace,
}

impl<'a> Program<'a> {
    async fn of(path: &'a Path, source: &PluginSource, version: &Version) -> Result<Self, Failure> {
        let shown = path.display();
        let known = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if !known.is_file() || known.len() > MOST {
            let message = format!("`{shown}` is no file of at most {} MiB", MOST >> 20);
            return Err(Failure::new(message));
        }
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let program = Self::named(path, file, source, version).ok_or_else(|| {
            let message = format!("`{shown}` is not called as version {version} of `{source}` is");
            let name = format!("{}v{version}_x5.0_{}", source.file_prefix(), Platform::this());
            Failure::new(message).help(format!("call it like `{name}`"))
        })?;
        if program.platform() == Platform::this().to_string() {
            program.check(version).await?;
        }
        Ok(program)
    }

    fn named(path: &'a Path, file: &str, source: &PluginSource, version: &Version) -> Option<Self> {
        let rest = file.strip_prefix(&source.file_prefix())?;
        let rest = rest.strip_prefix(&format!("v{version}_"))?;
        let rest = rest.strip_suffix(".exe").unwrap_or(rest);
        let mut parts = rest.split('_');
        let (api, os, architecture) = (parts.next()?, parts.next()?, parts.next()?);
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_api = api.strip_prefix('x').is_some_and(|numbers| numbers.contains('.'));
        let sound = is_api && is_word(os) && is_word(architecture) && parts.next().is_none();
        let made_for = MadeFor { os: os.to_owned(), architecture: architecture.to_owned() };
        let (file, api) = (file.to_owned(), api.to_owned());
        sound.then_some(Self { path, file, api, made_for })
    }

    /// `linux_amd64`
    fn platform(&self) -> String {
        format!("{}_{}", self.made_for.os, self.made_for.architecture)
    }

    /// Asks it whether it is what its name says.
    async fn check(&self, version: &Version) -> Result<(), Failure> {
        let cannot = |cause: String| {
            Failure::new(format!("`{}` cannot be sent", self.path.display())).caused_by(cause)
        };
        let path = std::path::absolute(self.path).map_err(|error| cannot(error.to_string()))?;
        let description = describe(&path).await.map_err(|error| cannot(error.to_string()))?;
        let described = Version::parse(&description.version);
        if described.as_ref() != Ok(version) || description.api_version != self.api {
            return Err(cannot(format!(
                "it says that it is version {} of {}",
                description.version.escape_debug(),
                description.api_version.escape_debug()
            )));
        }
        Ok(())
    }

    /// Sends it and its manifest; returns what the index says of it.
    async fn send(
        &self,
        version: &Version,
        repository: &Repository,
    ) -> Result<Descriptor, Failure> {
        let unreadable = |error| unreadable(self.path, &error);
        let size = fs::metadata(self.path).map_err(unreadable)?.len();
        let path = self.path.to_owned();
        let digest = tokio::task::spawn_blocking(move || sha256(&path)).await;
        let digest = digest.map_err(std::io::Error::other).flatten();
        let digest = format!("sha256:{}", digest.map_err(unreadable)?);
        repository.put_blob(&digest, &Content::File(self.path)).await?;
        let plain = |media_type: &str, digest: String, size| Descriptor {
            media_type: media_type.to_owned(),
            digest,
            size,
            platform: None,
            annotations: BTreeMap::new(),
        };
        let title = BTreeMap::from([(TITLE.to_owned(), self.file.clone())]);
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            artifact_type: ARTIFACT.to_owned(),
            config: plain(EMPTY, digest_of(EMPTY_TEXT), EMPTY_TEXT.len() as u64),
            layers: vec![Descriptor { annotations: title, ..plain(PROGRAM, digest, size) }],
            annotations: BTreeMap::from([
                (API.to_owned(), self.api.clone()),
                (VERSION.to_owned(), version.to_string()),
            ]),
        };
        let text = json(&manifest)?;
        let digest = digest_of(&text);
        repository.put_manifest(&digest, MANIFEST, &text).await?;
        let platform = Some(self.made_for.clone());
        Ok(Descriptor { platform, ..plain(MANIFEST, digest, text.len() as u64) })
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value)
        .map_err(|error| Failure::because("a manifest cannot be written", &error))
}
