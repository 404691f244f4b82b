//! What arguments a component takes, as it says itself: in protobuf, or, when the plugin is older
//! or was not started with `--protobuf`, in gob.

mod gob;
mod protobuf;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use crate::cty::Type;

/// What a block is read as.
#[derive(Clone, PartialEq, Debug)]
pub enum Spec {
    /// An object.
    Object(Object),
    /// An argument.
    Attribute {
        /// What it is called in a template.
        name: String,
        /// What it is converted to.
        ty: Type,
        /// Whether it must be given.
        required: bool,
    },
    /// A nested block that stands there once at most.
    Block {
        /// What it is called in a template.
        name: String,
        /// Whether it must stand there.
        required: bool,
        /// What is in it.
        nested: Box<Spec>,
    },
    /// Nested blocks, any number of them.
    BlockList {
        /// What they are called in a template.
        name: String,
        /// What is in them.
        nested: Box<Spec>,
    },
}

/// The parts of an object, by the name that each has in the value.
pub type Object = BTreeMap<String, Spec>;

/// How a spec travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// What plugins speak that were started with `--protobuf`.
    Protobuf,
    /// What the others speak.
    Gob,
}

/// Why bytes are no spec.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// The protobuf is none.
    #[error("the argument schema is no protobuf: {0}")]
    Protobuf(&'static str),
    /// The gob stream is none.
    #[error("the argument schema is no gob stream: {0}")]
    Gob(#[from] crate::gob::Malformed),
    /// It says something that Cooper does not know.
    #[error("the argument schema has {0}, which no Packer plugin has")]
    Unknown(String),
    /// Nested too deep.
    #[error("the argument schema is nested more than {DEPTH} deep")]
    Depth,
}

/// How deep a spec may be nested, types included.
const DEPTH: usize = 32;

impl Encoding {
    /// Reads a spec, which is an object.
    ///
    /// # Errors
    ///
    /// When the bytes are none.
    pub fn decode(self, bytes: &[u8]) -> Result<Object, Malformed> {
        match self {
            Self::Protobuf => protobuf::decode(bytes),
            Self::Gob => gob::decode(bytes),
        }
    }

    /// Writes a spec.
    ///
    /// # Errors
    ///
    /// When a type is in it that cannot be said in protobuf, which has strings, numbers, booleans,
    /// lists and maps.
    pub fn encode(self, object: &Object) -> Result<Vec<u8>, Malformed> {
        match self {
            Self::Protobuf => protobuf::encode(object),
            Self::Gob => Ok(gob::encode(object)),
        }
    }
}
