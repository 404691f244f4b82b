//! Specs in protobuf: any bytes are one or refused.

#![no_main]

use cooper_wire::spec::Encoding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(object) = Encoding::Protobuf.decode(bytes) {
        let written = Encoding::Protobuf.encode(&object).expect("what was read can be written");
        assert_eq!(Encoding::Protobuf.decode(&written), Ok(object));
    }
});
