//! A bridge of the testbed's own, so that its daemon leaves that of another daemon alone.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Result};
use crate::process;

const LIMIT: Duration = Duration::from_secs(10);

/// Makes a bridge with the address `10.213.n.1/24`, unless it is there.
pub(crate) fn add_bridge(name: &str, n: u8) -> Result<()> {
    if !exists(name) {
        ip(&["link", "add", "name", name, "type", "bridge"])?;
    }
    ip(&["address", "replace", &format!("10.213.{n}.1/24"), "dev", name])?;
    ip(&["link", "set", name, "up"])
}

/// Removes a bridge, if it is there.
pub(crate) fn remove_bridge(name: &str) -> Result<()> {
    if exists(name) { ip(&["link", "delete", name]) } else { Ok(()) }
}

fn exists(name: &str) -> bool {
    Path::new("/sys/class/net").join(name).exists()
}

fn ip(arguments: &[&str]) -> Result<()> {
    process::run(Command::new("ip").args(arguments), LIMIT).context("set up a bridge").map(drop)
}
