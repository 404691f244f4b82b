//! What pages say of other files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

/// What a row may say of a feature.
const WORDS: &[&str] = &["same", "better", "different", "missing"];

/// Written by the bench, when somebody runs it.
const LATER: &str = "performance.md";

/// Every row says how a feature stands and names a test that shows it; the tests exist.
pub(crate) fn tests(root: &Path) -> Result<(), Failed> {
    let page = fs::read_to_string(root.join("docs/compatibility.md"))?;
    let sources: String = files(&root.join("crates"), "rs")
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect();
    let faults = fs::read_to_string(root.join("crates/cooper/tests/faults/main.rs"))?;
    let plugins: String = files(&root.join("crates/cooper/tests/plugins"), "rs")
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect();
    let hosting = fs::read_to_string(root.join("crates/cooper-host/tests/hosting/main.rs"))?;
    let oracle: String = files(&root.join("crates/cooper-hcl/tests/oracle"), "rs")
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect();
    let lang = fs::read_to_string(root.join("crates/cooper-hcl/tests/lang/functions.rs"))?;
    let exists = |name: &str| match name.split_once('/') {
        None => is_test(&sources, name),
        Some(("cases", rest)) => root.join(format!("testdata/cases/{rest}.txt")).is_file(),
        Some(("lang", rest)) => {
            root.join(format!("testdata/lang/{rest}.hcl")).is_file()
                || lang.contains(&format!("\"{rest}\""))
        }
        Some(("parity", rest)) => root.join(format!("testdata/parity/{rest}.pkr.hcl")).is_file(),
        Some(("oracle", rest)) => oracle.contains(&format!("\"{rest}\"")),
        Some(("plugins", rest)) => plugins.contains(&format!("\"{rest}\"")),
        Some(("hosting", rest)) => hosting.contains(&format!("\"{rest}\"")),
        Some(("faults", rest)) => faults.contains(&format!("\"{rest}\"")),
        Some(_) => root.join(name).exists(),
    };
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (number, line) in (1..).zip(page.lines()) {
        let Some(cells) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<_> = cells.split('|').map(str::trim).collect();
        if matches!(cells[..], ["Feature", ..] | ["Packer's", ..] | ["---", ..]) {
            continue;
        }
        rows += 1;
        let [_, word, _, tests] = cells[..] else {
            wrong.push(format!("line {number} has {} cells", cells.len()));
            continue;
        };
        if !WORDS.contains(&word) {
            wrong.push(format!("line {number}: `{word}` is none of {WORDS:?}"));
        }
        let named: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        if named.is_empty() && word != "missing" {
            wrong.push(format!("line {number} names no test"));
        }
        let unknown = named.iter().filter(|name| !exists(name));
        wrong.extend(unknown.map(|name| format!("line {number}: there is no test `{name}`")));
    }
    if rows < 200 {
        wrong.push(format!("there are only {rows} rows"));
    }
    none(&wrong)
}

/// Every feature that was counted in Packer has a row; those of the language and the command line
/// name a test.
pub(crate) fn checklist(root: &Path) -> Result<(), Failed> {
    const FEATURES: usize = 260;
    const WITH_TEST: usize = 165;
    let page = fs::read_to_string(root.join("docs/compatibility.md"))?;
    let rows: Vec<(&str, bool)> = page
        .lines()
        .filter_map(|line| {
            let (feature, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
            Some((feature, rest.rsplit('|').nth(1).is_some_and(|tests| tests.contains('`'))))
        })
        .collect();
    let list = fs::read_to_string(root.join("testdata/checklist.txt"))?;
    let mut wrong = Vec::new();
    let mut expected = 1;
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let (number, features) = line.split_once(' ').ok_or("a number and rows")?;
        if number != expected.to_string() {
            wrong.push(format!("`{number}` stands where {expected} should"));
        }
        for feature in features.split(" | ") {
            let mut found = rows.iter().filter(|(row, _)| row.starts_with(feature)).peekable();
            if found.peek().is_none() {
                wrong.push(format!("{number}: no row begins with {feature}"));
            } else if expected <= WITH_TEST && !found.any(|(_, has_test)| *has_test) {
                wrong.push(format!("{number}: the row {feature} names no test"));
            }
        }
        expected += 1;
    }
    if expected != FEATURES + 1 {
        wrong.push(format!("the list ends before {expected}"));
    }
    none(&wrong)
}

/// Whether a test function has that name.
fn is_test(sources: &str, name: &str) -> bool {
    sources.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let before = &sources[..at];
        let mut lines = before.lines().rev().skip(usize::from(!before.ends_with('\n')));
        let attributes = lines.by_ref().take_while(|line| line.trim_start().starts_with("#["));
        attributes.into_iter().any(|line| line.contains("test"))
    })
}

/// Links from page to page.
pub(crate) fn links(root: &Path) -> Result<(), Failed> {
    let mut pages = files(&root.join("docs"), "md");
    pages.push(root.join("README.md"));
    let mut wrong = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page)?;
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets {
            let path = target.split('#').next().unwrap_or_default();
            let is_local = !path.is_empty() && !path.contains("://") && !path.contains(' ');
            let is_local = is_local && !path.ends_with(LATER);
            if is_local && !page.with_file_name(path).exists() {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    none(&wrong)
}

/// The index of decisions.
pub(crate) fn decisions(root: &Path) -> Result<(), Failed> {
    let folder = root.join("docs/decisions");
    let index = fs::read_to_string(folder.join("README.md"))?;
    let missing: Vec<_> = files(&folder, "md")
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .filter(|name| name != "README.md" && !index.contains(&format!("({name})")))
        .collect();
    none(&missing)
}

/// Every crate that a package of the workspace depends on has a line.
pub(crate) fn crates(root: &Path) -> Result<(), Failed> {
    let page = fs::read_to_string(root.join("docs/decisions/crates.md"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let dependencies = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(" = ").next().filter(|_| line.contains(" = ")));
    // A plugin in Rust names its own, so that a copy of its folder builds.
    let plugins: Vec<String> = files(&root.join("plugins"), "toml")
        .iter()
        .filter(|path| path.ends_with("Cargo.toml"))
        .map(fs::read_to_string)
        .collect::<Result<_, _>>()?;
    let of_plugins = plugins.iter().flat_map(|manifest| manifest.lines());
    let of_plugins = of_plugins
        .skip_while(|line| *line != "[dependencies]")
        .filter(|line| !line.starts_with('['))
        .filter_map(|line| Some(line.split_once(" = ")?.0));
    let dependencies: BTreeSet<&str> =
        dependencies.chain(of_plugins).filter(|name| !name.starts_with("cooper")).collect();
    let listed: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let wrong: Vec<_> =
        dependencies.symmetric_difference(&listed).map(|name| (*name).to_owned()).collect();
    none(&wrong)
}

/// Every file below a folder with an extension.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn none(wrong: &[String]) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
