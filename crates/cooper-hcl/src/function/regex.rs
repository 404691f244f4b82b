//! Functions on regular expressions.
//!
//! Templates are written for RE2, Go's regular expressions. They are translated for the
//! `regex` crate, which is as safe against slow patterns but differs in spelling: in RE2 `\d`,
//! `\w`, `\s` and `\b` know ASCII only, `\Q…\E` quotes, and `{` may stand for itself.

use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};

use super::{Function, FunctionCx, FunctionError, limit, returns_string, text};
use crate::value::{Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "regex",
            "`regex(pattern, text)`: the first match, or its groups if the pattern has any; `regex(\"[a-z]+\", \"12ab\")` is `\"ab\"`",
            match_type,
            |_, args| {
                let pattern = compile_for_groups(args, 0)?;
                let found = pattern.regex.captures(text(args, 1)?).ok_or_else(|| {
                    FunctionError::argument(1, "the pattern matches no part of the text")
                })?;
                Ok(pattern.groups(&found))
            },
        )
        .takes("pattern", Type::String)
        .takes("text", Type::String)
        .fails("the pattern cannot be read or matches nothing"),
        Function::new(
            "regexall",
            "`regexall(pattern, text)`: all matches, as `regex` gives them; `regexall(\"[a-z]\", \"1a2b\")` is `[\"a\", \"b\"]`",
            |args| Ok(Type::list(match_type(args)?)),
            regexall,
        )
        .takes("pattern", Type::String)
        .takes("text", Type::String)
        .fails("the pattern cannot be read"),
        Function::new(
            "regex_replace",
            "`regex_replace(text, pattern, new)`: the text with every match replaced; `$1` and `$${name}` stand for groups; `regex_replace(\"a1\", \"[0-9]\", \"\")` is `\"a\"`",
            returns_string,
            regex_replace,
        )
        .takes("text", Type::String)
        .takes("pattern", Type::String)
        .takes("new", Type::String)
        .fails("the pattern cannot be read"),
    ]
}

/// How large a compiled pattern may be, in bytes.
const SIZE: usize = 4 << 20;

/// A pattern, ready to be used.
struct Pattern {
    regex: Regex,
    /// The names of its groups; those without have none.
    names: Vec<Option<Arc<str>>>,
}

fn compile(args: &[Value], index: usize) -> Result<Pattern> {
    let refuse = |reason: &str| {
        FunctionError::argument(index, format!("the pattern is not a regular expression: {reason}"))
    };
    let Translated { text, names } =
        translate(text(args, index)?).map_err(|reason| refuse(&reason))?;
    let regex = RegexBuilder::new(&text).size_limit(SIZE).dfa_size_limit(SIZE).build();
    let regex = regex.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => refuse("it is too large"),
        // The last line says what is wrong; those before draw the pattern.
        error => {
            let message = error.to_string();
            let last = message.lines().last().unwrap_or_default();
            refuse(last.strip_prefix("error: ").unwrap_or(last))
        }
    })?;
    Ok(Pattern { regex, names })
}

/// A pattern whose groups are a result: all of them have names, or none has.
fn compile_for_groups(args: &[Value], index: usize) -> Result<Pattern> {
    let pattern = compile(args, index)?;
    let named = pattern.names.iter().flatten().count();
    if named != 0 && named != pattern.names.len() {
        return Err(FunctionError::argument(index, "named and unnamed groups cannot be mixed"));
    }
    Ok(pattern)
}

/// A string, a tuple of groups or an object of named groups, as the pattern has it.
fn match_type(args: &[Value]) -> Result<Type> {
    if !matches!(args.first().map(Value::kind), Some(ValueKind::String(_))) {
        return Ok(Type::Any);
    }
    Ok(compile_for_groups(args, 0)?.group_type())
}

impl Pattern {
    fn group_type(&self) -> Type {
        match self.names.first() {
            None => Type::String,
            Some(None) => Type::Tuple(self.names.iter().map(|_| Type::String).collect()),
            Some(Some(_)) => {
                Type::object(self.names.iter().flatten().map(|name| (name.clone(), Type::String)))
            }
        }
    }

    /// What the groups of a match hold; of several with one name, the last.
    fn groups(&self, found: &Captures<'_>) -> Value {
        let group = |index: usize| {
            found.get(index).map_or(Value::null(Type::String), |group| group.as_str().into())
        };
        match self.names.first() {
            None => group(0),
            Some(None) => Value::tuple((1..=self.names.len()).map(group)),
            Some(Some(_)) => {
                let named = self.names.iter().enumerate();
                Value::object(named.filter_map(|(i, name)| Some((name.clone()?, group(i + 1)))))
            }
        }
    }

    /// The text of a group by its number or name; of several with one name, the first that is
    /// part of the match.
    fn group<'t>(&self, found: &Captures<'t>, name: &str) -> &'t str {
        let matched = |index: usize| found.get(index).map(|group| group.as_str());
        match name.parse::<usize>() {
            Ok(number) => matched(number),
            Err(_) => {
                let called = self.names.iter().enumerate();
                called
                    .filter(|(_, own)| own.as_deref() == Some(name))
                    .find_map(|(i, _)| matched(i + 1))
            }
        }
        .unwrap_or_default()
    }
}

fn regexall(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let pattern = compile_for_groups(args, 0)?;
    let mut matches = Vec::new();
    for found in pattern.regex.captures_iter(text(args, 1)?) {
        limit::elements((matches.len() + 1).saturating_mul(found.len()))?;
        matches.push(pattern.groups(&found));
    }
    Ok(Value::list(pattern.group_type(), matches))
}

fn regex_replace(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (whole, new) = (text(args, 0)?, text(args, 2)?);
    let pattern = compile(args, 1)?;
    let pieces = replacement(new);
    let mut result = limit::Text::default();
    let mut rest = 0;
    for found in pattern.regex.captures_iter(whole) {
        let Some(all) = found.get(0) else { continue };
        result.push(&whole[rest..all.start()])?;
        for piece in &pieces {
            result.push(match piece {
                Piece::Text(text) => text,
                Piece::Group(name) => pattern.group(&found, name),
            })?;
        }
        rest = all.end();
    }
    result.push(&whole[rest..])?;
    Ok(result.finish())
}

/// A part of a replacement.
enum Piece<'a> {
    Text(&'a str),
    /// `$1`, `$name`, `${name}`
    Group(&'a str),
}

/// The parts of a replacement, as Go reads it: `$$` is a dollar sign, a name is as long as
/// possible, and a dollar sign without a name stands for itself.
fn replacement(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        pieces.push(Piece::Text(before));
        if let Some(more) = after.strip_prefix('$') {
            pieces.push(Piece::Text("$"));
            rest = more;
            continue;
        }
        let open = after.strip_prefix('{');
        let inside = open.unwrap_or(after);
        let end = inside.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inside.len());
        let (name, behind) = inside.split_at(end);
        let behind = if open.is_some() { behind.strip_prefix('}') } else { Some(behind) };
        match behind {
            Some(behind) if !name.is_empty() => {
                pieces.push(Piece::Group(name));
                rest = behind;
            }
            _ => {
                pieces.push(Piece::Text("$"));
                rest = after;
            }
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// A pattern in the spelling of the `regex` crate.
struct Translated {
    text: String,
    /// The names of the groups, which the crate does not see: it refuses some that RE2 has.
    names: Vec<Option<Arc<str>>>,
}

/// RE2's spelling to that of the `regex` crate.
fn translate(pattern: &str) -> std::result::Result<Translated, String> {
    let mut input = pattern.chars().peekable();
    let mut output = String::with_capacity(pattern.len() + 16);
    let mut names = Vec::new();
    // Whether what was read last repeats what is before it.
    let mut repeats = false;
    while let Some(character) = input.next() {
        let repeated = std::mem::take(&mut repeats);
        match character {
            '\\' => escape(&mut input, &mut output)?,
            '[' => class(&mut input, &mut output)?,
            '{' => repeats = repetition(&mut input, &mut output)?,
            '(' if input.next_if_eq(&'?').is_none() => {
                output.push('(');
                names.push(None);
            }
            '(' => match group_name(&mut input)? {
                Some(name) => {
                    output.push('(');
                    names.push(Some(name));
                }
                None => {
                    output.push_str("(?");
                    flags(&input)?;
                }
            },
            // Alone they stand for themselves, which the crate allows for `]` only.
            '}' => output.push_str("\\}"),
            '*' | '+' | '?' => {
                output.push(character);
                repeats = true;
            }
            _ => output.push(character),
        }
        if repeats && repeated {
            return Err("it repeats a repetition; put the inner one in `(?:…)`".into());
        }
        // The one that makes a repetition take little is part of it.
        if repeats && input.next_if_eq(&'?').is_some() {
            output.push('?');
        }
    }
    Ok(Translated { text: output, names })
}

/// The name of a group, `P<name>` or `<name>`; nothing for a group that is none.
fn group_name(input: &mut Peekable<Chars<'_>>) -> std::result::Result<Option<Arc<str>>, String> {
    let mut ahead = input.clone();
    let spelled = ahead.next_if_eq(&'P').is_some();
    if ahead.next() != Some('<') {
        return match spelled {
            true => Err("`(?P` needs a name in `<>`".into()),
            false => Ok(None),
        };
    }
    let name: String = ahead.by_ref().take_while(|&c| c != '>').collect();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err("the name of a group has only letters, digits and `_`".into());
    }
    *input = ahead;
    Ok(Some(name.into()))
}

/// Refuses flags that RE2 does not have; the crate would give them a meaning.
fn flags(input: &Peekable<Chars<'_>>) -> std::result::Result<(), String> {
    let ahead = input.clone();
    for character in ahead {
        match character {
            'i' | 'm' | 's' | 'U' | '-' => {}
            ':' | ')' => return Ok(()),
            other => return Err(format!("`(?{other}` is not supported")),
        }
    }
    Ok(())
}

/// `{2}`, `{2,}` and `{2,5}` repeat; anything else is an ordinary brace. Says which it was.
fn repetition(
    input: &mut Peekable<Chars<'_>>,
    output: &mut String,
) -> std::result::Result<bool, String> {
    let ahead: String = input.clone().take_while(|&c| c != '}').take(16).collect();
    let closed = input.clone().nth(ahead.chars().count()) == Some('}');
    let (least, most) = ahead.split_once(',').unwrap_or((&ahead, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !closed || least.is_empty() || !digits(least) || !digits(most) {
        output.push_str("\\{");
        return Ok(false);
    }
    for count in [least, most] {
        if count.parse::<u32>().is_ok_and(|count| count > 1000) || count.len() > 9 {
            return Err(format!("`{{{ahead}}}` repeats more than 1000 times"));
        }
    }
    output.push('{');
    output.push_str(&ahead);
    output.push('}');
    input.nth(ahead.chars().count());
    Ok(true)
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = "\\t\\n\\f\\r ";

fn escape(input: &mut Peekable<Chars<'_>>, output: &mut String) -> std::result::Result<(), String> {
    let Some(&next) = input.peek() else {
        return Err("a backslash at the end escapes nothing".into());
    };
    match next {
        'Q' => {
            input.next();
            while let Some(character) = input.next() {
                if character == '\\' && input.next_if_eq(&'E').is_some() {
                    break;
                }
                literal(character, output);
            }
            return Ok(());
        }
        'b' => output.push_str("(?-u:\\b)"),
        'B' | 'A' | 'z' => {
            output.push('\\');
            output.push(next);
        }
        'd' | 'w' | 's' | 'D' | 'W' | 'S' => output.push_str(&perl_class(next)),
        'p' | 'P' => return unicode_class(input, output),
        _ => {
            literal(escaped_character(input)?, output);
            return Ok(());
        }
    }
    input.next();
    Ok(())
}

fn perl_class(letter: char) -> String {
    let inside = match letter.to_ascii_lowercase() {
        'd' => DIGIT,
        'w' => WORD,
        _ => SPACE,
    };
    if letter.is_ascii_uppercase() { format!("[^{inside}]") } else { format!("[{inside}]") }
}

/// `\pN`, `\p{Greek}`, `\p{^Greek}`: with the `p` still to be read.
fn unicode_class(
    input: &mut Peekable<Chars<'_>>,
    output: &mut String,
) -> std::result::Result<(), String> {
    let mut negated = input.next() == Some('P');
    let mut name = String::new();
    match input.next() {
        Some('{') => {
            negated ^= input.next_if_eq(&'^').is_some();
            loop {
                match input.next() {
                    Some('}') => break,
                    Some(character) if character.is_ascii_alphanumeric() || character == '_' => {
                        name.push(character);
                    }
                    _ => return Err("`\\p{` has no end".into()),
                }
            }
        }
        Some(character) => name.push(character),
        None => return Err("`\\p` needs the name of a class".into()),
    }
    output.push_str(if negated { "\\P{" } else { "\\p{" });
    output.push_str(&name);
    output.push('}');
    Ok(())
}

/// The character that an escape stands for; the backslash was read.
fn escaped_character(input: &mut Peekable<Chars<'_>>) -> std::result::Result<char, String> {
    let character = input.next().ok_or("a backslash at the end escapes nothing")?;
    let octal = |input: &mut Peekable<Chars<'_>>, first: u32, more: usize| {
        let mut value = first;
        for _ in 0..more {
            match input.next_if(|c| ('0'..='7').contains(c)).and_then(|c| c.to_digit(8)) {
                Some(digit) => value = value * 8 + digit,
                None => break,
            }
        }
        char::from_u32(value).ok_or_else(|| "an octal escape is out of range".to_owned())
    };
    match character {
        'a' => Ok('\x07'),
        'f' => Ok('\x0c'),
        't' => Ok('\t'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        'v' => Ok('\x0b'),
        '0' => octal(input, 0, 2),
        '1'..='7' if input.peek().is_some_and(|c| ('0'..='7').contains(c)) => {
            octal(input, character.to_digit(8).unwrap_or_default(), 2)
        }
        'x' => {
            let digits: String = if input.next_if_eq(&'{').is_some() {
                input.by_ref().take_while(|&c| c != '}').take(9).collect()
            } else {
                input.by_ref().take(2).collect()
            };
            u32::from_str_radix(&digits, 16)
                .ok()
                .and_then(char::from_u32)
                .ok_or_else(|| "`\\x` needs two hexadecimal digits, or some in braces".to_owned())
        }
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(other),
        other => Err(format!("`\\{other}` is not an escape")),
    }
}

fn literal(character: char, output: &mut String) {
    if character.is_ascii_punctuation() {
        output.push('\\');
    }
    output.push(character);
}

/// A class in brackets, rewritten so that nothing in it has a meaning that RE2 does not give it.
fn class(input: &mut Peekable<Chars<'_>>, output: &mut String) -> std::result::Result<(), String> {
    const OPEN: &str = "a class in brackets has no end";
    output.push('[');
    if input.next_if_eq(&'^').is_some() {
        output.push('^');
    }
    let mut first = true;
    loop {
        let character = input.next().ok_or(OPEN)?;
        let low = match character {
            ']' if !first => {
                output.push(']');
                return Ok(());
            }
            '[' if input.peek() == Some(&':') => {
                // `[:alpha:]` is spelled alike.
                let name: String = input.clone().take_while(|&c| c != ']').take(16).collect();
                if name.len() > 2 && name.ends_with(':') {
                    output.push('[');
                    output.push_str(&name);
                    output.push(']');
                    input.nth(name.chars().count());
                    first = false;
                    continue;
                }
                '['
            }
            '\\' => match input.peek() {
                Some(&letter @ ('d' | 'w' | 's' | 'D' | 'W' | 'S')) => {
                    input.next();
                    output.push_str(&perl_class(letter));
                    first = false;
                    continue;
                }
                Some('p' | 'P') => {
                    unicode_class(input, output)?;
                    first = false;
                    continue;
                }
                _ => escaped_character(input)?,
            },
            other => other,
        };
        first = false;
        literal(low, output);
        let mut ahead = input.clone();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
            input.next();
            let high = match input.next().ok_or(OPEN)? {
                '\\' => escaped_character(input)?,
                other => other,
            };
            output.push('-');
            literal(high, output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_re2() {
        for (pattern, yes, no) in [
            (r"^\d+$", "12", "١"),
            (r"^\w$", "a", "é"),
            (r"^\s$", " ", "\u{a0}"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^\Qa.b", "a.b", "axb"),
            (r"^a{$", "a{", "a"),
            (r"^{,3}$", "{,3}", ""),
            (r"^a{2,3}$", "aa", "a"),
            (r"^a}$", "a}", "a"),
            (r"^[a&&b]$", "&", "c"),
            (r"^[a~~b]$", "~", "c"),
            (r"^[[a]$", "[", "b"),
            (r"^[]a]$", "]", "b"),
            (r"^[^]a]$", "b", "]"),
            (r"^[\d-]$", "-", "a"),
            (r"^[\D]$", "a", "1"),
            (r"^[[:alpha:]_]$", "_", "1"),
            (r"^\101$", "A", "101"),
            (r"^\x41\x{42}$", "AB", "x"),
            (r"^\p{Greek}\PL$", "α1", "a1"),
            (r"^\p{^Greek}$", "a", "α"),
            (r"\bfoo\b", "a foo", "afoo"),
            (r"(?i)^ABC$", "abc", "abd"),
            (r"^(?P<n>a)(?:b)$", "ab", "a"),
            (r"^a#b$", "a#b", "a"),
            (r"^(?:a*)*$", "aa", "b"),
            (r"^a{2}?b??$", "aa", "a"),
            (r"^a?b*?c+$", "c", "a"),
            (r"^\*+$", "**", "a"),
            (r"^(?P<1>a)(?<1>b)$", "ab", "a"),
        ] {
            let compiled = Regex::new(&translate(pattern).unwrap().text)
                .unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert!(compiled.is_match(yes), "{pattern} should match {yes}");
            assert!(!compiled.is_match(no), "{pattern} should not match {no}");
        }
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for pattern in [
            r"\",
            r"\8",
            r"\1",
            r"[a",
            r"(?x)a",
            r"(?=a)",
            r"(?<=a)",
            r"a{1001}",
            r"\p{",
            r"\y",
            r"a**",
            r"a*?*",
            r"a{2}+",
            r"a+??",
            r"*a",
            r"(?P<é>a)",
            r"(?P<>a)",
            r"(?Px)",
            r"(?P<a",
        ] {
            let refused =
                translate(pattern).map_or(true, |pattern| Regex::new(&pattern.text).is_err());
            assert!(refused, "{pattern}");
        }
    }
}
