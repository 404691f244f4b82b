//! Where a name is given, and where it is used.

use gen_lsp_types as lsp;

use crate::context::{Context, context};
use crate::names::{Named, belongs_to};
use crate::view::View;

/// `textDocument/definition`: where the name at a byte is given.
pub(super) fn definition(view: &View<'_>, offset: usize) -> Vec<lsp::Location> {
    match view.mention_at(offset) {
        Some(mention) => places(view, |named, is_given| is_given && *named == mention.named),
        // The type of a component leads to the plugin that it belongs to.
        None => match context(&view.page, offset) {
            Context::Label { index: 0, word, .. } => {
                let component = &view.page.text()[word];
                places(
                    view,
                    |named, _| matches!(named, Named::Plugin(plugin) if belongs_to(component, plugin)),
                )
            }
            _ => Vec::new(),
        },
    }
}

/// `textDocument/references`: where the name at a byte is used.
pub(super) fn references(
    view: &View<'_>,
    offset: usize,
    with_declarations: bool,
) -> Vec<lsp::Location> {
    let Some(wanted) = view.mention_at(offset) else { return Vec::new() };
    places(view, |named, is_given| *named == wanted.named && (with_declarations || !is_given))
}

/// `textDocument/documentHighlight`: the same, in the file that the cursor is in.
pub(super) fn highlights(view: &View<'_>, offset: usize) -> Vec<lsp::DocumentHighlight> {
    let Some(wanted) = view.mention_at(offset) else { return Vec::new() };
    crate::names::mentions(&view.page)
        .into_iter()
        .filter(|mention| mention.named == wanted.named)
        .map(|mention| lsp::DocumentHighlight {
            range: view.range(&view.page, mention.place),
            kind: Some(match mention.is_declaration {
                true => lsp::DocumentHighlightKind::Write,
                false => lsp::DocumentHighlightKind::Read,
            }),
        })
        .collect()
}

/// The places of what is wanted, in the order of the files and their texts.
fn places(view: &View<'_>, wanted: impl Fn(&Named, bool) -> bool) -> Vec<lsp::Location> {
    let mut found = view.mentions();
    found.retain(|(_, mention)| wanted(&mention.named, mention.is_declaration));
    found.sort_by(|(a, x), (b, y)| (&a.path, x.place.start).cmp(&(&b.path, y.place.start)));
    found.into_iter().map(|(page, mention)| view.location(&page, mention.place)).collect()
}
