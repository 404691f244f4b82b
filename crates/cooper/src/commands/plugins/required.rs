//! `cooper plugins required`: what a template needs, and what of it is there.

use std::fmt::Write;

use cooper_build::{Failure, Session};
use cooper_builtin::catalog;
use cooper_registry::Store;

use super::super::init::requiring;
use crate::args::PluginsRequiredArgs;
use crate::engine::Engine;
use crate::ui::Ui;

/// Prints, for every plugin that a template requires, the paths of the versions that meet it; the
/// last is the one that is used. What is wrong with the template is told.
pub(super) async fn required(
    args: &PluginsRequiredArgs,
    store: &Store,
    session: &mut Session,
    ui: &mut Ui,
) -> Result<(), Option<Failure>> {
    let template = requiring(&args.path, session, ui).ok_or(None)?;
    let built_in = catalog(Engine::find(&*session.system).engine);
    for plugin in &template.plugins {
        let mut line = format!("{} {} \"{}\"", plugin.accessor, plugin.source, plugin.version);
        if let Some(version) = built_in.plugin_version(plugin.source.as_str()) {
            let _ = write!(line, " (built in, as version {version})");
        }
        for file in store.files_of(&plugin.source, Some(&plugin.version)).await {
            if let Some(plugin) = store.verified(&file).await {
                let _ = write!(line, " {}", plugin.path.display());
            }
        }
        ui.result(&line);
    }
    Ok(())
}
