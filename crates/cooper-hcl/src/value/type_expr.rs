//! Type expressions: `list(object({ name = string }))`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ObjectAttribute, Presence, Type};
use crate::ast::{Call, Expr, ExprKind};
use crate::diagnostic::{Code, Diagnostic, Reported, did_you_mean};
use crate::eval::{Environment, Scope, evaluate};

const KEYWORDS: [&str; 9] =
    ["any", "bool", "number", "string", "list", "set", "map", "tuple", "object"];

/// Reads an expression as a type.
///
/// `optional(T)` and `optional(T, default)` may stand for the type of an object's attribute.
///
/// # Errors
///
/// [`Reported`], when it is not a type.
pub fn parse_type(expr: &Expr, env: Environment<'_>) -> Result<Type, Reported> {
    match &*expr.kind {
        ExprKind::Variable(name) => match &**name {
            "any" => Ok(Type::Any),
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            "list" | "set" | "map" => Err(env.diags.error(
                Diagnostic::error(Code::WrongType, format!("`{name}` needs an element type"))
                    .at(expr.span, "")
                    .help(format!("write `{name}(any)` or `{name}(string)`")),
            )),
            "tuple" => Err(env.diags.error(
                Diagnostic::error(Code::WrongType, "`tuple` needs the types of its elements")
                    .at(expr.span, "")
                    .help("write `tuple([string, number])`"),
            )),
            "object" => Err(env.diags.error(
                Diagnostic::error(Code::WrongType, "`object` needs the types of its attributes")
                    .at(expr.span, "")
                    .help("write `object({ name = string })`"),
            )),
            name => Err(not_a_type(name, expr, env)),
        },
        ExprKind::Call(call) => parse_constructor(call, expr, env),
        ExprKind::Parenthesis(inner) => {
            // What is inside may be wrong too.
            parse_type(inner, env)?;
            Err(env.diags.error(
                Diagnostic::error(Code::WrongType, "a type has no parentheses of its own")
                    .at(expr.span, "")
                    .help("remove them"),
            ))
        }
        ExprKind::String(text) if KEYWORDS.contains(&&**text) => Err(env.diags.error(
            Diagnostic::error(Code::WrongType, "a type is written without quotes")
                .at(expr.span, "")
                .help(format!("write `{text}`")),
        )),
        _ => Err(env.diags.error(
            Diagnostic::error(Code::WrongType, "this is not a type")
                .at(expr.span, "a type such as `string` or `list(number)` is required"),
        )),
    }
}

fn not_a_type(name: &str, expr: &Expr, env: Environment<'_>) -> Reported {
    env.diags.error(
        Diagnostic::error(Code::WrongType, format!("there is no type called `{name}`"))
            .at(expr.span, "")
            .help(did_you_mean(name, KEYWORDS)),
    )
}

fn parse_constructor(call: &Call, expr: &Expr, env: Environment<'_>) -> Result<Type, Reported> {
    let name = &*call.name.text;
    if !["list", "set", "map", "tuple", "object"].contains(&name) {
        if name == "optional" {
            return Err(env.diags.error(
                Diagnostic::error(
                    Code::WrongType,
                    "`optional` stands only for the type of an object's attribute",
                )
                .at(expr.span, ""),
            ));
        }
        if KEYWORDS.contains(&name) {
            return Err(env.diags.error(
                Diagnostic::error(Code::WrongType, format!("`{name}` takes no arguments"))
                    .at(expr.span, ""),
            ));
        }
        return Err(not_a_type(name, expr, env));
    }
    let [argument] = &*call.args else {
        return Err(env.diags.error(
            Diagnostic::error(Code::WrongType, format!("`{name}` takes exactly one argument"))
                .at(expr.span, ""),
        ));
    };
    match name {
        "list" => parse_type(argument, env).map(Type::list),
        "set" => parse_type(argument, env).map(Type::set),
        "map" => parse_type(argument, env).map(Type::map),
        "tuple" => match &*argument.kind {
            ExprKind::Tuple(elements) => {
                let types: Vec<_> = elements.iter().map(|e| parse_type(e, env)).collect();
                Ok(Type::Tuple(types.into_iter().collect::<Result<_, _>>()?))
            }
            _ => Err(env.diags.error(
                Diagnostic::error(Code::WrongType, "`tuple` takes a list of types")
                    .at(argument.span, "")
                    .help("write `tuple([string, number])`"),
            )),
        },
        _ => parse_object(argument, env),
    }
}

fn parse_object(argument: &Expr, env: Environment<'_>) -> Result<Type, Reported> {
    let ExprKind::Object(items) = &*argument.kind else {
        return Err(env.diags.error(
            Diagnostic::error(Code::WrongType, "`object` takes the types of its attributes")
                .at(argument.span, "")
                .help("write `object({ name = string })`"),
        ));
    };
    let mut attributes: BTreeMap<Arc<str>, ObjectAttribute> = BTreeMap::new();
    let mut failed = None;
    for item in items {
        let ExprKind::String(name) = &*item.key.kind else {
            failed = Some(
                env.diags.error(
                    Diagnostic::error(Code::WrongType, "an attribute's name must be a plain word")
                        .at(item.key.span, ""),
                ),
            );
            continue;
        };
        match parse_attribute(&item.value, env) {
            Ok(attribute) => {
                if attributes.insert(name.clone(), attribute).is_some() {
                    let message = format!("the type has two attributes `{name}`");
                    let error = Diagnostic::error(Code::WrongType, message);
                    failed = Some(env.diags.error(error.at(item.key.span, "again here")));
                }
            }
            Err(reported) => failed = Some(reported),
        }
    }
    match failed {
        Some(reported) => Err(reported),
        None => Ok(Type::Object(Arc::new(attributes))),
    }
}

fn parse_attribute(expr: &Expr, env: Environment<'_>) -> Result<ObjectAttribute, Reported> {
    match &*expr.kind {
        ExprKind::Call(call) if &*call.name.text == "optional" => {
            let (ty, default) = match &*call.args {
                [ty] => (parse_type(ty, env)?, None),
                [ty, default] => {
                    let ty = parse_type(ty, env)?;
                    let value = evaluate(default, &Scope::new(), env)?;
                    let value = value.convert(&ty).map_err(|e| {
                        env.diags.error(
                            Diagnostic::error(
                                Code::WrongType,
                                "the default does not have the attribute's type",
                            )
                            .at(default.span, e.to_string()),
                        )
                    })?;
                    (ty, Some(value))
                }
                _ => {
                    return Err(env.diags.error(
                        Diagnostic::error(
                            Code::WrongType,
                            "`optional` takes a type and, if wanted, a default",
                        )
                        .at(expr.span, ""),
                    ));
                }
            };
            Ok(ObjectAttribute { ty, presence: Presence::Optional(default) })
        }
        _ => Ok(ObjectAttribute { ty: parse_type(expr, env)?, presence: Presence::Required }),
    }
}
