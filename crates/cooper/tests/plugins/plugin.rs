//! The plugins of the repository as programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Result, process};

/// Makes the plugin in Python, one file, in a folder.
pub(crate) fn bundle_slim(folder: &Path) -> Result<PathBuf> {
    let source = root().join("plugins/slim");
    let mut bundle = Command::new("python3");
    bundle.arg(source.join("packer_plugin.py")).arg("bundle").arg(source.join("slim.py"));
    process::run(bundle.current_dir(folder), Duration::from_secs(60))?;
    Ok(folder.join("packer-plugin-slim"))
}

/// A folder for a test, empty.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).context(format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
    Ok(folder)
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
