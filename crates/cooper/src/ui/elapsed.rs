//! Lengths of time, in English.

use std::time::Duration;

const UNITS: &[(&str, u128)] = &[
    ("year", 365 * 24 * 3600 * 1_000_000),
    ("week", 7 * 24 * 3600 * 1_000_000),
    ("day", 24 * 3600 * 1_000_000),
    ("hour", 3600 * 1_000_000),
    ("minute", 60 * 1_000_000),
    ("second", 1_000_000),
    ("millisecond", 1_000),
    ("microsecond", 1),
];

/// The two largest units that are not zero: `1 minute 3 seconds`.
pub(super) fn english(elapsed: Duration) -> String {
    let mut rest = elapsed.as_micros();
    let mut parts = Vec::new();
    for (name, length) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "0 microseconds".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_are_enough() {
        for (micros, text) in [
            (0, "0 microseconds"),
            (1, "1 microsecond"),
            (27_650, "27 milliseconds 650 microseconds"),
            (1_000_000, "1 second"),
            (4_112_345, "4 seconds 112 milliseconds"),
            (63_000_000, "1 minute 3 seconds"),
            (3_600_000_001, "1 hour 1 microsecond"),
            (8 * 24 * 3_600_000_000, "1 week 1 day"),
        ] {
            assert_eq!(english(Duration::from_micros(micros)), text);
        }
    }
}
