//! A place in the tokens, and how to move it.
//!
//! [`Parser::inside`] limits what can be seen to what stands between two brackets. So whatever goes
//! wrong in there, the parser goes on behind the closing bracket, and one mistake does not become
//! two.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::source::Span;
use crate::token::{Token, TokenKind, Tokens};

use super::pairs::Pairs;

/// How deep brackets, strings, blocks, signs and conditions may be nested. The parser calls itself
/// for each of them.
pub(super) const MAX_NESTING: usize = 64;

/// Whether the end of a line means something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// As in a body and in an object.
    Count,
    /// As in brackets.
    Ignored,
}

pub(super) struct Parser<'a> {
    pub(super) tokens: &'a Tokens<'a>,
    pub(super) diags: &'a Diagnostics,
    pairs: &'a Pairs,
    /// The index of the next token that means something.
    pub(super) at: usize,
    /// The index of the first token that cannot be seen.
    end: usize,
    lines: Lines,
    /// The token that was taken last.
    pub(super) last: Span,
    nesting: usize,
}

impl<'a> Parser<'a> {
    /// A parser at the beginning of a text.
    pub(super) fn new(tokens: &'a Tokens<'a>, pairs: &'a Pairs, diags: &'a Diagnostics) -> Self {
        let last = Span::new(tokens.span().start(), tokens.span().start());
        let lines = Lines::Count;
        let mut parser =
            Self { tokens, diags, pairs, at: 0, end: tokens.len(), lines, last, nesting: 0 };
        parser.settle();
        parser
    }

    /// The kind of the next token; nothing at the end of what can be seen.
    pub(super) fn peek(&self) -> Option<TokenKind> {
        self.peek_from(self.at)
    }

    fn peek_from(&self, index: usize) -> Option<TokenKind> {
        (index < self.end).then(|| self.tokens[index].kind)
    }

    /// The kind of the token right behind the next one, if no comment stands between them.
    pub(super) fn peek_second(&self) -> Option<TokenKind> {
        self.peek_from(self.at + 1)
    }

    /// The place of the next token, or of what ends what can be seen.
    pub(super) fn here(&self) -> Span {
        match self.tokens.get(self.at) {
            Some(token) => token.span,
            None => self.text_end(),
        }
    }

    /// The place behind the last token that was taken.
    pub(super) fn behind(&self) -> Span {
        Span::new(self.last.end(), self.last.end())
    }

    fn text_end(&self) -> Span {
        let end = self.tokens.span().start() + self.tokens.source().trim_end().len() as u32;
        Span::new(end, end)
    }

    /// The text of the next token.
    pub(super) fn text(&self) -> &'a str {
        self.peek().map_or("", |_| self.tokens.text(self.here()))
    }

    /// Whether the next token is a certain word.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek() == Some(TokenKind::Word) && self.text() == word
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Token {
        let token = match self.tokens.get(self.at) {
            Some(token) if self.at < self.end => *token,
            _ => Token { kind: TokenKind::LineEnd, span: self.behind() },
        };
        self.last = token.span;
        self.at = (self.at + 1).min(self.end.max(self.at));
        self.settle();
        token
    }

    /// Takes the next token if it is of a kind.
    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Span> {
        (self.peek() == Some(kind)).then(|| self.take().span)
    }

    /// Whether the end of a line means something here.
    pub(super) fn counts_lines(&self) -> bool {
        self.lines == Lines::Count
    }

    /// From here to the end of the bracket, line ends mean nothing.
    pub(super) fn ignore_lines(&mut self) {
        self.lines = Lines::Ignored;
        self.settle();
    }

    /// Passes over what means nothing here.
    fn settle(&mut self) {
        while let Some(kind) = self.peek() {
            let is_trivia = match kind {
                TokenKind::LineComment | TokenKind::BlockComment | TokenKind::ByteOrderMark => true,
                TokenKind::LineEnd => self.lines == Lines::Ignored,
                _ => false,
            };
            if !is_trivia {
                return;
            }
            self.at += 1;
        }
    }

    /// Passes over tokens, and over everything that they open, up to one of a kind.
    pub(super) fn skip_to(&mut self, stop: impl Fn(TokenKind) -> bool) {
        while let Some(kind) = self.peek_from(self.at)
            && !stop(kind)
        {
            self.at = match kind.opens() {
                // Something that is not closed may end right where it begins.
                true => self.pairs.end(self.at).index().max(self.at + 1),
                false => self.at + 1,
            };
        }
        self.at = self.at.min(self.end);
        self.settle();
    }

    /// Takes the bracket that comes next, what is inside it, and what closes it. Gives the place
    /// of all of it.
    ///
    /// What `parse` leaves over inside is passed over. What is not closed is passed over as a whole:
    /// what stands in it need not belong there.
    pub(super) fn inside<T>(
        &mut self,
        lines: Lines,
        parse: impl FnOnce(&mut Self) -> Result<T, Reported>,
    ) -> Result<(T, Span), Reported> {
        match self.pairs.end(self.at).is_closed {
            true => self.enter(lines, parse),
            false => self.enter(lines, |parser| Err(parser.already())),
        }
    }

    /// The same for the braces of a block, which is worth reading even if it is not closed.
    pub(super) fn inside_block(&mut self, parse: impl FnOnce(&mut Self)) -> Result<Span, Reported> {
        let entered = self.enter(Lines::Count, |parser| {
            parse(parser);
            Ok(())
        });
        entered.map(|((), whole)| whole)
    }

    fn enter<T>(
        &mut self,
        lines: Lines,
        parse: impl FnOnce(&mut Self) -> Result<T, Reported>,
    ) -> Result<(T, Span), Reported> {
        let opener = self.tokens[self.at].span;
        let end = self.pairs.end(self.at);
        let outer = (self.end, self.lines);
        let inner = end.index().min(self.end);
        let result = if self.nesting < MAX_NESTING {
            self.nesting += 1;
            self.last = opener;
            self.at += 1;
            (self.end, self.lines) = (inner, lines);
            self.settle();
            let result = parse(self);
            self.nesting -= 1;
            result
        } else {
            Err(self.too_deep(opener))
        };
        (self.end, self.lines) = outer;
        self.at = match end.is_closed {
            true => inner + 1,
            false => inner,
        };
        self.last = self.tokens[self.at - 1].span;
        self.settle();
        let whole = opener.to(self.last);
        match end.is_closed {
            true => result.map(|parsed| (parsed, whole)),
            false => Err(self.already()),
        }
    }

    /// Calls a function that may call itself through this.
    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        if self.nesting >= MAX_NESTING {
            return Err(self.too_deep(self.last));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    fn too_deep(&self, place: Span) -> Reported {
        let message = format!("brackets and strings may be nested {MAX_NESTING} levels deep");
        self.diags.error(Diagnostic::error(Code::LimitExceeded, message).at(place, ""))
    }

    /// Records a syntax error.
    pub(super) fn error(&self, message: impl Into<String>, place: Span) -> Reported {
        self.diags.error(Diagnostic::error(Code::Syntax, message).at(place, ""))
    }

    /// The proof that what is not closed, or closes nothing, was recorded.
    pub(super) fn already(&self) -> Reported {
        let reported = self.pairs.reported;
        reported.unwrap_or_else(|| self.error("something is not closed", self.here()))
    }
}
