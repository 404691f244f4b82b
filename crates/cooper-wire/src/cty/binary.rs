//! Numbers as Go's `big.Float` has them: a binary mantissa and an exponent.

use std::num::NonZeroU64;
use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, BigUint, Sign};
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

use super::Decimal;

/// The precision that cty reads numbers with.
const PRECISION: u64 = 512;

/// The largest exponent, in bits; what is beyond has more digits than [`Decimal`] takes.
const MOST_BITS: u64 = 27_000;

/// The most bits of a mantissa that is read, and the smallest exponent, so that no number takes long.
const MOST_PRECISION: i64 = 4096;

/// Whether a double is that number, and not only near it.
pub(super) fn is_exact(double: f64, number: &Decimal) -> bool {
    let Ok(wanted) = BigDecimal::from_str(number.as_str()) else { return false };
    BigDecimal::try_from(double).is_ok_and(|double| double == wanted)
}

/// Reads the form that `big.Float` gives itself in gob, as Go writes it in decimal: with the fewest
/// digits that are that number and no other of its precision. Nothing when it is none, or infinite.
pub(super) fn decode(bytes: &[u8]) -> Option<Decimal> {
    let (head, rest) = bytes.split_first_chunk::<6>()?;
    let [1, flags, precision @ ..] = *head else { return None };
    let precision = i64::from(u32::from_be_bytes(precision));
    let is_negative = flags & 1 == 1;
    match flags >> 1 & 3 {
        0 => return Some(Decimal::from(0_i64)),
        1 => {}
        _ => return None,
    }
    let (exponent, mantissa) = rest.split_first_chunk::<4>()?;
    let exponent = i64::from(i32::from_be_bytes(*exponent));
    let is_fine = exponent < -MOST_PRECISION || precision > MOST_PRECISION;
    if is_fine || exponent > MOST_BITS as i64 || mantissa.len() as i64 > MOST_PRECISION / 8 {
        return None;
    }
    // The mantissa is a fraction: its bits stand behind the point.
    let shift = exponent - mantissa.len() as i64 * 8;
    let mantissa = BigUint::from_bytes_be(mantissa);
    let sign = if is_negative { Sign::Minus } else { Sign::Plus };
    let number = scaled(BigInt::from_biguint(sign, mantissa), shift)?;
    // Half of what its last bit stands for.
    let half = scaled(BigInt::from(1_u8), exponent - precision - 1)?;
    // A digit is more than three bits.
    let most_digits = precision.unsigned_abs() / 3 + 2;
    Decimal::parse(&shortest(&number, &half, most_digits).to_plain_string())
}

/// A number times a power of two.
fn scaled(number: BigInt, power: i64) -> Option<BigDecimal> {
    let count = u32::try_from(power.unsigned_abs()).ok()?;
    Some(match power >= 0 {
        true => BigDecimal::from(number << count),
        // A half is five tenths.
        false => BigDecimal::new(number * BigInt::from(5_u8).pow(count), i64::from(count)),
    })
}

/// The number with the fewest digits that is nearer to one than this; so many digits are enough.
fn shortest(number: &BigDecimal, near: &BigDecimal, most_digits: u64) -> BigDecimal {
    let rounded = |digits| {
        let digits = NonZeroU64::new(digits).unwrap_or(NonZeroU64::MIN);
        number.with_precision_round(digits, RoundingMode::HalfEven)
    };
    // What has few digits has more, too.
    let (mut too_few, mut enough) = (0, most_digits.min(number.digits()));
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        match (rounded(middle) - number).abs() < *near {
            true => enough = middle,
            false => too_few = middle,
        }
    }
    rounded(enough)
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
