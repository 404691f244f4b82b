//! Pieces of a tree that stand nowhere yet.

use std::sync::Arc;

use cooper_hcl::ast::{
    Attribute, Block, Body, Call, Expr, ExprKind, Name, ObjectItem, Template, TemplatePart,
};
use cooper_hcl::schema::weakly;
use cooper_hcl::{Span, Type, Value, ValueKind};

pub(super) fn expr(kind: ExprKind) -> Expr {
    Expr { kind: Arc::new(kind), span: Span::NONE }
}

pub(super) fn string(text: &str) -> Expr {
    expr(ExprKind::String(text.into()))
}

pub(super) fn name(text: &str) -> Name {
    Name { text: text.into(), span: Span::NONE }
}

pub(super) fn argument(name: &str, expr: Expr) -> Attribute {
    Attribute { name: self::name(name), expr, span: Span::NONE }
}

pub(super) fn object<'a>(items: impl IntoIterator<Item = (&'a str, Expr)>) -> Expr {
    let item = |(key, value)| ObjectItem { key: string(key), value };
    expr(ExprKind::Object(items.into_iter().map(item).collect()))
}

pub(super) fn call(function: &str, args: Vec<Expr>) -> Expr {
    expr(ExprKind::Call(Call { name: name(function), args, expand: None }))
}

pub(super) fn block(kind: &str, labels: &[&str], body: Body) -> Block {
    let labels = labels.iter().map(|label| name(label)).collect();
    Block { kind: name(kind), labels, body, header: Span::NONE, span: Span::NONE }
}

/// A value for an argument of a type. HCL does not take one for another as legacy templates do.
pub(super) fn adapted(given: Expr, ty: &Type) -> Expr {
    if let Some(value) = constant(&given) {
        let taken = weakly(value.clone(), ty);
        return if taken == value { given } else { of_value(&taken) };
    }
    match (&*given.kind, ty) {
        (ExprKind::Tuple(elements), Type::List(element) | Type::Set(element)) => {
            let elements = elements.iter().map(|given| adapted(given.clone(), element));
            expr(ExprKind::Tuple(elements.collect()))
        }
        (ExprKind::Object(items), Type::Map(element)) => {
            let item = |item: &ObjectItem| ObjectItem {
                key: item.key.clone(),
                value: adapted(item.value.clone(), element),
            };
            expr(ExprKind::Object(items.iter().map(item).collect()))
        }
        (ExprKind::Object(_), Type::List(_) | Type::Set(_)) => expr(ExprKind::Tuple(vec![given])),
        // What it becomes is known only when it runs.
        (_, Type::List(_) | Type::Set(_)) => call("split", vec![string(","), given]),
        _ => given,
    }
}

/// The value of an expression that needs nothing to be known.
fn constant(expr: &Expr) -> Option<Value> {
    Some(match &*expr.kind {
        ExprKind::Null => Value::null(Type::Any),
        ExprKind::Bool(value) => Value::bool(*value),
        ExprKind::Number(number) => Value::number(number.clone()),
        ExprKind::String(text) => Value::string(text),
        ExprKind::Tuple(elements) => {
            Value::tuple(elements.iter().map(constant).collect::<Option<Vec<_>>>()?)
        }
        ExprKind::Object(items) => {
            let item = |item: &ObjectItem| match &*item.key.kind {
                ExprKind::String(key) => Some((key.clone(), constant(&item.value)?)),
                _ => None,
            };
            Value::object(items.iter().map(item).collect::<Option<Vec<_>>>()?)
        }
        _ => return None,
    })
}

fn of_value(value: &Value) -> Expr {
    expr(match value.kind() {
        ValueKind::Bool(value) => ExprKind::Bool(*value),
        ValueKind::Number(number) => ExprKind::Number(number.clone()),
        ValueKind::String(text) => ExprKind::String(text.clone()),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            ExprKind::Tuple(elements.iter().map(of_value).collect())
        }
        ValueKind::Map(_, elements) | ValueKind::Object(elements) => {
            let item = |(key, value): (&Arc<str>, &Value)| ObjectItem {
                key: string(key),
                value: of_value(value),
            };
            ExprKind::Object(elements.iter().map(item).collect())
        }
        ValueKind::Null(_) | ValueKind::Unknown(_) => ExprKind::Null,
    })
}

/// The same tree, in which `change` may replace any part of it, the outer ones first.
pub(super) fn replaced(given: &Expr, change: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Expr {
    if let Some(changed) = change(given) {
        return changed;
    }
    let kind = match &*given.kind {
        ExprKind::Tuple(elements) => {
            ExprKind::Tuple(elements.iter().map(|element| replaced(element, change)).collect())
        }
        ExprKind::Object(items) => {
            let item = |item: &ObjectItem| ObjectItem {
                key: replaced(&item.key, change),
                value: replaced(&item.value, change),
            };
            ExprKind::Object(items.iter().map(item).collect())
        }
        ExprKind::Template(Template { parts }) => {
            // A string that is one expression is that expression.
            if let [TemplatePart::Interpolation(only)] = &parts[..] {
                return replaced(only, change);
            }
            let part = |part: &TemplatePart| match part {
                TemplatePart::Interpolation(expr) => {
                    TemplatePart::Interpolation(replaced(expr, change))
                }
                other => other.clone(),
            };
            ExprKind::Template(Template { parts: parts.iter().map(part).collect() })
        }
        ExprKind::Call(given) => {
            let args = given.args.iter().map(|arg| replaced(arg, change)).collect();
            ExprKind::Call(Call { args, ..given.clone() })
        }
        ExprKind::Index { target, key } => {
            ExprKind::Index { target: replaced(target, change), key: replaced(key, change) }
        }
        ExprKind::Attr { target, name } => {
            ExprKind::Attr { target: replaced(target, change), name: name.clone() }
        }
        other => other.clone(),
    };
    Expr { kind: Arc::new(kind), span: given.span }
}
