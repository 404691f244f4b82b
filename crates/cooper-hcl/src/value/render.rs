//! Values as text and as JSON, for people and for events.

use super::{Number, Value, ValueKind};
use crate::go_quote::quoted;

/// What stands for a value that must not be shown.
const SENSITIVE: &str = "<sensitive>";
/// What stands for a value that is not known yet.
const UNKNOWN: &str = "<unknown>";

impl Value {
    /// The value as `cooper console` shows it.
    ///
    /// A string stands for itself; collections take a line per element; anything unknown
    /// inside makes the whole `<unknown>`, and what is sensitive shows as `<sensitive>`.
    pub fn render(&self) -> String {
        if self.marks.sensitive {
            return SENSITIVE.into();
        }
        if !self.is_wholly_known() {
            return UNKNOWN.into();
        }
        if let Some(text) = self.as_str() {
            return text.to_owned();
        }
        let mut out = String::new();
        self.render_into(&mut out, 0);
        out
    }

    fn render_into(&self, out: &mut String, indent: usize) {
        if self.marks.sensitive {
            out.push_str(SENSITIVE);
            return;
        }
        match &self.kind {
            ValueKind::Null(_) => out.push_str("null"),
            ValueKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            ValueKind::Number(value) => out.push_str(&render_number(value)),
            ValueKind::String(text) => out.push_str(&quoted(text, '"')),
            ValueKind::Unknown(_) => out.push_str(UNKNOWN),
            ValueKind::List(_, values) | ValueKind::Set(_, values) | ValueKind::Tuple(values) => {
                if values.is_empty() {
                    out.push_str("[]");
                    return;
                }
                out.push_str("[\n");
                for value in values.iter() {
                    push_indent(out, indent + 1);
                    value.render_into(out, indent + 1);
                    out.push_str(",\n");
                }
                push_indent(out, indent);
                out.push(']');
            }
            ValueKind::Map(_, values) | ValueKind::Object(values) => {
                // As in Packer, an attribute without a value is not shown.
                let mut values = values.iter().filter(|(_, value)| !value.is_null()).peekable();
                if values.peek().is_none() {
                    out.push_str("{}");
                    return;
                }
                out.push_str("{\n");
                for (name, value) in values {
                    push_indent(out, indent + 1);
                    out.push_str(&quoted(name, '"'));
                    out.push_str(" = ");
                    value.render_into(out, indent + 1);
                    out.push('\n');
                }
                push_indent(out, indent);
                out.push('}');
            }
        }
    }

    /// The value as JSON. Sets become arrays, and what is unknown becomes null.
    ///
    /// A sensitive value becomes the string `<sensitive>`; take the marks off first to get its
    /// content. A number that neither a 64-bit integer nor a double can hold is rounded.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        if self.marks.sensitive {
            return Json::String(SENSITIVE.into());
        }
        match &self.kind {
            ValueKind::Null(_) | ValueKind::Unknown(_) => Json::Null,
            ValueKind::Bool(value) => Json::Bool(*value),
            ValueKind::Number(value) => number_to_json(value),
            ValueKind::String(text) => Json::String(text.to_string()),
            ValueKind::List(_, values) | ValueKind::Set(_, values) | ValueKind::Tuple(values) => {
                Json::Array(values.iter().map(Value::to_json).collect())
            }
            ValueKind::Map(_, values) | ValueKind::Object(values) => Json::Object(
                values.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect(),
            ),
        }
    }
}

fn number_to_json(value: &Number) -> serde_json::Value {
    match (value.to_i64(), value.to_u64()) {
        (Some(integer), _) => integer.into(),
        (None, Some(integer)) => integer.into(),
        (None, None) => value.to_f64().into(),
    }
}

/// A whole number with all its digits; another as a double, in the shortest form that reads back
/// the same, as Go prints it.
fn render_number(value: &Number) -> String {
    let double = value.to_f64();
    if value.is_integer() || !double.is_finite() {
        return value.to_string();
    }
    let scientific = format!("{double:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if (-4..6).contains(&exponent) {
        return format!("{double}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn push_indent(out: &mut String, levels: usize) {
    out.extend(std::iter::repeat_n("  ", levels));
}

#[cfg(test)]
mod tests {
    use super::super::{Marks, Type};
    use super::*;

    #[test]
    fn as_the_console_shows_it() {
        let secret = || Value::string("hush").with_marks(Marks::SENSITIVE);
        for (value, shown) in [
            (Value::string("a\n\"b\""), "a\n\"b\""),
            (Value::tuple([]), "[]"),
            (Value::tuple([Value::string("a\"\n")]), "[\n  \"a\\\"\\n\",\n]"),
            (Value::object([("a", Value::null(Type::Any))]), "{}"),
            (
                Value::object([("k", Value::tuple([Value::number(1), Value::null(Type::Any)]))]),
                "{\n  \"k\" = [\n    1,\n    null,\n  ]\n}",
            ),
            (Value::tuple([Value::unknown(Type::String)]), "<unknown>"),
            (secret(), "<sensitive>"),
            (Value::tuple([secret()]), "[\n  <sensitive>,\n]"),
        ] {
            assert_eq!(value.render(), shown);
        }
    }

    #[test]
    fn numbers() {
        for (text, shown) in [
            ("0.1", "0.1"),
            ("100000000000000000000", "100000000000000000000"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("100000.5", "100000.5"),
            ("1234567.5", "1.2345675e+06"),
            ("3.33333333333333333333333", "3.3333333333333335"),
            ("0.00001", "1e-05"),
            ("1e400", &format!("1{}", "0".repeat(400))),
        ] {
            assert_eq!(Value::number(text.parse::<Number>().unwrap()).render(), shown);
        }
    }

    #[test]
    fn as_json() {
        let value = Value::object([
            ("a", Value::tuple([Value::number(1), Value::bool(true)])),
            ("b", Value::string("x").with_marks(Marks::SENSITIVE)),
            ("c", Value::unknown(Type::String)),
        ]);
        let expected = serde_json::json!({"a": [1, true], "b": "<sensitive>", "c": null});
        assert_eq!(value.to_json(), expected);
    }
}
