//! A text taken apart, for who wants to write it in another way.

use std::ops::Range;

use super::parse::{self, Node, Operand, Pipeline, Term};
use super::scan::{self, Item, Token, TokenKind};
use super::{Data, TemplateError, function};

/// A piece of a text.
pub enum Piece {
    /// What stands for itself; white space that an action trims is gone.
    Text(String),
    /// What stands between `{{` and `}}`.
    Action(Action),
}

/// What stands between `{{` and `}}`.
pub struct Action {
    /// Where it stands, braces included.
    pub range: Range<usize>,
    tokens: Vec<Token>,
}

/// What an action computes, when that is only functions of literals.
pub enum Operation {
    /// A value that is written out.
    Literal(Data),
    /// A function's name and its arguments.
    Call(&'static str, Vec<Operation>),
}

/// Takes a text apart.
///
/// # Errors
///
/// [`TemplateError`], when an action is malformed.
pub fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let piece = |item| match item {
        Item::Text(text) => Piece::Text(text),
        Item::Action { offset, end, tokens } => {
            Piece::Action(Action { range: offset..end, tokens })
        }
    };
    Ok(scan::scan(text)?.into_iter().map(piece).collect())
}

impl Action {
    /// Whether it has one of these words.
    pub fn has_word(&self, words: &[&str]) -> bool {
        let is = |token: &Token| match &token.kind {
            TokenKind::Word(word) => words.contains(&word.as_str()),
            _ => false,
        };
        self.tokens.iter().any(is)
    }

    /// The calls of these functions, each with its place in the text; nothing when one of them is
    /// called with more than literals, so that what it gives depends on the rest.
    pub fn calls(&self, words: &[&str]) -> Option<Vec<(Range<usize>, Operation)>> {
        let is_space = |token: &Token| token.kind == TokenKind::Space;
        let tokens: Vec<&Token> = self.tokens.iter().filter(|token| !is_space(token)).collect();
        let mut calls = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let TokenKind::Word(word) = &token.kind else { continue };
            if !words.contains(&word.as_str()) {
                continue;
            }
            let literals = tokens[index + 1..].iter().map_while(|token| match &token.kind {
                TokenKind::Literal(value) => Some((token.end, value.clone())),
                _ => None,
            });
            let (ends, values): (Vec<_>, Vec<_>) = literals.unzip();
            let before = index.checked_sub(1).map(|before| &tokens[before].kind);
            if !values.is_empty() && !before.is_none_or(begins_command) {
                return None;
            }
            let end = ends.last().copied().unwrap_or(token.end);
            let args = values.into_iter().map(Operation::Literal).collect();
            let function = function::find(word)?;
            calls.push((token.offset..end, Operation::Call(function.name(), args)));
        }
        Some(calls)
    }

    /// What it computes; nothing when that is more than functions of literals.
    pub fn operation(self) -> Option<Operation> {
        let Action { range, tokens } = self;
        let item = Item::Action { offset: range.start, end: range.end, tokens };
        match parse::parse(vec![item]).ok()?.pop()? {
            Node::Action(pipeline) => of_pipeline(pipeline),
            _ => None,
        }
    }
}

/// Whether what follows is a function with its arguments, and not an argument itself.
fn begins_command(before: &TokenKind) -> bool {
    match before {
        TokenKind::Open | TokenKind::Pipe | TokenKind::Declare | TokenKind::Assign => true,
        TokenKind::Word(word) => matches!(word.as_str(), "if" | "with" | "range"),
        _ => false,
    }
}

fn of_pipeline(pipeline: Pipeline) -> Option<Operation> {
    if !pipeline.variables.is_empty() {
        return None;
    }
    let mut result = None;
    for command in pipeline.commands {
        let mut operands = command.into_iter();
        let Operand { term, fields, .. } = operands.next()?;
        let args = operands.map(of_operand).chain(result.map(Some));
        let args = args.collect::<Option<Vec<_>>>()?;
        result = Some(match term {
            Term::Function(function) if fields.is_empty() => Operation::Call(function.name(), args),
            term if args.is_empty() => of_term(term, &fields)?,
            _ => return None,
        });
    }
    result
}

fn of_operand(Operand { term, fields, .. }: Operand) -> Option<Operation> {
    of_term(term, &fields)
}

fn of_term(term: Term, fields: &[String]) -> Option<Operation> {
    match term {
        _ if !fields.is_empty() => None,
        Term::Literal(value) => Some(Operation::Literal(value)),
        Term::Function(function) => Some(Operation::Call(function.name(), Vec::new())),
        Term::Pipeline(inner) => of_pipeline(inner),
        Term::Dot | Term::Variable(_) | Term::Nil => None,
    }
}
