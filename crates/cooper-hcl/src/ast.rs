//! Our own syntax tree. Every node has a span; comments are gone.
//!
//! Both HCL syntaxes, native and JSON, are read into this tree.

mod decided;
mod keys;
mod reference;
mod relocate;

use std::sync::Arc;

use crate::source::{SourceFile, Span};
use crate::value::Number;

pub(crate) use keys::{check_keys, set_twice};
pub use reference::Reference;

/// A whole file.
#[derive(Clone, Debug)]
pub struct File {
    /// What the file contains.
    pub body: Body,
}

/// What stands between a block's braces, or in a file.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The arguments, in order.
    pub attributes: Vec<Attribute>,
    /// The nested blocks, in order.
    pub blocks: Vec<Block>,
    /// From the first to the last byte inside the braces.
    pub span: Span,
    /// The text, where it is JSON: then nobody has said yet which arguments are blocks.
    /// [`Body::decided`] does, after which it still tells how the block was written.
    pub json: Option<Arc<Json>>,
}

/// How a body in JSON is to be read.
#[derive(Clone, Debug)]
pub struct Json {
    /// The text.
    pub file: SourceFile,
    /// Whether values become what a schema wants as Go's mapstructure makes them: in legacy
    /// templates.
    pub weak: bool,
}

impl Body {
    /// The first argument of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.text == name)
    }

    /// The blocks of that type, in order.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind.text == kind)
    }
}

/// A word and its place: an argument's name, a block's type, a label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The word; for a quoted label without its quotes and escapes.
    pub text: Arc<str>,
    /// Its place, quotes included.
    pub span: Span,
}

/// `name = expr`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The left side.
    pub name: Name,
    /// The right side.
    pub expr: Expr,
    /// Both sides.
    pub span: Span,
}

/// `kind "label" { body }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// The word the block begins with.
    pub kind: Name,
    /// What stands between it and the brace.
    pub labels: Vec<Name>,
    /// What stands between the braces.
    pub body: Body,
    /// From the type to the last label: what a diagnostic about the block points at.
    pub header: Span,
    /// From the type to the closing brace.
    pub span: Span,
}

/// An expression. Shared, because a body is evaluated once per build that uses it.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: Arc<ExprKind>,
    /// Where it is.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// `42`, `1.5e3`: as exact as it was written.
    Number(Number),
    /// A string without interpolation, escapes resolved, in NFC.
    String(Arc<str>),
    /// A string or heredoc with `${ }` or `%{ }` inside.
    Template(Template),
    /// `[a, b]`.
    Tuple(Vec<Expr>),
    /// `{ k = v }`.
    Object(Vec<ObjectItem>),
    /// A bare name: `var`, `local`, an iterator. Attribute access on it is [`ExprKind::Attr`].
    Variable(Arc<str>),
    /// `expr.name`.
    Attr {
        /// The left side.
        target: Expr,
        /// What is asked of it.
        name: Name,
    },
    /// `expr[key]`, and the old `expr.0`.
    Index {
        /// The left side.
        target: Expr,
        /// What stands between the brackets.
        key: Expr,
    },
    /// `expr[*].rest` and `expr.*.rest`.
    Splat {
        /// The left side.
        target: Expr,
        /// What is done to each element: a chain that ends in [`ExprKind::SplatElement`].
        each: Expr,
    },
    /// Inside [`ExprKind::Splat`]: the current element.
    SplatElement,
    /// `name(args)`.
    Call(Call),
    /// `!x`, `-x`.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operator's place.
        op_span: Span,
        /// The operand.
        operand: Expr,
    },
    /// `a + b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The operator's place.
        op_span: Span,
        /// The left operand.
        left: Expr,
        /// The right operand.
        right: Expr,
    },
    /// `cond ? a : b`.
    Conditional {
        /// What decides.
        condition: Expr,
        /// The value when it holds.
        then: Expr,
        /// The value when it does not.
        otherwise: Expr,
    },
    /// `[for … : …]` and `{for … : … => …}`.
    For(Box<For>),
    /// `( expr )`. Kept, because a parenthesised object key is an expression.
    Parenthesis(Expr),
}

/// One `key = value` of an object.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key: a literal string for a bare word, an expression when in parentheses.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function's name; namespaces are joined by `::`.
    pub name: Name,
    /// The arguments, in order.
    pub args: Vec<Expr>,
    /// The place of `...` after the last argument, which is then spread.
    pub expand: Option<Span>,
}

/// A `for` expression.
#[derive(Clone, Debug)]
pub struct For {
    /// `k` in `for k, v in …`.
    pub key_name: Option<Name>,
    /// `v`.
    pub value_name: Name,
    /// What is walked through.
    pub collection: Expr,
    /// Before `=>`: makes the result an object.
    pub key: Option<Expr>,
    /// The element, or what stands after `=>`.
    pub value: Expr,
    /// After `if`.
    pub condition: Option<Expr>,
    /// The place of `...`: equal keys are gathered into tuples.
    pub group: Option<Span>,
}

/// The unary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// The binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl BinaryOp {
    /// The operator as written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// A string with parts to be filled in. Escapes, indentation and `~` are already resolved.
#[derive(Clone, Debug)]
pub struct Template {
    /// The parts, in order.
    pub parts: Vec<TemplatePart>,
}

/// A part of a string template.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Text that stands for itself.
    Literal(Arc<str>, Span),
    /// `${ expr }`.
    Interpolation(Expr),
    /// `%{ if } … %{ else } … %{ endif }`.
    If {
        /// What decides.
        condition: Expr,
        /// The text when it holds.
        then: Template,
        /// The text when it does not.
        otherwise: Option<Template>,
        /// The opening directive.
        span: Span,
    },
    /// `%{ for } … %{ endfor }`.
    For {
        /// `k` in `for k, v in …`.
        key_name: Option<Name>,
        /// `v`.
        value_name: Name,
        /// What is walked through.
        collection: Expr,
        /// The text for each element.
        body: Template,
        /// The opening directive.
        span: Span,
    },
}
