//! Text to text and actions, and actions to words.

use super::{Data, TemplateError};

/// A piece of a template.
pub(super) enum Item {
    /// Stands for itself; white space is trimmed already.
    Text(String),
    /// What stands between `{{` and `}}`.
    Action {
        /// Where it begins, braces included.
        offset: usize,
        /// Where it ends, braces included.
        end: usize,
        /// Its words.
        tokens: Vec<Token>,
    },
}

/// A word of an action, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) offset: usize,
    /// Where it ends.
    pub(super) end: usize,
    pub(super) kind: TokenKind,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum TokenKind {
    /// White space: it separates arguments.
    Space,
    /// `.`
    Dot,
    /// `.name`
    Field(String),
    /// `$name`, or `$` with an empty name.
    Variable(String),
    /// A name: of a function, or a word such as `if`.
    Word(String),
    /// A string or a number.
    Literal(Data),
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    /// `,`
    Comma,
}

pub(super) fn scan(source: &str) -> Result<Vec<Item>, TemplateError> {
    let mut items = Vec::new();
    let mut at = 0;
    let mut trim = false;
    while let Some(found) = source[at..].find("{{") {
        let open = at + found;
        let mut action = Scanner { source, at: open + 2 };
        let trim_before = action.rest().starts_with('-')
            && action.rest()[1..].starts_with(|c: char| c.is_ascii_whitespace());
        let mut text = &source[at..open];
        if trim {
            text = text.trim_start_matches(is_space);
        }
        if trim_before {
            text = text.trim_end_matches(is_space);
            action.at += 1;
        }
        if !text.is_empty() {
            items.push(Item::Text(text.into()));
        }
        // As in Go, a comment stands right behind the braces or the one space of the mark.
        if action.rest()[usize::from(trim_before)..].starts_with("/*") {
            trim = action.comment(open)?;
        } else {
            let tokens;
            (tokens, trim) = action.tokens(open)?;
            items.push(Item::Action { offset: open, end: action.at, tokens });
        }
        at = action.at;
    }
    let text = &source[at..];
    let text = if trim { text.trim_start_matches(is_space) } else { text };
    if !text.is_empty() {
        items.push(Item::Text(text.into()));
    }
    Ok(items)
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes characters while they are wanted.
    fn take_while(&mut self, wanted: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes a comment and the end of its action; says whether to trim what follows.
    fn comment(&mut self, open: usize) -> Result<bool, TemplateError> {
        let end = self.rest().find("*/");
        let end = end.ok_or_else(|| TemplateError::new(open, "the comment has no end"))?;
        self.at += end + 2;
        self.close().ok_or_else(|| {
            TemplateError::new(self.at, "a comment must be alone between `{{` and `}}`")
        })
    }

    /// Takes the end of an action if it is next; says whether to trim what follows.
    fn close(&mut self) -> Option<bool> {
        let rest = self.rest();
        if rest.starts_with("}}") {
            self.at += 2;
            return Some(false);
        }
        if rest.starts_with(is_space) && rest[1..].starts_with("-}}") {
            self.at += 4;
            return Some(true);
        }
        None
    }

    fn tokens(&mut self, open: usize) -> Result<(Vec<Token>, bool), TemplateError> {
        let mut tokens = Vec::new();
        loop {
            if let Some(trim) = self.close() {
                return Ok((tokens, trim));
            }
            let offset = self.at;
            let kind = self.token()?.ok_or_else(|| {
                TemplateError::new(
                    open,
                    "`{{` has no `}}`; write `{{\"{{\"}}` for the braces themselves",
                )
            })?;
            tokens.push(Token { offset, end: self.at, kind });
        }
    }

    fn token(&mut self) -> Result<Option<TokenKind>, TemplateError> {
        let offset = self.at;
        let rest = self.rest();
        let Some(character) = self.peek() else { return Ok(None) };
        let mut simple = |kind, length| {
            self.at += length;
            Ok(Some(kind))
        };
        match character {
            c if is_space(c) => {
                // One at a time before ` -}}`, whose space belongs to it.
                self.at += 1;
                while self.peek().is_some_and(is_space) && !self.rest()[1..].starts_with("-}}") {
                    self.at += 1;
                }
                Ok(Some(TokenKind::Space))
            }
            '|' => simple(TokenKind::Pipe, 1),
            '(' => simple(TokenKind::Open, 1),
            ')' => simple(TokenKind::Close, 1),
            ',' => simple(TokenKind::Comma, 1),
            '=' => simple(TokenKind::Assign, 1),
            ':' if rest.starts_with(":=") => simple(TokenKind::Declare, 2),
            '$' => {
                self.at += 1;
                Ok(Some(TokenKind::Variable(self.take_while(is_name).into())))
            }
            '"' => self.quoted().map(|text| Some(TokenKind::Literal(text.into()))),
            '`' => {
                let raw = rest[1..].split_once('`').map(|(raw, _)| raw);
                let raw = raw.ok_or_else(|| TemplateError::new(offset, "the string has no end"))?;
                self.at += raw.len() + 2;
                Ok(Some(TokenKind::Literal(raw.into())))
            }
            '\'' => {
                self.at += 1;
                let value = match self.peek() {
                    Some('\\') => self.escape('\'')?,
                    Some(c) if c != '\'' && c != '\n' => {
                        self.at += c.len_utf8();
                        c
                    }
                    _ => return Err(TemplateError::new(offset, "a character is missing")),
                };
                if self.peek() != Some('\'') {
                    return Err(TemplateError::new(offset, "the character has no end"));
                }
                self.at += 1;
                Ok(Some(TokenKind::Literal(Data::Integer(i64::from(u32::from(value))))))
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.at += 1;
                let name = self.take_while(is_name);
                Ok(Some(if name.is_empty() {
                    TokenKind::Dot
                } else {
                    TokenKind::Field(name.into())
                }))
            }
            '0'..='9' | '+' | '-' | '.' => self.number().map(|n| Some(TokenKind::Literal(n))),
            c if is_name(c) => Ok(Some(TokenKind::Word(self.take_while(is_name).into()))),
            c => Err(TemplateError::new(offset, format!("`{c}` has no meaning here"))),
        }
    }

    fn number(&mut self) -> Result<Data, TemplateError> {
        let offset = self.at;
        let rest = self.rest();
        let mut previous = ' ';
        let hexadecimal =
            rest.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("0x");
        let end = rest
            .char_indices()
            .find(|&(at, c)| {
                let exponent = matches!(previous, 'e' | 'E') && !hexadecimal;
                let sign = matches!(c, '+' | '-') && (at == 0 || exponent);
                previous = c;
                !(sign || c == '.' || is_name(c))
            })
            .map_or(rest.len(), |(at, _)| at);
        let text = &rest[..end];
        self.at += end;
        number(text).ok_or_else(|| TemplateError::new(offset, format!("`{text}` is not a number")))
    }

    fn quoted(&mut self) -> Result<String, TemplateError> {
        let offset = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape('"')?),
                None | Some('\n') => {
                    return Err(TemplateError::new(offset, "the string has no end"));
                }
                Some(character) => {
                    self.at += character.len_utf8();
                    text.push(character);
                }
            }
        }
    }

    /// Takes an escape such as `\n` or `\u00e9`.
    fn escape(&mut self, quote: char) -> Result<char, TemplateError> {
        let offset = self.at;
        let malformed = || TemplateError::new(offset, "this is not an escape of Go's strings");
        let mut rest = self.rest()[1..].chars();
        let letter = rest.next().ok_or_else(malformed)?;
        let (digits, radix) = match letter {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (3, 8),
            _ => (0, 0),
        };
        if digits > 0 {
            let start = offset + if radix == 8 { 1 } else { 2 };
            let text = self.source.get(start..start + digits).ok_or_else(malformed)?;
            let code = u32::from_str_radix(text, radix).ok().filter(|_| !text.starts_with('+'));
            self.at = start + digits;
            // A byte above 127 would not be text by itself.
            let limit = if radix == 8 || digits == 2 { 0x80 } else { u32::MAX };
            let code = code.filter(|code| *code < limit).and_then(char::from_u32);
            return code.ok_or_else(malformed);
        }
        self.at += 1 + letter.len_utf8();
        Ok(match letter {
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            '\\' => '\\',
            c if c == quote => c,
            _ => return Err(malformed()),
        })
    }
}

/// A number as Go writes it; underscores may stand between digits.
fn number(text: &str) -> Option<Data> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let lower = digits.to_ascii_lowercase();
    let radix = match lower.get(..2) {
        Some("0x") => Some((16, &lower[2..])),
        Some("0o") => Some((8, &lower[2..])),
        Some("0b") => Some((2, &lower[2..])),
        _ if lower.len() > 1
            && lower.starts_with('0')
            && lower.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Some((8, &lower[1..]))
        }
        _ => None,
    };
    if let Some((radix, digits)) = radix {
        let value =
            i64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['+', '-']));
        return value.map(|value| Data::Integer(sign * value));
    }
    if !lower.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Ok(value) = lower.parse::<i64>() {
        return Some(Data::Integer(sign * value));
    }
    let value = lower.parse::<f64>().ok().filter(|value| value.is_finite())?;
    Some(Data::Float(if sign < 0 { -value } else { value }))
}
