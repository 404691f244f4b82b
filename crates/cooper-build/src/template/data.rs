//! `data` blocks.

use std::fmt;
use std::sync::Arc;

use cooper_hcl::ast::{Block, Body, Name};
use cooper_hcl::{Diagnostics, Span};

use super::Template;
use super::load::check_name;
use super::shape::{Rest, Shape, check_duplicates};
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
    // A property of JSON that is there twice may be two blocks.
    if block.body.json.is_none() {
        check_duplicates(&block.body, diags);
    }
    let (body, header) = (Arc::new(block.body), block.header);
    template.data.push(DataBlock { component, label, body, header });
}
