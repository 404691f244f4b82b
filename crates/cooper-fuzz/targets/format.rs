//! `fmt`: what is laid out twice is as it was after the first time, and still a template.

#![no_main]

use cooper_hcl::{Diagnostics, SourceMap, format, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let Ok(file) = sources.add("fuzz.pkr.hcl", text) else { return };
    let diags = Diagnostics::new();
    let laid_out = format(&file, &diags);
    cooper_fuzz::check(&laid_out, &diags, &sources);
    let Ok(once) = laid_out else { return };
    let Ok(file) = sources.add("once.pkr.hcl", &*once) else { return };
    assert!(parse(&file, &diags).is_ok(), "not a template any more: {once:?}");
    let twice = format(&file, &diags).ok();
    assert_eq!(twice.as_deref(), Some(&*once), "the second time it is laid out otherwise");
});
