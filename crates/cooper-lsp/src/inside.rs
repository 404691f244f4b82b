//! What a block may contain, by the blocks it is in.

use cooper_build::Catalog;
use cooper_build::component::Role;
use cooper_build::template::{ROOT, Rest, Shape};
use cooper_hcl::schema::{ArgumentSchema, Schema};

use crate::outline::Block;

/// What a block may contain.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'a> {
    /// What every block of its kind may.
    pub(crate) shape: Option<&'static Shape>,
    /// What the component may, or a block nested in it.
    pub(crate) schema: Option<&'a Schema>,
}

/// An argument, whoever declares it.
#[derive(Clone, Debug)]
pub(crate) struct Argument<'a> {
    /// The name.
    pub(crate) name: &'a str,
    /// What may be given.
    pub(crate) ty: String,
    /// Whether it must be given.
    pub(crate) required: bool,
    /// What it does.
    pub(crate) doc: &'a str,
}

/// A nested block, whoever declares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nested<'a> {
    /// The word it begins with.
    pub(crate) name: &'a str,
    /// What its labels stand for.
    pub(crate) labels: &'static [&'static str],
    /// What it is for.
    pub(crate) doc: &'a str,
}

impl<'a> Inside<'a> {
    /// What a file may contain.
    pub(crate) fn file() -> Self {
        Self { shape: Some(&ROOT), schema: None }
    }

    /// What may stand in the innermost of these blocks.
    pub(crate) fn blocks(path: &[&Block], catalog: &'a Catalog) -> Self {
        path.iter().fold(Self::file(), |inside, block| inside.block(block, catalog))
    }

    fn block(self, block: &Block, catalog: &'a Catalog) -> Self {
        let name = block.kind.text.as_str();
        if let Some(found) = self.shape.and_then(|shape| shape.block(name)) {
            let component = block.labels.first().map(|label| component_of(&label.text));
            let schema = match (found.shape.rest, component) {
                (Rest::Component(role), Some(component)) => catalog.schema(role, component),
                _ => None,
            };
            return Self { shape: Some(found.shape), schema };
        }
        let schema = self.schema.and_then(|schema| schema.block(name));
        Self { shape: None, schema: schema.map(|block| &block.schema) }
    }

    /// Every argument, in the order of the pages.
    pub(crate) fn arguments(self) -> Vec<Argument<'a>> {
        let own = self.schema.into_iter().flat_map(|schema| &schema.arguments).map(of_schema);
        let shape = self.shape.into_iter().flat_map(|shape| shape.arguments);
        own.chain(shape.map(|argument| Argument {
            name: argument.name,
            ty: argument.ty.to_owned(),
            required: argument.required,
            doc: argument.doc,
        }))
        .collect()
    }

    /// The argument of that name.
    pub(crate) fn argument(self, name: &str) -> Option<Argument<'a>> {
        self.arguments().into_iter().find(|argument| argument.name == name)
    }

    /// Every kind of nested block.
    pub(crate) fn nested(self) -> Vec<Nested<'a>> {
        let shape = self.shape.into_iter().flat_map(|shape| shape.blocks);
        let own = self.schema.into_iter().flat_map(|schema| &schema.blocks);
        let shape =
            shape.map(|block| Nested { name: block.name, labels: block.labels, doc: block.doc });
        let own =
            own.map(|block| Nested { name: &block.name, labels: &[], doc: &block.schema.doc });
        shape.chain(own).collect()
    }

    /// What role the component has that the block of this name is for, and how it is named in
    /// the block's labels.
    pub(crate) fn role(self, block: &str) -> Option<Role> {
        match self.shape?.block(block)?.shape.rest {
            Rest::Component(role) => Some(role),
            Rest::Nothing | Rest::Names | Rest::Anything => None,
        }
    }
}

fn of_schema(argument: &ArgumentSchema) -> Argument<'_> {
    let ArgumentSchema { name, ty, required, doc, .. } = argument;
    Argument { name, ty: ty.to_string(), required: *required, doc }
}

/// The type of the component that a label names: `docker` in `docker.base` and
/// `source.docker.base` too.
pub(crate) fn component_of(label: &str) -> &str {
    match label.split('.').collect::<Vec<_>>()[..] {
        [component, _] => component,
        [_, component, ..] => component,
        _ => label,
    }
}
