//! Numbers as Go's `big.Float` has them: a binary mantissa and an exponent.

use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, BigUint, Sign};
use bigdecimal::{BigDecimal, ToPrimitive};

use super::Decimal;

/// The precision that cty reads numbers with.
const PRECISION: u64 = 512;

/// The largest exponent, in bits; what is beyond has more digits than [`Decimal`] takes.
const MOST_BITS: u64 = 27_000;

/// Whether a double is that number, and not only near it.
pub(super) fn is_exact(double: f64, number: &Decimal) -> bool {
    let Ok(wanted) = BigDecimal::from_str(number.as_str()) else { return false };
    BigDecimal::try_from(double).is_ok_and(|double| double == wanted)
}

/// Reads the form that `big.Float` gives itself in gob; nothing when it is none, or infinite.
pub(super) fn decode(bytes: &[u8]) -> Option<Decimal> {
    let [1, flags, _, _, _, _, rest @ ..] = bytes else { return None };
    let is_negative = flags & 1 == 1;
    match flags >> 1 & 3 {
        0 => return Some(Decimal::from(0_i64)),
        1 => {}
        _ => return None,
    }
    let (exponent, mantissa) = rest.split_first_chunk::<4>()?;
    let exponent = i64::from(i32::from_be_bytes(*exponent));
    if exponent.unsigned_abs() > MOST_BITS || mantissa.len() as u64 > MOST_BITS / 8 {
        return None;
    }
    // The mantissa is a fraction: its bits stand behind the point.
    let shift = exponent - mantissa.len() as i64 * 8;
    let mantissa = BigUint::from_bytes_be(mantissa);
    let sign = if is_negative { Sign::Minus } else { Sign::Plus };
    let number = match u32::try_from(shift) {
        Ok(shift) => BigDecimal::from(BigInt::from_biguint(sign, mantissa << shift)),
        Err(_) => {
            // A half is five tenths.
            let halves = u32::try_from(shift.unsigned_abs()).ok()?;
            let tenths = mantissa * BigUint::from(5_u8).pow(halves);
            BigDecimal::new(BigInt::from_biguint(sign, tenths), i64::from(halves))
        }
    };
    Decimal::parse(&number.to_plain_string())
}

/// Writes that form, rounded to the precision that cty has.
pub(super) fn encode(number: &Decimal) -> Vec<u8> {
    let number = BigDecimal::from_str(number.as_str()).unwrap_or_default();
    let (digits, scale) = number.as_bigint_and_exponent();
    let (sign, digits) = digits.into_parts();
    let negative = u8::from(sign == Sign::Minus);
    if sign == Sign::NoSign {
        let mut bytes = vec![1, 1 << 3];
        bytes.extend((PRECISION as u32).to_be_bytes());
        return bytes;
    }
    // As a fraction of whole numbers, then with enough bits in front of the point to round.
    let ten = |power: u64| BigUint::from(10_u8).pow(power.to_u32().unwrap_or(u32::MAX));
    let (top, bottom) = match u64::try_from(scale) {
        Ok(scale) => (digits, ten(scale)),
        Err(_) => (digits * ten(scale.unsigned_abs()), BigUint::from(1_u8)),
    };
    let shift = (PRECISION + 2 + bottom.bits()).saturating_sub(top.bits());
    let mut quotient = (top << shift) / bottom;
    let mut exponent = quotient.bits() as i64 - shift as i64;
    let surplus = quotient.bits().saturating_sub(PRECISION);
    if surplus > 0 {
        let half = BigUint::from(1_u8) << (surplus - 1);
        quotient = (quotient + half) >> surplus;
        // Rounding up may have made one bit more.
        exponent += (quotient.bits() - PRECISION) as i64;
    }
    let words = quotient.bits().div_ceil(64) * 64;
    let mantissa = (quotient.clone() << (words - quotient.bits())).to_bytes_be();
    let trailing = mantissa.iter().rev().take_while(|byte| **byte == 0).count() / 8 * 8;
    let mut bytes = vec![1, 1 << 3 | 1 << 1 | negative];
    bytes.extend((PRECISION as u32).to_be_bytes());
    bytes.extend((exponent as i32).to_be_bytes());
    bytes.extend(&mantissa[..mantissa.len() - trailing]);
    bytes
}
