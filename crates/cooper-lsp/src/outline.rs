//! The blocks and arguments of a text, read from its tokens: of any text, however broken.
//!
//! The parser wants a text that is right, and an editor's is being written. Where a bracket is
//! not closed, a line that begins like an argument or a block ends what is inside it.

use std::ops::Range;

use cooper_hcl::token::{TokenKind, Tokens};

/// Blocks inside this many others are not looked into.
const DEEPEST: usize = 64;

/// What stands between the braces of a block, or in a file.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// Its arguments.
    pub(crate) attributes: Vec<Attribute>,
    /// Its blocks.
    pub(crate) blocks: Vec<Block>,
    /// The bytes inside the braces.
    pub(crate) place: Range<usize>,
}

/// `name = value`, the value perhaps missing.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The left side.
    pub(crate) name: Word,
    /// The tokens of the right side.
    pub(crate) value: Range<usize>,
    /// The bytes from behind the `=` to where the value must have ended.
    pub(crate) room: Range<usize>,
    /// The bytes of both sides.
    pub(crate) place: Range<usize>,
}

/// `kind "label" { … }`, or as much of it as is there.
#[derive(Debug)]
pub(crate) struct Block {
    /// The word it begins with.
    pub(crate) kind: Word,
    /// What follows it up to the brace.
    pub(crate) labels: Vec<Word>,
    /// What stands between the braces; nothing when there is no brace yet.
    pub(crate) body: Option<Body>,
    /// The bytes of the whole.
    pub(crate) place: Range<usize>,
}

/// A word and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Word {
    /// The word, without quotes.
    pub(crate) text: String,
    /// Its bytes, without quotes.
    pub(crate) place: Range<usize>,
    /// Whether there are quotes around it.
    pub(crate) quoted: bool,
}

impl Word {
    /// Whether a byte is in the word or right behind it.
    pub(crate) fn touches(&self, offset: usize) -> bool {
        self.place.start <= offset && offset <= self.place.end
    }
}

impl Body {
    /// The argument of that name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.text == name)
    }
}

/// The outline of a text.
pub(crate) fn outline(tokens: &Tokens<'_>) -> Body {
    let mut reader = Reader { tokens, at: 0 };
    let mut body = reader.body(0);
    body.place = 0..tokens.source().len();
    body
}

struct Reader<'a> {
    tokens: &'a Tokens<'a>,
    at: usize,
}

impl Reader<'_> {
    fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// The bytes of a token; the end of the text behind the last one.
    fn place(&self, index: usize) -> Range<usize> {
        let base = self.tokens.span().start();
        let end = self.tokens.source().len();
        self.tokens.get(index).map_or(end..end, |token| {
            (token.span.start() - base) as usize..(token.span.end() - base) as usize
        })
    }

    fn plain_word(&self, index: usize) -> Word {
        let place = self.place(index);
        Word { text: self.tokens.source()[place.clone()].to_owned(), place, quoted: false }
    }

    /// Reads up to the brace that closes the body, which is left.
    fn body(&mut self, depth: usize) -> Body {
        let mut body = Body { place: self.place(self.at), ..Body::default() };
        while let Some(kind) = self.kind(self.at) {
            match kind {
                TokenKind::BraceClose if depth > 0 => break,
                TokenKind::Word if self.kind(self.at + 1) == Some(TokenKind::Assign) => {
                    let attribute = self.attribute();
                    body.attributes.push(attribute);
                }
                TokenKind::Word => {
                    let block = self.block(depth);
                    body.blocks.push(block);
                }
                _ => self.at += 1,
            }
        }
        body.place.end = self.place(self.at).start;
        body
    }

    fn attribute(&mut self) -> Attribute {
        let name = self.plain_word(self.at);
        let room = self.place(self.at + 1).end;
        self.at += 2;
        let first = self.at;
        self.at = self.end_of_value(first);
        // A comment behind a value is no part of it.
        let mut last = self.at;
        while last > first && self.kind(last - 1).is_some_and(TokenKind::is_comment) {
            last -= 1;
        }
        let end = if last > first { self.place(last - 1).end } else { room };
        let place = name.place.start..end;
        let behind = if last < self.at { end } else { self.place(self.at).start };
        Attribute { name, value: first..last, room: room..behind.max(end), place }
    }

    /// The index of the token that is no part of the value any more.
    fn end_of_value(&self, first: usize) -> usize {
        // What is open, and the index where it is given up if it is never closed.
        let mut open: Vec<(TokenKind, Option<usize>)> = Vec::new();
        let mut cuts = self.tokens.cuts().iter().peekable();
        let mut at = first;
        while let Some(kind) = self.kind(at) {
            while open.last().is_some_and(|(_, end)| *end == Some(at)) {
                open.pop();
            }
            if kind == TokenKind::LineEnd {
                match open.last() {
                    None => return at,
                    Some((around, _)) if self.begins_item(at + 1, *around) => return at,
                    Some(_) => {}
                }
            } else if kind.opens() {
                while cuts.next_if(|cut| cut.open < at).is_some() {}
                let end = cuts.peek().filter(|cut| cut.open == at).map(|cut| cut.end);
                open.push((kind, end));
            } else if kind.closes() {
                match open.last() {
                    Some((opened, _)) if closes(*opened, kind) => {
                        open.pop();
                    }
                    // It closes the block around the value.
                    _ if kind == TokenKind::BraceClose => return at,
                    _ => {}
                }
            }
            at += 1;
        }
        at
    }

    /// Whether a line begins like an argument or a block where neither can be.
    fn begins_item(&self, at: usize, around: TokenKind) -> bool {
        let is_list = matches!(
            around,
            TokenKind::BracketOpen
                | TokenKind::ParenOpen
                | TokenKind::InterpolationOpen
                | TokenKind::DirectiveOpen
        );
        let is_object = around == TokenKind::BraceOpen;
        self.kind(at) == Some(TokenKind::Word)
            && match self.kind(at + 1) {
                Some(TokenKind::Assign) => is_list,
                Some(TokenKind::QuoteOpen | TokenKind::BraceOpen) => is_list || is_object,
                _ => false,
            }
    }

    fn block(&mut self, depth: usize) -> Block {
        let kind = self.plain_word(self.at);
        let mut end = kind.place.end;
        self.at += 1;
        let mut labels = Vec::new();
        loop {
            match self.kind(self.at) {
                Some(TokenKind::Word) => {
                    labels.push(self.plain_word(self.at));
                    end = self.place(self.at).end;
                    self.at += 1;
                }
                Some(TokenKind::QuoteOpen) => {
                    let label = self.quoted_label();
                    end = self.place(self.at - 1).end;
                    labels.push(label);
                }
                _ => break,
            }
        }
        let place = kind.place.start..end;
        if self.kind(self.at) != Some(TokenKind::BraceOpen) {
            while self
                .kind(self.at)
                .is_some_and(|kind| kind != TokenKind::LineEnd && kind != TokenKind::BraceClose)
            {
                self.at += 1;
            }
            return Block { kind, labels, body: None, place };
        }
        let start = self.place(self.at).end;
        self.at += 1;
        let mut body = if depth < DEEPEST { self.body(depth + 1) } else { self.skipped() };
        body.place.start = start;
        if self.kind(self.at) == Some(TokenKind::BraceClose) {
            end = self.place(self.at).end;
            self.at += 1;
        } else {
            end = body.place.end;
        }
        Block { kind, labels, place: place.start..end, body: Some(body) }
    }

    fn quoted_label(&mut self) -> Word {
        let start = self.place(self.at).end;
        self.at += 1;
        let mut end = start;
        while self.kind(self.at) == Some(TokenKind::Text) {
            end = self.place(self.at).end;
            self.at += 1;
        }
        if self.kind(self.at) == Some(TokenKind::QuoteClose) {
            self.at += 1;
        }
        let text = self.tokens.source()[start..end].to_owned();
        Word { text, place: start..end, quoted: true }
    }

    /// A body that is not looked into.
    fn skipped(&mut self) -> Body {
        let mut body = Body { place: self.place(self.at), ..Body::default() };
        let mut open = 0_usize;
        while let Some(kind) = self.kind(self.at) {
            match kind {
                TokenKind::BraceOpen => open += 1,
                TokenKind::BraceClose if open == 0 => break,
                TokenKind::BraceClose => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        body.place.end = self.place(self.at).start;
        body
    }
}

fn closes(open: TokenKind, close: TokenKind) -> bool {
    matches!(
        (open, close),
        (TokenKind::QuoteOpen, TokenKind::QuoteClose)
            | (TokenKind::HeredocOpen, TokenKind::HeredocClose)
            | (TokenKind::InterpolationOpen | TokenKind::DirectiveOpen, TokenKind::TemplateClose)
            | (TokenKind::BraceOpen, TokenKind::BraceClose)
            | (TokenKind::BracketOpen, TokenKind::BracketClose)
            | (TokenKind::ParenOpen, TokenKind::ParenClose)
    )
}

#[cfg(test)]
mod tests {
    use cooper_hcl::SourceMap;
    use proptest::prelude::*;

    use super::*;

    /// A body in one line: `a=value; kind label { … }`.
    fn show(body: &Body, tokens: &Tokens<'_>) -> String {
        let mut items: Vec<(usize, String)> = Vec::new();
        for Attribute { name, value, place, .. } in &body.attributes {
            let value: Vec<_> =
                tokens[value.clone()].iter().map(|token| tokens.text(token.span)).collect();
            items.push((place.start, format!("{}={}", name.text, value.concat())));
        }
        for Block { kind, labels, body, place } in &body.blocks {
            let mut text = kind.text.clone();
            labels.iter().for_each(|label| text.push_str(&format!(" {}", label.text)));
            if let Some(body) = body {
                text.push_str(&format!(" {{{}}}", show(body, tokens)));
            }
            items.push((place.start, text));
        }
        items.sort();
        items.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; ")
    }

    fn outlined(text: &str) -> String {
        let mut sources = SourceMap::new();
        let file = sources.add("", text).unwrap();
        let tokens = Tokens::of(&file);
        show(&outline(&tokens), &tokens)
    }

    #[test]
    fn right_and_broken_texts_have_an_outline() {
        for (text, expected) in [
            ("a = 1 # x\nb = [\n 1,\n 2\n]\n", "a=1; b=[\n1,\n2\n]"),
            ("s \"a\" b {\n x = {\n y = 1\n }\n}\nc = 2", "s a b {x={\ny=1\n}}; c=2"),
            ("b { c = 1 }", "b {c=1}"),
            ("b {\n c { d = 1 }\n", "b {c {d=1}}"),
            // What is being written.
            ("b {\n im\n x = 1\n}", "b {im; x=1}"),
            ("b {\n im = \n x = 1\n}", "b {im=; x=1}"),
            ("source \"do", "source do"),
            ("source \"docker\" \"x", "source docker x"),
            ("b {\n x = \"${var.\n y = 1\n}", "b {x=\"${var.; y=1}"),
            ("b {\n x = [var.\n y = 1\n}\nz = 1", "b {x=[var.; y=1}; z=1"),
            ("b {\n x = f(1,\n c \"l\" {\n }\n}\nz = 1", "b {x=f(1,; c l {}}; z=1"),
            ("b {\n x = { y = 1\n c \"l\" {\n }\n}\nz = 1", "b {x={y=1; c l {}}; z=1"),
            ("} ) ] = a = 1", "a=1"),
        ] {
            assert_eq!(outlined(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_has_an_outline(text in "[ab\"{}\\[\\]()=\n$.#<]{0,40}") {
            outlined(&text);
        }
    }
}
