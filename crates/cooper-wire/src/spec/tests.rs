use proptest::prelude::*;

use super::*;
use crate::testing::hex;

/// `{n: number, out: string}`
const PROTOBUF: &str = "0a3c0a1a0a016e121512130a016e120e0a0c0a0a6374792e4e756d6265720a1e0a036f757412\
                        1712150a036f7574120e0a0c0a0a6374792e537472696e67";

/// The same, as Go writes it: definitions stand in the middle of the value.
pub(crate) const GOB: &str = "\
    197f0401010a4f626a6563745370656301ff8000010c01100000\
    4fff800002036f7574102a68636c6465632e4174747253706563ff8103010108417474725370656301ff8200010301\
    044e616d65010c0001045479706501ff8400010852657175697265640102000000\
    10ff83050101045479706501ff84000000\
    fe0139ff82ff9001036f757401ff872aff8503010107676f625479706501ff86000102010756657273696f6e010400\
    0104496d706c011000000053ff86022b6769746875622e636f6d2f7a636c636f6e662f676f2d6374792f6374792e70\
    72696d697469766554797065ff870301010d7072696d69746976655479706501ff8800010101044b696e6401060000\
    0007ff88030153000000016e102a68636c6465632e4174747253706563ff82ff8e01016e01ff872aff850301010767\
    6f625479706501ff86000102010756657273696f6e0104000104496d706c011000000053ff86022b6769746875622e\
    636f6d2f7a636c636f6e662f676f2d6374792f6374792e7072696d697469766554797065ff870301010d7072696d69\
    746976655479706501ff8800010101044b696e64010600000007ff8803014e000000";

fn attribute(name: &str, ty: Type, required: bool) -> (String, Spec) {
    (name.to_owned(), Spec::Attribute { name: name.to_owned(), ty, required })
}

fn small() -> Object {
    Object::from([attribute("n", Type::Number, false), attribute("out", Type::String, false)])
}

#[test]
fn what_plugins_say_is_read() {
    assert_eq!(Encoding::Protobuf.decode(&hex(PROTOBUF)), Ok(small()));
    assert_eq!(Encoding::Gob.decode(&hex(GOB)), Ok(small()));
    assert_eq!(Encoding::Protobuf.decode(&hex("0a00")), Ok(Object::new()));
}

#[test]
fn a_definition_in_front_of_more_parts_than_its_message_has_bytes_is_read() {
    const PARTS: u8 = 100;
    let (first, rest) = GOB.split_at(GOB.find("4fff800002").unwrap());
    let (start, rest) = rest.split_at(GOB[first.len()..].find("10ff83").unwrap());
    let (definition, rest) = rest.split_at(rest.find("fe0139").unwrap());
    let (out, n) = rest["fe0139".len()..].split_at(rest.find("016e102a").unwrap() - 6);
    let part = |number: u8| {
        let name = format!("03{}", hex_of(&format!("n{number:02}")));
        let named = n.replacen("016e", &name, 1).replacen("01016e", &format!("01{name}"), 1);
        // Its length is that of a name of one letter.
        named.replacen("ff8e", "ff90", 1)
    };
    let parts: String = (1..PARTS).map(part).collect();
    let value = format!("{out}{parts}");
    let length = format!("fd{:06x}", value.len() / 2);
    let start = start.replacen("4fff800002", &format!("4fff8000{PARTS:02x}"), 1);
    let all = hex(&format!("{first}{start}{definition}{length}{value}"));
    let read = Encoding::Gob.decode(&all).unwrap();
    assert_eq!(read.len(), usize::from(PARTS));
    assert_eq!(read["n42"], attribute("n42", Type::Number, false).1);
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn protobuf_is_written_as_go_writes_it() {
    assert_eq!(Encoding::Protobuf.encode(&small()), Ok(hex(PROTOBUF)));
    assert_eq!(Encoding::Protobuf.encode(&Object::new()), Ok(hex("0a00")));
    let written = |object: Object| Encoding::Protobuf.encode(&object).unwrap();
    let ends = |object: Object, bytes: &str| {
        let all = written(object);
        assert!(all.ends_with(&hex(bytes)), "{all:x?} does not end in {bytes}");
    };
    ends(Object::from([attribute("a", Type::Bool, true)]), "1801");
    let list = Type::List(Box::new(Type::String));
    ends(Object::from([attribute("a", list, false)]), "12100a0e0a0c0a0a6374792e537472696e67");
    let nested = |name, ty| Box::new(Spec::Object(Object::from([attribute(name, ty, false)])));
    let block = Spec::Block {
        name: "opts".to_owned(),
        required: false,
        nested: nested("fast", Type::Bool),
    };
    ends(
        Object::from([("opts".to_owned(), block)]),
        "1a2a0a046f7074731a220a200a1e0a0466617374121612140a0466617374120c0a0a0a086374792e426f6f6c",
    );
    let name = "disk".to_owned();
    let blocks = Spec::BlockList { name: name.clone(), nested: nested("size", Type::Number) };
    ends(
        Object::from([(name, blocks)]),
        "222c0a046469736b12240a220a200a0473697a65121812160a0473697a65120e0a0c0a0a6374792e4e756d62\
         6572",
    );
}

#[test]
fn a_type_that_protobuf_cannot_say_is_refused() {
    let object = Object::from([attribute("a", Type::Dynamic, false)]);
    let error = Encoding::Protobuf.encode(&object).unwrap_err();
    assert!(error.to_string().contains("dynamic"), "{error}");
}

#[test]
fn a_spec_that_is_nested_for_ever_is_refused() {
    let mut spec = Spec::Object(Object::new());
    for _ in 0..100 {
        spec = Spec::Block { name: "b".to_owned(), required: false, nested: Box::new(spec) };
    }
    let object = Object::from([("b".to_owned(), spec)]);
    for encoding in [Encoding::Protobuf, Encoding::Gob] {
        let bytes = encoding.encode(&object).unwrap();
        assert!(encoding.decode(&bytes).is_err(), "{encoding:?}");
    }
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool)];
    leaf.prop_recursive(3, 8, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.prop_map(|ty| Type::Map(Box::new(ty))),
        ]
    })
}

fn objects() -> impl Strategy<Value = Object> {
    let attribute = ("[a-z_]{1,12}", types(), any::<bool>())
        .prop_map(|(name, ty, required)| Spec::Attribute { name, ty, required });
    let spec = attribute.prop_recursive(3, 24, 4, |inner| {
        let nested = proptest::collection::btree_map("[a-z_]{1,12}", inner, 0..4)
            .prop_map(|object| Box::new(Spec::Object(object)));
        prop_oneof![
            ("[a-z]{1,8}", any::<bool>(), nested.clone())
                .prop_map(|(name, required, nested)| Spec::Block { name, required, nested }),
            ("[a-z]{1,8}", nested).prop_map(|(name, nested)| Spec::BlockList { name, nested }),
        ]
    });
    proptest::collection::btree_map("[a-z_]{1,12}", spec, 0..6)
}

proptest! {
    #[test]
    fn what_is_written_is_read(object in objects()) {
        for encoding in [Encoding::Protobuf, Encoding::Gob] {
            let bytes = encoding.encode(&object).unwrap();
            prop_assert_eq!(encoding.decode(&bytes), Ok(object.clone()), "{:?}", encoding);
        }
    }

    #[test]
    fn garbage_is_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Encoding::Protobuf.decode(&bytes);
        let _ = Encoding::Gob.decode(&bytes);
    }
}
