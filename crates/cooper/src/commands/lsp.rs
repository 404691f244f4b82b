//! `cooper lsp`: templates in an editor.

use std::io::{self, BufReader};
use std::sync::Arc;

use cooper_builtin::catalog;
use cooper_hcl::System;
use cooper_lsp::{Ended, Host, serve};

use crate::engine::Engine;
use crate::exit::Exit;
use crate::ui::Ui;

/// Talks to an editor until it leaves. No engine is contacted: components are only prepared.
pub(crate) fn lsp(system: Arc<dyn System>, ui: &mut Ui) -> Exit {
    let catalog = catalog(Engine::find(&*system).engine);
    let host = Host { system, catalog, version: env!("CARGO_PKG_VERSION") };
    match serve(host, BufReader::new(io::stdin()), io::stdout().lock()) {
        Ok(Ended::Orderly) => Exit::Success,
        Ok(Ended::Abruptly) => Exit::Failure,
        // An editor that died does not read on.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Failure,
        Err(error) => {
            ui.error(&format!("error: the editor cannot be talked to: {error}"));
            Exit::Failure
        }
    }
}
