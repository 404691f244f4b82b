//! One pass over the text.
//!
//! A stack says what the text is inside of: a string, a heredoc, or the code of an interpolation.
//! A sound text needs nothing else. When something is left open, a second pass is made that
//! guesses where it should have ended, so that the rest of the file can still be read.

use unicode_ident::is_xid_start;

use super::{Fault, MAX_TOKENS, Token, TokenKind, Tokens, continues_word, is_word};
use crate::source::Span;

/// What a text begins as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Arguments, blocks, expressions.
    Code,
    /// The inside of a string without quotation marks.
    Template,
}

/// What to do where something is left open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnFault {
    /// Nothing more: the text will be read again.
    Stop,
    /// Record it and go on where it may have been meant to end.
    Recover,
}

pub(super) fn lex(text: &str, base: u32, start: Start) -> Tokens<'_> {
    let mut lexer = Lexer::new(text, base, start, OnFault::Stop);
    lexer.run();
    if !lexer.faults.is_empty() {
        lexer = Lexer::new(text, base, start, OnFault::Recover);
        lexer.run();
    }
    let Lexer { list, faults, cuts, .. } = lexer;
    Tokens { text, base, list, faults, cuts }
}

/// What the text is inside of.
enum Mode {
    /// `"…"`
    Quoted { token: usize },
    /// A heredoc, and the word that ends it.
    Heredoc { token: usize, marker: (usize, usize) },
    /// The inside of a string without quotation marks.
    Bare,
    /// `${ }` or `%{ }`, and how many braces are open in it.
    Code { token: usize, braces: u32 },
}

struct Lexer<'t> {
    text: &'t str,
    base: u32,
    at: usize,
    on_fault: OnFault,
    modes: Vec<Mode>,
    list: Vec<Token>,
    faults: Vec<Fault>,
    cuts: Vec<super::Cut>,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str, base: u32, start: Start, on_fault: OnFault) -> Self {
        let modes = match start {
            Start::Code => Vec::new(),
            Start::Template => vec![Mode::Bare],
        };
        Self {
            text,
            base,
            at: 0,
            on_fault,
            modes,
            // Typical text has a token for every six bytes.
            list: Vec::with_capacity((text.len() / 6).min(MAX_TOKENS)),
            faults: Vec::new(),
            cuts: Vec::new(),
        }
    }

    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.push(TokenKind::ByteOrderMark, 3);
        }
        while self.at < self.text.len() && self.goes_on() {
            if self.list.len() >= MAX_TOKENS {
                self.faults.push(Fault::TooManyTokens { at: self.span(self.at, self.at) });
                return;
            }
            match self.modes.last() {
                None | Some(Mode::Code { .. }) => self.code(),
                Some(Mode::Quoted { .. }) => self.quoted(),
                Some(Mode::Heredoc { .. }) => self.heredoc(),
                Some(Mode::Bare) => self.bare(),
            }
        }
        if self.goes_on() {
            self.end();
        }
    }

    fn goes_on(&self) -> bool {
        self.on_fault == OnFault::Recover || self.faults.is_empty()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start as u32, self.base + end as u32)
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let span = self.span(self.at, self.at + length);
        self.list.push(Token { kind, span });
        self.at += length;
    }

    /// The place of a token.
    fn place(&self, token: usize) -> Span {
        self.list[token].span
    }

    /// Code: everything but the inside of strings.
    fn code(&mut self) {
        let Some(byte) = self.byte(0) else { return };
        let next = self.byte(1);
        match byte {
            b' ' | b'\t' => self.at += 1,
            b'\n' => self.line_end(1),
            b'\r' if next == Some(b'\n') => self.line_end(2),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' => {
                self.modes.push(Mode::Quoted { token: self.list.len() });
                self.push(TokenKind::QuoteOpen, 1);
            }
            b'#' => self.line_comment(),
            b'/' if next == Some(b'/') => self.line_comment(),
            b'/' if next == Some(b'*') => self.block_comment(),
            b'<' if next == Some(b'<') => self.heredoc_open(),
            b'{' => {
                if let Some(Mode::Code { braces, .. }) = self.modes.last_mut() {
                    *braces += 1;
                }
                self.push(TokenKind::BraceOpen, 1);
            }
            b'}' => self.brace_close(),
            b'~' if next == Some(b'}') => {
                if matches!(self.modes.last(), Some(Mode::Code { .. })) {
                    self.modes.pop();
                }
                self.push(TokenKind::TemplateClose, 2);
            }
            b'\'' => self.wrong_quotes('\''),
            b'`' => self.wrong_quotes('`'),
            _ => match sign(byte, next, self.byte(2)) {
                Some((kind, length)) => self.push(kind, length),
                None => self.other(),
            },
        }
    }

    /// Something that does not begin with a character of ASCII that means something.
    fn other(&mut self) {
        match self.rest().chars().next() {
            Some(c) if is_xid_start(c) => self.word(),
            Some('\u{201c}' | '\u{201d}' | '\u{201e}') => self.wrong_quotes('\u{201d}'),
            Some('\u{2018}' | '\u{2019}') => self.wrong_quotes('\u{2019}'),
            Some('\u{ab}') => self.wrong_quotes('\u{bb}'),
            Some(c) => self.push(TokenKind::Invalid, c.len_utf8()),
            None => {}
        }
    }

    fn word(&mut self) {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let is_ascii = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let mut length = bytes.iter().take_while(|b| is_ascii(b)).count();
        if bytes.get(length).is_some_and(|b| !b.is_ascii()) {
            length = rest.find(|c| !continues_word(c)).unwrap_or(rest.len());
        }
        self.push(TokenKind::Word, length);
    }

    /// As in HCL, whatever looks like more of a number belongs to it: `1.5.2` is one wrong number.
    fn number(&mut self) {
        let bytes = self.rest().as_bytes();
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let (mut at, mut length) = (0, 0);
        loop {
            match bytes.get(at) {
                Some(b'0'..=b'9') => at += 1,
                // What ends with a point, or with several, ends before it.
                Some(b'.') => {
                    at += 1;
                    continue;
                }
                Some(b'e' | b'E') => {
                    let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
                    if !is_digit(at + 1 + sign) {
                        break;
                    }
                    at += 2 + sign;
                }
                _ => break,
            }
            length = at;
        }
        self.push(TokenKind::Number, length);
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        let line = rest
            .find('\n')
            .map_or(rest, |end| rest[..end].strip_suffix('\r').unwrap_or(&rest[..end]));
        self.push(TokenKind::LineComment, line.len());
    }

    fn block_comment(&mut self) {
        if let Some(length) = self.rest()[2..].find("*/") {
            self.push(TokenKind::BlockComment, 2 + length + 2);
        } else {
            self.faults.push(Fault::Comment { open: self.span(self.at, self.at + 2) });
            self.push(TokenKind::BlockComment, self.rest().len());
        }
    }

    fn line_end(&mut self, length: usize) {
        if self.on_fault == OnFault::Recover {
            self.cut_template(self.at, &self.text[self.at + length..]);
        }
        self.push(TokenKind::LineEnd, length);
    }

    /// Ends a template that was left open further up, when the next line cannot be a part of it.
    fn cut_template(&mut self, end: usize, next: &str) {
        let Some(Mode::Code { token, braces: 0 }) = self.modes.last() else { return };
        let open = self.place(*token);
        let line = next.lines().next().unwrap_or("");
        let end = self.span(end, end);
        match self.modes.len().checked_sub(2).map(|outer| &self.modes[outer]) {
            Some(Mode::Quoted { .. }) if is_item(line) => {
                let inside = |mode: &Mode| !matches!(mode, Mode::Quoted { .. } | Mode::Code { .. });
                let outermost = self.modes.iter().rposition(inside).map_or(0, |index| index + 1);
                // An interpolation of a heredoc may stand below the outermost string.
                let quoted = |mode: &Mode| matches!(mode, Mode::Quoted { .. });
                let below = self.modes[outermost..].iter().position(quoted).unwrap_or(0);
                self.faults.push(Fault::Template { open, end });
                self.cut(outermost + below);
            }
            Some(Mode::Heredoc { marker, .. }) if line.trim() == &self.text[marker.0..marker.1] => {
                self.faults.push(Fault::Template { open, end });
                self.cut(self.modes.len() - 1);
            }
            _ => {}
        }
    }

    /// Leaves what was opened as the mode of an index, and everything inside it.
    fn cut(&mut self, index: usize) {
        if let Some(
            Mode::Quoted { token } | Mode::Heredoc { token, .. } | Mode::Code { token, .. },
        ) = self.modes.get(index)
        {
            self.cuts.push(super::Cut { open: *token, end: self.list.len() });
        }
        self.modes.truncate(index);
    }

    fn brace_close(&mut self) {
        match self.modes.last_mut() {
            Some(Mode::Code { braces: 0, .. }) => {
                self.modes.pop();
                self.push(TokenKind::TemplateClose, 1);
            }
            Some(Mode::Code { braces, .. }) => {
                *braces -= 1;
                self.push(TokenKind::BraceClose, 1);
            }
            _ => self.push(TokenKind::BraceClose, 1),
        }
    }

    /// A quotation mark other than `"`, up to the one that closes it in the same line.
    fn wrong_quotes(&mut self, closer: char) {
        // Nobody writes such a string longer; looking further each time could take long.
        let rest = &self.rest()[..self.rest().floor_char_boundary(200)];
        let line = rest.lines().next().unwrap_or("");
        let opener = line.chars().next().map_or(1, char::len_utf8);
        let closed = line[opener..].find(closer).map(|at| opener + at + closer.len_utf8());
        self.push(TokenKind::WrongQuotes, closed.unwrap_or(opener));
    }

    /// Inside `"…"`.
    fn quoted(&mut self) {
        let bytes = self.rest().as_bytes();
        let mut length = 0;
        while let Some(&byte) = bytes.get(length) {
            match byte {
                b'"' => {
                    self.text_token(length);
                    self.modes.pop();
                    self.push(TokenKind::QuoteClose, 1);
                    return;
                }
                b'\n' | b'\r' => {
                    self.text_token(length);
                    self.string_runs_on();
                    return;
                }
                // The escaped byte may be the first of several; none of the others is special.
                b'\\' if !matches!(bytes.get(length + 1), Some(b'\n' | b'\r') | None) => {
                    length += 2
                }
                b'$' | b'%' => match marker(&bytes[length..]) {
                    Marker::None(skip) => length += skip,
                    Marker::Open(kind, skip) => {
                        self.text_token(length);
                        self.open_template(kind, skip);
                        return;
                    }
                },
                _ => length += 1,
            }
        }
        self.text_token(length);
    }

    fn text_token(&mut self, length: usize) {
        if length > 0 {
            self.push(TokenKind::Text, length);
        }
    }

    fn open_template(&mut self, kind: TokenKind, length: usize) {
        self.modes.push(Mode::Code { token: self.list.len(), braces: 0 });
        self.push(kind, length);
    }

    /// A line has ended inside `"…"`.
    fn string_runs_on(&mut self) {
        let line = self.text[..self.at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.base + line as u32;
        // What is open inside the outermost string that begins in this line ends with it. The
        // string itself may begin further up: a line break inside `${ }` makes that possible.
        let begins = |mode: &Mode| matches!(mode, Mode::Quoted { token } if self.list[*token].span.start() >= line);
        let last = self.modes.len().saturating_sub(1);
        let outermost = self.modes.iter().position(begins).unwrap_or(last);
        let end = self.span(self.at, self.at);
        let template = self.modes[outermost..].iter().find_map(|mode| match mode {
            Mode::Code { token, .. } => Some(*token),
            _ => None,
        });
        let fault = match (template, &self.modes[outermost]) {
            (Some(token), _) => Fault::Template { open: self.place(token), end },
            (None, Mode::Quoted { token }) => Fault::String { open: self.place(*token), end },
            (None, _) => return self.push(TokenKind::Invalid, 1),
        };
        self.faults.push(fault);
        self.cut(outermost);
        if self.byte(0) == Some(b'\r') && self.byte(1) != Some(b'\n') {
            self.push(TokenKind::Invalid, 1);
        }
    }

    fn heredoc_open(&mut self) {
        let rest = self.rest();
        let start = 2 + usize::from(rest[2..].starts_with('-'));
        let line = rest[start..].split('\n').next().unwrap_or("");
        let word = line.strip_suffix('\r').unwrap_or(line);
        if start + line.len() == rest.len() || !is_word(word) {
            // Two signs: the parser says what is wrong with them.
            self.push(TokenKind::Less, 1);
            self.push(TokenKind::Less, 1);
            return;
        }
        let marker = (self.at + start, self.at + start + word.len());
        self.modes.push(Mode::Heredoc { token: self.list.len(), marker });
        self.push(TokenKind::HeredocOpen, start + line.len() + 1);
    }

    /// Inside a heredoc.
    fn heredoc(&mut self) {
        let Some(Mode::Heredoc { marker, .. }) = self.modes.last() else { return };
        let marker = &self.text[marker.0..marker.1];
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut length = 0;
        let mut line_starts = self.text[..self.at].ends_with('\n');
        while length < bytes.len() {
            if line_starts {
                line_starts = false;
                let line = rest[length..].split('\n').next().unwrap_or("");
                let line = line.strip_suffix('\r').unwrap_or(line);
                if line.trim() == marker && !line.contains('\r') {
                    return self.heredoc_close(length, line.len());
                }
                if self.on_fault == OnFault::Recover && self.almost_closes(length, line, marker) {
                    return;
                }
            }
            match bytes[length] {
                b'\n' => {
                    line_starts = true;
                    length += 1;
                }
                b'$' | b'%' => match self::marker(&bytes[length..]) {
                    Marker::None(skip) => length += skip,
                    Marker::Open(kind, skip) => {
                        self.text_token(length);
                        return self.open_template(kind, skip);
                    }
                },
                b'\r' if bytes.get(length + 1) != Some(&b'\n') => {
                    self.text_token(length);
                    return self.push(TokenKind::Invalid, 1);
                }
                _ => length += 1,
            }
        }
        self.text_token(length);
    }

    fn heredoc_close(&mut self, text: usize, line: usize) {
        self.text_token(text);
        self.modes.pop();
        self.push(TokenKind::HeredocClose, line);
    }

    /// Ends a heredoc that nothing else ends at a line that has its word and more.
    fn almost_closes(&mut self, text: usize, line: &str, marker: &str) -> bool {
        let indent = line.len() - line.trim_start().len();
        let Some(after) = line[indent..].strip_prefix(marker) else { return false };
        // Looking ahead for the true end would be slow for hostile text; the first pass has
        // found that something is not closed, so this is a good guess.
        if !after.trim_start().starts_with([',', ')', ']', '}', '.', ';', '#', '"']) {
            return false;
        }
        let Some(Mode::Heredoc { token, .. }) = self.modes.last() else { return false };
        let word = self.at + text + indent;
        self.faults.push(Fault::Heredoc {
            open: self.place(*token),
            almost: Some(self.span(word, word + marker.len() + after.trim_end().len())),
        });
        self.heredoc_close(text, indent + marker.len());
        true
    }

    /// The inside of a string without quotation marks.
    fn bare(&mut self) {
        let bytes = self.rest().as_bytes();
        let mut length = 0;
        while let Some(&byte) = bytes.get(length) {
            match byte {
                b'$' | b'%' => match marker(&bytes[length..]) {
                    Marker::None(skip) => length += skip,
                    Marker::Open(kind, skip) => {
                        self.text_token(length);
                        return self.open_template(kind, skip);
                    }
                },
                _ => length += 1,
            }
        }
        self.text_token(length);
    }

    /// The text has ended: what is open now is not closed.
    fn end(&mut self) {
        let end = self.text.trim_end().len();
        let end = self.span(end, end);
        let outermost = self.modes.iter().position(|mode| !matches!(mode, Mode::Bare));
        let Some(outermost) = outermost else { return };
        let code = self.modes[outermost..].iter().find_map(|mode| match mode {
            Mode::Code { token, .. } => Some(*token),
            _ => None,
        });
        let fault = match (&self.modes[outermost], code) {
            (Mode::Heredoc { token, .. }, _) => {
                Fault::Heredoc { open: self.place(*token), almost: None }
            }
            (_, Some(token)) => Fault::Template { open: self.place(token), end },
            (Mode::Quoted { token }, None) => Fault::String { open: self.place(*token), end },
            (Mode::Bare | Mode::Code { .. }, None) => return,
        };
        self.faults.push(fault);
        self.cut(outermost);
    }
}

/// What a `$` or `%` in a text begins.
enum Marker {
    /// Nothing: so many bytes are text.
    None(usize),
    /// A template; the marker has so many bytes.
    Open(TokenKind, usize),
}

fn marker(bytes: &[u8]) -> Marker {
    match bytes {
        [b'$', b'{', b'~', ..] => Marker::Open(TokenKind::InterpolationOpen, 3),
        [b'$', b'{', ..] => Marker::Open(TokenKind::InterpolationOpen, 2),
        [b'%', b'{', b'~', ..] => Marker::Open(TokenKind::DirectiveOpen, 3),
        [b'%', b'{', ..] => Marker::Open(TokenKind::DirectiveOpen, 2),
        [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..] => Marker::None(3),
        _ => Marker::None(1),
    }
}

/// The sign that begins with `byte`, and its length.
const fn sign(byte: u8, next: Option<u8>, third: Option<u8>) -> Option<(TokenKind, usize)> {
    use TokenKind as T;
    Some(match (byte, next) {
        (b'=', Some(b'=')) => (T::Equal, 2),
        (b'=', Some(b'>')) => (T::Arrow, 2),
        (b'!', Some(b'=')) => (T::NotEqual, 2),
        (b'<', Some(b'=')) => (T::LessEqual, 2),
        (b'>', Some(b'=')) => (T::GreaterEqual, 2),
        (b'&', Some(b'&')) => (T::And, 2),
        (b'|', Some(b'|')) => (T::Or, 2),
        (b':', Some(b':')) => (T::DoubleColon, 2),
        (b'.', Some(b'.')) if matches!(third, Some(b'.')) => (T::Ellipsis, 3),
        (b'=', _) => (T::Assign, 1),
        (b'!', _) => (T::Not, 1),
        (b'<', _) => (T::Less, 1),
        (b'>', _) => (T::Greater, 1),
        (b':', _) => (T::Colon, 1),
        (b'.', _) => (T::Dot, 1),
        (b',', _) => (T::Comma, 1),
        (b'?', _) => (T::Question, 1),
        (b'+', _) => (T::Plus, 1),
        (b'-', _) => (T::Minus, 1),
        (b'*', _) => (T::Star, 1),
        (b'/', _) => (T::Slash, 1),
        (b'%', _) => (T::Percent, 1),
        (b'[', _) => (T::BracketOpen, 1),
        (b']', _) => (T::BracketClose, 1),
        (b'(', _) => (T::ParenOpen, 1),
        (b')', _) => (T::ParenClose, 1),
        _ => return None,
    })
}

/// Whether a line begins as an argument or a block does: `name = …`, `kind "label" {`.
fn is_item(line: &str) -> bool {
    let line = line.trim();
    let end = line.find(|c| !continues_word(c)).unwrap_or(line.len());
    let (word, after) = (&line[..end], line[end..].trim_start());
    let assigns = after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>");
    let opens = after.ends_with('{') && !after.contains(['=', '$', '(', '[', '?']);
    is_word(word) && (assigns || opens)
}
