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

use crate::ast::{Block, Body, Expr, File};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported, Severity};
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
    /// Its tree, without the arguments that have mistakes. Of what stands at or after something that is
    /// not closed, or that closes nothing, there are the blocks that certainly begin anew. A string ends
    /// with its line at the latest.
    pub file: File,
    /// Where the mistakes are.
    pub mistakes: Vec<Span>,
    /// From where on something may be missing that is not in a block.
    pub cut: Option<u32>,
}

/// Reads what can be relied on of a file whose syntax errors were recorded before.
pub fn parse_sound(file: &SourceFile) -> Partial {
    let found = Diagnostics::new();
    let tokens = Tokens::of(file);
    let pairs = Pairs::find(&tokens, &found);
    let guesses = guesses(&tokens, &found.to_vec());
    let cut = guesses.iter().copied().min();
    let mut body = Body { span: tokens.span(), ..Body::default() };
    Parser::new(&tokens, &pairs, &found).file_body(&mut body);
    if let Some(cut) = cut {
        body.blocks.retain(|block| {
            block.span.start() < cut
                || guesses.len() < pairs::MAX_MISTAKES
                    && begins_anew(block, file)
                    && !holds(block.span, &guesses)
        });
        keep_before(cut, &mut body);
    }
    let errors = found.take().into_iter();
    let errors = errors.filter(|diagnostic| diagnostic.severity == Severity::Error);
    let mistakes: Vec<Span> =
        errors.filter_map(|error| error.primary).map(|label| label.span).collect();
    for mistake in &mistakes {
        leave_out_line(*mistake, &mut body, file);
    }
    Partial { file: File { body }, mistakes, cut }
}

/// Leaves out what does not end before a place, but for the blocks that begin behind it.
fn keep_before(cut: u32, body: &mut Body) {
    body.attributes.retain(|attribute| attribute.span.end() <= cut);
    for block in &mut body.blocks {
        if block.span.start() < cut && cut < block.span.end() {
            block.body.blocks.retain(|inside| inside.span.start() < cut);
            keep_before(cut, &mut block.body);
        }
    }
}

/// Leaves out the arguments that end in the line of a mistake, before it: `a = 1, 2]`.
fn leave_out_line(mistake: Span, body: &mut Body, file: &SourceFile) {
    let is_before = |span: Span| {
        span.end() <= mistake.start()
            && !file.slice(Span::new(span.end(), mistake.start())).contains('\n')
    };
    body.attributes.retain(|attribute| !is_before(attribute.span));
    for block in &mut body.blocks {
        leave_out_line(mistake, &mut block.body, file);
    }
}

/// The words that begin a block which stands in no other one, and how many labels it has then.
const OUTERMOST: &[(&str, usize)] = &[
    ("build", 0),
    ("data", 2),
    ("local", 1),
    ("locals", 0),
    ("packer", 0),
    ("source", 2),
    ("variable", 1),
    ("variables", 0),
];

/// Whether a block stands where only blocks do that are in no other one: at the beginning of a line,
/// with what it holds further in.
fn begins_anew(block: &Block, file: &SourceFile) -> bool {
    let labels = block.labels.len();
    let text = file.text();
    let start = (block.span.start() - file.base()) as usize;
    let end = (block.span.end() - file.base()) as usize;
    let mut lines: Vec<&str> = text[start..end].lines().skip(1).collect();
    let is_indented = |line: &str| line.is_empty() || line.starts_with([' ', '\t']);
    let last = lines.pop();
    OUTERMOST.contains(&(&*block.kind.text, labels))
        && text[..start].chars().next_back().is_none_or(|before| before == '\n')
        && lines.into_iter().all(is_indented)
        && last.is_none_or(|line| line == "}")
}

/// Whether one of the places is in a span. What is missing right before it is not.
fn holds(span: Span, places: &[u32]) -> bool {
    places.iter().any(|&place| span.start() < place && place <= span.end())
}

/// Where something is said to be wrong.
fn places(found: &Diagnostic) -> impl Iterator<Item = u32> + use<'_> {
    found.primary.iter().chain(&found.labels).map(|label| label.span.start())
}

/// Where a text becomes guesswork, by what was found about its pairs: its faults, then brackets.
fn guesses(tokens: &Tokens<'_>, found: &[Diagnostic]) -> Vec<u32> {
    let (faults, brackets) = found.split_at(tokens.faults().len().min(found.len()));
    let is_far = |fault: &Fault| match fault {
        // These end with their line.
        Fault::String { .. } | Fault::Template { .. } => false,
        Fault::Heredoc { .. } | Fault::Comment { .. } | Fault::TooManyTokens { .. } => true,
    };
    let far = tokens.faults().iter().zip(faults).filter(|(fault, _)| is_far(fault));
    let far = far.map(|(_, diagnostic)| diagnostic).chain(brackets);
    far.flat_map(places).collect()
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

/// Whether an argument may be there twice only because the beginning of the second one's block is broken.
fn is_of_two_blocks(found: &Diagnostic, broken: &[u32]) -> bool {
    let (Some(first), Some(second)) = (places(found).min(), places(found).max()) else {
        return false;
    };
    found.code == Code::Duplicate && broken.iter().any(|place| (first..second).contains(place))
}

/// Passes diagnostics on in the order of the text, and fails when there is an error among them.
fn pass_on(found: &Diagnostics, diags: &Diagnostics) -> Result<(), Reported> {
    let mut list = found.take();
    let is_syntax = |found: &&Diagnostic| found.code == Code::Syntax;
    let broken: Vec<u32> = list.iter().filter(is_syntax).flat_map(places).collect();
    list.retain(|found| !is_of_two_blocks(found, &broken));
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
