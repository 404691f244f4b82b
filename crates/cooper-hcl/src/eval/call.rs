//! Function calls.
//!
//! What is the same for all functions is done here: conversion of arguments, null and unknown
//! arguments, marks. `try`, `can` and `convert` are no functions, because they see expressions.

use super::{Evaluator, Scope};
use crate::ast::{Call, Expr};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::function::{Function, FunctionCx, FunctionError, Param};
use crate::source::Span;
use crate::value::{Marks, Type, Value, ValueKind, parse_type};

/// An argument and its place.
struct Argument {
    value: Value,
    span: Span,
}

impl Evaluator<'_> {
    pub(super) fn call(
        &self,
        call: &Call,
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let name = &*call.name.text;
        let functions = self.env.functions;
        if functions.special_forms().contains(&name) {
            match name {
                "try" => return self.try_each(call, span, scope),
                "can" => return self.can(call, span, scope),
                "convert" => return self.convert(call, span, scope),
                _ => {}
            }
        }
        let Some(function) = functions.get(name) else {
            return Err(self.unknown_function(&call.name));
        };
        let Some(arguments) = self.arguments(call, scope)? else {
            return Ok(Value::unknown(Type::Any));
        };
        let made = self.apply(function, call, arguments, span)?;
        if made.deep_marks().sensitive {
            self.env.system.overhear(&made);
        }
        Ok(made)
    }

    /// The arguments in order, the last one spread when `...` follows it; nothing when that
    /// one is unknown, so that their number is.
    fn arguments(&self, call: &Call, scope: &Scope<'_>) -> Result<Option<Vec<Argument>>, Reported> {
        let evaluated: Vec<_> = call
            .args
            .iter()
            .map(|arg| Ok(Argument { value: self.expr(arg, scope)?, span: arg.span }))
            .collect();
        let mut arguments = evaluated.into_iter().collect::<Result<Vec<_>, Reported>>()?;
        let Some(expand) = call.expand else { return Ok(Some(arguments)) };
        let Some(last) = arguments.pop() else { return Ok(Some(arguments)) };
        Ok(self.spread(last, expand)?.map(|spread| {
            arguments.extend(spread);
            arguments
        }))
    }

    /// The elements of an argument with `...` behind it; nothing when it is unknown.
    fn spread(
        &self,
        Argument { value, span }: Argument,
        expand: Span,
    ) -> Result<Option<Vec<Argument>>, Reported> {
        let (value, marks) = value.unmark();
        match value.kind() {
            ValueKind::List(_, elements)
            | ValueKind::Set(_, elements)
            | ValueKind::Tuple(elements) => {
                let elements = elements.iter().map(|element| element.clone().with_marks(marks));
                Ok(Some(elements.map(|value| Argument { value, span }).collect()))
            }
            ValueKind::Unknown(Type::Any | Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                Ok(None)
            }
            _ => {
                let text = match value.is_null() {
                    true => "this is null".into(),
                    false => format!("this is {}", value.ty().with_article()),
                };
                Err(self.error(
                    Diagnostic::error(Code::FunctionCall, "`...` needs a list, set or tuple")
                        .at(span, text)
                        .label(expand, ""),
                ))
            }
        }
    }

    fn apply(
        &self,
        function: &Function,
        call: &Call,
        arguments: Vec<Argument>,
        span: Span,
    ) -> Result<Value, Reported> {
        self.check_count(function, call, arguments.len(), span)?;
        let mut marks = Marks::NONE;
        let mut unknown = false;
        let mut failed = None;
        let mut values = Vec::with_capacity(arguments.len());
        let mut spans = Vec::with_capacity(arguments.len());
        let params = function.params.iter().chain(function.rest.iter().cycle());
        for (argument, param) in arguments.into_iter().zip(params) {
            match self.prepare(function, param, argument.value, argument.span) {
                Ok((value, own)) => {
                    marks = marks.union(own);
                    unknown |= !param.allow_unknown && !value.is_wholly_known();
                    values.push(value);
                    spans.push(argument.span);
                }
                Err(reported) => failed = Some(reported),
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        let cx = FunctionCx { system: self.env.system, root: self.env.root };
        let result = if unknown {
            (function.returns)(&values).map(Value::unknown)
        } else {
            // What is large may be read without leaving anything behind.
            self.budget.time(span, self.env.diags)?;
            (function.call)(&cx, &values)
        };
        let value = result.map_err(|FunctionError { argument, message }| {
            let place = argument.and_then(|index| spans.get(index)).copied().unwrap_or(span);
            let message = format!("`{}`: {message}", function.name);
            self.error(Diagnostic::error(Code::FunctionCall, message).at(place, ""))
        })?;
        self.bounded(value.with_marks(marks), span)
    }

    fn check_count(
        &self,
        function: &Function,
        call: &Call,
        given: usize,
        span: Span,
    ) -> Result<(), Reported> {
        let wanted = function.params.len();
        if given == wanted || (given > wanted && function.rest.is_some()) {
            return Ok(());
        }
        let name = function.name;
        let least = if function.rest.is_some() { "at least " } else { "" };
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!("`{name}` takes {least}{wanted} argument{plural}, not {given}");
        let place = call.args.get(wanted).map_or(span, |extra| extra.span);
        let help = function.params.get(given).map(|p| format!("`{}` is missing", p.name));
        Err(self.error(Diagnostic::error(Code::FunctionCall, message).at(place, "").help(help)))
    }

    /// An argument as its parameter wants it, and the marks that were taken off.
    fn prepare(
        &self,
        function: &Function,
        param: &Param,
        value: Value,
        span: Span,
    ) -> Result<(Value, Marks), Reported> {
        let (value, marks) =
            if param.keeps_inner_marks { value.unmark() } else { value.unmark_deep() };
        if value.is_null() && !param.allow_null {
            let message =
                format!("`{}`: the argument `{}` must not be null", function.name, param.name);
            return Err(self.error(Diagnostic::error(Code::FunctionCall, message).at(span, "")));
        }
        let value = value.convert(&param.ty).map_err(|e| {
            let message =
                format!("`{}`: the argument `{}` has the wrong type", function.name, param.name);
            self.error(Diagnostic::error(Code::FunctionCall, message).at(span, e.to_string()))
        })?;
        Ok((value, marks))
    }

    /// `try(…)`: the first argument that can be evaluated.
    fn try_each(&self, call: &Call, span: Span, scope: &Scope<'_>) -> Result<Value, Reported> {
        if call.args.is_empty() {
            return Err(self.special_count(call, span, "at least one argument"));
        }
        let mut causes = Vec::new();
        for (index, arg) in call.args.iter().enumerate() {
            let tried = Diagnostics::new();
            let value = self.recording_in(&tried).expr(arg, scope);
            let expand = call.expand.filter(|_| index + 1 == call.args.len());
            let value = match (value, expand) {
                // The first element has a value already.
                (Ok(value), Some(expand)) => {
                    match self.spread(Argument { value, span: arg.span }, expand)? {
                        Some(spread) => spread.into_iter().next().map(|first| first.value),
                        None => Some(Value::unknown(Type::Any)),
                    }
                }
                (value, _) => value.ok(),
            };
            match value {
                // Whether an unknown value can be had is not known either.
                Some(value) if !value.is_wholly_known() => {
                    return Ok(Value::unknown(Type::Any).with_marks(value.deep_marks()));
                }
                Some(value) => return Ok(value),
                None => causes.extend(tried.take()),
            }
        }
        let mut diagnostic =
            Diagnostic::error(Code::FunctionCall, "none of the arguments of `try` has a value")
                .at(call.name.span, "");
        for cause in causes {
            // A mistake without a place, or one far away, is still worth its text.
            let place = cause.primary.map_or(span, |label| label.span);
            diagnostic = diagnostic.label(place, cause.message);
        }
        Err(self.error(diagnostic))
    }

    /// `can(…)`: whether the argument can be evaluated.
    fn can(&self, call: &Call, span: Span, scope: &Scope<'_>) -> Result<Value, Reported> {
        let ([arg], None) = (&*call.args, call.expand) else {
            return Err(self.special_count(call, span, "exactly one argument"));
        };
        let tried = Diagnostics::new();
        Ok(match self.recording_in(&tried).expr(arg, scope) {
            Ok(value) if !value.is_wholly_known() => {
                Value::unknown(Type::Bool).with_marks(value.deep_marks())
            }
            Ok(value) => Value::bool(true).with_marks(value.deep_marks()),
            Err(_) => Value::bool(false),
        })
    }

    /// `convert(value, type)`.
    fn convert(&self, call: &Call, span: Span, scope: &Scope<'_>) -> Result<Value, Reported> {
        let [value, ty] = &*call.args else {
            return Err(self.special_count(call, span, "a value and a type"));
        };
        let (converted, ty) = (self.expr(value, scope), self.type_argument(ty));
        converted?.convert(&ty?).map_err(|e| {
            self.error(
                Diagnostic::error(Code::WrongType, "this value cannot be converted")
                    .at(value.span, e.to_string()),
            )
        })
    }

    fn type_argument(&self, expr: &Expr) -> Result<Type, Reported> {
        parse_type(expr, self.env)
    }

    fn special_count(&self, call: &Call, span: Span, wanted: &str) -> Reported {
        let message = format!("`{}` takes {wanted}", call.name.text);
        self.error(Diagnostic::error(Code::FunctionCall, message).at(span, ""))
    }
}
