//! Which names a piece of template uses.

use std::sync::Arc;

use super::{Body, Call, Expr, ExprKind, For, Name, ObjectItem, Template, TemplatePart};
use crate::source::Span;

/// The use of a name from outside: `local.image`, `data.http.page.body`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The first word.
    pub root: Name,
    /// The attributes asked of it, as far as they are written out: `.x`, `["x"]`, `[0]`.
    pub path: Vec<Name>,
    /// Root and path.
    pub span: Span,
}

impl Reference {
    /// The first word after the root: `image` in `local.image`.
    pub fn first(&self) -> Option<&Name> {
        self.path.first()
    }
}

impl Expr {
    /// Every name that the expression uses and does not bind itself, in the order written.
    pub fn references(&self) -> Vec<Reference> {
        let mut finder = Finder::default();
        finder.expr(self);
        finder.found
    }

    /// Every function call in the expression, in the order written.
    pub fn calls(&self) -> Vec<Call> {
        let mut finder = Finder::default();
        finder.expr(self);
        finder.calls
    }
}

impl Body {
    /// Every name that the arguments use, in this body and in nested blocks.
    pub fn references(&self) -> Vec<Reference> {
        let mut finder = Finder::default();
        finder.body(self);
        finder.found
    }
}

#[derive(Default)]
struct Finder {
    found: Vec<Reference>,
    calls: Vec<Call>,
    bound: Vec<Arc<str>>,
}

impl Finder {
    fn body(&mut self, body: &Body) {
        for attribute in &body.attributes {
            self.expr(&attribute.expr);
        }
        for block in &body.blocks {
            self.body(&block.body);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::SplatElement => {}
            ExprKind::Template(template) => self.template(template),
            ExprKind::Tuple(elements) => elements.iter().for_each(|element| self.expr(element)),
            ExprKind::Object(items) => {
                for ObjectItem { key, value } in items {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Variable(_) | ExprKind::Attr { .. } | ExprKind::Index { .. } => {
                self.traversal(expr, Vec::new());
            }
            ExprKind::Splat { target, each } => {
                self.expr(target);
                self.expr(each);
            }
            ExprKind::Call(call) => {
                self.calls.push(call.clone());
                // The type in `convert(value, type)` is made of words that are no references.
                let args = match (&*call.name.text, &*call.args) {
                    ("convert", [value, _]) => std::slice::from_ref(value),
                    (_, args) => args,
                };
                args.iter().for_each(|arg| self.expr(arg));
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprKind::For(for_expr) => {
                let For { key_name, value_name, collection, key, value, condition, group: _ } =
                    &**for_expr;
                self.expr(collection);
                self.inside(key_name.as_ref(), value_name, |finder| {
                    for expr in key.iter().chain([value]).chain(condition) {
                        finder.expr(expr);
                    }
                });
            }
            ExprKind::Parenthesis(inner) => self.expr(inner),
        }
    }

    /// A chain of accesses, from its end; `path` is what follows `expr`, nearest last.
    fn traversal(&mut self, expr: &Expr, mut path: Vec<Name>) {
        match &*expr.kind {
            ExprKind::Variable(name) => {
                if self.bound.contains(name) {
                    return;
                }
                path.reverse();
                let end = path.last().map_or(expr.span, |last| last.span);
                let root = Name { text: name.clone(), span: expr.span };
                self.found.push(Reference { root, path, span: expr.span.to(end) });
            }
            ExprKind::Attr { target, name } => {
                path.push(name.clone());
                self.traversal(target, path);
            }
            ExprKind::Index { target, key } => {
                let text: Option<Arc<str>> = match &*key.kind {
                    ExprKind::String(text) => Some(text.clone()),
                    ExprKind::Number(number) => Some(number.to_string().into()),
                    _ => None,
                };
                match text {
                    Some(text) => path.push(Name { text, span: key.span }),
                    // What comes after an index that is computed says nothing about the root.
                    None => path.clear(),
                }
                self.traversal(target, path);
                self.expr(key);
            }
            _ => self.expr(expr),
        }
    }

    fn template(&mut self, template: &Template) {
        for part in &template.parts {
            match part {
                TemplatePart::Literal(..) => {}
                TemplatePart::Interpolation(expr) => self.expr(expr),
                TemplatePart::If { condition, then, otherwise, span: _ } => {
                    self.expr(condition);
                    self.template(then);
                    if let Some(otherwise) = otherwise {
                        self.template(otherwise);
                    }
                }
                TemplatePart::For { key_name, value_name, collection, body, span: _ } => {
                    self.expr(collection);
                    self.inside(key_name.as_ref(), value_name, |finder| finder.template(body));
                }
            }
        }
    }

    fn inside(&mut self, key: Option<&Name>, value: &Name, walk: impl FnOnce(&mut Self)) {
        let outside = self.bound.len();
        self.bound.extend(key.map(|key| key.text.clone()));
        self.bound.push(value.text.clone());
        walk(self);
        self.bound.truncate(outside);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Diagnostics, SourceMap, parse_expression};

    /// The references of an expression as `root.path`, and the text each covers.
    fn references(text: &str) -> Vec<(String, String)> {
        let mut sources = SourceMap::new();
        let file = sources.add("x", text).unwrap();
        let expr = parse_expression(&file, &Diagnostics::new()).unwrap();
        let found = expr.references();
        let words = |r: &super::Reference| {
            let path = r.path.iter().map(|name| name.text.to_string());
            [r.root.text.to_string()].into_iter().chain(path).collect::<Vec<_>>().join(".")
        };
        found.iter().map(|r| (words(r), sources.text(r.span).to_owned())).collect()
    }

    #[test]
    fn every_use_is_found() {
        for (text, expected) in [
            ("local.a.b", &["local.a.b"][..]),
            ("local[\"a\"][0]", &["local.a.0"]),
            ("a[b.c].d", &["a", "b.c"]),
            ("f(a, {(b) = c, d = e})", &["a", "b", "c", "e"]),
            ("[for k, v in a.x : k if v && b]", &["a.x", "b"]),
            ("\"${a.b}%{ if c }%{ for x in d }${x}%{ endfor }%{ endif }\"", &["a.b", "c", "d"]),
            ("a.b[*].c[d]", &["a.b", "d"]),
            ("convert(a.b, list(string))", &["a.b"]),
            ("build.ID == null ? !a : -(b)", &["build.ID", "a", "b"]),
        ] {
            let found: Vec<String> = references(text).into_iter().map(|(path, _)| path).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn places_cover_the_path() {
        assert_eq!(references("1 + local.a.b")[0].1, "local.a.b");
    }
}
