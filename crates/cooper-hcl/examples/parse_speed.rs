//! How fast text becomes a tree, and how fast it is laid out: `cargo xtask bench parse`.

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::time::Instant;

use cooper_hcl::source::TooMuchText;
use cooper_hcl::{Diagnostics, SourceMap, format, parse};

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

fn main() -> Result<(), TooMuchText> {
    let heredoc = "<<EOT\nsome text in a line\nand another ${var.x} one\nand a third one\nEOT\n,\n";
    let keys: String = (0..50_000).map(|n| format!("  key{n} = {n}\n")).collect();
    let texts = [
        ("a typical template", TYPICAL.repeat(10_000)),
        ("heredocs", format!("x = [\n{}]\n", heredoc.repeat(20_000))),
        ("one long string", format!("x = \"{}\"\n", "some words and spaces ".repeat(100_000))),
        ("a long list", format!("x = [{}]\n", "1, \"two\", ".repeat(200_000))),
        ("an object of 50,000 keys", format!("x = {{\n{keys}}}\n")),
        ("many blocks", "b \"l\" {\n  x = 1\n}\n".repeat(100_000)),
    ];
    println!("| What | Size | Parsed | Laid out |\n| --- | ---: | ---: | ---: |");
    for (what, text) in texts {
        let megabytes = text.len() as f64 / 1e6;
        let mut sources = SourceMap::new();
        let file = sources.add(what, text)?;
        let parsed = best(|| drop(parse(&file, &Diagnostics::new())));
        let laid_out = best(|| drop(format(&file, &Diagnostics::new())));
        println!(
            "| {what} | {megabytes:.1} MB | {:.0} MB/s | {:.0} MB/s |",
            megabytes / parsed,
            megabytes / laid_out
        );
    }
    Ok(())
}

/// The shortest of five times, in seconds.
fn best(run: impl Fn()) -> f64 {
    (0..5)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::MAX, f64::min)
}
