//! String templates.

use std::sync::Arc;

use super::{Evaluator, Scope};
use crate::ast::{Expr, Template, TemplatePart};
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;
use crate::value::{Marks, Type, Value, ValueKind};

/// The text of a template so far.
#[derive(Default)]
struct Text {
    text: String,
    marks: Marks,
    unknown: bool,
}

impl Evaluator<'_> {
    /// A template that is one interpolation and nothing else gives the value itself;
    /// every other gives a string.
    pub(super) fn template(
        &self,
        template: &Template,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        if let [TemplatePart::Interpolation(expr)] = &*template.parts {
            return self.expr(expr, scope);
        }
        let mut text = Text::default();
        self.fill(&mut text, template, scope)?;
        let Text { text, marks, unknown } = text;
        let value = if unknown { Value::unknown(Type::String) } else { Value::string(text) };
        Ok(value.with_marks(marks))
    }

    fn fill(
        &self,
        text: &mut Text,
        template: &Template,
        scope: &Scope<'_>,
    ) -> Result<(), Reported> {
        let mut failed = None;
        for part in &template.parts {
            if let Err(reported) = self.fill_part(text, part, scope) {
                failed = Some(reported);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn fill_part(
        &self,
        text: &mut Text,
        part: &TemplatePart,
        scope: &Scope<'_>,
    ) -> Result<(), Reported> {
        match part {
            TemplatePart::Literal(literal, span) => self.append(text, literal, *span),
            TemplatePart::Interpolation(expr) => {
                let value = self.expr(expr, scope)?;
                if value.marks().sensitive {
                    self.env.system.overhear(&value);
                }
                let (piece, marks) = self.interpolated(value, expr)?;
                text.marks = text.marks.union(marks);
                match piece {
                    Some(piece) => self.append(text, &piece, expr.span),
                    None => {
                        text.unknown = true;
                        Ok(())
                    }
                }
            }
            TemplatePart::If { condition, then, otherwise, .. } => {
                let value = self.expr(condition, scope)?;
                let (decision, marks) = self.condition(value, condition.span, "the condition")?;
                text.marks = text.marks.union(marks);
                match (decision, otherwise) {
                    (Some(true), _) => self.fill(text, then, scope),
                    (Some(false), Some(otherwise)) => self.fill(text, otherwise, scope),
                    (Some(false), None) => Ok(()),
                    (None, _) => {
                        text.unknown = true;
                        Ok(())
                    }
                }
            }
            TemplatePart::For { key_name, value_name, collection, body, span: _ } => {
                let (items, marks) = self.items(collection, scope)?;
                text.marks = text.marks.union(marks);
                let Some(items) = items else {
                    text.unknown = true;
                    return Ok(());
                };
                for (key, value) in items {
                    self.budget.step(collection.span, self.env.diags)?;
                    let inner = self.turn(scope, key_name.as_ref(), value_name, key, value);
                    self.fill(text, body, &inner)?;
                }
                Ok(())
            }
        }
    }

    fn append(&self, text: &mut Text, piece: &str, span: Span) -> Result<(), Reported> {
        let length = text.text.len().saturating_add(piece.len());
        self.budget.text(piece.len(), length, span, self.env.diags)?;
        text.text.push_str(piece);
        Ok(())
    }

    /// An interpolated value as text, or nothing when it is unknown, and its marks.
    fn interpolated(
        &self,
        value: Value,
        expr: &Expr,
    ) -> Result<(Option<Arc<str>>, Marks), Reported> {
        let (value, marks) = value.unmark();
        if value.is_null() {
            return Err(self.error(
                Diagnostic::error(Code::InvalidValue, "null cannot be put into a string")
                    .at(expr.span, "this is null"),
            ));
        }
        let value = value.convert(&Type::String).map_err(|_| {
            let help = match value.ty() {
                Type::List(_) | Type::Set(_) | Type::Tuple(_) => {
                    "`join(\", \", …)` makes a string of a list, `jsonencode(…)` of anything"
                }
                _ => "`jsonencode(…)` makes a string of anything",
            };
            self.error(
                Diagnostic::error(
                    Code::WrongType,
                    format!("{} cannot be put into a string", value.ty().with_article()),
                )
                .at(expr.span, "")
                .help(help),
            )
        })?;
        Ok(match value.into_kind() {
            ValueKind::String(text) => (Some(text), marks),
            _ => (None, marks),
        })
    }
}
