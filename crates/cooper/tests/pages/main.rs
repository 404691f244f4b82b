//! Pages that promise something must be true: generated ones are fresh, tests that a page names
//! exist, links lead somewhere.
//!
//! `cargo xtask docs` rewrites the generated ones.

mod claims;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let bless = std::env::args().any(|argument| argument == "--bless");
    let arguments = Arguments::from_iter(std::env::args().filter(|a| a != "--bless"));
    let mut trials = vec![
        Trial::test("docs/compatibility.md names tests that exist", || claims::tests(&root())),
        Trial::test(
            "docs/compatibility.md has a row for everything",
            || claims::checklist(&root()),
        ),
        Trial::test("links between pages lead somewhere", || claims::links(&root())),
        Trial::test("docs/decisions/README.md lists every page", || claims::decisions(&root())),
        Trial::test("docs/decisions/crates.md has every crate", || claims::crates(&root())),
        Trial::test("docs/components holds no other page", only_generated),
    ];
    for (path, content) in reference::pages() {
        let name = format!("{path} is fresh");
        trials.push(Trial::test(name, move || fresh(&root().join(path), &content, bless)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fresh(path: &Path, content: &str, bless: bool) -> Result<(), Failed> {
    let there = fs::read_to_string(path).unwrap_or_default();
    if there == content {
        return Ok(());
    }
    if bless {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, content)?;
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(there.as_str(), content);
    let diff = diff.unified_diff().header("the page", "`cargo xtask docs`").to_string();
    Err(diff.into())
}

fn only_generated() -> Result<(), Failed> {
    let generated: Vec<PathBuf> =
        reference::pages().into_iter().map(|(path, _)| root().join(path)).collect();
    let extra: Vec<_> = claims::files(&root().join("docs/components"), "md")
        .into_iter()
        .filter(|path| !generated.contains(path))
        .collect();
    if extra.is_empty() { Ok(()) } else { Err(format!("of no component: {extra:?}").into()) }
}
