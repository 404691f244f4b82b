//! What the server can do, as the protocol says it.

use serde_json::{Value, json};

use crate::options::Options;

/// What the server can do for this client.
pub(crate) fn capabilities(options: &Options) -> Value {
    json!({
        "positionEncoding": options.encoding.kind(),
        "textDocumentSync": {
            "openClose": true,
            // Only what changed.
            "change": 2,
            "save": true,
        },
        "completionProvider": { "triggerCharacters": [".", "\"", "{", "["] },
        "hoverProvider": true,
        "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentSymbolProvider": true,
        "documentFormattingProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix"] },
    })
}

/// The files whose changes outside the editor matter.
pub(crate) fn watched() -> Value {
    let watchers = ["**/*.pkr.hcl", "**/*.pkr.json", "**/*.pkrvars.hcl", "**/*.pkrvars.json"];
    let watchers = watchers.map(|pattern| json!({ "globPattern": pattern }));
    json!({ "registrations": [{
        "id": "files",
        "method": "workspace/didChangeWatchedFiles",
        "registerOptions": { "watchers": watchers },
    }] })
}
