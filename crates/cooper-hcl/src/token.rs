//! Text to tokens.
//!
//! [`Tokens`] is the whole text of a file as words, signs, pieces of strings, comments and line ends,
//! each with its place. Nothing is lost: between two tokens there are only spaces and tabs. Any
//! text has tokens; what cannot be a part of HCL is a token of the kind [`TokenKind::Invalid`] or
//! [`TokenKind::WrongQuotes`], and what is left open is a [`Fault`].
//!
//! The parser, the formatter and an editor read the same tokens:
//!
//! ```
//! use cooper_hcl::SourceMap;
//! use cooper_hcl::token::{TokenKind, Tokens};
//!
//! let mut sources = SourceMap::new();
//! let file = sources.add("x", "a = \"${b}\" # c").unwrap();
//! let tokens = Tokens::of(&file);
//! let found: Vec<_> = tokens.iter().map(|token| tokens.text(token.span)).collect();
//! assert_eq!(found, ["a", "=", "\"", "${", "b", "}", "\"", "# c"]);
//!
//! // The token under a cursor that stands before the `b`.
//! let cursor = file.base() + 7;
//! assert_eq!(tokens[tokens.index_at(cursor)].kind, TokenKind::Word);
//! ```

mod lex;
#[cfg(test)]
mod tests;

use std::ops::Deref;

use unicode_ident::{is_xid_continue, is_xid_start};

use crate::source::{SourceFile, Span};

/// So many tokens are made of one text. No template has as many; the rest would only cost memory.
pub const MAX_TOKENS: usize = 8_000_000;

/// A word, a sign, a piece of a string, a comment or the end of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}

/// The kinds of token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenKind {
    /// The mark that some editors put at the beginning of a file.
    ByteOrderMark,
    /// `\n` or `\r\n`, outside strings and comments.
    LineEnd,
    /// `# …` or `// …`, without the end of the line.
    LineComment,
    /// `/* … */`
    BlockComment,
    /// A name or keyword.
    Word,
    /// `42`, `1.5e-3`. A sign is a token of its own.
    Number,
    /// `"` at the beginning of a string.
    QuoteOpen,
    /// `"` at the end of a string.
    QuoteClose,
    /// `<<EOT` or `<<-EOT` with the end of its line.
    HeredocOpen,
    /// The word that ends a heredoc, with the spaces before it.
    HeredocClose,
    /// Text of a string, heredoc or template, as written.
    Text,
    /// `${` or `${~`
    InterpolationOpen,
    /// `%{` or `%{~`
    DirectiveOpen,
    /// `}` or `~}` at the end of an interpolation or directive.
    TemplateClose,
    /// `{`
    BraceOpen,
    /// `}`
    BraceClose,
    /// `[`
    BracketOpen,
    /// `]`
    BracketClose,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// `=`
    Assign,
    /// `=>`
    Arrow,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `...`
    Ellipsis,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `?`
    Question,
    /// `!`
    Not,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// Text in quotation marks that HCL does not know, such as `'…'`, up to the one that closes
    /// it in the same line.
    WrongQuotes,
    /// A character that has no meaning where it stands.
    Invalid,
}

impl TokenKind {
    /// Whether what follows is inside it up to a token that closes it.
    pub const fn opens(self) -> bool {
        matches!(
            self,
            Self::QuoteOpen
                | Self::HeredocOpen
                | Self::InterpolationOpen
                | Self::DirectiveOpen
                | Self::BraceOpen
                | Self::BracketOpen
                | Self::ParenOpen
        )
    }

    /// Whether it closes something.
    pub const fn closes(self) -> bool {
        matches!(
            self,
            Self::QuoteClose
                | Self::HeredocClose
                | Self::TemplateClose
                | Self::BraceClose
                | Self::BracketClose
                | Self::ParenClose
        )
    }

    /// Whether it is a comment.
    pub const fn is_comment(self) -> bool {
        matches!(self, Self::LineComment | Self::BlockComment)
    }
}

/// Something that was begun and is not ended, or that ends the making of tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A string whose line ends before it does.
    String {
        /// Its quotation mark.
        open: Span,
        /// Where the line ends.
        end: Span,
    },
    /// A heredoc without the line that ends it.
    Heredoc {
        /// `<<EOT`
        open: Span,
        /// A line that begins with the word and does not end the heredoc, because more stands on it.
        almost: Option<Span>,
    },
    /// `${` or `%{` that is not closed where the string around it ends.
    Template {
        /// The marker.
        open: Span,
        /// Where it must have been closed.
        end: Span,
    },
    /// `/*` without `*/`.
    Comment {
        /// `/*`
        open: Span,
    },
    /// The text has more tokens than [`MAX_TOKENS`]; the rest of it was not looked at.
    TooManyTokens {
        /// The first that was not made.
        at: Span,
    },
}

/// Whether a text is one word, as names of arguments and variables are.
pub fn is_word(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || is_xid_start(c)) && chars.all(continues_word)
}

/// Whether a character may stand inside a word. Joiners may not: nobody sees them, and two names
/// would look the same.
fn continues_word(c: char) -> bool {
    c == '-' || (is_xid_continue(c) && !matches!(c, '\u{200c}' | '\u{200d}'))
}

/// The tokens of a text.
///
/// Making them takes time and memory in proportion to the text, whatever is in it.
#[derive(Clone, Debug)]
pub struct Tokens<'t> {
    text: &'t str,
    base: u32,
    list: Vec<Token>,
    faults: Vec<Fault>,
    cuts: Vec<Cut>,
}

/// Where the making of tokens gave up something that was left open, and everything inside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// The index of the token that opened it.
    pub open: usize,
    /// The index of the first token that is not inside it any more.
    pub end: usize,
}

impl<'t> Tokens<'t> {
    /// The tokens of a file, or of a text that is one expression.
    pub fn of(file: &'t SourceFile) -> Self {
        lex::lex(file.text(), file.base(), lex::Start::Code)
    }

    /// The tokens of a text that is one string template, as `templatefile` has it.
    pub fn of_template(file: &'t SourceFile) -> Self {
        lex::lex(file.text(), file.base(), lex::Start::Template)
    }

    /// The text that a span covers; empty when it is not wholly in this text.
    pub fn text(&self, span: Span) -> &'t str {
        let local = |offset: u32| offset.checked_sub(self.base).map(|offset| offset as usize);
        match (local(span.start()), local(span.end())) {
            (Some(start), Some(end)) => self.text.get(start..end).unwrap_or(""),
            _ => "",
        }
    }

    /// The whole text.
    pub fn source(&self) -> &'t str {
        self.text
    }

    /// The place of the whole text.
    pub fn span(&self) -> Span {
        Span::new(self.base, self.base + self.text.len() as u32)
    }

    /// What is begun and not ended, in the order of the text.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What was given up, in the order of the text.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// The index of the token that covers the byte at an offset, or of the next one when that is
    /// a space; the number of tokens when there is none.
    pub fn index_at(&self, offset: u32) -> usize {
        self.list.partition_point(|token| token.span.end() <= offset)
    }
}

impl Deref for Tokens<'_> {
    type Target = [Token];

    fn deref(&self) -> &[Token] {
        &self.list
    }
}
