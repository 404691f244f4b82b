//! MessagePack with a type: a pair of the type, in JSON, and the value.

use std::collections::BTreeMap;

use super::json::{read_type, write_type};
use super::{DEPTH, Decimal, Malformed, Type, Value, attributes};
use crate::msgpack::{self, Limits};

/// The extensions that stand for a value that is not known: without and with what is known of it.
const UNKNOWN: [i8; 2] = [0, 12];

/// Writes a value and its type.
///
/// # Errors
///
/// When the value is not of the type.
pub fn to_msgpack(ty: &Type, value: &Value) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::new();
    msgpack::encode(&pair(ty, value, 0)?, &mut bytes);
    Ok(bytes)
}

fn pair(ty: &Type, value: &Value, depth: usize) -> Result<msgpack::Value, Malformed> {
    let mut text = String::new();
    write_type(ty, &mut text);
    let value = write(ty, value, depth)?;
    Ok(msgpack::Value::List(vec![msgpack::Value::Bytes(text.into_bytes()), value]))
}

fn write(ty: &Type, value: &Value, depth: usize) -> Result<msgpack::Value, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let inner = |ty: &Type, value: &Value| write(ty, value, depth + 1);
    Ok(match (ty, value) {
        (_, Value::Null) => msgpack::Value::Nil,
        (_, Value::Unknown) => msgpack::Value::Extension(UNKNOWN[0], vec![0]),
        (Type::Dynamic, Value::Dynamic(own)) => return pair(&own.0, &own.1, depth + 1),
        (Type::Bool, Value::Bool(value)) => msgpack::Value::Bool(*value),
        (Type::Number, Value::Number(number)) => write_number(number),
        (Type::String, Value::Text(text)) => msgpack::Value::text(text),
        (Type::List(element) | Type::Set(element), Value::Sequence(elements)) => {
            let elements = elements.iter().map(|value| inner(element, value));
            msgpack::Value::List(elements.collect::<Result<_, _>>()?)
        }
        (Type::Tuple(types), Value::Sequence(elements)) if types.len() == elements.len() => {
            let elements = types.iter().zip(elements).map(|(ty, value)| inner(ty, value));
            msgpack::Value::List(elements.collect::<Result<_, _>>()?)
        }
        (Type::Map(element), Value::Mapping(elements)) => {
            let elements = elements.iter();
            let elements = elements.map(|(name, value)| Ok((name, inner(element, value)?)));
            msgpack::Value::object(elements.collect::<Result<Vec<_>, Malformed>>()?)
        }
        (Type::Object(types), Value::Mapping(elements)) => {
            let extra = elements.keys().find(|name| !types.contains_key(*name));
            if let Some(name) = extra {
                return Err(Malformed::Attribute(name.clone()));
            }
            let attribute = |(name, ty)| {
                let value = elements.get(name);
                let value = value.ok_or_else(|| Malformed::Attribute(String::clone(name)))?;
                Ok((name, inner(ty, value)?))
            };
            let attributes = types.iter().map(attribute).collect::<Result<Vec<_>, Malformed>>()?;
            msgpack::Value::object(attributes)
        }
        _ => return Err(Malformed::mismatch(ty, value.kind())),
    })
}

/// The smallest form of a whole number, a double when that is exact, or else text.
fn write_number(number: &Decimal) -> msgpack::Value {
    let text = number.as_str();
    if let Ok(whole) = text.parse::<i64>() {
        return match u64::try_from(whole) {
            // cty writes positive numbers in unsigned forms.
            Ok(positive) => msgpack::Value::Uint(positive),
            Err(_) => msgpack::Value::Int(whole),
        };
    }
    match text.parse::<f64>() {
        Ok(double) if super::binary::is_exact(double, number) => msgpack::Value::Float(double),
        _ => msgpack::Value::text(text),
    }
}

/// Reads a value and its type.
///
/// # Errors
///
/// When the bytes are not MessagePack of that form, or the value is not of the type.
pub fn from_msgpack(bytes: &[u8]) -> Result<(Type, Value), Malformed> {
    read_pair(msgpack::decode(bytes, Limits::MESSAGE)?, 0)
}

fn read_pair(value: msgpack::Value, depth: usize) -> Result<(Type, Value), Malformed> {
    let wrong = |value: &msgpack::Value| Malformed::mismatch(&Type::Dynamic, kind(value));
    let msgpack::Value::List(pair) = value else { return Err(wrong(&value)) };
    let Ok([ty, value]) = <[msgpack::Value; 2]>::try_from(pair) else {
        return Err(Malformed::mismatch(&Type::Dynamic, "a list"));
    };
    let ty = match &ty {
        msgpack::Value::Bytes(text) => read_type(&String::from_utf8_lossy(text))?,
        msgpack::Value::Text(text) => read_type(text)?,
        other => return Err(wrong(other)),
    };
    let value = read(&ty, value, depth)?;
    Ok((ty, value))
}

const fn kind(value: &msgpack::Value) -> &'static str {
    match value {
        msgpack::Value::Nil => "null",
        msgpack::Value::Bool(_) => "a boolean",
        msgpack::Value::Int(_) | msgpack::Value::Uint(_) | msgpack::Value::Float(_) => "a number",
        msgpack::Value::Text(_) => "a string",
        msgpack::Value::List(_) => "a list",
        msgpack::Value::Map(_) => "a map",
        msgpack::Value::Bytes(_) => "bytes",
        msgpack::Value::Time(..) | msgpack::Value::Extension(..) => "an extension",
    }
}

fn read(ty: &Type, value: msgpack::Value, depth: usize) -> Result<Value, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let inner = |ty: &Type, value| read(ty, value, depth + 1);
    let mismatch = |value: &msgpack::Value| Malformed::mismatch(ty, kind(value));
    match (ty, value) {
        (_, msgpack::Value::Nil) => Ok(Value::Null),
        (_, msgpack::Value::Extension(number, _)) if UNKNOWN.contains(&number) => {
            Ok(Value::Unknown)
        }
        (Type::Dynamic, value) => {
            read_pair(value, depth + 1).map(|own| Value::Dynamic(Box::new(own)))
        }
        (Type::Bool, msgpack::Value::Bool(value)) => Ok(Value::Bool(value)),
        (Type::Number, msgpack::Value::Int(number)) => Ok(Value::Number(number.into())),
        (Type::Number, msgpack::Value::Uint(number)) => Ok(Value::Number(number.into())),
        (Type::Number, msgpack::Value::Float(number)) => Decimal::from_double(number)
            .map(Value::Number)
            .ok_or_else(|| Malformed::mismatch(ty, "infinite")),
        (Type::Number, msgpack::Value::Text(text)) => Decimal::parse(&text)
            .map(Value::Number)
            .ok_or_else(|| Malformed::mismatch(ty, "a string")),
        (Type::String, msgpack::Value::Text(text)) => Ok(Value::Text(text)),
        (Type::List(element) | Type::Set(element), msgpack::Value::List(elements)) => {
            let elements = elements.into_iter().map(|value| inner(element, value));
            Ok(Value::Sequence(elements.collect::<Result<_, _>>()?))
        }
        (Type::Tuple(types), msgpack::Value::List(elements)) if types.len() == elements.len() => {
            let elements = types.iter().zip(elements).map(|(ty, value)| inner(ty, value));
            Ok(Value::Sequence(elements.collect::<Result<_, _>>()?))
        }
        (Type::Map(element), msgpack::Value::Map(fields)) => {
            let elements = named(fields).into_iter();
            let elements = elements.map(|(name, value)| Ok((name, inner(element, value)?)));
            Ok(Value::Mapping(elements.collect::<Result<_, Malformed>>()?))
        }
        (Type::Object(types), msgpack::Value::Map(fields)) => {
            attributes(types, named(fields), inner).map(Value::Mapping)
        }
        (_, value) => Err(mismatch(&value)),
    }
}

/// The fields whose keys are texts, as all are.
fn named(fields: Vec<(msgpack::Value, msgpack::Value)>) -> BTreeMap<String, msgpack::Value> {
    let named = fields.into_iter().filter_map(|(key, value)| match key {
        msgpack::Value::Text(name) => Some((name, value)),
        _ => None,
    });
    named.collect()
}
