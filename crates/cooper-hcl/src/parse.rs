//! Text to tree.
//!
//! [`scan`] looks for what is not closed and splits the file at its top level; `hcl-edit` parses
//! each piece; [`lower`] makes our tree of its.

mod error;
mod json;
mod lower;
mod scan;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::ast::{Body, Expr, File};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported, Severity};
use crate::source::{SourceFile, Span};
use lower::Lowerer;

pub use json::parse_json;
pub(crate) use json::{is_comment, read_within};

/// Reads a file in HCL's native syntax.
///
/// # Errors
///
/// [`Reported`], after recording every syntax error that could be found.
pub fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<File, Reported> {
    let (text, base) = without_mark(file);
    let found = Diagnostics::new();
    let mut body = Body { span: file.span(), ..Body::default() };
    let scan = scan::scan(text, base, &found);
    for item in &scan.items {
        let piece = for_parser(text, item.clone(), &scan.empty_heredocs);
        let lowerer =
            Lowerer { text: &text[item.clone()], base: base + item.start as u32, diags: &found };
        match hcl::edit::parser::parse_body(&piece) {
            Ok(parsed) => lowerer.body_into(&parsed, &mut body),
            Err(error) => {
                found.error(error::syntax_error(&error, lowerer.text, lowerer.base));
            }
        }
    }
    check_unique(&body, &found);
    pass_on(&found, diags)?;
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
    let found = Diagnostics::new();
    let scan = scan::scan_expression(text, base, &found);
    pass_on(&found, diags)?;
    let piece = for_parser(text, 0..text.len(), &scan.empty_heredocs);
    let lowerer = Lowerer { text, base, diags };
    match hcl::edit::parser::parse_expr(&piece) {
        Ok(parsed) => lowerer.expr(&parsed, 0),
        Err(error) => Err(diags.error(error::syntax_error(&error, text, base))),
    }
}

/// Reads a text that is one string template, as `templatefile` has it: as if between the lines
/// of a heredoc.
///
/// # Errors
///
/// [`Reported`], when it is not.
pub fn parse_template(file: &SourceFile, diags: &Diagnostics) -> Result<Expr, Reported> {
    let (text, base) = without_mark(file);
    let lowerer = Lowerer { text, base, diags };
    match hcl::edit::parser::parse_template(text) {
        Ok(parsed) => lowerer.whole_template(&parsed, file.span()),
        Err(error) => Err(diags.error(error::syntax_error(&error, text, base))),
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

/// A piece of the text as the parser gets it: an empty heredoc is replaced by an empty string of
/// the same length, because `hcl-edit` overlooks its end.
fn for_parser<'t>(
    text: &'t str,
    item: Range<usize>,
    empty_heredocs: &[Range<usize>],
) -> Cow<'t, str> {
    let mut piece = Cow::Borrowed(&text[item.clone()]);
    let first = empty_heredocs.partition_point(|heredoc| heredoc.start < item.start);
    for heredoc in empty_heredocs[first..].iter().take_while(|h| h.end <= item.end) {
        let local = heredoc.start - item.start..heredoc.end - item.start;
        let blank = format!("{:1$}", "\"\"", local.len());
        piece.to_mut().replace_range(local, &blank);
    }
    piece
}

/// Records arguments of the top level that are given twice; inside blocks the parser does.
fn check_unique(body: &Body, diags: &Diagnostics) {
    let mut first: HashMap<&Arc<str>, Span> = HashMap::new();
    for attribute in &body.attributes {
        let name = &attribute.name;
        if let Some(&before) = first.get(&name.text) {
            diags.error(
                Diagnostic::error(Code::Duplicate, format!("`{}` is given twice", name.text))
                    .at(name.span, "")
                    .label(before, "first given here"),
            );
        } else {
            first.insert(&name.text, name.span);
        }
    }
}

/// Passes diagnostics on in the order of the text, and fails when there is an error among them.
fn pass_on(found: &Diagnostics, diags: &Diagnostics) -> Result<(), Reported> {
    let mut list = found.take();
    list.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span));
    let mut result = Ok(());
    for diagnostic in list {
        match diagnostic.severity {
            Severity::Error => result = Err(diags.error(diagnostic)),
            Severity::Warning => diags.warn(diagnostic),
        }
    }
    result
}
