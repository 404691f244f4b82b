//! `cooper init`: what a template requires is installed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::lock::Entry;
use cooper_build::template::{Language, PluginRequirement};
use cooper_build::version::Version;
use cooper_build::{Failure, Lock, Session, Template, check_built_in};
use cooper_builtin::catalog;
use cooper_host::held::{Held, held};
use cooper_host::{Platform, Plugin};
use cooper_registry::{Mirrors, Origins, Outcome, Receipt, Store, Versions, Wish, install};

use super::lock::note;
use super::{locking, print_diagnostics, print_failure, taking_time};
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
    if args.locked && args.upgrade {
        let failure = Failure::new("`-locked` and `-upgrade` contradict each other");
        print_failure(&failure.help("`-upgrade` writes the lock file that `-locked` obeys"), ui);
        return Exit::Failure;
    }
    session.lock = Arc::new(Lock::read(&template.root, locking(args.locked), &mut session));
    let catalog = catalog(Engine::find(&*session.system).engine);
    let _ = check_built_in(&template, &catalog, &session);
    let sound = session.diags.check();
    print_diagnostics(&session, ui);
    if sound.is_err() {
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
        let mut entries = Vec::new();
        for plugin in &template.plugins {
            if let Some(version) = catalog.plugin_version(plugin.source.as_str()) {
                let source = &plugin.source;
                ui.say(&format!("The plugin {source} is built in, as its version {version}"));
                continue;
            }
            let Ok(held) = held(plugin, &session) else {
                print_diagnostics(&session, ui);
                exit = Exit::Failure;
                continue;
            };
            match install_required(plugin, args, held, &origins, &store).await {
                Ok(Found { is_new, version, path, digest: sha256 }) => {
                    let source = plugin.source.to_string();
                    if is_new {
                        let path = path.display();
                        ui.say(&format!("Installed plugin {source} v{version} in \"{path}\""));
                    }
                    let platform = Platform::this().to_string();
                    entries.push(Entry::Plugin { source, version, platform, sha256 });
                }
                Err(failure) => {
                    print_failure(&failure, ui);
                    exit = Exit::Failure;
                }
            }
        }
        if !args.locked && (exit == Exit::Success || !entries.is_empty()) {
            note(&entries, &session, ui);
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

/// A plugin that is there now.
struct Found {
    /// Whether it was not before.
    is_new: bool,
    version: Version,
    path: PathBuf,
    /// The SHA-256 of the program.
    digest: String,
}

impl Found {
    fn there(Plugin { version, path, digest, .. }: Plugin) -> Self {
        Self { is_new: false, version, path, digest }
    }
}

/// Sees to it that a plugin is there that is not built in: the version that the lock file names, if
/// that will do, or else the best one.
async fn install_required(
    plugin: &PluginRequirement,
    args: &InitArgs,
    held: Held<'_>,
    origins: &Origins,
    store: &Store,
) -> Result<Found, Failure> {
    let PluginRequirement { source, version, .. } = plugin;
    let named = held.named(plugin).filter(|_| !args.upgrade);
    let there = match named {
        Some((version, sha256)) => release(plugin, version, sha256, store).await,
        None => best_release(plugin, store).await,
    };
    let origins = origins.of(source);
    // Where nobody can be asked, nothing is newer than what is there.
    let is_enough = !args.force && (!args.upgrade || origins.is_empty());
    let versions = match (named, there) {
        (_, Some(there)) if is_enough => return Ok(Found::there(there)),
        (Some((version, _)), _) => Versions::Exactly(version.clone()),
        // What is fetched again is what was there.
        (None, Some(there)) if !args.upgrade => Versions::Exactly(there.version),
        (None, _) => Versions::Meeting(version),
    };
    let program = named.and_then(|(_, sha256)| sha256);
    let wish = Wish { source, versions, force: args.force, program };
    let installed = install(&wish, &origins, store).await.map_err(|failure| match named {
        Some((version, Some(_))) => failure.caused_by(format!(
            "version {version} that the lock file names is not there, or another program is"
        )),
        Some((_, None)) | None => failure,
    });
    let (is_new, receipt) = match installed? {
        Outcome::Installed(receipt) => (true, receipt),
        Outcome::Present(receipt) => (false, receipt),
    };
    let Receipt { version, path, digest, .. } = receipt;
    Ok(Found { is_new, version, path, digest })
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

/// A version that is there, if it is the program that it should be.
async fn release(
    plugin: &PluginRequirement,
    version: &Version,
    sha256: Option<&str>,
    store: &Store,
) -> Option<Plugin> {
    let files = store.files_of(&plugin.source, None).await;
    for file in files.iter().filter(|file| file.version == *version) {
        let verified = match sha256 {
            Some(sha256) => store.verified_as(file, sha256).await,
            None => store.verified(file).await,
        };
        if verified.is_some() {
            return verified;
        }
    }
    None
}
