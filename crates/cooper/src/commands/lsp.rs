//! `cooper lsp`: templates in an editor.

use std::io::{self, BufReader};
use std::sync::Arc;

use cooper_builtin::catalog;
use cooper_hcl::System;
use cooper_host::{Plugins, Reach};
use cooper_lsp::{Ended, Host, serve};
use uuid::Uuid;

use super::start;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::ui::Ui;

/// Talks to an editor until it leaves. No engine is contacted: components are only prepared, and
/// plugins that a template names started for that.
pub(crate) fn lsp(system: Arc<dyn System>, ui: &mut Ui) -> Exit {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let Some(runtime) = start(runtime.worker_threads(1), ui) else { return Exit::Failure };
    let run_id = Uuid::new_v4().to_string();
    let plugins = Plugins::of_user(&*system, &run_id).that_reach(Reach::Required);
    let catalog = catalog(Engine::find(&*system).engine).with_extensions(plugins);
    let version = env!("CARGO_PKG_VERSION");
    let host = Host { system, catalog, runtime: runtime.handle().clone(), version };
    let served = serve(host, BufReader::new(io::stdin()), io::stdout().lock());
    // What plugins still do has nobody who would want it.
    runtime.shutdown_background();
    match served {
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
