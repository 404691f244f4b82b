//! The examples of `docs/diagnostics.md`: each makes the diagnostic it stands under.

use std::path::Path;

use libtest_mimic::Failed;

use crate::case::Case;

/// Its example asks a server.
const ASKS_SOMEBODY: &str = "data-source";

/// Runs the first example under every heading; fails when one does not make its diagnostic.
pub(crate) fn check(page: &str, cooper: &Path) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for section in page.split("\n## `").skip(1) {
        let (code, text) = section.split_once('`').ok_or("a heading has a code")?;
        let example: String = text
            .lines()
            .skip_while(|line| !line.starts_with("    "))
            .take_while(|line| line.starts_with("    ") || line.is_empty())
            .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or_default()))
            .collect();
        if example.is_empty() || code == ASKS_SOMEBODY {
            continue;
        }
        let seen = Case::parse(&whole(example.trim_end()))?.run(cooper)?;
        let said = [seen.stdout, seen.stderr].concat();
        if !said.contains(&format!("[{code}]")) {
            wrong.push(format!("{code}: its example says\n{said}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// An example with what a template needs around it.
fn whole(example: &str) -> String {
    const SOURCE: &str = "source \"null\" \"a\" { communicator = \"none\" }\n";
    const BUILD: &str = "build { sources = [\"null.a\"] }\n";
    let word = example.split([' ', '{']).next().unwrap_or_default();
    let (command, name, text) = match word {
        "cooper" => (example, "t.pkr.hcl", format!("{SOURCE}{BUILD}")),
        "" => ("cooper validate t.json", "t.json", example.to_owned()),
        "provisioner" | "post-processor" => (
            "cooper validate .",
            "t.pkr.hcl",
            format!("{SOURCE}build {{\nsources = [\"null.a\"]\n{example}\n}}\n"),
        ),
        "changes" | "run_command" => (
            "cooper validate .",
            "t.pkr.hcl",
            format!(
                "source \"docker\" \"a\" {{\nimage = \"x\"\ncommit = true\n{example}\n}}\n\
                 build {{ sources = [\"docker.a\"] }}\n"
            ),
        ),
        "build" | "biuld" => ("cooper validate .", "t.pkr.hcl", format!("{SOURCE}{example}\n")),
        "source" => (
            "cooper validate .",
            "t.pkr.hcl",
            format!("{example}\nbuild {{ sources = [\"docker.a\"] }}\n"),
        ),
        _ => ("cooper validate .", "t.pkr.hcl", format!("{example}\n{SOURCE}{BUILD}")),
    };
    format!("An example.\n\n$ {command}\n-- {name} --\n{text}")
}
