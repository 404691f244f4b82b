//! Numbers, sizes and durations as Docker's program reads them.

use super::{Read, Wrong};

/// `true`, `1`, `F`…
pub(super) fn boolean(value: &str) -> Read<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(Wrong::new(format!("`{value}` is neither `true` nor `false`"))),
    }
}

/// A whole number; `0x`, `0o` and `0b` tell its base.
pub(super) fn integer(value: &str) -> Read<i64> {
    let (negative, digits) = match value.as_bytes().first() {
        Some(b'-') => (true, &value[1..]),
        Some(b'+') => (false, &value[1..]),
        _ => (false, value),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let wrong = || Wrong::new(format!("`{value}` is not a whole number"));
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        return Err(wrong());
    }
    let magnitude = i128::from_str_radix(digits, base).map_err(|_| wrong())?;
    let number = if negative { -magnitude } else { magnitude };
    i64::try_from(number).map_err(|_| Wrong::new(format!("`{value}` is too large a number")))
}

/// A size in bytes: `512m`, `1.5GiB`. Units are powers of 1024.
pub(super) fn size(value: &str) -> Read<i64> {
    let wrong = || {
        Wrong::new(format!("`{value}` is not a size"))
            .help("a size is a number with an optional unit `b`, `k`, `m`, `g` or `t`: `512m`")
    };
    let digits = value
        .rfind(|c: char| c.is_ascii_digit() || c == '.')
        .map(|last| last + 1)
        .ok_or_else(wrong)?;
    let (number, unit) = value.split_at(digits);
    let number = decimal(number).ok_or_else(wrong)?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let power = match unit.as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return Err(wrong()),
    };
    let bytes = number * 1024_f64.powi(power);
    if bytes >= 9.0e18 {
        return Err(Wrong::new(format!("`{value}` is too large a size")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is below 9e18, parts of bytes go")]
    Ok(bytes as i64)
}

/// A size, or -1 for no limit.
pub(super) fn size_or_unlimited(value: &str) -> Read<i64> {
    if value == "-1" { Ok(-1) } else { size(value) }
}

/// Digits with an optional point: no sign, no exponent.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (plain && text.len() < 40).then(|| text.parse().ok()).flatten()
}

/// A number of processors in billionths: `1.5`, `3/2`.
pub(super) fn billionths(value: &str) -> Read<i64> {
    const SCALE: i128 = 1_000_000_000;
    let wrong = || Wrong::new(format!("`{value}` is not a number of processors"));
    let (negative, text) = match value.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, value.strip_prefix('+').unwrap_or(value)),
    };
    let digits = |text: &str| -> Option<i128> {
        let plain = text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return None;
        }
        if text.is_empty() { Some(0) } else { text.parse().ok() }
    };
    let (numerator, denominator) = if let Some((over, under)) = text.split_once('/') {
        if over.is_empty() || under.is_empty() {
            return Err(wrong());
        }
        (digits(over).ok_or_else(wrong)?, digits(under).ok_or_else(wrong)?)
    } else {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() && part.is_empty() {
            return Err(wrong());
        }
        let scale = 10_i128.pow(u32::try_from(part.len().min(18)).unwrap_or(18));
        let whole = digits(whole).ok_or_else(wrong)?;
        let part = digits(part).ok_or_else(wrong)?;
        (whole * scale + part, scale)
    };
    if denominator == 0 {
        return Err(wrong());
    }
    if (numerator * SCALE) % denominator != 0 {
        return Err(Wrong::new(format!("`{value}` is too precise"))
            .help("nine digits after the point are the most that Docker takes"));
    }
    let number = numerator * SCALE / denominator;
    i64::try_from(if negative { -number } else { number }).map_err(|_| wrong())
}

/// A duration in nanoseconds: `1m30s`, `1.5h`, `0`. Not negative.
pub(crate) fn duration(value: &str) -> Read<i64> {
    let wrong = || {
        Wrong::new(format!("`{value}` is not a duration"))
            .help("a duration is a number with a unit `ms`, `s`, `m` or `h`: `1m30s`")
    };
    if value.starts_with('-') {
        return Err(Wrong::new(format!("`{value}` is negative")));
    }
    let mut rest = value.strip_prefix('+').unwrap_or(value);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number = decimal(&rest[..digits]).ok_or_else(wrong)?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let scale = match &rest[..unit] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return Err(wrong()),
        };
        rest = &rest[unit..];
        total += number * scale;
    }
    if total >= 9.0e18 {
        return Err(Wrong::new(format!("`{value}` is too long")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is below 9e18")]
    Ok(total.round() as i64)
}
