//! Functions on strings. Lengths and offsets count grapheme clusters: what a reader calls a
//! character.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    Function, FunctionCx, FunctionError, Param, integer, limit, returns_bool, returns_string,
    returns_strings, sequence, text,
};
use crate::value::{Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "chomp",
            "`chomp(text)`: the text without the newlines at its end; `chomp(\"a\\n\")` is `\"a\"`",
            returns_string,
            chomp,
        )
        .takes("text", Type::String),
        Function::new(
            "endswith",
            "`endswith(text, suffix)`: whether the text ends so; `endswith(\"a.txt\", \".txt\")` is `true`",
            returns_bool,
            |_, args| Ok(text(args, 0)?.ends_with(text(args, 1)?).into()),
        )
        .takes("text", Type::String)
        .takes("suffix", Type::String),
        Function::new(
            "indent",
            "`indent(spaces, text)`: the text with every line but the first indented; `indent(2, \"a\\nb\")` is `\"a\\n  b\"`",
            returns_string,
            indent,
        )
        .takes("spaces", Type::Number)
        .takes("text", Type::String)
        .fails("the number is negative"),
        Function::new(
            "join",
            "`join(separator, lists...)`: all elements in one string; `join(\", \", [\"a\", \"b\"])` is `\"a, b\"`",
            returns_string,
            join,
        )
        .takes("separator", Type::String)
        .takes_rest("lists", Type::list(Type::String))
        .fails("an element is null"),
        Function::new(
            "lower",
            "`lower(text)`: the text in lower case; `lower(\"ABC\")` is `\"abc\"`",
            returns_string,
            |_, args| Ok(text(args, 0)?.chars().map(lower).collect::<String>().into()),
        )
        .takes("text", Type::String),
        Function::new(
            "replace",
            "`replace(text, old, new)`: the text with every `old` replaced; `replace(\"a-b\", \"-\", \"+\")` is `\"a+b\"`",
            returns_string,
            replace,
        )
        .takes("text", Type::String)
        .takes("old", Type::String)
        .takes("new", Type::String),
        Function::new(
            "split",
            "`split(separator, text)`: the parts between separators; `split(\",\", \"a,b\")` is `[\"a\", \"b\"]`",
            returns_strings,
            split,
        )
        .takes("separator", Type::String)
        .takes("text", Type::String)
        .fails("there would be more than 1,000,000 parts"),
        Function::new(
            "startswith",
            "`startswith(text, prefix)`: whether the text begins so; `startswith(\"v1\", \"v\")` is `true`",
            returns_bool,
            |_, args| Ok(text(args, 0)?.starts_with(text(args, 1)?).into()),
        )
        .takes("text", Type::String)
        .takes("prefix", Type::String),
        Function::new(
            "strcontains",
            "`strcontains(text, part)`: whether the part occurs in the text; `strcontains(\"abc\", \"b\")` is `true`",
            returns_bool,
            |_, args| Ok(text(args, 0)?.contains(text(args, 1)?).into()),
        )
        .takes("text", Type::String)
        .takes("part", Type::String),
        Function::new(
            "strrev",
            "`strrev(text)`: the characters in reverse order; `strrev(\"abc\")` is `\"cba\"`",
            returns_string,
            |_, args| {
                Ok(Value::string(text(args, 0)?.graphemes(true).rev().collect::<String>()))
            },
        )
        .takes("text", Type::String),
        Function::new(
            "substr",
            "`substr(text, offset, length)`: a part of the text; a negative offset counts from the end, length -1 means all; `substr(\"hello\", 1, 3)` is `\"ell\"`",
            returns_string,
            substr,
        )
        .takes("text", Type::String)
        .takes("offset", Type::Number)
        .takes("length", Type::Number),
        Function::new(
            "title",
            "`title(text)`: the text with every word's first letter in upper case; `title(\"a cat\")` is `\"A Cat\"`",
            returns_string,
            title,
        )
        .takes("text", Type::String),
        Function::new(
            "trim",
            "`trim(text, characters)`: the text without these characters at both ends; `trim(\"?!a!\", \"!?\")` is `\"a\"`",
            returns_string,
            |_, args| {
                let cutset: Vec<char> = text(args, 1)?.chars().collect();
                Ok(text(args, 0)?.trim_matches(cutset.as_slice()).into())
            },
        )
        .takes("text", Type::String)
        .takes("characters", Type::String),
        Function::new(
            "trimprefix",
            "`trimprefix(text, prefix)`: the text without the prefix, if it has it; `trimprefix(\"v1\", \"v\")` is `\"1\"`",
            returns_string,
            |_, args| {
                let whole = text(args, 0)?;
                Ok(whole.strip_prefix(text(args, 1)?).unwrap_or(whole).into())
            },
        )
        .takes("text", Type::String)
        .takes("prefix", Type::String),
        Function::new(
            "trimspace",
            "`trimspace(text)`: the text without white space at both ends; `trimspace(\" a \")` is `\"a\"`",
            returns_string,
            |_, args| Ok(text(args, 0)?.trim().into()),
        )
        .takes("text", Type::String),
        Function::new(
            "trimsuffix",
            "`trimsuffix(text, suffix)`: the text without the suffix, if it has it; `trimsuffix(\"a.sh\", \".sh\")` is `\"a\"`",
            returns_string,
            |_, args| {
                let whole = text(args, 0)?;
                Ok(whole.strip_suffix(text(args, 1)?).unwrap_or(whole).into())
            },
        )
        .takes("text", Type::String)
        .takes("suffix", Type::String),
        Function::new(
            "upper",
            "`upper(text)`: the text in upper case; `upper(\"abc\")` is `\"ABC\"`",
            returns_string,
            |_, args| Ok(text(args, 0)?.chars().map(upper).collect::<String>().into()),
        )
        .takes("text", Type::String),
        Function::new(
            "length",
            "`length(value)`: how many characters a string or how many elements a collection has; `length([\"a\", \"b\"])` is `2`",
            super::returns_number,
            length,
        )
        .takes_param(Param::new("value", Type::Any).partly_known())
        .fails("it is a number or a bool"),
    ]
}

/// As in Go, one character never becomes two: `ß` stays in upper case, and the iota below a Greek
/// letter goes with it.
fn upper(character: char) -> char {
    let moved = |by: u32| char::from_u32(u32::from(character) + by).unwrap_or(character);
    match character {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => moved(8),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => moved(9),
        _ => {
            let mut upper = character.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(only), None) => only,
                _ => character,
            }
        }
    }
}

/// The letter that begins a word; a few that are two in one have a form for that.
fn title_case(character: char) -> char {
    match character {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        other => upper(other),
    }
}

fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn chomp(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    Ok(text(args, 0)?.trim_end_matches(['\r', '\n']).into())
}

fn indent(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let spaces = usize::try_from(integer(args, 0)?)
        .map_err(|_| FunctionError::argument(0, "the number of spaces must not be negative"))?;
    let mut lines = text(args, 1)?.split('\n');
    let mut result = limit::Text::default();
    result.push(lines.next().unwrap_or_default())?;
    for line in lines {
        result.push("\n")?;
        result.repeat(" ", spaces)?;
        result.push(line)?;
    }
    Ok(result.finish())
}

fn join(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let separator = text(args, 0)?;
    if args.len() < 2 {
        return Err(FunctionError::new("at least one list is required"));
    }
    let mut result = limit::Text::default();
    let mut first = true;
    for list in 1..args.len() {
        for (index, element) in sequence(args, list)?.iter().enumerate() {
            let element = element.as_str().ok_or_else(|| {
                FunctionError::argument(
                    list,
                    format!("element {index} is null and cannot be joined"),
                )
            })?;
            if !std::mem::take(&mut first) {
                result.push(separator)?;
            }
            result.push(element)?;
        }
    }
    Ok(result.finish())
}

fn replace(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (whole, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    let mut result = limit::Text::default();
    let mut rest = 0;
    for (at, found) in whole.match_indices(old) {
        result.push(&whole[rest..at])?;
        result.push(new)?;
        rest = at + found.len();
    }
    result.push(&whole[rest..])?;
    Ok(result.finish())
}

fn split(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (separator, whole) = (text(args, 0)?, text(args, 1)?);
    let parts: Vec<&str> = if separator.is_empty() {
        // Every character by itself; `str::split` would add an empty part at both ends.
        let starts = whole.char_indices().take(limit::ELEMENTS + 1);
        starts.map(|(at, c)| &whole[at..at + c.len_utf8()]).collect()
    } else {
        whole.split(separator).take(limit::ELEMENTS + 1).collect()
    };
    limit::elements(parts.len())?;
    Ok(Value::list(Type::String, parts.into_iter().map(Value::from)))
}

fn substr(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let whole = text(args, 0)?;
    let (offset, length) = (integer(args, 1)?, integer(args, 2)?);
    let skip = if offset >= 0 {
        usize::try_from(offset).unwrap_or(usize::MAX)
    } else {
        let from_end = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        whole.graphemes(true).count().saturating_sub(from_end)
    };
    // As in Packer, every negative length means the rest, and so does 0 when counting from the end.
    let length = if offset < 0 && length == 0 { -1 } else { length };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let part: String = whole.graphemes(true).skip(skip).take(length).collect();
    Ok(part.into())
}

fn title(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let mut previous = ' ';
    let titled: String = text(args, 0)?
        .chars()
        .map(|character| {
            let begins = is_separator(previous);
            previous = character;
            if begins { title_case(character) } else { character }
        })
        .collect();
    Ok(titled.into())
}

/// Whether a word may begin after this character, as Go's `strings.Title` sees it.
fn is_separator(character: char) -> bool {
    if character.is_ascii() {
        return !(character.is_ascii_alphanumeric() || character == '_');
    }
    character.is_whitespace()
}

fn length(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let Some(value) = args.first() else { return Err(FunctionError::new("a value is required")) };
    let count = match value.kind() {
        ValueKind::String(text) => text.graphemes(true).count(),
        ValueKind::List(_, elements) | ValueKind::Tuple(elements) => elements.len(),
        // Two unknown elements of a set may turn out to be the same.
        ValueKind::Set(..) if !value.is_wholly_known() => return Ok(Value::unknown(Type::Number)),
        ValueKind::Set(_, elements) => elements.len(),
        ValueKind::Map(_, attributes) | ValueKind::Object(attributes) => attributes.len(),
        ValueKind::Unknown(ty) => match ty {
            Type::Tuple(elements) => elements.len(),
            Type::Object(attributes) => attributes.len(),
            Type::Bool | Type::Number => return Err(no_length(ty)),
            _ => return Ok(Value::unknown(Type::Number)),
        },
        ValueKind::Null(ty) => return Err(no_length(ty)),
        ValueKind::Bool(_) => return Err(no_length(&Type::Bool)),
        ValueKind::Number(_) => return Err(no_length(&Type::Number)),
    };
    Ok(Value::number(count))
}

fn no_length(ty: &Type) -> FunctionError {
    let message = format!("a string, a collection, a tuple or an object is required, not {ty}");
    FunctionError::argument(0, message)
}
