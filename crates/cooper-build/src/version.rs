//! Versions and constraints on them, as Packer reads them.

use std::cmp::Ordering;
use std::fmt;

/// A version: numbers, and perhaps a pre-release. Build metadata does not count.
#[derive(Clone, Debug)]
pub struct Version {
    /// At least three.
    numbers: Vec<u64>,
    /// How many of them were written.
    written: usize,
    prerelease: String,
}

/// Versions that will do: every part must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Constraint {
    parts: Vec<Part>,
    text: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Part {
    op: Op,
    version: Version,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Op {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Pessimistic,
}

/// A text that is no version or constraint.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct VersionError(String);

impl Version {
    /// Reads `1.2.3`, `v1.2`, `1.2.3-beta1+meta`.
    ///
    /// # Errors
    ///
    /// When the text is no version.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError(format!("`{text}` is not a version such as `1.2.3`"));
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = rest.split_once('+').map_or((rest, None), |(a, b)| (a, Some(b)));
        let (core, prerelease) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
        let sound = |label: &str| {
            label.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        };
        if ![metadata, prerelease].into_iter().flatten().all(sound) {
            return Err(wrong());
        }
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| digits).ok_or_else(wrong)
        };
        let mut numbers: Vec<u64> = core.split('.').map(number).collect::<Result<_, _>>()?;
        let written = numbers.len();
        numbers.resize(written.max(3), 0);
        let prerelease = prerelease.unwrap_or_default().to_owned();
        Ok(Self { numbers, written, prerelease })
    }

    /// The release that a pre-release comes before; a release itself.
    #[must_use]
    pub fn release(&self) -> Self {
        Self { prerelease: String::new(), ..self.clone() }
    }

    /// Whether its first numbers are these.
    fn starts_as(&self, numbers: &[u64]) -> bool {
        let own = self.numbers.iter().copied().chain(std::iter::repeat(0));
        own.zip(numbers).all(|(own, wanted)| own == *wanted)
    }

    /// What stands behind the dash of a pre-release; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// Whether it comes before a release.
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.is_empty()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.numbers.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))?;
        if self.prerelease.is_empty() { Ok(()) } else { write!(f, "-{}", self.prerelease) }
    }
}

/// `1.2` equals `1.2.0`.
impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        let padded = |version: &Self| {
            let numbers = version.numbers.iter().copied().chain(std::iter::repeat(0));
            numbers.take(length).collect::<Vec<_>>()
        };
        padded(self)
            .cmp(&padded(other))
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By semver.org, rule 11: none is greatest, numbers before words, more parts after fewer.
fn compare_prereleases(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl Constraint {
    /// Reads `>= 1.2, < 2`: parts with `=`, `!=`, `>`, `<`, `>=`, `<=` or `~>`, or none of them
    /// for `=`.
    ///
    /// # Errors
    ///
    /// When the text is no constraint.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        const OPS: [(&str, Op); 7] = [
            ("!=", Op::NotEqual),
            (">=", Op::GreaterEqual),
            ("<=", Op::LessEqual),
            ("~>", Op::Pessimistic),
            ("=", Op::Equal),
            (">", Op::Greater),
            ("<", Op::Less),
        ];
        let parse_part = |part: &str| {
            let part = part.trim();
            if part.is_empty() {
                let message = "a constraint such as `>= 1.2.3` is required";
                return Err(VersionError(message.to_owned()));
            }
            let (op, rest) = OPS
                .into_iter()
                .find_map(|(sign, op)| part.strip_prefix(sign).map(|rest| (op, rest)))
                .unwrap_or((Op::Equal, part));
            Ok(Part { op, version: Version::parse(rest.trim())? })
        };
        let parts = text.split(',').map(parse_part).collect::<Result<_, _>>()?;
        Ok(Self { parts, text: text.trim().to_owned() })
    }

    /// Whether a version will do. A pre-release only meets a constraint that names a
    /// pre-release of the same numbers, or `!=`.
    pub fn allows(&self, version: &Version) -> bool {
        self.parts.iter().all(|part| part.allows(version))
    }

    /// Whether a pre-release occurs in it.
    pub fn has_prerelease(&self) -> bool {
        self.parts.iter().any(|part| part.version.is_prerelease())
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Part {
    fn allows(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let comparable = match (version.is_prerelease(), wanted.is_prerelease()) {
            (true, true) => version.numbers == wanted.numbers,
            (true, false) => false,
            (false, _) => true,
        };
        match self.op {
            Op::Equal => version == wanted,
            Op::NotEqual => version != wanted,
            Op::Greater => comparable && version > wanted,
            Op::Less => comparable && version < wanted,
            Op::GreaterEqual => comparable && version >= wanted,
            Op::LessEqual => comparable && version <= wanted,
            Op::Pessimistic => {
                // `~> 1.2` leaves the last number written free: any 1.x from 1.2 on.
                let fixed = wanted.written.saturating_sub(1);
                comparable
                    && version >= wanted
                    && version.starts_as(&wanted.numbers[..fixed])
                    && (!wanted.is_prerelease() || version.is_prerelease())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_in_packer() {
        let table = [
            ("~> 1.1.2", "1.1.5", true),
            ("~> 1.1.2", "1.2.0", false),
            ("~> 1.1", "1.9.0", true),
            ("~> 1.1", "2.0.0", false),
            ("~> 1", "7.0.0", true),
            (">= 1.0, < 2", "1.1.5", true),
            (">=1.0,<1.1.5", "1.1.5", false),
            ("!= 1.1.5", "1.1.5", false),
            ("= 1.1.5", "1.1.5", true),
            ("1.1.5", "1.1.5", true),
            ("v1.1.5", "1.1.5", true),
            ("1", "1.0.0", true),
            (" >  1.1.4 ", "1.1.5", true),
            ("<= 1.1", "1.1.0", true),
            (">= 1.2.0-beta1", "1.2.0-beta2", true),
            (">= 1.1.0-beta1", "1.2.0-beta2", false),
            ("> 1.0", "1.2.0-beta2", false),
            (">= 2", "1.1.5", false),
            (">= 1.1.5.0", "1.1.5", true),
            ("> 1.1.5.0", "1.1.5", false),
            (">= 1.1.5.1", "1.1.5", false),
            ("~> 1.1.4.9", "1.1.5", false),
        ];
        for (constraint, version, expected) in table {
            let parsed = Constraint::parse(constraint).unwrap();
            let version = Version::parse(version).unwrap();
            assert_eq!(parsed.allows(&version), expected, "{constraint} on {version}");
        }
    }

    #[test]
    fn what_is_no_constraint_is_refused() {
        for text in ["", ",", "abc", ">= ", "1..2", "=> 1", "1.2.3.", "1.-", "99999999999999999999"]
        {
            assert!(Constraint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn prereleases_are_ordered() {
        let order = ["1.0.0-1", "1.0.0-2", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0"];
        let versions: Vec<_> = order.iter().map(|v| Version::parse(v).unwrap()).collect();
        assert!(versions.is_sorted_by(|a, b| a < b));
    }
}
