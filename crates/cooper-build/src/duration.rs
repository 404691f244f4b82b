//! Durations as Go writes them: `1h2m3.5s`, `300ms`.

use std::time::Duration;

/// Reads a duration that is not negative.
///
/// # Errors
///
/// What is wrong, as a diagnostic's message.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration such as `\"30s\"` or `\"1h30m\"`");
    if text.starts_with('-') {
        return Err(format!("{text:?} is negative"));
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(|| format!("{text:?} has no unit: write `\"{text}s\"` for seconds"))?;
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let scale: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(wrong()),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || number.len() > 40
        {
            return Err(wrong());
        }
        let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
        // More digits than nanoseconds of an hour have cannot matter.
        let fraction = &fraction[..fraction.len().min(15)];
        let part: u128 =
            if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| wrong())? };
        let part = part * scale / 10_u128.pow(fraction.len() as u32);
        nanos = whole
            .checked_mul(scale)
            .and_then(|whole| whole.checked_add(part))
            .and_then(|sum| sum.checked_add(nanos))
            .filter(|&sum| sum <= i64::MAX as u128)
            .ok_or_else(|| format!("{text:?} is longer than 292 years"))?;
        rest = tail;
    }
    Ok(Duration::from_nanos(nanos as u64))
}

/// Writes a duration: the shortest form with hours, minutes and seconds, or a smaller unit.
pub(crate) fn format(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let decimal = |scale: u128, digits: usize| {
        let text = format!("{}.{:0digits$}", nanos / scale, nanos % scale);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(1_000, 3)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(1_000_000, 6)),
        _ => {
            let seconds = duration.as_secs();
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let rest = Duration::new(seconds % 60, duration.subsec_nanos()).as_nanos();
            let text = format!("{}.{:09}", rest / 1_000_000_000, rest % 1_000_000_000);
            let text = text.trim_end_matches('0').trim_end_matches('.');
            match (hours, minutes) {
                (0, 0) => format!("{text}s"),
                (0, minutes) => format!("{minutes}m{text}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{text}s"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_in_go() {
        let table = [
            ("10s", "10s"),
            ("1h2m3.5s", "1h2m3.5s"),
            ("300ms", "300ms"),
            ("90s", "1m30s"),
            ("1h", "1h0m0s"),
            ("0", "0s"),
            ("1.5h", "1h30m0s"),
            ("1500us", "1.5ms"),
            (".5s", "500ms"),
        ];
        for (text, expected) in table {
            assert_eq!(format(parse(text).unwrap()), expected, "{text}");
        }
        for text in ["", "10", "s", "1.2.3s", "-5s", "5 s", "1d", ".s", "99999999h", "é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
