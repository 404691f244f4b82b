//! MessagePack: any bytes are a value or refused, and its end is found however it arrives.

#![no_main]

use cooper_wire::cty;
use cooper_wire::msgpack::{Limits, Scanner, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut scanner = Scanner::new(Limits::MESSAGE);
    let mut found = None;
    for end in 0..=bytes.len() {
        match scanner.end(&bytes[..end]) {
            Ok(None) => {}
            Ok(Some(length)) => {
                assert_eq!(length, end);
                found = Some(length);
                break;
            }
            Err(_) => break,
        }
    }
    if let Some(value) = found.and_then(|end| decode(&bytes[..end], Limits::MESSAGE).ok()) {
        let mut written = Vec::new();
        encode(&value, &mut written);
        let again = decode(&written, Limits::MESSAGE).expect("what was read can be written");
        // Not the value: a number may be none that equals itself.
        let mut twice = Vec::new();
        encode(&again, &mut twice);
        assert_eq!(written, twice);
    }
    let _ = cty::from_msgpack(bytes);
});
