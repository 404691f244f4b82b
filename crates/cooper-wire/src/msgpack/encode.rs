//! A value to bytes.

use super::Value;

/// Writes a value as Go's codec does: positive whole numbers that are signed in Go have signed
/// forms.
pub fn encode(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Nil => into.push(0xc0),
        Value::Bool(value) => into.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Int(number) => signed(*number, into),
        Value::Uint(number) => unsigned(*number, into),
        Value::Float(number) => {
            into.push(0xcb);
            into.extend(number.to_bits().to_be_bytes());
        }
        Value::Text(text) => {
            length(text.len(), Some((0xa0, 32)), [Some(0xd9), Some(0xda), Some(0xdb)], into);
            into.extend(text.as_bytes());
        }
        Value::Bytes(bytes) => {
            length(bytes.len(), None, [Some(0xc4), Some(0xc5), Some(0xc6)], into);
            into.extend(bytes);
        }
        Value::List(elements) => {
            length(elements.len(), Some((0x90, 16)), [None, Some(0xdc), Some(0xdd)], into);
            elements.iter().for_each(|element| encode(element, into));
        }
        Value::Map(fields) => {
            length(fields.len(), Some((0x80, 16)), [None, Some(0xde), Some(0xdf)], into);
            for (key, value) in fields {
                encode(key, into);
                encode(value, into);
            }
        }
        Value::Time(seconds, nanoseconds) => time(*seconds, *nanoseconds, into),
        Value::Extension(kind, bytes) => {
            match bytes.len() {
                1 => into.push(0xd4),
                2 => into.push(0xd5),
                4 => into.push(0xd6),
                8 => into.push(0xd7),
                16 => into.push(0xd8),
                count => length(count, None, [Some(0xc7), Some(0xc8), Some(0xc9)], into),
            }
            into.push(*kind as u8);
            into.extend(bytes);
        }
    }
}

fn signed(number: i64, into: &mut Vec<u8>) {
    if let -32..=127 = number {
        into.push(number as u8);
    } else if let Ok(number) = i8::try_from(number) {
        into.extend([0xd0, number as u8]);
    } else if let Ok(number) = i16::try_from(number) {
        into.push(0xd1);
        into.extend(number.to_be_bytes());
    } else if let Ok(number) = i32::try_from(number) {
        into.push(0xd2);
        into.extend(number.to_be_bytes());
    } else {
        into.push(0xd3);
        into.extend(number.to_be_bytes());
    }
}

fn unsigned(number: u64, into: &mut Vec<u8>) {
    if number < 0x80 {
        into.push(number as u8);
    } else if let Ok(number) = u8::try_from(number) {
        into.extend([0xcc, number]);
    } else if let Ok(number) = u16::try_from(number) {
        into.push(0xcd);
        into.extend(number.to_be_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        into.push(0xce);
        into.extend(number.to_be_bytes());
    } else {
        into.push(0xcf);
        into.extend(number.to_be_bytes());
    }
}

/// A length: in the marker itself when it is short, or behind one of the markers for one, two and
/// four bytes.
fn length(count: usize, short: Option<(u8, usize)>, markers: [Option<u8>; 3], into: &mut Vec<u8>) {
    let [one, two, four] = markers;
    if let Some((marker, below)) = short
        && count < below
    {
        into.push(marker | count as u8);
    } else if let (Some(marker), Ok(count)) = (one, u8::try_from(count)) {
        into.extend([marker, count]);
    } else if let (Some(marker), Ok(count)) = (two, u16::try_from(count)) {
        into.push(marker);
        into.extend(count.to_be_bytes());
    } else {
        into.extend(four);
        into.extend((count as u32).to_be_bytes());
    }
}

fn time(seconds: i64, nanoseconds: u32, into: &mut Vec<u8>) {
    match (u32::try_from(seconds), u64::try_from(seconds)) {
        (Ok(seconds), _) if nanoseconds == 0 => {
            into.extend([0xd6, 0xff]);
            into.extend(seconds.to_be_bytes());
        }
        (_, Ok(seconds)) if seconds < 1 << 34 => {
            into.extend([0xd7, 0xff]);
            into.extend((u64::from(nanoseconds) << 34 | seconds).to_be_bytes());
        }
        _ => {
            into.extend([0xc7, 12, 0xff]);
            into.extend(nanoseconds.to_be_bytes());
            into.extend(seconds.to_be_bytes());
        }
    }
}
