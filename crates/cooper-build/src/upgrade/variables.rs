//! Variables, of which those that use others become locals.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cooper_hcl::ast::{Block, Body, Expr, ExprKind};
use cooper_hcl::{Diagnostics, SourceFile};

use super::names::free;
use super::tree::{argument, block, call, expr, name, replaced, string};
use crate::template::Template;
use crate::template::legacy::translate;

/// What the variables of a legacy template become.
pub(super) struct Variables {
    inputs: Vec<Variable>,
    locals: Vec<Variable>,
    /// By the old name: the namespace and the new name.
    names: HashMap<Arc<str>, (&'static str, String)>,
}

struct Variable {
    name: String,
    value: Option<Expr>,
    sensitive: bool,
}

impl Variables {
    pub(super) fn read(template: &Template, file: &SourceFile, diags: &Diagnostics) -> Self {
        let mut taken = HashSet::new();
        let mut variables = Self { inputs: Vec::new(), locals: Vec::new(), names: HashMap::new() };
        let mut values = Vec::new();
        for variable in &template.variables {
            let value = variable.default.as_ref().map(|default| match &*default.kind {
                ExprKind::String(text) if default.span.is_some() => {
                    let words = translate::IN_VARIABLES;
                    translate::text(text, default.span, file, words, &mut Vec::new(), diags)
                }
                _ => default.clone(),
            });
            let root = if value.as_ref().is_none_or(is_input) { "var" } else { "local" };
            let name = free(&variable.name.text, &mut taken);
            variables.names.insert(variable.name.text.clone(), (root, name.clone()));
            values.push((root, Variable { name, value, sensitive: variable.sensitive }));
        }
        // Only a variable's default may ask for the environment.
        let mut asked: HashMap<Arc<str>, String> = HashMap::new();
        for (root, variable) in values {
            let value = variable.value.map(|value| match root {
                "var" => replaced(&value, &mut |_| None),
                _ => replaced(&variables.renamed(&value), &mut |part| {
                    let of = environment(part)?;
                    let name = asked
                        .entry(of.clone())
                        .or_insert_with(|| free(&format!("env_{of}"), &mut taken));
                    Some(reference("var", name))
                }),
            });
            let list = if root == "var" { &mut variables.inputs } else { &mut variables.locals };
            list.push(Variable { value, ..variable });
        }
        let mut asked: Vec<_> = asked.into_iter().collect();
        asked.sort();
        variables.inputs.extend(asked.into_iter().map(|(of, name)| Variable {
            name,
            value: Some(call("env", vec![string(&of)])),
            sensitive: false,
        }));
        variables
    }

    /// `variable` blocks.
    pub(super) fn inputs(&self) -> Vec<Block> {
        let input = |Variable { name, value, sensitive }: &Variable| {
            let mut attributes = vec![argument("type", expr(ExprKind::Variable("string".into())))];
            attributes.extend(value.clone().map(|value| argument("default", value)));
            attributes.extend(sensitive.then(hidden));
            block("variable", &[name], Body { attributes, ..Body::default() })
        };
        self.inputs.iter().map(input).collect()
    }

    /// A `locals` block, and a `local` block for each that is sensitive.
    pub(super) fn locals(&self) -> Vec<Block> {
        let value = |local: &Variable| local.value.clone().unwrap_or_else(|| expr(ExprKind::Null));
        let (sensitive, plain): (Vec<_>, Vec<_>) =
            self.locals.iter().partition(|local| local.sensitive);
        let plain: Vec<_> =
            plain.into_iter().map(|local| argument(&local.name, value(local))).collect();
        let sensitive = sensitive.into_iter().map(|local| {
            let attributes = vec![argument("expression", value(local)), hidden()];
            block("local", &[&local.name], Body { attributes, ..Body::default() })
        });
        let plain = (!plain.is_empty())
            .then(|| block("locals", &[], Body { attributes: plain, ..Body::default() }));
        plain.into_iter().chain(sensitive).collect()
    }

    /// An expression with the new names of variables.
    pub(super) fn renamed(&self, given: &Expr) -> Expr {
        replaced(given, &mut |part| {
            let (root, name) = self.names.get(&asked_for(part)?)?;
            Some(reference(root, name))
        })
    }
}

fn hidden() -> cooper_hcl::ast::Attribute {
    argument("sensitive", expr(ExprKind::Bool(true)))
}

fn reference(root: &str, of: &str) -> Expr {
    let target = expr(ExprKind::Variable(root.into()));
    expr(ExprKind::Attr { target, name: name(of) })
}

/// The variable that an expression is the value of.
fn asked_for(expr: &Expr) -> Option<Arc<str>> {
    let (target, name) = match &*expr.kind {
        ExprKind::Attr { target, name } => (target, name.text.clone()),
        ExprKind::Index { target, key } => match &*key.kind {
            ExprKind::String(name) => (target, name.clone()),
            _ => return None,
        },
        _ => return None,
    };
    matches!(&*target.kind, ExprKind::Variable(root) if &**root == "var").then_some(name)
}

/// The variable of the environment that an expression is the value of.
fn environment(expr: &Expr) -> Option<Arc<str>> {
    match &*expr.kind {
        ExprKind::Call(call) if &*call.name.text == "env" => {
            match call.args.first().map(|a| &*a.kind) {
                Some(ExprKind::String(name)) => Some(name.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether an expression can be a variable's default: it mentions nothing and calls `env` only.
fn is_input(expr: &Expr) -> bool {
    let mut calls_others = false;
    replaced(expr, &mut |part| {
        calls_others |= matches!(&*part.kind, ExprKind::Call(call) if &*call.name.text != "env");
        None
    });
    expr.references().is_empty() && !calls_others
}
