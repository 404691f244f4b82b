//! Moving a tree to where its text really stands.

use std::sync::Arc;

use super::{Call, Expr, ExprKind, For, Name, ObjectItem, Template, TemplatePart};
use crate::source::Span;

impl Expr {
    /// Replaces every place in the tree.
    pub(crate) fn relocate(&mut self, place: &dyn Fn(Span) -> Span) {
        self.span = place(self.span);
        match Arc::make_mut(&mut self.kind) {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Variable(_)
            | ExprKind::SplatElement => {}
            ExprKind::Template(template) => template.relocate(place),
            ExprKind::Tuple(elements) => all(elements, place),
            ExprKind::Object(items) => {
                for ObjectItem { key, value } in items {
                    key.relocate(place);
                    value.relocate(place);
                }
            }
            ExprKind::Attr { target, name } => {
                target.relocate(place);
                name.relocate(place);
            }
            ExprKind::Index { target, key } => {
                target.relocate(place);
                key.relocate(place);
            }
            ExprKind::Splat { target, each } => {
                target.relocate(place);
                each.relocate(place);
            }
            ExprKind::Call(Call { name, args, expand }) => {
                name.relocate(place);
                all(args, place);
                optional(expand, place);
            }
            ExprKind::Unary { op: _, op_span, operand } => {
                *op_span = place(*op_span);
                operand.relocate(place);
            }
            ExprKind::Binary { op: _, op_span, left, right } => {
                *op_span = place(*op_span);
                left.relocate(place);
                right.relocate(place);
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                condition.relocate(place);
                then.relocate(place);
                otherwise.relocate(place);
            }
            ExprKind::For(for_expr) => for_expr.relocate(place),
            ExprKind::Parenthesis(inner) => inner.relocate(place),
        }
    }
}

impl For {
    fn relocate(&mut self, place: &dyn Fn(Span) -> Span) {
        let Self { key_name, value_name, collection, key, value, condition, group } = self;
        key_name.iter_mut().for_each(|name| name.relocate(place));
        value_name.relocate(place);
        collection.relocate(place);
        key.iter_mut().for_each(|key| key.relocate(place));
        value.relocate(place);
        condition.iter_mut().for_each(|condition| condition.relocate(place));
        optional(group, place);
    }
}

impl Name {
    fn relocate(&mut self, place: &dyn Fn(Span) -> Span) {
        self.span = place(self.span);
    }
}

impl Template {
    fn relocate(&mut self, place: &dyn Fn(Span) -> Span) {
        for part in &mut self.parts {
            match part {
                TemplatePart::Literal(_, span) => *span = place(*span),
                TemplatePart::Interpolation(expr) => expr.relocate(place),
                TemplatePart::If { condition, then, otherwise, span } => {
                    condition.relocate(place);
                    then.relocate(place);
                    otherwise.iter_mut().for_each(|otherwise| otherwise.relocate(place));
                    *span = place(*span);
                }
                TemplatePart::For { key_name, value_name, collection, body, span } => {
                    key_name.iter_mut().for_each(|name| name.relocate(place));
                    value_name.relocate(place);
                    collection.relocate(place);
                    body.relocate(place);
                    *span = place(*span);
                }
            }
        }
    }
}

fn all(exprs: &mut [Expr], place: &dyn Fn(Span) -> Span) {
    exprs.iter_mut().for_each(|expr| expr.relocate(place));
}

fn optional(span: &mut Option<Span>, place: &dyn Fn(Span) -> Span) {
    *span = span.map(place);
}
