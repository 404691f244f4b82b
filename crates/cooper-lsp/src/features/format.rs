//! `textDocument/formatting`: the canonical layout, as `cooper fmt` makes it.

use cooper_hcl::Diagnostics;
use cooper_hcl::format::format;
use gen_lsp_types as lsp;

use crate::page::PageKind;
use crate::view::View;

/// The edit that lays the file out; none when it is laid out already, or is broken: what is wrong
/// with it is told as diagnostics.
pub(super) fn edits(view: &View<'_>) -> Vec<lsp::TextEdit> {
    let page = &view.page;
    if page.kind == PageKind::JsonVariables {
        return Vec::new();
    }
    let Ok(new) = format(page.source(), &Diagnostics::new()) else { return Vec::new() };
    let old: &str = page.text();
    if *old == *new {
        return Vec::new();
    }
    // What is the same at both ends is left alone, so that cursors and folds stay.
    let same = |(a, b): &(char, char)| a == b;
    let start: usize =
        old.chars().zip(new.chars()).take_while(same).map(|(letter, _)| letter.len_utf8()).sum();
    let ends = old[start..].chars().rev().zip(new[start..].chars().rev());
    let end: usize = ends.take_while(same).map(|(letter, _)| letter.len_utf8()).sum();
    let range = view.range(page, start..old.len() - end);
    vec![lsp::TextEdit { range, new_text: new[start..new.len() - end].to_owned() }]
}
