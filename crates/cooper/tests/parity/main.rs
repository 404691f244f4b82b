//! Side by side with a real Packer: each template of `testdata/parity` is built by Debian's
//! Packer and by Cooper on the same daemon. The images must have the same configuration and the
//! same tree, and the files left behind the same meaning, but for what [`difference`] lists.
//! Expressions must have the same values in [`console`], and a machine that is reached by ssh the same
//! files in [`machine`].
//!
//! `COOPER_PARITY_PROGRAM` names another program to compare with Packer: with `packer` itself it
//! shows what differs between two runs of the same program.

mod archive;
mod console;
mod difference;
mod image;
mod machine;
mod outcome;

use std::path::{Path, PathBuf};

use cooper_testbed::{Context, Error, Result};
use libtest_mimic::{Arguments, Failed, Trial};

use outcome::Outcome;

fn main() {
    let arguments = Arguments::from_args();
    let templates = testdata();
    let mut trials: Vec<_> = names(&templates).into_iter().map(|name| trial(&name)).collect();
    trials.extend(console::trials(&templates.join("console")));
    let machine = || machine::compare(&program()).map_err(Failed::from);
    let machine = Trial::test("machine: scripts and files by ssh", machine);
    trials.push(machine.with_ignored_flag(!has_testbed()));
    trials.push(Trial::test("every allowed difference is documented", documented));
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str) -> Trial {
    let case = name.to_owned();
    let trial = Trial::test(name, move || compare(&case).map_err(Failed::from));
    trial.with_ignored_flag(!has_testbed())
}

/// Without a testbed there is neither a Packer nor a daemon: `cargo xtask with` brings them.
fn has_testbed() -> bool {
    std::env::var("COOPER_TEST_DOCKER").is_ok_and(|value| value == "require")
}

/// The program that is compared with Packer.
fn program() -> PathBuf {
    std::env::var_os("COOPER_PARITY_PROGRAM")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_cooper")), PathBuf::from)
}

fn compare(name: &str) -> Result<()> {
    let packer = Outcome::of(name, Path::new("packer"))?;
    if packer.code != Some(packer.expected_code) {
        return Err(Error::new(format!(
            "Packer ended with {:?} and not {}:\n{}",
            packer.code, packer.expected_code, packer.output
        )));
    }
    let cooper = Outcome::of(name, &program())?;
    let differences = difference::between(&packer, &cooper);
    if differences.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = differences.iter().map(|difference| format!("  {difference}")).collect();
    Err(Error::new(format!(
        "Packer and Cooper differ:\n{}\n--- Packer said\n{}\n--- Cooper said\n{}",
        list.join("\n"),
        packer.output,
        cooper.output
    )))
}

/// The list in the code and the page that users read must not drift apart.
fn documented() -> std::result::Result<(), Failed> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compatibility.md");
    let page = std::fs::read_to_string(&page).context(format!("read {}", page.display()))?;
    for allowed in difference::ALLOWED {
        if !page.contains(allowed.documented_as) {
            return Err(format!(
                "docs/compatibility.md has nothing that says `{}`",
                allowed.documented_as
            )
            .into());
        }
    }
    Ok(())
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/parity")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is part of the repository");
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".pkr.hcl")?.to_owned()))
        .collect();
    names.sort();
    names
}
