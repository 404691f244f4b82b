//! Much, and for long: what a plugin's provisioner moves passes through Cooper on its way to another
//! plugin's machine.
//!
//! Both are short as a rule. `COOPER_TEST_MIB=1024` moves a gigabyte each way, and
//! `COOPER_TEST_SILENCE=130` lets a plugin be silent for more than two minutes.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use cooper_testbed::{Context, Error, Result};
use libtest_mimic::Trial;

use crate::plugin::{Encoding, install};
use crate::run::{Run, check};
use crate::trial;

/// The most memory that a process may have of its own: much less than what is moved.
const MOST_KIB: u64 = 96 * 1024;

/// Longer than a gigabyte takes a build that is not optimized, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(540);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("much_is_moved_in_little_memory", much),
        trial("a_plugin_that_is_told_to_be_silent", silence),
    ]
}

/// A number of the environment.
fn given(name: &str, otherwise: u64) -> Result<u64> {
    let Ok(value) = std::env::var(name) else { return Ok(otherwise) };
    value.parse().map_err(|_| Error::new(format!("`{name}` is no number: {value}")))
}

fn much() -> Result<()> {
    let amount = given("COOPER_TEST_MIB", 256)?;
    let run = Run::of("bulk.pkr.hcl", install(Encoding::Newer)?)?.within(LIMIT);
    let mut running = run.start(&[&format!("-var=amount={amount}")])?;
    let mut peaks = BTreeMap::new();
    while running.runs() {
        for process in run.processes() {
            // `cat` and the like are not ours.
            let program = process.command_line.split(' ').next().unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or_default();
            if name.starts_with("cooper") || name.starts_with("packer-plugin-") {
                let peak = peaks.entry(process.command_line).or_insert(0);
                *peak = process.peak.max(*peak);
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let output = running.end()?;
    let bytes = amount << 20;
    let said = [format!("{bytes} bytes went in and out"), format!("{bytes} bytes went through")];
    run.expect(&output, true, &[&said[0], &said[1]])?;
    let told = |(command_line, peak): (&String, &u64)| format!("{peak} KiB: {command_line}\n");
    fs::write(run.folder.join("memory"), peaks.iter().map(told).collect::<String>())
        .context("write how much memory there was")?;
    for (command_line, peak) in &peaks {
        check(*peak < MOST_KIB, || format!("{peak} KiB: {command_line}"))?;
    }
    // Cooper, the builder and the provisioner.
    check(peaks.len() >= 3, || format!("too few are seen: {peaks:?}"))?;
    run.nothing_is_left()
}

/// A plugin on Go's library asks every half minute whether Cooper is there, and Cooper asks it.
fn silence() -> Result<()> {
    let seconds = given("COOPER_TEST_SILENCE", 3)?;
    let run = Run::of("bulk.pkr.hcl", install(Encoding::Newer)?)?.within(LIMIT);
    let output = run.build(&["-var=how=be silent", &format!("-var=amount={seconds}")])?;
    run.expect(&output, true, &["about to be silent"])?;
    run.nothing_is_left()
}
