//! Turns arguments into a run, and its events into output.
//!
//! [`run`] is the program: it reads the command line and calls one of `commands`. Each command
//! is a prefix of the same pipeline; what is printed goes through [`ui`].

pub mod args;
mod commands;
mod crash;
mod engine;
pub mod exit;
mod interrupt;
mod log;
pub mod os;
pub mod ui;

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use cooper_build::Session;
use cooper_build::template::is_legacy;
use cooper_hcl::System;

use self::args::{Cli, Command, Stop};
use self::exit::Exit;
use self::os::Os;
use self::ui::{Format, Ui, UiOptions};

/// Does what the command line says, the program's own name first.
pub fn run(argv: Vec<OsString>) -> Exit {
    crash::guard(|| obey(argv))
}

fn obey(argv: Vec<OsString>) -> Exit {
    let cli = match args::parse(argv) {
        Ok(cli) => cli,
        Err(stop) => return print(&stop),
    };
    let os = Os::new();
    let os = if asks_stores(&cli.command, &os) { os.with_secret_stores() } else { os };
    let system: Arc<dyn System> = Arc::new(os);
    let mut ui = Ui::new(options(&cli), &*system);
    let session = Session::new(system.clone());
    ui.keep(&session.secrets);
    crash::keep(&session.secrets);
    if needs_log(&cli.command) {
        log::start(&session, &mut ui);
    }
    let exit = match &cli.command {
        Command::Version => {
            ui.version();
            Exit::Success
        }
        Command::Completion(args) => commands::completion(args, &mut ui),
        Command::Validate(args) => commands::validate(args, session, &mut ui),
        Command::Inspect(args) => commands::inspect(args, session, &mut ui),
        Command::Upgrade(args) => commands::upgrade(args, session, &mut ui),
        Command::Fix(args) => commands::fix(args, session, &mut ui),
        Command::Init(args) => commands::init(args, session, &mut ui),
        Command::Plugins(args) => commands::plugins(args, session, &mut ui),
        Command::Lsp(_) => commands::lsp(system, &mut ui),
        Command::Console(args) => commands::console(args, session, &mut ui),
        Command::Fmt(args) => commands::fmt(args, session, &mut ui),
        Command::Build(args) => commands::build(args, session, &mut ui),
    };
    match ui.failure() {
        Some(error) => {
            // Standard error is what is left when standard output is not.
            let _ = writeln!(std::io::stderr(), "error: cannot write the output: {error}");
            Exit::Failure
        }
        None => exit,
    }
}

/// Whether a command does anything that may be logged.
fn needs_log(command: &Command) -> bool {
    !matches!(command, Command::Version | Command::Completion(_))
}

/// Whether a command may ask the places that keep secrets: those that also read data sources.
fn asks_stores(command: &Command, os: &Os) -> bool {
    match command {
        Command::Build(_) | Command::Console(_) => true,
        // A legacy template is shown as it was written.
        Command::Inspect(args) => !is_legacy(&args.template.path, os),
        Command::Validate(args) => args.evaluate_datasources,
        Command::Version
        | Command::Completion(_)
        | Command::Init(_)
        | Command::Plugins(_)
        | Command::Lsp(_)
        | Command::Fmt(_)
        | Command::Upgrade(_)
        | Command::Fix(_) => false,
    }
}

/// Prints help or what is wrong with the command line. A reader that went away is not told.
fn print(stop: &Stop) -> Exit {
    let _ = match stop.exit {
        Exit::Success => std::io::stdout().write_all(stop.text.as_bytes()),
        Exit::Failure | Exit::NotCanonical | Exit::UnknownCommand => {
            std::io::stderr().write_all(stop.text.as_bytes())
        }
    };
    stop.exit
}

fn options(cli: &Cli) -> UiOptions {
    let format = match (cli.json, cli.machine_readable) {
        (true, _) => Format::Json,
        (false, true) => Format::Machine,
        (false, false) => Format::Human,
    };
    let (color, timestamps) = match &cli.command {
        Command::Build(args) => (args.color, args.timestamp_ui),
        Command::Validate(_)
        | Command::Inspect(_)
        | Command::Upgrade(_)
        | Command::Fix(_)
        | Command::Init(_)
        | Command::Plugins(_)
        | Command::Lsp(_)
        | Command::Console(_)
        | Command::Fmt(_)
        | Command::Completion(_)
        | Command::Version => (true, false),
    };
    UiOptions { format, color, timestamps }
}
