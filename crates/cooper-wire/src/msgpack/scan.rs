//! Where a value ends.

use super::{Limits, Malformed, Shape, number};

/// Finds the end of a value in bytes that arrive piece by piece, looking at each once.
#[derive(Debug)]
pub struct Scanner {
    limits: Limits,
    /// Where to go on.
    at: usize,
    /// How many values are still to come.
    left: usize,
    /// How many began.
    seen: usize,
}

impl Scanner {
    /// At the beginning of a value.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, at: 0, left: 1, seen: 0 }
    }

    /// The length of the value that `bytes` begin with; nothing while more of it must come.
    /// `bytes` are those of the last time and more behind them. After a length was found, the
    /// scanner is at the beginning of the next value.
    ///
    /// # Errors
    ///
    /// As soon as no bytes could make a value within the limits.
    pub fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        while self.left > 0 {
            if self.at > self.limits.bytes {
                return Err(Malformed::Bytes(self.limits.bytes));
            }
            let Some(&marker) = bytes.get(self.at) else { return Ok(None) };
            let shape = Shape::of(marker).ok_or(Malformed::Marker(marker))?;
            let length = |width: usize| {
                let length = bytes.get(self.at + 1..self.at + 1 + width).map(number);
                length.map(|length| usize::try_from(length).unwrap_or(usize::MAX))
            };
            let (skip, values) = match shape {
                Shape::Scalar(bytes) | Shape::Sized(bytes) => (bytes, 0),
                Shape::Values(values) => (0, values),
                Shape::Counted { width, extra } => match length(width) {
                    Some(bytes) => (bytes.saturating_add(width + extra), 0),
                    None => return Ok(None),
                },
                Shape::Listed { width, each } => match length(width) {
                    Some(values) => (width, values.saturating_mul(each)),
                    None => return Ok(None),
                },
            };
            self.at = self.at.saturating_add(1).saturating_add(skip);
            self.left = (self.left - 1).saturating_add(values);
            self.seen += 1;
            if self.at > self.limits.bytes {
                return Err(Malformed::Bytes(self.limits.bytes));
            }
            if self.seen.saturating_add(self.left) > self.limits.values {
                return Err(Malformed::Values(self.limits.values));
            }
        }
        if bytes.len() < self.at {
            return Ok(None);
        }
        let length = self.at;
        *self = Self::new(self.limits);
        Ok(Some(length))
    }
}
