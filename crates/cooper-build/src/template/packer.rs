//! `packer` blocks: which versions the template needs.

use cooper_hcl::Span;

use crate::version::Constraint;

/// A plugin that the template requires.
#[derive(Clone, Debug)]
pub struct PluginRequirement {
    /// What its components' names begin with.
    pub accessor: String,
    /// Where it comes from: `github.com/hashicorp/docker`.
    pub source: String,
    /// The versions that will do.
    pub version: Constraint,
    /// Where the version stands.
    pub version_span: Span,
    /// Where the source stands.
    pub source_span: Span,
}
