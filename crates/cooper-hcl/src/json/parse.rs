//! The parser: one pass, several mistakes.
//!
//! After a mistake it goes on behind the next comma or bracket of the same level, so what is
//! recorded are mistakes of the text and not of the reading.

use std::ops::Range;
use std::sync::Arc;

use super::string::Decoded;
use super::{Node, NodeKind, Property};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::source::{SourceFile, Span};
use crate::value::{Number, NumberError};

/// How deep brackets may be nested.
const MAX_NESTING: usize = 64;
/// After so many mistakes the rest of the text is not looked at.
const MAX_MISTAKES: usize = 20;
/// So much of a wrong word is quoted.
const SHOWN: usize = 40;

/// Reads a text that is one value.
///
/// # Errors
///
/// [`Reported`], after recording every mistake that could be found.
pub fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<Node, Reported> {
    let text: &str = file.text();
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let base = file.base();
    let mut parser =
        Parser { text, base, at, open: Vec::new(), mistakes: 0, reported: None, diags };
    let node = parser.whole();
    match (parser.reported, node) {
        (Some(reported), _) => Err(reported),
        (None, Ok(node)) => Ok(node),
        (None, Err(_)) => Err(parser.error("this is not JSON", parser.here(), "")),
    }
}

/// Why there is no value: it was recorded.
enum Stop {
    /// The reading can go on behind this value.
    Value,
    /// What follows cannot be made sense of.
    Text,
}

struct Parser<'a> {
    text: &'a str,
    base: u32,
    at: usize,
    /// Where the brackets that are open begin.
    open: Vec<usize>,
    mistakes: usize,
    reported: Option<Reported>,
    diags: &'a Diagnostics,
}

impl Parser<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.base + range.start as u32, self.base + range.end as u32)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// The next character's place; an empty one at the end.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    fn error(&mut self, message: impl Into<String>, range: Range<usize>, help: &str) -> Reported {
        self.record(Diagnostic::error(Code::Syntax, message).at(self.span(range), ""), help)
    }

    fn record(&mut self, diagnostic: Diagnostic, help: &str) -> Reported {
        let help = (!help.is_empty()).then_some(help);
        let reported = self.diags.error(diagnostic.help(help));
        self.mistakes += 1;
        self.reported = Some(reported);
        reported
    }

    fn whole(&mut self) -> Result<Node, Stop> {
        self.space();
        if self.at == self.text.len() {
            self.error("the text is empty", self.here(), "the least JSON template is `{}`");
            return Err(Stop::Text);
        }
        let node = self.value()?;
        self.space();
        if self.at < self.text.len() {
            let range = self.at..self.at + self.word_length();
            let found = self.shown(&range);
            let message = format!("`{found}` stands behind the end of the JSON value");
            let diagnostic = Diagnostic::error(Code::Syntax, message).at(self.span(range), "");
            let end = node.span.end() - self.base;
            let last = self.span(end as usize - 1..end as usize);
            self.record(diagnostic.label(last, "it ends here"), "");
        }
        Ok(node)
    }

    /// Skips white space, and comments, which JSON does not have.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let rest = &self.text[self.at..];
            let length = if rest.starts_with("//") || rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            let mark = if rest.starts_with('#') { 1 } else { 2 };
            let help = "write it as a property: `\"//\": \"…\"`";
            self.error("JSON has no comments", self.at..self.at + mark, help);
            self.at += length;
        }
    }

    fn value(&mut self) -> Result<Node, Stop> {
        let start = self.at;
        let kind = match self.peek() {
            Some('{') => self.bracket(Self::object)?,
            Some('[') => self.bracket(Self::array)?,
            Some('"') => NodeKind::String(self.string()?.0),
            Some('-' | '0'..='9') => self.number()?,
            Some(c) if c.is_alphabetic() || c == '_' => self.word()?,
            Some('\'' | '`' | '“' | '”' | '‘' | '’') => {
                NodeKind::String(self.wrong_quotes()?)
            }
            Some(c @ ('}' | ']' | ',' | ':')) => {
                let message = format!("expected a value, found `{c}`");
                self.error(message, self.here(), "");
                return Err(Stop::Value);
            }
            Some('+' | '.') => {
                let range = self.at..self.at + self.word_length();
                let help = "a number begins with a digit or `-`: `0.5`, `1`, `-1`";
                self.error("this is not a number of JSON", range, help);
                return Err(Stop::Value);
            }
            Some(c) => {
                let message = format!("expected a value, found `{c}`");
                let help = "a value is an object, an array, a string in double quotes, a number, \
                            `true`, `false` or `null`";
                self.error(message, self.here(), help);
                return Err(Stop::Value);
            }
            None => return Err(self.unclosed()),
        };
        Ok(Node { kind, span: self.span(start..self.at) })
    }

    fn bracket(
        &mut self,
        inside: fn(&mut Self) -> Result<NodeKind, Stop>,
    ) -> Result<NodeKind, Stop> {
        if self.open.len() >= MAX_NESTING {
            let message = format!("brackets may be nested {MAX_NESTING} levels deep");
            let error = Diagnostic::error(Code::LimitExceeded, message);
            self.record(error.at(self.span(self.here()), ""), "");
            return Err(Stop::Text);
        }
        self.open.push(self.at);
        self.at += 1;
        let kind = inside(self)?;
        self.open.pop();
        Ok(kind)
    }

    fn object(&mut self) -> Result<NodeKind, Stop> {
        let mut properties = Vec::new();
        self.members('}', |parser| {
            properties.push(parser.property()?);
            Ok(())
        })?;
        Ok(NodeKind::Object(properties))
    }

    fn array(&mut self) -> Result<NodeKind, Stop> {
        let mut elements = Vec::new();
        self.members(']', |parser| {
            elements.push(parser.value()?);
            Ok(())
        })?;
        Ok(NodeKind::Array(elements))
    }

    /// What stands between two brackets, the first of which was read; reads the second.
    fn members(
        &mut self,
        close: char,
        mut member: impl FnMut(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut comma: Option<usize> = None;
        loop {
            self.space();
            if self.mistakes >= MAX_MISTAKES {
                return Err(Stop::Text);
            }
            match self.peek() {
                None => return Err(self.unclosed()),
                Some(c) if c == close => {
                    if let Some(comma) = comma {
                        let message = format!("there is a comma before `{close}`");
                        self.error(message, comma..comma + 1, "remove the comma");
                    }
                    self.at += 1;
                    return Ok(());
                }
                Some('}' | ']') => return Err(self.mismatched(close)),
                Some(',') => {
                    self.error("nothing stands before this comma", self.here(), "remove the comma");
                    comma = Some(self.at);
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            match member(self) {
                Ok(()) => {}
                Err(Stop::Value) => self.skip(),
                Err(Stop::Text) => return Err(Stop::Text),
            }
            let end = self.at;
            self.space();
            comma = None;
            match self.peek() {
                Some(',') => {
                    comma = Some(self.at);
                    self.at += 1;
                }
                Some('}' | ']') | None => {}
                Some(';') => {
                    self.error("expected `,`, found `;`", self.here(), "write a comma");
                    self.at += 1;
                }
                Some('"' | '\'' | '{' | '[' | '-' | '0'..='9') => {
                    let what = if close == '}' { "property" } else { "element" };
                    let next = self.span(self.here());
                    let message = "a comma is missing here";
                    let error = Diagnostic::error(Code::Syntax, message);
                    let error = error.at(self.span(end.saturating_sub(1)..end), "");
                    self.record(error.label(next, format!("before the next {what}")), "");
                }
                Some(_) => {
                    let range = self.at..self.at + self.word_length();
                    let message =
                        format!("expected `,` or `{close}`, found `{}`", self.shown(&range));
                    self.error(message, range, "");
                    self.skip();
                    if self.peek() == Some(',') {
                        self.at += 1;
                    }
                }
            }
        }
    }

    fn property(&mut self) -> Result<Property, Stop> {
        let (name, name_span) = self.name()?;
        self.space();
        match self.peek() {
            Some(':') => self.at += 1,
            Some('=') => {
                self.error("expected `:`, found `=`", self.here(), "JSON has `\"name\": value`");
                self.at += 1;
                if self.peek() == Some('>') {
                    self.at += 1;
                }
            }
            None => return Err(self.unclosed()),
            Some(_) => {
                let message = format!("the property `{name}` has no value");
                let error = Diagnostic::error(Code::Syntax, message).at(name_span, "");
                self.record(error, "write `\"name\": value`");
                return Err(Stop::Value);
            }
        }
        self.space();
        let value = self.value()?;
        Ok(Property { name, name_span, value })
    }

    fn name(&mut self) -> Result<(Arc<str>, Span), Stop> {
        let start = self.at;
        match self.peek() {
            Some('"') => self.string(),
            Some('\'' | '`' | '“' | '”' | '‘' | '’') => {
                let name = self.wrong_quotes()?;
                Ok((name, self.span(start..self.at)))
            }
            _ => {
                let length = self.word_length();
                let range = self.at..self.at + length;
                let word = self.shown(&range).to_owned();
                let starts = self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_');
                if !starts {
                    let message = format!("expected the name of a property, found `{word}`");
                    self.error(message, range, "an object has properties `\"name\": value`");
                    return Err(Stop::Value);
                }
                let help = format!("write `\"{word}\"`");
                let message = "the name of a property stands in double quotes";
                self.error(message, range.clone(), &help);
                self.at = range.end;
                Ok((word.into(), self.span(range)))
            }
        }
    }

    /// A string, and its place.
    fn string(&mut self) -> Result<(Arc<str>, Span), Stop> {
        let start = self.at;
        let inside = start + 1;
        let bytes = self.text.as_bytes();
        let mut end = inside;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                None | Some(b'\n') => return Err(self.unclosed_string(start, end)),
                Some(_) => end += 1,
            }
        }
        // A backslash may have jumped over the end, or into a character.
        let Some(source) = self.text.get(inside..end) else {
            return Err(self.unclosed_string(start, bytes.len()));
        };
        self.at = end + 1;
        let plain = !source.bytes().any(|byte| byte == b'\\' || byte < b' ');
        let text = if plain {
            source.into()
        } else {
            let mut mistakes = Vec::new();
            let start = self.base + inside as u32;
            let decoded = Decoded::read(source, start, |mistake| mistakes.push(mistake));
            for mistake in mistakes.into_iter().take(MAX_MISTAKES) {
                let range = inside + mistake.range.start..inside + mistake.range.end;
                self.error(mistake.message, range, mistake.help);
            }
            decoded.text.into()
        };
        Ok((text, self.span(start..self.at)))
    }

    /// A string that does not end on its line; goes on with the next line.
    fn unclosed_string(&mut self, start: usize, end: usize) -> Stop {
        let end = end.min(self.text.len());
        let help = "add the `\"`; a line end inside a string is written `\\n`";
        self.error("this string is not closed", start..start + 1, help);
        self.at = end;
        // What stands on the lines that follow may be the rest of the string, or not.
        Stop::Text
    }

    /// A string in quotes that JSON does not have.
    fn wrong_quotes(&mut self) -> Result<Arc<str>, Stop> {
        let start = self.at;
        let quote = self.peek().unwrap_or('\'');
        let inside = start + quote.len_utf8();
        let is_end = |c: char| c == quote || matches!((quote, c), ('“', '”') | ('‘', '’'));
        let line = self.text[inside..].split('\n').next().unwrap_or("");
        let Some(length) = line.find(is_end) else {
            let help = "a string of JSON stands in double quotes";
            self.error(format!("expected a value, found `{quote}`"), self.here(), help);
            self.at = inside + line.len();
            return Err(Stop::Value);
        };
        let text: Arc<str> = line[..length].into();
        self.at = inside + length;
        self.at += self.peek().map_or(0, char::len_utf8);
        let help = match text.len() {
            0..=SHOWN => format!("write `\"{text}\"`"),
            _ => "write `\"` at both ends".to_owned(),
        };
        self.error("a string of JSON stands in double quotes", start..self.at, &help);
        Ok(text)
    }

    fn number(&mut self) -> Result<NodeKind, Stop> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c)));
        let range = self.at..self.at + length.unwrap_or(rest.len());
        let word = &self.text[range.clone()];
        if !is_number(word) {
            let help = match word {
                _ if word.starts_with("-I") || word.starts_with("-N") => {
                    "JSON has no infinity and no NaN".to_owned()
                }
                _ if word.len() > 1 && word.starts_with('0') => {
                    "a number has no leading zeros and is decimal; what is not a number stands \
                     in double quotes"
                        .to_owned()
                }
                _ => "what is not a number stands in double quotes".to_owned(),
            };
            let message = format!("`{}` is not a number of JSON", self.shown(&range));
            self.error(message, range.clone(), &help);
            self.at = range.end;
            return Err(Stop::Value);
        }
        match word.parse::<Number>() {
            Ok(number) => {
                self.at = range.end;
                Ok(NodeKind::Number(number))
            }
            Err(error) => {
                let code = match error {
                    NumberError::TooLarge => Code::LimitExceeded,
                    NumberError::Malformed | NumberError::DivisionByZero => Code::Syntax,
                };
                let error = Diagnostic::error(code, error.to_string());
                self.record(error.at(self.span(range.clone()), ""), "");
                self.at = range.end;
                Err(Stop::Value)
            }
        }
    }

    fn word(&mut self) -> Result<NodeKind, Stop> {
        let range = self.at..self.at + self.word_length();
        let word = &self.text[range.clone()];
        let kind = match word {
            "null" => NodeKind::Null,
            "true" => NodeKind::Bool(true),
            "false" => NodeKind::Bool(false),
            _ => {
                let help = match word.to_ascii_lowercase().as_str() {
                    "true" => "did you mean `true`?".to_owned(),
                    "false" => "did you mean `false`?".to_owned(),
                    "none" | "nil" | "undefined" | "null" => "did you mean `null`?".to_owned(),
                    "nan" | "infinity" | "inf" => "JSON has no infinity and no NaN".to_owned(),
                    _ => format!(
                        "a string stands in double quotes, `\"{0}\"`; an expression too, \
                         `\"${{{0}}}\"`",
                        self.shown(&range)
                    ),
                };
                let message = format!("expected a value, found `{}`", self.shown(&range));
                self.error(message, range, &help);
                return Err(Stop::Value);
            }
        };
        self.at = range.end;
        Ok(kind)
    }

    /// How long the next word or sign is.
    fn word_length(&self) -> usize {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)));
        match end.unwrap_or(rest.len()) {
            0 => rest.chars().next().map_or(0, char::len_utf8),
            length => length,
        }
    }

    /// A word for a message.
    fn shown(&self, range: &Range<usize>) -> &str {
        let word = &self.text[range.clone()];
        word.char_indices().nth(SHOWN).map_or(word, |(end, _)| &word[..end])
    }

    /// Goes to the next comma or closing bracket of this level.
    fn skip(&mut self) {
        let mut depth = 0usize;
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    let mut end = self.at + 1;
                    while let Some(&byte) = bytes.get(end)
                        && byte != b'"'
                        && byte != b'\n'
                    {
                        end += if byte == b'\\' { 2 } else { 1 };
                    }
                    self.at = end.min(bytes.len() - 1);
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = bytes.len();
    }

    /// The text ends inside brackets.
    fn unclosed(&mut self) -> Stop {
        self.at = self.text.len();
        let start = self.open.last().copied().unwrap_or(0);
        let open = self.text[start..].chars().next().unwrap_or('{');
        let close = if open == '[' { ']' } else { '}' };
        let last = self.text.trim_end().len();
        let end = self.span(last.saturating_sub(1)..last);
        let error = Diagnostic::error(Code::Syntax, format!("this `{open}` is not closed"));
        let error = error.at(self.span(start..start + 1), "");
        let error = error.label(end, "the text ends here");
        self.record(error, &format!("add `{close}`"));
        Stop::Text
    }

    /// The wrong bracket closes.
    fn mismatched(&mut self, close: char) -> Stop {
        let start = self.open.last().copied().unwrap_or(0);
        let found = self.peek().unwrap_or(close);
        let message = format!("expected `{close}`, found `{found}`");
        let error = Diagnostic::error(Code::Syntax, message).at(self.span(self.here()), "");
        let error = error.label(self.span(start..start + 1), "to close this");
        self.record(error, "");
        Stop::Text
    }
}

/// Whether a word is a number as JSON writes them.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}
