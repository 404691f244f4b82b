//! Text to tree.

mod lower;

use crate::ast::{Body, Expr, File};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::source::{SourceFile, Span};
use lower::Lowerer;

/// Reads a file in HCL's native syntax.
///
/// # Errors
///
/// [`Reported`], after recording every syntax error that could be found.
pub fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<File, Reported> {
    let (text, base) = without_mark(file);
    let found = Diagnostics::new();
    let mut body = Body { span: file.span(), ..Body::default() };
    let lowerer = Lowerer { text, base, diags: &found };
    match hcl::edit::parser::parse_body(text) {
        Ok(parsed) => lowerer.body_into(&parsed, &mut body),
        Err(error) => {
            found.error(syntax_error(&error, text, base));
        }
    }
    pass_on(found, diags)?;
    Ok(File { body })
}

/// Reads a text that is one expression, such as a `-var` value.
///
/// # Errors
///
/// [`Reported`], when it is not.
pub fn parse_expression(file: &SourceFile, diags: &Diagnostics) -> Result<Expr, Reported> {
    let (text, base) = without_mark(file);
    let base = base + (text.len() - text.trim_start().len()) as u32;
    let text = text.trim();
    let lowerer = Lowerer { text, base, diags };
    match hcl::edit::parser::parse_expr(text) {
        Ok(parsed) => lowerer.expr(&parsed, 0),
        Err(error) => Err(diags.error(syntax_error(&error, text, base))),
    }
}

/// The text without a byte order mark, and the offset of its first byte.
fn without_mark(file: &SourceFile) -> (&str, u32) {
    let text: &str = file.text();
    match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest, file.base() + (text.len() - rest.len()) as u32),
        None => (text, file.base()),
    }
}

/// Passes diagnostics on, and fails when there is an error among them.
fn pass_on(found: Diagnostics, diags: &Diagnostics) -> Result<(), Reported> {
    let result = found.check();
    for diagnostic in found.take() {
        match diagnostic.severity {
            crate::Severity::Error => {
                diags.error(diagnostic);
            }
            crate::Severity::Warning => diags.warn(diagnostic),
        }
    }
    result
}

fn syntax_error(error: &hcl::edit::parser::Error, text: &str, base: u32) -> Diagnostic {
    let mut offset = error.location().offset().min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let next = text[offset..].chars().next().map_or(0, char::len_utf8);
    let span = Span::new(base + offset as u32, base + (offset + next) as u32);
    Diagnostic::error(Code::Syntax, error.message()).at(span, "")
}
