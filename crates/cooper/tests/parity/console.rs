//! `console`: the same expressions have the same values, written the same way, and the same ones
//! are mistakes.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cooper_testbed::{Context, Error, Result};
use libtest_mimic::{Failed, Trial};

use super::{has_testbed, program};

pub(super) fn trials(folder: &Path) -> Vec<Trial> {
    let trial = |name: &str, compare: fn(&Path) -> Result<()>| {
        let folder = folder.to_owned();
        let trial = Trial::test(name, move || compare(&folder).map_err(Failed::from));
        trial.with_ignored_flag(!has_testbed())
    };
    vec![
        trial("console: values are written as Packer writes them", values),
        trial("console: what Packer refuses is refused", mistakes),
    ]
}

/// The whole table through one `console` of each program, as a file.
fn values(folder: &Path) -> Result<()> {
    let of = |program: &Path| -> Result<String> {
        let table = File::open(folder.join("values.txt")).context("open the table")?;
        let output = console(program, folder).stdin(table).output().context("run the console")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (packer, cooper) = (of(&PathBuf::from("packer"))?, of(&program())?);
    if packer == cooper {
        return Ok(());
    }
    let difference = similar::TextDiff::from_lines(&packer, &cooper);
    Err(Error::new(format!(
        "the values differ:\n{}",
        difference.unified_diff().context_radius(2).header("Packer", "Cooper")
    )))
}

/// Each line through a pipe of its own, so that each has an exit code.
fn mistakes(folder: &Path) -> Result<()> {
    let table = std::fs::read_to_string(folder.join("mistakes.txt")).context("read the table")?;
    let mut differ = Vec::new();
    for line in table.lines() {
        let code = |program: &Path| -> Result<Option<i32>> {
            let mut command = console(program, folder);
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("run the console")?;
            let mut input = child.stdin.take().expect("it is piped");
            writeln!(input, "{line}").context("write an expression")?;
            drop(input);
            Ok(child.wait().context("wait for the console")?.code())
        };
        let (packer, cooper) = (code(&PathBuf::from("packer"))?, code(&program())?);
        if packer != Some(1) || cooper != Some(1) {
            differ.push(format!("`{line}`: Packer {packer:?}, Cooper {cooper:?}"));
        }
    }
    if differ.is_empty() { Ok(()) } else { Err(Error::new(differ.join("\n"))) }
}

fn console(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["console", "template.pkr.hcl"]).current_dir(folder);
    command.env("CHECKPOINT_DISABLE", "1").env("PACKER_NO_COLOR", "1");
    command
}
