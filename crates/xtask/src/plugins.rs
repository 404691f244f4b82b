//! The plugins under `plugins` that are not written in Rust: their own checks and tests.

use std::process::Command;

use crate::workspace::Workspace;

/// Each with its name. They need Python, and Go as the comparison with HCL does.
pub(crate) fn checks(workspace: &Workspace) -> Vec<(&'static str, Command)> {
    let command = |folder: &str, program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.current_dir(workspace.path(folder)).args(arguments);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    let unformatted = "list=$(gofmt -l .) && test -z \"$list\" || { echo \"$list\"; exit 1; }";
    vec![
        ("plugin slim", command("plugins/slim", "python3", &["-m", "unittest"])),
        ("plugin files, formatting", command("plugins/files", "sh", &["-c", unformatted])),
        ("plugin files, lints", command("plugins/files", "go", &["vet", "./..."])),
        ("plugin files", command("plugins/files", "go", &["test", "-count=1", "./..."])),
    ]
}
