//! Bytes to a value.

use super::{Limits, Malformed, Shape, Value, number};

/// The number of the extension for points in time.
const TIME: i8 = -1;

/// Reads a value that is all of `bytes`.
///
/// # Errors
///
/// When it is none, or beyond the limits.
pub fn decode(bytes: &[u8], limits: Limits) -> Result<Value, Malformed> {
    if bytes.len() > limits.bytes {
        return Err(Malformed::Bytes(limits.bytes));
    }
    let mut decoder = Decoder { bytes, limits, values: 0 };
    let value = decoder.value(0)?;
    match decoder.bytes.len() {
        0 => Ok(value),
        more => Err(Malformed::Trailing(more)),
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    limits: Limits,
    /// How many values were read or promised.
    values: usize,
}

impl<'a> Decoder<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Malformed::CutOff)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn length(&mut self, width: usize) -> Result<usize, Malformed> {
        Ok(usize::try_from(number(self.take(width)?)).unwrap_or(usize::MAX))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > self.limits.depth {
            return Err(Malformed::Depth(self.limits.depth));
        }
        let marker = self.take(1)?[0];
        match Shape::of(marker).ok_or(Malformed::Marker(marker))? {
            Shape::Scalar(width) => Ok(scalar(marker, self.take(width)?)),
            Shape::Sized(length) => sized(marker, self.take(length)?),
            Shape::Counted { width, extra } => {
                let length = self.length(width)?.saturating_add(extra);
                sized(marker, self.take(length)?)
            }
            Shape::Values(count) => self.values(marker, count, depth),
            Shape::Listed { width, each } => {
                let count = self.length(width)?.saturating_mul(each);
                self.values(marker, count, depth)
            }
        }
    }

    fn values(&mut self, marker: u8, count: usize, depth: usize) -> Result<Value, Malformed> {
        self.values = self.values.saturating_add(count);
        if self.values > self.limits.values {
            return Err(Malformed::Values(self.limits.values));
        }
        // Every value has a byte, so that no memory is taken for what will not come.
        if count > self.bytes.len() {
            return Err(Malformed::CutOff);
        }
        match marker {
            0x80..=0x8f | 0xde | 0xdf => {
                let mut fields = Vec::with_capacity(count / 2);
                for _ in 0..count / 2 {
                    fields.push((self.value(depth + 1)?, self.value(depth + 1)?));
                }
                Ok(Value::Map(fields))
            }
            _ => {
                let mut elements = Vec::with_capacity(count);
                for _ in 0..count {
                    elements.push(self.value(depth + 1)?);
                }
                Ok(Value::List(elements))
            }
        }
    }
}

/// A value without a length.
fn scalar(marker: u8, bytes: &[u8]) -> Value {
    let unsigned = number(bytes);
    // The sign is that of the first byte.
    let signed = || {
        let unused = 64 - 8 * bytes.len() as u32;
        (unsigned << unused) as i64 >> unused
    };
    match marker {
        0xc2 => Value::Bool(false),
        0xc3 => Value::Bool(true),
        0x00..=0x7f => Value::Int(i64::from(marker)),
        0xe0..=0xff => Value::Int(i64::from(marker as i8)),
        0xca => Value::Float(f64::from(f32::from_bits(unsigned as u32))),
        0xcb => Value::Float(f64::from_bits(unsigned)),
        0xcc..=0xcf => Value::Uint(unsigned),
        0xd0..=0xd3 => Value::Int(signed()),
        _ => Value::Nil,
    }
}

/// A value of so many bytes.
fn sized(marker: u8, bytes: &[u8]) -> Result<Value, Malformed> {
    match marker {
        0xa0..=0xbf | 0xd9..=0xdb => Ok(Value::Text(String::from_utf8_lossy(bytes).into_owned())),
        0xc4..=0xc6 => Ok(Value::Bytes(bytes.to_vec())),
        _ => {
            let (kind, bytes) = bytes.split_first().ok_or(Malformed::CutOff)?;
            match *kind as i8 {
                TIME => time(bytes),
                kind => Ok(Value::Extension(kind, bytes.to_vec())),
            }
        }
    }
}

/// A point in time: seconds; nanoseconds in 30 bits and seconds in 34; or both in full.
fn time(bytes: &[u8]) -> Result<Value, Malformed> {
    match bytes.len() {
        4 => Ok(Value::Time(number(bytes) as i64, 0)),
        8 => {
            let both = number(bytes);
            Ok(Value::Time((both & 0x3_ffff_ffff) as i64, (both >> 34) as u32))
        }
        12 => Ok(Value::Time(number(&bytes[4..]) as i64, number(&bytes[..4]) as u32)),
        length => Err(Malformed::Time(length)),
    }
}
