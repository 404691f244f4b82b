use proptest::prelude::*;

use super::*;
use crate::testing::hex;

fn object<T>(fields: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect()
}

fn list(element: Type) -> Type {
    Type::List(Box::new(element))
}

fn number(text: &str) -> Value {
    Value::Number(Decimal::parse(text).unwrap())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What core sends to a builder with every kind of argument.
const ARGUMENTS: &str = r#"{"value":{"cmds":["one","two"],"count":3,"disk":[{"size":10},{"size":20.5}],"matrix":null,"name":"nm1","on":true,"opts":{"fast":true},"tags":{"a":"b"}},"type":["object",{"cmds":["list","string"],"count":"number","disk":["list",["object",{"size":"number"}]],"matrix":["list",["list","string"]],"name":"string","on":"bool","opts":["object",{"fast":"bool"}],"tags":["map","string"]}]}"#;

#[test]
fn arguments_travel_as_json_with_a_type() {
    let ty = Type::Object(object([
        ("cmds", list(Type::String)),
        ("count", Type::Number),
        ("disk", list(Type::Object(object([("size", Type::Number)])))),
        ("matrix", list(list(Type::String))),
        ("name", Type::String),
        ("on", Type::Bool),
        ("opts", Type::Object(object([("fast", Type::Bool)]))),
        ("tags", Type::Map(Box::new(Type::String))),
    ]));
    let size = |size| Value::Mapping(object([("size", number(size))]));
    let value = Value::Mapping(object([
        ("cmds", Value::Sequence(vec![text("one"), text("two")])),
        ("count", number("3")),
        ("disk", Value::Sequence(vec![size("10"), size("20.5")])),
        ("matrix", Value::Null),
        ("name", text("nm1")),
        ("on", Value::Bool(true)),
        ("opts", Value::Mapping(object([("fast", Value::Bool(true))]))),
        ("tags", Value::Mapping(object([("a", text("b"))]))),
    ]));
    assert_eq!(to_json(&ty, &value), Ok(ARGUMENTS.to_owned()));
    assert_eq!(from_json(ARGUMENTS), Ok((ty, value)));
}

#[test]
fn what_a_data_source_finds_travels_as_messagepack() {
    // Captured from the Go library.
    let bytes = hex(
        "92c4895b226f626a656374222c7b2262223a22626f6f6c222c22626967223a226e756d626572222c2269223a22\
         6e756d626572222c226c223a5b226c697374222c22737472696e67225d2c226d223a5b226d6170222c226e756d\
         626572225d2c226e223a226e756d626572222c226e756c223a22737472696e67222c226f7574223a2273747269\
         6e67227d5d88a162c3a3626967be31323334353637383930313233343536373839303132333435363738393\
         0a169cd012ca16c91a161a16d81a16bffa16ecb3ff4000000000000a36e756cc0a36f7574a576616c7565",
    );
    let (ty, value) = from_msgpack(&bytes).unwrap();
    let expected = Value::Mapping(object([
        ("b", Value::Bool(true)),
        ("big", number("123456789012345678901234567890")),
        ("i", number("300")),
        ("l", Value::Sequence(vec![text("a")])),
        ("m", Value::Mapping(object([("k", number("-1"))]))),
        ("n", number("1.25")),
        ("nul", Value::Null),
        ("out", text("value")),
    ]));
    assert_eq!(value, expected);
    assert_eq!(to_msgpack(&ty, &value), Ok(bytes));
    let unknown = hex("92c4082273747269 6e6722d40000");
    assert_eq!(from_msgpack(&unknown), Ok((Type::String, Value::Unknown)));
}

#[test]
fn numbers_have_one_text() {
    for (written, shown) in [
        ("1", "1"),
        ("-1.50", "-1.5"),
        ("1e3", "1000"),
        ("1.5E+2", "150"),
        ("12e-3", "0.012"),
        ("0012", "12"),
        ("-0.0", "0"),
        ("0e99", "0"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ] {
        assert_eq!(Decimal::parse(written).map(|d| d.to_string()).as_deref(), Some(shown));
    }
    for wrong in ["", "-", "+1", ".5", "1.", "1e", "e1", "1e999999999999", "inf", "NaN", "0x1"] {
        assert_eq!(Decimal::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Decimal::parse(&"9".repeat(10_000)), None);
}

#[test]
fn numbers_are_big_floats_in_gob() {
    for (number, bytes) in [
        ("300", "010a00000040000000099600000000000000"),
        ("-300", "010b00000040000000099600000000000000"),
        ("0", "010800000040"),
    ] {
        assert_eq!(binary::decode(&hex(bytes)), Decimal::parse(number), "{number}");
    }
    for number in ["0", "1", "-1", "0.5", "300", "1e40", "-12345.678", "1e-30"] {
        let number = Decimal::parse(number).unwrap();
        let read = binary::decode(&binary::encode(&number)).unwrap();
        let near = |text: &str| text.parse::<f64>().unwrap();
        assert_eq!(near(read.as_str()), near(number.as_str()), "{number}");
    }
    // An exponent that would make gigabytes of digits, an infinity, and nothing.
    for bytes in ["010a000000407fffffff8000000000000000", "010c00000040", "01", "", "02"] {
        assert_eq!(binary::decode(&hex(bytes)), None, "{bytes}");
    }
}

#[test]
fn what_is_not_of_its_type_is_refused() {
    for wrong in [
        "",
        "null",
        "{}",
        r#"{"value":1}"#,
        r#"{"value":1,"type":"string"}"#,
        r#"{"value":"x","type":"number"}"#,
        r#"{"value":[1],"type":["tuple",[]]}"#,
        r#"{"value":{},"type":["object",{"a":"string"}]}"#,
        r#"{"value":{"a":"","b":""},"type":["object",{"a":"string"}]}"#,
        r#"{"value":1,"type":"integer"}"#,
        r#"{"value":1,"type":["list"]}"#,
        r#"{"value":1e9999999999,"type":"number"}"#,
        r#"{"value":1,"type":"dynamic"}"#,
    ] {
        assert!(from_json(wrong).is_err(), "{wrong}");
    }
    let deep = format!(
        r#"{{"value":null,"type":{}"string"{}}}"#,
        "[\"list\",".repeat(100),
        "]".repeat(100)
    );
    assert!(from_json(&deep).is_err());
    let nested = r#"{"value":"#.repeat(500);
    assert!(from_json(&nested).is_err());
    assert_eq!(to_json(&Type::String, &Value::Unknown), Err(Malformed::Unknown));
    assert!(to_json(&Type::String, &number("1")).is_err());
    assert!(from_msgpack(&hex("91c0")).is_err());
    assert!(from_msgpack(&hex("92c40822737472696e672201")).is_err());
}

fn typed() -> impl Strategy<Value = (Type, Value)> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| (Type::Bool, Value::Bool(value))),
        any::<i64>().prop_map(|value| (Type::Number, Value::Number(value.into()))),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{0,10}[1-9])?"
            .prop_map(|text| { (Type::Number, number(&text)) }),
        ".{0,20}".prop_map(|text| (Type::String, Value::Text(text))),
        Just((Type::String, Value::Null)),
    ];
    leaf.prop_recursive(3, 32, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..4_usize)
                .prop_map(|((ty, value), count)| (list(ty), Value::Sequence(vec![value; count]))),
            (inner.clone(), ".{0,5}").prop_map(|((ty, value), key)| {
                (Type::Map(Box::new(ty)), Value::Mapping(BTreeMap::from([(key, value)])))
            }),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|elements| {
                let (types, values) = elements.into_iter().unzip();
                (Type::Tuple(types), Value::Sequence(values))
            }),
            proptest::collection::btree_map("[a-z]{1,5}", inner, 0..4).prop_map(|attributes| {
                let types = attributes.iter().map(|(name, (ty, _))| (name.clone(), ty.clone()));
                let ty = Type::Object(types.collect());
                let values = attributes.into_iter().map(|(name, (_, value))| (name, value));
                (ty, Value::Mapping(values.collect()))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((ty, value) in typed()) {
        let json = to_json(&ty, &value).unwrap();
        prop_assert_eq!(from_json(&json), Ok((ty.clone(), value.clone())));
        let dynamic = Value::Dynamic(Box::new((ty.clone(), value.clone())));
        let json = to_json(&Type::Dynamic, &dynamic).unwrap();
        prop_assert_eq!(from_json(&json), Ok((Type::Dynamic, dynamic)));
        let bytes = to_msgpack(&ty, &value).unwrap();
        prop_assert_eq!(from_msgpack(&bytes), Ok((ty.clone(), value.clone())));
        let bytes = gob::encode_type(&ty);
        prop_assert_eq!(gob::decode_type(&bytes), Ok(ty));
    }

    #[test]
    fn what_is_written_in_gob_is_read(
        texts in proptest::collection::vec(".{0,20}", 0..5),
        whole in any::<i64>(),
        flag in any::<bool>(),
    ) {
        let ty = Type::Object(object([
            ("flag", Type::Bool),
            ("none", Type::String),
            ("texts", list(Type::String)),
            ("whole", Type::Number),
        ]));
        let value = Value::Mapping(object([
            ("flag", Value::Bool(flag)),
            ("none", Value::Null),
            ("texts", Value::Sequence(texts.into_iter().map(Value::Text).collect())),
            ("whole", Value::Number(whole.into())),
        ]));
        let bytes = gob::encode_value(&ty, &value).unwrap();
        prop_assert_eq!(gob::decode_value(&bytes), Ok((ty, value)));
    }

    #[test]
    fn garbage_is_refused_or_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "[\\[\\]{}\":,a-z0-9]{0,60}",
    ) {
        let _ = from_json(&text);
        let _ = from_msgpack(&bytes);
        let _ = gob::decode_value(&bytes);
        let _ = binary::decode(&bytes);
    }
}

/// As Go's own `Text('f', -1)` has them.
#[test]
fn numbers_of_big_floats_have_the_fewest_digits() {
    for (number, bytes) in [
        (
            "2.1666666666666666666666666666666666666666666666666666666666666666666666666\
             666666666666666666666666666666666666666666666666666666666666666666666666666\
             666668",
            "011200000200000000028aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
             aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        ),
        ("0.1", "010a00000035fffffffdccccccccccccd000"),
        (
            "-0.333333333333333333333333333333333333333333333333333333333333333333333333\
             333333333333333333333333333333333333333333333333333333333333333333333333333\
             33333335",
            "010300000200ffffffffaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
             aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        ),
        ("9007199254740992", "010a00000035000000368000000000000000"),
        (
            "123456789012345678901234567890.5",
            "010a0000020000000061c77487fb61b9f077271f85694000000000000000000000000000000\
             0000000000000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            "0.0009765625",
            "010a00000200fffffff78000000000000000000000000000000000000000000000000000000\
             0000000000000000000000000000000000000000000000000000000000000000000000000",
        ),
        ("0.33333334", "011200000018ffffffffaaaaab0000000000"),
        ("0.14285714285714285714", "010200000040fffffffe9249249249249249"),
        (
            "414951556888099300000000000000000000000000000000000000000000000000000000000\
             000000000000000000000000000000000000000000000000000000000000000000000000000\
             0000000000000000000000000000000",
            "010a00000035000002598000000000000000",
        ),
    ] {
        let read = binary::decode(&hex(bytes)).unwrap();
        assert_eq!(read.as_str(), number);
    }
    for number in ["1", "-0.1", "1e40", "-12345.678", "1e-30", "1e400", "0.3333333333333333"] {
        let number = Decimal::parse(number).unwrap();
        assert_eq!(binary::decode(&binary::encode(&number)), Some(number));
    }
}
