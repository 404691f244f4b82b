//! `cooper plugins installed`: the plugins that are there.

use cooper_registry::Store;

use crate::ui::Ui;

/// Prints the paths of all plugins for this machine that are sound, whatever version of the
/// protocol they speak.
pub(super) async fn installed(store: &Store, ui: &mut Ui) {
    for file in store.files().await {
        if let Some(plugin) = store.described(&file).await {
            ui.result(&plugin.path.display().to_string());
        }
    }
}
