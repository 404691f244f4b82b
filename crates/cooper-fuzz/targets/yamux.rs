//! A connection on which anything comes: the session ends, and nothing waits for ever.

#![no_main]

use cooper_wire::broker::Broker;
use cooper_wire::yamux::{Role, Session};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let role = if first & 1 == 0 { Role::Client } else { Role::Server };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime without anything can be made").block_on(async {
        let (here, mut there) = duplex(1 << 16);
        let session = Session::new(here, role, None);
        let broker = Broker::new(session.clone());
        let mut offer = broker.offer();
        let reading = tokio::spawn(async move {
            while let Ok(mut stream) = offer.accept_later().await {
                let mut all = Vec::new();
                let _ = stream.read_to_end(&mut all).await;
                offer = broker.offer();
            }
        });
        let _ = there.write_all(bytes).await;
        drop(there);
        session.ended().await;
        let _ = reading.await;
    });
});
