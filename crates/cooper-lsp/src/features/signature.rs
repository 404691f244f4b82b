//! `textDocument/signatureHelp`: how the function is called that the cursor is in.

use gen_lsp_types as lsp;

use super::words;
use crate::context::{Context, Open, context};
use crate::view::View;

/// How the function is called whose arguments a byte is in.
pub(super) fn signature_help(view: &View<'_>, offset: usize) -> Option<lsp::SignatureHelp> {
    let Context::Value { open, .. } = context(&view.page, offset) else { return None };
    let call = open.iter().rev().find_map(|open| match open {
        Open::Call(name, commas) => Some((name, *commas)),
        _ => None,
    });
    let (name, commas) = call?;
    let function = view.workspace.functions.get(name)?;
    let params: Vec<_> = function.params.iter().chain(&function.rest).collect();
    // All further arguments belong to the last parameter, if it takes any number of them.
    let active = match &function.rest {
        Some(_) => commas.min(params.len().saturating_sub(1)),
        None => commas,
    };
    let information = |param: &&cooper_hcl::function::Param| lsp::ParameterInformation {
        label: lsp::ParameterInformationLabel::String(words::param(param)),
        documentation: None,
    };
    let doc =
        lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: function.doc.to_owned() };
    Some(lsp::SignatureHelp {
        signatures: vec![lsp::SignatureInformation {
            label: words::signature(function),
            documentation: Some(lsp::Documentation::MarkupContent(doc)),
            parameters: Some(params.iter().map(information).collect()),
            active_parameter: None,
        }],
        active_signature: Some(0),
        active_parameter: Some(lsp::ActiveParameter::Int(active as u32)),
    })
}
