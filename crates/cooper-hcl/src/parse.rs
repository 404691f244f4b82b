//! Text to tree.

use crate::ast::{Expr, File};
use crate::diagnostic::{Diagnostics, Reported};
use crate::source::SourceFile;

/// Reads a file in HCL's native syntax.
///
/// # Errors
///
/// [`Reported`], after recording every syntax error that could be found.
pub fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<File, Reported> {
    let _ = (file, diags);
    unimplemented!()
}

/// Reads a text that is one expression, such as a `-var` value.
///
/// # Errors
///
/// [`Reported`], when it is not.
pub fn parse_expression(file: &SourceFile, diags: &Diagnostics) -> Result<Expr, Reported> {
    let _ = (file, diags);
    unimplemented!()
}
