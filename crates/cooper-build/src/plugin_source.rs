//! Addresses of plugins, as `source` has them.

use std::fmt;
use std::path::{Path, PathBuf};

/// How many parts an address may have.
const MOST_PARTS: usize = 16;

/// What stands before an address in a registry of images.
const OCI: &str = "oci://";

/// Where a plugin comes from: `github.com/hashicorp/docker`, or
/// `oci://registry.example/team/greet`. No part of it leads out of a folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PluginSource {
    text: String,
    protocol: Protocol,
}

/// How a source is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// As its host wants it: there are releases on it, or nothing that can be fetched.
    Releases,
    /// As registries of images are: `oci://`.
    Oci,
}

/// Why a text is no address of a plugin.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PluginSourceError {
    /// It does not have the parts of one.
    #[error("`{0}` is not an address such as `github.com/hashicorp/docker`")]
    Shape(String),
    /// It is no address in a registry.
    #[error("`{0}` is not an address such as `oci://registry.example/team/greet`, in lower case")]
    Oci(String),
    /// Its name is written as a program's.
    #[error("a plugin's address ends in `{0}`, without `packer-plugin-`")]
    Prefix(String),
    /// Its last part cannot be the name of a plugin.
    #[error("`{0}` cannot be the name of a plugin")]
    Name(String),
}

impl PluginSource {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// When the text is none.
    pub fn parse(text: &str) -> Result<Self, PluginSourceError> {
        let (protocol, rest) = match text.strip_prefix(OCI) {
            Some(rest) => (Protocol::Oci, rest),
            None => (Protocol::Releases, text),
        };
        let parts: Vec<&str> = rest.split('/').collect();
        let is_sound = |(index, part): (usize, &&str)| match (protocol, index) {
            (Protocol::Oci, 0) => is_host(part),
            (Protocol::Oci, _) => is_part(part) && !part.contains(|c: char| c.is_uppercase()),
            (Protocol::Releases, _) => is_part(part),
        };
        if !(3..=MOST_PARTS).contains(&parts.len()) || !parts.iter().enumerate().all(is_sound) {
            return Err(match protocol {
                Protocol::Releases => PluginSourceError::Shape(text.to_owned()),
                Protocol::Oci => PluginSourceError::Oci(text.to_owned()),
            });
        }
        let name = parts.last().copied().unwrap_or_default();
        if let Some(rest) = name.strip_prefix("packer-plugin-").or(name.strip_prefix("packer-")) {
            return Err(PluginSourceError::Prefix(rest.to_owned()));
        }
        if name.contains('.') || name.contains("--") {
            return Err(PluginSourceError::Name(name.to_owned()));
        }
        Ok(Self { text: text.to_owned(), protocol })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is asked.
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Its parts, from the host to the name.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.path().split('/')
    }

    /// The host, with its port if it has one: `github.com`.
    pub fn host(&self) -> &str {
        self.parts().next().unwrap_or_default()
    }

    /// What stands between the host and the name: `hashicorp`.
    pub fn namespace(&self) -> &str {
        let rest = self.path().split_once('/').map_or("", |(_, rest)| rest);
        rest.rsplit_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// The plugin's name: `docker`.
    pub fn name(&self) -> &str {
        self.parts().next_back().unwrap_or_default()
    }

    /// The folder of its versions, below the one that plugins are installed in. It is the same for
    /// both protocols, because the same host answers for both.
    pub fn folder(&self) -> &Path {
        Path::new(self.path())
    }

    /// What the name of its programs begins with: `packer-plugin-docker_`.
    pub fn file_prefix(&self) -> String {
        format!("packer-plugin-{}_", self.name())
    }

    /// Without what stands before it.
    fn path(&self) -> &str {
        match self.protocol {
            Protocol::Releases => &self.text,
            Protocol::Oci => self.text.strip_prefix(OCI).unwrap_or(&self.text),
        }
    }

    /// The folder of its versions below `root`.
    pub fn folder_in(&self, root: &Path) -> PathBuf {
        root.join(self.folder())
    }
}

impl fmt::Display for PluginSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a text can be a folder's name, and a part of an address as it is.
fn is_part(part: &str) -> bool {
    let is_sound = |c: char| c.is_alphanumeric() || "-_.~+".contains(c);
    !part.is_empty() && part.chars().all(is_sound) && !matches!(part, "." | "..")
}

/// Whether a text is a host, perhaps with a port.
fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
    is_part(host) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_a_namespace_and_a_name() {
        let table = [
            ("github.com/hashicorp/docker", "github.com", "hashicorp", "docker"),
            ("example.com/a/b/c/Greet", "example.com", "a/b/c", "Greet"),
            ("oci://registry.example/team/greet", "registry.example", "team", "greet"),
            ("oci://localhost:5000/a/b/greet", "localhost:5000", "a/b", "greet"),
        ];
        for (text, host, namespace, name) in table {
            let source = PluginSource::parse(text).unwrap();
            assert_eq!((source.host(), source.namespace(), source.name()), (host, namespace, name));
            assert_eq!(source.to_string(), text);
            let folder = format!("{host}/{namespace}/{name}");
            assert_eq!(source.folder(), Path::new(&folder));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let deep = vec!["a"; MOST_PARTS + 1].join("/");
        for text in [
            "",
            "docker",
            "hashicorp/docker",
            "/github.com/hashicorp/docker",
            "github.com/hashicorp/docker/",
            "github.com//docker",
            "https://github.com/hashicorp/docker",
            "github.com/hashicorp/docker?ref=1",
            "github.com/hashicorp/docker#1",
            "github.com/../../etc",
            "github.com/./docker",
            "github.com/hashicorp/..",
            "github.com/hash\\icorp/docker",
            "github.com/hash\nicorp/docker",
            "github.com/hashicorp/doc.ker",
            "github.com/hashicorp/doc--ker",
            "github.com/hashicorp/packer-docker",
            "github.com/hashicorp/packer-plugin-docker",
            "localhost:5000/team/greet",
            "oci://",
            "oci://registry.example/greet",
            "oci://registry.example/Team/greet",
            "oci://registry.example:/team/greet",
            "oci://registry.example:0/team/greet",
            "oci://registry.example:99999/team/greet",
            "oci://user@registry.example/team/greet",
            "oci://registry.example/team/../greet",
            "oci://../team/greet",
            "OCI://registry.example/team/greet",
            &deep,
        ] {
            assert!(PluginSource::parse(text).is_err(), "{text}");
        }
    }
}
