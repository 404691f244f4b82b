//! What the numbers were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cooper_testbed::process;

/// A line for each thing that matters to the numbers.
pub(crate) fn description(packer: &Path) -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        ("Processor", format!("{cores} cores, {}", field("/proc/cpuinfo", "model name"))),
        ("Memory", field("/proc/meminfo", "MemTotal")),
        ("System", field("/etc/os-release", "PRETTY_NAME").trim_matches('"').to_owned()),
        ("Kernel", said(Path::new("uname"), &["-r"])),
        ("Docker daemon", said(Path::new("dockerd"), &["--version"])),
        ("Packer", said(packer, &["version"])),
        ("Rust", said(Path::new("rustc"), &["--version"])),
        ("Day", said(Path::new("date"), &["--utc", "+%Y-%m-%d"])),
    ]
}

/// A value of a file of `name: value` or `name=value` lines.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value = text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?.trim_start();
        rest.strip_prefix([':', '=']).map(|value| value.trim().to_owned())
    });
    value.unwrap_or_else(|| "unknown".to_owned())
}

/// The first line that a program prints.
fn said(program: &Path, arguments: &[&str]) -> String {
    let output = process::capture(Command::new(program).args(arguments), Duration::from_secs(10));
    let line = output.ok().and_then(|output| output.stdout.lines().next().map(str::to_owned));
    line.unwrap_or_else(|| "unknown".to_owned())
}
