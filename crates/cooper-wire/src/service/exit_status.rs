//! How a command ended: a struct in gob, on a stream of its own.

use tokio::io::AsyncReadExt;

use crate::gob::{TypeId, Types, Value, decode, encode};
use crate::yamux::Stream;

/// How long it may be.
const LONGEST: u64 = 4096;

pub(super) fn write(status: i64) -> Vec<u8> {
    let mut types = Types::new();
    let ty = types.structure("CommandFinished", &[("ExitStatus", TypeId::INT)]);
    let fields = vec![("ExitStatus".to_owned(), Value::Int(status))];
    encode(&types, ty, &Value::Struct(fields))
}

/// Reads it, to the end of the stream; nothing when it is something else. Peers may leave the
/// stream open behind it.
pub(super) async fn read(stream: &mut Stream) -> Option<i64> {
    let mut bytes = Vec::new();
    let mut limited = stream.take(LONGEST);
    loop {
        // The definition is a message of its own, so that a part of it is no answer.
        if let Ok(finished @ Value::Struct(_)) = decode(&bytes) {
            return match finished.field("ExitStatus") {
                None => Some(0),
                Some(Value::Int(status)) => Some(*status),
                Some(_) => None,
            };
        }
        if limited.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
