//! What a fuzzing program begins with: small texts, taken from what the other tests are made of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cooper_testbed::{Context, Result};

use crate::workspace::Workspace;

/// Longer texts are of no use: a program changes a few bytes at a time.
pub(super) const LONGEST: usize = 8192;

/// Where the texts for a target are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Whole files of a folder, and of those in it.
    Files(&'static str),
    /// The files of test cases whose names end so.
    Sections(&'static str),
    /// The lines of a file.
    Lines(&'static str),
    /// The lines of the files of a folder, and of those in it, that hold this.
    LinesWith(&'static str, &'static str),
    /// What stands between backquotes in a page.
    Quoted(&'static str),
}

/// Writes the texts of these sources into a folder, each once; returns how many there are.
pub(super) fn collect(workspace: &Workspace, sources: &[Source], to: &Path) -> Result<usize> {
    let mut texts = BTreeSet::new();
    for source in sources {
        match source {
            Source::Files(folder) => texts.extend(contents(&workspace.path(folder))?),
            Source::Sections(ending) => {
                let cases = contents(&workspace.path("testdata/cases"))?;
                texts.extend(cases.iter().flat_map(|case| sections(case, ending)));
            }
            Source::Lines(file) => {
                let text =
                    fs::read_to_string(workspace.path(file)).context(format!("read {file}"))?;
                texts.extend(text.lines().map(str::to_owned));
            }
            Source::LinesWith(folder, part) => {
                for text in contents(&workspace.path(folder))? {
                    let lines = text.lines().filter(|line| line.contains(part));
                    texts.extend(lines.map(str::to_owned));
                }
            }
            Source::Quoted(page) => {
                let text =
                    fs::read_to_string(workspace.path(page)).context(format!("read {page}"))?;
                texts.extend(text.lines().flat_map(quoted));
            }
        }
    }
    texts.retain(|text| !text.is_empty() && text.len() <= LONGEST);
    if to.exists() {
        fs::remove_dir_all(to).context(format!("remove {}", to.display()))?;
    }
    fs::create_dir_all(to).context(format!("make {}", to.display()))?;
    for (n, text) in texts.iter().enumerate() {
        fs::write(to.join(format!("{n:04}")), text).context("write a text")?;
    }
    Ok(texts.len())
}

/// The texts of all files below a folder; those that are no text are left out.
fn contents(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let place = || format!("read {}", folder.display());
        for entry in fs::read_dir(&folder).context(place())? {
            let path = entry.context(place())?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.extend(fs::read_to_string(path));
            }
        }
    }
    Ok(texts)
}

/// The files of a test case whose names end so.
fn sections(case: &str, ending: &str) -> Vec<String> {
    let sections = case.split("\n-- ").skip(1).filter_map(|section| section.split_once(" --\n"));
    let wanted = sections.filter(|(title, _)| title.ends_with(ending));
    wanted.map(|(_, text)| format!("{text}\n")).collect()
}

/// What stands between backquotes in a line.
fn quoted(line: &str) -> Vec<String> {
    line.split('`').skip(1).step_by(2).map(|text| text.replace("\\|", "|")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found() {
        let case = "A case.\n\n$ cooper validate .\n-- a.pkr.hcl --\nlocals {}\n-- b.json --\n{}\n-- stderr --\nx\n";
        assert_eq!(sections(case, ".pkr.hcl"), ["locals {}\n"]);
        assert_eq!(sections(case, ".json"), ["{}\n"]);
        assert_eq!(quoted("| `a` | `f(x)`: as `b \\| c` |"), ["a", "f(x)", "b | c"]);
    }
}
