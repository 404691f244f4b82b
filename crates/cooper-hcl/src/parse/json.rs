//! HCL in JSON syntax: a JSON tree to ours.
//!
//! JSON does not tell blocks from arguments. Every property becomes an argument, and the body
//! remembers its text ([`Body::json`]); whoever knows what the block may contain asks for
//! [`Body::decided`]. Strings are templates.

use std::ops::Range;
use std::sync::Arc;

use super::parse_template;
use super::string::normal;
use crate::ast::{Attribute, Body, Expr, ExprKind, File, Json, Name, ObjectItem};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::json::{self, Decoded, Node, NodeKind, Property};
use crate::source::{SourceFile, SourceMap, Span};

/// Reads a file in HCL's JSON syntax.
///
/// # Errors
///
/// [`Reported`], after recording every syntax error that could be found, those in the templates
/// of strings included.
pub fn parse_json(file: &SourceFile, diags: &Diagnostics) -> Result<File, Reported> {
    let node = json::parse(file, diags)?;
    let reader = Reader { file, diags };
    let mut body = Body {
        span: node.span,
        json: Some(Arc::new(Json { file: file.clone(), weak: false })),
        ..Body::default()
    };
    let mut result = Ok(());
    let objects = match &node.kind {
        NodeKind::Array(elements) => &elements[..],
        _ => std::slice::from_ref(&node),
    };
    for object in objects {
        let NodeKind::Object(properties) = &object.kind else {
            let message = format!("a template is a JSON object, and this is {}", object.noun());
            let error = Diagnostic::error(Code::Syntax, message).at(object.span, "");
            let help = "write `{ \"source\": { … }, \"build\": { … } }`";
            result = Err(diags.error(error.help(help)));
            continue;
        };
        for property in properties.iter().filter(|property| !is_comment(&property.name)) {
            match reader.attribute(property) {
                Ok(attribute) => body.attributes.push(attribute),
                Err(reported) => result = Err(reported),
            }
        }
    }
    result.map(|()| File { body })
}

/// A property that says nothing to anybody.
pub(crate) fn is_comment(name: &str) -> bool {
    name == "//"
}

struct Reader<'a> {
    file: &'a SourceFile,
    diags: &'a Diagnostics,
}

impl Reader<'_> {
    fn attribute(&self, property: &Property) -> Result<Attribute, Reported> {
        let name = Name { text: normal(&property.name), span: property.name_span };
        let expr = self.expr(&property.value)?;
        Ok(Attribute { span: name.span.to(expr.span), name, expr })
    }

    fn expr(&self, node: &Node) -> Result<Expr, Reported> {
        let kind = match &node.kind {
            NodeKind::Null => ExprKind::Null,
            NodeKind::Bool(value) => ExprKind::Bool(*value),
            NodeKind::Number(number) => ExprKind::Number(number.clone()),
            NodeKind::String(text) => return self.string(text, node.span),
            NodeKind::Array(elements) => {
                // Each is tried, so that every mistake is recorded.
                let elements: Vec<_> = elements.iter().map(|node| self.expr(node)).collect();
                ExprKind::Tuple(elements.into_iter().collect::<Result<_, _>>()?)
            }
            NodeKind::Object(properties) => {
                let items: Vec<_> = properties
                    .iter()
                    .map(|property| {
                        let key = self.string(&property.name, property.name_span);
                        let value = self.expr(&property.value);
                        Ok(ObjectItem { key: key?, value: value? })
                    })
                    .collect();
                ExprKind::Object(items.into_iter().collect::<Result<_, _>>()?)
            }
        };
        Ok(Expr { kind: Arc::new(kind), span: node.span })
    }

    fn string(&self, text: &str, span: Span) -> Result<Expr, Reported> {
        if text.contains("${") || text.contains("%{") {
            return read_within(self.file, span, self.diags, parse_template);
        }
        Ok(Expr { kind: Arc::new(ExprKind::String(normal(text))), span })
    }
}

/// What a string of JSON says, where it is no template.
pub(crate) fn text_within(file: &SourceFile, span: Span) -> Expr {
    let inside = Span::new(span.start() + 1, (span.end() - 1).max(span.start() + 1));
    let text = normal(&Decoded::again(file.slice(inside), inside.start()).text);
    Expr { kind: Arc::new(ExprKind::String(text)), span }
}

/// Reads what a string of JSON says, by a parser that takes it for a file. Places are those in
/// the JSON text.
pub(crate) fn read_within(
    file: &SourceFile,
    span: Span,
    diags: &Diagnostics,
    parse: impl FnOnce(&SourceFile, &Diagnostics) -> Result<Expr, Reported>,
) -> Result<Expr, Reported> {
    let inside = Span::new(span.start() + 1, (span.end() - 1).max(span.start() + 1));
    let decoded = Decoded::again(file.slice(inside), inside.start());
    let alone = SourceMap::new().add(file.name(), &*decoded.text).map_err(|cause| {
        diags.error(Diagnostic::error(Code::LimitExceeded, cause.to_string()).at(span, ""))
    })?;
    let place = |local: Span| -> Span {
        let offset =
            |offset: u32| (offset.saturating_sub(alone.base()) as usize).min(decoded.text.len());
        let range: Range<usize> = offset(local.start())..offset(local.end());
        if local.is_some() { decoded.place(range) } else { local }
    };
    let found = Diagnostics::new();
    let parsed = parse(&alone, &found);
    for mut diagnostic in found.take() {
        diagnostic.primary.iter_mut().chain(&mut diagnostic.labels).for_each(|label| {
            label.span = place(label.span);
        });
        diags.record(diagnostic);
    }
    let mut expr = parsed?;
    expr.relocate(&place);
    // The whole is the string, quotes included.
    Ok(Expr { span, ..expr })
}
