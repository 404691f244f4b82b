//! The canonical layout of a text, as `fmt` and editors make it.
//!
//! Only white space between tokens changes: never a token, a comment, a line end or the text of a
//! string. A line is cut into up to three cells: `lead`, from `=` on `assign`, and the comment at its
//! end. Lines are indented by the brackets that are open before them, tokens of a cell get one
//! space or none between them, and cells that stand below each other are aligned.

mod spacing;

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::diagnostic::{Diagnostics, Reported};
use crate::parse::check;
use crate::source::{SourceFile, Span};
use crate::token::{TokenKind, Tokens};

/// Lays out a text; one that is laid out already comes back as it is.
///
/// # Errors
///
/// [`Reported`], after recording every syntax error: a broken text is not touched.
pub fn format(file: &SourceFile, diags: &Diagnostics) -> Result<String, Reported> {
    let tokens = Tokens::of(file);
    check(&tokens, diags)?;
    Ok(layout(&tokens))
}

/// A token with the spaces before it. A comment has its line's end with it.
#[derive(Clone, Copy)]
struct Item {
    kind: TokenKind,
    span: Span,
    spaces: usize,
}

/// A line, as ranges of items that follow each other.
struct Line {
    lead: Range<usize>,
    assign: Range<usize>,
    comment: Range<usize>,
}

fn layout(tokens: &Tokens<'_>) -> String {
    let (mut items, end) = items(tokens);
    let lines = lines(&items, tokens);
    indent(&lines, &mut items);
    space(&lines, &mut items, tokens);
    align(&lines, &mut items, tokens);
    let mut out = String::with_capacity(tokens.source().len() + tokens.source().len() / 8);
    for item in &items {
        out.extend(std::iter::repeat_n(' ', item.spaces));
        out.push_str(tokens.text(item.span));
    }
    // What stands behind the last token is as far as it was.
    out.extend(std::iter::repeat_n(' ', end));
    out
}

/// The tokens as items, and how much stands behind the last one.
fn items(tokens: &Tokens<'_>) -> (Vec<Item>, usize) {
    let mut items: Vec<Item> = Vec::with_capacity(tokens.len());
    let mut end = tokens.span().start();
    for token in tokens.iter() {
        match (token.kind, items.last_mut()) {
            (TokenKind::ByteOrderMark, _) => continue,
            (TokenKind::LineEnd, Some(comment)) if is_open_comment(comment, tokens) => {
                comment.span = comment.span.to(token.span);
            }
            (kind, _) => {
                let spaces = (token.span.start() - end) as usize;
                items.push(Item { kind, span: token.span, spaces });
            }
        }
        end = token.span.end();
    }
    (items, (tokens.span().end() - end) as usize)
}

/// Whether an item is a comment that does not have its line's end yet.
fn is_open_comment(item: &Item, tokens: &Tokens<'_>) -> bool {
    item.kind == TokenKind::LineComment && !tokens.text(item.span).ends_with('\n')
}

fn lines(items: &[Item], tokens: &Tokens<'_>) -> Vec<Line> {
    let ends_line = |item: &Item| match item.kind {
        TokenKind::LineEnd => true,
        TokenKind::LineComment => !is_open_comment(item, tokens),
        _ => false,
    };
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, item) in items.iter().enumerate() {
        if ends_line(item) {
            lines.push(line(items, start..index + 1));
            start = index + 1;
        }
    }
    if start < items.len() {
        lines.push(line(items, start..items.len()));
    }
    lines
}

/// Cuts a line into its cells.
fn line(items: &[Item], range: Range<usize>) -> Line {
    let mut lead = range;
    let mut comment = lead.end..lead.end;
    if lead.len() > 1 && items[lead.end - 1].kind.is_comment() {
        comment = lead.end - 1..lead.end;
        lead.end -= 1;
    }
    let mut assign = lead.end..lead.end;
    let equals = items[lead.clone()].iter().skip(1).position(|i| i.kind == TokenKind::Assign);
    if let Some(equals) = equals {
        let equals = lead.start + 1 + equals;
        // What is opened and not closed is the beginning of several lines.
        let open: isize = items[equals..lead.end].iter().map(|item| bracket(item.kind)).sum();
        if open == 0 {
            assign = equals..lead.end;
            lead.end = equals;
        }
    }
    Line { lead, assign, comment }
}

/// How many more brackets are open behind a token than before it.
const fn bracket(kind: TokenKind) -> isize {
    match kind {
        TokenKind::BraceOpen
        | TokenKind::BracketOpen
        | TokenKind::ParenOpen
        | TokenKind::InterpolationOpen
        | TokenKind::DirectiveOpen => 1,
        TokenKind::BraceClose
        | TokenKind::BracketClose
        | TokenKind::ParenClose
        | TokenKind::TemplateClose => -1,
        _ => 0,
    }
}

/// Indents each line by two spaces for every line above that opens more than it closes, however
/// many brackets that are.
fn indent(lines: &[Line], items: &mut [Item]) {
    let mut levels: Vec<isize> = Vec::new();
    for line in lines {
        let Some(first) = items[line.lead.clone()].first() else { continue };
        if first.kind == TokenKind::LineEnd {
            items[line.lead.start].spaces = 0;
            continue;
        }
        // The text of a heredoc does not count.
        let heredoc =
            items[line.lead.clone()].iter().position(|item| item.kind == TokenKind::HeredocOpen);
        let lead_end = heredoc.map_or(line.lead.end, |heredoc| line.lead.start + heredoc);
        let counted = items[line.lead.start..lead_end].iter().chain(&items[line.assign.clone()]);
        let open: isize = counted.map(|item| bracket(item.kind)).sum();
        let mut closed = -open;
        while closed > 0
            && let Some(level) = levels.last_mut()
        {
            if closed < *level {
                *level -= closed;
                break;
            }
            closed -= *level;
            levels.pop();
        }
        items[line.lead.start].spaces = 2 * levels.len();
        if open > 0 {
            levels.push(open);
        }
    }
}

/// Puts one space or none between the tokens of each cell.
fn space(lines: &[Line], items: &mut [Item], tokens: &Tokens<'_>) {
    for line in lines {
        for cell in [&line.lead, &line.assign] {
            for index in cell.start + 1..cell.end {
                let before = (index >= cell.start + 2).then(|| items[index - 2].kind);
                let (left, right) = (items[index - 1], items[index]);
                let is_in = left.kind == TokenKind::Word && tokens.text(left.span) == "in";
                let is_apart = spacing::is_apart(before, left.kind, right.kind, is_in);
                items[index].spaces = usize::from(is_apart);
            }
        }
    }
}

/// Aligns what stands below each other: first `=`, then comments.
fn align(lines: &[Line], items: &mut [Item], tokens: &Tokens<'_>) {
    let assigns: Vec<(Range<usize>, usize)> =
        (lines.iter()).map(|line| (line.lead.clone(), line.assign.start)).collect();
    align_cells(&assigns, |index| !lines[index].assign.is_empty(), items, tokens);
    // What stands before a comment is all of the line.
    let comments: Vec<(Range<usize>, usize)> = (lines.iter())
        .map(|line| (line.lead.start..line.comment.start, line.comment.start))
        .collect();
    align_cells(&comments, |index| !lines[index].comment.is_empty(), items, tokens);
}

/// Aligns the cells of lines that follow each other and have one: each is given by what stands
/// before it and its first item.
fn align_cells(
    cells: &[(Range<usize>, usize)],
    has_cell: impl Fn(usize) -> bool,
    items: &mut [Item],
    tokens: &Tokens<'_>,
) {
    let mut at = 0;
    while at < cells.len() {
        let chain = (at..cells.len()).take_while(|&index| has_cell(index)).count();
        let widths: Vec<usize> = (at..at + chain)
            .map(|index| items[cells[index].0.clone()].iter().map(|item| width(item, tokens)).sum())
            .collect();
        let widest = widths.iter().copied().max().unwrap_or(0);
        for (index, width) in widths.into_iter().enumerate() {
            items[cells[at + index].1].spaces = widest - width + 1;
        }
        at += chain.max(1);
    }
}

/// How many columns an item takes with the spaces before it.
fn width(item: &Item, tokens: &Tokens<'_>) -> usize {
    let text = tokens.text(item.span);
    let columns = match text.is_ascii() && !text.contains('\r') {
        true => text.len(),
        false => text.graphemes(true).count(),
    };
    item.spaces + columns
}
