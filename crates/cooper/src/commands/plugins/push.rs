//! `cooper plugins push`: a version goes to a registry.

use cooper_build::plugin_source::Protocol;
use cooper_build::version::Version;
use cooper_build::{Failure, Session};
use cooper_registry::{Pushed, Replacing};

use super::source;
use crate::args::PluginsPushArgs;
use crate::ui::Ui;

/// Sends the programs of a version.
pub(super) async fn push(
    args: &PluginsPushArgs,
    session: &Session,
    ui: &mut Ui,
) -> Result<(), Option<Failure>> {
    let PluginsPushArgs { force, source: named, version, files } = args;
    let source = source(named)?;
    if source.protocol() != Protocol::Oci {
        let failure = Failure::new(format!("`{source}` is not in a registry of images"));
        return Err(Some(failure.help(format!("write `oci://{source}`"))));
    }
    if version.contains('+') {
        let failure =
            Failure::new(format!("`{version}` has build metadata, and no tag can have it"));
        return Err(Some(failure.help("leave out the `+` and what follows it")));
    }
    let version = Version::parse(version).map_err(|error| Failure::new(error.to_string()))?;
    let replacing = if *force { Replacing::Replace } else { Replacing::Refuse };
    let pushed = cooper_registry::push(&source, &version, files, replacing, &*session.system);
    let Pushed { digest, platforms } = pushed.await?;
    ui.say(&format!("Pushed {source} v{version} for {}: {digest}", platforms.join(", ")));
    Ok(())
}
