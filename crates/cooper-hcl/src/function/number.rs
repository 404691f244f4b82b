//! Functions on numbers.

use bigdecimal::{BigDecimal, Num, RoundingMode, num_bigint::BigInt};

use super::{Function, FunctionCx, FunctionError, integer, number, returns_number, text};
use crate::value::{Number, NumberError, Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "abs",
            "`abs(number)`: the number without its sign; `abs(-3)` is `3`",
            returns_number,
            |_, args| {
                let value = number(args, 0)?;
                let negative = *value < Number::from(0);
                Ok(Value::number(if negative { value.negate() } else { value.clone() }))
            },
        )
        .takes("number", Type::Number),
        Function::new(
            "ceil",
            "`ceil(number)`: the smallest whole number that is not less; `ceil(1.2)` is `2`",
            returns_number,
            |_, args| round(number(args, 0)?, RoundingMode::Ceiling),
        )
        .takes("number", Type::Number),
        Function::new(
            "floor",
            "`floor(number)`: the greatest whole number that is not more; `floor(1.8)` is `1`",
            returns_number,
            |_, args| round(number(args, 0)?, RoundingMode::Floor),
        )
        .takes("number", Type::Number),
        Function::new(
            "log",
            "`log(number, base)`: the logarithm; `log(8, 2)` is `3`",
            returns_number,
            log,
        )
        .takes("number", Type::Number)
        .takes("base", Type::Number)
        .fails("the result is not finite"),
        Function::new(
            "max",
            "`max(numbers...)`: the greatest; `max(1, 3, 2)` is `3`",
            returns_number,
            |_, args| extreme(args, |new, best| new > best),
        )
        .takes_rest("numbers", Type::Number)
        .fails("there is no number"),
        Function::new(
            "min",
            "`min(numbers...)`: the least; `min(2, 1, 3)` is `1`",
            returns_number,
            |_, args| extreme(args, |new, best| new < best),
        )
        .takes_rest("numbers", Type::Number)
        .fails("there is no number"),
        Function::new(
            "parseint",
            "`parseint(text, base)`: the whole number a text stands for, base 2 to 62; `parseint(\"ff\", 16)` is `255`",
            returns_number,
            parseint,
        )
        .takes("text", Type::Any)
        .takes("base", Type::Number)
        .fails("the text is not a whole number in the base"),
        Function::new(
            "pow",
            "`pow(number, power)`: the number raised to the power; `pow(2, 8)` is `256`",
            returns_number,
            pow,
        )
        .takes("number", Type::Number)
        .takes("power", Type::Number)
        .fails("the result is not finite, or has more than 4096 digits"),
        Function::new(
            "signum",
            "`signum(number)`: -1, 0 or 1, the sign of a whole number; `signum(-7)` is `-1`",
            returns_number,
            |_, args| Ok(Value::from(integer(args, 0)?.signum())),
        )
        .takes("number", Type::Number)
        .fails("the number is not whole"),
    ]
}

impl From<NumberError> for FunctionError {
    fn from(error: NumberError) -> Self {
        Self::new(error.to_string())
    }
}

fn round(value: &Number, mode: RoundingMode) -> Result {
    Ok(Value::number(Number::from_decimal(value.as_decimal().with_scale_round(0, mode))?))
}

/// A result that was computed with doubles, as Packer computes it.
fn float(value: f64) -> Result {
    if !value.is_finite() {
        return Err(FunctionError::new("the result is not a finite number"));
    }
    Ok(Value::number(Number::from_f64(value)?))
}

fn extreme(args: &[Value], better: fn(&Number, &Number) -> bool) -> Result {
    if args.is_empty() {
        return Err(FunctionError::new("at least one number is required"));
    }
    let mut best = number(args, 0)?;
    for index in 1..args.len() {
        let new = number(args, index)?;
        if better(new, best) {
            best = new;
        }
    }
    Ok(Value::number(best.clone()))
}

fn log(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (power, base) = (number(args, 0)?, number(args, 1)?);
    let near = power.to_f64().ln() / base.to_f64().ln();
    // A whole logarithm is not left to the last digit of a double.
    if near.abs() < 4096.0 && (near - near.round()).abs() < 1e-9 {
        let whole = Number::from(near.round() as i64);
        if whole_power(base, &whole).is_ok_and(|exact| exact == *power) {
            return Ok(Value::number(whole));
        }
    }
    float(near)
}

fn pow(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (base, power) = (number(args, 0)?, number(args, 1)?);
    match power.is_integer() {
        true => Ok(Value::number(whole_power(base, power)?)),
        false => float(base.to_f64().powf(power.to_f64())),
    }
}

/// Every digit of a number raised to a whole power; a quotient where the power is negative.
fn whole_power(base: &Number, power: &Number) -> Result<Number> {
    let one = Number::from(1);
    if *base == one || power.is_zero() {
        return Ok(one);
    }
    if base.is_zero() {
        return match *power < Number::from(0) {
            true => Err(FunctionError::new("the result is not a finite number")),
            false => Ok(base.clone()),
        };
    }
    let whole = power.to_i64();
    if *base == Number::from(-1) {
        let odd = power.remainder(&Number::from(2))?.is_zero();
        return Ok(if odd { one } else { base.clone() });
    }
    // Anything else grows, or shrinks, by at least a digit in 14 steps.
    let mut left = whole.map(i64::unsigned_abs).filter(|power| *power < 100_000);
    let left = left.as_mut().ok_or(NumberError::TooLarge)?;
    let (mut result, mut square) = (one.clone(), base.clone());
    while *left > 0 {
        if *left % 2 == 1 {
            result = result.multiply(&square)?;
        }
        *left /= 2;
        if *left > 0 {
            square = square.multiply(&square)?;
        }
    }
    Ok(if whole.is_some_and(i64::is_negative) { one.divide(&result)? } else { result })
}

fn parseint(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    if !matches!(args.first().map(Value::kind), Some(ValueKind::String(_))) {
        let ty = args.first().map_or(Type::Any, Value::ty);
        return Err(FunctionError::argument(0, format!("a string is required, not {ty}")));
    }
    let whole = text(args, 0)?;
    let base = u32::try_from(integer(args, 1)?)
        .ok()
        .filter(|base| (2..=62).contains(base))
        .ok_or_else(|| FunctionError::argument(1, "the base must be between 2 and 62"))?;
    let malformed = || {
        let shown: String = whole.chars().take(60).collect();
        FunctionError::argument(0, format!("`{shown}` is not a whole number in base {base}"))
    };
    let (negative, digits) = match whole.as_bytes() {
        [b'-', ..] => (true, &whole[1..]),
        [b'+', ..] => (false, &whole[1..]),
        _ => (false, whole),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(malformed());
    }
    if digits.len() > 4 * Number::MAX_DIGITS as usize {
        return Err(NumberError::TooLarge.into());
    }
    let magnitude = if base <= 36 {
        BigInt::from_str_radix(digits, base).map_err(|_| malformed())?
    } else {
        // Above 36, lower-case letters come first and upper-case letters follow.
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'a'..=b'z' => u32::from(byte - b'a') + 10,
            _ => u32::from(byte - b'A') + 36,
        };
        digits.bytes().try_fold(BigInt::ZERO, |value, byte| {
            let digit = digit(byte);
            (digit < base).then(|| value * base + digit).ok_or_else(malformed)
        })?
    };
    let value = BigDecimal::from(if negative { -magnitude } else { magnitude });
    Ok(Value::number(Number::from_decimal(value)?))
}
