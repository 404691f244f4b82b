//! Values as Go's mapstructure takes them, which legacy templates rely on: a string where a list
//! is wanted, `"true"` or `1` for a boolean.

use crate::value::{Type, Value, ValueKind};

/// The value as it is taken for one of a type; as it is, where nothing is to be done.
pub fn weakly(value: Value, ty: &Type) -> Value {
    let marks = value.marks();
    let taken = match (value.kind(), ty) {
        (ValueKind::String(text), Type::Bool) => truth(text).map(Value::bool),
        (ValueKind::Number(number), Type::Bool) => Some(Value::bool(number.to_i64() != Some(0))),
        (ValueKind::Bool(value), Type::String) => {
            Some(Value::string(if *value { "1" } else { "0" }))
        }
        (ValueKind::Bool(value), Type::Number) => Some(Value::number(i64::from(*value))),
        (ValueKind::String(text), Type::Number) if text.is_empty() => Some(Value::number(0)),
        (ValueKind::String(text), Type::List(element) | Type::Set(element)) => {
            let parts = text.split(',').filter(|_| !text.is_empty());
            Some(Value::tuple(parts.map(|part| weakly(Value::string(part), element))))
        }
        (ValueKind::Tuple(elements), Type::List(element) | Type::Set(element)) => {
            Some(Value::tuple(elements.iter().map(|value| weakly(value.clone(), element))))
        }
        (
            ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::Object(_),
            Type::List(element) | Type::Set(element),
        ) => Some(Value::tuple([weakly(value.clone(), element)])),
        (ValueKind::Object(attributes), Type::Map(element)) => {
            let attributes = attributes.iter();
            Some(Value::object(
                attributes.map(|(name, value)| (name.clone(), weakly(value.clone(), element))),
            ))
        }
        (ValueKind::Tuple(elements), Type::Map(_)) if is_of_objects(elements) => {
            let objects = elements.iter().filter_map(Value::as_mapping);
            let all = objects.flatten().map(|(name, value)| (name.clone(), value.clone()));
            Some(weakly(Value::object(all.collect::<Vec<_>>()), ty))
        }
        _ => None,
    };
    taken.map_or(value, |taken| taken.with_marks(marks))
}

fn is_of_objects(elements: &[Value]) -> bool {
    elements.iter().all(|element| element.as_mapping().is_some())
}

/// A boolean as Go writes them.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_for_what_is_wanted() {
        let list = Type::list(Type::String);
        let map = Type::map(Type::String);
        let text = Value::string;
        for (value, ty, expected) in [
            (text("a,b"), &list, r#"["a", "b"]"#),
            (text(""), &list, "[]"),
            (Value::number(1), &list, "[1]"),
            (Value::tuple([Value::bool(true)]), &list, r#"["1"]"#),
            (text("True"), &Type::Bool, "true"),
            (text(""), &Type::Bool, "false"),
            (text("yes"), &Type::Bool, r#""yes""#),
            (Value::number(2), &Type::Bool, "true"),
            (Value::bool(false), &Type::String, r#""0""#),
            (Value::bool(true), &Type::Number, "1"),
            (text(""), &Type::Number, "0"),
            (Value::object([("a", Value::bool(true))]), &map, r#"{"a": "1"}"#),
            (Value::tuple([Value::object([("a", text("b"))])]), &map, r#"{"a": "b"}"#),
            (text("x"), &map, r#""x""#),
        ] {
            assert_eq!(format!("{:?}", weakly(value, ty)), expected);
        }
    }
}
