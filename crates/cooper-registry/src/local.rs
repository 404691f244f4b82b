//! Installing a plugin from a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cooper_build::version::Version;
use cooper_build::{Failure, PluginSource};
use cooper_hcl::plainly;
use cooper_host::discover::speaks_ours;

use crate::install::ask;
use crate::installed::Store;
use crate::origin::OriginError;

/// The pre-release that a plugin may be of which is installed from a file.
const DEVELOPMENT: &str = "dev";

/// Installs the plugin in a file for a source, at the version that it says it has; returns where
/// it is now. A version that is there already is replaced.
///
/// # Errors
///
/// When the file is no plugin, or one that cannot be used.
pub async fn install_file(
    file: &Path,
    source: &PluginSource,
    store: &Store,
) -> Result<PathBuf, Failure> {
    let unusable = |cause: String| {
        Failure::new(format!("`{}` cannot be installed", file.display())).caused_by(cause)
    };
    let unreadable = |error: io::Error| unusable(format!("it cannot be read: {}", plainly(&error)));
    let metadata = fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unusable("it is no file".to_owned()).help("name the program itself"));
    }
    let claim = store.claim(source).await?;
    let scratch = claim.scratch()?;
    // What is asked is what is installed, whatever happens to the file meanwhile.
    let program = scratch.path().join("program");
    let copied = tokio::task::spawn_blocking({
        let (from, to) = (file.to_owned(), program.clone());
        move || fs::copy(from, to)
    });
    copied.await.map_err(io::Error::other).flatten().map_err(unreadable)?;
    let description = match ask(&program).await {
        Ok(description) => description,
        Err(OriginError::Unfit(cause)) => {
            let scratch = scratch.path().display().to_string();
            let cause = cause.replace(&format!("{scratch}/program"), &file.display().to_string());
            return Err(unusable(cause));
        }
        Err(OriginError::Failed(failure)) => return Err(failure),
    };
    let version =
        Version::parse(&description.version).map_err(|error| unusable(error.to_string()))?;
    if version.is_prerelease() && version.prerelease() != DEVELOPMENT {
        let cause = format!("it says that it is version {version}, which is a pre-release");
        let help = "releases, and versions that end in `-dev`, can be installed";
        return Err(unusable(cause).help(help));
    }
    if !speaks_ours(&description.api_version) {
        let cause = format!(
            "it speaks version {} of the plugin protocol",
            description.api_version.escape_debug()
        );
        return Err(unusable(cause));
    }
    let place = claim.place(source, &version, &description.api_version);
    claim.put(&program, &place)?;
    Ok(place)
}
