//! Lengths of time as Go writes them: `1h30m`, `300ms`, `-1.5h`.

/// Nanoseconds in a second.
const SECOND: i128 = 1_000_000_000;

const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
];

/// A text that is not a length of time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct DurationError(String);

/// Reads a length of time: numbers with units, such as `1h2m3.5s`, with a sign before them all,
/// or a bare `0`. Gives nanoseconds.
///
/// # Errors
///
/// [`DurationError`], when it is anything else or longer than about 292 years.
pub fn parse(text: &str) -> Result<i64, DurationError> {
    let shown: String = text.chars().take(60).collect();
    let refuse = |reason: &str| {
        DurationError(format!("`{shown}` is not a duration such as `1h30m`: {reason}"))
    };
    let too_long = || refuse("it is too long");
    let (sign, mut rest) = match text.as_bytes() {
        [b'-', ..] => (-1, &text[1..]),
        [b'+', ..] => (1, &text[1..]),
        _ => (1, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(refuse("a number is missing"));
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        rest = after;
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            (fraction, rest) = digits(after);
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(refuse("a number is missing"));
        }
        let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, after) = rest.split_at(end);
        rest = after;
        if unit.is_empty() {
            return Err(refuse("a unit is missing; use one of `h`, `m`, `s`, `ms`, `us`, `ns`"));
        }
        let scale = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale);
        let scale = scale.ok_or_else(|| {
            refuse("the unit is not known; use one of `h`, `m`, `s`, `ms`, `us`, `ns`")
        })?;
        if whole.len() > 20 {
            return Err(too_long());
        }
        let whole: i128 =
            if whole.is_empty() { 0 } else { whole.parse().map_err(|_| too_long())? };
        total += whole * scale + part(fraction, scale);
        if total > i128::from(i64::MAX) + 1 {
            return Err(too_long());
        }
    }
    i64::try_from(sign * total).map_err(|_| too_long())
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// The fraction of a unit, digits after the point given; what is below a nanosecond is cut off.
fn part(fraction: &str, scale: i128) -> i128 {
    let mut value = 0;
    let mut place = 1;
    for digit in fraction.bytes().take(18) {
        value = value * 10 + i128::from(digit - b'0');
        place *= 10;
    }
    value * scale / place
}

/// Writes nanoseconds as Go does: `1h30m0s`, `1.5s`, `300ms`, `0s`.
pub fn format(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let below = |unit: u64, name: &str| format!("{sign}{}{name}", decimal(total, unit));
    match total {
        0 => "0s".into(),
        1..1_000 => below(1, "ns"),
        1_000..1_000_000 => below(1_000, "µs"),
        1_000_000..1_000_000_000 => below(1_000_000, "ms"),
        _ => {
            let second = SECOND as u64;
            let (hours, minutes) = (total / (3_600 * second), total / (60 * second) % 60);
            let seconds = decimal(total % (60 * second), second);
            match (hours, minutes) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, _) => format!("{sign}{minutes}m{seconds}s"),
                _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// `value / unit`, with the digits after the point that are needed.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("+0", 0),
            ("5s", 5_000_000_000),
            ("+5s", 5_000_000_000),
            ("300ms", 300_000_000),
            ("-1.5h", -5_400_000_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("1us", 1_000),
            ("1µs", 1_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("1.0000000000000000000001s", 1_000_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(parse(text), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn refuses_anything_else() {
        for text in ["", "-", "5", "s", ".s", "1x", "1 s", "1h 2m", "--1s", "9223372036854775808ns"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("99999999999999999999999999999999999999999h").is_err());
        assert!(parse("5").unwrap_err().to_string().contains("a unit is missing"));
    }

    #[test]
    fn writes_what_go_writes() {
        for (nanoseconds, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (300_000_000, "300ms"),
            (1_500_000_000, "1.5s"),
            (5_400_000_000_000, "1h30m0s"),
            (61_000_000_000, "1m1s"),
            (-60_000_000_000, "-1m0s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(format(nanoseconds), text);
        }
    }
}
