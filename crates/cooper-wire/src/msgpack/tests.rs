use proptest::prelude::*;

use super::*;
use crate::testing::hex;

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

#[test]
fn numbers_have_the_forms_that_go_gives_them() {
    for (value, bytes) in [
        (Value::Int(127), "7f"),
        (Value::Int(128), "d10080"),
        (Value::Int(2222), "d108ae"),
        (Value::Int(-32), "e0"),
        (Value::Int(-33), "d0df"),
        (Value::Int(-129), "d1ff7f"),
        (Value::Int(40000), "d200009c40"),
        (Value::Int(i64::MIN), "d38000000000000000"),
        (Value::Uint(127), "7f"),
        (Value::Uint(128), "cc80"),
        (Value::Uint(2222), "cd08ae"),
        (Value::Uint(70000), "ce00011170"),
        (Value::Uint(u64::MAX), "cfffffffffffffffff"),
        (Value::Float(20.5), "cb4034800000000000"),
        (Value::Nil, "c0"),
        (Value::Bool(false), "c2"),
        (Value::text("builder says hi"), "af6275696c6465722073617973206869"),
        (Value::Bytes(vec![1, 2]), "c4020102"),
        (Value::Time(1, 0), "d6ff00000001"),
        (Value::Time(-1, 5), "c70cff00000005ffffffffffffffff"),
        (Value::Extension(0, vec![0]), "d40000"),
    ] {
        assert_eq!(encoded(&value), hex(bytes), "{value:?}");
        let read = decode(&hex(bytes), Limits::MESSAGE);
        match value {
            Value::Uint(small @ 0..=127) => assert_eq!(read, Ok(Value::Int(small as i64))),
            value => assert_eq!(read, Ok(value)),
        }
    }
    // What Go writes of a file's time.
    assert_eq!(
        decode(&hex("d7ffc2fc2bd06b034ec6"), Limits::MESSAGE),
        Ok(Value::Time(1_795_378_886, 817_826_548))
    );
    assert_eq!(decode(&hex("ca3f000000"), Limits::MESSAGE), Ok(Value::Float(0.5)));
}

#[test]
fn text_that_is_no_unicode_is_read_all_the_same() {
    let read = decode(&hex("a3ff6162"), Limits::MESSAGE);
    assert_eq!(read, Ok(Value::text("\u{fffd}ab")));
}

#[test]
fn long_texts_lists_and_maps_have_their_forms() {
    for (length, marker) in [(31, 0xbf), (32, 0xd9), (255, 0xd9), (256, 0xda), (65536, 0xdb)] {
        let text = Value::Text("x".repeat(length));
        assert_eq!(encoded(&text)[0], marker, "{length}");
        assert_eq!(decode(&encoded(&text), Limits::MESSAGE), Ok(text));
    }
    for (length, list, map) in [(15, 0x9f, 0x8f), (16, 0xdc, 0xde), (65536, 0xdd, 0xdf)] {
        let value = Value::List(vec![Value::Nil; length]);
        assert_eq!(encoded(&value)[0], list, "{length}");
        assert_eq!(decode(&encoded(&value), Limits::MESSAGE), Ok(value));
        let value = Value::Map(vec![(Value::Nil, Value::Nil); length]);
        assert_eq!(encoded(&value)[0], map, "{length}");
        assert_eq!(decode(&encoded(&value), Limits::MESSAGE), Ok(value));
    }
}

/// Lengths are lies until bytes follow: each of these is a few bytes that claim to be a lot.
#[test]
fn what_is_claimed_takes_no_memory() {
    for (bytes, error) in [
        ("c6ffffffff", Malformed::Bytes(64 << 20)),
        ("dbffffffff", Malformed::Bytes(64 << 20)),
        ("c9ffffffff00", Malformed::Bytes(64 << 20)),
        ("ddffffffff", Malformed::Values(1 << 20)),
        ("dfffffffff", Malformed::Values(1 << 20)),
        ("dd000ffff0dd000ffff0", Malformed::Values(1 << 20)),
        ("c1", Malformed::Marker(0xc1)),
    ] {
        let mut scanner = Scanner::new(Limits::MESSAGE);
        assert_eq!(scanner.end(&hex(bytes)), Err(error), "{bytes}");
        assert!(decode(&hex(bytes), Limits::MESSAGE).is_err(), "{bytes}");
    }
    let deep = vec![0x91; 100_000];
    assert_eq!(decode(&deep, Limits::MESSAGE), Err(Malformed::Depth(64)));
    assert_eq!(decode(&hex("c0c0"), Limits::MESSAGE), Err(Malformed::Trailing(1)));
    assert_eq!(decode(&hex("c703ff000000"), Limits::MESSAGE), Err(Malformed::Time(3)));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (128..u64::MAX).prop_map(Value::Uint),
        (-1e9..1e9).prop_map(Value::Float),
        ".{0,40}".prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        (any::<i64>(), 0..1_000_000_000_u32).prop_map(|(s, n)| Value::Time(s, n)),
        (0..100_i8, proptest::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(kind, bytes)| Value::Extension(kind, bytes)),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            proptest::collection::vec((inner.clone(), inner), 0..20).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in values()) {
        let bytes = encoded(&value);
        prop_assert_eq!(decode(&bytes, Limits::MESSAGE), Ok(value));
        // Its end is found however it arrives, and whatever follows.
        let mut scanner = Scanner::new(Limits::MESSAGE);
        for end in 0..bytes.len() {
            prop_assert_eq!(scanner.end(&bytes[..end]), Ok(None));
        }
        let more = [&bytes[..], &[0xc0, 0xc1]].concat();
        prop_assert_eq!(scanner.end(&more), Ok(Some(bytes.len())));
        prop_assert_eq!(scanner.end(&more[bytes.len()..]), Ok(Some(1)));
    }

    #[test]
    fn garbage_is_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let end = Scanner::new(Limits::MESSAGE).end(&bytes);
        if let (Ok(Some(end)), Ok(value)) = (end, decode(&bytes, Limits::MESSAGE)) {
            prop_assert_eq!(end, bytes.len());
            let _ = encoded(&value);
        }
    }
}
