//! JSON text to a tree in which every node has its place.
//!
//! Kept are the order of properties, properties that are there twice, and every digit of a
//! number: what they mean is for the reader of the tree to say. [`parse`] is strict, records
//! several mistakes in one text, and takes time and memory in proportion to its length.

mod parse;
mod string;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::ast::set_twice;
use crate::diagnostic::Diagnostics;
use crate::source::{SourceFile, Span};
use crate::value::{Number, Type, Value};

pub use parse::parse;
pub(crate) use string::Decoded;

/// A value.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it is, brackets and quotes included.
    pub span: Span,
}

/// The kinds of value.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// As exact as it was written.
    Number(Number),
    /// The text without quotes and escapes.
    String(Arc<str>),
    /// `[…]`
    Array(Vec<Node>),
    /// `{…}`, in the order of the text.
    Object(Vec<Property>),
}

/// Where a part of a string stands: `range` counts in its text, `string` is the place of the
/// whole, quotes included.
pub fn place_within(file: &SourceFile, string: Span, range: Range<usize>) -> Span {
    let start = string.start() + 1;
    let inside = Span::new(start, string.end().saturating_sub(1).max(start));
    Decoded::again(file.slice(inside), start).place(range)
}

/// `"name": value`
#[derive(Clone, Debug)]
pub struct Property {
    /// The name without quotes and escapes.
    pub name: Arc<str>,
    /// Where the name is, quotes included.
    pub name_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// What it is called in messages: `a string`.
    pub const fn noun(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::String(_) => "a string",
            NodeKind::Array(_) => "an array",
            NodeKind::Object(_) => "an object",
        }
    }

    /// Calls `tell` for each property that an object in it has again, at any depth, with the place
    /// of the one before.
    pub fn each_repeated(&self, tell: &mut dyn FnMut(&Property, Span)) {
        match &self.kind {
            NodeKind::Array(elements) => elements.iter().for_each(|node| node.each_repeated(tell)),
            NodeKind::Object(properties) => {
                let mut seen: HashMap<&str, Span> = HashMap::with_capacity(properties.len());
                for property in properties {
                    if let Some(before) = seen.insert(&property.name, property.name_span) {
                        tell(property, before);
                    }
                    property.value.each_repeated(tell);
                }
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {}
        }
    }

    /// Warns of keys that an object in it has twice, at any depth: the last one counts.
    pub fn check_keys(&self, diags: &Diagnostics) {
        self.each_repeated(&mut |property, before| {
            diags.warn(set_twice(&property.name, before, property.name_span));
        });
    }

    /// The value, in which strings mean themselves: `${` is two characters. Of properties with
    /// the same name the last one counts.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::null(Type::Any),
            NodeKind::Bool(value) => Value::bool(*value),
            NodeKind::Number(number) => Value::number(number.clone()),
            NodeKind::String(text) => Value::string(&**text),
            NodeKind::Array(elements) => Value::tuple(elements.iter().map(Node::to_value)),
            NodeKind::Object(properties) => {
                let attribute =
                    |property: &Property| (property.name.clone(), property.value.to_value());
                Value::object(properties.iter().map(attribute))
            }
        }
    }
}

#[cfg(test)]
mod tests;
