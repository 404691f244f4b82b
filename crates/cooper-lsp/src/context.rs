//! Where the cursor is.
//!
//! This is read from tokens and the outline alone, so that it can be told while the text is
//! broken, which it is whenever somebody writes.

use std::ops::Range;

use cooper_hcl::token::TokenKind;

use crate::outline::{Attribute, Block, Body};
use crate::page::Page;

/// Where the cursor is.
#[derive(Debug)]
pub(crate) enum Context<'p> {
    /// Where nothing is to be written: in a comment, or behind a whole value.
    Nothing,
    /// Where an argument or a block begins.
    Item {
        /// The blocks around it, the outermost first.
        path: Vec<&'p Block>,
        /// The body it is in.
        body: &'p Body,
        /// The bytes of the word there.
        word: Range<usize>,
    },
    /// In a label of a block.
    Label {
        /// The blocks around the block.
        path: Vec<&'p Block>,
        /// The block.
        block: &'p Block,
        /// Which label, from 0.
        index: usize,
        /// The bytes of the label, without quotes.
        word: Range<usize>,
        /// Whether there are quotes around it.
        quoted: bool,
    },
    /// In an argument's value.
    Value {
        /// The blocks around the argument.
        path: Vec<&'p Block>,
        /// The argument.
        attribute: &'p Attribute,
        /// What is open between the beginning of the value and the cursor.
        open: Vec<Open>,
        /// What is at the cursor.
        spot: Spot,
    },
}

/// What is open around the cursor inside a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Open {
    /// A call, with the function's name, and how many commas came before the cursor.
    Call(String, usize),
    /// `(` or `[`
    List,
    /// `{`, with the property whose value the cursor is in; nothing where a property begins.
    Object(Option<String>),
    /// A string.
    Text,
    /// `${` or `%{` in a string.
    Template,
}

/// What is at the cursor inside a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Spot {
    /// A name, perhaps begun, and what it is asked of: `["var"]` in `var.x`.
    Name {
        /// The words before it.
        before: Vec<String>,
        /// The bytes of the word there.
        word: Range<usize>,
    },
    /// The name of an object's property.
    Property {
        /// The bytes of the word there.
        word: Range<usize>,
    },
    /// The text of a string without anything to fill in.
    Text {
        /// The bytes of the text.
        word: Range<usize>,
    },
    /// Anything else, such as the place behind a value.
    Other,
}

/// Where a cursor in front of a byte is.
pub(crate) fn context(page: &Page, offset: usize) -> Context<'_> {
    if let Some(index) = page.token_before(offset) {
        let token = &page.tokens[index];
        let end = page.place(token).end;
        let inside = match token.kind {
            TokenKind::LineComment => offset <= end,
            TokenKind::BlockComment => offset < end,
            _ => false,
        };
        if inside {
            return Context::Nothing;
        }
    }
    in_body(page, &page.body, Vec::new(), offset)
}

fn in_body<'p>(
    page: &'p Page,
    body: &'p Body,
    mut path: Vec<&'p Block>,
    offset: usize,
) -> Context<'p> {
    for block in &body.blocks {
        if block.kind.touches(offset) {
            return Context::Item { path, body, word: block.kind.place.clone() };
        }
        for (index, label) in block.labels.iter().enumerate() {
            if label.touches(offset) {
                let (word, quoted) = (label.place.clone(), label.quoted);
                return Context::Label { path, block, index, word, quoted };
            }
        }
        match &block.body {
            Some(inside) if inside.place.start <= offset && offset <= inside.place.end => {
                path.push(block);
                return in_body(page, inside, path, offset);
            }
            // Behind what is written of a header, in the same line.
            None if block.place.end < offset && same_line(page, block.place.end, offset) => {
                let (index, word) = (block.labels.len(), offset..offset);
                return Context::Label { path, block, index, word, quoted: false };
            }
            _ => {}
        }
        if block.place.start < offset && offset < block.place.end {
            return Context::Nothing;
        }
    }
    for attribute in &body.attributes {
        let Attribute { name, room, .. } = attribute;
        if name.touches(offset) {
            return Context::Item { path, body, word: name.place.clone() };
        }
        if name.place.end < offset && offset < room.start {
            return Context::Nothing;
        }
        if room.start <= offset && offset <= room.end {
            let (open, spot) = in_value(page, attribute, offset);
            return Context::Value { path, attribute, open, spot };
        }
    }
    // Behind something else in the same line there is room for nothing.
    let word = offset..offset;
    match page.token_before(offset).map(|index| &page.tokens[index]) {
        Some(token)
            if token.kind != TokenKind::LineEnd
                && token.kind != TokenKind::BraceOpen
                && token.kind != TokenKind::ByteOrderMark
                && !token.kind.is_comment()
                && same_line(page, page.place(token).end, offset)
                && page.place(token).start >= body.place.start =>
        {
            Context::Nothing
        }
        _ => Context::Item { path, body, word },
    }
}

fn same_line(page: &Page, from: usize, to: usize) -> bool {
    page.text().get(from..to).is_some_and(|between| !between.contains(['\n', '\r']))
}

fn in_value(page: &Page, attribute: &Attribute, offset: usize) -> (Vec<Open>, Spot) {
    let Range { start, end } = attribute.value;
    // The tokens that begin before the cursor.
    let before = page.tokens[start..end].partition_point(|token| page.place(token).start < offset);
    let tokens = &page.tokens[start..start + before];
    let open = opened(page, tokens, offset);

    let Some(last) = tokens.last() else {
        return (open, Spot::Name { before: Vec::new(), word: offset..offset });
    };
    let place = page.place(last);
    let touches = offset <= place.end;
    let spot = match last.kind {
        TokenKind::Text if touches => text(page, start + before - 1, end),
        TokenKind::QuoteOpen if touches => text(page, start + before - 1, end),
        TokenKind::Word if touches => {
            let rest = &tokens[..tokens.len() - 1];
            match (open.last(), asked_of(page, rest)) {
                (Some(Open::Object(None)), words) if words.is_empty() => {
                    Spot::Property { word: place }
                }
                (_, before) => Spot::Name { before, word: place },
            }
        }
        TokenKind::Dot => Spot::Name { before: asked_of(page, tokens), word: offset..offset },
        _ if matches!(open.last(), Some(Open::Object(None))) => {
            Spot::Property { word: offset..offset }
        }
        // Behind a value only an operator can follow.
        TokenKind::Word | TokenKind::Number | TokenKind::Text => Spot::Other,
        kind if kind.closes() && kind != TokenKind::HeredocClose => Spot::Other,
        _ if open.last() == Some(&Open::Text) => Spot::Other,
        _ => Spot::Name { before: Vec::new(), word: offset..offset },
    };
    (open, spot)
}

/// The text of a string at a token that opens it or is its text, when it is nothing but text.
fn text(page: &Page, at: usize, end: usize) -> Spot {
    let tokens = &page.tokens[..end];
    let open = match tokens[at].kind {
        TokenKind::QuoteOpen => Some(at),
        _ => at.checked_sub(1).filter(|before| tokens[*before].kind == TokenKind::QuoteOpen),
    };
    let Some(open) = open else { return Spot::Other };
    let start = page.place(&tokens[open]).end;
    let word = match tokens.get(open + 1) {
        Some(token) if token.kind == TokenKind::Text => page.place(token),
        _ => start..start,
    };
    let behind = open + if word.is_empty() { 1 } else { 2 };
    match tokens.get(behind).map(|token| token.kind) {
        Some(TokenKind::InterpolationOpen | TokenKind::DirectiveOpen) => Spot::Other,
        _ => Spot::Text { word },
    }
}

/// The words in front of a dot that ends these tokens: `["data", "http"]` for `data.http.`.
fn asked_of(page: &Page, tokens: &[cooper_hcl::token::Token]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = tokens;
    while let [before @ .., dot] = rest
        && dot.kind == TokenKind::Dot
    {
        rest = before;
        // `[0]` and `["x"]` are steps too.
        while let Some(close) = rest.last()
            && close.kind == TokenKind::BracketClose
        {
            let Some(at) = rest.iter().rposition(|token| token.kind == TokenKind::BracketOpen)
            else {
                return Vec::new();
            };
            words.push(page.text()[page.place(&rest[at]).start..page.place(close).end].to_owned());
            rest = &rest[..at];
        }
        let [before @ .., word] = rest else { break };
        if !matches!(word.kind, TokenKind::Word | TokenKind::Number) {
            // Of something that was computed.
            words.push(String::new());
            break;
        }
        words.push(page.word(word).to_owned());
        rest = before;
    }
    words.reverse();
    words
}

/// What the tokens open and do not close.
fn opened(page: &Page, tokens: &[cooper_hcl::token::Token], offset: usize) -> Vec<Open> {
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // What closes ends what it closes only where the cursor is behind it.
        let is_over = page.place(token).end <= offset;
        match token.kind {
            TokenKind::ParenOpen => {
                let before = at.checked_sub(1).map(|before| &tokens[before]);
                let name = before.filter(|token| token.kind == TokenKind::Word);
                open.push(match name {
                    Some(name) => Open::Call(page.word(name).to_owned(), 0),
                    None => Open::List,
                });
            }
            TokenKind::BracketOpen => open.push(Open::List),
            TokenKind::BraceOpen => open.push(Open::Object(None)),
            TokenKind::QuoteOpen | TokenKind::HeredocOpen => open.push(Open::Text),
            TokenKind::InterpolationOpen | TokenKind::DirectiveOpen => open.push(Open::Template),
            TokenKind::Comma => match open.last_mut() {
                Some(Open::Call(_, commas)) => *commas += 1,
                Some(Open::Object(property)) => *property = None,
                _ => {}
            },
            TokenKind::LineEnd => {
                if let Some(Open::Object(property)) = open.last_mut() {
                    *property = None;
                }
            }
            TokenKind::Assign | TokenKind::Colon => {
                if let Some(Open::Object(property)) = open.last_mut() {
                    let name = at.checked_sub(1).map(|before| page.word(&tokens[before]));
                    *property = Some(name.unwrap_or_default().to_owned());
                }
            }
            kind if kind.closes() && is_over => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::page::PageKind;

    fn page(text: &str) -> Page {
        Page::new("x".into(), PageKind::Template, text.into()).unwrap()
    }

    /// What is told of the place that `|` marks, in a line.
    fn told(marked: &str) -> String {
        let offset = marked.find('|').unwrap();
        let text = marked.replacen('|', "", 1);
        let page = page(&text);
        let blocks = |path: &[&Block]| {
            path.iter().map(|block| block.kind.text.clone()).collect::<Vec<_>>().join("/")
        };
        match context(&page, offset) {
            Context::Nothing => "nothing".to_owned(),
            Context::Item { path, word, .. } => format!("item {} {}", blocks(&path), &text[word]),
            Context::Label { path, block, index, word, quoted } => {
                let quote = if quoted { "\"" } else { "" };
                format!(
                    "label {}/{} {index} {quote}{}",
                    blocks(&path),
                    block.kind.text,
                    &text[word]
                )
            }
            Context::Value { path, attribute, open, spot } => {
                let place = format!("{}.{}", blocks(&path), attribute.name.text);
                let spot = match spot {
                    Spot::Name { before, word } => {
                        format!("name {} {}", before.join("."), &text[word])
                    }
                    Spot::Property { word } => format!("property {}", &text[word]),
                    Spot::Text { word } => format!("text {}", &text[word]),
                    Spot::Other => "other".to_owned(),
                };
                format!("{place} {open:?} {spot}")
            }
        }
    }

    #[test]
    fn the_cursor_is_found() {
        for (text, expected) in [
            ("|", "item  "),
            ("so|", "item  so"),
            ("|source \"docker\" \"x\" {}", "item  source"),
            ("source \"do|\" \"x\" {}", "label /source 0 \"do"),
            ("source \"docker\" \"x|", "label /source 1 \"x"),
            ("source |", "label /source 0 "),
            ("source \"docker\" |", "label /source 1 "),
            ("b {\n  |\n}", "item b "),
            ("b {\n  im|\n  x = 1\n}", "item b im"),
            ("b {\n  x = 1\n  c {\n|  }\n}", "item b/c "),
            ("b { |}", "item b "),
            ("b { x = 1 }|", "nothing"),
            ("# a|\n", "nothing"),
            ("b {\n  /* | */\n}", "nothing"),
            ("b {\n  x |= 1\n}", "nothing"),
            ("b {\n  x = |\n}", "b.x [] name  "),
            ("b {\n  x = |", "b.x [] name  "),
            ("b {\n  x = va|\n}", "b.x [] name  va"),
            ("b {\n  x = var.|\n  y = 1\n}", "b.x [] name var "),
            ("b {\n  x = var.a|b\n}", "b.x [] name var ab"),
            ("b {\n  x = data.http.a[0].b.|\n}", "b.x [] name data.http.a.[0].b "),
            ("b {\n  x = f(1).|\n}", "b.x [] name  "),
            ("b {\n  x = 1 |\n}", "b.x [] other"),
            ("b {\n  x = 1 + |\n}", "b.x [] name  "),
            ("b {\n  x = [\"a\", |]\n}", "b.x [List] name  "),
            ("b {\n  x = [\n    |\n  ]\n}", "b.x [List] name  "),
            ("b {\n  x = [\n    v|\n  y = 1\n}", "b.x [List] name  v"),
            ("b {\n  x = [\"so|\"]\n}", "b.x [List, Text] text so"),
            ("b {\n  x = \"|\n}", "b.x [Text] text "),
            ("b {\n  x = \"|\"\n}", "b.x [Text] text "),
            ("b {\n  x = \"a${|}\"\n}", "b.x [Text, Template] name  "),
            ("b {\n  x = \"a${var.|}\"\n}", "b.x [Text, Template] name var "),
            ("b {\n  x = \"a${var.|\n  y = 1\n}", "b.x [Text, Template] name var "),
            ("b {\n  x = \"a|${b}\"\n}", "b.x [Text] other"),
            ("b {\n  x = f(1, |\n}", "b.x [Call(\"f\", 1)] name  "),
            ("b {\n  x = f(g(1), va|)\n}", "b.x [Call(\"f\", 1)] name  va"),
            ("b {\n  x = { |}\n}", "b.x [Object(None)] property "),
            ("b {\n  x = {\n    ve|\n  }\n}", "b.x [Object(None)] property ve"),
            ("b {\n  x = { y = |}\n}", "b.x [Object(Some(\"y\"))] name  "),
            ("b {\n  x = { y = 1, |}\n}", "b.x [Object(None)] property "),
            ("b {\n  x = <<E\n${va|}\nE\n}", "b.x [Text, Template] name  va"),
            ("b {\n  x = <<E\ntext|\nE\n}", "b.x [Text] other"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_place_of_every_text_has_a_context(text in "[ab\"{}\\[\\]()=\n$.,#é<]{0,40}") {
            let page = page(&text);
            for (offset, _) in text.char_indices() {
                context(&page, offset);
            }
            context(&page, text.len());
        }
    }
}
