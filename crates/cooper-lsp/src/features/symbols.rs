//! `textDocument/documentSymbol`: what is in a file.

use gen_lsp_types as lsp;

use crate::outline::{Attribute, Block, Body};
use crate::view::View;

/// What is in the file: its blocks, the entries of `locals` and `variables`, and the steps of
/// builds.
pub(super) fn symbols(view: &View<'_>) -> lsp::DocumentSymbolResponse {
    lsp::DocumentSymbolResponse::DocumentSymbolList(body(
        view,
        &view.page.body,
        lsp::SymbolKind::Property,
    ))
}

fn body(view: &View<'_>, body: &Body, entries: lsp::SymbolKind) -> Vec<lsp::DocumentSymbol> {
    let mut found: Vec<(usize, lsp::DocumentSymbol)> = Vec::new();
    for attribute in &body.attributes {
        found.push((attribute.place.start, entry(view, attribute, entries)));
    }
    for inner in &body.blocks {
        found.push((inner.place.start, block(view, inner)));
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, symbol)| symbol).collect()
}

fn entry(view: &View<'_>, attribute: &Attribute, kind: lsp::SymbolKind) -> lsp::DocumentSymbol {
    let selection = view.range(&view.page, attribute.name.place.clone());
    symbol(
        attribute.name.text.clone(),
        kind,
        view.range(&view.page, attribute.place.clone()),
        selection,
    )
}

fn block(view: &View<'_>, block: &Block) -> lsp::DocumentSymbol {
    let (kind, inside) = match block.kind.text.as_str() {
        "variable" => (lsp::SymbolKind::Variable, None),
        "variables" => (lsp::SymbolKind::Namespace, Some(lsp::SymbolKind::Variable)),
        "local" => (lsp::SymbolKind::Constant, None),
        "locals" => (lsp::SymbolKind::Namespace, Some(lsp::SymbolKind::Constant)),
        "source" | "data" => (lsp::SymbolKind::Class, None),
        "build" => (lsp::SymbolKind::Module, Some(lsp::SymbolKind::Property)),
        "packer" | "required_plugins" | "post-processors" => {
            (lsp::SymbolKind::Package, Some(lsp::SymbolKind::Property))
        }
        "provisioner" | "error-cleanup-provisioner" | "post-processor" => {
            (lsp::SymbolKind::Function, None)
        }
        _ => (lsp::SymbolKind::Object, None),
    };
    let labels: Vec<&str> = block.labels.iter().map(|label| label.text.as_str()).collect();
    // A client may show no symbol without a name.
    let name = match &labels[..] {
        [] => block.kind.text.clone(),
        labels => format!("{} {}", block.kind.text, labels.join(".")),
    };
    let selection = block.labels.last().unwrap_or(&block.kind).place.clone();
    let whole = view.range(&view.page, block.place.clone());
    let mut symbol = symbol(name, kind, whole, view.range(&view.page, selection));
    if let (Some(entries), Some(inner)) = (inside, &block.body) {
        symbol.children = Some(body(view, inner, entries));
    }
    symbol
}

#[expect(deprecated, reason = "the field has to be filled in")]
fn symbol(
    name: String,
    kind: lsp::SymbolKind,
    range: lsp::Range,
    selection_range: lsp::Range,
) -> lsp::DocumentSymbol {
    lsp::DocumentSymbol {
        name,
        detail: None,
        kind,
        tags: None,
        deprecated: None,
        range,
        selection_range,
        children: None,
    }
}
