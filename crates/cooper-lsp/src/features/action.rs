//! `textDocument/codeAction`: what a diagnostic proposes.

use std::collections::HashMap;

use gen_lsp_types as lsp;

use crate::view::View;

/// The changes that the diagnostics propose with "did you mean".
pub(super) fn actions(view: &View<'_>, diagnostics: Vec<lsp::Diagnostic>) -> Vec<lsp::CodeAction> {
    diagnostics.into_iter().filter_map(|diagnostic| action(view, diagnostic)).collect()
}

fn action(view: &View<'_>, diagnostic: lsp::Diagnostic) -> Option<lsp::CodeAction> {
    let said = |name: &str| diagnostic.data.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let help = said("help")?;
    let meant = help.strip_prefix("did you mean `")?.strip_suffix("`?")?.to_owned();
    let message = said("message")?;
    let (start, end) = (view.offset(diagnostic.range.start), view.offset(diagnostic.range.end));
    let text = view.page.text().get(start..end)?;
    // What was written is one of the names in the message, and stands in the range.
    let written = message.split('`').skip(1).step_by(2).find(|name| {
        !name.is_empty() && text.contains(name) && name.contains('.') == meant.contains('.')
    })?;
    let at = start + text.find(written)?;
    let edit = lsp::TextEdit {
        range: view.range(&view.page, at..at + written.len()),
        new_text: meant.clone(),
    };
    let uri: lsp::Uri = view.workspace.uri(&view.page.path).into();
    let edit = lsp::WorkspaceEdit {
        changes: Some(HashMap::from([(uri, vec![edit])])),
        ..lsp::WorkspaceEdit::default()
    };
    Some(lsp::CodeAction {
        title: format!("Write `{meant}`"),
        kind: Some(lsp::CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic]),
        is_preferred: Some(true),
        edit: Some(edit),
        ..lsp::CodeAction::default()
    })
}
