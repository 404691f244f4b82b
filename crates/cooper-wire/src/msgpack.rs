//! MessagePack, as Go's codec writes it.
//!
//! Nothing on a channel says how long a value is, so [`Scanner`] finds the end of one in bytes
//! that arrive piece by piece, and [`decode`] reads what it found. Both hold to [`Limits`]: what a
//! value claims of itself is believed only as far as bytes follow.

mod decode;
mod encode;
mod fields;
mod scan;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::encode;
pub use fields::{Field, Mismatch};
pub(crate) use fields::{fields_of, message, taken};
pub use scan::Scanner;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Nothing: a pointer, slice, map or interface that is not set.
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number that is signed in Go.
    Int(i64),
    /// A whole number that is unsigned in Go.
    Uint(u64),
    /// A number.
    Float(f64),
    /// A text. What was no UTF-8 is U+FFFD: commands print anything.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    List(Vec<Value>),
    /// Values by key, in the order they were written.
    Map(Vec<(Value, Value)>),
    /// A point in time: seconds since 1970 and nanoseconds.
    Time(i64, u32),
    /// Something that is none of these, by its number.
    Extension(i8, Vec<u8>),
}

impl Value {
    /// A map with texts for keys.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(
            fields.into_iter().map(|(name, value)| (Self::Text(name.into()), value)).collect(),
        )
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value under a text in a map.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Self::Map(fields) = self else { return None };
        fields.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
    }

    /// The text, when this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// How much one value may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Its bytes.
    pub bytes: usize,
    /// The values in it.
    pub values: usize,
    /// How deep they are nested.
    pub depth: usize,
}

impl Limits {
    /// What a message of a peer may be.
    pub const MESSAGE: Self = Self { bytes: 64 << 20, values: 1 << 20, depth: 64 };
}

/// Why bytes are no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// No value begins with this byte.
    #[error("no value begins with the byte {0:#04x}")]
    Marker(u8),
    /// The bytes end inside the value.
    #[error("the value is cut off")]
    CutOff,
    /// More bytes follow.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// An extension's bytes are not what its number says.
    #[error("a time has {0} bytes")]
    Time(usize),
    /// More bytes than [`Limits::bytes`].
    #[error("a value of more than {0} bytes")]
    Bytes(usize),
    /// More values than [`Limits::values`].
    #[error("more than {0} values in one")]
    Values(usize),
    /// Deeper than [`Limits::depth`].
    #[error("values nested more than {0} deep")]
    Depth(usize),
}

/// What follows the first byte of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    /// The value itself, in so many bytes.
    Scalar(usize),
    /// A length in so many bytes, then `extra` and so many bytes as it says.
    Counted { width: usize, extra: usize },
    /// So many bytes.
    Sized(usize),
    /// A length in so many bytes, then so many values as it says, times `each`.
    Listed { width: usize, each: usize },
    /// So many values.
    Values(usize),
}

impl Shape {
    /// By the first byte.
    const fn of(marker: u8) -> Option<Self> {
        Some(match marker {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Self::Scalar(0),
            0x80..=0x8f => Self::Values((marker & 0x0f) as usize * 2),
            0x90..=0x9f => Self::Values((marker & 0x0f) as usize),
            0xa0..=0xbf => Self::Sized((marker & 0x1f) as usize),
            0xc1 => return None,
            0xc4 | 0xd9 => Self::Counted { width: 1, extra: 0 },
            0xc5 | 0xda => Self::Counted { width: 2, extra: 0 },
            0xc6 | 0xdb => Self::Counted { width: 4, extra: 0 },
            0xc7 => Self::Counted { width: 1, extra: 1 },
            0xc8 => Self::Counted { width: 2, extra: 1 },
            0xc9 => Self::Counted { width: 4, extra: 1 },
            0xcc | 0xd0 => Self::Scalar(1),
            0xcd | 0xd1 => Self::Scalar(2),
            0xca | 0xce | 0xd2 => Self::Scalar(4),
            0xcb | 0xcf | 0xd3 => Self::Scalar(8),
            0xd4 => Self::Sized(2),
            0xd5 => Self::Sized(3),
            0xd6 => Self::Sized(5),
            0xd7 => Self::Sized(9),
            0xd8 => Self::Sized(17),
            0xdc => Self::Listed { width: 2, each: 1 },
            0xdd => Self::Listed { width: 4, each: 1 },
            0xde => Self::Listed { width: 2, each: 2 },
            0xdf => Self::Listed { width: 4, each: 2 },
        })
    }
}

/// A number in big-endian bytes; at most eight.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
