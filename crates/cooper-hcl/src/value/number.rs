//! Exact numbers.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

/// A decimal number, exact within [`Number::MAX_DIGITS`].
///
/// HCL's reference implementation has 512 binary digits, which is about 154 decimal ones.
/// Cooper keeps decimals, so `0.1 + 0.2 == 0.3` holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

/// A number that cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NumberError {
    /// The text is not a number.
    #[error("a number is required")]
    Malformed,
    /// The result would have more digits than Cooper computes with.
    #[error("the number has more than {} digits", Number::MAX_DIGITS)]
    TooLarge,
    /// Division or remainder by zero.
    #[error("division by zero")]
    DivisionByZero,
}

impl Number {
    /// How many digits before the point, and how many after it, a number may have.
    pub const MAX_DIGITS: u32 = 4096;

    /// How many significant digits a quotient has.
    const QUOTIENT_DIGITS: NonZeroU64 = NonZeroU64::new(155).expect("155 is not zero");

    fn checked(value: BigDecimal) -> Result<Self, NumberError> {
        let limit = i64::from(Self::MAX_DIGITS);
        // The exponent is looked at before anything is expanded: `1e999999999` is a short text, and
        // so is one whose exponent is the least that there is.
        let scale = value.fractional_digit_count();
        if scale > limit || value.digits().cast_signed().saturating_sub(scale) > limit {
            return Err(NumberError::TooLarge);
        }
        Ok(Self(value.normalized()))
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`].
    pub fn add(&self, other: &Self) -> Result<Self, NumberError> {
        Self::checked(&self.0 + &other.0)
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`].
    pub fn subtract(&self, other: &Self) -> Result<Self, NumberError> {
        Self::checked(&self.0 - &other.0)
    }

    /// The product.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`].
    pub fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        Self::checked(&self.0 * &other.0)
    }

    /// The quotient, rounded to 155 significant digits.
    ///
    /// # Errors
    ///
    /// [`NumberError::DivisionByZero`], [`NumberError::TooLarge`].
    pub fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let (dividend, dividend_scale) = self.0.as_bigint_and_exponent();
        let (divisor, divisor_scale) = other.0.as_bigint_and_exponent();
        // Two digits more than wanted, so that the last one is rounded rightly. The library's own
        // division stops at a hundred digits.
        let wanted = Self::QUOTIENT_DIGITS.get() + 2;
        let shift = (wanted + other.0.digits()).saturating_sub(self.0.digits());
        let shift = u32::try_from(shift).map_err(|_| NumberError::TooLarge)?;
        let dividend = dividend * BigInt::from(10).pow(shift);
        let scale = dividend_scale - divisor_scale + i64::from(shift);
        let quotient = &dividend / &divisor;
        // A digit that stands for all that follow keeps an inexact quotient from looking exact.
        let exact = (&quotient * &divisor) == dividend;
        let (quotient, scale) = match exact {
            true => (quotient, scale),
            false => {
                let sign = if (dividend.sign() == Sign::Minus) == (divisor.sign() == Sign::Minus) {
                    1
                } else {
                    -1
                };
                (quotient * 10 + sign, scale + 1)
            }
        };
        let quotient = BigDecimal::new(quotient, scale);
        Self::checked(quotient.with_precision_round(Self::QUOTIENT_DIGITS, RoundingMode::HalfEven))
    }

    /// The remainder of the division that rounds towards zero; it has the dividend's sign.
    ///
    /// # Errors
    ///
    /// [`NumberError::DivisionByZero`], [`NumberError::TooLarge`].
    pub fn remainder(&self, other: &Self) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        Self::checked(&self.0 % &other.0)
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negate(&self) -> Self {
        Self(-&self.0)
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.0.sign() == Sign::NoSign
    }

    /// Whether there is nothing after the decimal point.
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    /// The number as an integer, when it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.is_integer().then(|| self.0.to_i64()).flatten()
    }

    /// The number as an unsigned integer, when it is one and fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.is_integer().then(|| self.0.to_u64()).flatten()
    }

    /// The nearest double; infinite when out of range.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// The number as a big decimal, for arithmetic that has no method here.
    pub const fn as_decimal(&self) -> &BigDecimal {
        &self.0
    }

    /// Makes a number of the result of such arithmetic.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`].
    pub fn from_decimal(value: BigDecimal) -> Result<Self, NumberError> {
        Self::checked(value)
    }

    /// The nearest number to a double.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLarge`] for infinities and not-a-number.
    pub fn from_f64(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::TooLarge);
        }
        // The shortest text that reads back as the same double, as people mean it.
        format!("{value:e}").parse()
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads a number as people write one: digits, an optional fraction, an optional exponent, and
    /// an optional sign. There may be no digits before the point.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        // What nearly all numbers are; ten times as fast.
        if text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(|whole: i64| whole.into()).map_err(|_| NumberError::Malformed);
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
        let whole = digits.strip_prefix('.').unwrap_or(digits);
        if !plain || !whole.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(NumberError::Malformed);
        }
        if text.len() > 2 * Self::MAX_DIGITS as usize {
            return Err(NumberError::TooLarge);
        }
        Self::checked(BigDecimal::from_str(text).map_err(|_| NumberError::Malformed)?)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self((value as u64).into())
    }
}

impl PartialEq<i64> for Number {
    fn eq(&self, other: &i64) -> bool {
        self.0.cmp(&BigDecimal::from(*other)) == Ordering::Equal
    }
}

/// Every digit, without an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn texts() {
        for (text, shown) in [
            ("1", "1"),
            ("-1.50", "-1.5"),
            ("+2", "2"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("1e-7", "0.0000001"),
            ("0e9", "0"),
            ("100000000000000000000.1", "100000000000000000000.1"),
        ] {
            assert_eq!(number(text).to_string(), shown, "{text}");
        }
        for text in
            ["", "-", ".", "a", "0x1", "1_0", "1e", "1e+", "--1", "1 ", "inf", "NaN", "1.2.3"]
        {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Malformed), "{text}");
        }
    }

    #[test]
    fn exponents_are_looked_at_before_digits_are_made() {
        let texts = ["1e5000", "1e-5000", "1e999999999999", "9e-999999999999"];
        let edges = ["1e9223372036854775807", "1e9223372036854775808", "1e-9223372036854775807"];
        for text in texts.into_iter().chain(edges) {
            assert_eq!(text.parse::<Number>(), Err(NumberError::TooLarge), "{text}");
        }
        let big = number("1e4000");
        assert_eq!(big.multiply(&big), Err(NumberError::TooLarge));
        assert_eq!(number("1e-4000").multiply(&number("1e-4000")), Err(NumberError::TooLarge));
        assert_eq!(big.divide(&number("1e-4000")), Err(NumberError::TooLarge));
        assert!(big.add(&number("1e-4000")).is_ok());
        assert!(big.remainder(&number("7e-4000")).is_ok());
    }

    #[test]
    fn quotients_have_155_digits() {
        let third = number("1").divide(&number("3")).unwrap();
        assert_eq!(third.to_string(), format!("0.{}", "3".repeat(155)));
        let two_thirds = number("-2").divide(&number("3")).unwrap();
        assert_eq!(two_thirds.to_string(), format!("-0.{}7", "6".repeat(154)));
        assert_eq!(number("1").divide(&number("8")).unwrap(), number("0.125"));
        assert_eq!(number("1e300").divide(&number("1e299")).unwrap(), number("10"));
        assert_eq!(number("0").divide(&number("3")).unwrap(), number("0"));
        assert_eq!(number("1").divide(&number("0.0")), Err(NumberError::DivisionByZero));
    }

    #[test]
    fn doubles() {
        assert_eq!(Number::from_f64(1e-7).unwrap(), number("0.0000001"));
        assert_eq!(Number::from_f64(0.1).unwrap(), number("0.1"));
        assert_eq!(Number::from_f64(f64::NAN), Err(NumberError::TooLarge));
        assert_eq!(number("1e400").to_f64(), f64::INFINITY);
    }
}
