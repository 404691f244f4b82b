//! The line by which a plugin says where it listens: any text is one or refused.

#![no_main]

use cooper_wire::handshake::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    if let Ok(address) = Address::parse(line) {
        assert_eq!(Address::parse(&address.to_string()), Ok(address));
    }
});
