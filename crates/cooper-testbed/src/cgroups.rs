//! Control groups, without which no container starts.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Result};
use crate::process;

/// Mounts the control groups where nobody has: a machine without systemd may have none.
pub(crate) fn ensure() -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("read /proc/self/mounts")?;
    let mounted = mounts.lines().any(|line| {
        let mut fields = line.split(' ');
        let (place, kind) = (fields.nth(1).unwrap_or_default(), fields.next().unwrap_or_default());
        place.starts_with("/sys/fs/cgroup") && matches!(kind, "cgroup" | "cgroup2")
    });
    if mounted {
        return Ok(());
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"]);
    process::run(&mut mount, Duration::from_secs(10))
        .context("no control groups are mounted, and they cannot be; containers need them")
        .map(drop)
}
