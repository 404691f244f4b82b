//! Which properties of JSON are arguments, and which are blocks.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Attribute, Block, Body, Expr, ExprKind, Json, Name, ObjectItem};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::parse::{is_comment, parse_expression, read_within, text_within};
use crate::source::Span;

impl Body {
    /// The body as it is in native syntax. Where JSON was written, a property is a block when
    /// `labels` says which labels such a block has, and otherwise an argument. The bodies of the
    /// blocks have yet to be decided. What cannot be the block it should be is recorded and left
    /// out.
    pub fn decided<'l>(
        &self,
        labels: impl Fn(&str) -> Option<&'l [&'l str]>,
        diags: &Diagnostics,
    ) -> (Cow<'_, Body>, Result<(), Reported>) {
        let Some(json) = &self.json else { return (Cow::Borrowed(self), Ok(())) };
        let mut result = Ok(());
        let mut body = Body { attributes: Vec::new(), ..self.clone() };
        for attribute in &self.attributes {
            match labels(&attribute.name.text) {
                Some(names) => {
                    let kind = &attribute.name;
                    let mut property = Property {
                        kind,
                        names,
                        json,
                        diags,
                        out: &mut body.blocks,
                        result: Ok(()),
                    };
                    property.labelled(&attribute.expr, &mut Vec::new());
                    result = result.and(property.result);
                }
                None => body.attributes.push(attribute.clone()),
            }
        }
        (Cow::Owned(body), result)
    }

    /// Like [`Body::decided`], for a body that is used up. What is wrong was recorded.
    #[must_use]
    pub fn into_decided<'l>(
        self,
        labels: impl Fn(&str) -> Option<&'l [&'l str]>,
        diags: &Diagnostics,
    ) -> Body {
        if self.json.is_none() {
            return self;
        }
        self.decided(labels, diags).0.into_owned()
    }

    /// An expression that may mention nothing: JSON has no templates there, and its strings mean
    /// themselves.
    #[must_use]
    pub fn literal<'e>(&self, expr: &'e Expr) -> Cow<'e, Expr> {
        match (&self.json, &*expr.kind) {
            (Some(json), ExprKind::String(_) | ExprKind::Template(_)) => {
                Cow::Owned(text_within(&json.file, expr.span))
            }
            _ => Cow::Borrowed(expr),
        }
    }

    /// An argument that is read and not evaluated: a type, the name of an iterator. JSON has it
    /// in a string.
    ///
    /// # Errors
    ///
    /// [`Reported`], when the string is no expression.
    pub fn static_expression(
        &self,
        attribute: &Attribute,
        diags: &Diagnostics,
    ) -> Result<Expr, Reported> {
        match (&self.json, &*attribute.expr.kind) {
            (Some(json), ExprKind::String(_) | ExprKind::Template(_)) => {
                read_within(&json.file, attribute.expr.span, diags, parse_expression)
            }
            _ => Ok(attribute.expr.clone()),
        }
    }
}

/// A property that is one block or several.
struct Property<'a> {
    kind: &'a Name,
    /// What the labels are called.
    names: &'a [&'a str],
    json: &'a Arc<Json>,
    diags: &'a Diagnostics,
    out: &'a mut Vec<Block>,
    result: Result<(), Reported>,
}

impl Property<'_> {
    fn error(&mut self, diagnostic: Diagnostic) {
        self.result = Err(self.diags.error(diagnostic));
    }

    /// A value that has the labels which are still missing as the names of its properties.
    fn labelled(&mut self, value: &Expr, labels: &mut Vec<Name>) {
        let Some(wanted) = self.names.get(labels.len()) else {
            return self.bodies(value, labels);
        };
        let objects = match &*value.kind {
            ExprKind::Tuple(elements) => &elements[..],
            ExprKind::Null => return,
            _ => std::slice::from_ref(value),
        };
        for object in objects {
            let ExprKind::Object(items) = &*object.kind else {
                let kind = &self.kind.text;
                let message = format!("`{kind}` needs a label here: its {wanted}");
                let error = Diagnostic::error(Code::WrongLabels, message).at(object.span, "");
                self.error(error.help(self.example()));
                continue;
            };
            for item in items {
                let Some(label) = self.property_name(item) else { continue };
                labels.push(label);
                self.labelled(&item.value, labels);
                labels.pop();
            }
        }
    }

    /// How such blocks are written.
    fn example(&self) -> String {
        let open: String = self.names.iter().map(|name| format!("{{ \"{name}\": ")).collect();
        let close = " }".repeat(self.names.len());
        format!("write `\"{}\": {open}{{ … }}{close}`", self.kind.text)
    }

    /// A value that is what stands between the braces, or a list of such.
    fn bodies(&mut self, value: &Expr, labels: &[Name]) {
        let (bodies, several) = match &*value.kind {
            ExprKind::Null => return,
            ExprKind::Tuple(elements) => (&elements[..], true),
            _ => (std::slice::from_ref(value), false),
        };
        for object in bodies {
            let Some(items) = properties(object) else {
                let kind = &self.kind.text;
                let message = format!("`{kind}` is a block");
                let error = Diagnostic::error(Code::WrongType, message).at(object.span, "");
                let help = "write an object, or an array of objects for several blocks";
                self.error(error.label(self.kind.span, "").help(help));
                continue;
            };
            let header = match (labels.last(), several) {
                (Some(label), _) => label.span,
                (None, false) => self.kind.span,
                // Each of several has its own brace only.
                (None, true) => Span::new(object.span.start(), object.span.start() + 1),
            };
            let mut body =
                Body { span: object.span, json: Some(self.json.clone()), ..Body::default() };
            for item in items {
                let Some(name) = self.property_name(item) else { continue };
                let span = name.span.to(item.value.span);
                body.attributes.push(Attribute { name, expr: item.value.clone(), span });
            }
            self.out.push(Block {
                kind: self.kind.clone(),
                labels: labels.to_vec(),
                body,
                header,
                span: self.kind.span.to(object.span),
            });
        }
    }

    /// The name of a property that is a label or an argument; nothing for a comment.
    fn property_name(&mut self, item: &ObjectItem) -> Option<Name> {
        let span = item.key.span;
        match &*item.key.kind {
            ExprKind::String(text) if is_comment(text) => None,
            ExprKind::String(text) => Some(Name { text: text.clone(), span }),
            _ => {
                let message = "this name cannot be computed";
                let error = Diagnostic::error(Code::NotAllowedHere, message).at(span, "");
                let help = "only names inside a value may have `${…}`";
                self.error(error.help(help));
                None
            }
        }
    }
}

/// The properties of one block: those of an object, or of all objects of an array.
fn properties(value: &Expr) -> Option<Vec<&ObjectItem>> {
    match &*value.kind {
        ExprKind::Object(items) => Some(items.iter().collect()),
        ExprKind::Tuple(elements) => {
            let all: Option<Vec<_>> = elements.iter().map(properties).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        _ => None,
    }
}
