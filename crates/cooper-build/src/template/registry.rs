//! `hcp_packer_registry` blocks: checked as Packer checks them, and without effect.

use std::sync::Arc;

use cooper_hcl::ast::{Block, Body, Name};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Span};

use super::repeat::{Elements, Repeatable};
use super::shape::{ArgumentShape, Rest, Shape, check_duplicates};

/// A `hcp_packer_registry` block.
#[derive(Clone, Debug)]
pub struct RegistryBlock {
    /// Its arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
    /// The elements it was made for.
    pub elements: Elements,
}

pub(super) static SHAPE: Shape = Shape {
    what: "a `hcp_packer_registry` block",
    arguments: &[
        ArgumentShape::new("bucket_name", "string", "Has no effect in Cooper."),
        ArgumentShape::new("description", "string", "Has no effect in Cooper."),
        ArgumentShape::new("labels", "map(string)", "The old name of `bucket_labels`."),
        ArgumentShape::new("bucket_labels", "map(string)", "Has no effect in Cooper."),
        ArgumentShape::new("build_labels", "map(string)", "Has no effect in Cooper."),
        ArgumentShape::new("channels", "list(string)", "Has no effect in Cooper."),
    ],
    blocks: &[],
    rest: Rest::Anything,
};

/// Reads a block, and warns that it does nothing.
pub(super) fn load(block: Block, diags: &Diagnostics) -> RegistryBlock {
    let message = "`hcp_packer_registry` has no effect: Cooper does not report to HCP Packer";
    let warning = Diagnostic::warning(Code::NoEffect, message);
    diags.warn(warning.at(block.header, "").help("remove the block"));
    let header = block.header;
    of(block.body, header, diags)
}

/// A block with this body. Like Packer, takes no offence at what it does not know.
pub(super) fn of(body: Body, header: Span, diags: &Diagnostics) -> RegistryBlock {
    check_duplicates(&body, diags);
    RegistryBlock { body: Arc::new(body), header, elements: Elements::default() }
}

impl Repeatable for RegistryBlock {
    const LABELS: &'static [&'static str] = &[];

    fn made(&self, _: &[Name], elements: Elements, _: &Diagnostics) -> Option<Self> {
        Some(Self { elements, ..self.clone() })
    }
}
