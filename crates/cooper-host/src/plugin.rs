//! A plugin that is installed, and what is in it.

use std::path::PathBuf;

use cooper_build::version::Version;
use cooper_wire::spec::Encoding;
use serde::{Deserialize, Serialize};

/// A plugin that is installed: its program, as it was when its checksum was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plugin {
    /// The program.
    pub path: PathBuf,
    /// Its name: `docker` of `packer-plugin-docker_v1.1.5_x5.0_linux_amd64`.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The SHA-256 of the program, in hexadecimal.
    pub digest: String,
    /// What is in it.
    pub description: Description,
}

/// What a plugin says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Description {
    /// Its version: `1.1.5`.
    pub version: String,
    /// The version of Go's library that it was built with, or of what stands for it.
    #[serde(default)]
    pub sdk_version: String,
    /// The version of the protocol: `x5.0`.
    pub api_version: String,
    /// Its builders.
    #[serde(default)]
    pub builders: Vec<String>,
    /// Its provisioners.
    #[serde(default)]
    pub provisioners: Vec<String>,
    /// Its post-processors.
    #[serde(default)]
    pub post_processors: Vec<String>,
    /// Its data sources.
    #[serde(default)]
    pub datasources: Vec<String>,
    /// How its specs travel: `v2` is protobuf, and nothing is gob.
    #[serde(default)]
    pub protocol_version: Option<String>,
}

/// The component that is called as its plugin is.
const NAMELESS: &str = "-packer-default-plugin-name-";

impl Description {
    /// How its specs travel.
    pub fn encoding(&self) -> Encoding {
        match self.protocol_version.as_deref() {
            Some("v2") => Encoding::Protobuf,
            Some(_) | None => Encoding::Gob,
        }
    }
}

/// What a component is called in a template, when its plugin's are called by `prefix`.
pub fn type_name(prefix: &str, component: &str) -> String {
    match component {
        NAMELESS => prefix.to_owned(),
        component => format!("{prefix}-{component}"),
    }
}

/// What the process of a component is asked to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It makes a machine.
    Builder,
    /// It changes one.
    Provisioner,
    /// It makes an artifact of another.
    PostProcessor,
    /// It finds something out.
    Datasource,
}

impl Role {
    /// As plugins call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Builder => "builder",
            Self::Provisioner => "provisioner",
            Self::PostProcessor => "post-processor",
            Self::Datasource => "datasource",
        }
    }
}
