//! Lists, objects and `for`.

use std::sync::Arc;

use super::expr::Built;
use super::parser::{Lines, Parser};
use crate::ast::{Expr, ExprKind, For, Name, ObjectItem, check_keys};
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;
use crate::token::TokenKind as T;

/// What a `for` expression makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Makes {
    List,
    Object,
}

impl Makes {
    const fn closer(self) -> &'static str {
        match self {
            Self::List => "`]`",
            Self::Object => "`}`",
        }
    }
}

impl Parser<'_> {
    /// Elements with commas between them, up to the end of what can be seen.
    pub(super) fn list<E>(
        &mut self,
        closer: &str,
        mut element: impl FnMut(&mut Self) -> Result<E, Reported>,
    ) -> Result<Vec<E>, Reported> {
        let mut elements = Vec::new();
        let mut wrong = None;
        while self.peek().is_some() {
            match element(self) {
                Ok(element) => {
                    elements.push(element);
                    if self.eat(T::Comma).is_some() {
                        continue;
                    }
                    if self.peek().is_none() {
                        break;
                    }
                    let begins = self.begins_value();
                    // Once a comma was forgotten they mostly all are.
                    wrong = wrong.or_else(|| Some(self.missing_comma(closer)));
                    if begins {
                        continue;
                    }
                }
                Err(reported) => wrong = Some(reported),
            }
            self.skip_to(|kind| kind == T::Comma);
            self.eat(T::Comma);
        }
        wrong.map_or(Ok(elements), Err)
    }

    fn begins_value(&self) -> bool {
        match self.peek() {
            Some(kind) => {
                kind.opens() && kind != T::ParenOpen
                    || kind == T::Number
                    || kind == T::Word && !self.is_operator_word()
            }
            None => false,
        }
    }

    fn missing_comma(&mut self, closer: &str) -> Reported {
        let here = self.here();
        let diagnostic = match self.peek() {
            Some(T::Assign | T::Colon | T::Arrow) if closer == "`]`" => {
                Diagnostic::error(Code::Syntax, "the elements of a list have no names")
                    .at(here, "")
                    .help("write `{ name = value }` for an object")
            }
            Some(T::Assign | T::Colon) => {
                Diagnostic::error(Code::Syntax, "the arguments of a function have no names")
                    .at(here, "")
                    .help("write only the value; their order says which is which")
            }
            Some(T::Invalid) if self.text() == ";" => {
                Diagnostic::error(Code::Syntax, "`,` separates elements, not `;`").at(here, "")
            }
            _ if self.begins_value() => Diagnostic::error(Code::Syntax, "`,` is missing")
                .at(self.behind(), "between this")
                .label(here, "and this"),
            _ => return self.rest_of_expression(&format!("`,` or {closer}")),
        };
        self.diags.error(diagnostic)
    }

    /// `[a, b]` or `[for …]`.
    pub(super) fn tuple(&mut self) -> Result<Built, Reported> {
        let mut depth = 0;
        let (kind, span) = self.inside(Lines::Ignored, |parser| {
            if parser.is_word("for") {
                let built;
                (built, depth) = parser.for_expr(Makes::List)?;
                return Ok(ExprKind::For(Box::new(built)));
            }
            let elements = parser.list("`]`", |parser| {
                let built = parser.expr()?;
                depth = depth.max(built.depth);
                Ok(built.expr)
            })?;
            Ok(ExprKind::Tuple(elements))
        })?;
        self.build(kind, span, depth)
    }

    /// `{ a = b }` or `{for …}`.
    pub(super) fn object(&mut self) -> Result<Built, Reported> {
        let mut depth = 0;
        let (kind, span) = self.inside(Lines::Count, |parser| {
            while parser.eat(T::LineEnd).is_some() {}
            if parser.is_word("for") && !matches!(parser.peek_second(), Some(T::Assign | T::Colon))
            {
                parser.ignore_lines();
                let built;
                (built, depth) = parser.for_expr(Makes::Object)?;
                return Ok(ExprKind::For(Box::new(built)));
            }
            let items;
            (items, depth) = parser.items_of_object()?;
            Ok(ExprKind::Object(items))
        })?;
        self.build(kind, span, depth)
    }

    fn items_of_object(&mut self) -> Result<(Vec<ObjectItem>, usize), Reported> {
        let mut items = Vec::new();
        let mut depth = 0;
        let mut wrong = None;
        loop {
            while self.eat(T::LineEnd).is_some() {}
            if self.peek().is_none() {
                break;
            }
            match self.object_item() {
                Ok((item, item_depth)) => {
                    items.push(item);
                    depth = depth.max(item_depth);
                    match self.peek() {
                        None | Some(T::LineEnd) => continue,
                        Some(T::Comma) => {
                            self.take();
                            continue;
                        }
                        Some(_) => {
                            let begins = self.begins_value();
                            wrong = wrong.or_else(|| Some(self.missing_separator()));
                            if begins {
                                continue;
                            }
                        }
                    }
                }
                Err(reported) => wrong = Some(reported),
            }
            self.skip_to(|kind| matches!(kind, T::Comma | T::LineEnd));
            self.eat(T::Comma);
        }
        check_keys(&items, self.diags);
        wrong.map_or(Ok((items, depth)), Err)
    }

    fn missing_separator(&mut self) -> Reported {
        let here = self.here();
        let diagnostic = match self.peek() {
            Some(T::Invalid) if self.text() == ";" => {
                Diagnostic::error(Code::Syntax, "`,` or a line break separates items, not `;`")
                    .at(here, "")
            }
            _ if self.begins_value() => {
                Diagnostic::error(Code::Syntax, "`,` or a line break is missing")
                    .at(self.behind(), "between this")
                    .label(here, "and this")
            }
            _ => return self.rest_of_expression("`,`, a line break or `}`"),
        };
        self.diags.error(diagnostic)
    }

    fn object_item(&mut self) -> Result<(ObjectItem, usize), Reported> {
        let (key, key_depth) = self.object_key()?;
        match self.peek() {
            Some(T::Assign | T::Colon) => drop(self.take()),
            _ => return Err(self.missing_sign(&key)),
        }
        if matches!(self.peek(), None | Some(T::LineEnd | T::Comma)) {
            let message = format!("a value is missing for `{}`", self.tokens.text(key.span));
            return Err(self.error(message, self.last));
        }
        let value = self.expr()?;
        let depth = key_depth.max(value.depth);
        Ok((ObjectItem { key, value: value.expr }, depth))
    }

    fn object_key(&mut self) -> Result<(Expr, usize), Reported> {
        let begin = self.here();
        let Built { expr, depth } = self.expr()?;
        let word = |text: &str| {
            let kind = Arc::new(ExprKind::String(super::string::normal(text)));
            Expr { kind, span: expr.span }
        };
        let source = self.tokens.text(expr.span);
        match &*expr.kind {
            ExprKind::Variable(name) => Ok((word(name), depth)),
            ExprKind::Null | ExprKind::Bool(_) => Ok((word(source), depth)),
            ExprKind::Attr { .. } | ExprKind::Index { .. } | ExprKind::Splat { .. } => {
                let help =
                    format!("write `({source})` for its value, or `\"{source}\"` for the text");
                Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, "this key can be read in two ways")
                        .at(expr.span, "")
                        .help(help),
                ))
            }
            ExprKind::Binary { op, op_span, .. } if op.as_str() == "==" && self.is_item_end() => {
                Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, "an item is set with `=`, not `==`")
                        .at(*op_span, ""),
                ))
            }
            _ => {
                debug_assert!(expr.span.start() >= begin.start());
                Ok((expr, depth))
            }
        }
    }

    fn is_item_end(&self) -> bool {
        matches!(self.peek(), None | Some(T::LineEnd | T::Comma))
    }

    /// No `=` follows a key.
    fn missing_sign(&mut self, key: &Expr) -> Reported {
        let text = self.tokens.text(key.span);
        let here = self.here();
        let diagnostic = match self.peek() {
            Some(T::Arrow) => Diagnostic::error(Code::Syntax, "an item is set with `=`, not `=>`")
                .at(here, "")
                .help("`=>` stands in `{ for … }`"),
            Some(T::BraceOpen) => {
                Diagnostic::error(Code::Syntax, "an object holds values, no blocks")
                    .at(key.span.to(here), "")
                    .help(format!("write `{text} = {{`"))
            }
            _ if self.is_item_end() => {
                Diagnostic::error(Code::Syntax, format!("a value is missing for `{text}`"))
                    .at(key.span, "")
                    .help(format!("write `{text} = …`, or `[{text}]` for a list"))
            }
            _ if self.begins_value() => {
                Diagnostic::error(Code::Syntax, format!("`=` is missing after `{text}`"))
                    .at(self.behind(), "")
                    .help(format!("write `{text} = …`"))
            }
            _ => return self.unexpected("`=`"),
        };
        self.diags.error(diagnostic)
    }

    /// A `for` expression, and how deep its parts are. Line ends are ignored.
    fn for_expr(&mut self, makes: Makes) -> Result<(For, usize), Reported> {
        let (first, second) = self.loop_names()?;
        let collection = self.expr()?;
        if self.eat(T::Colon).is_none() {
            return Err(match self.peek() {
                None => self.for_colon(collection.expr.span),
                Some(_) if self.begins_value() => self.for_colon(collection.expr.span),
                Some(_) => self.rest_of_expression("`:`"),
            });
        }
        let mut depth = collection.depth;
        let mut value = self.expr()?;
        let mut key = None;
        match (makes, self.peek()) {
            (Makes::Object, Some(T::Arrow)) => {
                self.take();
                depth = depth.max(value.depth);
                key = Some(std::mem::replace(&mut value, self.expr()?).expr);
            }
            (Makes::Object, _) => {
                return Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, "a key is missing")
                        .at(value.expr.span, "this is only a value")
                        .help("write `{ for … : key => value }`, or `[for … : value]` for a list"),
                ));
            }
            (Makes::List, Some(T::Arrow)) => {
                return Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, "a list has no keys")
                        .at(self.here(), "")
                        .help("write `{ for … : key => value }` for an object"),
                ));
            }
            (Makes::List, _) => {}
        }
        depth = depth.max(value.depth);
        let group = self.eat(T::Ellipsis);
        if let (Makes::List, Some(dots)) = (makes, group) {
            return Err(
                self.error("`...` gathers values of equal keys, and a list has no keys", dots)
            );
        }
        let mut condition = None;
        if self.is_word("if") {
            self.take();
            let built = self.expr()?;
            depth = depth.max(built.depth);
            condition = Some(built.expr);
        }
        if self.peek().is_some() {
            return Err(self.rest_of_expression(makes.closer()));
        }
        let (key_name, value_name) = match second {
            Some(second) => (Some(first), second),
            None => (None, first),
        };
        let made = For {
            key_name,
            value_name,
            collection: collection.expr,
            key,
            value: value.expr,
            condition,
            group,
        };
        Ok((made, depth))
    }

    fn for_colon(&self, collection: Span) -> Reported {
        self.diags.error(
            Diagnostic::error(Code::Syntax, "`:` is missing behind what is walked through")
                .at(Span::new(collection.end(), collection.end()), "")
                .help("write `for name in collection : value`"),
        )
    }

    /// `for k, v in`, which also begins a directive.
    pub(super) fn loop_names(&mut self) -> Result<(Name, Option<Name>), Reported> {
        self.take();
        let first = self.loop_name()?;
        let second = match self.eat(T::Comma) {
            Some(_) => Some(self.loop_name()?),
            None => None,
        };
        if !self.is_word("in") {
            return Err(match self.peek() {
                Some(T::WrongQuotes | T::Invalid) => self.unexpected("`in`"),
                _ => self.diags.error(
                    Diagnostic::error(Code::Syntax, "`in` is missing")
                        .at(self.behind(), "")
                        .help("write `for name in collection`"),
                ),
            });
        }
        self.take();
        Ok((first, second))
    }

    fn loop_name(&mut self) -> Result<Name, Reported> {
        match self.peek() {
            Some(T::Word) => Ok(self.word()),
            _ => Err(self.unexpected("a name")),
        }
    }
}
