//! Runs every file under `testdata/cases` as a test: `docs/testing.md` says how to write one.
//!
//! `cargo cases name` runs those whose path contains `name`; `cargo bless` rewrites what is
//! expected to what was seen.

mod case;
mod paragraph;
mod placeholder;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cooper_hcl::Code;
use libtest_mimic::{Arguments, Failed, Trial};

use case::Case;

const COOPER: &str = env!("CARGO_BIN_EXE_cooper");

/// Codes that nothing reports yet.
const WITHOUT_CASE: &[Code] = &[];

fn main() -> ExitCode {
    let bless = std::env::args().any(|argument| argument == "--bless");
    let arguments = std::env::args().filter(|argument| argument != "--bless");
    let arguments = Arguments::from_iter(arguments);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = repository.join("testdata/cases");
    let mut files = Vec::new();
    find(&folder, &mut files);
    let mut trials: Vec<Trial> = files
        .iter()
        // They need the engine that only pretends, which no release has.
        .filter(|path| cfg!(debug_assertions) || !path.starts_with(folder.join("docker")))
        .map(|path| {
            let name = path.strip_prefix(&folder).unwrap_or(path).with_extension("");
            let path = path.clone();
            Trial::test(name.display().to_string(), move || run(&path, bless))
        })
        .collect();
    let page = repository.join("docs/cli.md");
    let diagnostics = fs::read_to_string(repository.join("docs/diagnostics.md"));
    trials.push(Trial::test("docs/diagnostics.md shows what it says", move || {
        paragraph::check(&diagnostics?, Path::new(COOPER))
    }));
    trials.push(Trial::test("every diagnostic has a case and a paragraph", move || {
        every_code(&repository, &files)
    }));
    trials.push(Trial::test("docs/cli.md shows what is printed", move || shown(&page, bless)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("testdata/cases can be read");
    for path in entries.map(|entry| entry.expect("it can be listed").path()) {
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            files.push(path);
        }
    }
    files.sort();
}

fn run(path: &Path, bless: bool) -> Result<(), Failed> {
    let text = fs::read_to_string(path)?;
    let case = Case::parse(&text)?;
    let seen = case.run(Path::new(COOPER))?;
    compare(path, &text, &case.with(&seen), bless)
}

fn compare(path: &Path, text: &str, seen: &str, bless: bool) -> Result<(), Failed> {
    if seen == text {
        return Ok(());
    }
    if bless {
        fs::write(path, seen)?;
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(text, seen);
    Err(diff.unified_diff().header("expected", "seen").to_string().into())
}

/// Runs the commands that a page shows, and compares what follows them.
fn shown(page: &Path, bless: bool) -> Result<(), Failed> {
    let text = fs::read_to_string(page)?;
    let mut seen = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        seen.push_str(line);
        if let Some(command) = line.strip_prefix("$ ") {
            seen.push_str(&Case::parse(&format!("$ {command}"))?.run(Path::new(COOPER))?.stdout);
            seen.push_str(lines.by_ref().find(|line| *line == "```\n").ok_or("an open block")?);
        }
    }
    compare(page, &text, &seen, bless)
}

fn every_code(repository: &Path, files: &[PathBuf]) -> Result<(), Failed> {
    let cases: String = files.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    let page = fs::read_to_string(repository.join("docs/diagnostics.md"))?;
    let missing: BTreeSet<String> = Code::ALL
        .iter()
        .flat_map(|code| {
            let has_case = cases.contains(&format!("[{code}]"));
            let case = (has_case == WITHOUT_CASE.contains(code)).then(|| {
                format!("{code}: {}", if has_case { "has a case now" } else { "no case" })
            });
            let paragraph = format!("## `{code}`\n");
            let paragraph = (!page.contains(&paragraph)).then(|| format!("{code}: no paragraph"));
            [case, paragraph].into_iter().flatten()
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("{missing:#?}").into()) }
}
