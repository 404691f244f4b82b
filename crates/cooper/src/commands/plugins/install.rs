//! `cooper plugins install`: one plugin, from its source or from a file.

use cooper_build::{Failure, Session};
use cooper_builtin::catalog;
use cooper_registry::{Outcome, Store, Versions, Wish, install_file};

use super::super::init::known_origins;
use super::{constraint, source};
use crate::args::PluginsInstallArgs;
use crate::engine::Engine;
use crate::ui::Ui;

/// Installs the newest version that will do, if it is not there already; or what is in a file.
pub(super) async fn install(
    args: &PluginsInstallArgs,
    store: &Store,
    session: &mut Session,
    ui: &mut Ui,
) -> Result<(), Option<Failure>> {
    let PluginsInstallArgs { file, force, ignored: _, source: named, version } = args;
    let source = source(named)?;
    let constraint = constraint(version.as_ref())?;
    if let Some(file) = file {
        if version.is_some() {
            let failure = Failure::new("a program has one version, and no other can be asked for");
            return Err(Some(failure.help("leave out either `-path` or the version")));
        }
        let place = install_file(file, &source, store).await?;
        let from = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let (from, place) = (from.display(), place.display());
        ui.say(&format!("Successfully installed plugin {source} from {from} to {place}"));
        return Ok(());
    }
    if let Some(constraint) = constraint.as_ref().filter(|constraint| constraint.has_prerelease()) {
        let failure = Failure::new(format!("`{constraint}` names a pre-release"));
        let help = format!("fetch it yourself, and `cooper plugins install -path FILE {source}`");
        return Err(Some(failure.help(help)));
    }
    let built_in = catalog(Engine::find(&*session.system).engine);
    if let Some(version) = built_in.plugin_version(source.as_str()) {
        let note = "what is installed of it is not used";
        ui.error(&format!("warning: `{source}` is built in, as its version {version}; {note}"));
    }
    let versions = constraint.as_ref().map_or(Versions::Any, Versions::Meeting);
    let wish = Wish { source: &source, versions, force: *force, program: None };
    let origins = known_origins(session, ui).ok_or(None)?;
    match cooper_registry::install(&wish, &origins.of(&source), store).await? {
        Outcome::Installed(receipt) => {
            let (version, path) = (receipt.version, receipt.path.display());
            ui.say(&format!("Installed plugin {source} v{version} in \"{path}\""));
        }
        Outcome::Present(_) => {}
    }
    Ok(())
}
