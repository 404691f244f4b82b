//! Values and types in gob: what cty's own types write themselves as.

use std::collections::BTreeMap;

use super::{DEPTH, Malformed, Type, Value, binary};
use crate::gob::{self, TypeId, Types, Value as Gob};

/// What the types of types are called.
const PATH: &str = "github.com/zclconf/go-cty/cty";
const NUMBER: &str = "math/big.Float";
const MAP: &str = "map[string]interface {}";
const LIST: &str = "[]interface {}";

/// Reads a type.
///
/// # Errors
///
/// As a [`crate::spec::Malformed`], which is where types stand.
pub fn decode_type(bytes: &[u8]) -> Result<Type, crate::spec::Malformed> {
    read_type(bytes, 0)
}

fn read_type(bytes: &[u8], depth: usize) -> Result<Type, crate::spec::Malformed> {
    use crate::spec::Malformed;
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let value = gob::decode(bytes)?;
    let unknown = |what: &str| Malformed::Unknown(format!("the type `{what}`"));
    let Some(Gob::Interface(Some((name, ty)))) = value.field("Impl") else {
        return Err(unknown("nothing"));
    };
    let inner = |value: Option<&Gob>| {
        read_type(value.and_then(Gob::as_opaque).unwrap_or_default(), depth + 1)
    };
    let element = || inner(ty.field("ElementTypeT")).map(Box::new);
    match name.rsplit('.').next().unwrap_or_default() {
        "primitiveType" => match ty.field("Kind") {
            Some(Gob::Uint(0x53)) => Ok(Type::String),
            Some(Gob::Uint(0x4e)) => Ok(Type::Number),
            Some(Gob::Uint(0x42)) => Ok(Type::Bool),
            _ => Err(unknown("of no kind")),
        },
        "typeList" => Ok(Type::List(element()?)),
        "typeSet" => Ok(Type::Set(element()?)),
        "typeMap" => Ok(Type::Map(element()?)),
        "typeTuple" => {
            let elements = match ty.field("ElemTypes") {
                Some(Gob::List(elements)) => elements.as_slice(),
                _ => &[],
            };
            let elements = elements.iter().map(|element| inner(Some(element)));
            Ok(Type::Tuple(elements.collect::<Result<_, _>>()?))
        }
        "typeObject" => {
            let attributes = match ty.field("AttrTypes") {
                Some(Gob::Map(attributes)) => attributes.as_slice(),
                _ => &[],
            };
            let attributes = attributes.iter().map(|(name, ty)| {
                Ok((name.as_text().unwrap_or_default().to_owned(), inner(Some(ty))?))
            });
            Ok(Type::Object(attributes.collect::<Result<_, Malformed>>()?))
        }
        "pseudoTypeDynamic" => Ok(Type::Dynamic),
        _ => Err(unknown(name)),
    }
}

/// Writes a type.
pub fn encode_type(ty: &Type) -> Vec<u8> {
    let mut types = Types::new();
    let top = types.structure("gobType", &[("Version", TypeId::INT), ("Impl", TypeId::INTERFACE)]);
    let opaque = |ty: &Type| Gob::Opaque(encode_type(ty));
    let (name, id, fields) = match ty {
        Type::String | Type::Number | Type::Bool => {
            let kind = match ty {
                Type::String => 0x53,
                Type::Number => 0x4e,
                _ => 0x42,
            };
            let id = types.structure("primitiveType", &[("Kind", TypeId::UINT)]);
            ("primitiveType", id, vec![("Kind", Gob::Uint(kind))])
        }
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            let name = match ty {
                Type::List(_) => "typeList",
                Type::Set(_) => "typeSet",
                _ => "typeMap",
            };
            let inner = types.opaque("Type");
            let id = types.structure(name, &[("ElementTypeT", inner)]);
            (name, id, vec![("ElementTypeT", opaque(element))])
        }
        Type::Tuple(elements) => {
            let inner = types.opaque("Type");
            let list = types.list("[]cty.Type", inner);
            let id = types.structure("typeTuple", &[("ElemTypes", list)]);
            let elements = Gob::List(elements.iter().map(opaque).collect());
            ("typeTuple", id, vec![("ElemTypes", elements)])
        }
        Type::Object(attributes) => {
            let inner = types.opaque("Type");
            let map = types.map("map[string]cty.Type", TypeId::TEXT, inner);
            let id = types.structure("typeObject", &[("AttrTypes", map)]);
            let attributes = attributes.iter();
            let attributes =
                attributes.map(|(name, ty)| (Gob::Text(name.clone()), opaque(ty))).collect();
            ("typeObject", id, vec![("AttrTypes", Gob::Map(attributes))])
        }
        Type::Dynamic => ("pseudoTypeDynamic", types.structure("pseudoTypeDynamic", &[]), vec![]),
    };
    let name = format!("{PATH}.{name}");
    types.hold(&name, id);
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let held = Gob::Interface(Some((name, Box::new(Gob::Struct(fields)))));
    gob::encode(&types, top, &Gob::Struct(vec![("Impl".to_owned(), held)]))
}

/// Reads a value and its type: what a data source finds.
///
/// # Errors
///
/// When the bytes are no such stream, or the value is not of the type.
pub fn decode_value(bytes: &[u8]) -> Result<(Type, Value), Malformed> {
    // The stream holds something with an encoding of its own, which is another stream.
    let outer = gob::decode(bytes)?;
    let value = gob::decode(outer.as_opaque().unwrap_or_default())?;
    let ty = value.field("Ty").and_then(Gob::as_opaque).unwrap_or_default();
    let ty = decode_type(ty).map_err(|error| Malformed::Type(error.to_string()))?;
    let value = match value.field("V") {
        Some(held) => read(&ty, held, 0)?,
        None => Value::Null,
    };
    Ok((ty, value))
}

fn read(ty: &Type, held: &Gob, depth: usize) -> Result<Value, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let Gob::Interface(held) = held else { return Err(Malformed::mismatch(ty, "no interface")) };
    let Some((name, value)) = held else { return Ok(Value::Null) };
    let mismatch = || Err(Malformed::mismatch(ty, "another"));
    match (ty, &**value) {
        (Type::String, Gob::Text(text)) => Ok(Value::Text(text.clone())),
        (Type::Bool, Gob::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Number, Gob::Opaque(bytes)) if name.ends_with("big.Float") => {
            binary::decode(bytes).map(Value::Number).map_or_else(mismatch, Ok)
        }
        (Type::List(element) | Type::Set(element), Gob::List(elements)) => {
            let elements = elements.iter().map(|value| read(element, value, depth + 1));
            Ok(Value::Sequence(elements.collect::<Result<_, _>>()?))
        }
        (Type::Tuple(types), Gob::List(elements)) if types.len() == elements.len() => {
            let elements = types.iter().zip(elements);
            let elements = elements.map(|(ty, value)| read(ty, value, depth + 1));
            Ok(Value::Sequence(elements.collect::<Result<_, _>>()?))
        }
        (Type::Map(element), Gob::Map(elements)) => {
            let elements = elements.iter().map(|(name, value)| {
                let name = name.as_text().unwrap_or_default().to_owned();
                Ok((name, read(element, value, depth + 1)?))
            });
            Ok(Value::Mapping(elements.collect::<Result<_, Malformed>>()?))
        }
        (Type::Object(types), Gob::Map(elements)) => {
            let named = elements
                .iter()
                .map(|(name, value)| (name.as_text().unwrap_or_default().to_owned(), value));
            let named: BTreeMap<String, &Gob> = named.collect();
            super::attributes(types, named, |ty, value| read(ty, value, depth + 1))
                .map(Value::Mapping)
        }
        _ => mismatch(),
    }
}

/// Writes a value and its type.
///
/// # Errors
///
/// When the value is not of the type or not wholly known.
pub fn encode_value(ty: &Type, value: &Value) -> Result<Vec<u8>, Malformed> {
    let mut types = Types::new();
    let ty_id = types.opaque("Type");
    let top = types.structure(
        "gobValue",
        &[("Version", TypeId::INT), ("Ty", ty_id), ("V", TypeId::INTERFACE)],
    );
    let map = types.map(MAP, TypeId::TEXT, TypeId::INTERFACE);
    let list = types.list(LIST, TypeId::INTERFACE);
    let number = types.opaque("Float");
    types.hold("string", TypeId::TEXT);
    types.hold("bool", TypeId::BOOL);
    types.hold(MAP, map);
    types.hold(LIST, list);
    types.hold(NUMBER, number);
    let fields = [("Ty", Gob::Opaque(encode_type(ty))), ("V", write(ty, value, 0)?)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let inner = gob::encode(&types, top, &Gob::Struct(fields));
    let mut types = Types::new();
    let top = types.opaque("Value");
    Ok(gob::encode(&types, top, &Gob::Opaque(inner)))
}

fn write(ty: &Type, value: &Value, depth: usize) -> Result<Gob, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Depth);
    }
    let (name, value) = match (ty, value) {
        (_, Value::Null) => return Ok(Gob::Interface(None)),
        (_, Value::Unknown) => return Err(Malformed::Unknown),
        (Type::String, Value::Text(text)) => ("string", Gob::Text(text.clone())),
        (Type::Bool, Value::Bool(value)) => ("bool", Gob::Bool(*value)),
        (Type::Number, Value::Number(number)) => (NUMBER, Gob::Opaque(binary::encode(number))),
        (Type::List(element) | Type::Set(element), Value::Sequence(elements)) => {
            let elements = elements.iter().map(|value| write(element, value, depth + 1));
            (LIST, Gob::List(elements.collect::<Result<_, _>>()?))
        }
        (Type::Tuple(types), Value::Sequence(elements)) if types.len() == elements.len() => {
            let elements = types.iter().zip(elements);
            let elements = elements.map(|(ty, value)| write(ty, value, depth + 1));
            (LIST, Gob::List(elements.collect::<Result<_, _>>()?))
        }
        (Type::Map(_) | Type::Object(_), Value::Mapping(elements)) => {
            let elements = elements.iter().map(|(name, value)| {
                let element = match ty {
                    Type::Object(types) => types.get(name),
                    Type::Map(element) => Some(&**element),
                    _ => None,
                };
                let element = element.ok_or_else(|| Malformed::Attribute(name.clone()))?;
                Ok((Gob::Text(name.clone()), write(element, value, depth + 1)?))
            });
            (MAP, Gob::Map(elements.collect::<Result<_, Malformed>>()?))
        }
        _ => return Err(Malformed::mismatch(ty, value.kind())),
    };
    Ok(Gob::Interface(Some((name.to_owned(), Box::new(value)))))
}
