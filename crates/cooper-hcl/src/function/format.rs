//! `format` and `formatlist`: text with verbs such as `%s` and `%05.1f`.

use std::fmt::Write;

use bigdecimal::{BigDecimal, RoundingMode, num_bigint::BigInt};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    Function, FunctionCx, FunctionError, Param, encoding, limit, returns_string, returns_strings,
    text,
};
use crate::value::{Number, Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "format",
            "`format(text, values...)`: the text with verbs replaced by values; `format(\"%s-%03d\", \"a\", 7)` is `\"a-007\"`",
            returns_string,
            |_, args| Ok(format(text(args, 0)?, args.get(1..).unwrap_or_default())?.into()),
        )
        .takes("text", Type::String)
        .takes_rest_param(Param::new("values", Type::Any).nullable())
        .fails("a verb is unknown or does not suit its value, or values are missing or left over"),
        Function::new(
            "formatlist",
            "`formatlist(text, lists...)`: `format` for each element; `formatlist(\"%s!\", [\"a\", \"b\"])` is `[\"a!\", \"b!\"]`",
            returns_strings,
            formatlist,
        )
        .takes("text", Type::String)
        .takes_rest_param(Param::new("lists", Type::Any).nullable())
        .fails("lists have different lengths, or `format` fails"),
    ]
}

fn formatlist(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let template = text(args, 0)?;
    let args = args.get(1..).unwrap_or_default();
    let mut length = None;
    for (index, arg) in args.iter().enumerate() {
        let Some(elements) = arg.as_sequence() else { continue };
        match length {
            None => length = Some((index, elements.len())),
            Some((first, length)) if length != elements.len() => {
                let message = format!(
                    "it has {} elements, but argument {} has {length}",
                    elements.len(),
                    first + 2
                );
                return Err(FunctionError::argument(index + 1, message));
            }
            Some(_) => {}
        }
    }
    // Without any list, the result is one element.
    let length = length.map_or(1, |(_, length)| length);
    let mut total = 0;
    let mut results = Vec::new();
    for row in 0..length {
        let row: Vec<Value> = args
            .iter()
            .map(|arg| match arg.as_sequence().and_then(|elements| elements.get(row)) {
                Some(element) => element.clone(),
                None => arg.clone(),
            })
            .collect();
        let result = format(template, &row)?;
        total += result.len();
        if total > limit::TEXT {
            return Err(limit::text_too_long());
        }
        results.push(Value::from(result));
    }
    Ok(Value::list(Type::String, results))
}

/// The widest field and the greatest precision.
const WIDTH: usize = 1 << 20;

/// One verb, such as `%-5.2f`.
#[derive(Default)]
struct Verb<'a> {
    raw: &'a str,
    sharp: bool,
    zero: bool,
    space: bool,
    plus: bool,
    minus: bool,
    width: Option<usize>,
    precision: Option<usize>,
    argument: Option<usize>,
    letter: char,
}

fn format(template: &str, args: &[Value]) -> Result<String> {
    let mut result = limit::Text::default();
    let mut next = 0;
    let mut highest = 0;
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        result.push(&rest[..at])?;
        let offset = template.len() - rest.len() + at;
        let verb = verb(&rest[at..], offset)?;
        rest = &rest[at + verb.raw.len()..];
        if verb.letter == '%' {
            result.push("%")?;
            continue;
        }
        let index = verb.argument.unwrap_or(next);
        next = index + 1;
        highest = highest.max(next);
        let argument = args.get(index).ok_or_else(|| {
            FunctionError::argument(
                0,
                format!(
                    "`{}` at {offset} takes value {}, but there are {}",
                    verb.raw,
                    index + 1,
                    args.len()
                ),
            )
        })?;
        result.push(&one(&verb, argument).map_err(|needed| {
            let message = format!("`{}` at {offset} cannot format it: {needed}", verb.raw);
            FunctionError::argument(index + 1, message)
        })?)?;
    }
    result.push(rest)?;
    if highest < args.len() {
        let message =
            format!("the text has verbs for {highest} values, but there are {}", args.len());
        return Err(FunctionError::argument(highest + 1, message));
    }
    Ok(result.into_string())
}

/// Reads a verb at the start of a text.
fn verb(text: &str, offset: usize) -> Result<Verb<'_>> {
    let malformed = |message: String| FunctionError::argument(0, message);
    let mut verb = Verb::default();
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b'#') => verb.sharp = true,
            Some(b'0') => verb.zero = true,
            Some(b' ') => verb.space = true,
            Some(b'+') => verb.plus = true,
            Some(b'-') => verb.minus = true,
            _ => break,
        }
        at += 1;
    }
    let digits = |at: &mut usize| -> Result<Option<usize>> {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        if start == *at {
            return Ok(None);
        }
        let value = text[start..*at].parse().ok().filter(|value| *value <= WIDTH);
        value.map(Some).ok_or_else(|| malformed(format!("a number at {start} is too large")))
    };
    verb.width = digits(&mut at)?;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        verb.precision = Some(digits(&mut at)?.unwrap_or(0));
    }
    if bytes.get(at) == Some(&b'[') {
        at += 1;
        let index = digits(&mut at)?.filter(|index| *index > 0);
        if index.is_none() || bytes.get(at) != Some(&b']') {
            let message = format!("`[` at {} needs the number of a value, from 1", offset + at - 1);
            return Err(malformed(message));
        }
        verb.argument = index.map(|index| index - 1);
        at += 1;
    }
    let letter = text[at..].chars().next().ok_or_else(|| {
        malformed(format!("`%` at {offset} needs a verb after it; `%%` is a percent sign"))
    })?;
    verb.letter = letter;
    verb.raw = &text[..at + letter.len_utf8()];
    if !"vtbdoxXeEfgGsq%".contains(letter) {
        let message = format!("`{}` at {offset} is not a verb", verb.raw);
        return Err(malformed(message));
    }
    Ok(verb)
}

/// One value as one verb has it; fails with what would be needed.
fn one(verb: &Verb<'_>, value: &Value) -> std::result::Result<String, String> {
    if verb.letter != 'v' && value.is_null() {
        return Err("it is null".into());
    }
    let converted = |ty: Type, needed: &str| {
        value.convert(&ty).map_err(|_| format!("a {needed} is required, not {}", value.ty()))
    };
    match verb.letter {
        'v' => {
            let shown = match value.kind() {
                ValueKind::String(text) if !verb.sharp => text.to_string(),
                ValueKind::Number(number) if !verb.sharp => shortest(number, false),
                _ => encoding::json(value).map_err(|error| error.message)?,
            };
            Ok(pad(verb, shown))
        }
        't' => {
            let value = converted(Type::Bool, "bool")?;
            Ok(value.as_bool().unwrap_or_default().to_string())
        }
        's' | 'q' => {
            let value = converted(Type::String, "string")?;
            let mut shown = value.as_str().unwrap_or_default().to_owned();
            // As in Packer, a precision of 0 keeps everything.
            if let Some(precision) = verb.precision.filter(|precision| *precision > 0) {
                shown = shown.graphemes(true).take(precision).collect();
            }
            if verb.letter == 'q' {
                shown = encoding::json(&Value::string(shown)).map_err(|error| error.message)?;
            }
            Ok(pad(verb, shown))
        }
        _ => match converted(Type::Number, "number")?.kind() {
            ValueKind::Number(number) => number_verb(verb, number),
            _ => Err("a number is required".into()),
        },
    }
}

/// Padding counts what a reader calls characters.
fn pad(verb: &Verb<'_>, shown: String) -> String {
    let Some(width) = verb.width else { return shown };
    let missing = width.saturating_sub(shown.graphemes(true).count());
    if missing == 0 {
        return shown;
    }
    if verb.minus {
        return shown + &" ".repeat(missing);
    }
    let filler = if verb.zero { "0" } else { " " };
    filler.repeat(missing) + &shown
}

fn number_verb(verb: &Verb<'_>, number: &Number) -> std::result::Result<String, String> {
    let zero = Number::from(0);
    let negative = *number < zero;
    let magnitude = if negative { number.negate() } else { number.clone() };
    let mut digits = match verb.letter {
        'b' | 'd' | 'o' | 'x' | 'X' => {
            if !number.is_integer() {
                return Err("a whole number is required".into());
            }
            let (integer, _) = magnitude.as_decimal().with_scale(0).into_bigint_and_exponent();
            integer_digits(verb, &integer)
        }
        'f' => fixed(&magnitude, verb.precision.unwrap_or(6)),
        'e' | 'E' => exponent(magnitude.as_decimal(), Some(verb.precision.unwrap_or(6))),
        _ => match verb.precision {
            None => shortest(&magnitude, verb.letter == 'G'),
            Some(precision) => general(&magnitude, precision.max(1)),
        },
    };
    if matches!(verb.letter, 'E' | 'G' | 'X') {
        digits = digits.to_uppercase();
    }
    let sign = match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    let length = sign.len() + digits.len();
    let missing = verb.width.unwrap_or(0).saturating_sub(length);
    Ok(match (verb.minus, verb.zero) {
        (true, _) => format!("{sign}{digits}{}", " ".repeat(missing)),
        (false, true) => format!("{sign}{}{digits}", "0".repeat(missing)),
        (false, false) => format!("{}{sign}{digits}", " ".repeat(missing)),
    })
}

fn integer_digits(verb: &Verb<'_>, integer: &BigInt) -> String {
    let (radix, prefix) = match verb.letter {
        'b' => (2, "0b"),
        'o' => (8, "0"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let digits = integer.to_str_radix(radix);
    let least = verb.precision.unwrap_or(0);
    let zeros = "0".repeat(least.saturating_sub(digits.len()));
    format!("{}{zeros}{digits}", if verb.sharp { prefix } else { "" })
}

fn fixed(magnitude: &Number, precision: usize) -> String {
    let scale = i64::try_from(precision).unwrap_or(i64::MAX);
    magnitude.as_decimal().with_scale_round(scale, RoundingMode::HalfEven).to_plain_string()
}

/// The significant digits of a number that is not negative, and the exponent of the first.
fn significant(decimal: &BigDecimal) -> (String, i64) {
    let (integer, scale) = decimal.as_bigint_and_exponent();
    let digits = integer.to_string();
    let exponent = digits.len() as i64 - 1 - scale;
    let trimmed = digits.trim_end_matches('0');
    if trimmed.is_empty() { ("0".into(), 0) } else { (trimmed.into(), exponent) }
}

/// `1.5e+06`, with so many digits after the point, or as many as there are.
fn exponent(decimal: &BigDecimal, precision: Option<usize>) -> String {
    let rounded = match precision {
        Some(precision) => {
            let digits = std::num::NonZeroU64::new(precision as u64 + 1);
            digits.map_or_else(
                || decimal.clone(),
                |digits| decimal.with_precision_round(digits, RoundingMode::HalfEven),
            )
        }
        None => decimal.clone(),
    };
    let (digits, exponent) = significant(&rounded);
    let (first, more) = digits.split_at(1);
    let mut shown = first.to_owned();
    let wanted = precision.unwrap_or(more.len());
    if wanted > 0 {
        shown.push('.');
        shown.push_str(more);
        shown.push_str(&"0".repeat(wanted.saturating_sub(more.len())));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a string cannot fail.
    let _ = write!(shown, "e{sign}{:02}", exponent.unsigned_abs());
    shown
}

/// As Go's `%g`: all digits, with an exponent below 0.0001 and from 1e6 up.
fn shortest(number: &Number, upper: bool) -> String {
    let negative = *number < Number::from(0);
    let magnitude = if negative { number.negate() } else { number.clone() };
    let (_, first) = significant(magnitude.as_decimal());
    let shown = if !(-4..6).contains(&first) {
        exponent(magnitude.as_decimal(), None)
    } else {
        magnitude.to_string()
    };
    let shown = if upper { shown.to_uppercase() } else { shown };
    if negative { format!("-{shown}") } else { shown }
}

/// As Go's `%.3g`: so many significant digits, without zeros at the end.
fn general(magnitude: &Number, precision: usize) -> String {
    let digits = std::num::NonZeroU64::new(precision as u64).unwrap_or(std::num::NonZeroU64::MIN);
    let rounded = magnitude.as_decimal().with_precision_round(digits, RoundingMode::HalfEven);
    let (shown, first) = significant(&rounded);
    let length = shown.len() as i64;
    let precision = precision as i64;
    let limit = if precision > length && length > first { length } else { precision };
    if first < -4 || first >= limit {
        exponent(&rounded, None)
    } else {
        rounded.normalized().to_plain_string()
    }
}
