//! The numbers, for people.

use std::time::Duration;

use super::{Comparison, Measurement};

const HEAD: &str = "\
| | What | Packer | Cooper | Ratio | Peak memory: Packer | Cooper | Aim |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |";

/// The table, as Markdown.
pub(crate) fn table(comparisons: &[Comparison]) -> String {
    let mut lines = vec![HEAD.to_owned()];
    lines.extend(comparisons.iter().map(row));
    lines.join("\n")
}

/// A line of the table.
pub(crate) fn row(comparison: &Comparison) -> String {
    let Comparison { scenario, packer, cooper } = comparison;
    format!(
        "| {} | {} | {} | {} | {:.3} | {} MB | {} MB | {} |",
        scenario.letter,
        scenario.title,
        times(packer),
        times(cooper),
        cooper.median().as_secs_f64() / packer.median().as_secs_f64(),
        packer.memory * 1024 / 1_000_000,
        cooper.memory * 1024 / 1_000_000,
        scenario.goal,
    )
}

/// The whole page.
pub(crate) fn text(
    comparisons: &[Comparison],
    keystrokes: Option<&str>,
    machine: &[(&str, String)],
) -> String {
    let keystrokes = keystrokes
        .map_or_else(String::new, |line| format!("## In an editor\n\n`cooper lsp`, {line}\n\n"));
    let machine: Vec<_> =
        machine.iter().map(|(name, value)| format!("- {name}: {value}")).collect();
    format!(
        "# Performance\n\n\
         Cooper and Packer do the same work in turn on the same Docker daemon: medians, with the\n\
         number of runs and the fastest and the slowest of them in parentheses. Peak memory is\n\
         that of the largest process, taken in a run of its own. `cargo xtask bench --write\n\
         docs/performance.md` writes this page.\n\n\
         {}\n\n{keystrokes}## The machine\n\n{}\n",
        table(comparisons),
        machine.join("\n"),
    )
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
