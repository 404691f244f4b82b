//! Every check and test, from a machine that has Rust and nothing else.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cooper_testbed::{Context, Error, Result, process};

use crate::workspace::{Workspace, in_environment};
use crate::{bench, demo, fuzz, plugins};

/// All together may take this long.
const LIMIT: Duration = Duration::from_secs(80 * 60);

/// Properties and fuzzing begin with it, so that a commit passes or fails whenever it is checked; who
/// runs the tests by hand looks elsewhere each time.
const SEED: &str = "1";

/// Runs everything and ends with how many tests passed; fails at the first check that fails, but
/// lets every test run.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let result = checks(workspace);
    if result.is_err() {
        eprintln!("{}", workspace.testbed().logs());
    }
    let removed = workspace.testbed().down();
    let total = result?;
    removed.context("everything passed, but the testbed cannot be removed")?;
    println!("total: {} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    Ok(())
}

fn checks(workspace: &Workspace) -> Result<Total> {
    let end = Instant::now() + LIMIT;
    let check = |name: &str, command: &mut Command| {
        println!("── {name}");
        step(name, command, end, |_| {})
    };
    check("formatting", &mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    check("lints", &mut workspace.cargo(&lints))?;
    let mut doc = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    check("documentation", doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    for (name, mut command) in plugins::checks(workspace) {
        check(name, &mut command)?;
    }

    println!("── testbed");
    let environment = workspace.testbed().up()?;
    println!("daemon at {}, registry at {}", environment.docker_host, environment.registry);

    println!("── tests");
    let mut total = Total::default();
    let mut tests = workspace.cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.env("COOPER_TEST_ORACLE", "require").env("COOPER_TEST_PLUGINS", "require");
    tests.env("PROPTEST_RNG_SEED", SEED);
    step("tests", in_environment(&mut tests, &environment), end, |line| total.add(line))?;

    println!("── demonstration");
    demo::run(workspace, false)?;

    println!("── fuzzing, for seconds");
    fuzz::run(workspace, &["--seconds", "5", "--seed", SEED])?;

    println!("── bench, small");
    bench::run(workspace, &["--smoke", "--only", "abfghiklmor"])?;
    Ok(total)
}

/// Runs a command, shows its standard output and hands on every line of it.
fn step(
    name: &str,
    command: &mut Command,
    end: Instant,
    mut line: impl FnMut(&str) + Send,
) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .context(format!("start {name}"))?;
    let output = child.stdout.take();
    let status = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut bytes = Vec::new();
            let mut output = output.map(BufReader::new);
            while let Some(output) = &mut output
                && output.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0)
            {
                // Whoever reads us may be gone; the tests go on all the same.
                let _ = std::io::stdout().write_all(&bytes);
                line(&String::from_utf8_lossy(&bytes));
                bytes.clear();
            }
        });
        process::wait(&mut child, end.saturating_duration_since(Instant::now()))
    });
    match status.context(name)? {
        status if status.success() => Ok(()),
        status => Err(Error::new(format!("{name}: {status}"))),
    }
}

/// How many tests there were, over all programs of tests.
#[derive(Debug, Default, PartialEq, Eq)]
struct Total {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Total {
    /// Adds a line of `cargo test` if it is a summary.
    fn add(&mut self, line: &str) {
        let Some(counts) = line.trim().strip_prefix("test result: ") else { return };
        // `ok. 3 passed; 0 failed; 1 ignored; 0 measured; …`
        let words: Vec<_> = counts.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Total;

    #[test]
    fn summaries_add_up() {
        let mut total = Total::default();
        total.add("running 3 tests\n");
        total.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out\n");
        total.add("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered");
        assert_eq!(total, Total { passed: 5, failed: 1, skipped: 1 });
    }
}
