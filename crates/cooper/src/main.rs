//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cooper::run(std::env::args_os().collect()).into()
}
