//! `cooper completion`: what a shell needs to complete commands and flags.

use clap::CommandFactory;

use crate::args::{Cli, CompletionArgs};
use crate::exit::Exit;
use crate::ui::Ui;

/// Prints the script for a shell.
pub(crate) fn completion(args: &CompletionArgs, ui: &mut Ui) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cooper", &mut script);
    ui.document(&String::from_utf8_lossy(&script));
    Exit::Success
}
