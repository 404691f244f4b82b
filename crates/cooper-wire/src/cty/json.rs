//! JSON with a type: `{"value":…,"type":…}`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{DEPTH, Decimal, Malformed, Type, Value, attributes};

/// Writes a value and its type.
///
/// # Errors
///
/// When the value is not of the type, or not wholly known: only known values can travel.
pub fn to_json(ty: &Type, value: &Value) -> Result<String, Malformed> {
    let mut text = String::new();
    write_wrapped(ty, value, &mut text, 0)?;
    Ok(text)
}

fn write_wrapped(
    ty: &Type,
    value: &Value,
    text: &mut String,
    depth: usize,
) -> Result<(), Malformed> {
    text.push_str("{\"value\":");
    write_value(ty, value, text, depth)?;
    text.push_str(",\"type\":");
    write_type(ty, text);
    text.push('}');
    Ok(())
}

/// Writes a type.
pub(super) fn write_type(ty: &Type, text: &mut String) {
    let nested = |name: &str, element: &Type, text: &mut String| {
        text.push_str("[\"");
        text.push_str(name);
        text.push_str("\",");
        write_type(element, text);
        text.push(']');
    };
    match ty {
        Type::Dynamic => text.push_str("\"dynamic\""),
        Type::Bool => text.push_str("\"bool\""),
        Type::Number => text.push_str("\"number\""),
        Type::String => text.push_str("\"string\""),
        Type::List(element) => nested("list", element, text),
        Type::Set(element) => nested("set", element, text),
        Type::Map(element) => nested("map", element, text),
        Type::Tuple(elements) => {
            text.push_str("[\"tuple\",[");
            separated(elements, text, write_type);
            text.push_str("]]");
        }
        Type::Object(attributes) => {
            text.push_str("[\"object\",{");
            separated(attributes, text, |(name, ty), text| {
                write_text(name, text);
                text.push(':');
                write_type(ty, text);
            });
            text.push_str("}]");
        }
    }
}

fn separated<T>(
    elements: impl IntoIterator<Item = T>,
    text: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(element, text);
    }
}

fn write_text(content: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(content).to_string());
}

fn write_value(ty: &Type, value: &Value, text: &mut String, depth: usize) -> Result<(), Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let mismatch = || Err(Malformed::mismatch(ty, value.kind()));
    match (ty, value) {
        (_, Value::Unknown) => return Err(Malformed::Unknown),
        (_, Value::Null) => text.push_str("null"),
        (Type::Dynamic, Value::Dynamic(own)) => {
            return write_wrapped(&own.0, &own.1, text, depth + 1);
        }
        (Type::Bool, Value::Bool(value)) => {
            text.push_str(if *value { "true" } else { "false" });
        }
        (Type::Number, Value::Number(number)) => text.push_str(number.as_str()),
        (Type::String, Value::Text(content)) => write_text(content, text),
        (Type::List(element) | Type::Set(element), Value::Sequence(elements)) => {
            text.push('[');
            let mut written = Ok(());
            separated(elements, text, |value, text| {
                let result = write_value(element, value, text, depth + 1);
                written = std::mem::replace(&mut written, Ok(())).and(result);
            });
            written?;
            text.push(']');
        }
        (Type::Tuple(types), Value::Sequence(elements)) => {
            if types.len() != elements.len() {
                return mismatch();
            }
            text.push('[');
            let mut written = Ok(());
            separated(types.iter().zip(elements), text, |(ty, value), text| {
                let result = write_value(ty, value, text, depth + 1);
                written = std::mem::replace(&mut written, Ok(())).and(result);
            });
            written?;
            text.push(']');
        }
        (Type::Map(element), Value::Mapping(elements)) => {
            write_mapping(elements, |_| Ok(element), text, depth)?;
        }
        (Type::Object(types), Value::Mapping(elements)) => {
            let missing = types.keys().find(|name| !elements.contains_key(*name));
            if let Some(name) = missing {
                return Err(Malformed::Attribute(name.clone()));
            }
            let ty =
                |name: &String| types.get(name).ok_or_else(|| Malformed::Attribute(name.clone()));
            write_mapping(elements, ty, text, depth)?;
        }
        _ => return mismatch(),
    }
    Ok(())
}

fn write_mapping<'a>(
    elements: &BTreeMap<String, Value>,
    ty: impl Fn(&String) -> Result<&'a Type, Malformed>,
    text: &mut String,
    depth: usize,
) -> Result<(), Malformed> {
    text.push('{');
    for (index, (name, value)) in elements.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_text(name, text);
        text.push(':');
        write_value(ty(name)?, value, text, depth + 1)?;
    }
    text.push('}');
    Ok(())
}

/// Reads a value and its type.
///
/// # Errors
///
/// When the text is not JSON of that form, or the value is not of the type.
pub fn from_json(text: &str) -> Result<(Type, Value), Malformed> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| json(&error))?;
    read_wrapped(raw, 0)
}

fn json(error: &serde_json::Error) -> Malformed {
    Malformed::Json(error.to_string())
}

fn read_wrapped(raw: &RawValue, depth: usize) -> Result<(Type, Value), Malformed> {
    let fields: BTreeMap<String, &RawValue> = read(raw)?;
    let field = |name: &str| {
        fields.get(name).copied().ok_or_else(|| Malformed::Json(format!("there is no `{name}`")))
    };
    let ty = read_type(field("type")?.get())?;
    let value = read_value(&ty, field("value")?, depth)?;
    Ok((ty, value))
}

/// Reads a part of JSON. What is inside it may stay text, so that numbers keep their digits.
fn read<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Malformed> {
    serde_json::from_str(raw.get()).map_err(|error| json(&error))
}

/// Reads a type.
pub(super) fn read_type(text: &str) -> Result<Type, Malformed> {
    let json_type: serde_json::Value = serde_json::from_str(text).map_err(|error| json(&error))?;
    convert_type(&json_type, 0)
}

fn convert_type(json_type: &serde_json::Value, depth: usize) -> Result<Type, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let wrong = || Malformed::Type(json_type.to_string().chars().take(40).collect());
    if let Some(name) = json_type.as_str() {
        return match name {
            "dynamic" => Ok(Type::Dynamic),
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            _ => Err(wrong()),
        };
    }
    let parts = json_type.as_array().ok_or_else(wrong)?;
    // An object's type may list its optional attributes behind.
    let (Some(name), Some(inner)) = (parts.first().and_then(|part| part.as_str()), parts.get(1))
    else {
        return Err(wrong());
    };
    let element = || convert_type(inner, depth + 1).map(Box::new);
    match name {
        "list" => Ok(Type::List(element()?)),
        "set" => Ok(Type::Set(element()?)),
        "map" => Ok(Type::Map(element()?)),
        "tuple" => {
            let elements = inner.as_array().ok_or_else(wrong)?.iter();
            let elements = elements.map(|ty| convert_type(ty, depth + 1));
            Ok(Type::Tuple(elements.collect::<Result<_, _>>()?))
        }
        "object" => {
            let attributes = inner.as_object().ok_or_else(wrong)?.iter();
            let attributes =
                attributes.map(|(name, ty)| Ok((name.clone(), convert_type(ty, depth + 1)?)));
            Ok(Type::Object(attributes.collect::<Result<_, Malformed>>()?))
        }
        _ => Err(wrong()),
    }
}

fn read_value(ty: &Type, raw: &RawValue, depth: usize) -> Result<Value, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let text = raw.get();
    if text == "null" {
        return Ok(Value::Null);
    }
    let inner = |ty: &Type, raw: &RawValue| read_value(ty, raw, depth + 1);
    let got = match text.as_bytes().first() {
        Some(b'{') => "a map",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        _ => "a number",
    };
    let mismatch = || Malformed::mismatch(ty, got);
    match (ty, got) {
        (Type::Dynamic, "a map") => {
            read_wrapped(raw, depth + 1).map(|own| Value::Dynamic(Box::new(own)))
        }
        (Type::Bool, "a boolean") => Ok(Value::Bool(text == "true")),
        (Type::Number, "a number") => Decimal::parse(text).map(Value::Number).ok_or_else(mismatch),
        (Type::String, "a string") => read(raw).map(Value::Text),
        (Type::List(element) | Type::Set(element), "a list") => {
            let elements: Vec<&RawValue> = read(raw)?;
            let elements = elements.into_iter().map(|raw| inner(element, raw));
            Ok(Value::Sequence(elements.collect::<Result<_, _>>()?))
        }
        (Type::Tuple(types), "a list") => {
            let elements: Vec<&RawValue> = read(raw)?;
            if elements.len() != types.len() {
                return Err(mismatch());
            }
            let elements = types.iter().zip(elements).map(|(ty, raw)| inner(ty, raw));
            Ok(Value::Sequence(elements.collect::<Result<_, _>>()?))
        }
        (Type::Map(element), "a map") => {
            let elements: BTreeMap<String, &RawValue> = read(raw)?;
            let elements = elements.into_iter().map(|(name, raw)| Ok((name, inner(element, raw)?)));
            Ok(Value::Mapping(elements.collect::<Result<_, Malformed>>()?))
        }
        (Type::Object(types), "a map") => attributes(types, read(raw)?, inner).map(Value::Mapping),
        _ => Err(mismatch()),
    }
}
