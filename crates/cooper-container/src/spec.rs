//! What a container is to be like, in words that every engine understands.

use std::collections::BTreeMap;

/// What a container is to be like. Everything that `docker run` can say and an engine's API
/// (Docker's, version 1.41) can express; what is absent is the engine's default.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ContainerSpec {
    /// The image: a reference or an id.
    pub image: String,
    /// Labels on the container, Cooper's own included.
    pub labels: BTreeMap<String, String>,
}
