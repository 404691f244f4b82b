//! YAML, read and written.
//!
//! Reading follows YAML 1.2. Writing has a style of its own, the one Packer's users know:
//! blocks, names sorted, strings in double quotes or, with several lines, as literal blocks.

use std::sync::Arc;

use serde::Deserialize;
use serde_norway::Value as Node;

use super::{FunctionError, encoding::DEPTH, limit};
use crate::value::{Attributes, Number, Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

/// Reads the one document of a text.
pub(super) fn decode(text: &str) -> Result {
    let refuse = |message: String| FunctionError::argument(0, format!("it is not YAML: {message}"));
    let mut documents = serde_norway::Deserializer::from_str(text);
    let first = documents.next().ok_or_else(|| refuse("there is no document".into()))?;
    let mut node = Node::deserialize(first).map_err(|error| refuse(error.to_string()))?;
    if text.trim().is_empty() {
        return Err(refuse("there is no document".into()));
    }
    if documents.next().is_some() {
        return Err(refuse("there is more than one document".into()));
    }
    node.apply_merge().map_err(|error| refuse(error.to_string()))?;
    let mut budget = limit::ELEMENTS;
    value(node, &mut budget, 0)
}

fn value(node: Node, budget: &mut usize, depth: usize) -> Result {
    let refuse = |message: &str| FunctionError::argument(0, message.to_owned());
    *budget = budget.checked_sub(1).ok_or_else(|| refuse("more than 1,000,000 elements"))?;
    if depth > DEPTH {
        return Err(refuse("the document is nested too deep"));
    }
    match node {
        Node::Null => Ok(Value::null(Type::Any)),
        Node::Bool(value) => Ok(value.into()),
        Node::Number(number) => number_value(&number).map(Value::number),
        Node::String(text) => Ok(text.into()),
        Node::Sequence(nodes) => {
            let elements = nodes.into_iter().map(|node| value(node, budget, depth + 1));
            Ok(Value::tuple(elements.collect::<Result<Vec<_>>>()?))
        }
        Node::Mapping(nodes) => {
            let mut attributes = Attributes::new();
            for (key, node) in nodes {
                let key: Arc<str> = match key {
                    Node::String(text) => text.into(),
                    Node::Bool(value) => value.to_string().into(),
                    Node::Number(number) => number.to_string().into(),
                    _ => return Err(refuse("only strings can be names in a mapping")),
                };
                attributes.insert(key, value(node, budget, depth + 1)?);
            }
            Ok(Value::object(attributes))
        }
        Node::Tagged(tagged) => Err(refuse(&format!("the tag `{}` is not known", tagged.tag))),
    }
}

fn number_value(number: &serde_norway::Number) -> Result<Number> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole.into());
    }
    if let Some(whole) = number.as_u64() {
        return Ok(whole.into());
    }
    Number::from_f64(number.as_f64().unwrap_or(f64::NAN))
        .map_err(|_| FunctionError::argument(0, format!("the number {number} is not finite")))
}

/// Writes a value as one document.
pub(super) fn encode(value: &Value) -> Result<String> {
    let mut output = limit::Text::default();
    let inline = write(value, &mut output, 0, Place::Start)?;
    if inline {
        output.push("\n")?;
    }
    // A bare word at the top is followed by the mark for a document's end.
    if matches!(value.kind(), ValueKind::Null(_) | ValueKind::Bool(_) | ValueKind::Number(_)) {
        output.push("...\n")?;
    }
    Ok(output.into_string())
}

/// What stands before a value on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Start,
    /// `- `
    Item,
    /// `"name":`
    Name,
}

/// Writes a value; says whether its line is still open.
fn write(value: &Value, output: &mut limit::Text, indent: usize, place: Place) -> Result<bool> {
    if indent > 2 * DEPTH {
        return Err(FunctionError::argument(0, "the value is nested too deep"));
    }
    let space = if place == Place::Name { " " } else { "" };
    let mut word = |text: &str| -> Result<bool> {
        output.push(space)?;
        output.push(text)?;
        Ok(true)
    };
    match value.kind() {
        ValueKind::Null(_) => word("null"),
        ValueKind::Bool(value) => word(if *value { "true" } else { "false" }),
        ValueKind::Number(number) => word(&number.to_string()),
        ValueKind::String(text) => {
            if literal_allowed(text) {
                word(&literal_header(text))?;
                return write_literal(text, output, indent).map(|()| false);
            }
            word("")?;
            write_quoted(text, output, indent).map(|()| true)
        }
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            if elements.is_empty() {
                return word("[]");
            }
            // A list below a name is not indented further.
            let indent = if place == Place::Name { indent.saturating_sub(2) } else { indent };
            for (index, element) in elements.iter().enumerate() {
                begin(output, indent, place, index)?;
                output.push("- ")?;
                if write(element, output, indent + 2, Place::Item)? {
                    output.push("\n")?;
                }
            }
            Ok(false)
        }
        ValueKind::Map(_, attributes) | ValueKind::Object(attributes) => {
            if attributes.is_empty() {
                return word("{}");
            }
            for (index, (name, element)) in attributes.iter().enumerate() {
                begin(output, indent, place, index)?;
                write_quoted(name, output, usize::MAX)?;
                output.push(":")?;
                if write(element, output, indent + 2, Place::Name)? {
                    output.push("\n")?;
                }
            }
            Ok(false)
        }
        ValueKind::Unknown(_) => Err(FunctionError::argument(0, "the value is not known yet")),
    }
}

/// Begins the line of an element; the first may go on where a line is open.
fn begin(output: &mut limit::Text, indent: usize, place: Place, index: usize) -> Result<()> {
    match (index, place) {
        (0, Place::Start | Place::Item) => Ok(()),
        (0, Place::Name) => {
            output.push("\n")?;
            output.repeat(" ", indent)
        }
        _ => output.repeat(" ", indent),
    }
}

/// Whether a string is written as a literal block: it has several lines, and nothing in it
/// would be lost there.
fn literal_allowed(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with(' ')
        && !text.contains(" \n")
        && text.chars().all(|c| c == '\n' || (printable(c) && c != '\t'))
}

fn literal_header(text: &str) -> String {
    // Where the text itself begins with white space, the indentation is said.
    let indentation = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let content = text.trim_end_matches('\n');
    let ending = match text.len() - content.len() {
        0 => "-",
        1 if !content.is_empty() => "",
        _ => "+",
    };
    format!("|{indentation}{ending}")
}

fn write_literal(text: &str, output: &mut limit::Text, indent: usize) -> Result<()> {
    output.push("\n")?;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            output.repeat(" ", indent.max(2))?;
            output.push(line)?;
        }
        output.push("\n")?;
    }
    Ok(())
}

/// Where long quoted strings are broken.
const WIDTH: usize = 80;

/// Writes a string in double quotes, breaking long ones at spaces when `indent` has a value.
fn write_quoted(text: &str, output: &mut limit::Text, indent: usize) -> Result<()> {
    output.push("\"")?;
    let mut column = current_column(output.as_str());
    let last = text.len().saturating_sub(1);
    let mut after_space = false;
    for (at, character) in text.char_indices() {
        let breakable = character == ' ' && indent != usize::MAX && !after_space;
        if breakable && column > WIDTH && at > 0 && at < last {
            output.push("\n")?;
            output.repeat(" ", indent)?;
            column = indent;
            if text[at + 1..].starts_with(' ') {
                output.push("\\")?;
                column += 1;
            }
            after_space = true;
            continue;
        }
        after_space = character == ' ';
        let escaped = match character {
            '\0' => "\\0".into(),
            '\x07' => "\\a".into(),
            '\x08' => "\\b".into(),
            '\t' => "\\t".into(),
            '\n' => "\\n".into(),
            '\x0b' => "\\v".into(),
            '\x0c' => "\\f".into(),
            '\r' => "\\r".into(),
            '\x1b' => "\\e".into(),
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\u{85}' => "\\N".into(),
            '\u{a0}' => "\\_".into(),
            '\u{2028}' => "\\L".into(),
            '\u{2029}' => "\\P".into(),
            other if printable(other) => {
                column += 1;
                output.push(other.encode_utf8(&mut [0; 4]))?;
                continue;
            }
            other => match u32::from(other) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            },
        };
        column += escaped.len();
        output.push(&escaped)?;
    }
    output.push("\"")
}

fn current_column(written: &str) -> usize {
    let line = &written[written.rfind('\n').map_or(0, |at| at + 1)..];
    line.chars().count()
}

fn printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a1}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}')
}
