//! YAML, read and written.
//!
//! Reading takes words as Packer does: `yes` and `on` are true, `1_000` is a number, and a date is
//! a time in RFC 3339. Writing has a style of its own, the one Packer's users know: blocks, names
//! sorted, strings in double quotes or, with several lines, as literal blocks.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::encoding::{BASE64, DEPTH};
use super::{FunctionError, limit};
use crate::go_time::Moment;
use crate::value::{Attributes, Number, Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

/// Reads the one document of a text.
pub(super) fn decode(text: &str) -> Result {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        budget: limit::ELEMENTS,
    };
    reader.document().map_err(|message| {
        FunctionError::argument(0, format!("it is not YAML that can be read: {message}"))
    })
}

/// Makes values of a parser's events.
struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    /// The values of anchors. Aliases share them, so that a short text cannot grow without end.
    anchors: HashMap<usize, Value>,
    /// How many elements there may still be.
    budget: usize,
}

type Read<T> = std::result::Result<T, String>;

impl<'a> Reader<'a> {
    fn next(&mut self) -> Read<Event<'a>> {
        let told = |error: ScanError| {
            let place = error.marker();
            format!("line {}, column {}: {}", place.line(), place.col() + 1, error.info())
        };
        match self.events.next() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(told(error)),
            None => Ok(Event::StreamEnd),
        }
    }

    fn document(&mut self) -> Read<Value> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::Nothing => {}
                Event::DocumentStart(_) => break,
                _ => return Err("there is no document".into()),
            }
        }
        let event = self.next()?;
        let value = self.value(event, 0)?;
        loop {
            match self.next()? {
                Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => return Ok(value),
                _ => return Err("there is more than one document".into()),
            }
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Read<Value> {
        self.budget = self.budget.checked_sub(1).ok_or("more than 1,000,000 elements")?;
        if depth > DEPTH {
            return Err("it is nested too deep".into());
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                return value.ok_or_else(|| "an alias stands inside its own anchor".into());
            }
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style == ScalarStyle::Plain, tag.as_deref())?, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                only("seq", tag.as_deref())?;
                let mut elements = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => elements.push(self.value(event, depth + 1)?),
                    }
                }
                (Value::tuple(elements), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                only("map", tag.as_deref())?;
                (self.mapping(depth)?, anchor)
            }
            _ => return Err("a value is required".into()),
        };
        // No value has the anchor 0.
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        if value.size() > LARGEST {
            return Err("with its aliases it is larger than 256 MiB".into());
        }
        Ok(value)
    }

    fn mapping(&mut self, depth: usize) -> Read<Value> {
        let mut attributes = Attributes::new();
        loop {
            let (text, plain, tag) = match self.next()? {
                Event::MappingEnd => return Ok(Value::object(attributes)),
                Event::Scalar(text, style, _, tag) => (text, style == ScalarStyle::Plain, tag),
                _ => return Err("only strings can be names in a mapping".into()),
            };
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            if plain && text == "<<" {
                let merged = value.as_mapping().ok_or("`<<` needs a mapping")?;
                attributes.extend(merged.iter().map(|(name, value)| (name.clone(), value.clone())));
                continue;
            }
            let name = scalar(&text, plain, tag.as_deref())?;
            let name = name.convert(&Type::String).ok();
            let name = name.as_ref().and_then(Value::as_str);
            let name: Arc<str> = name.ok_or("null cannot be a name in a mapping")?.into();
            attributes.insert(name, value);
        }
    }
}

/// How large a value may be, what it shares with others counted as often as it is there.
const LARGEST: u64 = 256 << 20;

/// Refuses every tag but one of YAML's own.
fn only(expected: &str, tag: Option<&Tag>) -> Read<()> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == expected) => {
            Err(format!("the tag `{tag}` cannot stand here"))
        }
        _ => Ok(()),
    }
}

/// What a word stands for. Only plain ones can be anything but text.
fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Read<Value> {
    let Some(tag) = tag else {
        return if plain { word(text) } else { Ok(text.into()) };
    };
    if !tag.is_yaml_core_schema() {
        return Err(format!("the tag `{tag}` is not known"));
    }
    let value = match &*tag.suffix {
        "str" => return Ok(text.into()),
        "binary" => BASE64.decode(text).ok().map(|_| text.into()),
        "null" => Some(Value::null(Type::Any)),
        "bool" => boolean(text).map(Value::bool),
        "int" | "float" => number(text).map(Value::number),
        "timestamp" => time(text).map(Value::from),
        _ => return Err(format!("the tag `{tag}` is not known")),
    };
    let value = value.ok_or_else(|| format!("`{text}` is not what its tag says"))?;
    // As in Packer, quotes make a text of it, which its tag only checks.
    Ok(if plain || value.is_null() { value } else { text.into() })
}

fn word(text: &str) -> Read<Value> {
    if let Some(value) = boolean(text) {
        return Ok(value.into());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::null(Type::Any)),
        ".nan" | ".NaN" | ".NAN" => return Err(format!("`{text}` is not a number")),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if [".inf", ".Inf", ".INF"].contains(&digits) {
        return Err(format!("`{text}` is not finite"));
    }
    if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        if let Some(time) = time(text) {
            return Ok(time.into());
        }
        // Other bases than 2 need their tag, as in Packer.
        let known = !digits.starts_with('0') || digits.as_bytes().get(1) != Some(&b'x');
        if known && let Some(number) = number(text) {
            return Ok(Value::number(number));
        }
    }
    Ok(text.into())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(false)
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<Number> {
    let plain = text.replace('_', "");
    if let Ok(number) = plain.parse() {
        return Some(number);
    }
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, &*plain),
    };
    let (digits, radix) = match (digits.strip_prefix("0b"), digits.strip_prefix("0x")) {
        (Some(digits), _) => (digits, 2),
        (None, Some(digits)) => (digits, 16),
        (None, None) => return None,
    };
    i64::from_str_radix(digits, radix).ok().map(|value| Number::from(sign * value))
}

/// A date, or a date and a time, in RFC 3339.
fn time(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let two = |part: &str| format!("{part:0>2}");
    let mut parts = date.splitn(3, '-');
    let date = format!("{}-{}-{}", parts.next()?, two(parts.next()?), two(parts.next()?));
    let full = match rest {
        None => format!("{date}T00:00:00Z"),
        Some(rest) => {
            let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
            let (clock, zone) = rest.split_at(zone);
            // A zone goes with a `T`, and a space with none.
            if zone.is_empty() == text.contains(['T', 't']) {
                return None;
            }
            let mut parts = clock.splitn(3, ':');
            let (hour, minute) = (two(parts.next()?), two(parts.next()?));
            let second = parts.next()?;
            let second = if second.find('.').unwrap_or(second.len()) == 1 {
                format!("0{second}")
            } else {
                second.to_owned()
            };
            let zone = if zone.is_empty() { "Z" } else { zone };
            format!("{date}T{hour}:{minute}:{second}{zone}")
        }
    };
    Moment::parse(&full).ok().map(|moment| moment.rfc3339())
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
            write_quoted(text, output, indent.max(2)).map(|()| true)
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
    matches!(character, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}')
}
