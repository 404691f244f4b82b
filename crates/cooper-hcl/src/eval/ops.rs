//! Operators.

use super::Evaluator;
use crate::ast::{BinaryOp, Expr, UnaryOp};
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::eval::Scope;
use crate::source::Span;
use crate::value::convert::convertible;
use crate::value::{Marks, Number, NumberError, Type, Value, ValueKind};

impl Evaluator<'_> {
    pub(super) fn unary(&self, op: UnaryOp, operand: Value, span: Span) -> Result<Value, Reported> {
        let (ty, sign) = match op {
            UnaryOp::Not => (Type::Bool, "!"),
            UnaryOp::Negate => (Type::Number, "-"),
        };
        let (value, marks) = self.operand(operand, &ty, sign, span)?;
        let result = match (op, value.kind()) {
            (UnaryOp::Not, ValueKind::Bool(value)) => Value::bool(!value),
            (UnaryOp::Negate, ValueKind::Number(value)) => Value::number(value.negate()),
            _ => Value::unknown(ty),
        };
        Ok(result.with_marks(marks))
    }

    pub(super) fn binary(
        &self,
        op: BinaryOp,
        op_span: Span,
        left: &Expr,
        right: &Expr,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        match op {
            BinaryOp::And | BinaryOp::Or => self.logical(op, left, right, scope),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                let (left, right) = (self.expr(left, scope), self.expr(right, scope));
                let (left, right) = (left?, right?);
                let marks = left.deep_marks().union(right.deep_marks());
                let result = match equal(&left, &right) {
                    Some(equal) => Value::bool(equal == (op == BinaryOp::Equal)),
                    None => Value::unknown(Type::Bool),
                };
                Ok(result.with_marks(marks))
            }
            BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => self.arithmetic(op, op_span, left, right, scope),
        }
    }

    /// `&&` and `||`. When one side decides, a mistake on the other one does not matter, but that
    /// side's type still does.
    fn logical(
        &self,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let sign = op.as_str();
        let decides = op == BinaryOp::Or;
        let (left, right) = (self.side(left, sign, scope), self.side(right, sign, scope));
        let (left, right) = (left?, right?);
        let marks = left.marks.union(right.marks);
        if left.decision == Some(decides) || right.decision == Some(decides) {
            return Ok(Value::bool(decides).with_marks(marks));
        }
        // What is not known yet may still decide, whatever is wrong with the right side.
        let waits = left.decision.is_none() && left.mistakes.is_empty();
        let mistakes = left.mistakes.into_iter();
        let mistakes = mistakes.chain(if waits { Vec::new() } else { right.mistakes });
        if let Some(reported) = mistakes.fold(None, |_, mistake| Some(self.error(mistake))) {
            return Err(reported);
        }
        let result = match (left.decision, right.decision) {
            (Some(_), Some(_)) => Value::bool(!decides),
            _ => Value::unknown(Type::Bool),
        };
        Ok(result.with_marks(marks))
    }

    /// One side of `&&` or `||`; fails at once only when its type is wrong.
    fn side(&self, expr: &Expr, sign: &str, scope: &Scope<'_>) -> Result<Side, Reported> {
        let quiet = crate::Diagnostics::new();
        let Ok(value) = self.recording_in(&quiet).expr(expr, scope) else {
            return Ok(Side { decision: None, marks: Marks::NONE, mistakes: quiet.take() });
        };
        if value.is_null() && convertible(&value.ty(), &Type::Bool) {
            let mistake = null_operand(sign, expr.span);
            return Ok(Side { decision: None, marks: value.marks(), mistakes: vec![mistake] });
        }
        let (value, marks) = self.operand(value, &Type::Bool, sign, expr.span)?;
        Ok(Side { decision: value.as_bool(), marks, mistakes: Vec::new() })
    }

    fn arithmetic(
        &self,
        op: BinaryOp,
        op_span: Span,
        left: &Expr,
        right: &Expr,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let sign = op.as_str();
        let operand = |expr: &Expr| {
            let value = self.expr(expr, scope)?;
            self.operand(value, &Type::Number, sign, expr.span)
        };
        let (left_value, right_value) = (operand(left), operand(right));
        let ((left_value, left_marks), (right_value, right_marks)) = (left_value?, right_value?);
        let marks = left_marks.union(right_marks);
        let compares = matches!(
            op,
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual
        );
        let (ValueKind::Number(a), ValueKind::Number(b)) = (left_value.kind(), right_value.kind())
        else {
            let ty = if compares { Type::Bool } else { Type::Number };
            return Ok(Value::unknown(ty).with_marks(marks));
        };
        let result = calculate(op, a, b).map_err(|error| {
            let (code, place) = match error {
                NumberError::DivisionByZero => (Code::InvalidOperand, right.span),
                NumberError::TooLarge => (Code::LimitExceeded, op_span),
                NumberError::Malformed => (Code::InvalidOperand, op_span),
            };
            self.error(Diagnostic::error(code, error.to_string()).at(place, ""))
        })?;
        Ok(result.with_marks(marks))
    }

    /// An operand, converted and without its marks; null is refused.
    fn operand(
        &self,
        operand: Value,
        ty: &Type,
        sign: &str,
        span: Span,
    ) -> Result<(Value, Marks), Reported> {
        let (value, marks) = operand.unmark();
        if value.is_null() {
            return Err(self.error(null_operand(sign, span)));
        }
        let value = value.convert(ty).map_err(|e| {
            let message = format!("`{sign}` needs {}", ty.with_article());
            self.error(Diagnostic::error(Code::InvalidOperand, message).at(span, e.to_string()))
        })?;
        Ok((value, marks))
    }
}

/// What one side of `&&` or `||` says.
struct Side {
    /// Its value, when it is known and sound.
    decision: Option<bool>,
    marks: Marks,
    mistakes: Vec<Diagnostic>,
}

fn null_operand(sign: &str, span: Span) -> Diagnostic {
    let message = format!("an operand of `{sign}` must not be null");
    Diagnostic::error(Code::InvalidOperand, message).at(span, "")
}

fn calculate(op: BinaryOp, a: &Number, b: &Number) -> Result<Value, NumberError> {
    Ok(match op {
        BinaryOp::Less => Value::bool(a < b),
        BinaryOp::LessEqual => Value::bool(a <= b),
        BinaryOp::Greater => Value::bool(a > b),
        BinaryOp::GreaterEqual => Value::bool(a >= b),
        BinaryOp::Add => Value::number(a.add(b)?),
        BinaryOp::Subtract => Value::number(a.subtract(b)?),
        BinaryOp::Multiply => Value::number(a.multiply(b)?),
        BinaryOp::Divide => Value::number(a.divide(b)?),
        BinaryOp::Remainder => Value::number(a.remainder(b)?),
        BinaryOp::Equal => Value::bool(a == b),
        BinaryOp::NotEqual => Value::bool(a != b),
        // Both are booleans' operators; `logical` deals with them.
        BinaryOp::And | BinaryOp::Or => return Err(NumberError::Malformed),
    })
}

/// Whether two values are equal, or nothing when something unknown decides.
///
/// Values of different types differ, but null equals null of any type. Marks play no part.
pub(crate) fn equal(left: &Value, right: &Value) -> Option<bool> {
    // What is null or unknown may turn out to be null on both sides.
    let open = |one: &Value, other: &Value| one.is_null() && (other.is_null() || !other.is_known());
    if open(left, right) || open(right, left) {
        return equal_content(left, right);
    }
    let known = left.is_wholly_known() && right.is_wholly_known();
    let (left_type, right_type) = (left.ty(), right.ty());
    // What is known has its type for good, an empty list of anything too.
    let same = if known { left_type == right_type } else { may_be_same(&left_type, &right_type) };
    if same { equal_content(left, right) } else { Some(false) }
}

/// Whether values of these types can be equal: the types are the same, or will be.
fn may_be_same(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::List(one), Type::List(other))
        | (Type::Set(one), Type::Set(other))
        | (Type::Map(one), Type::Map(other)) => may_be_same(one, other),
        (Type::Tuple(one), Type::Tuple(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(a, b)| may_be_same(a, b))
        }
        (Type::Object(one), Type::Object(other)) => {
            one.keys().eq(other.keys())
                && one.values().zip(other.values()).all(|(a, b)| may_be_same(&a.ty, &b.ty))
        }
        (one, other) => one == other,
    }
}

fn equal_content(left: &Value, right: &Value) -> Option<bool> {
    match (left.kind(), right.kind()) {
        (ValueKind::Unknown(_), _) | (_, ValueKind::Unknown(_)) => None,
        (ValueKind::Null(_), ValueKind::Null(_)) => Some(true),
        (ValueKind::Bool(a), ValueKind::Bool(b)) => Some(a == b),
        (ValueKind::Number(a), ValueKind::Number(b)) => Some(a == b),
        (ValueKind::String(a), ValueKind::String(b)) => Some(a == b),
        (ValueKind::List(_, a), ValueKind::List(_, b))
        | (ValueKind::Tuple(a), ValueKind::Tuple(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all(a.iter().zip(b.iter()).map(|(a, b)| equal_content(a, b)))
        }
        (ValueKind::Set(_, a), ValueKind::Set(_, b)) => {
            if !left.is_wholly_known() || !right.is_wholly_known() {
                return None;
            }
            Some(
                a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|(a, b)| equal_content(a, b) == Some(true)),
            )
        }
        (ValueKind::Map(_, a), ValueKind::Map(_, b))
        | (ValueKind::Object(a), ValueKind::Object(b)) => {
            if !a.keys().eq(b.keys()) {
                return Some(false);
            }
            all(a.values().zip(b.values()).map(|(a, b)| equal_content(a, b)))
        }
        _ => Some(false),
    }
}

fn all(results: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for result in results {
        match result {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = None,
        }
    }
    known
}
