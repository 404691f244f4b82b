//! Side by side with HashiCorp's own HCL, which `testdata/oracle` makes a program of.
//!
//! Without Go the comparisons are ignored, unless `COOPER_TEST_ORACLE=require` is set.

#![expect(clippy::print_stderr, reason = "tests tell why they cannot run")]

mod chance;
mod client;
mod evaluate;
mod format;
mod generator;
mod parse;
mod spoilt;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use client::Oracle;

/// A comparison: a name and what is compared.
type Comparison = (&'static str, fn(&mut Oracle) -> Result<(), Failed>);

/// What the environment says of a comparison by chance.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn comparisons() -> Vec<Comparison> {
    [parse::comparisons(), format::comparisons(), evaluate::comparisons(), spoilt::comparisons()]
        .concat()
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("COOPER_TEST_ORACLE").is_some_and(|value| value == "require");
    let possible = client::is_possible();
    // Nothing is built to list names.
    let program = match (required || possible) && !arguments.list {
        true => client::build(),
        false => Err("there is no Go".to_owned()),
    };
    if let (Err(cause), false, false) = (&program, required, arguments.list) {
        eprintln!("not compared with HashiCorp's HCL: {cause}");
    }
    let ignored = program.is_err() && !required;
    let trials = comparisons()
        .into_iter()
        .map(|(name, compare)| {
            let program = program.clone();
            Trial::test(name, move || run(program.as_deref(), compare)).with_ignored_flag(ignored)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(
    program: Result<&Path, &String>,
    compare: fn(&mut Oracle) -> Result<(), Failed>,
) -> Result<(), Failed> {
    compare(&mut Oracle::start(program?)?)
}
