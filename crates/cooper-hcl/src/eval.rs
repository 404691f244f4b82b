//! Expressions to values.
//!
//! Evaluation is a function of expression and scope. Operators and functions are plain code over
//! known, unmarked values; what unknown operands and marks do is decided in the code that calls
//! them: `ops` for operators, `call` for functions.

mod access;
mod budget;
mod call;
mod for_expr;
mod ops;
mod scope;
mod template;
mod unknown;

use std::path::Path;
use std::sync::Arc;

use crate::ast::{Expr, ExprKind, ObjectItem};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::function::Functions;
use crate::source::Span;
use crate::system::System;
use crate::value::convert::unify;
use crate::value::{Attributes, Marks, Type, Value, ValueKind};
use budget::{BYTES_A_STEP, Budget};

pub(crate) use ops::equal;
pub use scope::{Binding, Namespace, Scope};

/// What evaluation needs besides names: functions, the outside world, and a place for mistakes.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The functions that can be called.
    pub functions: &'a Functions,
    /// The outside world.
    pub system: &'a dyn System,
    /// The template's folder (`path.root`), which `file()` and its like count from.
    pub root: &'a Path,
    /// Where mistakes are recorded.
    pub diags: &'a Diagnostics,
}

/// Evaluates an expression.
///
/// An operand that is unknown gives an unknown result of the right type; marks spread to
/// everything computed from a marked value.
///
/// # Errors
///
/// [`Reported`], when a mistake was recorded.
pub fn evaluate(expr: &Expr, scope: &Scope<'_>, env: Environment<'_>) -> Result<Value, Reported> {
    let budget = Budget::new(env.functions.meter());
    Evaluator { env, budget: &budget }.expr(expr, scope)
}

/// One evaluation: the environment, and what it may still use up.
#[derive(Clone, Copy)]
struct Evaluator<'a> {
    env: Environment<'a>,
    budget: &'a Budget<'a>,
}

impl Evaluator<'_> {
    fn error(&self, diagnostic: Diagnostic) -> Reported {
        self.env.diags.error(diagnostic)
    }

    /// The same evaluator, which records mistakes elsewhere.
    fn recording_in<'b>(&'b self, diags: &'b Diagnostics) -> Evaluator<'b> {
        Evaluator { env: Environment { diags, ..self.env }, budget: self.budget }
    }

    fn expr(&self, expr: &Expr, scope: &Scope<'_>) -> Result<Value, Reported> {
        self.budget.step(expr.span, self.env.diags)?;
        match &*expr.kind {
            ExprKind::Null => Ok(Value::null(Type::Any)),
            ExprKind::Bool(value) => Ok(Value::bool(*value)),
            ExprKind::Number(value) => Ok(Value::number(value.clone())),
            ExprKind::String(text) => Ok(Value::new(ValueKind::String(text.clone()), Marks::NONE)),
            ExprKind::Template(template) => self.template(template, scope),
            ExprKind::Tuple(elements) => self.tuple(elements, expr.span, scope),
            ExprKind::Object(items) => self.object(items, expr.span, scope),
            ExprKind::Variable(name) => self.variable(name, expr.span, scope),
            ExprKind::Attr { target, name } => self.attr(target, name, scope),
            ExprKind::Index { target, key } => self.index(target, key, expr.span, scope),
            ExprKind::Splat { target, each } => self.splat(target, each, scope),
            ExprKind::SplatElement => self.variable(access::SPLAT_ELEMENT, expr.span, scope),
            ExprKind::Call(call) => self.call(call, expr.span, scope),
            ExprKind::Unary { op, operand, .. } => {
                let value = self.expr(operand, scope)?;
                self.unary(*op, value, operand.span)
            }
            ExprKind::Binary { op, op_span, left, right } => {
                self.binary(*op, *op_span, left, right, scope)
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise, expr.span, scope)
            }
            ExprKind::For(for_expr) => self.for_expr(for_expr, expr.span, scope),
            ExprKind::Parenthesis(inner) => self.expr(inner, scope),
        }
    }

    fn variable(&self, name: &str, span: Span, scope: &Scope<'_>) -> Result<Value, Reported> {
        match scope.get(name) {
            Some(Binding::Value(value)) => Ok(value.clone()),
            Some(Binding::Namespace(namespace)) => Ok(namespace.whole()),
            None => Err(self.unknown_root(name, span, scope)),
        }
    }

    fn tuple(&self, elements: &[Expr], span: Span, scope: &Scope<'_>) -> Result<Value, Reported> {
        // Every element is looked at, so that every mistake is recorded.
        let values: Vec<_> = elements.iter().map(|element| self.expr(element, scope)).collect();
        let values: Vec<Value> = values.into_iter().collect::<Result<_, _>>()?;
        self.bounded(Value::tuple(values), span)
    }

    fn object(
        &self,
        items: &[ObjectItem],
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let mut attributes = Attributes::new();
        let mut marks = Marks::NONE;
        let mut unknown_key = false;
        let mut failed = None;
        for ObjectItem { key, value } in items {
            let name = self.expr(key, scope).and_then(|name| self.object_key(name, key.span));
            match (name, self.expr(value, scope)) {
                (Ok((Some(name), own)), Ok(value)) => {
                    marks = marks.union(own);
                    attributes.insert(name, value);
                }
                (Ok((None, own)), Ok(_)) => {
                    marks = marks.union(own);
                    unknown_key = true;
                }
                (Err(reported), _) | (_, Err(reported)) => failed = Some(reported),
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        if unknown_key {
            return Ok(Value::unknown(Type::Any).with_marks(marks));
        }
        let object = Value::new(ValueKind::Object(Arc::new(attributes)), marks);
        self.bounded(object, span)
    }

    /// The text of an object's key, or nothing when it is unknown, and the key's marks.
    fn object_key(&self, key: Value, span: Span) -> Result<(Option<Arc<str>>, Marks), Reported> {
        let (key, marks) = key.unmark();
        if key.is_null() {
            return Err(self.error(
                Diagnostic::error(Code::InvalidValue, "a key must not be null").at(span, ""),
            ));
        }
        let key = key.convert(&Type::String).map_err(|e| {
            self.error(
                Diagnostic::error(Code::WrongType, "a key must be a string")
                    .at(span, e.to_string()),
            )
        })?;
        Ok(match key.into_kind() {
            ValueKind::String(text) => (Some(text), marks),
            _ => (None, marks),
        })
    }

    fn conditional(
        &self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let decision = self
            .expr(condition, scope)
            .and_then(|value| self.condition(value, condition.span, "the condition"));
        let (decision, marks) = decision?;
        // Both sides are evaluated, because the type of the result depends on both; but only
        // the chosen one may fail.
        let unchosen = Diagnostics::new();
        let quiet = self.recording_in(&unchosen);
        let (chosen, other) = match decision {
            Some(true) => (self.expr(then, scope)?, quiet.expr(otherwise, scope)),
            Some(false) => (self.expr(otherwise, scope)?, quiet.expr(then, scope)),
            None => match (quiet.expr(then, scope), quiet.expr(otherwise, scope)) {
                (Ok(then), Ok(otherwise)) => (then, Ok(otherwise)),
                (Ok(only), Err(_)) | (Err(_), Ok(only)) => {
                    let marks = marks.union(only.marks());
                    return Ok(Value::unknown(Type::Any).with_marks(marks));
                }
                (Err(_), Err(_)) => return Ok(Value::unknown(Type::Any).with_marks(marks)),
            },
        };
        let Ok(other) = other else { return Ok(chosen.with_marks(marks)) };
        // As long as the condition may be unknown, the other side's marks count too.
        let marks = marks.union(other.marks());
        let Some(ty) = common_type(&chosen, &other) else {
            let (chosen, other) = (chosen.ty(), other.ty());
            let (then_ty, otherwise_ty) =
                if decision == Some(false) { (other, chosen) } else { (chosen, other) };
            return Err(self.error(
                Diagnostic::error(
                    Code::WrongType,
                    "both sides of a conditional must have the same type",
                )
                .at(span, "")
                .label(then.span, format!("this is {}", then_ty.with_article()))
                .label(otherwise.span, format!("this is {}", otherwise_ty.with_article())),
            ));
        };
        if decision.is_none() {
            return Ok(Value::unknown(ty).with_marks(marks.union(chosen.marks())));
        }
        let chosen_span = if decision == Some(true) { then.span } else { otherwise.span };
        let value = chosen.convert(&ty).map_err(|e| {
            self.error(
                Diagnostic::error(
                    Code::WrongType,
                    "both sides of a conditional must have the same type",
                )
                .at(chosen_span, e.to_string()),
            )
        })?;
        Ok(value.with_marks(marks))
    }

    /// What a condition decides, or nothing when it is unknown, and its marks.
    fn condition(
        &self,
        value: Value,
        span: Span,
        what: &str,
    ) -> Result<(Option<bool>, Marks), Reported> {
        let (value, marks) = value.unmark();
        if value.is_null() {
            return Err(self.error(
                Diagnostic::error(Code::InvalidValue, format!("{what} must not be null"))
                    .at(span, ""),
            ));
        }
        let value = value.convert(&Type::Bool).map_err(|e| {
            self.error(
                Diagnostic::error(Code::WrongType, format!("{what} must be a bool"))
                    .at(span, e.to_string()),
            )
        })?;
        Ok((value.as_bool(), marks))
    }

    /// The value itself, after checking that it is not too large.
    fn bounded(&self, value: Value, span: Span) -> Result<Value, Reported> {
        budget::check_size(&value, span, self.env.diags)?;
        // What is large took as many steps to make.
        self.budget.steps(value.size() / BYTES_A_STEP, span, self.env.diags)?;
        Ok(value)
    }
}

/// The type of a conditional with these results; a bare null takes the other side's type.
fn common_type(left: &Value, right: &Value) -> Option<Type> {
    match (left.kind(), right.kind()) {
        (ValueKind::Null(Type::Any), _) => Some(right.ty()),
        (_, ValueKind::Null(Type::Any)) => Some(left.ty()),
        // What has a type only later is taken as it is then.
        _ if left.ty() == Type::Any || right.ty() == Type::Any => Some(Type::Any),
        _ => unify(&[left.ty(), right.ty()]),
    }
}
