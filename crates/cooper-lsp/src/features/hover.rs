//! `textDocument/hover`: what the word under the cursor is.

use cooper_build::component::Role;
use cooper_hcl::token::TokenKind;
use gen_lsp_types as lsp;

use super::words;
use crate::context::{Context, context};
use crate::inside::{Inside, component_of, elements};
use crate::page::PageKind;
use crate::view::View;

/// What the word at a byte is.
pub(super) fn hover(view: &View<'_>, offset: usize) -> Option<lsp::Hover> {
    let (text, bytes) = told(view, offset)?;
    let contents = lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: text };
    let range = Some(view.range(&view.page, bytes));
    Some(lsp::Hover { contents: contents.into(), range })
}

fn told(view: &View<'_>, offset: usize) -> Option<(String, std::ops::Range<usize>)> {
    if let Some(mention) = view.mention_at(offset) {
        return Some((words::named(&mention.named, view), mention.whole));
    }
    let page = &view.page;
    if page.kind != PageKind::Template {
        return None;
    }
    match context(page, offset) {
        Context::Nothing => None,
        Context::Item { path, word, .. } => {
            let inside = Inside::blocks(&path, page, &view.catalog);
            let name = &page.text()[word.clone()];
            let nested = inside.nested().into_iter().find(|block| block.name == name);
            let told = inside.argument(name).map(|argument| words::argument(&argument));
            Some((told.or_else(|| nested.map(|block| words::block(&block)))?, word))
        }
        Context::Label { path, block, index: 0, word, .. } => {
            let inside = Inside::blocks(&path, page, &view.catalog);
            let label = &page.text()[word.clone()];
            let Some(role) = inside.role(&block.kind.text) else {
                let made = inside.made_by(&block.kind.text);
                let made = made.iter().find(|made| made.name == label)?;
                return Some((words::block(made), word));
            };
            if role == Role::Source && !path.is_empty() {
                let component = component_of(label);
                return Some((words::component(role, component, view)?, word));
            }
            Some((words::component(role, label, view)?, word))
        }
        Context::Label { .. } => None,
        Context::Value { path, attribute, .. } => {
            word(view, offset, &elements(&path, &attribute.name.text, page))
        }
    }
}

/// A function, or a name that the language itself has or a `dynamic` block gives: one of these
/// elements.
fn word(
    view: &View<'_>,
    offset: usize,
    elements: &[&str],
) -> Option<(String, std::ops::Range<usize>)> {
    let page = &view.page;
    let at = page.tokens.iter().position(|token| {
        let place = page.place(token);
        token.kind == TokenKind::Word && place.start <= offset && offset <= place.end
    })?;
    let (text, place) = (page.word(&page.tokens[at]), page.place(&page.tokens[at]));
    let kind = |index: usize| page.tokens.get(index).map(|token| token.kind);
    if kind(at + 1) == Some(TokenKind::ParenOpen) {
        return Some((words::function(text, view)?, place));
    }
    let asks = |index: usize| {
        (kind(index + 1) == Some(TokenKind::Dot) && kind(index + 2) == Some(TokenKind::Word))
            .then(|| page.word(&page.tokens[index + 2]))
    };
    let is_asked = |index: usize| index >= 1 && kind(index - 1) == Some(TokenKind::Dot);
    let (root, name) = match (is_asked(at), at.checked_sub(2)) {
        (true, Some(root)) if !is_asked(root) => (page.word(&page.tokens[root]), Some(text)),
        (true, _) => return None,
        (false, _) => (text, asks(at)),
    };
    let written = match name {
        Some(name) => format!("{root}.{name}"),
        None => root.to_owned(),
    };
    let element = elements.contains(&root).then(|| {
        words::built_in("element", Some(name.unwrap_or_default())).unwrap_or(words::ELEMENT)
    });
    let doc = element.or_else(|| words::built_in(root, name)).or_else(|| {
        (root == "build" && name.is_some()).then_some(
            "A fact: it is known once the machine runs, and a step that mentions it waits.",
        )
    })?;
    Some((format!("`{written}`\n\n{doc}"), place))
}
