//! String templates: strip markers, indentation of heredocs, nesting of directives.
//!
//! Stripping and indentation look at neighbours, whatever the nesting. So a template is first
//! written out flat, literals and control sequences in order; then literals are trimmed; then
//! the tree is built, taking the literals from the flat list one by one.

use std::sync::Arc;

use hcl::edit::Span as _;
use hcl::edit::template::{Directive, Element, ForDirective, IfDirective, Strip};
use unicode_segmentation::UnicodeSegmentation;

use super::{Lowerer, normal};
use crate::ast::{ExprKind, Template, TemplatePart};
use crate::diagnostic::Reported;
use crate::source::Span;

/// How a template is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `"…"`
    Quoted,
    /// `<<EOT`
    Heredoc,
    /// `<<-EOT`
    IndentedHeredoc,
}

/// A piece of a flat template.
enum Piece {
    /// Text: for a heredoc one line, or a part of one.
    Literal { text: String, last: bool },
    /// `${…}` or `%{…}`.
    Control { strip: Strip },
}

impl Lowerer<'_> {
    pub(super) fn template<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
        form: Form,
        depth: usize,
    ) -> Result<ExprKind, Reported> {
        let elements: Vec<&Element> = elements.collect();
        let mut pieces = Vec::new();
        self.flatten(elements.iter().copied(), form, &mut pieces);
        strip(&mut pieces);
        if form == Form::IndentedHeredoc {
            dedent(&mut pieces);
        }
        let mut literals = Literals { pieces: pieces.into_iter() };
        let template = self.build(elements.into_iter(), &mut literals, depth)?;
        Ok(match &*template.parts {
            [] => ExprKind::String("".into()),
            [TemplatePart::Literal(text, _)] => ExprKind::String(text.clone()),
            _ => ExprKind::Template(template),
        })
    }

    fn flatten<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
        form: Form,
        pieces: &mut Vec<Piece>,
    ) {
        for element in elements {
            match element {
                Element::Literal(literal) if form == Form::Quoted => {
                    pieces.push(Piece::Literal { text: literal.value().clone(), last: true });
                }
                Element::Literal(literal) => {
                    // From the source, because `hcl-edit` has its own idea of indentation.
                    let source = self.source(self.span(literal.span()));
                    let lines: Vec<&str> = source.split_inclusive('\n').collect();
                    for (index, line) in lines.iter().enumerate() {
                        let text = line.replace("$${", "${").replace("%%{", "%{");
                        pieces.push(Piece::Literal { text, last: index + 1 == lines.len() });
                    }
                }
                Element::Interpolation(interpolation) => {
                    pieces.push(Piece::Control { strip: interpolation.strip });
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(directive) => {
                        let IfDirective { if_expr, else_expr, endif_expr, .. } = directive;
                        pieces.push(Piece::Control { strip: if_expr.strip });
                        self.flatten(if_expr.template.iter(), form, pieces);
                        if let Some(else_expr) = else_expr {
                            pieces.push(Piece::Control { strip: else_expr.strip });
                            self.flatten(else_expr.template.iter(), form, pieces);
                        }
                        pieces.push(Piece::Control { strip: endif_expr.strip });
                    }
                    Directive::For(directive) => {
                        let ForDirective { for_expr, endfor_expr, .. } = directive;
                        pieces.push(Piece::Control { strip: for_expr.strip });
                        self.flatten(for_expr.template.iter(), form, pieces);
                        pieces.push(Piece::Control { strip: endfor_expr.strip });
                    }
                },
            }
        }
    }

    fn build<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
        literals: &mut Literals,
        depth: usize,
    ) -> Result<Template, Reported> {
        let mut parts = Vec::new();
        for element in elements {
            let span = self.span(element.span());
            match element {
                Element::Literal(_) => {
                    parts.push(TemplatePart::Literal(literals.next(), span));
                }
                Element::Interpolation(interpolation) => {
                    parts.push(TemplatePart::Interpolation(self.expr(&interpolation.expr, depth)?));
                }
                Element::Directive(directive) => {
                    parts.push(self.directive(directive, span, literals, depth)?);
                }
            }
        }
        Ok(Template { parts })
    }

    fn directive(
        &self,
        directive: &Directive,
        span: Span,
        literals: &mut Literals,
        depth: usize,
    ) -> Result<TemplatePart, Reported> {
        self.check_depth(depth, span)?;
        let depth = depth + 1;
        match directive {
            Directive::If(IfDirective { if_expr, else_expr, .. }) => {
                let condition = self.expr(&if_expr.cond_expr, depth)?;
                let opening = Span::new(span.start(), condition.span.end());
                Ok(TemplatePart::If {
                    condition,
                    then: self.build(if_expr.template.iter(), literals, depth)?,
                    otherwise: match else_expr {
                        Some(expr) => Some(self.build(expr.template.iter(), literals, depth)?),
                        None => None,
                    },
                    span: opening,
                })
            }
            Directive::For(ForDirective { for_expr, .. }) => {
                let collection = self.expr(&for_expr.collection_expr, depth)?;
                let opening = Span::new(span.start(), collection.span.end());
                Ok(TemplatePart::For {
                    key_name: for_expr
                        .key_var
                        .as_ref()
                        .map(|word| self.name(word.as_str(), word.span())),
                    value_name: self.name(for_expr.value_var.as_str(), for_expr.value_var.span()),
                    collection,
                    body: self.build(for_expr.template.iter(), literals, depth)?,
                    span: opening,
                })
            }
        }
    }
}

/// The literals of a flat template, handed out in order.
struct Literals {
    pieces: std::vec::IntoIter<Piece>,
}

impl Literals {
    /// The next literal, its lines joined again.
    fn next(&mut self) -> Arc<str> {
        let mut whole = String::new();
        for piece in self.pieces.by_ref() {
            if let Piece::Literal { text, last } = piece {
                whole.push_str(&text);
                if last {
                    break;
                }
            }
        }
        normal(&whole)
    }
}

/// Lets every `~` eat the white space beside it: in a heredoc, to the end of the line.
fn strip(pieces: &mut [Piece]) {
    for index in 0..pieces.len() {
        let Piece::Control { strip } = &pieces[index] else { continue };
        let (before, after) = match strip {
            Strip::None => (false, false),
            Strip::Start => (true, false),
            Strip::End => (false, true),
            Strip::Both => (true, true),
        };
        if before && let Some(Piece::Literal { text, .. }) = pieces[..index].last_mut() {
            text.truncate(text.trim_end().len());
        }
        if after && let Some(Piece::Literal { text, .. }) = pieces.get_mut(index + 1) {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Takes off the indentation that all lines of a `<<-` heredoc have in common.
fn dedent(pieces: &mut [Piece]) {
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
            text.drain(..cut);
        }
    }
}
