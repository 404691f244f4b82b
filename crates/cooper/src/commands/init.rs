//! `cooper init`: what a template requires is installed.

use std::path::Path;

use cooper_build::template::{Language, PluginRequirement};
use cooper_build::{Failure, Session, Template, check_built_in};
use cooper_builtin::catalog;
use cooper_host::Plugin;
use cooper_registry::{Mirrors, Origins, Outcome, Store, Versions, Wish, install};

use super::{print_diagnostics, print_failure, taking_time};
use crate::args::InitArgs;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::ui::Ui;

/// Said of a template that requires nothing.
const NOTHING_REQUIRED: &str =
    "The template requires no plugins: there is no `required_plugins` in a `packer` block.";

/// Installs every plugin that a template requires and that is neither built in nor there. One that
/// cannot be installed does not keep the others from it.
pub(crate) fn init(args: &InitArgs, mut session: Session, ui: &mut Ui) -> Exit {
    let Some(template) = requiring(&args.path, &mut session, ui) else { return Exit::Failure };
    let catalog = catalog(Engine::find(&*session.system).engine);
    let fits = check_built_in(&template, &catalog, &session);
    print_diagnostics(&session, ui);
    if fits.is_err() {
        return Exit::Failure;
    }
    let Some(origins) = known_origins(&mut session, ui) else { return Exit::Failure };
    let store = match Store::of_user(&*session.system) {
        Ok(store) => store,
        Err(failure) => {
            print_failure(&failure, ui);
            return Exit::Failure;
        }
    };
    let done = taking_time(session.system.clone(), ui, async |ui| {
        let mut exit = Exit::Success;
        for plugin in &template.plugins {
            if let Some(version) = catalog.plugin_version(plugin.source.as_str()) {
                let source = &plugin.source;
                ui.say(&format!("The plugin {source} is built in, as its version {version}"));
                continue;
            }
            match install_required(plugin, args, &origins, &store).await {
                Ok(Some(Outcome::Installed(receipt))) => {
                    let (source, version, path) =
                        (&plugin.source, receipt.version, receipt.path.display());
                    ui.say(&format!("Installed plugin {source} v{version} in \"{path}\""));
                }
                Ok(Some(Outcome::Present(_)) | None) => {}
                Err(failure) => {
                    print_failure(&failure, ui);
                    exit = Exit::Failure;
                }
            }
        }
        exit
    });
    done.unwrap_or(Exit::Failure)
}

/// A template that can require plugins; when it requires none, that is said.
pub(super) fn requiring(path: &Path, session: &mut Session, ui: &mut Ui) -> Option<Template> {
    let template = Template::load(path, session);
    print_diagnostics(session, ui);
    let template = template.ok()?;
    match template.language {
        Language::Hcl if template.plugins.is_empty() => ui.result(NOTHING_REQUIRED),
        Language::Hcl => {}
        Language::Legacy => {
            let failure = Failure::new("a template in the old JSON form cannot require plugins");
            let help = "`cooper plugins install` installs them, or write the template in HCL: \
                `cooper hcl2_upgrade`";
            print_failure(&failure.help(help), ui);
            return None;
        }
    }
    Some(template)
}

/// Where plugins come from. What is wrong with what the user says about that is told.
pub(super) fn known_origins(session: &mut Session, ui: &mut Ui) -> Option<Origins> {
    let mirrors = Mirrors::of_user(session);
    print_diagnostics(session, ui);
    let origins = Origins::new(mirrors.ok()?, session.system.clone());
    origins.inspect_err(|failure| print_failure(failure, ui)).ok()
}

/// Installs a plugin that is not built in; nothing, when a version that will do is there.
async fn install_required(
    plugin: &PluginRequirement,
    args: &InitArgs,
    origins: &Origins,
    store: &Store,
) -> Result<Option<Outcome>, Failure> {
    let PluginRequirement { source, version, .. } = plugin;
    let versions = match best_release(plugin, store).await {
        Some(_) if !args.upgrade && !args.force => return Ok(None),
        // What is fetched again is what was there.
        Some(best) if !args.upgrade => Versions::Exactly(best.version),
        Some(_) | None => Versions::Meeting(version),
    };
    let wish = Wish { source, versions, force: args.force };
    install(&wish, &origins.of(source), store).await.map(Some)
}

/// The best release that is there and meets a requirement.
async fn best_release(plugin: &PluginRequirement, store: &Store) -> Option<Plugin> {
    let files = store.files_of(&plugin.source, Some(&plugin.version)).await;
    for file in files.iter().rev().filter(|file| !file.version.is_prerelease()) {
        if let Some(plugin) = store.verified(file).await {
            return Some(plugin);
        }
    }
    None
}
