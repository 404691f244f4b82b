//! Native syntax: any text is a tree or a list of mistakes, each of which points into the text.

#![no_main]

use cooper_hcl::{Diagnostics, SourceMap, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let Ok(file) = sources.add("fuzz.pkr.hcl", text) else { return };
    let diags = Diagnostics::new();
    let parsed = parse(&file, &diags);
    let found = diags.take();
    match parsed {
        Ok(file) => drop(file.body.references()),
        Err(_) => assert!(!found.is_empty(), "it failed, and nobody was told why"),
    }
    for diagnostic in &found {
        for label in diagnostic.primary.iter().chain(&diagnostic.labels) {
            assert!(sources.file(label.span).is_some(), "a label outside the text: {diagnostic:?}");
        }
    }
});
