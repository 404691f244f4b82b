//! How fast text becomes a tree, and how fast it is laid out: `cargo xtask bench parse`.
//!
//! Every construct is measured at two sizes, so that anything that is not linear shows. What
//! counts is the time that a processor had for it, so that a busy machine changes little; to take a
//! tree apart again is not counted.

#![expect(clippy::print_stdout, reason = "a program for people")]

use cooper_hcl::source::TooMuchText;
use cooper_hcl::{Diagnostics, SourceMap, format, parse, parse_json};
use rustix::time::{ClockId, clock_gettime};

/// What a template is mostly made of.
const TYPICAL: &str = r#"source "docker" "ubuntu" {
  image   = "ubuntu:24.04"
  commit  = true
  changes = ["USER www", "ENV A=${var.a}"]
  # a comment
  volumes = {
    "/a" = "/b"
    c    = 1
  }
}

locals {
  a = var.x == 1 ? "a" : upper("b-${var.y}")
  b = [for x in var.list : x if x != ""]
}
"#;

const HEREDOC: &str =
    "<<EOT\nsome text in a line\nand another ${var.x} one\nand a third one\nEOT\n,\n";

/// Something that a text may hold much of.
struct Construct {
    what: &'static str,
    /// The text with so many pieces.
    text: fn(usize) -> String,
    /// How many pieces there are in the larger of two texts.
    pieces: usize,
}

const CONSTRUCTS: &[Construct] = &[
    Construct { what: "a typical template", text: |n| TYPICAL.repeat(n), pieces: 10_000 },
    Construct { what: "blocks", text: |n| "b \"l\" {\n  x = 1\n}\n".repeat(n), pieces: 100_000 },
    Construct {
        what: "one body of arguments",
        text: |n| (0..n).map(|n| format!("a{n} = true\n")).collect(),
        pieces: 100_000,
    },
    Construct {
        what: "one object",
        text: |n| format!("x = {{\n{}}}\n", items(n, |n| format!("  key{n} = {n}\n"))),
        pieces: 50_000,
    },
    Construct {
        what: "one list",
        text: |n| format!("x = [{}]\n", "1, \"two\", ".repeat(n)),
        pieces: 200_000,
    },
    Construct {
        what: "references",
        text: |n| format!("x = [{}]\n", "var.a.b[0].c, ".repeat(n)),
        pieces: 100_000,
    },
    Construct {
        what: "calls",
        text: |n| format!("x = [{}]\n", "upper(join(\",\", a, b...)), ".repeat(n)),
        pieces: 50_000,
    },
    Construct {
        what: "operators and conditions",
        text: |n| format!("x = [{}]\n", "a + 2 * -b >= 1 && !c ? 1.5 : null, ".repeat(n)),
        pieces: 50_000,
    },
    Construct {
        what: "`for` expressions",
        text: |n| format!("x = [{}]\n", "{ for k, v in a : k => v... if v }, ".repeat(n)),
        pieces: 50_000,
    },
    Construct {
        what: "one string",
        text: |n| format!("x = \"{}\"\n", "some words and spaces ".repeat(n)),
        pieces: 100_000,
    },
    Construct {
        what: "one string with escapes",
        text: |n| format!("x = \"{}\"\n", "a line\\n\\\"é\\u00e9 ".repeat(n)),
        pieces: 100_000,
    },
    Construct {
        what: "one string with interpolations",
        text: |n| format!("x = \"{}\"\n", "a ${b} c ${d.e}".repeat(n)),
        pieces: 100_000,
    },
    Construct {
        what: "one string with directives",
        text: |n| format!("x = \"{}\"\n", "%{ if a }b%{ else }c%{ endif }".repeat(n)),
        pieces: 50_000,
    },
    Construct {
        what: "heredocs",
        text: |n| format!("x = [\n{}]\n", HEREDOC.repeat(n)),
        pieces: 20_000,
    },
    Construct {
        what: "one heredoc",
        text: |n| format!("x = <<-EOT\n{}  EOT\n", "    a line of ${text}\n".repeat(n)),
        pieces: 100_000,
    },
    Construct { what: "comments", text: |n| "# a comment\n/* b */\n".repeat(n), pieces: 100_000 },
];

const JSON: Construct = Construct {
    what: "JSON syntax",
    text: |n| {
        let item = |n| format!("\"l{n}\": [\"a ${{var.x}}\", {{ \"b\": {n}, \"c\": true }}]");
        format!("{{\"locals\": {{{}}}}}", (0..n).map(item).collect::<Vec<_>>().join(",\n"))
    },
    pieces: 40_000,
};

fn items(count: usize, item: fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

fn main() -> Result<(), TooMuchText> {
    println!("| | Size | To a tree | A tenth of it | Laid out |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for Construct { what, text, pieces } in CONSTRUCTS {
        let large = text(*pieces);
        let parsed = speed(&large, |file| parse(file, &Diagnostics::new()))?;
        let tenth = speed(&text(pieces / 10), |file| parse(file, &Diagnostics::new()))?;
        let laid_out = speed(&large, |file| format(file, &Diagnostics::new()))?;
        let size = megabytes(&large);
        println!("| {what} | {size:.1} MB | {parsed} | {tenth} | {laid_out} |");
    }
    let Construct { what, text, pieces } = JSON;
    let large = text(pieces);
    let parsed = speed(&large, |file| parse_json(file, &Diagnostics::new()))?;
    let tenth = speed(&text(pieces / 10), |file| parse_json(file, &Diagnostics::new()))?;
    println!("| {what} | {:.1} MB | {parsed} | {tenth} | – |", megabytes(&large));
    Ok(())
}

fn megabytes(text: &str) -> f64 {
    text.len() as f64 / 1e6
}

/// How fast something is done with a text: the best of five times.
fn speed<T>(
    text: &str,
    work: impl Fn(&cooper_hcl::SourceFile) -> T,
) -> Result<String, TooMuchText> {
    let mut sources = SourceMap::new();
    let file = sources.add("", text)?;
    let time = |_| {
        let start = processor_time();
        let made = work(&file);
        let time = processor_time() - start;
        drop(made);
        time
    };
    let best = (0..5).map(time).fold(f64::MAX, f64::min);
    Ok(format!("{:.0} MB/s", megabytes(text) / best))
}

/// How long this thread has had a processor, in seconds.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
