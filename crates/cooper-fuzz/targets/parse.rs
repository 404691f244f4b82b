//! Native syntax: any text is a tree or a list of mistakes, each of which points into the text.

#![no_main]

use cooper_hcl::{Diagnostics, SourceMap, parse, parse_partial};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let Ok(file) = sources.add("fuzz.pkr.hcl", text) else { return };
    let diags = Diagnostics::new();
    let parsed = parse(&file, &diags);
    if let Ok(file) = &parsed {
        file.body.references();
    }
    cooper_fuzz::check(&parsed, &diags, &sources);
    parse_partial(&file, &diags).body.references();
});
