//! `build` blocks.

use std::sync::Arc;

use cooper_hcl::Span;
use cooper_hcl::ast::{Attribute, Body, Name};

use super::source::SourceRef;

/// A `build` block.
#[derive(Clone, Debug)]
pub struct BuildBlock {
    /// `name`
    pub name: Option<Attribute>,
    /// `description`
    pub description: Option<Attribute>,
    /// `sources`
    pub sources: Option<Attribute>,
    /// Nested `source` blocks, in order.
    pub uses: Vec<SourceUse>,
    /// `provisioner` blocks, in order.
    pub provisioners: Vec<StepBlock>,
    /// `error-cleanup-provisioner`
    pub error_cleanup: Option<StepBlock>,
    /// `post-processor` blocks, each a chain of one, and `post-processors` blocks.
    pub chains: Vec<Vec<StepBlock>>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// A `source` block inside a `build` block.
#[derive(Clone, Debug)]
pub struct SourceUse {
    /// The source it uses.
    pub source: SourceRef,
    /// `name`
    pub name: Option<Attribute>,
    /// What it adds to the source's arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// A provisioner or post-processor block.
#[derive(Clone, Debug)]
pub struct StepBlock {
    /// The component's type: `shell`.
    pub component: Name,
    /// The arguments that every step has: `name`, `only`, `timeout`…
    pub meta: Body,
    /// The component's own arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}
