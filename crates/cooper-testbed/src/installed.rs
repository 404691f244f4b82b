//! Plugins as Cooper and Packer find them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};
use crate::releases::sums;

/// What programs are made for here: `linux_amd64`.
pub fn platform() -> String {
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}_{processor}", std::env::consts::OS)
}

/// Where version 0.1.0 of `github.com/example/NAME` is in a folder of plugins.
pub fn plugin_place(plugins: &Path, name: &str) -> PathBuf {
    let file = format!("packer-plugin-{name}_v0.1.0_x5.0_{}", platform());
    plugins.join("github.com/example").join(name).join(file)
}

/// Installs a program there, with its checksum.
pub fn install_plugin(plugins: &Path, name: &str, program: &[u8]) -> Result<()> {
    let path = plugin_place(plugins, name);
    fs::create_dir_all(path.parent().unwrap_or(plugins)).context("make a folder")?;
    fs::write(&path, program).context("write a plugin")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).context("let a plugin run")?;
    let sums = sums(&[(name, program)]);
    fs::write(format!("{}_SHA256SUM", path.display()), sums).context("write a checksum")
}
