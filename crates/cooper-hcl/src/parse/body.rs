//! Arguments and blocks.

use std::collections::HashMap;
use std::sync::Arc;

use super::parser::{Lines, Parser};
use crate::ast::{Attribute, Block, Body, Name};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::source::Span;
use crate::token::TokenKind as T;

const OWN_LINE: &str = "put each argument and block on a line of its own";

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// A whole file.
    File,
    /// From `{` to `}`, each item on a line of its own.
    Lines,
    /// `{ name = value }`
    OneLine,
}

impl Parser<'_> {
    /// Reads everything that can be seen as the body of a file. Records every mistake; what is
    /// sound is in the body all the same.
    pub(super) fn file_body(&mut self, body: &mut Body) {
        self.items(Layout::File, body);
        check_unique(body, self.diags);
    }

    /// What stands between a block's braces.
    fn block_body(&mut self, body: &mut Body) {
        let layout = match self.peek() {
            None | Some(T::LineEnd) => Layout::Lines,
            Some(_) => Layout::OneLine,
        };
        self.items(layout, body);
        check_unique(body, self.diags);
    }

    fn items(&mut self, mut layout: Layout, body: &mut Body) {
        loop {
            while self.eat(T::LineEnd).is_some() {}
            if self.peek().is_none() {
                return;
            }
            let begin = self.at;
            let item = self.item(layout, body);
            if item.and_then(|()| self.item_end(layout)).is_err() {
                // The rest of the line belongs to the mistake, unless it is its separator.
                match self.peek() {
                    Some(T::Comma) => drop(self.take()),
                    Some(T::Invalid) if self.text() == ";" => drop(self.take()),
                    Some(_) if self.at == begin || layout != Layout::OneLine => {
                        self.skip_to(|kind| kind == T::LineEnd);
                    }
                    _ => self.skip_to(|kind| kind == T::LineEnd),
                }
                // One complaint about the layout is enough.
                if layout == Layout::OneLine {
                    layout = Layout::File;
                }
            }
        }
    }

    /// Looks at what follows an item that is sound.
    fn item_end(&mut self, layout: Layout) -> Result<(), Reported> {
        let kind = self.peek();
        match (layout, kind) {
            (Layout::File | Layout::Lines, Some(T::LineEnd))
            | (Layout::File | Layout::OneLine, None) => Ok(()),
            (Layout::Lines, None) => Err(self.diags.error(
                Diagnostic::error(Code::Syntax, "a line break is missing before `}`")
                    .at(self.here(), "")
                    .help("a block of several lines ends with a line that begins with `}`"),
            )),
            (Layout::OneLine, Some(T::LineEnd)) => Err(self.diags.error(
                Diagnostic::error(Code::Syntax, "`}` is missing before the end of the line")
                    .at(self.behind(), "a block whose argument stands beside `{` ends in that line")
                    .help("begin a new line after `{`, and end it before `}`"),
            )),
            (_, Some(_)) => Err(self.rest_of_item(layout)),
        }
    }

    /// Something follows an item in its line.
    fn rest_of_item(&mut self, layout: Layout) -> Reported {
        let here = self.here();
        let found = self.text();
        let diagnostic = match self.peek() {
            Some(T::Comma) => {
                Diagnostic::error(Code::Syntax, "arguments are not separated by commas")
                    .at(here, "")
                    .help(OWN_LINE)
            }
            Some(T::Word) if layout == Layout::OneLine && self.begins_item() => {
                Diagnostic::error(Code::Syntax, "a block on one line holds one argument")
                    .at(here, "this is the second")
                    .help(OWN_LINE)
            }
            Some(T::Word) if self.begins_item() => {
                let message = format!("a line break is missing before `{found}`");
                Diagnostic::error(Code::Syntax, message).at(here, "").help(OWN_LINE)
            }
            _ => return self.rest_of_expression("the end of the line"),
        };
        self.diags.error(diagnostic)
    }

    /// Whether a word that comes next begins an argument or a block.
    fn begins_item(&self) -> bool {
        match self.peek_second() {
            Some(T::Assign | T::BraceOpen) => true,
            Some(T::QuoteOpen) => !self.is_operator_word(),
            _ => false,
        }
    }

    fn item(&mut self, layout: Layout, body: &mut Body) -> Result<(), Reported> {
        match self.peek() {
            Some(T::Word) => {}
            Some(T::QuoteOpen) => return self.quoted_item(body),
            Some(T::BraceOpen) => {
                return Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, "this `{` belongs to nothing")
                        .at(self.here(), "")
                        .help("a block begins with its type: `source \"docker\" \"name\" {`"),
                ));
            }
            _ => return Err(self.unexpected("an argument or a block")),
        }
        let name = self.word();
        match self.peek() {
            Some(T::Assign) => {
                let equals = self.take().span;
                self.attribute(name, equals, body)
            }
            Some(T::Colon | T::Equal | T::Arrow) => {
                let sign = self.text();
                let place = self.take().span;
                let message = format!("an argument is set with `=`, not `{sign}`");
                let reported = self.diags.error(
                    Diagnostic::error(Code::Syntax, message)
                        .at(place, "")
                        .help(format!("write `{} = …`", name.text)),
                );
                self.attribute(name, place, body)?;
                Err(reported)
            }
            Some(T::QuoteOpen | T::Word | T::BraceOpen) => self.block(name, layout, body),
            None | Some(T::LineEnd) => {
                let text = &name.text;
                Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, format!("`{text}` stands alone"))
                        .at(name.span, "")
                        .help(format!(
                            "write `{text} = …` for an argument, `{text} {{` for a block"
                        )),
                ))
            }
            Some(T::Dot) => Err(self.dotted_item(&name)),
            Some(T::Number | T::BracketOpen | T::HeredocOpen | T::Minus | T::Not) => {
                Err(self.missing_equals(&name))
            }
            _ => Err(self.unexpected("`=`, a label or `{`")),
        }
    }

    /// The word that comes next.
    pub(super) fn word(&mut self) -> Name {
        let text = super::string::normal(self.text());
        Name { text, span: self.take().span }
    }

    fn missing_equals(&mut self, name: &Name) -> Reported {
        self.diags.error(
            Diagnostic::error(Code::Syntax, format!("`=` is missing after `{}`", name.text))
                .at(Span::new(name.span.end(), name.span.end()), "")
                .help(format!("write `{} = …`", name.text)),
        )
    }

    /// `source.docker.x {` or `a.b = 1`.
    fn dotted_item(&mut self, name: &Name) -> Reported {
        let mut words = vec![name.text.to_string()];
        while self.eat(T::Dot).is_some() {
            if self.peek() == Some(T::Word) {
                words.push(self.text().to_owned());
                self.take();
            }
        }
        let place = name.span.to(self.last);
        let diagnostic = match (self.peek(), words.as_slice()) {
            (Some(T::BraceOpen), [kind, labels @ ..]) => {
                let labels: Vec<String> = labels.iter().map(|word| format!("\"{word}\"")).collect();
                let help = format!("write `{kind} {} {{`", labels.join(" "));
                Diagnostic::error(Code::Syntax, "labels are not separated by dots").help(help)
            }
            _ => {
                let message = "the name of an argument is one word";
                let help =
                    format!("write `{name} = {{ … }}` to set a part of `{name}`", name = name.text);
                Diagnostic::error(Code::Syntax, message).help(help)
            }
        };
        let diagnostic = diagnostic.at(place, "");
        let reported = self.diags.error(diagnostic);
        self.skip_to(|kind| kind == T::LineEnd);
        reported
    }

    /// `"name" = …`, as JSON has it.
    fn quoted_item(&mut self, body: &mut Body) -> Result<(), Reported> {
        let name = self.label()?;
        let sets = matches!(self.peek(), Some(T::Assign | T::Colon));
        let message = match sets {
            true => "the name of an argument stands without quotes",
            false => "the type of a block stands without quotes",
        };
        let help = match sets {
            true => format!("write `{} = …`", name.text),
            false => format!("write `{} {{`", name.text),
        };
        let diagnostic = Diagnostic::error(Code::Syntax, message).at(name.span, "").help(help);
        let reported = self.diags.error(diagnostic);
        if sets {
            let equals = self.take().span;
            self.attribute(name, equals, body)?;
        } else {
            self.skip_to(|kind| kind == T::LineEnd);
        }
        Err(reported)
    }

    fn attribute(&mut self, name: Name, equals: Span, body: &mut Body) -> Result<(), Reported> {
        if matches!(self.peek(), None | Some(T::LineEnd)) {
            return Err(self.missing_value(&name, equals));
        }
        let expr = self.expr()?.expr;
        let span = name.span.to(expr.span);
        body.attributes.push(Attribute { name, expr, span });
        Ok(())
    }

    fn missing_value(&mut self, name: &Name, equals: Span) -> Reported {
        let message = format!("a value is missing for `{}`", name.text);
        let mut next = self.at;
        while self.tokens.get(next).is_some_and(|token| token.kind == T::LineEnd) {
            next += 1;
        }
        let begins = self.tokens.get(next).is_some_and(|token| {
            let is_value = token.kind.opens() && token.kind != T::BraceOpen;
            is_value || token.kind == T::Number
        });
        let help = begins.then_some("a value begins in the line of its `=`");
        let diagnostic = Diagnostic::error(Code::Syntax, message).at(equals, "").help(help);
        let reported = self.diags.error(diagnostic);
        if begins {
            // The value has its own line, and it is no mistake of its own.
            self.at = next;
            self.skip_to(|kind| kind == T::LineEnd);
        }
        reported
    }

    fn block(&mut self, kind: Name, layout: Layout, body: &mut Body) -> Result<(), Reported> {
        let mut labels: Vec<Name> = Vec::new();
        let mut sound = Ok(());
        loop {
            match self.peek() {
                Some(T::BraceOpen) => break,
                Some(T::Word) => labels.push(self.word()),
                Some(T::QuoteOpen) => match self.label() {
                    Ok(label) => labels.push(label),
                    Err(reported) => sound = Err(reported),
                },
                _ => {
                    let reported = self.block_header(&kind, &labels);
                    match self.peek() {
                        // It is clear what was meant.
                        Some(T::BraceOpen) => sound = Err(reported),
                        _ => return Err(reported),
                    }
                }
            }
        }
        let header = labels.last().map_or(kind.span, |last| kind.span.to(last.span));
        if layout == Layout::OneLine {
            let help = format!(
                "put `{}` on a line of its own, and the `}}` that follows it too",
                self.tokens.text(header.to(self.here()))
            );
            sound = Err(self.diags.error(
                Diagnostic::error(Code::Syntax, "a block on one line holds no other block")
                    .at(header, "")
                    .help(help),
            ));
        }
        let open = self.here();
        let mut inner = Body::default();
        let closed = self.inside_block(|parser| parser.block_body(&mut inner));
        let end = match closed {
            Ok(_) => self.last.start(),
            Err(reported) => {
                sound = Err(reported);
                self.last.end().max(open.end())
            }
        };
        inner.span = Span::new(open.end(), end);
        let span = kind.span.to(open).to(Span::new(open.end(), self.last.end().max(open.end())));
        body.blocks.push(Block { kind, labels, body: inner, header, span });
        sound
    }

    /// Something that is no label stands where a block's `{` should be.
    fn block_header(&mut self, kind: &Name, labels: &[Name]) -> Reported {
        let header = labels.last().map_or(kind.span, |last| kind.span.to(last.span));
        let here = self.here();
        let diagnostic = match self.peek() {
            None | Some(T::LineEnd) => {
                let mut next = self.at;
                while self.tokens.get(next).is_some_and(|token| token.kind == T::LineEnd) {
                    next += 1;
                }
                match self.tokens.get(next) {
                    Some(brace) if brace.kind == T::BraceOpen && self.peek().is_some() => {
                        let reported = self.diags.error(
                            Diagnostic::error(
                                Code::Syntax,
                                "a block's `{` stands in the line of its type",
                            )
                            .at(brace.span, "")
                            .label(header, "this is the block"),
                        );
                        while self.eat(T::LineEnd).is_some() {}
                        return reported;
                    }
                    _ if labels.len() == 1 && !self.tokens.text(labels[0].span).is_empty() => {
                        return self.missing_equals(kind);
                    }
                    _ => Diagnostic::error(Code::Syntax, "`{` is missing after the labels")
                        .at(self.behind(), "")
                        .help("a block without arguments ends with `{}`"),
                }
            }
            Some(T::Assign | T::Colon) if self.peek_second() == Some(T::BraceOpen) => {
                self.take();
                Diagnostic::error(Code::Syntax, "a block is written without `=`")
                    .at(here, "")
                    .help(format!("write `{} {{`", self.tokens.text(header)))
            }
            Some(T::Comma) => {
                self.take();
                Diagnostic::error(Code::Syntax, "labels are separated by spaces").at(here, "")
            }
            Some(T::Assign) => {
                let text = self.tokens.text(header);
                Diagnostic::error(Code::Syntax, "the name of an argument is one word")
                    .at(header, "")
                    .help(format!("write `{} = …`", text.replace([' ', '"'], "_")))
            }
            Some(T::Dot | T::ParenOpen | T::BracketOpen) if labels.len() == 1 => {
                return self.missing_equals(kind);
            }
            _ => return self.unexpected("a label or `{`"),
        };
        self.diags.error(diagnostic)
    }

    /// A label in quotes.
    fn label(&mut self) -> Result<Name, Reported> {
        let (text, span) = self.inside(Lines::Ignored, |parser| match parser.peek() {
            None => Ok(Arc::from("")),
            Some(T::Text) => {
                let text = parser.take().span;
                match parser.peek() {
                    None => parser.unescape(text),
                    Some(_) => Err(parser.no_template()),
                }
            }
            Some(_) => Err(parser.no_template()),
        })?;
        Ok(Name { text, span })
    }

    fn no_template(&mut self) -> Reported {
        self.diags.error(
            Diagnostic::error(Code::Syntax, "a label is fixed text")
                .at(self.here(), "")
                .help("nothing can be computed here; use a `for_each` or several blocks"),
        )
    }
}

/// Records arguments that are given twice.
fn check_unique(body: &Body, diags: &Diagnostics) {
    if body.attributes.len() < 2 {
        return;
    }
    let mut first: HashMap<&Arc<str>, Span> = HashMap::with_capacity(body.attributes.len());
    for attribute in &body.attributes {
        let name = &attribute.name;
        if let Some(&before) = first.get(&name.text) {
            diags.error(
                Diagnostic::error(Code::Duplicate, format!("`{}` is given twice", name.text))
                    .at(name.span, "")
                    .label(before, "first given here"),
            );
        } else {
            first.insert(&name.text, name.span);
        }
    }
}
