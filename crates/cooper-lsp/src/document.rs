//! A text that is open in the editor.

use std::sync::Arc;

use gen_lsp_types::TextDocumentContentChangeEvent;

use crate::position::{Encoding, Lines};

/// A text that is open in the editor, saved or not.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What the client calls it.
    pub(crate) uri: String,
    /// The client's number for this state of the text.
    pub(crate) version: i32,
    /// The text.
    pub(crate) text: Arc<str>,
    /// Its lines.
    pub(crate) lines: Lines,
}

impl Document {
    /// A text that was just opened.
    pub(crate) fn new(uri: String, version: i32, text: String) -> Self {
        let lines = Lines::of(&text);
        Self { uri, version, text: text.into(), lines }
    }

    /// Makes the client's changes, one after the other.
    pub(crate) fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        self.version = version;
        for change in changes {
            let text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    whole.text
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let start = self.lines.offset(&self.text, part.range.start, encoding);
                    let end = self.lines.offset(&self.text, part.range.end, encoding);
                    // A range that ends before it starts means what it covers.
                    let (start, end) = (start.min(end), start.max(end));
                    [&self.text[..start], &part.text, &self.text[end..]].concat()
                }
            };
            self.lines = Lines::of(&text);
            self.text = text.into();
        }
    }
}
