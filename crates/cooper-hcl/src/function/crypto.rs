//! Digests, passwords, keys and identifiers.

use std::fmt::Write;

use bigdecimal::num_bigint::BigUint;
use md5::Md5;
use pkcs1::RsaPrivateKey;
use pkcs1::der::Document;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::{Builder, Uuid};

use super::{Function, FunctionCx, FunctionError, encoding, integer, returns_string, text};
use crate::value::{Type, Value};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "bcrypt",
            "`bcrypt(text, cost)`: a hash of a password of at most 72 bytes, with a random salt; the cost is 10 if it is not given, and 16 at most; `substr(bcrypt(\"a\", 4), 0, 7)` is `\"$2a$04$\"`",
            returns_string,
            bcrypt,
        )
        .takes("text", Type::String)
        .takes_rest("cost", Type::Number)
        .fails("the text is longer than 72 bytes, or the cost greater than 16"),
        Function::new(
            "md5",
            "`md5(text)`: the MD5 digest in hexadecimal digits; `md5(\"a\")` is `\"0cc175b9c0f1b6a831c399e269772661\"`",
            returns_string,
            |_, args| Ok(hex(&Md5::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "rsadecrypt",
            "`rsadecrypt(text, key)`: the text that was encrypted with RSA (PKCS #1 v1.5) and is in Base64; the key is a PEM text without a passphrase; `can(rsadecrypt(\"YQ==\", \"no key\"))` is `false`",
            returns_string,
            rsadecrypt,
        )
        .takes("text", Type::String)
        .takes("key", Type::String)
        .fails("the key cannot be read, or the text was not encrypted for it"),
        Function::new(
            "sha1",
            "`sha1(text)`: the SHA-1 digest in hexadecimal digits; `sha1(\"a\")` is `\"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\"`",
            returns_string,
            |_, args| Ok(hex(&Sha1::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "sha256",
            "`sha256(text)`: the SHA-256 digest in hexadecimal digits; `substr(sha256(\"a\"), 0, 8)` is `\"ca978112\"`",
            returns_string,
            |_, args| Ok(hex(&Sha256::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "sha512",
            "`sha512(text)`: the SHA-512 digest in hexadecimal digits; `substr(sha512(\"a\"), 0, 8)` is `\"1f40fc92\"`",
            returns_string,
            |_, args| Ok(hex(&Sha512::digest(text(args, 0)?))),
        )
        .takes("text", Type::String),
        Function::new(
            "uuidv4",
            "`uuidv4()`: a random UUID, another one each time; `length(uuidv4())` is `36`",
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
        .takes("name", Type::String)
        .fails("the namespace is neither a UUID nor `dns`, `url`, `oid` or `x500`"),
    ]
}

/// The greatest cost that `bcrypt` takes; each step more doubles the time.
const GREATEST_COST: u32 = 16;

fn bcrypt(cx: &FunctionCx<'_>, args: &[Value]) -> Result {
    let cost = match args.len() {
        0 | 1 => 10,
        2 => integer(args, 1)?,
        _ => return Err(FunctionError::argument(2, "at most one cost can be given")),
    };
    // As in Packer, what is less than the least cost stands for the usual one.
    let cost = if cost < 4 { Ok(10) } else { u32::try_from(cost) };
    let cost = cost.ok().filter(|cost| *cost <= GREATEST_COST).ok_or_else(|| {
        let message = format!("the cost must not be greater than {GREATEST_COST}");
        FunctionError::argument(1, message)
    })?;
    let mut salt = [0; 16];
    cx.system.random(&mut salt);
    let hashed = bcrypt::non_truncating_hash_with_salt(text(args, 0)?, cost, salt)
        .map_err(|error| FunctionError::argument(0, error.to_string()))?;
    Ok(hashed.format_for_version(bcrypt::Version::TwoA).into())
}

/// The longest modulus, in bytes: 16,384 bits.
const LONGEST_KEY: usize = 2048;

fn rsadecrypt(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let refuse = |message: &str| FunctionError::argument(1, message);
    let encrypted = encoding::from_base64(args)?;
    let pem = text(args, 1)?.trim();
    if pem.contains("ENCRYPTED") {
        return Err(refuse("a key with a passphrase cannot be used; take the passphrase off"));
    }
    let document = Document::from_pem(pem).ok().filter(|(label, _)| *label == "RSA PRIVATE KEY");
    let key = document.as_ref().and_then(|(_, der)| der.decode_msg::<RsaPrivateKey<'_>>().ok());
    let key = key.ok_or_else(|| {
        refuse(
            "it is no text with `BEGIN RSA PRIVATE KEY`; `openssl rsa -traditional` makes one of \
             other keys",
        )
    })?;
    let (modulus, exponent) = (key.modulus.as_bytes(), key.private_exponent.as_bytes());
    if modulus.len() > LONGEST_KEY || modulus.last().is_none_or(|last| last % 2 == 0) {
        return Err(refuse("it is not a key that can be used"));
    }
    let number = BigUint::from_bytes_be;
    // The crates for RSA make up a text where the padding is wrong, as a server has to. Whoever
    // runs a template owns the key, and wants to know.
    let padded = number(&encrypted).modpow(&number(exponent), &number(modulus)).to_bytes_be();
    let decrypted = (encrypted.len() == modulus.len() && padded.len() + 1 == modulus.len())
        .then(|| without_padding(&padded))
        .flatten()
        .ok_or_else(|| FunctionError::argument(0, "it was not encrypted for this key"))?;
    let decrypted = std::str::from_utf8(decrypted)
        .map_err(|_| FunctionError::argument(0, "what was encrypted is not UTF-8 text"))?;
    Ok(decrypted.into())
}

/// What stands behind the padding of PKCS #1 v1.5: a 2, at least eight bytes of chance, a 0.
fn without_padding(padded: &[u8]) -> Option<&[u8]> {
    let chance = padded.strip_prefix(&[2])?;
    let end = chance.iter().position(|byte| *byte == 0).filter(|end| *end >= 8)?;
    chance.get(end + 1..)
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
