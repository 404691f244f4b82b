//! What a block may contain, by the blocks it is in.

use cooper_build::Catalog;
use cooper_build::component::Role;
use cooper_build::template::{DYNAMIC as DYNAMIC_SHAPE, ROOT, Rest, Shape};
use cooper_hcl::Type;
use cooper_hcl::schema::{ArgumentSchema, Choices, DYNAMIC, DYNAMIC_LABELS, Schema};

use crate::outline::Block;
use crate::page::Page;

/// What a block may contain.
#[derive(Clone, Copy, Default)]
pub(crate) struct Inside<'a> {
    /// What every block of its kind may.
    shape: Option<&'static Shape>,
    /// What the component may, or a block nested in it.
    schema: Option<&'a Schema>,
    /// What each block may contain that it makes, when it is `dynamic`.
    made: Option<Made<'a>>,
    /// Whether `dynamic` may make its nested blocks.
    repeats: bool,
}

/// What a block may contain that a `dynamic` block makes.
#[derive(Clone, Copy)]
struct Made<'a> {
    shape: Option<&'static Shape>,
    schema: Option<&'a Schema>,
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
    /// The words that it, or each of its elements, may be.
    pub(crate) choices: Option<Choices>,
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

const REPEATED: Nested<'static> = Nested {
    name: DYNAMIC,
    labels: DYNAMIC_LABELS,
    doc: "Makes blocks of the type that its label names, one for each element of a collection.",
};

impl<'a> Inside<'a> {
    /// What a file may contain.
    fn file() -> Self {
        Self { shape: Some(&ROOT), ..Self::default() }
    }

    /// What may stand in the innermost of these blocks of a page.
    pub(crate) fn blocks(path: &[&Block], page: &Page, catalog: &'a Catalog) -> Self {
        path.iter().fold(Self::file(), |inside, block| inside.block(block, page, catalog))
    }

    fn block(self, block: &Block, page: &Page, catalog: &'a Catalog) -> Self {
        let name = block.kind.text.as_str();
        if self.repeats && name == DYNAMIC {
            let kind = block.labels.first().map_or("", |label| &label.text);
            let labels =
                page.strings(block.body.as_ref().and_then(|body| body.attribute("labels")));
            let Self { shape, schema, .. } = self.named(kind, labels.first().copied(), catalog);
            let made = Some(Made { shape, schema });
            return Self { shape: Some(&DYNAMIC_SHAPE), made, ..Self::default() };
        }
        let inner = match self.made {
            Some(Made { shape, schema }) if name == "content" => {
                Self { shape, schema, ..Self::default() }
            }
            _ => self.named(name, block.labels.first().map(|label| &*label.text), catalog),
        };
        let has_blocks = |shape: &Shape| !shape.blocks.is_empty();
        let in_build = self.repeats || self.made.is_some() || name == "build";
        Self {
            repeats: inner.schema.is_some_and(|schema| !schema.blocks.is_empty())
                || in_build && inner.shape.is_some_and(has_blocks),
            ..inner
        }
    }

    /// What a nested block of this type and with this label may contain.
    fn named(self, name: &str, label: Option<&str>, catalog: &'a Catalog) -> Self {
        if let Some(found) = self.shape.and_then(|shape| shape.block(name)) {
            let schema = match (found.shape.rest, label.map(component_of)) {
                (Rest::Component(role), Some(component)) => catalog.schema(role, component),
                _ => None,
            };
            return Self { shape: Some(found.shape), schema, ..Self::default() };
        }
        let schema = self.schema.and_then(|schema| schema.block(name));
        Self { schema: schema.map(|block| &block.schema), ..Self::default() }
    }

    /// Every argument, in the order of the pages.
    pub(crate) fn arguments(self) -> Vec<Argument<'a>> {
        let own = self.schema.into_iter().flat_map(|schema| &schema.arguments).map(of_schema);
        let shape = self.shape.into_iter().flat_map(|shape| shape.arguments);
        own.chain(shape.map(|argument| Argument {
            name: argument.name,
            ty: argument.ty.to_owned(),
            required: argument.required,
            choices: None,
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
        shape.chain(own).chain(self.repeats.then_some(REPEATED)).collect()
    }

    /// What a block of this type makes: nothing unless it is `dynamic`.
    pub(crate) fn made_by(self, block: &str) -> Vec<Nested<'a>> {
        if !self.repeats || block != DYNAMIC {
            return Vec::new();
        }
        Self { repeats: false, ..self }.nested()
    }

    /// The argument's type, where a component declares it.
    pub(crate) fn ty(self, argument: &str) -> Option<&'a Type> {
        self.schema?.argument(argument).map(|argument| &argument.ty)
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
    let ArgumentSchema { name, ty, required, choices, doc } = argument;
    Argument { name, ty: ty.to_string(), required: *required, choices: *choices, doc }
}

/// What `dynamic` blocks call the elements that they go through, where an argument of the innermost
/// of these blocks may mention them.
pub(crate) fn elements<'p>(path: &[&'p Block], argument: &str, page: &'p Page) -> Vec<&'p str> {
    let element = |(at, block): (usize, &&'p Block)| {
        let is_inside = match path.get(at + 1) {
            Some(inner) => inner.kind.text == "content",
            None => argument == "labels",
        };
        if block.kind.text != DYNAMIC || !is_inside {
            return None;
        }
        let iterator = block.body.as_ref().and_then(|body| body.attribute("iterator"));
        match iterator.map(|given| &page.tokens[given.value.clone()]) {
            Some([name, ..]) => Some(page.word(name)),
            _ => block.labels.first().map(|label| label.text.as_str()),
        }
    };
    path.iter().enumerate().filter_map(element).collect()
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
