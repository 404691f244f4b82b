//! What the editor can ask: one file for a kind of question.

mod action;
mod completion;
mod format;
mod hover;
mod navigate;
mod rename;
mod signature;
mod symbols;
mod words;

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, ResponseError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::server::refusal;
use crate::view::View;
use crate::workspace::{Workspace, path_of};

/// Answers a request.
///
/// # Errors
///
/// When there is no such request, its parameters cannot be read, or what it asks cannot be done.
pub(crate) fn answer(
    method: &str,
    params: Value,
    workspace: &Workspace,
) -> Result<Value, ResponseError> {
    match method {
        "textDocument/completion" => {
            let lsp::CompletionParams { text_document_position_params: at, .. } = read(params)?;
            Ok(look(workspace, &at, completion::completion))
        }
        "textDocument/hover" => {
            let lsp::HoverParams { text_document_position_params: at, .. } = read(params)?;
            Ok(look(workspace, &at, hover::hover))
        }
        "textDocument/signatureHelp" => {
            let lsp::SignatureHelpParams { text_document_position_params: at, .. } = read(params)?;
            Ok(look(workspace, &at, signature::signature_help))
        }
        "textDocument/definition" => {
            let lsp::DefinitionParams { text_document_position_params: at, .. } = read(params)?;
            Ok(look(workspace, &at, |view, offset| Some(navigate::definition(view, offset))))
        }
        "textDocument/references" => {
            let params: lsp::ReferenceParams = read(params)?;
            let with_declarations = params.context.include_declaration;
            let at = params.text_document_position_params;
            Ok(look(workspace, &at, |view, offset| {
                Some(navigate::references(view, offset, with_declarations))
            }))
        }
        "textDocument/documentHighlight" => {
            let params: lsp::DocumentHighlightParams = read(params)?;
            let at = params.text_document_position_params;
            Ok(look(workspace, &at, |view, offset| Some(navigate::highlights(view, offset))))
        }
        "textDocument/prepareRename" => {
            let lsp::PrepareRenameParams { text_document_position_params: at, .. } = read(params)?;
            Ok(look(workspace, &at, rename::prepare))
        }
        "textDocument/rename" => {
            let params: lsp::RenameParams = read(params)?;
            let at = &params.text_document_position_params;
            let view = view(workspace, &at.text_document.uri);
            let edit = match &view {
                Some(view) => rename::rename(view, view.offset(at.position), &params.new_name),
                None => Err("the file is not open".to_owned()),
            };
            edit.map(said).map_err(|why| refusal(ErrorCode::RequestFailed, &why))
        }
        "textDocument/documentSymbol" => {
            let lsp::DocumentSymbolParams { text_document, .. } = read(params)?;
            Ok(said(view(workspace, &text_document.uri).map(|view| symbols::symbols(&view))))
        }
        "textDocument/formatting" => {
            let lsp::DocumentFormattingParams { text_document, .. } = read(params)?;
            Ok(said(view(workspace, &text_document.uri).map(|view| format::edits(&view))))
        }
        "textDocument/codeAction" => {
            let params: lsp::CodeActionParams = read(params)?;
            let view = view(workspace, &params.text_document.uri);
            Ok(said(view.map(|view| action::actions(&view, params.context.diagnostics))))
        }
        _ => Err(refusal(ErrorCode::MethodNotFound, &format!("there is no `{method}` here"))),
    }
}

/// Answers a question about a place in an open file; `null` when the file is not open.
fn look<T: Serialize>(
    workspace: &Workspace,
    at: &lsp::TextDocumentPositionParams,
    answer: impl FnOnce(&View<'_>, usize) -> Option<T>,
) -> Value {
    let view = view(workspace, &at.text_document.uri);
    said(view.and_then(|view| answer(&view, view.offset(at.position))))
}

fn view<'w>(workspace: &'w Workspace, uri: &lsp::Uri) -> Option<View<'w>> {
    View::of(workspace, &path_of(uri)?)
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, ResponseError> {
    serde_json::from_value(params)
        .map_err(|error| refusal(ErrorCode::InvalidParams, &error.to_string()))
}

fn said(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or(Value::Null)
}
