//! Gob: any bytes are a value or refused; as a spec, a type and a value of a template too.

#![no_main]

use cooper_wire::spec::Encoding;
use cooper_wire::{cty, gob};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = gob::decode(bytes);
    let _ = cty::gob::decode_value(bytes);
    if let Ok(ty) = cty::gob::decode_type(bytes) {
        let again = cty::gob::decode_type(&cty::gob::encode_type(&ty));
        assert_eq!(again, Ok(ty));
    }
    if let Ok(object) = Encoding::Gob.decode(bytes) {
        let written = Encoding::Gob.encode(&object).expect("gob can say everything");
        assert_eq!(Encoding::Gob.decode(&written), Ok(object));
    }
});
