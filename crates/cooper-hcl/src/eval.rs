//! Expressions to values.

mod scope;

use std::path::Path;

use crate::ast::Expr;
use crate::diagnostic::{Diagnostics, Reported};
use crate::function::Functions;
use crate::system::System;
use crate::value::Value;

pub use scope::{Binding, Namespace, Scope};

/// What evaluation needs besides names: functions, the outside world, and a place for mistakes.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// The functions that can be called.
    pub functions: &'a Functions,
    /// The outside world.
    pub system: &'a dyn System,
    /// The template's folder (`path.root`), which `file()` and its like count from.
    pub root: &'a Path,
    /// Where mistakes are recorded.
    pub diags: &'a Diagnostics,
}

/// Evaluates an expression.
///
/// An operand that is unknown gives an unknown result of the right type; marks spread to
/// everything computed from a marked value.
///
/// # Errors
///
/// [`Reported`], when a mistake was recorded.
pub fn evaluate(expr: &Expr, scope: &Scope<'_>, env: Environment<'_>) -> Result<Value, Reported> {
    let _ = (expr, scope, env);
    unimplemented!()
}
