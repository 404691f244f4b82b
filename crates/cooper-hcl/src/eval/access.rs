//! Attributes, indexes and splats.

use std::sync::Arc;

use super::{Binding, Evaluator, Namespace, Scope};
use crate::ast::{Expr, ExprKind, Name};
use crate::diagnostic::{Code, Diagnostic, Reported, did_you_mean};
use crate::source::Span;
use crate::value::{Marks, Type, Value, ValueKind};

/// The name that a splat's current element is bound to. No template can write it.
pub(super) const SPLAT_ELEMENT: &str = "*";

impl Evaluator<'_> {
    pub(super) fn attr(
        &self,
        target: &Expr,
        name: &Name,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        if let Some(result) = self.namespace_attr(target, name, scope) {
            return result;
        }
        let target_value = self.expr(target, scope)?;
        let what = match &*target.kind {
            ExprKind::Variable(root) => &format!("`{root}`"),
            _ => "this object",
        };
        self.attr_of(target_value, name, target.span, what)
    }

    /// `local.x`, when `target` is a namespace.
    fn namespace_attr(
        &self,
        target: &Expr,
        name: &Name,
        scope: &Scope<'_>,
    ) -> Option<Result<Value, Reported>> {
        let namespace = namespace(target, scope)?;
        Some(namespace.get(&name.text).ok_or_else(|| {
            let names = namespace.names();
            let path = written(target);
            self.unknown_in_root(&path, name, names.iter().map(|name| &**name), scope)
        }))
    }

    pub(super) fn no_attribute<'n>(
        &self,
        what: &str,
        name: &Name,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Reported {
        let message = format!("{what} has no attribute `{}`", name.text);
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let help = did_you_mean(&name.text, candidates.iter().copied()).or_else(|| {
            let few = !candidates.is_empty() && candidates.len() <= 20;
            few.then(|| format!("it has: `{}`", candidates.join("`, `")))
        });
        self.error(Diagnostic::error(Code::UnknownAttribute, message).at(name.span, "").help(help))
    }

    fn attr_of(
        &self,
        target: Value,
        name: &Name,
        target_span: Span,
        what: &str,
    ) -> Result<Value, Reported> {
        let (target, marks) = target.unmark();
        let result = match target.kind() {
            ValueKind::Object(attributes) => match attributes.get(&name.text) {
                Some(value) => value.clone(),
                // What names there are is nobody's business where the whole is sensitive.
                None if marks.sensitive => return Err(self.no_attribute(what, name, [])),
                None => {
                    let names = attributes.keys().map(|name| &**name);
                    return Err(self.no_attribute(what, name, names));
                }
            },
            ValueKind::Map(_, elements) => match elements.get(&name.text) {
                Some(value) => value.clone(),
                None => {
                    return Err(match marks.sensitive {
                        true => self.no_secret_element(name.span),
                        false => self.no_element(&name.text, &target, name.span),
                    });
                }
            },
            ValueKind::Null(_) => {
                let message = format!("null has no attribute `{}`", name.text);
                return Err(self.error(
                    Diagnostic::error(Code::UnknownAttribute, message)
                        .at(name.span, "")
                        .label(target_span, "this is null"),
                ));
            }
            ValueKind::Unknown(Type::Any) => Value::unknown(Type::Any),
            ValueKind::Unknown(Type::Map(element)) => Value::unknown((**element).clone()),
            ValueKind::Unknown(Type::Object(attributes)) => match attributes.get(&name.text) {
                Some(attribute) => Value::unknown(attribute.ty.clone()),
                None => {
                    let names = attributes.keys().map(|name| &**name);
                    return Err(self.no_attribute(what, name, names));
                }
            },
            ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Tuple(_)
            | ValueKind::Unknown(_) => {
                let ty = target.ty();
                let message = format!("{} has no attributes", ty.with_article());
                let help = matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_)).then(|| {
                    format!(
                        "`[*].{0}` takes `{0}` of every element, `[0].{0}` of the first",
                        name.text
                    )
                });
                return Err(self.error(
                    Diagnostic::error(Code::UnknownAttribute, message).at(name.span, "").help(help),
                ));
            }
        };
        Ok(result.with_marks(marks))
    }

    fn no_element(&self, key: &str, map: &Value, span: Span) -> Reported {
        let names = map.as_mapping().into_iter().flat_map(|elements| elements.keys());
        self.error(
            Diagnostic::error(Code::InvalidIndex, format!("there is no element `{key}`"))
                .at(span, "")
                .help(did_you_mean(key, names.map(|name| &**name))),
        )
    }

    /// Says neither what was looked for nor what there is.
    fn no_secret_element(&self, span: Span) -> Reported {
        self.error(Diagnostic::error(Code::InvalidIndex, "there is no such element").at(span, ""))
    }

    pub(super) fn index(
        &self,
        target: &Expr,
        key: &Expr,
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        if let ExprKind::String(text) = &*key.kind {
            let name = Name { text: text.clone(), span: key.span };
            if let Some(result) = self.namespace_attr(target, &name, scope) {
                return result;
            }
        }
        let (target_value, key_value) = (self.expr(target, scope), self.expr(key, scope));
        let ((target_value, target_marks), (key_value, key_marks)) =
            (target_value?.unmark(), key_value?.unmark());
        let marks = target_marks.union(key_marks);
        let value = self.index_of(&target_value, &key_value, marks, key.span, span)?;
        Ok(value.with_marks(marks))
    }

    /// An element of one value by another, both without their marks, which say what may be told of them.
    fn index_of(
        &self,
        target: &Value,
        key: &Value,
        marks: Marks,
        key_span: Span,
        span: Span,
    ) -> Result<Value, Reported> {
        let fail = |code, message: &str, place, text: &str| {
            Err(self.error(Diagnostic::error(code, message).at(place, text)))
        };
        if target.is_null() {
            return fail(Code::InvalidIndex, "null has no elements", span, "");
        }
        if key.is_null() {
            return fail(Code::InvalidIndex, "an index must not be null", key_span, "");
        }
        let ty = target.ty();
        match &ty {
            Type::Any => Ok(Value::unknown(Type::Any)),
            Type::List(_) | Type::Tuple(_) => {
                let key = key.convert(&Type::Number).map_err(|e| {
                    let message = format!("the index of {} must be a number", ty.with_article());
                    self.error(
                        Diagnostic::error(Code::InvalidIndex, message).at(key_span, e.to_string()),
                    )
                })?;
                let ValueKind::Number(number) = key.kind() else {
                    let element = match &ty {
                        Type::List(element) => (**element).clone(),
                        _ => Type::Any,
                    };
                    return Ok(Value::unknown(element));
                };
                if !number.is_integer() {
                    let message = "an index must be a whole number";
                    return fail(Code::InvalidIndex, message, key_span, "");
                }
                let index = number.to_u64().and_then(|index| usize::try_from(index).ok());
                let length = match (&ty, target.as_sequence()) {
                    (_, Some(elements)) => {
                        if let Some(element) = index.and_then(|index| elements.get(index)) {
                            return Ok(element.clone());
                        }
                        elements.len()
                    }
                    (Type::Tuple(types), None) => {
                        if let Some(ty) = index.and_then(|index| types.get(index)) {
                            return Ok(Value::unknown(ty.clone()));
                        }
                        types.len()
                    }
                    (Type::List(element), None) => return Ok(Value::unknown((**element).clone())),
                    (_, None) => return Ok(Value::unknown(Type::Any)),
                };
                let count = if length == 1 { "one element" } else { "elements" };
                let text = match length {
                    _ if marks.sensitive => String::new(),
                    0 => "there are no elements".into(),
                    1 => format!("there is {count}, with index 0"),
                    _ => format!("there are {length} {count}, 0 to {}", length - 1),
                };
                fail(Code::InvalidIndex, "this index is not in the list", key_span, &text)
            }
            Type::Map(_) | Type::Object(_) => {
                let key = key.convert(&Type::String).map_err(|e| {
                    let message = format!("the key of {} must be a string", ty.with_article());
                    self.error(
                        Diagnostic::error(Code::InvalidIndex, message).at(key_span, e.to_string()),
                    )
                })?;
                let Some(name) = key.as_str() else {
                    let element = match &ty {
                        Type::Map(element) => (**element).clone(),
                        _ => Type::Any,
                    };
                    return Ok(Value::unknown(element));
                };
                let none = || match marks.sensitive {
                    true => self.no_secret_element(key_span),
                    false => self.no_element(name, target, key_span),
                };
                match (&ty, target.as_mapping()) {
                    (_, Some(elements)) => elements.get(name).cloned().ok_or_else(none),
                    (Type::Object(attributes), None) => match attributes.get(name) {
                        Some(attribute) => Ok(Value::unknown(attribute.ty.clone())),
                        None => Err(none()),
                    },
                    (Type::Map(element), None) => Ok(Value::unknown((**element).clone())),
                    (_, None) => Ok(Value::unknown(Type::Any)),
                }
            }
            Type::Set(_) => Err(self.error(
                Diagnostic::error(Code::InvalidIndex, "the elements of a set have no index")
                    .at(key_span, "")
                    .help("`[for element in … : element]` makes a list of them"),
            )),
            Type::Bool | Type::Number | Type::String => {
                let message = format!("{} has no elements", ty.with_article());
                fail(Code::InvalidIndex, &message, span, "")
            }
        }
    }

    /// `target[*].each`. Null has no elements, and what is not a sequence is its own only one.
    pub(super) fn splat(
        &self,
        target: &Expr,
        each: &Expr,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let (target_value, marks) = self.expr(target, scope)?.unmark();
        let apply = |element: Value| {
            let mut inner = scope.child();
            inner.bind(SPLAT_ELEMENT, element);
            self.expr(each, &inner)
        };
        let result = match target_value.kind() {
            ValueKind::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                let message = "the elements of a list that is null cannot be had";
                let error = Diagnostic::error(Code::InvalidValue, message);
                return Err(self.error(error.at(target.span, "this is null")));
            }
            ValueKind::Null(_) => Value::tuple([]),
            ValueKind::Unknown(Type::Any) => Value::unknown(Type::Any),
            ValueKind::Unknown(Type::List(element) | Type::Set(element)) => {
                let each = apply(Value::unknown((**element).clone()))?;
                Value::unknown(Type::list(each.ty())).with_marks(each.marks())
            }
            ValueKind::Unknown(Type::Tuple(elements)) => {
                let each = elements.iter().map(|ty| apply(Value::unknown(ty.clone())));
                let each = each.collect::<Result<Vec<_>, _>>()?;
                Value::unknown(Type::Tuple(each.iter().map(Value::ty).collect()))
            }
            ValueKind::Tuple(elements) => {
                let each = elements.iter().map(|element| apply(element.clone()));
                Value::tuple(each.collect::<Result<Vec<_>, _>>()?)
            }
            ValueKind::List(element_type, elements) | ValueKind::Set(element_type, elements) => {
                let each = elements.iter().map(|element| apply(element.clone()));
                let each = each.collect::<Result<Vec<_>, _>>()?;
                match each.first().map(Value::ty) {
                    None => {
                        let ty = apply(Value::unknown(element_type.clone()))?.ty();
                        Value::list(ty, each)
                    }
                    Some(ty) if each.iter().all(|value| value.ty() == ty) => Value::list(ty, each),
                    Some(_) => {
                        Value::new(ValueKind::Tuple(Arc::from(each)), crate::value::Marks::NONE)
                    }
                }
            }
            _ => Value::tuple([apply(target_value.clone())?]),
        };
        self.bounded(result.with_marks(marks), target.span)
    }
}

/// The namespace that an expression is: `local`, `data`, `data.http`.
fn namespace<'s>(expr: &Expr, scope: &'s Scope<'_>) -> Option<&'s dyn Namespace> {
    match &*expr.kind {
        ExprKind::Variable(root) => match scope.get(root)? {
            Binding::Namespace(namespace) => Some(*namespace),
            Binding::Value(_) => None,
        },
        ExprKind::Attr { target, name } => namespace(target, scope)?.inner(&name.text),
        ExprKind::Index { target, key } => match &*key.kind {
            ExprKind::String(name) => namespace(target, scope)?.inner(name),
            _ => None,
        },
        _ => None,
    }
}

/// A namespace as it is written: `data.http`.
fn written(expr: &Expr) -> String {
    match &*expr.kind {
        ExprKind::Variable(root) => root.to_string(),
        ExprKind::Attr { target, name } => format!("{}.{}", written(target), name.text),
        ExprKind::Index { target, key } => match &*key.kind {
            ExprKind::String(name) => format!("{}.{name}", written(target)),
            _ => written(target),
        },
        _ => String::new(),
    }
}
