//! Drives `cooper lsp` as an editor does.

mod client;
mod diagnostics;
mod features;
mod protocol;
