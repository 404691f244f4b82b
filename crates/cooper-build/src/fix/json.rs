//! JSON that is changed and written again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cooper_hcl::json::{Node, NodeKind};

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Object),
}

pub(super) type Object = BTreeMap<String, Json>;

impl Json {
    pub(super) fn of(node: &Node) -> Self {
        match &node.kind {
            NodeKind::Null => Self::Null,
            NodeKind::Bool(value) => Self::Bool(*value),
            NodeKind::Number(number) => Self::Number(number.to_string()),
            NodeKind::String(text) => Self::String(text.to_string()),
            NodeKind::Array(elements) => Self::Array(elements.iter().map(Self::of).collect()),
            NodeKind::Object(properties) => {
                let entry = |property: &cooper_hcl::json::Property| {
                    (property.name.to_string(), Self::of(&property.value))
                };
                Self::Object(properties.iter().map(entry).collect())
            }
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text, indented by two spaces, with a line end at its end.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text.push('\n');
        text
    }

    fn write(&self, depth: usize, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::String(text) => string(text, out),
            Self::Array(elements) if elements.is_empty() => out.push_str("[]"),
            Self::Object(entries) if entries.is_empty() => out.push_str("{}"),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    line(index, depth + 1, out);
                    element.write(depth + 1, out);
                }
                end(']', depth, out);
            }
            Self::Object(entries) => {
                out.push('{');
                for (index, (name, value)) in entries.iter().enumerate() {
                    line(index, depth + 1, out);
                    string(name, out);
                    out.push_str(": ");
                    value.write(depth + 1, out);
                }
                end('}', depth, out);
            }
        }
    }
}

fn line(index: usize, depth: usize, out: &mut String) {
    out.push_str(if index == 0 { "\n" } else { ",\n" });
    out.extend(std::iter::repeat_n("  ", depth));
}

fn end(close: char, depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
    out.push(close);
}

/// A string as Packer writes it: Go's escapes, but `<` and `>` as they are.
fn string(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
