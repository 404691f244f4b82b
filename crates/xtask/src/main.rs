//! Chores of the project: `cargo xtask COMMAND`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod bench;
mod ci;
mod demo;
mod fuzz;
mod picture;
mod plugins;
mod workspace;

use std::process::ExitCode;

use cooper_testbed::{Context, Error, Result};

use workspace::Workspace;

const USAGE: &str = "\
cargo xtask COMMAND

  setup             installs what the tests need from Debian's packages, and starts a Docker
                    daemon and a registry of the project's own (needs root)
  env               shows the environment that uses them: eval \"$(cargo xtask env)\"
  with COMMAND …    sets up, and runs a command in that environment
  teardown          ends and removes them
  ci                sets up, runs every check and test, and tears down
  demo [--release]  sets up, and builds and pushes docs/examples/python-app
  bench [OPTION …]  sets up, and compares Cooper's speed with Packer's
      --only LETTERS      only these of the comparisons a to h; of plugins: i, j and m, starting one,
                          n and o, commands, q and r, bytes; and of what only Cooper does: k,
                          keystrokes in an editor; l, more and more locals; p, reading text.
                          a to d need a daemon, and set one up; plugins need Go
      --runs N            measured runs of each program (5)
      --packer-runs N     those of Packer, where that would take too long; 0 leaves it out
      --packer PROGRAM    another Packer than the one on PATH
      --cooper PROGRAM    a Cooper that is built already
      --write FILE        writes what was measured into a page, with a description of the machine
      --smoke             small inputs, one run each: shows that the bench works
  fuzz [OPTION …]   throws made-up texts at the parsers and the evaluator
      --only TARGET       one of them
      --seconds N         how long each runs (60)
  bench parse       how fast text becomes a tree, and is laid out: the letter p alone
  docs              writes the pages of docs that are made from the code
  picture           sets up, and draws docs/picture.svg from a run in a terminal
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    let workspace = Workspace::here();
    match arguments {
        ["setup"] => {
            let environment = workspace.testbed().up()?;
            println!("Docker daemon: {}", environment.docker_host);
            println!("Registry:      {}", environment.registry);
        }
        ["env"] => {
            let environment = workspace
                .testbed()
                .running()
                .ok_or_else(|| Error::new("nothing is set up: `cargo xtask setup` does it"))?;
            for (name, value) in environment.variables() {
                println!("export {name}='{value}'");
            }
        }
        ["with", program, rest @ ..] => return workspace.run_with(program, rest),
        ["teardown"] => workspace.testbed().down()?,
        ["ci"] => ci::run(&workspace)?,
        ["demo"] => demo::run(&workspace, false)?,
        ["demo", "--release"] => demo::run(&workspace, true)?,
        ["bench", "parse"] => {
            println!("{}", bench::parse_speed(&workspace)?);
        }
        ["bench", options @ ..] => bench::run(&workspace, options)?,
        ["fuzz", options @ ..] => fuzz::run(&workspace, options)?,
        ["docs"] => {
            let pages =
                ["test", "--package", "cooper", "--test", "pages", "--", "--bless", "fresh"];
            let status = workspace.cargo(&pages).status().context("start `cargo test`")?;
            return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        ["picture"] => picture::draw(&workspace)?,
        ["help" | "-h" | "--help"] => print!("{USAGE}"),
        _ => {
            eprint!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
