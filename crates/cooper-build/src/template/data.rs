//! `data` blocks.

use std::fmt;
use std::sync::Arc;

use cooper_hcl::ast::{Block, Body, Name};
use cooper_hcl::schema::DYNAMIC;
use cooper_hcl::{Diagnostics, Span};

use super::Template;
use super::load::check_name;
use super::shape::{Rest, Shape, component_body};
use crate::component::Role;

/// A `data` block: something that is found out before any build.
#[derive(Clone, Debug)]
pub struct DataBlock {
    /// The data source's type: `http`.
    pub component: Name,
    /// Its label.
    pub label: Name,
    /// Its arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// As it is written in expressions: `data.http.page`.
impl fmt::Display for DataBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data.{}.{}", self.component.text, self.label.text)
    }
}

/// A `data` block.
pub(super) static SHAPE: Shape = Shape {
    what: "a `data` block",
    arguments: &[],
    blocks: &[],
    rest: Rest::Component(Role::DataSource),
};

pub(super) fn load(
    component: Name,
    label: Name,
    block: Block,
    template: &mut Template,
    diags: &Diagnostics,
) {
    check_name(&component, "type of data source", diags);
    check_name(&label, "data source", diags);
    let mut body = component_body(block.body, diags);
    // As in Packer, which expands them in sources and builds only.
    let is_dynamic = |block: &Block| &*block.kind.text == DYNAMIC;
    for dynamic in body.blocks.iter().filter(|block| is_dynamic(block)) {
        SHAPE.unknown_block(&dynamic.kind, diags);
    }
    body.blocks.retain(|block| !is_dynamic(block));
    let (body, header) = (Arc::new(body), block.header);
    template.data.push(DataBlock { component, label, body, header });
}
