//! The numbers, for people.

use std::time::Duration;

use super::{Comparison, Measurement};

const HEAD: &str = "\
# Performance

Cooper and Packer do the same work in turn on the same machine, with the same Docker daemon: medians,
with the number of runs and the fastest and the slowest of them in parentheses. Peak memory is that
of the largest process, taken in a run of its own. `cargo xtask bench --write docs/performance.md`
writes this page; with `--only LETTERS`, what was not measured stays as it was.
";

const COLUMNS: &str = "\
| | What | Packer | Cooper | Ratio | Peak memory: Packer | Cooper | Aim |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |";

const KEYSTROKES: &str = "## In an editor";
const GROWTH: &str = "## How it grows";
const PARSE: &str = "## Reading text";
const MACHINE: &str = "## The machine";

const GROWTH_TEXT: &str = "\
`cooper validate` as a whole process; the bars show the times. Twice as much should take twice as long.";

const PARSE_TEXT: &str = "\
How fast text becomes a tree, of much of one construct, and of a tenth of that: if time grew faster
than the size, the latter would be many times as fast. (A tree of a hundred megabytes pays for memory
that the system has to find, which makes up to a factor of two.) The time is that of the processor. The
aim is 10 MB/s for each. `fmt` makes the last column. `cargo xtask bench parse` measures this alone.";

/// What was measured.
#[derive(Default)]
pub(super) struct Page {
    pub(super) comparisons: Vec<Comparison>,
    /// Some words.
    pub(super) keystrokes: Option<String>,
    /// Tables.
    pub(super) growth: Option<String>,
    /// A table.
    pub(super) parse: Option<String>,
    /// What it was measured on.
    pub(super) machine: Vec<(&'static str, String)>,
}

impl Page {
    /// The page, with what was measured in the place of what it said before.
    pub(super) fn over(&self, before: &str) -> String {
        let Self { comparisons, keystrokes, growth, parse, machine } = self;
        let rows = rows(before, comparisons);
        let machine: String =
            machine.iter().map(|(name, value)| format!("- {name}: {value}\n")).collect();
        let keystrokes = keystrokes.as_ref().map(|line| format!("`cooper lsp`, {line}\n"));
        let growth = growth.as_ref().map(|tables| format!("{GROWTH_TEXT}\n\n{tables}"));
        let parse = parse.as_ref().map(|table| format!("{PARSE_TEXT}\n\n{table}\n"));
        let mut page = format!("{HEAD}\n{COLUMNS}\n{rows}");
        for (heading, text) in
            [(KEYSTROKES, keystrokes), (GROWTH, growth), (PARSE, parse), (MACHINE, Some(machine))]
        {
            if let Some(text) = text.or_else(|| section(before, heading)) {
                page.push_str(&format!("\n{heading}\n\n{}\n", text.trim()));
            }
        }
        page
    }
}

/// The rows of the table: those of a page, but for what was measured.
fn rows(before: &str, comparisons: &[Comparison]) -> String {
    let letter = |line: &str| match line.strip_prefix("| ")?.split(" |").next()?.as_bytes() {
        [letter @ b'a'..=b'z'] => Some(char::from(*letter)),
        _ => None,
    };
    let mut rows: Vec<(char, String)> =
        comparisons.iter().map(|new| (new.scenario.letter, row(new))).collect();
    for line in before.lines() {
        if let Some(letter) = letter(line)
            && rows.iter().all(|(other, _)| *other != letter)
        {
            rows.push((letter, line.to_owned()));
        }
    }
    rows.sort();
    rows.into_iter().map(|(_, row)| row + "\n").collect()
}

/// What stands under a heading.
fn section(page: &str, heading: &str) -> Option<String> {
    let (_, text) = page.split_once(&format!("\n{heading}\n"))?;
    Some(text.split("\n## ").next()?.to_owned())
}

/// A line of the table.
pub(super) fn row(comparison: &Comparison) -> String {
    let Comparison { scenario, packer, cooper } = comparison;
    let ratio = |packer: &Measurement| {
        let ratio = cooper.median().as_secs_f64() / packer.median().as_secs_f64();
        // Three digits that say something.
        if ratio < 0.01 { format!("{ratio:.5}") } else { format!("{ratio:.3}") }
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let packer = packer.as_ref();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        scenario.letter,
        scenario.title,
        or_dash(packer.map(times)),
        times(cooper) + &speed(scenario.moved, cooper),
        or_dash(packer.map(ratio)),
        or_dash(packer.map(memory)),
        memory(cooper),
        scenario.goal,
    )
}

/// How fast something was moved, in millions of bytes.
fn speed(moved: Option<u64>, measurement: &Measurement) -> String {
    let Some(moved) = moved else { return String::new() };
    let bytes = (moved << 20) as f64;
    format!(", {:.0} MB/s", bytes / measurement.median().as_secs_f64() / 1e6)
}

fn memory(measurement: &Measurement) -> String {
    format!("{} MB", measurement.memory * 1024 / 1_000_000)
}

fn times(measurement: &Measurement) -> String {
    let of = |time: Option<&Duration>| time.copied().map_or_else(String::new, time_text);
    let median = time_text(measurement.median());
    match measurement.times.len() {
        1 => format!("{median} (1 run)"),
        count => format!(
            "{median} ({count}: {}–{})",
            of(measurement.times.first()),
            of(measurement.times.last())
        ),
    }
}

fn time_text(time: Duration) -> String {
    if time < Duration::from_millis(100) {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::scenario::Scenario;

    fn comparison(letter: char, milliseconds: u64) -> Comparison {
        let scenario = Scenario::all().into_iter().find(|s| s.letter == letter).unwrap();
        let times = vec![Duration::from_millis(milliseconds)];
        Comparison { scenario, packer: None, cooper: Measurement { times, memory: 1000 } }
    }

    #[test]
    fn what_was_not_measured_stays() {
        let first = Page {
            comparisons: vec![comparison('f', 5), comparison('a', 300)],
            keystrokes: Some("fast".to_owned()),
            growth: Some("| 1 |\n".to_owned()),
            parse: Some("| 2 |".to_owned()),
            machine: vec![("Day", "one".to_owned())],
        };
        let page = first.over("");
        assert_eq!(first.over(&page), page);
        assert!(page.find("| a |").unwrap() < page.find("| f |").unwrap());

        let second = Page {
            comparisons: vec![comparison('a', 200)],
            parse: Some("| 3 |".to_owned()),
            machine: vec![("Day", "two".to_owned())],
            ..Page::default()
        };
        let expected = page
            .replace("0.30 s", "0.20 s")
            .replace("| 2 |", "| 3 |")
            .replace("Day: one", "Day: two");
        assert_eq!(second.over(&page), expected);
    }
}
