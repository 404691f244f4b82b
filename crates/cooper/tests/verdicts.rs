//! Which templates are accepted and which refused, beside what Packer 1.16 says of them.
//!
//! `testdata/verdicts` has small templates, each behind a line with Packer's verdict. A template
//! with `+` stands beside a source and a build. `cooper differs: WORDS` is said where that is meant, in words of a row
//! of `docs/compatibility.md`, and what Cooper says where Packer crashes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cooper::os::Os;
use cooper_build::{DataSources, InputOptions, PlanOptions, Session, prepare};
use cooper_container::fake::{FakeEngine, Script};

/// What stands beside a template that is too small to be one.
const BESIDE: &str = r#"
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["null.a"]
}
"#;

/// A template and what is said of it.
struct Case<'t> {
    line: usize,
    packer_accepts: bool,
    differs: bool,
    is_small: bool,
    text: String,
    header: &'t str,
}

/// The cases of a file, whose first line says what they are about.
fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1) {
        match line.strip_prefix("# packer ") {
            Some(header) => cases.push(Case {
                line: index + 1,
                packer_accepts: !header.contains("refuses"),
                differs: header.contains("cooper differs"),
                is_small: header.ends_with('+'),
                text: String::new(),
                header,
            }),
            // A file begins with a line about it, and an empty one.
            None => {
                if let Some(case) = cases.last_mut() {
                    case.text.push_str(line);
                    case.text.push('\n');
                }
            }
        }
    }
    cases
}

/// The words that tell why a case differs, where it does.
fn words<'t>(case: &Case<'t>) -> Option<&'t str> {
    let (_, words) = case.header.split_once("cooper differs")?;
    Some(words.trim_start_matches(':').trim_end_matches('+').trim())
}

#[test]
fn each_difference_has_a_row_in_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/compatibility.md")).expect("the page is there");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    let mut trouble = String::new();
    for entry in fs::read_dir(root.join("testdata/verdicts")).expect("the verdicts are there") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a text");
        for case in cases(&text) {
            let Some(words) = words(&case) else { continue };
            if words.is_empty() || !rows.iter().any(|row| row.contains(words)) {
                trouble.push_str(&format!("{}:{}: {words}\n", path.display(), case.line));
            }
        }
    }
    assert!(trouble.is_empty(), "no row of docs/compatibility.md says this:\n{trouble}");
}

/// Whether `validate` finds nothing wrong with the current folder.
fn is_accepted() -> bool {
    let mut session = Session::new(Arc::new(Os::new()));
    let engine = FakeEngine::new(Script::default());
    let catalog = cooper_builtin::catalog(Arc::new(engine));
    let options = PlanOptions { data_sources: DataSources::Check, ..PlanOptions::default() };
    let inputs = InputOptions::default();
    let plan = prepare(Path::new("."), &inputs, &catalog, &options, &mut session);
    let plan = futures::executor::block_on(plan);
    plan.is_ok_and(|plan| plan.refused.is_empty()) && !session.diags.has_errors()
}

#[test]
fn templates_are_accepted_and_refused_as_by_packer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/verdicts");
    let place = tempfile::tempdir().expect("a folder");
    // Paths in components count from there.
    std::env::set_current_dir(place.path()).expect("the folder is there");
    let mut trouble = String::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the verdicts are there") {
        let path = entry.expect("an entry").path();
        let topic = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a text");
        let name = if topic == "json" { "t.pkr.json" } else { "t.pkr.hcl" };
        for case in cases(&text) {
            fs::write(name, &case.text).expect("it can be written");
            match case.is_small {
                true => fs::write("z.pkr.hcl", BESIDE).expect("it can be written"),
                false => drop(fs::remove_file("z.pkr.hcl")),
            }
            if is_accepted() == (case.packer_accepts == case.differs) {
                let Case { line, header, text, .. } = case;
                trouble.push_str(&format!("{topic}.txt:{line}: packer {header}\n{text}\n"));
            }
            count += 1;
        }
        fs::remove_file(name).expect("it was written");
    }
    assert!(trouble.is_empty(), "{trouble}");
    assert!(count > 1_000, "{count} templates only");
}
