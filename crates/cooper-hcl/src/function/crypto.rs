//! Digests and identifiers.

use std::fmt::Write;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::{Builder, Uuid};

use super::{Function, FunctionCx, FunctionError, returns_string, text};
use crate::value::{Type, Value};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "md5",
            "`md5(text)`: the MD5 digest in hexadecimal digits",
            returns_string,
            |_, args| Ok(hex(&Md5::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "sha1",
            "`sha1(text)`: the SHA-1 digest in hexadecimal digits",
            returns_string,
            |_, args| Ok(hex(&Sha1::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "sha256",
            "`sha256(text)`: the SHA-256 digest in hexadecimal digits",
            returns_string,
            |_, args| Ok(hex(&Sha256::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "sha512",
            "`sha512(text)`: the SHA-512 digest in hexadecimal digits",
            returns_string,
            |_, args| Ok(hex(&Sha512::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "uuidv4",
            "`uuidv4()`: a random UUID, another one each time",
            returns_string,
            |cx, _| {
                let mut bytes = [0; 16];
                cx.system.random(&mut bytes);
                Ok(Builder::from_random_bytes(bytes).into_uuid().to_string().into())
            },
        ),
        Function::new(
            "uuidv5",
            "`uuidv5(namespace, name)`: the UUID of a name; `uuidv5(\"dns\", \"www.example.com\")` is `\"2ed6657d-e927-568b-95e1-2665a8aea6a2\"`",
            returns_string,
            uuidv5,
        )
        .takes("namespace", Type::String)
        .takes("name", Type::String),
    ]
}

fn hex(bytes: &[u8]) -> Value {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits.into()
}

fn uuidv5(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let namespace = match text(args, 0)? {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => Uuid::parse_str(other).map_err(|_| {
            FunctionError::argument(0, "a UUID or one of `dns`, `url`, `oid`, `x500` is required")
        })?,
    };
    Ok(Uuid::new_v5(&namespace, text(args, 1)?.as_bytes()).to_string().into())
}
