//! HCL's JSON syntax: any text is a tree or a list of mistakes, each of which points into the text.

#![no_main]

use cooper_hcl::{Diagnostics, SourceMap, parse_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let Ok(file) = sources.add("fuzz.pkr.json", text) else { return };
    let diags = Diagnostics::new();
    let parsed = parse_json(&file, &diags);
    if let Ok(file) = &parsed {
        file.body.references();
    }
    cooper_fuzz::check(&parsed, &diags, &sources);
});
