//! What the parser says, in words for people.
//!
//! `hcl-edit` names the rules of its grammar. What it says is recognised where more can be said;
//! otherwise the list of what it expected is shortened.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// The diagnostic for an error of the parser in `text`, whose first byte is at `base`.
pub(super) fn syntax_error(error: &hcl::edit::parser::Error, text: &str, base: u32) -> Diagnostic {
    let mut offset = error.location().offset().min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let rest = &text[offset..];
    let length = token_length(rest);
    let span = Span::new(base + offset as u32, base + (offset + length) as u32);
    let message = error.message();
    if is_too_large(&text[..offset], rest) {
        return Diagnostic::error(Code::LimitExceeded, "a number can be written up to 1e308")
            .at(span, "")
            .help("write it in quotes: strings become numbers where one is needed");
    }
    if message.contains("redefined attribute") {
        return redefined(text, offset, base);
    }
    if message.contains("redefined object key") {
        return Diagnostic::error(Code::Duplicate, "this key is already in the object")
            .at(span, "")
            .help("remove one of the two");
    }
    if message.contains("nesting depth") || message.contains("binary operation") {
        let limit = message.split("expected ").nth(1).unwrap_or("fewer levels");
        return Diagnostic::error(Code::LimitExceeded, "this is nested too deeply")
            .at(span, format!("{limit} are allowed"));
    }
    if message.contains("hex code") {
        return Diagnostic::error(Code::Syntax, "this escape needs hexadecimal digits")
            .at(span, "")
            .help("`\\u` takes four digits and `\\U` eight, of a character that exists");
    }
    if message.contains("escape sequence") {
        let start = text[..offset].rfind('\\').unwrap_or(offset);
        let escape = Span::new(base + start as u32, base + offset as u32);
        return Diagnostic::error(Code::Syntax, "there is no such escape")
            .at(escape, "")
            .help("there are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uXXXX`; write `\\\\` for a backslash");
    }
    let found = describe(rest);
    let expected = expected(message);
    let diagnostic = Diagnostic::error(Code::Syntax, format!("expected {expected}"))
        .at(span, format!("found {found}"));
    let line = text[..offset].rsplit('\n').next().unwrap_or("");
    match () {
        () if expected == "a new line" => {
            diagnostic.help("each argument and block stands on a line of its own")
        }
        () if rest.starts_with('{') && line.contains('=') && line.trim_end().ends_with('=') => {
            diagnostic.help("a block is written without `=`")
        }
        () => diagnostic,
    }
}

/// An argument that its block already has.
fn redefined(text: &str, offset: usize, base: u32) -> Diagnostic {
    let name = &text[offset..offset + token_length(&text[offset..])];
    let at = |offset: usize| Span::new(base + offset as u32, base + (offset + name.len()) as u32);
    let diagnostic =
        Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice")).at(at(offset), "");
    // The nearest line above that gives it, which may be the same line.
    let mut end = offset;
    while let Some(found) = text[..end].rfind(name) {
        let before = text[..found].rsplit(['\n', '{']).next().unwrap_or("");
        let after = text[found + name.len()..].trim_start_matches([' ', '\t']);
        let assigns = after.starts_with('=') && !after.starts_with("==");
        if before.trim().is_empty() && assigns {
            return diagnostic.label(at(found), "first given here");
        }
        end = found;
    }
    diagnostic
}

/// Whether the parser stopped at a number that a double cannot hold, which it wants to.
fn is_too_large(before: &str, rest: &str) -> bool {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let exponent = rest.strip_prefix(['e', 'E']).map(|rest| rest.trim_start_matches(['+', '-']));
    let has_exponent = exponent.is_some_and(|exponent| digits(exponent) > 2)
        && before.ends_with(|c: char| c.is_ascii_digit());
    has_exponent || digits(rest) > 308
}

/// How long the first word or sign of a text is.
fn token_length(text: &str) -> usize {
    let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
    match (word.unwrap_or(text.len()), text.chars().next()) {
        (0, None | Some('\n')) => 0,
        (0, Some(c)) => c.len_utf8(),
        (length, _) => length,
    }
}

fn describe(rest: &str) -> String {
    match rest.chars().next() {
        None => "the end of the text".into(),
        Some('\n' | '\r' | '#') => "the end of the line".into(),
        Some(_) => format!("`{}`", &rest[..token_length(rest)]),
    }
}

/// What was expected, in a few words.
fn expected(message: &str) -> String {
    if message.contains("invalid expression") {
        return "an expression".into();
    }
    let Some((before, list)) = message.split_once("expected ") else {
        return "something else".into();
    };
    if before.ends_with("un") {
        return "something else".into();
    }
    if list.contains("newline") {
        return "a new line".into();
    }
    if message.contains("block body") {
        return "an argument, a block or `}`".into();
    }
    if list == "`'`" {
        return list.into();
    }
    list.replace("`\n`", "a new line").replace("identifier", "a name")
}
