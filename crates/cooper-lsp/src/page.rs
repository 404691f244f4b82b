//! A file as it stands in the editor, broken or not: its text, its tokens and its outline.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use cooper_hcl::token::{Token, TokenKind, Tokens};
use cooper_hcl::{SourceFile, SourceMap};

use crate::outline::{Attribute, Body, outline};
use crate::position::Lines;

/// A file as it stands in the editor. Places in it are bytes of its text.
pub(crate) struct Page {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What kind of file it is.
    pub(crate) kind: PageKind,
    /// Its lines.
    pub(crate) lines: Lines,
    /// Its tokens.
    pub(crate) tokens: Vec<Token>,
    /// Its blocks and arguments.
    pub(crate) body: Body,
    file: SourceFile,
}

/// What a file is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PageKind {
    /// `.pkr.hcl`
    Template,
    /// `.pkrvars.hcl`
    Variables,
    /// `.pkrvars.json`
    JsonVariables,
}

impl PageKind {
    /// What a file of this name is for; nothing when nothing is known of its insides.
    pub(crate) fn of(name: &str) -> Option<Self> {
        if name.ends_with(".pkr.hcl") {
            Some(Self::Template)
        } else if name.ends_with(".pkrvars.hcl") {
            Some(Self::Variables)
        } else if name.ends_with(".pkrvars.json") {
            Some(Self::JsonVariables)
        } else {
            None
        }
    }
}

impl Page {
    /// Reads a text; nothing when it is too large to be looked at.
    pub(crate) fn new(path: PathBuf, kind: PageKind, text: Arc<str>) -> Option<Self> {
        let file = SourceMap::new().add("", text).ok()?;
        let tokens = Tokens::of(&file);
        let body = outline(&tokens);
        let (lines, tokens) = (Lines::of(file.text()), tokens.to_vec());
        Some(Self { path, kind, lines, tokens, body, file })
    }

    /// Its text.
    pub(crate) fn text(&self) -> &Arc<str> {
        self.file.text()
    }

    /// The same, as the formatter wants it.
    pub(crate) fn source(&self) -> &SourceFile {
        &self.file
    }

    /// The bytes that a token covers.
    pub(crate) fn place(&self, token: &Token) -> Range<usize> {
        let base = self.file.base();
        (token.span.start() - base) as usize..(token.span.end() - base) as usize
    }

    /// The text of a token.
    pub(crate) fn word(&self, token: &Token) -> &str {
        &self.text()[self.place(token)]
    }

    /// The strings in a value that are nothing but text, in order: `["a", "b"]`.
    pub(crate) fn strings(&self, attribute: Option<&Attribute>) -> Vec<&str> {
        self.string_places(attribute).into_iter().map(|place| &self.text()[place]).collect()
    }

    /// The bytes of those strings, without quotes.
    pub(crate) fn string_places(&self, attribute: Option<&Attribute>) -> Vec<Range<usize>> {
        let tokens = attribute.map_or(&[][..], |attribute| &self.tokens[attribute.value.clone()]);
        let is_string = |around: &&[Token]| {
            around[0].kind == TokenKind::QuoteOpen
                && around[1].kind == TokenKind::Text
                && around[2].kind == TokenKind::QuoteClose
        };
        tokens.windows(3).filter(is_string).map(|around| self.place(&around[1])).collect()
    }

    /// The index of the last token that begins before a byte.
    pub(crate) fn token_before(&self, offset: usize) -> Option<usize> {
        self.tokens.partition_point(|token| self.place(token).start < offset).checked_sub(1)
    }
}
