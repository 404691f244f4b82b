//! `textDocument/rename`: another name for something, wherever it is given or used.

use std::collections::HashMap;

use cooper_build::template::is_identifier;
use gen_lsp_types as lsp;

use crate::names::Named;
use crate::view::View;

/// What would be renamed at a byte.
pub(super) fn prepare(view: &View<'_>, offset: usize) -> Option<lsp::Range> {
    let mention = view.mention_at(offset)?;
    is_known(view, &mention.named).ok()?;
    Some(view.range(&view.page, mention.place))
}

/// The edits that give what is named at a byte another name.
///
/// # Errors
///
/// Why it cannot have that name, in words.
pub(super) fn rename(
    view: &View<'_>,
    offset: usize,
    name: &str,
) -> Result<lsp::WorkspaceEdit, String> {
    let mention = view.mention_at(offset).ok_or("there is nothing here that has a name")?;
    is_known(view, &mention.named)?;
    if !is_identifier(name) {
        return Err(format!(
            "`{name}` cannot be a name: a name begins with a letter or `_`, and goes on with \
             letters, digits, `_` and `-`"
        ));
    }
    let renamed = mention.named.renamed(name);
    let taken = view.mentions().into_iter().find(|(_, other)| other.named == renamed);
    if renamed != mention.named && taken.is_some() {
        return Err(format!("there is a `{}` already", renamed.written()));
    }
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for (page, other) in view.mentions() {
        if other.named == mention.named {
            let range = view.range(&page, other.place);
            let uri = view.workspace.uri(&page.path).into();
            let edit = lsp::TextEdit { range, new_text: name.to_owned() };
            changes.entry(uri).or_default().push(edit);
        }
    }
    Ok(lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() })
}

/// Whether something can be renamed: the template gives it its name.
fn is_known(view: &View<'_>, named: &Named) -> Result<(), String> {
    if matches!(named, Named::Plugin(_)) {
        // The names of its components begin with it.
        return Err("the name of a plugin cannot be changed here".to_owned());
    }
    match view.declared().contains(named) {
        true => Ok(()),
        false => Err(format!("`{}` is not declared", named.written())),
    }
}
