//! From `hcl-edit`'s tree to ours.
//!
//! The only module, with its parent, that knows `hcl-edit`. Its spans count from the start of the
//! text it was given; ours count in the shared address space.

mod template;

use std::ops::Range;
use std::sync::Arc;

use hcl::edit::Span as _;
use hcl::edit::expr as edit;
use hcl::edit::structure;

use crate::ast::{
    Attribute, BinaryOp, Block, Body, Call, Expr, ExprKind, For, Name, ObjectItem, UnaryOp,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::source::Span;
use crate::value::{Number, NumberError, Value};

/// How deep the expressions of a tree may be nested, each operator counted. The evaluator and
/// everything else that walks a tree relies on it.
const MAX_DEPTH: usize = 320;

/// A piece of text that `hcl-edit` has parsed.
pub(super) struct Lowerer<'a> {
    /// The piece.
    pub(super) text: &'a str,
    /// The offset of its first byte in the shared address space.
    pub(super) base: u32,
    /// Where mistakes are recorded.
    pub(super) diags: &'a Diagnostics,
}

impl Lowerer<'_> {
    fn span(&self, range: Option<Range<usize>>) -> Span {
        range.map_or(Span::NONE, |range| {
            Span::new(self.base + range.start as u32, self.base + range.end as u32)
        })
    }

    /// The text that a span covers.
    fn source(&self, span: Span) -> &str {
        let local = |offset: u32| offset.saturating_sub(self.base) as usize;
        self.text.get(local(span.start())..local(span.end())).unwrap_or("")
    }

    fn error(&self, code: Code, message: impl Into<String>, span: Span) -> Reported {
        self.diags.error(Diagnostic::error(code, message).at(span, ""))
    }

    fn name(&self, word: &str, range: Option<Range<usize>>) -> Name {
        Name { text: normal(word), span: self.span(range) }
    }

    /// A text that is a template as a whole.
    pub(super) fn whole_template(
        &self,
        template: &hcl::edit::template::Template,
        span: Span,
    ) -> Result<Expr, Reported> {
        let kind = self.template(template.iter(), template::Form::Heredoc, 0)?;
        Ok(Expr { kind: Arc::new(kind), span })
    }

    /// Adds what stands in a body to `out`, recording every mistake.
    pub(super) fn body_into(&self, body: &structure::Body, out: &mut Body) {
        for structure in body {
            match structure {
                structure::Structure::Attribute(attribute) => {
                    if let Ok(attribute) = self.attribute(attribute) {
                        out.attributes.push(attribute);
                    }
                }
                structure::Structure::Block(block) => out.blocks.push(self.block(block)),
            }
        }
    }

    fn attribute(&self, attribute: &structure::Attribute) -> Result<Attribute, Reported> {
        let name = self.name(attribute.key.as_str(), attribute.key.span());
        let expr = self.expr(&attribute.value, 0)?;
        let span = name.span.to(expr.span);
        Ok(Attribute { name, expr, span })
    }

    fn block(&self, block: &structure::Block) -> Block {
        let kind = self.name(block.ident.as_str(), block.ident.span());
        let labels: Vec<Name> = block
            .labels
            .iter()
            .map(|label| match label {
                structure::BlockLabel::Ident(word) => self.name(word.as_str(), word.span()),
                structure::BlockLabel::String(word) => self.name(word.as_str(), word.span()),
            })
            .collect();
        let header = labels.last().map_or(kind.span, |last| kind.span.to(last.span));
        let span = kind.span.to(self.span(block.span()));
        // `hcl-edit` has no span for a one-line body, so the braces are looked for.
        let rest = Span::new(header.end(), span.end().max(header.end()));
        let open = self.source(rest).find('{').unwrap_or(0) as u32;
        let inside = Span::new(
            (header.end() + open + 1).min(rest.end()),
            rest.end().saturating_sub(1).max((header.end() + open + 1).min(rest.end())),
        );
        let mut body = Body { span: inside, ..Body::default() };
        self.body_into(&block.body, &mut body);
        Block { kind, labels, body, header, span }
    }

    /// An expression that stands at `depth` in the tree.
    pub(super) fn expr(&self, expr: &edit::Expression, depth: usize) -> Result<Expr, Reported> {
        let span = self.span(expr.span());
        self.check_depth(depth, span)?;
        let depth = depth + 1;
        let kind = match expr {
            edit::Expression::Null(_) => ExprKind::Null,
            edit::Expression::Bool(value) => ExprKind::Bool(*value.value()),
            edit::Expression::Number(_) => ExprKind::Number(self.number(span)?),
            edit::Expression::String(text) => ExprKind::String(normal(text.as_str())),
            edit::Expression::Array(elements) => {
                ExprKind::Tuple(self.all(elements.iter(), |element| self.expr(element, depth))?)
            }
            edit::Expression::Object(object) => ExprKind::Object(
                self.all(object.iter(), |(key, value)| self.object_item(key, value, depth))?,
            ),
            edit::Expression::StringTemplate(template) => {
                self.template(template.iter(), template::Form::Quoted, depth)?
            }
            edit::Expression::HeredocTemplate(heredoc) => {
                let form = match self.source(span).starts_with("<<-") {
                    true => template::Form::IndentedHeredoc,
                    false => template::Form::Heredoc,
                };
                self.template(heredoc.template.iter(), form, depth)?
            }
            edit::Expression::Parenthesis(inner) => {
                ExprKind::Parenthesis(self.expr(inner.inner(), depth)?)
            }
            edit::Expression::Variable(name) => ExprKind::Variable(normal(name.as_str())),
            edit::Expression::Conditional(conditional) => ExprKind::Conditional {
                condition: self.expr(&conditional.cond_expr, depth)?,
                then: self.expr(&conditional.true_expr, depth)?,
                otherwise: self.expr(&conditional.false_expr, depth)?,
            },
            edit::Expression::FuncCall(call) => ExprKind::Call(self.call(call, span, depth)?),
            edit::Expression::Traversal(traversal) => {
                let target = self.expr(&traversal.expr, depth)?;
                return self.traversal(target, &traversal.operators, depth);
            }
            edit::Expression::UnaryOp(unary) => ExprKind::Unary {
                op: match unary.operator.value() {
                    edit::UnaryOperator::Not => UnaryOp::Not,
                    edit::UnaryOperator::Neg => UnaryOp::Negate,
                },
                op_span: self.span(unary.operator.span()),
                operand: self.expr(&unary.expr, depth)?,
            },
            edit::Expression::BinaryOp(binary) => ExprKind::Binary {
                op: binary_op(*binary.operator.value()),
                op_span: self.span(binary.operator.span()),
                left: self.expr(&binary.lhs_expr, depth)?,
                right: self.expr(&binary.rhs_expr, depth)?,
            },
            edit::Expression::ForExpr(for_expr) => {
                ExprKind::For(self.for_expr(for_expr, span, depth)?)
            }
        };
        // A parent made of two parts is sure to cover both.
        let span = match &kind {
            ExprKind::Binary { left, right, .. } => span.to(left.span).to(right.span),
            _ => span,
        };
        Ok(Expr { kind: Arc::new(kind), span })
    }

    /// Lowers every item, so that every mistake is recorded.
    fn all<I, T>(
        &self,
        items: impl Iterator<Item = I>,
        lower: impl FnMut(I) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let lowered: Vec<Result<T, Reported>> = items.map(lower).collect();
        lowered.into_iter().collect()
    }

    fn check_depth(&self, depth: usize, span: Span) -> Result<(), Reported> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        let message =
            format!("expressions may be nested {MAX_DEPTH} levels deep, operators counted");
        Err(self.error(Code::LimitExceeded, message, span))
    }

    /// Reads the number from the text, because `hcl-edit` keeps only a double.
    fn number(&self, span: Span) -> Result<Number, Reported> {
        let text = self.source(span);
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let number = digits.parse::<Number>().map_err(|error| {
            let code = match error {
                NumberError::TooLarge => Code::LimitExceeded,
                NumberError::Malformed | NumberError::DivisionByZero => Code::Syntax,
            };
            self.error(code, error.to_string(), span)
        })?;
        Ok(if text.starts_with('-') { number.negate() } else { number })
    }

    fn object_item(
        &self,
        key: &edit::ObjectKey,
        value: &edit::ObjectValue,
        depth: usize,
    ) -> Result<ObjectItem, Reported> {
        let key = match key {
            edit::ObjectKey::Ident(word) => {
                let kind = ExprKind::String(normal(word.as_str()));
                Expr { kind: Arc::new(kind), span: self.span(word.span()) }
            }
            edit::ObjectKey::Expression(
                expr @ (edit::Expression::Null(_) | edit::Expression::Bool(_)),
            ) => {
                let span = self.span(expr.span());
                Expr { kind: Arc::new(ExprKind::String(normal(self.source(span)))), span }
            }
            edit::ObjectKey::Expression(expr @ edit::Expression::Traversal(_)) => {
                let span = self.span(expr.span());
                let source = self.source(span);
                return Err(self.diags.error(
                    Diagnostic::error(Code::Syntax, "this key can be read in two ways")
                        .at(span, "")
                        .help(format!(
                            "write `({source})` for its value, or `\"{source}\"` for the text"
                        )),
                ));
            }
            edit::ObjectKey::Expression(expr) => self.expr(expr, depth)?,
        };
        Ok(ObjectItem { key, value: self.expr(value.expr(), depth)? })
    }

    fn call(&self, call: &edit::FuncCall, span: Span, depth: usize) -> Result<Call, Reported> {
        let words = call.name.namespace.iter().chain([&call.name.name]);
        let text: Vec<&str> = words.clone().map(|word| word.as_str()).collect();
        let place = words.fold(Span::NONE, |place, word| place.to(self.span(word.span())));
        let args = self.all(call.args.iter(), |arg| self.expr(arg, depth))?;
        let expand = (call.args.expand_final()).then(|| {
            let after = args.last().map_or(span.start(), |last| last.span.end());
            self.find("...", after, span.end())
        });
        Ok(Call { name: Name { text: normal(&text.join("::")), span: place }, args, expand })
    }

    /// Where a word stands between two offsets.
    fn find(&self, word: &str, from: u32, to: u32) -> Span {
        let rest = Span::new(from, to.max(from));
        let offset = self.source(rest).find(word).unwrap_or(0) as u32;
        Span::new(from + offset, (from + offset + word.len() as u32).min(rest.end()))
    }

    fn for_expr(
        &self,
        for_expr: &edit::ForExpr,
        span: Span,
        depth: usize,
    ) -> Result<For, Reported> {
        let intro = &for_expr.intro;
        let name =
            |word: &hcl::edit::Decorated<hcl::edit::Ident>| self.name(word.as_str(), word.span());
        let lower = |expr: &edit::Expression| self.expr(expr, depth);
        let value = lower(&for_expr.value_expr)?;
        Ok(For {
            key_name: intro.key_var.as_ref().map(name),
            value_name: name(&intro.value_var),
            collection: lower(&intro.collection_expr)?,
            key: for_expr.key_expr.as_ref().map(lower).transpose()?,
            condition: for_expr.cond.as_ref().map(|cond| lower(&cond.expr)).transpose()?,
            group: for_expr.grouping.then(|| self.find("...", value.span.end(), span.end())),
            value,
        })
    }

    fn traversal(
        &self,
        mut target: Expr,
        operators: &[hcl::edit::Decorated<edit::TraversalOperator>],
        mut depth: usize,
    ) -> Result<Expr, Reported> {
        let mut rest = operators;
        while let Some((operator, after)) = rest.split_first() {
            let span = target.span.to(self.span(operator.span()));
            self.check_depth(depth, span)?;
            depth += 1;
            rest = after;
            let (kind, span) = match operator.value() {
                edit::TraversalOperator::GetAttr(word) => {
                    let name = self.name(word.as_str(), word.span());
                    (ExprKind::Attr { target, name }, span)
                }
                edit::TraversalOperator::Index(key) => {
                    let key = self.expr(key, depth)?;
                    (ExprKind::Index { target, key }, span)
                }
                edit::TraversalOperator::LegacyIndex(index) => {
                    let number = ExprKind::Number((*index.value()).into());
                    let place = self.span(index.span());
                    let place = if place.is_some() { place } else { span };
                    let key = Expr { kind: Arc::new(number), span: place };
                    (ExprKind::Index { target, key }, span)
                }
                edit::TraversalOperator::FullSplat(_) => {
                    // Everything that follows belongs to each element.
                    let each = self.each(after, span, depth)?;
                    let span = span.to(each.span);
                    rest = &[];
                    (ExprKind::Splat { target, each }, span)
                }
                edit::TraversalOperator::AttrSplat(_) => {
                    // Only attributes belong to each element; an index is one of the result.
                    let count = after.iter().take_while(|operator| is_attr(operator)).count();
                    let (own, others) = after.split_at(count);
                    let each = self.each(own, span, depth)?;
                    let span = span.to(each.span);
                    rest = others;
                    (ExprKind::Splat { target, each }, span)
                }
            };
            target = Expr { kind: Arc::new(kind), span };
        }
        Ok(target)
    }

    fn each(
        &self,
        operators: &[hcl::edit::Decorated<edit::TraversalOperator>],
        span: Span,
        depth: usize,
    ) -> Result<Expr, Reported> {
        let element = Expr { kind: Arc::new(ExprKind::SplatElement), span };
        self.traversal(element, operators, depth)
    }
}

fn is_attr(operator: &edit::TraversalOperator) -> bool {
    matches!(
        operator,
        edit::TraversalOperator::GetAttr(_) | edit::TraversalOperator::LegacyIndex(_)
    )
}

/// A word in normal form C.
fn normal(word: &str) -> Arc<str> {
    match Value::string(word).into_kind() {
        crate::value::ValueKind::String(text) => text,
        _ => word.into(),
    }
}

const fn binary_op(op: edit::BinaryOperator) -> BinaryOp {
    match op {
        edit::BinaryOperator::Eq => BinaryOp::Equal,
        edit::BinaryOperator::NotEq => BinaryOp::NotEqual,
        edit::BinaryOperator::LessEq => BinaryOp::LessEqual,
        edit::BinaryOperator::GreaterEq => BinaryOp::GreaterEqual,
        edit::BinaryOperator::Less => BinaryOp::Less,
        edit::BinaryOperator::Greater => BinaryOp::Greater,
        edit::BinaryOperator::Plus => BinaryOp::Add,
        edit::BinaryOperator::Minus => BinaryOp::Subtract,
        edit::BinaryOperator::Mul => BinaryOp::Multiply,
        edit::BinaryOperator::Div => BinaryOp::Divide,
        edit::BinaryOperator::Mod => BinaryOp::Remainder,
        edit::BinaryOperator::And => BinaryOp::And,
        edit::BinaryOperator::Or => BinaryOp::Or,
    }
}
