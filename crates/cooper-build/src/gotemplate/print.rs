//! Values as text: `print`, `println` and `printf`.

use cooper_hcl::go_quote::quoted;

use super::Data;

type Result<T = String> = std::result::Result<T, String>;

/// A value as an action shows it.
pub(super) fn shown(value: &Data, limit: usize) -> Result {
    match value {
        Data::Nil => Ok("<no value>".into()),
        value => {
            let mut output = Output { text: String::new(), limit };
            plain(value, &mut output)?;
            Ok(output.text)
        }
    }
}

/// All values, with a space between two that are not strings.
pub(super) fn print(values: &[Data], limit: usize) -> Result {
    let mut output = Output { text: String::new(), limit };
    let mut string_before = true;
    for (index, value) in values.iter().enumerate() {
        let string = matches!(value, Data::String(_));
        if index > 0 && !string && !string_before {
            output.push(" ")?;
        }
        plain(value, &mut output)?;
        string_before = string;
    }
    Ok(output.text)
}

/// All values with spaces between and a newline behind.
pub(super) fn println(values: &[Data], limit: usize) -> Result {
    let mut output = Output { text: String::new(), limit };
    for (index, value) in values.iter().enumerate() {
        output.push(if index == 0 { "" } else { " " })?;
        plain(value, &mut output)?;
    }
    output.push("\n")?;
    Ok(output.text)
}

/// Text that refuses to become too long.
struct Output {
    text: String,
    limit: usize,
}

impl Output {
    fn push(&mut self, text: &str) -> Result<()> {
        if self.text.len() + text.len() > self.limit {
            return Err("the result would be longer than 16 MiB".into());
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// As `%v`.
fn plain(value: &Data, output: &mut Output) -> Result<()> {
    match value {
        Data::Nil => output.push("<nil>"),
        Data::Bool(value) => output.push(&value.to_string()),
        Data::Integer(value) => output.push(&value.to_string()),
        Data::Float(value) => output.push(&general(*value, None)),
        Data::String(text) => output.push(text),
        Data::List(elements) => {
            output.push("[")?;
            for (index, element) in elements.iter().enumerate() {
                output.push(if index == 0 { "" } else { " " })?;
                plain(element, output)?;
            }
            output.push("]")
        }
        Data::Map(elements) => {
            output.push("map[")?;
            for (index, (name, element)) in elements.iter().enumerate() {
                output.push(if index == 0 { "" } else { " " })?;
                output.push(name)?;
                output.push(":")?;
                plain(element, output)?;
            }
            output.push("]")
        }
    }
}

/// A verb such as `%-5.2f`.
#[derive(Clone, Copy, Default)]
struct Verb {
    minus: bool,
    plus: bool,
    sharp: bool,
    /// `#` before a `v`.
    go_syntax: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The widest field, and the greatest precision.
const WIDTH: usize = 1_000_000;

/// Text with verbs. As in Go, what does not fit shows in the result: `%!d(string=a)`.
pub(super) fn printf(format: &str, values: &[Data], limit: usize) -> Result {
    let mut output = Output { text: String::new(), limit };
    let mut next = 0;
    let mut reordered = false;
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        output.push(&rest[..at])?;
        rest = &rest[at + 1..];
        let mut verb = Verb::default();
        loop {
            match rest.bytes().next() {
                Some(b'-') => verb.minus = true,
                Some(b'+') => verb.plus = true,
                Some(b'#') => verb.sharp = true,
                Some(b' ') => verb.space = true,
                Some(b'0') => verb.zero = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        let mut numbered = argument_number(&mut rest, &mut next);
        let starred = rest.starts_with('*');
        verb.width = match size(&mut rest, values, &mut next) {
            None if starred => {
                output.push("%!(BADWIDTH)")?;
                None
            }
            Some(width) if width < 0 => {
                verb.minus = true;
                usize::try_from(width.unsigned_abs()).ok()
            }
            width => width.and_then(|width| usize::try_from(width).ok()),
        };
        if let Some(behind) = rest.strip_prefix('.') {
            rest = behind;
            numbered |= argument_number(&mut rest, &mut next);
            let starred = rest.starts_with('*');
            let precision = size(&mut rest, values, &mut next);
            verb.precision = usize::try_from(precision.unwrap_or(0)).ok();
            if starred && precision.is_none_or(|precision| precision < 0) {
                verb.precision = None;
                output.push("%!(BADPREC)")?;
            }
        }
        numbered |= argument_number(&mut rest, &mut next);
        reordered |= numbered;
        let Some(letter) = rest.chars().next() else {
            output.push("%!(NOVERB)")?;
            break;
        };
        rest = &rest[letter.len_utf8()..];
        if letter == '%' {
            output.push("%")?;
            continue;
        }
        // For `%v`, a plus is for the names of fields.
        verb.plus &= letter != 'v';
        verb.go_syntax = verb.sharp && letter == 'v';
        verb.sharp &= letter != 'v';
        match values.get(next) {
            Some(value) => {
                let shown = one(&verb, letter, value, limit)?;
                output.push(&shown)?;
            }
            None if numbered => output.push(&format!("%!{letter}(BADINDEX)"))?,
            None => output.push(&format!("%!{letter}(MISSING)"))?,
        }
        next += 1;
    }
    output.push(rest)?;
    if !reordered && next < values.len() {
        output.push("%!(EXTRA ")?;
        for (index, value) in values[next..].iter().enumerate() {
            output.push(if index == 0 { "" } else { ", " })?;
            typed(value, &mut output)?;
        }
        output.push(")")?;
    }
    Ok(output.text)
}

/// Takes `[2]`, which says which value is next.
fn argument_number(rest: &mut &str, next: &mut usize) -> bool {
    let Some(inside) = rest.strip_prefix('[') else { return false };
    let Some((number, behind)) = inside.split_once(']') else { return false };
    let Some(number) = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)) else {
        return false;
    };
    *next = number;
    *rest = behind;
    true
}

/// Takes a number, or `*` and the value it stands for.
fn size(rest: &mut &str, values: &[Data], next: &mut usize) -> Option<i64> {
    if let Some(behind) = rest.strip_prefix('*') {
        *rest = behind;
        let value = values.get(*next);
        *next += 1;
        return match value {
            Some(Data::Integer(value)) => Some((*value).clamp(-(WIDTH as i64), WIDTH as i64)),
            _ => None,
        };
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    if digits.is_empty() {
        return None;
    }
    Some(digits.parse::<i64>().map_or(WIDTH as i64, |value| value.min(WIDTH as i64)))
}

/// `string=a`
fn typed(value: &Data, output: &mut Output) -> Result<()> {
    if *value == Data::Nil {
        return output.push("<nil>");
    }
    output.push(value.go_type())?;
    output.push("=")?;
    plain(value, output)
}

fn one(verb: &Verb, letter: char, value: &Data, limit: usize) -> Result {
    // What the verb is not for is shown as `%v` would, with the same width.
    let unsuitable = |value: &Data| -> Result {
        let mut output = Output { text: format!("%!{letter}({}=", value.go_type()), limit };
        output.push(&one(verb, 'v', value, limit)?)?;
        output.push(")")?;
        Ok(output.text)
    };
    let number = |digits: &str, negative: bool| Ok(padded_number(verb, digits, negative));
    match (value, letter) {
        (value, 'T') => Ok(padded(verb, value.go_type())),
        (Data::Nil, 'v') => Ok(padded(verb, "<nil>")),
        (Data::Nil, _) => Ok(format!("%!{letter}(<nil>)")),
        (Data::Bool(value), 'v' | 't') => Ok(padded(verb, &value.to_string())),
        (value, 'v') if verb.go_syntax => {
            let mut output = Output { text: String::new(), limit };
            go_syntax(value, &mut output)?;
            Ok(padded(verb, &output.text))
        }
        (Data::String(text), 'v' | 's') => Ok(padded(verb, &cut(verb, text))),
        (Data::String(text), 'q') if verb.sharp && can_be_raw(&cut(verb, text)) => {
            Ok(padded(verb, &format!("`{}`", cut(verb, text))))
        }
        (Data::String(text), 'q') => Ok(padded(verb, &quoted(&cut(verb, text), '"'))),
        (Data::String(text), 'x' | 'X') => {
            let text = cut(verb, text);
            let bytes: Vec<_> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let hex = match (verb.sharp && !bytes.is_empty(), verb.space) {
                (true, true) => format!("0x{}", bytes.join(" 0x")),
                (true, false) => format!("0x{}", bytes.concat()),
                (false, true) => bytes.join(" "),
                (false, false) => bytes.concat(),
            };
            Ok(padded(verb, &if letter == 'X' { hex.to_uppercase() } else { hex }))
        }
        (Data::Integer(value), _) => {
            let magnitude = value.unsigned_abs();
            let character = || {
                let character = u32::try_from(*value).ok().and_then(char::from_u32);
                character.unwrap_or(char::REPLACEMENT_CHARACTER).to_string()
            };
            let (prefix, digits) = match letter {
                'v' | 'd' => ("", magnitude.to_string()),
                'b' => (if verb.sharp { "0b" } else { "" }, format!("{magnitude:b}")),
                'o' => (if verb.sharp { "0" } else { "" }, format!("{magnitude:o}")),
                'O' => ("0o", format!("{magnitude:o}")),
                'x' => (if verb.sharp { "0x" } else { "" }, format!("{magnitude:x}")),
                'X' => (if verb.sharp { "0X" } else { "" }, format!("{magnitude:X}")),
                'U' if verb.sharp && is_shown(&character()) => {
                    return Ok(padded(verb, &format!("U+{magnitude:04X} '{}'", character())));
                }
                'U' => return Ok(padded(verb, &format!("U+{magnitude:04X}"))),
                'c' => return Ok(padded(verb, &character())),
                'q' => return Ok(padded(verb, &quoted(&character(), '\''))),
                _ => return unsuitable(&Data::Integer(*value)),
            };
            Ok(whole_number(verb, prefix, &digits, *value < 0))
        }
        (Data::Float(value), _) => {
            let magnitude = value.abs();
            let digits = match letter {
                'v' | 'g' | 'G' => general(magnitude, verb.precision),
                'f' | 'F' => fixed(magnitude, verb.precision.unwrap_or(6)),
                'e' | 'E' => exponent(magnitude, Some(verb.precision.unwrap_or(6))),
                'b' => binary(magnitude),
                'x' | 'X' if verb.precision.is_none() => hexadecimal(magnitude),
                _ => return unsuitable(&Data::Float(*value)),
            };
            let significant = match letter {
                'g' | 'G' => verb.precision.unwrap_or(6),
                _ => 0,
            };
            let digits = match verb.sharp && !matches!(letter, 'b' | 'v') {
                true => with_point(&digits, significant),
                false => digits,
            };
            let upper = matches!(letter, 'E' | 'G' | 'X');
            number(&if upper { digits.to_uppercase() } else { digits }, value.is_sign_negative())
        }
        // A verb for a list is one for each element.
        (Data::List(elements), _) => {
            let mut output = Output { text: "[".into(), limit };
            for (index, element) in elements.iter().enumerate() {
                output.push(if index == 0 { "" } else { " " })?;
                output.push(&one(verb, letter, element, limit)?)?;
            }
            output.push("]")?;
            Ok(output.text)
        }
        (Data::Map(elements), _) => {
            let mut output = Output { text: "map[".into(), limit };
            for (index, (name, element)) in elements.iter().enumerate() {
                output.push(if index == 0 { "" } else { " " })?;
                output.push(&one(verb, letter, &name.as_str().into(), limit)?)?;
                output.push(":")?;
                output.push(&one(verb, letter, element, limit)?)?;
            }
            output.push("]")?;
            Ok(output.text)
        }
        (value @ (Data::Bool(_) | Data::String(_)), _) => unsuitable(value),
    }
}

/// A value as Go programs write it: `%#v`.
fn go_syntax(value: &Data, output: &mut Output) -> Result<()> {
    let separate = |index: usize| if index == 0 { "" } else { ", " };
    let element = |value: &Data, output: &mut Output| match value {
        Data::Nil => output.push("interface {}(nil)"),
        value => go_syntax(value, output),
    };
    match value {
        Data::String(text) => output.push(&quoted(text, '"')),
        Data::List(elements) => {
            output.push(value.go_type())?;
            output.push("{")?;
            for (index, value) in elements.iter().enumerate() {
                output.push(separate(index))?;
                element(value, output)?;
            }
            output.push("}")
        }
        Data::Map(elements) => {
            output.push(value.go_type())?;
            output.push("{")?;
            for (index, (name, value)) in elements.iter().enumerate() {
                output.push(separate(index))?;
                output.push(&quoted(name, '"'))?;
                output.push(":")?;
                element(value, output)?;
            }
            output.push("}")
        }
        Data::Nil | Data::Bool(_) | Data::Integer(_) | Data::Float(_) => plain(value, output),
    }
}

/// Whether Go shows a character as it is.
fn is_shown(character: &str) -> bool {
    matches!(character, "\\" | "'") || !quoted(character, '\'').starts_with("'\\")
}

/// Whether a text may stand between backquotes.
fn can_be_raw(text: &str) -> bool {
    !text.contains(|c: char| c == '`' || c == '\u{feff}' || c == '\u{7f}' || (c < ' ' && c != '\t'))
}

/// The digits of a double with a decimal point, as `#` wants it, and with as many significant
/// ones.
fn with_point(digits: &str, significant: usize) -> String {
    let tail = digits.find(['e', 'p']).filter(|_| !digits.starts_with("0x"));
    let tail = tail.or_else(|| digits.find('p')).unwrap_or(digits.len());
    let (digits, tail) = digits.split_at(tail);
    let counted = digits.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let (point, counted) = match digits.contains('.') {
        true => ("", counted),
        // A zero alone counts.
        false => (".", counted + usize::from(digits == "0")),
    };
    format!("{digits}{point}{}{tail}", "0".repeat(significant.saturating_sub(counted)))
}

/// A whole number. A precision, or a width that zeros fill, says how many digits there are.
fn whole_number(verb: &Verb, prefix: &str, digits: &str, negative: bool) -> String {
    if verb.precision == Some(0) && digits == "0" {
        return " ".repeat(verb.width.unwrap_or(0));
    }
    let signed = negative || verb.plus || verb.space;
    let least = match (verb.precision, verb.width) {
        (Some(precision), _) => precision,
        (None, Some(width)) if verb.zero && !verb.minus => width - usize::from(signed && width > 0),
        (None, _) => 0,
    };
    let digits = "0".repeat(least.saturating_sub(digits.len())) + digits;
    // An octal number needs no second zero.
    let prefix = if prefix == "0" && digits.starts_with('0') { "" } else { prefix };
    let verb = Verb { zero: false, ..*verb };
    padded_number(&verb, &format!("{prefix}{digits}"), negative)
}

fn cut(verb: &Verb, text: &str) -> String {
    text.chars().take(verb.precision.unwrap_or(usize::MAX)).collect()
}

fn padded(verb: &Verb, text: &str) -> String {
    let missing = verb.width.unwrap_or(0).saturating_sub(text.chars().count());
    match (verb.minus, verb.zero) {
        (true, _) => format!("{text}{}", " ".repeat(missing)),
        (false, true) => format!("{}{text}", "0".repeat(missing)),
        (false, false) => format!("{}{text}", " ".repeat(missing)),
    }
}

fn padded_number(verb: &Verb, digits: &str, negative: bool) -> String {
    let sign = match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    let missing = verb.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
    match (verb.minus, verb.zero) {
        (true, _) => format!("{sign}{digits}{}", " ".repeat(missing)),
        (false, true) => format!("{sign}{}{digits}", "0".repeat(missing)),
        (false, false) => format!("{}{sign}{digits}", " ".repeat(missing)),
    }
}

/// No double has more digits than this behind its point, or behind its first digit: all that
/// follow are zeros. Rust's own formatting panics when it is asked for more than 65,535.
const DIGITS: usize = 1100;

/// A number with so many digits behind the point.
fn fixed(value: f64, precision: usize) -> String {
    let exact = precision.min(DIGITS);
    format!("{value:.exact$}{}", "0".repeat(precision - exact))
}

/// A number with so many digits behind its first, and the power of ten: `1.50e6`.
fn scientific(value: f64, precision: usize) -> String {
    let exact = precision.min(DIGITS);
    let shown = format!("{value:.exact$e}");
    let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    format!("{digits}{}e{exponent}", "0".repeat(precision - exact))
}

/// `1.5e+06`
fn exponent(value: f64, precision: Option<usize>) -> String {
    let shown = match precision {
        Some(precision) => scientific(value, precision),
        None => format!("{value:e}"),
    };
    let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A double's whole mantissa and its power of two, as Go's `%b`: `6755399441055744p-52`.
fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

/// As Go's `%x`, with as many digits as it takes: `0x1.8p+00`.
fn hexadecimal(value: f64) -> String {
    if value == 0.0 {
        return "0x0p+00".into();
    }
    let (mantissa, exponent) = parts(value);
    let shift = mantissa.leading_zeros() - 11;
    let mantissa = mantissa << shift;
    let exponent = exponent + 52 - i64::from(shift);
    let fraction = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x1{fraction}p{sign}{:02}", exponent.abs())
}

/// The mantissa and the power of two that make a double.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7ff {
        0 => (mantissa, -1074),
        power => (mantissa | 1 << 52, power as i64 - 1075),
    }
}

/// As Go's `%g`: the digits that are needed, with an exponent for very small and large numbers.
fn general(value: f64, precision: Option<usize>) -> String {
    let scientific = match precision {
        Some(precision) => scientific(value, precision.max(1) - 1),
        None => format!("{value:e}"),
    };
    let (digits, first) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let first: i32 = first.parse().unwrap_or(0);
    let significant = digits.bytes().filter(u8::is_ascii_digit).count();
    let limit = i32::try_from(precision.unwrap_or(6).max(1)).unwrap_or(i32::MAX);
    // Zeros at the end of the fraction are not shown.
    let short = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if value != 0.0 && (first < -4 || first >= limit) {
        let digits = short(digits);
        let fraction = digits.len().saturating_sub(2);
        return exponent(value, Some(if digits.contains('.') { fraction } else { 0 }));
    }
    match precision {
        None => value.to_string(),
        Some(_) => {
            let places = i64::try_from(significant).unwrap_or(0) - 1 - i64::from(first);
            short(&fixed(value, usize::try_from(places).unwrap_or(0)))
        }
    }
}
