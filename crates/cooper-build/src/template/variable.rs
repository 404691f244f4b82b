//! `variable` blocks and the entries of `variables`.

use cooper_hcl::ast::{Expr, Name};
use cooper_hcl::{Span, Type};

/// An input of the template.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// The declared type; nothing when none was declared, or `any`.
    pub ty: Option<Type>,
    /// The value when none is given.
    pub default: Option<Expr>,
    /// `description`
    pub description: Option<String>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Its own rules.
    pub rules: Vec<Rule>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// A `validation` block.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What must be true; mentions only the variable itself.
    pub condition: Expr,
    /// What to say when it is not.
    pub message: String,
    /// What a diagnostic about the block points at.
    pub header: Span,
}
