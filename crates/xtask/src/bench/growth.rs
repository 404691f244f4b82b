//! How the time for a template grows with it. Packer has nothing to compare: its time for locals
//! grows with their square.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use cooper_testbed::{Context, Result};

use super::Bench;

const COUNTS: [usize; 5] = [1_000, 5_000, 20_000, 50_000, 100_000];

/// So many are measured when only the bench is tried.
const SMALL: [usize; 2] = [100, 200];

/// A bar for the largest time has so many characters.
const WIDTH: f64 = 40.0;

/// What is to be shown: that twice as much takes twice as long.
struct Shape {
    title: &'static str,
    local: fn(usize) -> String,
}

const SHAPES: [Shape; 2] = [
    Shape {
        title: "Locals in a chain, each made from the one before",
        local: |n| match n {
            0 => "  l0 = \"x\"\n".to_owned(),
            n => format!("  l{n} = upper(local.l{})\n", n - 1),
        },
    },
    Shape {
        title: "Locals side by side",
        local: |n| format!("  l{n} = \"local number ${{1 + {n}}}\"\n"),
    },
];

/// Measures `validate` of templates with more and more locals; returns a table for each shape, with
/// the times drawn as bars.
pub(super) fn run(bench: &Bench<'_>, folder: &Path) -> Result<String> {
    let counts = if bench.options.smoke { &SMALL[..] } else { &COUNTS[..] };
    let mut tables = Vec::new();
    for Shape { title, local } in SHAPES {
        let mut rows = Vec::new();
        for &count in counts {
            let locals: String = (0..count).map(local).collect();
            let text = format!(
                "locals {{\n{locals}}}\nsource \"null\" \"n\" {{\n  communicator = \"none\"\n}}\n\
                 build {{\n  sources = [\"source.null.n\"]\n}}\n"
            );
            fs::write(folder.join("template.pkr.hcl"), text).context("write a template")?;
            let measured = bench.measure(&["validate", "template.pkr.hcl"], folder)?;
            rows.push((count, measured.median(), measured.memory));
        }
        tables.push(table(title, &rows));
    }
    Ok(tables.join("\n"))
}

/// Rows of a number of locals, a time, and the peak of memory in KiB.
fn table(title: &str, rows: &[(usize, Duration, u64)]) -> String {
    let mut table = format!(
        "| {title} | Time | For each 1,000 | Peak memory | |\n| ---: | ---: | ---: | ---: | --- |\n"
    );
    let longest = rows.iter().map(|(_, time, _)| time.as_secs_f64()).fold(f64::MIN, f64::max);
    for &(count, time, memory) in rows {
        let milliseconds = time.as_secs_f64() * 1000.0;
        let each = milliseconds * 1000.0 / count as f64;
        let bar = "█".repeat((time.as_secs_f64() / longest * WIDTH).ceil() as usize);
        let memory = memory * 1024 / 1_000_000;
        let count = with_commas(count);
        let _ = writeln!(
            table,
            "| {count} | {milliseconds:.1} ms | {each:.2} ms | {memory} MB | `{bar}` |"
        );
    }
    table
}

fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_drawn() {
        let rows = [
            (1_000, Duration::from_millis(5), 10_000),
            (100_000, Duration::from_millis(200), 100_000),
        ];
        let expected = format!(
            "| x | Time | For each 1,000 | Peak memory | |\n| ---: | ---: | ---: | ---: | --- |\n\
             | 1,000 | 5.0 ms | 5.00 ms | 10 MB | `█` |\n\
             | 100,000 | 200.0 ms | 2.00 ms | 102 MB | `{}` |\n",
            "█".repeat(40)
        );
        assert_eq!(table("x", &rows), expected);
        assert_eq!(with_commas(12), "12");
        assert_eq!(with_commas(1_234_567), "1,234,567");
    }
}
