//! What a person reads in the build's output.

use std::time::Duration;

use crate::check::Checked;

/// A line, by what it says.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Line {
    Right(String),
    Wrong(String),
}

/// A line for each subject that is right, and for each thing that is wrong.
pub(crate) fn lines(checked: &[Checked]) -> Vec<Line> {
    checked.iter().flat_map(of_one).collect()
}

fn of_one(checked: &Checked) -> Vec<Line> {
    let Checked { kind, name, findings, took: _ } = checked;
    let name = one_line(name);
    if checked.is_right() {
        let what: Vec<String> = findings.iter().map(|finding| one_line(&finding.what)).collect();
        return vec![Line::Right(format!("  ok      {kind} `{name}`: {}", what.join(", ")))];
    }
    let wrong = findings.iter().filter_map(|finding| {
        let wrong = finding.wrong.as_deref()?;
        let what = one_line(&finding.what);
        Some(Line::Wrong(format!("  failed  {kind} `{name}`: {what}: {wrong}")))
    });
    wrong.collect()
}

fn one_line(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// How many there were, and how many are wrong.
pub(crate) fn summary(checked: &[Checked], took: Duration) -> String {
    let findings = || checked.iter().flat_map(|checked| &checked.findings);
    let wrong = findings().filter(|finding| finding.wrong.is_some()).count();
    let (all, seconds) = (findings().count(), took.as_secs_f64());
    match wrong {
        0 => format!("{} passed in {seconds:.1} s", count(all, "check")),
        wrong => format!("{wrong} of {} failed", count(all, "check")),
    }
}

/// That what is wrong is looked at again.
pub(crate) fn again(wrong: usize, time: u32, most: u32) -> String {
    let them = if wrong == 1 { "is" } else { "are" };
    format!("{wrong} {them} not right yet; looking again ({time} of {most})")
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
