//! `source` blocks.

use std::fmt;
use std::sync::Arc;

use cooper_hcl::ast::{Block, Body, Name};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Span};

use super::Template;
use super::shape::{Rest, Shape, component_body};
use crate::component::Role;

/// A `source` block. It means nothing until a build uses it.
#[derive(Clone, Debug)]
pub struct SourceBlock {
    /// The source's type: `docker`.
    pub component: Name,
    /// Its label.
    pub label: Name,
    /// Its arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// Which source is meant: `docker.ubuntu`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceRef {
    /// The source's type.
    pub component: Arc<str>,
    /// Its label.
    pub label: Arc<str>,
}

impl SourceRef {
    /// Reads `docker.ubuntu` or `source.docker.ubuntu`. Like Packer, takes any word for
    /// `source` and ignores what follows a third dot.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let (component, label) = match parts[..] {
            [component, label] => (component, label),
            [_, component, label, ..] => (component, label),
            _ => return None,
        };
        let sound = super::shape::is_identifier(component) && super::shape::is_identifier(label);
        sound.then(|| Self { component: component.into(), label: label.into() })
    }

    /// Like [`SourceRef::parse`], for an element of `sources`; records when it is none.
    pub(crate) fn listed(text: &str, span: Span, diags: &Diagnostics) -> Option<Self> {
        let source = Self::parse(text);
        if source.is_none() {
            let message = format!("`{text}` is not a reference to a source");
            let help = "write `\"source.TYPE.NAME\"`, such as `\"source.docker.ubuntu\"`";
            let error = Diagnostic::error(Code::UnknownReference, message);
            diags.error(error.at(span, "").help(help));
        }
        source
    }
}

impl fmt::Display for SourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.component, self.label)
    }
}

pub(super) static SHAPE: Shape = Shape {
    what: "a `source` block",
    arguments: &[],
    blocks: &[],
    rest: Rest::Component(Role::Source),
};

pub(super) fn load(
    component: Name,
    label: Name,
    block: Block,
    template: &mut Template,
    diags: &Diagnostics,
) {
    let (body, header) = (Arc::new(component_body(block.body, diags)), block.header);
    template.sources.push(SourceBlock { component, label, body, header });
}
