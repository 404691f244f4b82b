use proptest::prelude::*;

use super::*;
use crate::testing::hex;

/// A struct in which everything occurs, and its types.
fn everything() -> (Types, TypeId) {
    let mut types = Types::new();
    let list = types.list("[]string", TypeId::TEXT);
    let map = types.map("map[string]int", TypeId::TEXT, TypeId::INT);
    let opaque = types.opaque("Type");
    let inner = types.structure("Inner", &[("N", TypeId::INT), ("Held", TypeId::INTERFACE)]);
    types.hold("string", TypeId::TEXT);
    types.hold("main.Inner", inner);
    types.hold("[]string", list);
    let outer = types.structure(
        "Outer",
        &[
            ("Flag", TypeId::BOOL),
            ("Int", TypeId::INT),
            ("Uint", TypeId::UINT),
            ("Float", TypeId::FLOAT),
            ("Complex", TypeId::COMPLEX),
            ("Bytes", TypeId::BYTES),
            ("Text", TypeId::TEXT),
            ("List", list),
            ("Map", map),
            ("Opaque", opaque),
            ("Held", TypeId::INTERFACE),
        ],
    );
    (types, outer)
}

fn held(name: &str, value: Value) -> Value {
    Value::Interface(Some((name.to_owned(), Box::new(value))))
}

#[test]
fn how_a_command_ended_is_written_as_go_writes_it() {
    let mut types = Types::new();
    let ty = types.structure("CommandFinished", &[("ExitStatus", TypeId::INT)]);
    let defined = "2b7f0301010f436f6d6d616e6446696e697368656401ff80000101010a457869745374617475730104\
                   000000";
    for (status, value) in [
        (0, "03ff8000"),
        (1, "05ff80010200"),
        (3, "05ff80010600"),
        (64, "06ff8001ff8000"),
        (123, "06ff8001fff600"),
        (128, "07ff8001fe010000"),
        (255, "07ff8001fe01fe00"),
        (-1, "05ff80010100"),
        (2_300_218, "08ff8001fd46327400"),
    ] {
        let fields = Value::Struct(vec![("ExitStatus".to_owned(), Value::Int(status))]);
        let bytes = encode(&types, ty, &fields);
        assert_eq!(bytes, hex(&format!("{defined}{value}")), "{status}");
        let read = decode(&bytes).unwrap();
        let read = read.field("ExitStatus").cloned().unwrap_or(Value::Int(0));
        assert_eq!(read, Value::Int(status));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        numbers in (any::<i64>(), any::<u64>(), -1e300..1e300_f64),
        text in ".{0,50}",
        bytes in proptest::collection::vec(any::<u8>(), 1..200),
        depth in 0..20_usize,
    ) {
        let (types, ty) = everything();
        let (int, uint, float) = numbers;
        let mut inner = held("string", Value::Text(text.clone()));
        for level in 1..=depth {
            inner = held("main.Inner", Value::Struct(vec![
                ("N".to_owned(), Value::Int(level as i64)),
                ("Held".to_owned(), inner),
            ]));
        }
        let all = [
            ("Flag", Value::Bool(int > 0)),
            ("Int", Value::Int(int)),
            ("Uint", Value::Uint(uint)),
            ("Float", Value::Float(float)),
            ("Complex", Value::Complex(1.0, float)),
            ("Bytes", Value::Bytes(bytes.clone())),
            ("Text", Value::Text(text.clone())),
            ("List", Value::List(vec![Value::Text(text.clone()), Value::Text(String::new())])),
            ("Map", Value::Map(vec![(Value::Text(text), Value::Int(int))])),
            ("Opaque", Value::Opaque(bytes)),
            ("Held", inner),
        ];
        let all = all.into_iter().map(|(name, value)| (name.to_owned(), value));
        let value = Value::Struct(all.filter(|(_, value)| !value.is_zero()).collect());
        prop_assert_eq!(decode(&encode(&types, ty, &value)), Ok(value));
    }

    #[test]
    fn garbage_is_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_stream_with_a_wrong_byte_is_refused_or_read(at in 0..450_usize, byte in any::<u8>()) {
        let mut stream = hex(crate::spec::tests::GOB);
        let at = at % stream.len();
        stream[at] = byte;
        let _ = decode(&stream);
    }
}

#[test]
fn lies_take_no_memory_and_no_stack() {
    for (bytes, error) in [
        ("", Malformed::NoValue),
        ("f8ffffffffffffffff", Malformed::CutOff),
        ("80", Malformed::Number(128)),
        ("03ff8000", Malformed::UnknownType(64)),
        // A text of 2^56 bytes.
        ("0a0c00f900ffffffffffff", Malformed::CutOff),
        // The number of the type is the smallest there is.
        ("0bf8ffffffffffffffff0500", Malformed::CutOff),
    ] {
        assert_eq!(decode(&hex(bytes)), Err(error), "{bytes}");
    }
    // A list of itself.
    let mut types = Types::new();
    let list = types.list("list", TypeId(TypeId::FIRST));
    let mut value = Value::List(Vec::new());
    for _ in 0..200 {
        value = Value::List(vec![value]);
    }
    assert_eq!(decode(&encode(&types, list, &value)), Err(Malformed::Depth(DEPTH)));
    // A stream that defines types for ever.
    let mut many = Types::new();
    (0..=MOST_TYPES).for_each(|_| {
        many.opaque("x");
    });
    let stream = encode(&many, TypeId::INT, &Value::Int(1));
    assert_eq!(decode(&stream), Err(Malformed::Types(MOST_TYPES)));
}
