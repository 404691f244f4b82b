//! Runs every file under `testdata/cases` as a test: `docs/testing.md` says how to write one.
//!
//! `cargo cases name` runs those whose path contains `name`; `cargo bless` rewrites what is
//! expected to what was seen.

mod case;
mod placeholder;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cooper_hcl::Code;
use libtest_mimic::{Arguments, Failed, Trial};

use case::Case;

/// Codes that nothing reports yet.
const WITHOUT_CASE: &[Code] = Code::ALL;

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
        .map(|path| {
            let name = path.strip_prefix(&folder).unwrap_or(path).with_extension("");
            let path = path.clone();
            Trial::test(name.display().to_string(), move || run(&path, bless))
        })
        .collect();
    trials.push(Trial::test("every diagnostic has a case and a paragraph", move || {
        every_code(&repository, &files)
    }));
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
    let seen = case.run(Path::new(env!("CARGO_BIN_EXE_cooper")))?;
    let seen = case.with(&seen);
    if seen == text {
        return Ok(());
    }
    if bless {
        fs::write(path, seen)?;
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(text.as_str(), seen.as_str());
    Err(diff.unified_diff().header("expected", "seen").to_string().into())
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
