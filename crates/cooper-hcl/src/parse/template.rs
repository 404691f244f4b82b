//! String templates: `${ }` and `%{ }`, strip markers, indentation of heredocs.
//!
//! Stripping and indentation look at neighbours, whatever the nesting. So a template is first read
//! flat, literals and controls in order; then literals are trimmed; then directives are nested.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::expr::Built;
use super::parser::{Lines, MAX_NESTING, Parser};
use super::string::{MARKS, normal, without_markers};
use crate::ast::{Expr, ExprKind, Name, Template, TemplatePart};
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;
use crate::token::TokenKind as T;

/// How a template is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `"…"`
    Quoted,
    /// `<<EOT`, and a file that is a template.
    Heredoc,
    /// `<<-EOT`
    IndentedHeredoc,
}

/// A piece of a flat template.
enum Piece<'t> {
    /// Text: of a heredoc one line, or a part of one. `last` ends what was written in one piece.
    Literal { text: Cow<'t, str>, span: Span, last: bool },
    /// `${…}` or `%{…}`, and whether it has `~` at its beginning and its end.
    Control { control: Control, span: Span, before: bool, after: bool },
}

enum Control {
    Value(Built),
    If(Built),
    Else,
    EndIf,
    For(Box<ForLoop>),
    EndFor,
}

struct ForLoop {
    key_name: Option<Name>,
    value_name: Name,
    collection: Built,
}

impl<'a> Parser<'a> {
    /// A string or heredoc.
    pub(super) fn string(&mut self) -> Result<Built, Reported> {
        let form = match (self.peek(), self.text().starts_with("<<-")) {
            (Some(T::HeredocOpen), true) => Form::IndentedHeredoc,
            (Some(T::HeredocOpen), false) => Form::Heredoc,
            _ => Form::Quoted,
        };
        let ((kind, depth), span) = self.inside(Lines::Ignored, |parser| parser.template(form))?;
        // The last line of a heredoc may end with spaces.
        let text = self.tokens.text(span).trim_end();
        self.build(kind, Span::new(span.start(), span.start() + text.len() as u32), depth)
    }

    /// A whole text that is a template.
    pub(super) fn whole_template(&mut self) -> Result<Expr, Reported> {
        let (kind, depth) = self.template(Form::Heredoc)?;
        Ok(self.build(kind, self.tokens.span(), depth)?.expr)
    }

    /// Everything that can be seen, as a template.
    fn template(&mut self, form: Form) -> Result<(ExprKind, usize), Reported> {
        if let Some(text) = self.only_text(form)? {
            return Ok((ExprKind::String(text), 0));
        }
        let mut pieces = self.pieces(form)?;
        strip(&mut pieces);
        if form == Form::IndentedHeredoc {
            dedent(&mut pieces);
        }
        let (template, depth) = self.nest(pieces)?;
        let kind = match &*template.parts {
            [] => ExprKind::String("".into()),
            [TemplatePart::Literal(text, _)] => ExprKind::String(text.clone()),
            _ => ExprKind::Template(template),
        };
        Ok((kind, depth))
    }

    /// The common case: a string that is text and nothing else.
    fn only_text(&mut self, form: Form) -> Result<Option<std::sync::Arc<str>>, Reported> {
        match (self.peek(), form) {
            (None, _) => Ok(Some("".into())),
            (Some(T::Text), Form::Quoted | Form::Heredoc) if self.peek_second().is_none() => {
                let span = self.take().span;
                match form {
                    Form::Quoted => self.unescape(span).map(Some),
                    _ => Ok(Some(normal(&without_markers(self.tokens.text(span))))),
                }
            }
            _ => Ok(None),
        }
    }

    fn pieces(&mut self, form: Form) -> Result<Vec<Piece<'a>>, Reported> {
        let mut pieces = Vec::new();
        let mut wrong = None;
        while let Some(kind) = self.peek() {
            let result = match kind {
                T::Text => {
                    let span = self.take().span;
                    self.literal(span, form, &mut pieces)
                }
                T::InterpolationOpen => self.control(Self::interpolation).map(|p| pieces.push(p)),
                T::DirectiveOpen => self.control(Self::directive).map(|p| pieces.push(p)),
                _ => {
                    let reported = self.unexpected("text");
                    self.take();
                    Err(reported)
                }
            };
            if let Err(reported) = result {
                wrong = Some(reported);
            }
        }
        wrong.map_or(Ok(pieces), Err)
    }

    fn literal(&self, span: Span, form: Form, pieces: &mut Vec<Piece<'a>>) -> Result<(), Reported> {
        let text: &'a str = self.tokens.text(span);
        if form == Form::Quoted {
            let text = match text.contains(MARKS) {
                true => Cow::Owned(self.unescaped(text, span)?),
                false => Cow::Borrowed(text),
            };
            pieces.push(Piece::Literal { text, span, last: true });
            return Ok(());
        }
        let mut lines = text.split_inclusive('\n').peekable();
        while let Some(line) = lines.next() {
            let text = match line.contains('{') {
                true => Cow::Owned(without_markers(line)),
                false => Cow::Borrowed(line),
            };
            pieces.push(Piece::Literal { text, span, last: lines.peek().is_none() });
        }
        Ok(())
    }

    fn control(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Control, Reported>,
    ) -> Result<Piece<'a>, Reported> {
        let before = self.text().ends_with('~');
        let (control, span) = self.inside(Lines::Ignored, parse)?;
        let after = self.tokens.text(self.last).starts_with('~');
        Ok(Piece::Control { control, span, before, after })
    }

    fn interpolation(&mut self) -> Result<Control, Reported> {
        self.value_before("`}`").map(Control::Value)
    }

    fn directive(&mut self) -> Result<Control, Reported> {
        let word = self.text();
        let control = match (self.peek(), word) {
            (Some(T::Word), "if") => {
                self.take();
                return self.value_before("`}`").map(Control::If);
            }
            (Some(T::Word), "for") => {
                let (first, second) = self.loop_names()?;
                let collection = self.value_before("`}`")?;
                let (key_name, value_name) = match second {
                    Some(second) => (Some(first), second),
                    None => (None, first),
                };
                return Ok(Control::For(Box::new(ForLoop { key_name, value_name, collection })));
            }
            (Some(T::Word), "else") => Control::Else,
            (Some(T::Word), "endif") => Control::EndIf,
            (Some(T::Word), "endfor") => Control::EndFor,
            _ => {
                let message = match word.is_empty() {
                    true => "a directive is missing".to_owned(),
                    false => format!("there is no directive `{word}`"),
                };
                let place = match word.is_empty() {
                    true => self.last,
                    false => self.here(),
                };
                return Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, message).at(place, "").help(
                        "there are `if`, `else`, `endif`, `for` and `endfor`; \
                         write `%%{` for the text `%{`",
                    ),
                ));
            }
        };
        self.take();
        if self.is_word("if") && matches!(control, Control::Else) {
            return Err(self.diags.error(
                Diagnostic::error(Code::Syntax, "there is no `else if`")
                    .at(self.last.to(self.here()), "")
                    .help("put `%{ if … }` with an `%{ endif }` of its own behind `%{ else }`"),
            ));
        }
        match self.peek() {
            None => Ok(control),
            Some(_) => Err(self.unexpected("`}`")),
        }
    }

    /// Puts what stands between directives into them.
    fn nest(&mut self, pieces: Vec<Piece<'_>>) -> Result<(Template, usize), Reported> {
        let mut sections: Vec<Section> = Vec::new();
        let mut parts = Vec::new();
        let mut depth = 0;
        let mut text = String::new();
        let mut wrong = None;
        for piece in pieces {
            let (control, span) = match piece {
                Piece::Literal { text: line, span, last } => {
                    text.push_str(&line);
                    if last {
                        parts.push(TemplatePart::Literal(normal(&text), span));
                        text.clear();
                    }
                    continue;
                }
                Piece::Control { control, span, .. } => (control, span),
            };
            let open = sections.last_mut().map(|section| &mut section.opener);
            match (control, open) {
                (Control::Value(built), _) => {
                    depth = depth.max(built.depth);
                    parts.push(TemplatePart::Interpolation(built.expr));
                }
                (Control::If(condition), _) => {
                    let opener = Opener::If { condition, then: None };
                    let outer = (std::mem::take(&mut parts), std::mem::take(&mut depth));
                    self.open(&mut sections, Section { opener, span, outer })?;
                }
                (Control::For(for_loop), _) => {
                    let opener = Opener::For(for_loop);
                    let outer = (std::mem::take(&mut parts), std::mem::take(&mut depth));
                    self.open(&mut sections, Section { opener, span, outer })?;
                }
                (Control::Else, Some(Opener::If { then: then @ None, .. })) => {
                    *then = Some(Template { parts: std::mem::take(&mut parts) });
                }
                (Control::EndIf, Some(Opener::If { .. }))
                | (Control::EndFor, Some(Opener::For(_))) => {
                    let Some(section) = sections.pop() else { continue };
                    let body = Template { parts: std::mem::take(&mut parts) };
                    let part;
                    (part, depth, parts) = section.close(body, depth);
                    parts.push(part);
                }
                (control @ (Control::Else | Control::EndIf | Control::EndFor), open) => {
                    let open = open.map(|opener| opener.word());
                    let place = sections.last().map(|section| section.span);
                    wrong = Some(self.misplaced_directive(&control, span, open.zip(place)));
                }
            }
        }
        for section in &sections {
            let word = section.opener.word();
            let message = format!("`%{{ {word} }}` without `%{{ end{word} }}`");
            let diagnostic = Diagnostic::error(Code::Syntax, message);
            wrong = Some(self.diags.error(diagnostic.at(section.span, "opened here")));
        }
        wrong.map_or(Ok((Template { parts }, depth)), Err)
    }

    fn open(&self, sections: &mut Vec<Section>, section: Section) -> Result<(), Reported> {
        if sections.len() < MAX_NESTING {
            sections.push(section);
            return Ok(());
        }
        let message = format!("directives may be nested {MAX_NESTING} levels deep");
        let diagnostic = Diagnostic::error(Code::LimitExceeded, message).at(section.span, "");
        Err(self.diags.error(diagnostic))
    }

    fn misplaced_directive(
        &self,
        control: &Control,
        place: Span,
        open: Option<(&'static str, Span)>,
    ) -> Reported {
        let (word, opener) = match control {
            Control::Else => ("else", "if"),
            Control::EndFor => ("endfor", "for"),
            _ => ("endif", "if"),
        };
        let message = match (control, open) {
            (Control::Else, Some(("if", _))) => "this `%{ if }` has two `%{ else }`".to_owned(),
            _ => format!("`%{{ {word} }}` without `%{{ {opener} }}`"),
        };
        let mut diagnostic = Diagnostic::error(Code::Syntax, message).at(place, "");
        if let Some((word, span)) = open {
            diagnostic = diagnostic.label(span, format!("this `{word}` is open"));
        }
        self.diags.error(diagnostic)
    }
}

/// A directive that is open.
struct Section {
    opener: Opener,
    /// The opening directive.
    span: Span,
    /// What comes before it, and how deep that is.
    outer: (Vec<TemplatePart>, usize),
}

enum Opener {
    /// `then` is there once its `else` was seen.
    If {
        condition: Built,
        then: Option<Template>,
    },
    For(Box<ForLoop>),
}

impl Opener {
    const fn word(&self) -> &'static str {
        match self {
            Self::If { .. } => "if",
            Self::For(_) => "for",
        }
    }
}

impl Section {
    /// The part that it makes, how deep that and what comes before it are, and the latter.
    fn close(self, body: Template, depth: usize) -> (TemplatePart, usize, Vec<TemplatePart>) {
        let Section { opener, span, outer: (before, depth_before) } = self;
        let opening = |end: &Expr| Span::new(span.start(), end.span.end());
        let (part, head_depth) = match opener {
            Opener::If { condition, then } => {
                let (then, otherwise) = match then {
                    Some(then) => (then, Some(body)),
                    None => (body, None),
                };
                let Built { expr: condition, depth } = condition;
                let span = opening(&condition);
                (TemplatePart::If { condition, then, otherwise, span }, depth)
            }
            Opener::For(for_loop) => {
                let ForLoop { key_name, value_name, collection } = *for_loop;
                let Built { expr: collection, depth } = collection;
                let span = opening(&collection);
                (TemplatePart::For { key_name, value_name, collection, body, span }, depth)
            }
        };
        (part, depth_before.max(depth.max(head_depth) + 1), before)
    }
}

/// Lets every `~` eat the white space beside it: in a heredoc, to the end of the line.
fn strip(pieces: &mut [Piece<'_>]) {
    for index in 0..pieces.len() {
        let Piece::Control { before, after, .. } = &pieces[index] else { continue };
        let (before, after) = (*before, *after);
        if before && let Some(Piece::Literal { text, .. }) = pieces[..index].last_mut() {
            let length = text.trim_end().len();
            text.to_mut().truncate(length);
        }
        if after && let Some(Piece::Literal { text, .. }) = pieces.get_mut(index + 1) {
            *text = Cow::Owned(text.trim_start().to_owned());
        }
    }
}

/// Takes off the indentation that all lines of a `<<-` heredoc have in common.
fn dedent(pieces: &mut [Piece<'_>]) {
    let mut least = usize::MAX;
    let mut starts = Vec::new();
    let mut at_start = true;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal { text, .. } => {
                if at_start {
                    let content = text.trim_start();
                    // A blank line has no say.
                    if !(content.is_empty() && text.ends_with('\n')) {
                        let indent = &text[..text.len() - content.len()];
                        least = least.min(indent.graphemes(true).count());
                        starts.push(index);
                    }
                }
                at_start = text.ends_with('\n');
            }
            Piece::Control { .. } => {
                if at_start {
                    least = 0;
                }
                at_start = false;
            }
        }
    }
    for index in starts {
        if let Piece::Literal { text, .. } = &mut pieces[index] {
            let cut = text.graphemes(true).take(least).map(str::len).sum::<usize>();
            *text = Cow::Owned(text[cut..].to_owned());
        }
    }
}
