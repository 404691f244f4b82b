//! Functions that read and write other formats.

use std::io::Read;

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine, alphabet};
use flate2::Compression;
use flate2::read::GzEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Function, FunctionCx, FunctionError, csv, limit, returns_any, returns_string, text, yaml,
};
use crate::value::{Attributes, Number, Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "base64decode",
            "`base64decode(text)`: the text that was encoded; `base64decode(\"YQ==\")` is `\"a\"`",
            returns_string,
            base64decode,
        )
        .takes("text", Type::String)
        .fails("it is not Base64, or the bytes are not UTF-8 text"),
        Function::new(
            "base64encode",
            "`base64encode(text)`: the text's UTF-8 bytes in Base64; `base64encode(\"a\")` is `\"YQ==\"`",
            returns_string,
            |_, args| Ok(STANDARD.encode(text(args, 0)?).into()),
        )
        .takes("text", Type::String),
        Function::new(
            "base64gzip",
            "`base64gzip(text)`: the text's UTF-8 bytes, compressed with gzip, in Base64; `startswith(base64gzip(\"a\"), \"H4sI\")` is `true`",
            returns_string,
            base64gzip,
        )
        .takes("text", Type::String),
        Function::new(
            "csvdecode",
            "`csvdecode(text)`: the lines of a CSV text as objects, named by its first line; `csvdecode(\"a,b\\n1,2\")` is `[{ a = \"1\", b = \"2\" }]`",
            |args| match args.first().and_then(Value::as_str) {
                Some(text) => csv::list_type(text),
                None => Ok(Type::Any),
            },
            |_, args| csv::decode(text(args, 0)?),
        )
        .takes("text", Type::String)
        .fails("a line has another number of fields than the first, two columns have one name, or a quote stands inside a field"),
        Function::new(
            "jsondecode",
            "`jsondecode(text)`: the value that a JSON text stands for; `jsondecode(\"[1]\")` is `[1]`",
            returns_any,
            jsondecode,
        )
        .takes("text", Type::String)
        .fails("it is not JSON, or nested more than 128 deep"),
        Function::new(
            "jsonencode",
            "`jsonencode(value)`: the value as JSON; `jsonencode({ a = [1] })` is `\"{\\\"a\\\":[1]}\"`",
            returns_string,
            |_, args| match args.first() {
                Some(value) => Ok(json(value)?.into()),
                None => Err(FunctionError::new("a value is required")),
            },
        )
        .takes_param(super::Param::new("value", Type::Any).nullable())
        .fails("the value is nested more than 128 deep"),
        Function::new(
            "urlencode",
            "`urlencode(text)`: the text for use in a URL's query; `urlencode(\"a b\")` is `\"a+b\"`",
            returns_string,
            |_, args| {
                let encoded = utf8_percent_encode(text(args, 0)?, QUERY).to_string();
                Ok(encoded.replace(' ', "+").into())
            },
        )
        .takes("text", Type::String),
        Function::new(
            "yamldecode",
            "`yamldecode(text)`: the value that a YAML document stands for; `yamldecode(\"a: 1\")` is `{ a = 1 }`",
            returns_any,
            |_, args| yaml::decode(text(args, 0)?),
        )
        .takes("text", Type::String)
        .fails("it is not YAML, has several documents or tags that are not known, or is nested more than 128 deep"),
        Function::new(
            "yamlencode",
            "`yamlencode(value)`: the value as a YAML document; `yamlencode({ a = 1 })` is `\"\\\"a\\\": 1\\n\"`",
            returns_string,
            |_, args| match args.first() {
                Some(value) => Ok(yaml::encode(value)?.into()),
                None => Err(FunctionError::new("a value is required")),
            },
        )
        .takes_param(super::Param::new("value", Type::Any).nullable())
        .fails("the value is nested more than 128 deep"),
    ]
}

/// What is escaped in a query; the space is made a `+` afterwards.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// Base64 as Packer reads it: padded, but with any bits where the last letter has some to spare.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes that the first argument stands for.
pub(super) fn from_base64(args: &[Value]) -> Result<Vec<u8>> {
    // Line breaks inside are common and harmless.
    let mut encoded = text(args, 0)?.to_owned();
    encoded.retain(|c| c != '\n' && c != '\r');
    BASE64
        .decode(&encoded)
        .map_err(|error| FunctionError::argument(0, format!("it is not Base64: {error}")))
}

fn base64decode(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let decoded = String::from_utf8(from_base64(args)?)
        .map_err(|_| FunctionError::argument(0, "the decoded bytes are not UTF-8 text"))?;
    Ok(decoded.into())
}

fn base64gzip(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let mut compressed = Vec::new();
    GzEncoder::new(text(args, 0)?.as_bytes(), Compression::default())
        .read_to_end(&mut compressed)
        .map_err(|error| FunctionError::new(format!("compressing failed: {error}")))?;
    Ok(STANDARD.encode(compressed).into())
}

/// How deep values may be nested in a text that is read or written.
pub(super) const DEPTH: usize = 128;

fn jsondecode(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let text = text(args, 0)?;
    let raw: &RawValue = serde_json::from_str(text)
        .map_err(|error| FunctionError::argument(0, format!("it is not JSON: {error}")))?;
    let mut budget = Budget { elements: limit::ELEMENTS, bytes: READ };
    json_value(raw, &mut budget, 0)
        .map_err(|message| FunctionError::argument(0, format!("it is not JSON: {message}")))
}

/// How many bytes of JSON are read in all, each as often as it is nested.
const READ: usize = 1 << 30;

/// What may still be read.
struct Budget {
    elements: usize,
    bytes: usize,
}

/// A piece of JSON as a value. The pieces are cut out level by level, because a number's digits
/// are only there as text.
fn json_value(
    raw: &RawValue,
    budget: &mut Budget,
    depth: usize,
) -> std::result::Result<Value, String> {
    let text = raw.get();
    budget.elements =
        budget.elements.checked_sub(1).ok_or("there are more than 1,000,000 elements")?;
    budget.bytes =
        budget.bytes.checked_sub(text.len()).ok_or("so much is nested too deep to be read")?;
    if depth > DEPTH {
        return Err("it is nested too deep".into());
    }
    let told = |error: serde_json::Error| error.to_string();
    match text.as_bytes().first() {
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(told)?;
            let elements = elements.into_iter().map(|raw| json_value(raw, budget, depth + 1));
            Ok(Value::tuple(elements.collect::<std::result::Result<Vec<_>, _>>()?))
        }
        Some(b'{') => {
            let Pairs(pairs) = serde_json::from_str(text).map_err(told)?;
            let mut attributes = Attributes::new();
            for (name, raw) in pairs {
                // Names are in normal form, as all texts are.
                let name = Value::string(name);
                let name = name.as_str().unwrap_or_default();
                attributes.insert(name.into(), json_value(raw, budget, depth + 1)?);
            }
            Ok(Value::object(attributes))
        }
        Some(b'"') => Ok(serde_json::from_str::<String>(text).map_err(told)?.into()),
        Some(b't') => Ok(true.into()),
        Some(b'f') => Ok(false.into()),
        Some(b'n') => Ok(Value::null(Type::Any)),
        _ => Ok(Value::number(text.parse::<Number>().map_err(|error| error.to_string())?)),
    }
}

/// The pairs of a JSON object, in order.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// A value as JSON: names sorted, no white space, and `<`, `>`, `&` escaped as Go does it.
pub(super) fn json(value: &Value) -> Result<String> {
    let mut output = limit::Text::default();
    write_json(value, &mut output, 0)?;
    Ok(output.into_string())
}

fn write_json(value: &Value, output: &mut limit::Text, depth: usize) -> Result<()> {
    if depth > DEPTH {
        return Err(FunctionError::argument(0, "the value is nested too deep"));
    }
    match value.kind() {
        ValueKind::Null(_) => output.push("null"),
        ValueKind::Bool(value) => output.push(if *value { "true" } else { "false" }),
        ValueKind::Number(number) => output.push(&number.to_string()),
        ValueKind::String(text) => write_json_string(text, output),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            output.push("[")?;
            for (index, element) in elements.iter().enumerate() {
                output.push(if index == 0 { "" } else { "," })?;
                write_json(element, output, depth + 1)?;
            }
            output.push("]")
        }
        ValueKind::Map(_, attributes) | ValueKind::Object(attributes) => {
            output.push("{")?;
            for (index, (name, element)) in attributes.iter().enumerate() {
                output.push(if index == 0 { "" } else { "," })?;
                write_json_string(name, output)?;
                output.push(":")?;
                write_json(element, output, depth + 1)?;
            }
            output.push("}")
        }
        ValueKind::Unknown(_) => Err(FunctionError::argument(0, "the value is not known yet")),
    }
}

fn write_json_string(text: &str, output: &mut limit::Text) -> Result<()> {
    output.push("\"")?;
    let special =
        |c: char| c < ' ' || matches!(c, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    let mut rest = text;
    while let Some(at) = rest.find(special) {
        output.push(&rest[..at])?;
        let character = rest[at..].chars().next().unwrap_or_default();
        match character {
            '"' => output.push("\\\"")?,
            '\\' => output.push("\\\\")?,
            '\n' => output.push("\\n")?,
            '\r' => output.push("\\r")?,
            '\t' => output.push("\\t")?,
            '\x08' => output.push("\\b")?,
            '\x0c' => output.push("\\f")?,
            other => output.push(&format!("\\u{:04x}", u32::from(other)))?,
        }
        rest = &rest[at + character.len_utf8()..];
    }
    output.push(rest)?;
    output.push("\"")
}
