//! Expressions: operators, conditions, what follows a value, and single values.

use std::sync::Arc;

use super::parser::{Lines, Parser};
use super::string::normal;
use crate::ast::{BinaryOp, Call, Expr, ExprKind, Name, UnaryOp};
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;
use crate::token::TokenKind as T;
use crate::value::{Number, NumberError};

/// How deep a tree may be, each operator counted. The evaluator and everything else that walks a
/// tree relies on it.
const MAX_DEPTH: usize = 320;

/// An expression and how deep its tree is.
pub(super) struct Built {
    pub(super) expr: Expr,
    pub(super) depth: usize,
}

impl Parser<'_> {
    /// Puts a node on top of parts, the deepest of which is so deep.
    pub(super) fn build(
        &self,
        kind: ExprKind,
        span: Span,
        deepest_part: usize,
    ) -> Result<Built, Reported> {
        let depth = deepest_part + 1;
        if depth > MAX_DEPTH {
            let message =
                format!("expressions may be nested {MAX_DEPTH} levels deep, operators counted");
            let diagnostic = Diagnostic::error(Code::LimitExceeded, message).at(span, "");
            return Err(self.diags.error(diagnostic));
        }
        Ok(Built { expr: Expr { kind: Arc::new(kind), span }, depth })
    }

    /// Any expression.
    pub(super) fn expr(&mut self) -> Result<Built, Reported> {
        let condition = self.binary(0)?;
        let Some(question) = self.eat(T::Question) else { return Ok(condition) };
        let then = self.deeper(Self::expr)?;
        if self.eat(T::Colon).is_none() {
            return Err(self.missing_otherwise(question));
        }
        let otherwise = self.deeper(Self::expr)?;
        let depth = condition.depth.max(then.depth).max(otherwise.depth);
        let span = condition.expr.span.to(otherwise.expr.span);
        let kind = ExprKind::Conditional {
            condition: condition.expr,
            then: then.expr,
            otherwise: otherwise.expr,
        };
        self.build(kind, span, depth)
    }

    fn missing_otherwise(&mut self, question: Span) -> Reported {
        if self.is_rest_clear() {
            let diagnostic = Diagnostic::error(Code::Syntax, "`:` is missing after `?`")
                .at(self.behind(), "the value when the condition does not hold is missing")
                .label(question, "the condition ends here")
                .help("write `condition ? value : value`");
            return self.diags.error(diagnostic);
        }
        self.rest_of_expression("`:`")
    }

    /// Operators that bind at least so strongly, and what they bind.
    fn binary(&mut self, least: u8) -> Result<Built, Reported> {
        let mut left = self.operand()?;
        while let Some((op, strength)) = self.peek().and_then(binary_op)
            && strength >= least
        {
            let op_span = self.take().span;
            let right = self.binary(strength + 1)?;
            let span = left.expr.span.to(right.expr.span);
            let depth = left.depth.max(right.depth);
            let kind = ExprKind::Binary { op, op_span, left: left.expr, right: right.expr };
            left = self.build(kind, span, depth)?;
        }
        Ok(left)
    }

    /// A value with the signs before it and what follows it.
    fn operand(&mut self) -> Result<Built, Reported> {
        let op = match self.peek() {
            Some(T::Minus) => UnaryOp::Negate,
            Some(T::Not) => UnaryOp::Not,
            _ => {
                let value = self.value()?;
                return self.traversal(value);
            }
        };
        let op_span = self.take().span;
        let Built { expr, depth } = self.deeper(Self::operand)?;
        let span = op_span.to(expr.span);
        match (op, &*expr.kind) {
            (UnaryOp::Negate, ExprKind::Number(number)) => {
                self.build(ExprKind::Number(number.negate()), span, 0)
            }
            _ => self.build(ExprKind::Unary { op, op_span, operand: expr }, span, depth),
        }
    }

    /// What follows a value: `.name`, `[key]`, `[*]`.
    fn traversal(&mut self, mut target: Built) -> Result<Built, Reported> {
        loop {
            target = match self.peek() {
                Some(T::Dot) => {
                    let dot = self.take().span;
                    self.dot(target, dot)?
                }
                Some(T::BracketOpen) => self.bracket(target)?,
                _ => return Ok(target),
            };
        }
    }

    fn dot(&mut self, target: Built, dot: Span) -> Result<Built, Reported> {
        match self.peek() {
            Some(T::Word) => self.attribute_of(target),
            Some(T::Number) => self.old_index(target),
            Some(T::Star) => {
                let star = self.take().span;
                let place = target.expr.span.to(star);
                // Only attributes belong to each element; an index is one of the result.
                let mut each = self.build(ExprKind::SplatElement, place, 0)?;
                while self.peek() == Some(T::Dot) {
                    let dot = self.take().span;
                    each = match self.peek() {
                        Some(T::Word) => self.attribute_of(each)?,
                        Some(T::Number) => self.old_index(each)?,
                        Some(T::Star) => {
                            return Err(self.diags.error(
                                Diagnostic::error(Code::Syntax, "`.*` cannot follow `.*`")
                                    .at(dot.to(self.here()), "")
                                    .help("write `[*]`, which can be repeated"),
                            ));
                        }
                        _ => return Err(self.missing_attribute(dot)),
                    };
                }
                self.splat(target, each)
            }
            _ => Err(self.missing_attribute(dot)),
        }
    }

    fn missing_attribute(&mut self, dot: Span) -> Reported {
        if matches!(self.peek(), Some(T::QuoteOpen)) {
            return self.diags.error(
                Diagnostic::error(Code::Syntax, "a name after `.` stands without quotes")
                    .at(self.here(), "")
                    .help("write `[\"name\"]` for a name that is no word"),
            );
        }
        self.diags.error(
            Diagnostic::error(Code::Syntax, "a name is missing after `.`")
                .at(dot, "")
                .help("write the name of an attribute, such as `var.region`"),
        )
    }

    fn attribute_of(&mut self, target: Built) -> Result<Built, Reported> {
        let name = self.word();
        let span = target.expr.span.to(name.span);
        self.build(ExprKind::Attr { target: target.expr, name }, span, target.depth)
    }

    /// `list.0`
    fn old_index(&mut self, target: Built) -> Result<Built, Reported> {
        let text = self.text();
        let place = self.here();
        if text.contains('.') {
            let keys: String = text.split('.').map(|key| format!("[{key}]")).collect();
            return Err(self.diags.error(
                Diagnostic::error(Code::Syntax, "only one number can stand after a `.`")
                    .at(place, "")
                    .help(format!("write `{keys}`")),
            ));
        }
        let key = self.number()?;
        let span = target.expr.span.to(place);
        let depth = target.depth.max(key.depth);
        self.build(ExprKind::Index { target: target.expr, key: key.expr }, span, depth)
    }

    fn bracket(&mut self, target: Built) -> Result<Built, Reported> {
        let key = self.inside(Lines::Ignored, |parser| {
            // No value begins with a star.
            if parser.eat(T::Star).is_some() {
                return match parser.peek() {
                    None => Ok(None),
                    Some(_) => Err(parser.unexpected("`]`")),
                };
            }
            let key = parser.value_before("`]`")?;
            Ok(Some(key))
        });
        let (key, brackets) = key?;
        let span = target.expr.span.to(brackets);
        match key {
            Some(key) => {
                let depth = target.depth.max(key.depth);
                self.build(ExprKind::Index { target: target.expr, key: key.expr }, span, depth)
            }
            None if self.counts_lines() && self.tokens.text(brackets).contains('\n') => {
                Err(self.error("`[*]` stands on one line, where no bracket is around it", brackets))
            }
            None => {
                // Everything that follows belongs to each element.
                let element = self.build(ExprKind::SplatElement, span, 0)?;
                let each = self.deeper(|parser| parser.traversal(element))?;
                self.splat(target, each)
            }
        }
    }

    fn splat(&self, target: Built, each: Built) -> Result<Built, Reported> {
        let span = target.expr.span.to(each.expr.span);
        let depth = target.depth.max(each.depth);
        self.build(ExprKind::Splat { target: target.expr, each: each.expr }, span, depth)
    }

    /// An expression with nothing behind it but what closes the bracket it stands in.
    pub(super) fn value_before(&mut self, closer: &str) -> Result<Built, Reported> {
        let built = self.expr()?;
        match self.peek() {
            None => Ok(built),
            Some(_) => Err(self.rest_of_expression(closer)),
        }
    }

    /// A single value.
    fn value(&mut self) -> Result<Built, Reported> {
        match self.peek() {
            Some(T::Word) => self.word_value(),
            Some(T::Number) => self.number(),
            Some(T::QuoteOpen | T::HeredocOpen) => self.string(),
            Some(T::BracketOpen) => self.tuple(),
            Some(T::BraceOpen) => self.object(),
            Some(T::ParenOpen) => {
                let (inner, span) =
                    self.inside(Lines::Ignored, |parser| parser.value_before("`)`"))?;
                self.build(ExprKind::Parenthesis(inner.expr), span, inner.depth)
            }
            _ => Err(self.missing_operand()),
        }
    }

    fn number(&mut self) -> Result<Built, Reported> {
        let text = self.text();
        let span = self.take().span;
        let number = text.parse::<Number>().map_err(|error| {
            self.diags.error(match error {
                NumberError::TooLarge => {
                    Diagnostic::error(Code::LimitExceeded, error.to_string()).at(span, "")
                }
                NumberError::Malformed | NumberError::DivisionByZero => {
                    Diagnostic::error(Code::Syntax, format!("`{text}` is no number"))
                        .at(span, "")
                        .help("a number has one decimal point at most, and `e` before an exponent")
                }
            })
        })?;
        self.build(ExprKind::Number(number), span, 0)
    }

    fn word_value(&mut self) -> Result<Built, Reported> {
        let word = self.text();
        let span = self.take().span;
        // A name may be followed by the `if` of a `for`, and by no other word.
        let second = self.peek().filter(|_| !self.is_word("if"));
        // Comments may stand between a name and its parenthesis.
        if matches!(self.peek(), Some(T::ParenOpen | T::DoubleColon)) {
            return self.call(word, span);
        }
        let kind = match word {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "not" if matches!(second, Some(T::Word | T::QuoteOpen)) => {
                let diagnostic = Diagnostic::error(Code::Syntax, "there is no operator `not`")
                    .at(span, "")
                    .help(format!("write `!{}`", self.text()));
                return Err(self.diags.error(diagnostic));
            }
            "if" if matches!(second, Some(T::Word | T::QuoteOpen | T::Not)) => {
                let diagnostic =
                    Diagnostic::error(Code::Syntax, "there is no `if` in an expression")
                        .at(span, "")
                        .help("write `condition ? value : value`");
                return Err(self.diags.error(diagnostic));
            }
            _ => ExprKind::Variable(normal(word)),
        };
        self.build(kind, span, 0)
    }

    /// A call, whose first word has been taken.
    fn call(&mut self, word: &str, first: Span) -> Result<Built, Reported> {
        let mut name = word.to_owned();
        let mut place = first;
        while self.eat(T::DoubleColon).is_some() {
            if self.peek() != Some(T::Word) {
                return Err(self.unexpected("the name of a function"));
            }
            name.push_str("::");
            name.push_str(self.text());
            place = place.to(self.take().span);
        }
        if self.peek() != Some(T::ParenOpen) {
            return Err(self.unexpected("`(`"));
        }
        let mut depth = 0;
        let mut expand = None;
        let (args, parens) = self.inside(Lines::Ignored, |parser| {
            parser.list("`)`", |parser| {
                let arg = parser.expr()?;
                depth = depth.max(arg.depth);
                if let Some(dots) = parser.eat(T::Ellipsis) {
                    expand = Some(dots);
                    if parser.peek().is_some() {
                        return Err(parser.error("`...` stands behind the last argument", dots));
                    }
                }
                Ok(arg.expr)
            })
        })?;
        let name = Name { text: normal(&name), span: place };
        self.build(ExprKind::Call(Call { name, args, expand }), place.to(parens), depth)
    }
}

/// The operator of a sign between two operands, and how strongly it binds.
const fn binary_op(kind: T) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        T::Or => (BinaryOp::Or, 0),
        T::And => (BinaryOp::And, 1),
        T::Equal => (BinaryOp::Equal, 2),
        T::NotEqual => (BinaryOp::NotEqual, 2),
        T::Less => (BinaryOp::Less, 3),
        T::LessEqual => (BinaryOp::LessEqual, 3),
        T::Greater => (BinaryOp::Greater, 3),
        T::GreaterEqual => (BinaryOp::GreaterEqual, 3),
        T::Plus => (BinaryOp::Add, 4),
        T::Minus => (BinaryOp::Subtract, 4),
        T::Star => (BinaryOp::Multiply, 5),
        T::Slash => (BinaryOp::Divide, 5),
        T::Percent => (BinaryOp::Remainder, 5),
        _ => return None,
    })
}
