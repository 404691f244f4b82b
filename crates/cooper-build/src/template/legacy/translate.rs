//! `{{user}}`, `{{build}}` and `{{template_dir}}` as HCL has them.
//!
//! Everything else between braces means the same in both languages and stays. Where `user` is part
//! of that, as in `{{if user "x"}}`, its value is written into the braces as Go writes a string.

use std::ops::Range;
use std::sync::Arc;

use cooper_hcl::ast::{Call, Expr, ExprKind, Name, Template, TemplatePart};
use cooper_hcl::json::place_within;
use cooper_hcl::{Code, Diagnostic, Diagnostics, SourceFile, Span};

use crate::gotemplate::{Data, Operation, Piece, has_actions, pieces};
use crate::template::shape::is_identifier;

/// What HCL writes in another way in arguments.
pub(crate) const IN_ARGUMENTS: &[&str] = &["user", "build", "template_dir"];
/// What HCL writes in another way in variables.
pub(crate) const IN_VARIABLES: &[&str] = &[
    "user",
    "env",
    "template_dir",
    "consul_key",
    "vault",
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
];

/// The expression for a string of JSON at `span`, where actions with these words are translated;
/// the variables that it asks for are added to `asked`.
pub(crate) fn text(
    text: &Arc<str>,
    span: Span,
    file: &SourceFile,
    words: &[&str],
    asked: &mut Vec<Name>,
    diags: &Diagnostics,
) -> Expr {
    let whole = |kind| Expr { kind: Arc::new(kind), span };
    // What is malformed is told when it is filled in.
    let Some(pieces) = has_actions(text).then(|| pieces(text).ok()).flatten() else {
        return whole(ExprKind::String(text.clone()));
    };
    let mut parts = Vec::new();
    let mut plain = String::new();
    for piece in pieces {
        let action = match piece {
            Piece::Text(text) => {
                plain += &text;
                continue;
            }
            Piece::Action(action) => action,
        };
        let range = action.range.clone();
        if !action.has_word(words) {
            plain += &text[range];
            continue;
        }
        let place = place_within(file, span, range.clone());
        let mut translated = |calls: Vec<(Range<usize>, Operation)>| {
            let call = |(range, operation)| {
                let place = place_within(file, span, Range::clone(&range));
                let expr = Translator { place, asked: &mut *asked }.expr(operation)?;
                Some((range, expr))
            };
            calls.into_iter().map(call).collect::<Option<Vec<_>>>()
        };
        // Why it is one: its value is not only shown, something depends on it.
        let calls = action.calls(words);
        let whole_action = action.operation().and_then(|it| translated(vec![(range.clone(), it)]));
        let replaced = whole_action.or_else(|| {
            let mut calls = translated(calls?)?;
            for (_, value) in &mut calls {
                *value = quoted(value.clone());
            }
            Some(calls)
        });
        let Some(replaced) = replaced else {
            let message = "Cooper cannot tell what this becomes in HCL";
            let error = Diagnostic::error(Code::NotYetSupported, message).at(place, "");
            let help = "write the names that `user`, `build` and their like ask for as they are, \
                        right behind these words: ``user `name` ``";
            diags.error(error.help(help));
            continue;
        };
        let mut at = range.start;
        for (place, expr) in replaced {
            plain += &text[at..place.start];
            at = place.end;
            if !plain.is_empty() {
                parts.push(TemplatePart::Literal(std::mem::take(&mut plain).into(), span));
            }
            parts.push(TemplatePart::Interpolation(expr));
        }
        plain += &text[at..range.end];
    }
    if parts.is_empty() {
        return whole(ExprKind::String(plain.into()));
    }
    if !plain.is_empty() {
        parts.push(TemplatePart::Literal(plain.into(), span));
    }
    whole(ExprKind::Template(Template { parts }))
}

struct Translator<'a> {
    /// Where the action stands.
    place: Span,
    asked: &'a mut Vec<Name>,
}

impl Translator<'_> {
    fn here(&self, kind: ExprKind) -> Expr {
        Expr { kind: Arc::new(kind), span: self.place }
    }

    fn name(&self, text: &str) -> Name {
        Name { text: text.into(), span: self.place }
    }

    /// `root.name`, or `root["name"]`.
    fn attribute(&self, root: &str, name: &str) -> Expr {
        let target = self.here(ExprKind::Variable(root.into()));
        self.here(match is_identifier(name) {
            true => ExprKind::Attr { target, name: self.name(name) },
            false => {
                let key = self.here(ExprKind::String(name.into()));
                ExprKind::Index { target, key }
            }
        })
    }

    fn call(&self, name: &str, args: Vec<Expr>) -> Expr {
        self.here(ExprKind::Call(Call { name: self.name(name), args, expand: None }))
    }

    fn expr(&mut self, operation: Operation) -> Option<Expr> {
        let (function, mut args) = match operation {
            Operation::Literal(Data::String(text)) => {
                return Some(self.here(ExprKind::String(text)));
            }
            Operation::Literal(Data::Integer(number)) => {
                return Some(self.here(ExprKind::Number(number.into())));
            }
            Operation::Literal(_) => return None,
            Operation::Call(function, args) => (function, args),
        };
        // The only arguments that are not translated: names.
        if let ("user" | "build", [Operation::Literal(Data::String(name))]) = (function, &args[..])
        {
            if function == "build" {
                return Some(self.attribute("build", name));
            }
            self.asked.push(self.name(name));
            return Some(self.attribute("var", name));
        }
        if let ("replace", [_, _, Operation::Literal(Data::Integer(..0)), _]) =
            (function, &args[..])
        {
            args.remove(2);
            return self.expr(Operation::Call("replace_all", args));
        }
        let args = args.into_iter().map(|arg| self.expr(arg)).collect::<Option<Vec<_>>>()?;
        Some(match (function, &args[..]) {
            ("template_dir", []) => self.call("abspath", vec![self.attribute("path", "root")]),
            ("packer_version", []) => self.attribute("packer", "version"),
            ("pwd", []) => self.attribute("path", "cwd"),
            ("build_type", []) => self.attribute("source", "type"),
            ("build_name", []) => self.attribute("source", "name"),
            ("upper" | "lower" | "env" | "consul_key" | "aws_secretsmanager_raw", [_])
            | ("vault", [_, _]) => self.call(function, args),
            ("aws_secretsmanager", [_]) => {
                let null = self.here(ExprKind::Null);
                self.call(function, args.into_iter().chain([null]).collect())
            }
            ("aws_secretsmanager", [_, _]) => self.call(function, args),
            ("replace_all", [old, new, source]) if !is_pattern(old) => {
                self.call("replace", vec![source.clone(), old.clone(), new.clone()])
            }
            ("split", [source, separator, index]) => {
                let target = self.call("split", vec![separator.clone(), source.clone()]);
                self.here(ExprKind::Index { target, key: index.clone() })
            }
            _ => return None,
        })
    }
}

/// A string as it is written between braces: Go reads every string of JSON as its own.
fn quoted(value: Expr) -> Expr {
    let span = value.span;
    let name = Name { text: "jsonencode".into(), span };
    let call = Call { name, args: vec![value], expand: None };
    Expr { kind: Arc::new(ExprKind::Call(call)), span }
}

/// Whether HCL's `replace` would take a text, or what it may become, for a regular expression.
fn is_pattern(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::String(text) => text.len() > 1 && text.starts_with('/') && text.ends_with('/'),
        _ => true,
    }
}
