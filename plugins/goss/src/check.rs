//! What can be checked, and what was found.

pub(crate) mod command;
pub(crate) mod file;
pub(crate) mod group;
pub(crate) mod package;
pub(crate) mod port;
pub(crate) mod user;

use std::fmt::{Debug, Display};
use std::time::Duration;

use cooper_plugin::{Machine, Result};
use futures::future::BoxFuture;

use crate::pattern::Pattern;

/// Something in a machine of which something is expected.
pub(crate) trait Subject: Send + Sync {
    /// `file`
    fn kind(&self) -> &'static str;

    /// Which one it is.
    fn name(&self) -> String;

    /// What is wrong with what is expected, if anything.
    fn mistake(&self) -> Option<String>;

    /// Compares what is expected with what is there. Fails when that cannot be told.
    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>>;
}

/// One thing that was expected of a subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    /// What: `mode`.
    pub(crate) what: String,
    /// Why it is not as expected; nothing, when it is.
    pub(crate) wrong: Option<String>,
}

/// What was found of a subject.
pub(crate) struct Checked {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) took: Duration,
}

impl Checked {
    pub(crate) fn is_right(&self) -> bool {
        self.findings.iter().all(|finding| finding.wrong.is_none())
    }
}

impl Finding {
    /// What is there is what is expected, or not.
    pub(crate) fn same<T: PartialEq + Display>(what: &str, expected: &T, found: &T) -> Self {
        let is_same = expected == found;
        let wrong = (!is_same).then(|| format!("is `{found}`, and not `{expected}`"));
        Self { what: what.to_owned(), wrong }
    }

    /// Something that holds, or what to say of it.
    pub(crate) fn holds(what: &str, holds: bool, otherwise: impl Into<String>) -> Self {
        Self { what: what.to_owned(), wrong: (!holds).then(|| otherwise.into()) }
    }

    /// What is to be found in a text.
    pub(crate) fn patterns(what: &str, patterns: &[String], text: &str) -> Vec<Self> {
        let finding = |pattern: &String| {
            // That it can be read was made sure of before.
            let wrong = Pattern::read(pattern).and_then(|pattern| pattern.look(text)).err();
            Self { what: format!("{what} {pattern}"), wrong }
        };
        patterns.iter().map(finding).collect()
    }
}

/// What is wrong with patterns.
pub(crate) fn mistake_of(what: &str, patterns: &[String]) -> Option<String> {
    let mut mistakes = patterns.iter().filter_map(|pattern| Pattern::read(pattern).err());
    mistakes.next().map(|mistake| format!("`{what}`: {mistake}"))
}

/// The lines of a file such as `/etc/passwd`, cut at their colons.
pub(crate) async fn database(machine: &Machine, path: &str) -> Result<Vec<Vec<String>>> {
    let text = machine.read(format!("cat {path}")).await?;
    Ok(records(&text))
}

fn records(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

/// A record by its name.
pub(crate) fn named<'a>(records: &'a [Vec<String>], name: &str) -> Option<&'a [String]> {
    let found = records.iter().find(|record| record.first().is_some_and(|first| first == name));
    found.map(Vec::as_slice)
}

/// A field of a record; empty when there is none.
pub(crate) fn field(record: &[String], index: usize) -> &str {
    record.get(index).map_or("", String::as_str)
}
