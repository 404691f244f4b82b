//! Why two answers to a text differ: the smallest of its parts that differ tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use cooper_hcl::ast::{BinaryOp, Expr, ExprKind, For, Name, Template, TemplatePart};
use cooper_hcl::{Diagnostics, SourceMap, parse_expression};
use serde_json::{Value as Json, json};

use super::difference::{self, Allowed, Answers, Node};
use crate::client::Oracle;

/// Reasons why answers differ, or the smallest part whose answers differ without a reason.
pub(crate) type Explained = Result<BTreeSet<Allowed>, String>;

/// The reasons for which both answers to an expression differ, none when they do not.
///
/// # Errors
///
/// When the oracle is gone.
pub(crate) fn difference(
    oracle: &mut Oracle,
    text: &str,
    answers: &Answers,
) -> Result<Explained, String> {
    if difference::is_same(answers) {
        return Ok(Ok(BTreeSet::new()));
    }
    let mut sources = SourceMap::new();
    let file = sources.add("explained", text).expect("the text is short").clone();
    let Ok(expr) = parse_expression(&file, &Diagnostics::new()) else {
        return Ok(Err(answers.told(text)));
    };
    let whole = Part { expr: &expr, around: Vec::new() };
    Explainer { oracle, sources }.explain(&whole, text, answers)
}

/// A part of an expression, in the loops whose names it may use.
struct Part<'a> {
    expr: &'a Expr,
    /// The loops, from the outermost to the innermost.
    around: Vec<Loop<'a>>,
}

#[derive(Clone)]
struct Loop<'a> {
    key: Option<&'a Name>,
    value: &'a Name,
    collection: &'a Expr,
    condition: Option<&'a Expr>,
}

struct Explainer<'o> {
    oracle: &'o mut Oracle,
    sources: SourceMap,
}

impl Explainer<'_> {
    fn explain(
        &mut self,
        part: &Part<'_>,
        text: &str,
        answers: &Answers,
    ) -> Result<Explained, String> {
        if difference::is_same(answers) {
            return Ok(Ok(BTreeSet::new()));
        }
        let mut found = BTreeSet::new();
        let mut inside = self.loops(part)?;
        let is_marks = |reason: &Allowed| *reason == Allowed::Marks;
        for smaller in part.parts() {
            // A loop over something else tells nothing.
            if smaller.around.len() > part.around.len() && !found.iter().all(is_marks) {
                break;
            }
            let text = self.text(&smaller);
            let answers = self.ask(&text)?;
            match self.explain(&smaller, &text, &answers)? {
                Ok(reasons) => found.extend(reasons),
                Err(unexplained) => return Ok(Err(unexplained)),
            }
            inside.push(answers);
        }
        // What differs in the numbers or the knowledge of its parts, may differ in everything.
        // Marks play no part in what is computed.
        if !found.iter().all(is_marks)
            || (!found.is_empty() && difference::is_same_but_for_marks(answers))
        {
            return Ok(Ok(found));
        }
        Ok(match difference::reason(text, node(part.expr), &inside, answers) {
            Some(reason) => {
                found.insert(reason);
                Ok(found)
            }
            None => Err(answers.told(text)),
        })
    }

    fn ask(&mut self, text: &str) -> Result<Answers, String> {
        let theirs = self.oracle.ask(&json!({ "op": "expression", "text": text }))?;
        Ok(Answers { ours: super::answer("expression", text), theirs })
    }

    /// The answers to what the loops around a part walk through: it decides what the part is.
    fn loops(&mut self, part: &Part<'_>) -> Result<Vec<Answers>, String> {
        let collections = part.around.iter().enumerate().map(|(index, around)| {
            self.text(&Part { expr: around.collection, around: part.around[..index].to_vec() })
        });
        let collections: Vec<String> = collections.collect();
        collections.iter().map(|text| self.ask(text)).collect()
    }

    /// The text of a part that means the same by itself: for each element of the loops around it
    /// whose names it uses.
    fn text(&self, part: &Part<'_>) -> String {
        // A heredoc must end its line.
        let own = format!("{}\n", self.sources.text(part.expr.span));
        let mut used = names(part.expr);
        part.around.iter().rev().fold(own, |inner, around| {
            if !around.names().any(|name| used.contains(name)) {
                return inner;
            }
            used.extend([around.collection].into_iter().chain(around.condition).flat_map(names));
            let text = |expr: &Expr| self.sources.text(expr.span);
            let key = around.key.map(|key| format!("{}, ", key.text)).unwrap_or_default();
            let (value, collection) = (&around.value.text, text(around.collection));
            let condition = around.condition.map(|c| format!(" if ({}\n)", text(c)));
            let condition = condition.unwrap_or_default();
            format!("[for {key}{value} in ({collection}\n) : ({inner}){condition}]\n")
        })
    }
}

/// The names that an expression uses and does not bind itself.
fn names(expr: &Expr) -> BTreeSet<Arc<str>> {
    expr.references().into_iter().map(|reference| reference.root.text).collect()
}

impl Loop<'_> {
    fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.key.into_iter().chain([self.value]).map(|name| &name.text)
    }
}

/// What of an expression matters for how it may differ.
fn node(expr: &Expr) -> Node<'_> {
    match &*expr.kind {
        ExprKind::Call(call) => Node::Call(&call.name.text),
        ExprKind::Conditional { .. } => Node::Choice,
        ExprKind::Template(template) if has_choice(template) => Node::Choice,
        ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => Node::Logic,
        ExprKind::For(_) => Node::Loop,
        _ => Node::Other,
    }
}

fn has_choice(template: &Template) -> bool {
    template.parts.iter().any(|part| match part {
        TemplatePart::If { .. } => true,
        TemplatePart::For { body, .. } => has_choice(body),
        TemplatePart::Literal(..) | TemplatePart::Interpolation(_) => false,
    })
}

impl<'a> Part<'a> {
    /// The parts that this one is made of, as far as they are expressions.
    fn parts(&self) -> Vec<Self> {
        let beside = |exprs: &[&'a Expr]| -> Vec<Self> {
            exprs.iter().map(|expr| Part { expr, around: self.around.clone() }).collect()
        };
        match &*self.expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Variable(_)
            | ExprKind::SplatElement => Vec::new(),
            ExprKind::Template(template) => self.of_template(template),
            ExprKind::Tuple(elements) => beside(&elements.iter().collect::<Vec<_>>()),
            ExprKind::Object(items) => {
                let is_expression = |key: &Expr| !matches!(&*key.kind, ExprKind::String(_));
                let keys = items.iter().map(|item| &item.key).filter(|key| is_expression(key));
                beside(&keys.chain(items.iter().map(|item| &item.value)).collect::<Vec<_>>())
            }
            ExprKind::Attr { target, .. } => beside(&[target]),
            ExprKind::Splat { target, each } => {
                let mut inside = vec![target];
                let mut each = each;
                loop {
                    match &*each.kind {
                        ExprKind::Attr { target, .. } => each = target,
                        ExprKind::Index { target, key } => {
                            inside.push(key);
                            each = target;
                        }
                        _ => break beside(&inside),
                    }
                }
            }
            ExprKind::Index { target, key } => beside(&[target, key]),
            ExprKind::Call(call) => match (&*call.name.text, &*call.args) {
                // What follows is a type.
                ("convert", [value, _]) => beside(&[value]),
                (_, args) => beside(&args.iter().collect::<Vec<_>>()),
            },
            ExprKind::Unary { operand, .. } => beside(&[operand]),
            ExprKind::Binary { left, right, .. } => beside(&[left, right]),
            ExprKind::Conditional { condition, then, otherwise } => {
                beside(&[condition, then, otherwise])
            }
            ExprKind::For(inner) => {
                let For { key_name, value_name, collection, key, value, condition, group: _ } =
                    &**inner;
                let looped = |condition| Loop {
                    key: key_name.as_ref(),
                    value: value_name,
                    collection,
                    condition,
                };
                let mut parts = beside(&[collection]);
                parts.extend(condition.iter().map(|expr| self.within(looped(None), expr)));
                let made = key.iter().chain([value]);
                parts.extend(made.map(|expr| self.within(looped(condition.as_ref()), expr)));
                parts
            }
            ExprKind::Parenthesis(inner) => beside(&[inner]),
        }
    }

    fn within(&self, around: Loop<'a>, expr: &'a Expr) -> Self {
        let mut loops = self.around.clone();
        loops.push(around);
        Part { expr, around: loops }
    }

    fn of_template(&self, template: &'a Template) -> Vec<Self> {
        let own = |expr| Part { expr, around: self.around.clone() };
        let mut parts = Vec::new();
        for part in &template.parts {
            match part {
                TemplatePart::Literal(..) => {}
                TemplatePart::Interpolation(expr) => parts.push(own(expr)),
                TemplatePart::If { condition, then, otherwise, .. } => {
                    parts.push(own(condition));
                    parts.extend(self.of_template(then));
                    parts.extend(otherwise.iter().flat_map(|other| self.of_template(other)));
                }
                TemplatePart::For { key_name, value_name, collection, body, .. } => {
                    parts.push(own(collection));
                    let around = Loop {
                        key: key_name.as_ref(),
                        value: value_name,
                        collection,
                        condition: None,
                    };
                    let mut loops = self.around.clone();
                    loops.push(around);
                    let inner = Part { expr: self.expr, around: loops };
                    parts.extend(inner.of_template(body));
                }
            }
        }
        parts
    }
}

impl Answers {
    fn told(&self, text: &str) -> String {
        format!("{text}\n  theirs {}\n  ours   {}", self.theirs, self.ours)
    }

    /// Whether one of both says a mistake.
    pub(crate) fn has_mistake(&self) -> bool {
        [&self.theirs, &self.ours].iter().any(|answer| answer.get("errors").is_some())
    }

    /// What both say of a value, where they say one.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Json> {
        [&self.theirs, &self.ours].into_iter().filter_map(|answer| answer.get("value"))
    }
}
