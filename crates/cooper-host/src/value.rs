//! Values of the language as plugins get and give them.

use std::collections::BTreeMap;

use cooper_build::Facts;
use cooper_hcl::value::Number;
use cooper_hcl::{Type, Value, ValueKind};
use cooper_wire::cty::{self, Decimal};
use cooper_wire::msgpack;
use cooper_wire::spec::{Object, Spec};

use crate::schema::hcl_type;

/// What stands for a text that is not known yet, as in Packer.
const UNKNOWN: &str = "<unknown>";

/// The arguments that a block was read as, as the object that a spec describes. What is not known
/// yet is what Packer has for it: a text that says so, zero, nothing.
pub(crate) fn arguments(value: &Value, spec: &Object) -> cty::Value {
    let attributes = value.as_mapping();
    let part = |(name, spec): (&String, &Spec)| {
        let written = match spec {
            Spec::Attribute { name, .. } | Spec::Block { name, .. } => name,
            Spec::BlockList { name, .. } => name,
            Spec::Object(_) => name,
        };
        let value = attributes.and_then(|attributes| attributes.get(&**written));
        (name.clone(), argument(value, spec))
    };
    cty::Value::Mapping(spec.iter().map(part).collect())
}

fn argument(value: Option<&Value>, spec: &Spec) -> cty::Value {
    let given = value.filter(|value| !value.is_null());
    match (spec, given) {
        (Spec::Attribute { ty, .. }, Some(value)) => known(value, ty),
        (Spec::Object(object), Some(value)) => arguments(value, object),
        (Spec::Block { nested, .. }, Some(value)) => argument(Some(value), nested),
        (Spec::BlockList { nested, .. }, given) => {
            let blocks = given.and_then(Value::as_sequence).unwrap_or_default();
            let blocks = blocks.iter().map(|block| argument(Some(block), nested));
            cty::Value::Sequence(blocks.collect())
        }
        (Spec::Attribute { .. } | Spec::Object(_) | Spec::Block { .. }, None) => cty::Value::Null,
    }
}

/// A value of a type, of which the language has made sure.
fn known(value: &Value, ty: &cty::Type) -> cty::Value {
    match (value.kind(), ty) {
        (ValueKind::Null(_), _) => cty::Value::Null,
        (ValueKind::Unknown(_), ty) => placeholder(ty),
        (_, cty::Type::Dynamic) => {
            let own = own_type(value);
            let value = known(value, &own);
            cty::Value::Dynamic(Box::new((own, value)))
        }
        (ValueKind::Bool(value), _) => cty::Value::Bool(*value),
        (ValueKind::Number(number), _) => {
            // Both have the same bounds.
            Decimal::parse(&number.to_string()).map_or(cty::Value::Null, cty::Value::Number)
        }
        (ValueKind::String(text), _) => cty::Value::Text(text.to_string()),
        (ValueKind::List(_, elements) | ValueKind::Set(_, elements), _) => {
            let element = match ty {
                cty::Type::List(element) | cty::Type::Set(element) => (**element).clone(),
                _ => cty::Type::Dynamic,
            };
            cty::Value::Sequence(elements.iter().map(|value| known(value, &element)).collect())
        }
        (ValueKind::Tuple(elements), ty) => {
            let element = |index: usize| match ty {
                cty::Type::Tuple(types) => types.get(index),
                cty::Type::List(element) | cty::Type::Set(element) => Some(&**element),
                _ => None,
            };
            let elements = elements.iter().enumerate();
            let elements = elements
                .map(|(index, value)| known(value, element(index).unwrap_or(&cty::Type::Dynamic)));
            cty::Value::Sequence(elements.collect())
        }
        (ValueKind::Map(_, elements) | ValueKind::Object(elements), ty) => {
            let element = |name: &str| match ty {
                cty::Type::Object(types) => types.get(name),
                cty::Type::Map(element) => Some(&**element),
                _ => None,
            };
            let elements = elements.iter().map(|(name, value)| {
                let ty = element(name).unwrap_or(&cty::Type::Dynamic);
                (name.to_string(), known(value, ty))
            });
            cty::Value::Mapping(elements.collect())
        }
    }
}

/// The same without types, as legacy templates have them: what has no value is not there.
pub(crate) fn without_types(value: cty::Value) -> msgpack::Value {
    match value {
        cty::Value::Null | cty::Value::Unknown => msgpack::Value::Nil,
        cty::Value::Bool(value) => msgpack::Value::Bool(value),
        cty::Value::Number(number) => match (number.as_str().parse(), number.as_str().parse()) {
            (Ok(whole), _) => msgpack::Value::Int(whole),
            (Err(_), Ok(number)) => msgpack::Value::Float(number),
            (Err(_), Err(_)) => msgpack::Value::Nil,
        },
        cty::Value::Text(text) => msgpack::Value::Text(text),
        cty::Value::Sequence(elements) => {
            msgpack::Value::List(elements.into_iter().map(without_types).collect())
        }
        cty::Value::Mapping(elements) => {
            let elements = elements.into_iter().filter(|(_, value)| *value != cty::Value::Null);
            msgpack::Value::object(elements.map(|(name, value)| (name, without_types(value))))
        }
        cty::Value::Dynamic(own) => without_types(own.1),
    }
}

/// What stands for a value that is not known yet.
fn placeholder(ty: &cty::Type) -> cty::Value {
    match ty {
        cty::Type::String => cty::Value::Text(UNKNOWN.to_owned()),
        cty::Type::Number => cty::Value::Number(Decimal::from(0_i64)),
        cty::Type::Bool => cty::Value::Bool(false),
        cty::Type::List(_) | cty::Type::Set(_) => cty::Value::Sequence(Vec::new()),
        cty::Type::Map(_) => cty::Value::Mapping(BTreeMap::new()),
        cty::Type::Tuple(types) => cty::Value::Sequence(types.iter().map(placeholder).collect()),
        cty::Type::Object(types) => {
            let attributes = types.iter().map(|(name, ty)| (name.clone(), placeholder(ty)));
            cty::Value::Mapping(attributes.collect())
        }
        cty::Type::Dynamic => cty::Value::Null,
    }
}

/// The type of a value, as cty has it.
fn own_type(value: &Value) -> cty::Type {
    cty_type(&value.ty())
}

fn cty_type(ty: &Type) -> cty::Type {
    let inner = |ty: &Type| Box::new(cty_type(ty));
    match ty {
        Type::Any => cty::Type::Dynamic,
        Type::Bool => cty::Type::Bool,
        Type::Number => cty::Type::Number,
        Type::String => cty::Type::String,
        Type::List(element) => cty::Type::List(inner(element)),
        Type::Set(element) => cty::Type::Set(inner(element)),
        Type::Map(element) => cty::Type::Map(inner(element)),
        Type::Tuple(elements) => cty::Type::Tuple(elements.iter().map(cty_type).collect()),
        Type::Object(attributes) => {
            let attributes = attributes.iter();
            let attributes = attributes.map(|(name, a)| (name.to_string(), cty_type(&a.ty)));
            cty::Type::Object(attributes.collect())
        }
    }
}

/// What a plugin found, as a value of the language.
pub(crate) fn found(ty: &cty::Type, value: &cty::Value) -> Value {
    match (value, ty) {
        (cty::Value::Null, ty) => Value::null(hcl_type(ty)),
        (cty::Value::Unknown, ty) => Value::unknown(hcl_type(ty)),
        (cty::Value::Dynamic(own), _) => found(&own.0, &own.1),
        (cty::Value::Bool(value), _) => Value::bool(*value),
        (cty::Value::Number(number), _) => match number.as_str().parse::<Number>() {
            Ok(number) => Value::number(number),
            Err(_) => Value::null(Type::Number),
        },
        (cty::Value::Text(text), _) => Value::string(&**text),
        (cty::Value::Sequence(elements), cty::Type::List(element)) => {
            Value::list(hcl_type(element), elements.iter().map(|value| found(element, value)))
        }
        (cty::Value::Sequence(elements), cty::Type::Set(element)) => {
            Value::set(hcl_type(element), elements.iter().map(|value| found(element, value)))
        }
        (cty::Value::Sequence(elements), ty) => {
            let element = |index: usize| match ty {
                cty::Type::Tuple(types) => types.get(index),
                _ => None,
            };
            Value::tuple(
                elements.iter().enumerate().map(|(index, value)| {
                    found(element(index).unwrap_or(&cty::Type::Dynamic), value)
                }),
            )
        }
        (cty::Value::Mapping(elements), cty::Type::Map(element)) => {
            let elements = elements.iter();
            let elements = elements.map(|(name, value)| (&**name, found(element, value)));
            Value::map(hcl_type(element), elements)
        }
        (cty::Value::Mapping(elements), ty) => {
            let element = |name: &str| match ty {
                cty::Type::Object(types) => types.get(name),
                _ => None,
            };
            Value::object(elements.iter().map(|(name, value)| {
                let ty = element(name).unwrap_or(&cty::Type::Dynamic);
                (&**name, found(ty, value))
            }))
        }
    }
}

/// What a builder knows of its machine, as facts: what is a text, a number or a boolean, and lists
/// and maps of those.
pub(crate) fn facts(data: &msgpack::Value) -> Facts {
    let msgpack::Value::Map(fields) = data else { return Facts::new() };
    let fact = |(name, value): &(msgpack::Value, msgpack::Value)| {
        Some((name.as_text()?.to_owned(), plain(value)?))
    };
    fields.iter().filter_map(fact).collect()
}

fn plain(value: &msgpack::Value) -> Option<Value> {
    Some(match value {
        msgpack::Value::Text(text) => Value::string(&**text),
        msgpack::Value::Bytes(bytes) => Value::string(&*String::from_utf8_lossy(bytes)),
        msgpack::Value::Bool(value) => Value::bool(*value),
        msgpack::Value::Int(number) => Value::number(*number),
        msgpack::Value::Uint(number) => Value::number(*number),
        msgpack::Value::Float(number) => Value::number(Number::from_f64(*number).ok()?),
        msgpack::Value::List(elements) => Value::tuple(elements.iter().filter_map(plain)),
        msgpack::Value::Map(fields) => Value::object(
            fields
                .iter()
                .filter_map(|(name, value)| Some((name.as_text()?.to_owned(), plain(value)?))),
        ),
        msgpack::Value::Nil | msgpack::Value::Time(..) | msgpack::Value::Extension(..) => {
            return None;
        }
    })
}

/// Facts as a plugin gets them.
pub(crate) fn data(facts: &Facts) -> msgpack::Value {
    msgpack::Value::object(facts.iter().map(|(name, value)| (name.clone(), untyped(value))))
}

/// A value without a type. Whole numbers are signed, as Go programs have them.
pub(crate) fn untyped(value: &Value) -> msgpack::Value {
    match value.kind() {
        ValueKind::Null(_) | ValueKind::Unknown(_) => msgpack::Value::Nil,
        ValueKind::Bool(value) => msgpack::Value::Bool(*value),
        ValueKind::Number(number) => match number.to_i64() {
            Some(whole) => msgpack::Value::Int(whole),
            None => msgpack::Value::Float(number.to_f64()),
        },
        ValueKind::String(text) => msgpack::Value::text(&**text),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            msgpack::Value::List(elements.iter().map(untyped).collect())
        }
        ValueKind::Map(_, elements) | ValueKind::Object(elements) => {
            let elements = elements.iter();
            msgpack::Value::object(elements.map(|(name, value)| (name.to_string(), untyped(value))))
        }
    }
}

/// What a plugin says of an artifact.
pub(crate) fn state(value: &msgpack::Value) -> Option<Value> {
    plain(value)
}
