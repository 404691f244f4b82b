use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::SourceMap;

/// What is said about a text: the message, and in brackets what it points at.
fn mistakes(text: &str) -> Vec<String> {
    let mut sources = SourceMap::new();
    let file = sources.add("x", text).expect("it is short");
    let diags = Diagnostics::new();
    let parsed = parse(&file, &diags);
    let found = diags.take();
    assert_eq!(parsed.is_err(), !found.is_empty(), "{text}");
    let tell = |diagnostic: crate::Diagnostic| {
        let place = diagnostic.primary.map_or("", |label| sources.text(label.span));
        format!("{} [{place}]", diagnostic.message)
    };
    found.into_iter().map(tell).collect()
}

fn value(text: &str) -> Value {
    let file = SourceMap::new().add("x", text).expect("it is short");
    let diags = Diagnostics::new();
    parse(&file, &diags).unwrap_or_else(|_| panic!("{text}: {:?}", diags.take())).to_value()
}

#[test]
fn values_are_as_they_were_written() {
    for (text, expected) in [
        ("null", "null"),
        (" true\r\n", "true"),
        ("-0.10e+2", "-10"),
        ("1e2", "100"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
        (r#""a\"\\\/\b\f\n\r\t\u00e9""#, "\"a\\\"\\\\/\\u{8}\\u{c}\\n\\r\\té\""),
        (r#""\ud83d\ude00""#, "\"😀\""),
        ("\"${x}\"", "\"${x}\""),
        ("[1, [], {}]", "[1, [], {}]"),
        ("\u{feff}{\"b\": 1, \"a\": 2, \"b\": 3}", "{\"a\": 2, \"b\": 3}"),
    ] {
        assert_eq!(format!("{:?}", value(text)), expected, "{text}");
    }
}

#[test]
fn mistakes_are_told_where_they_are() {
    let table: &[(&str, &[&str])] = &[
        ("", &["the text is empty []"]),
        ("{} x", &["`x` stands behind the end of the JSON value [x]"]),
        ("[1,]", &["there is a comma before `]` [,]"]),
        ("{\"a\": 1,}", &["there is a comma before `}` [,]"]),
        ("[1,,2]", &["nothing stands before this comma [,]"]),
        ("[1 2]", &["a comma is missing here [1]"]),
        ("{\"a\": 1 \"b\": 2}", &["a comma is missing here [1]"]),
        ("{\"a\": 1; \"b\": 2}", &["expected `,`, found `;` [;]"]),
        ("{\"a\" = 1}", &["expected `:`, found `=` [=]"]),
        ("{\"a\"}", &["the property `a` has no value [\"a\"]"]),
        ("{\"a\": }", &["expected a value, found `}` [}]"]),
        ("{a: 1}", &["the name of a property stands in double quotes [a]"]),
        (
            "{'a': 'b'}",
            &[
                "a string of JSON stands in double quotes ['a']",
                "a string of JSON stands in double quotes ['b']",
            ],
        ),
        (
            "[NaN, -Infinity, True, None, x]",
            &[
                "expected a value, found `NaN` [NaN]",
                "`-Infinity` is not a number of JSON [-Infinity]",
                "expected a value, found `True` [True]",
                "expected a value, found `None` [None]",
                "expected a value, found `x` [x]",
            ],
        ),
        (
            "[01, 0x1F, +1, .5, 1., 1e, 1.5.2]",
            &[
                "`01` is not a number of JSON [01]",
                "`0x1F` is not a number of JSON [0x1F]",
                "this is not a number of JSON [+]",
                "this is not a number of JSON [.5]",
                "`1.` is not a number of JSON [1.]",
                "`1e` is not a number of JSON [1e]",
                "`1.5.2` is not a number of JSON [1.5.2]",
            ],
        ),
        (
            "// x\n{ /* y */ \"a\": 1 # z\n}",
            &["JSON has no comments [//]", "JSON has no comments [/*]", "JSON has no comments [#]"],
        ),
        ("{\"a\": [1", &["this `[` is not closed [[]"]),
        ("{\"a\": [1}", &["expected `]`, found `}` [}]"]),
        ("[\"a\nb\"]", &["this string is not closed [\"]"]),
        ("\"", &["this string is not closed [\"]"]),
        ("\"\\", &["this string is not closed [\"]"]),
        (
            "[\"\\x\\ud800\\u12\", \"\\udc00\"]",
            &[
                "JSON has no escape `\\x` [\\x]",
                "`\\ud800` is half a character [\\ud800]",
                "`\\u` needs four hexadecimal digits [\\u12]",
                "`\\udc00` is half a character [\\udc00]",
            ],
        ),
        ("[\"a\0b\"]", &["a string has no control characters such as 0x00 [\0]"]),
        ("[\0]", &["expected a value, found `\0` [\0]"]),
        ("[1e999999999]", &["the number has more than 4096 digits [1e999999999]"]),
    ];
    for (text, expected) in table {
        assert_eq!(mistakes(text), *expected, "{text}");
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let text = "{\n  \"a\": tru,\n  \"b\": [1, 2,],\n  \"c\": 'x'\n}";
    assert_eq!(mistakes(text).len(), 3);
    let text = format!("[{}]", "x,".repeat(1000));
    assert_eq!(mistakes(&text).len(), 20);
}

#[test]
fn both_ends_of_what_is_open_are_shown() {
    let mut sources = SourceMap::new();
    let file = sources.add("x", "{\n  \"a\": {\n    \"b\": 1\n  ]\n}\n").expect("it is short");
    let diags = Diagnostics::new();
    assert!(parse(&file, &diags).is_err());
    let found = diags.take();
    let places: Vec<_> = found[0].labels.iter().map(|label| sources.locate(label.span)).collect();
    assert_eq!(places[0].as_ref().map(|place| (place.line, place.column)), Some((2, 8)));
}

#[test]
fn nesting_is_bounded() {
    assert!(mistakes(&format!("{}1{}", "[".repeat(64), "]".repeat(64))).is_empty());
    let deep = "[".repeat(100_000);
    assert_eq!(mistakes(&deep), ["brackets may be nested 64 levels deep [[]"]);
    let deep = "{\"a\":".repeat(100_000);
    assert_eq!(mistakes(&deep), ["brackets may be nested 64 levels deep [{]"]);
}

proptest::proptest! {
    #[test]
    fn what_others_write_is_read(value in json_value()) {
        let text = serde_json::to_string_pretty(&value).expect("it can be written");
        let ours = crate::json::tests::value(&text);
        let theirs = from_serde(&value);
        proptest::prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }

    #[test]
    fn what_is_not_json_is_refused(text in "[\\[\\]{}\",:0-9a-e\\\\ \n'/.+-]{0,40}") {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        proptest::prop_assert_eq!(mistakes(&text).is_empty(), theirs.is_ok(), "{}", text);
    }
}

fn json_value() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
            proptest::collection::vec((".{0,4}", inner), 0..5)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn from_serde(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::null(Type::Any),
        serde_json::Value::Bool(value) => Value::bool(*value),
        serde_json::Value::Number(number) => Value::number(number.as_i64().unwrap_or_default()),
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(elements) => Value::tuple(elements.iter().map(from_serde)),
        serde_json::Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.as_str(), from_serde(value))))
        }
    }
}
