//! What registries keep of plugins: an index, and a manifest for each platform.

use std::collections::BTreeMap;

use cooper_host::Platform;
use serde::{Deserialize, Serialize};

use super::complaint::brief;

/// What the index and the manifests of a plugin are.
pub(super) const ARTIFACT: &str = "application/vnd.cooper.plugin.v1";

/// What a program is.
pub(super) const PROGRAM: &str = "application/vnd.cooper.plugin.program.v1";

/// An index.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A configuration that says nothing.
pub(super) const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// All that stands in it.
pub(super) const EMPTY_TEXT: &[u8] = b"{}";

/// The annotation with the version of the protocol that a program speaks: `x5.0`.
pub(super) const API: &str = "cooper.plugin.api";

/// The annotation with the version of the plugin.
pub(super) const VERSION: &str = "org.opencontainers.image.version";

/// The annotation with the name of a file.
pub(super) const TITLE: &str = "org.opencontainers.image.title";

/// So many platforms are told when none of them is ours.
const TOLD: usize = 20;

/// Something in a registry, by what is in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<MadeFor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// What a program is made for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct MadeFor {
    pub(super) os: String,
    pub(super) architecture: String,
}

/// A version of a plugin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u32,
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default)]
    pub(super) artifact_type: String,
    pub(super) manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// A version of a plugin for one platform.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    #[serde(default)]
    pub(super) media_type: String,
    #[serde(default)]
    pub(super) artifact_type: String,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// The digest without its kind.
    pub(super) fn sha256(&self) -> &str {
        self.digest.strip_prefix("sha256:").unwrap_or_default()
    }

    /// Whether it names something that can be compared.
    fn is_sound(&self) -> bool {
        is_digest(&self.digest)
    }
}

/// Whether a text is a digest that we can compute.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// That something cannot be read. What is wrong may be as long as all of it.
fn unread(what: &str, error: &serde_json::Error) -> String {
    format!("{what}: {}", brief(&error.to_string()))
}

/// That something is no plugin, as it is of another kind.
fn other_kind(what: &str, kind: &str) -> String {
    format!("{what} is no plugin: it is `{}`", brief(kind))
}

impl Index {
    /// Reads one, or says why it is none of a plugin.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let index: Self = serde_json::from_slice(text)
            .map_err(|error| unread("what the tag names is no index of a plugin", &error))?;
        match (&*index.media_type, &*index.artifact_type) {
            (INDEX, ARTIFACT) => Ok(index),
            (INDEX, other) => Err(other_kind("what the tag names", other)),
            (other, _) => Err(other_kind("what the tag names", other)),
        }
    }

    /// The manifest for a platform.
    pub(super) fn of(&self, platform: Platform) -> Option<&Descriptor> {
        self.manifests.iter().find(|manifest| {
            let made_for = manifest.platform.as_ref();
            made_for.is_some_and(|made| {
                made.os == platform.system && made.architecture == platform.processor
            }) && manifest.media_type == MANIFEST
                && manifest.is_sound()
        })
    }

    /// The platforms that it has something for, as far as a sentence may have them.
    pub(super) fn platforms(&self) -> impl Iterator<Item = String> {
        let made_for = self.manifests.iter().filter_map(|manifest| manifest.platform.as_ref());
        made_for.take(TOLD).map(|made| format!("{}_{}", brief(&made.os), brief(&made.architecture)))
    }
}

impl Manifest {
    /// Reads one, or says why it is none of a plugin.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(text)
            .map_err(|error| unread("its manifest is not understood", &error))?;
        match (&*manifest.media_type, &*manifest.artifact_type) {
            (MANIFEST, ARTIFACT) => Ok(manifest),
            (MANIFEST, other) => Err(other_kind("its manifest", other)),
            (other, _) => Err(other_kind("its manifest", other)),
        }
    }

    /// The program, and the version of the protocol that it speaks.
    pub(super) fn program(self) -> Result<(Descriptor, String), String> {
        let api = self.annotations.get(API).cloned();
        let api = api.ok_or_else(|| format!("its manifest has no annotation `{API}`"))?;
        let mut layers = self.layers.into_iter();
        match (layers.next(), layers.next()) {
            (Some(program), None) if program.media_type == PROGRAM && program.is_sound() => {
                Ok((program, api))
            }
            (Some(other), None) => Err(other_kind("its layer", &other.media_type)),
            _ => Err("its manifest does not have exactly one layer".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plugin_says_why() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, cause) in [
            (String::new(), "no index of a plugin"),
            ("[]".to_owned(), "no index of a plugin"),
            (r#"{"schemaVersion":2,"manifests":[]}"#.to_owned(), "it is ``"),
            (format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","manifests":[]}}"#), MANIFEST),
            (
                format!(
                    r#"{{"schemaVersion":2,"mediaType":"{INDEX}","artifactType":"a\u001bb","manifests":[]}}"#
                ),
                "a\\u{1b}b",
            ),
        ] {
            let error = Index::read(text.as_bytes()).unwrap_err();
            assert!(error.contains(cause), "{text}: {error}");
        }
        let layer = |kind: &str, digest: &str| {
            format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":1}}"#)
        };
        let manifest = |layers: &str, annotations: &str| {
            let config = layer(EMPTY, &digest);
            let text = format!(
                r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"{ARTIFACT}",
                    "config":{config},"layers":[{layers}],"annotations":{annotations}}}"#
            );
            Manifest::read(text.as_bytes()).unwrap().program()
        };
        let api = format!(r#"{{"{API}":"x5.0"}}"#);
        let sound = layer(PROGRAM, &digest);
        assert_eq!(manifest(&sound, &api).unwrap().1, "x5.0");
        for (layers, annotations, cause) in [
            (sound.clone(), "{}".to_owned(), "no annotation"),
            (String::new(), api.clone(), "exactly one layer"),
            (format!("{sound},{sound}"), api.clone(), "exactly one layer"),
            (layer("text/plain", &digest), api.clone(), "`text/plain`"),
            (layer(PROGRAM, "sha256:../../a"), api.clone(), "is no plugin"),
            (layer(PROGRAM, "md5:abc"), api, "is no plugin"),
        ] {
            let error = manifest(&layers, &annotations).unwrap_err();
            assert!(error.contains(cause), "{layers}: {error}");
        }
    }
}
