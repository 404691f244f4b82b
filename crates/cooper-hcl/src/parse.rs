//! Text to tree.
//!
//! [`token`](crate::token) makes tokens of the text, `pairs` finds which of them close which, and
//! `parser` reads them from left to right, descending into brackets: `body` reads arguments and
//! blocks, `expr`, `collection` and `template` expressions, and `unexpected` knows what to say
//! when something does not fit. A mistake ends with its line or its bracket, so one run shows many.

mod body;
mod collection;
mod expr;
mod json;
mod pairs;
mod parser;
mod string;
mod template;
mod unexpected;

use crate::ast::{Body, Expr, File};
use crate::diagnostic::{Diagnostic, Diagnostics, Reported, Severity};
use crate::source::{SourceFile, Span};
use crate::token::{Fault, Tokens};
use pairs::Pairs;
use parser::Parser;

/// So many syntax errors of one text are told.
const MAX_MISTAKES: usize = 20;

pub use json::parse_json;
pub(crate) use json::{is_comment, read_within, text_within};

/// Reads a file in HCL's native syntax.
///
/// # Errors
///
/// [`Reported`], after recording every syntax error that could be found.
pub fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<File, Reported> {
    let found = Diagnostics::new();
    let file = read(file, &found);
    pass_on(&found, diags)?;
    Ok(file)
}

/// Reads a file as far as it can be read: what is sound is in the tree, and every mistake is
/// recorded. For editors, where a text is broken most of the time.
///
/// An argument with a mistake in its value is left out; a block with a mistake is there with the rest
/// of what it holds.
pub fn parse_partial(file: &SourceFile, diags: &Diagnostics) -> File {
    let found = Diagnostics::new();
    let file = read(file, &found);
    // The file is not needed whole.
    let _ = pass_on(&found, diags);
    file
}

/// What can be relied on of a file with syntax errors.
#[derive(Clone, Debug)]
pub struct Partial {
    /// Its tree, without the arguments that have mistakes, and without what stands at or after something
    /// that is not closed, or that closes nothing. A string ends with its line at the latest.
    pub file: File,
    /// Where the mistakes are.
    pub mistakes: Vec<Span>,
    /// Whether there is more of it that was left out.
    pub is_cut: bool,
}

/// Reads what can be relied on of a file whose syntax errors were recorded before.
pub fn parse_sound(file: &SourceFile) -> Partial {
    let found = Diagnostics::new();
    let tokens = Tokens::of(file);
    let pairs = Pairs::find(&tokens, &found);
    let cut = cut(&tokens, &found.to_vec());
    let mut body = Body { span: tokens.span(), ..Body::default() };
    Parser::new(&tokens, &pairs, &found).file_body(&mut body);
    if let Some(cut) = cut {
        body.blocks.retain(|block| block.span.end() <= cut);
        body.attributes.retain(|attribute| attribute.span.end() <= cut);
    }
    let errors = found.take().into_iter();
    let errors = errors.filter(|diagnostic| diagnostic.severity == Severity::Error);
    let mistakes = errors.filter_map(|error| error.primary).map(|label| label.span).collect();
    Partial { file: File { body }, mistakes, is_cut: cut.is_some() }
}

/// Where a text begins to be guesswork, by what was found about its pairs: its faults, then brackets.
fn cut(tokens: &Tokens<'_>, found: &[Diagnostic]) -> Option<u32> {
    let (faults, brackets) = found.split_at(tokens.faults().len().min(found.len()));
    let is_far = |fault: &Fault| match fault {
        // These end with their line.
        Fault::String { .. } | Fault::Template { .. } => false,
        Fault::Heredoc { .. } | Fault::Comment { .. } | Fault::TooManyTokens { .. } => true,
    };
    let far = tokens.faults().iter().zip(faults).filter(|(fault, _)| is_far(fault));
    let far = far.map(|(_, diagnostic)| diagnostic).chain(brackets);
    let places = far.flat_map(|error| error.primary.iter().chain(&error.labels));
    places.map(|label| label.span.start()).min()
}

/// Records every syntax error of a file whose tokens are there.
pub(crate) fn check(tokens: &Tokens<'_>, diags: &Diagnostics) -> Result<(), Reported> {
    let found = Diagnostics::new();
    read_tokens(tokens, &found);
    // Warnings are for those who want the tree.
    match found.has_errors() {
        true => pass_on(&found, diags),
        false => Ok(()),
    }
}

fn read(file: &SourceFile, found: &Diagnostics) -> File {
    read_tokens(&Tokens::of(file), found)
}

fn read_tokens(tokens: &Tokens<'_>, found: &Diagnostics) -> File {
    let pairs = Pairs::find(tokens, found);
    let mut body = Body { span: tokens.span(), ..Body::default() };
    Parser::new(tokens, &pairs, found).file_body(&mut body);
    File { body }
}

/// Reads a text that is one expression, such as a `-var` value. Line ends mean nothing in it.
///
/// # Errors
///
/// [`Reported`], when it is not.
pub fn parse_expression(file: &SourceFile, diags: &Diagnostics) -> Result<Expr, Reported> {
    let found = Diagnostics::new();
    let tokens = Tokens::of(file);
    let pairs = Pairs::find(&tokens, &found);
    let mut parser = Parser::new(&tokens, &pairs, &found);
    parser.ignore_lines();
    let parsed = parser.value_before("the end of the text");
    pass_on(&found, diags)?;
    parsed.map(|built| built.expr)
}

/// Reads a text that is one string template, as `templatefile` has it: as if between the lines
/// of a heredoc.
///
/// # Errors
///
/// [`Reported`], when it is not.
pub fn parse_template(file: &SourceFile, diags: &Diagnostics) -> Result<Expr, Reported> {
    let found = Diagnostics::new();
    let tokens = Tokens::of_template(file);
    let pairs = Pairs::find(&tokens, &found);
    let parsed = Parser::new(&tokens, &pairs, &found).whole_template();
    pass_on(&found, diags)?;
    parsed
}

/// Passes diagnostics on in the order of the text, and fails when there is an error among them.
fn pass_on(found: &Diagnostics, diags: &Diagnostics) -> Result<(), Reported> {
    let mut list = found.take();
    list.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span));
    let mut result = Ok(());
    let mut mistakes = 0;
    for diagnostic in list {
        match diagnostic.severity {
            Severity::Error => {
                mistakes += 1;
                if mistakes <= MAX_MISTAKES {
                    result = Err(diags.error(diagnostic));
                }
            }
            Severity::Warning => diags.warn(diagnostic),
        }
    }
    result
}
