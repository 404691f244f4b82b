//! `local` blocks and the entries of `locals`.

use cooper_hcl::ast::{Expr, Name};

/// A local value.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub expr: Expr,
    /// Whether it must not be shown.
    pub sensitive: bool,
}
