//! Values as the oracle tells them, and the names that every expression may use.

use cooper_hcl::value::ValueKind;
use cooper_hcl::{Type, Value};
use serde_json::{Value as Json, json};

/// A value as `testdata/oracle/value.go` writes it.
pub(crate) fn tell(value: &Value) -> Json {
    json!({ "type": value.ty().to_string(), "value": content(value) })
}

fn content(value: &Value) -> Json {
    let (value, marks) = value.clone().unmark();
    let plain = match value.kind() {
        ValueKind::Null(_) => Json::Null,
        ValueKind::Unknown(ty) => json!({ "unknown": ty.to_string() }),
        ValueKind::Bool(value) => json!(value),
        ValueKind::String(text) => json!(&**text),
        ValueKind::Number(number) => json!({ "number": number.to_string() }),
        ValueKind::List(..) | ValueKind::Set(..) | ValueKind::Tuple(_) => {
            value.children().map(content).collect()
        }
        ValueKind::Map(_, elements) | ValueKind::Object(elements) => {
            let elements = elements.iter().map(|(name, value)| (name.to_string(), content(value)));
            json!({ "object": elements.collect::<serde_json::Map<_, _>>() })
        }
    };
    if marks.sensitive { json!({ "sensitive": plain }) } else { plain }
}

/// The names that every expression may use; `testdata/oracle/functions.go` has the same.
pub(crate) fn variables() -> Vec<(&'static str, Value)> {
    use cooper_hcl::value::Marks;
    let texts = |texts: &[&str]| texts.iter().map(Value::string).collect::<Vec<_>>();
    let numbers = || [3, 1, 2].map(|n: i64| Value::number(n));
    let hidden = |value: Value| value.with_marks(Marks::SENSITIVE);
    let (a, b) = (|text: &str| ("a", Value::string(text)), |text: &str| ("b", Value::string(text)));
    vec![
        ("text", Value::string("héllo wörld")),
        ("list", Value::list(Type::String, texts(&["b", "a", "c"]))),
        ("set", Value::set(Type::String, texts(&["b", "a", "c"]))),
        ("numbers", Value::list(Type::Number, numbers())),
        ("number_set", Value::set(Type::Number, numbers())),
        ("map", Value::map(Type::String, [a("x"), b("y")])),
        ("empty_list", Value::list(Type::String, [])),
        ("empty_set", Value::set(Type::Number, [])),
        ("empty_map", Value::map::<&str>(Type::Bool, [])),
        ("null_string", Value::null(Type::String)),
        ("null_list", Value::null(Type::list(Type::String))),
        ("unknown", Value::unknown(Type::Any)),
        ("unknown_string", Value::unknown(Type::String)),
        ("unknown_number", Value::unknown(Type::Number)),
        ("unknown_bool", Value::unknown(Type::Bool)),
        ("unknown_list", Value::unknown(Type::list(Type::String))),
        ("unknown_map", Value::unknown(Type::map(Type::Number))),
        ("unknown_pair", Value::unknown(Type::Tuple([Type::String, Type::Bool].into()))),
        ("unknown_object", Value::unknown(Type::object([("name", Type::String)]))),
        ("secret", hidden(Value::string("hush"))),
        ("secret_number", hidden(Value::number(7))),
        ("secret_bool", hidden(Value::bool(true))),
        ("secret_list", hidden(Value::list(Type::String, texts(&["p", "q"])))),
        ("secret_inside", Value::tuple([Value::string("open"), hidden(Value::string("shut"))])),
        (
            "secret_object",
            Value::object([("a", hidden(Value::string("x"))), ("b", Value::number(1))]),
        ),
    ]
}
