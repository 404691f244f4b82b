//! `cooper console`: expressions, evaluated one after the other.
//!
//! A pipe gets the last result, a file every result, and a person at a terminal a line to edit,
//! with history and completion.

mod completion;
mod editor;
mod history;

use std::io::{self, BufRead, Read};
use std::os::fd::AsFd;

use cooper_build::{Console, Session};
use cooper_hcl::{Code, Diagnostic, Reported};
use rustix::fs::FileType;

use self::editor::{Editor, Typed};
use super::{asking, check_kind, input_options, print_diagnostics};
use crate::args::{ConfigType, ConsoleArgs};
use crate::exit::Exit;
use crate::interrupt;
use crate::ui::Ui;

const HELP: &str = "\
Type an expression, and its value is shown: upper(var.name), [for n in local.names : \"x-${n}\"]

  variables   all variables and locals with their values
  help        this text
  exit        the end, as are Ctrl-D and Ctrl-C on an empty line

`{{ }}` templates are filled in by components only.";

/// The longest line, in bytes.
const LONGEST: u64 = 64 << 20;

/// Evaluates what comes in on standard input.
pub(crate) fn console(args: &ConsoleArgs, mut session: Session, ui: &mut Ui) -> Exit {
    if check_language(args, &session).is_err() {
        print_diagnostics(&session, ui);
        return Exit::Failure;
    }
    let inputs = input_options(&args.inputs, false);
    let console = asking(&mut session, ui, async |catalog, session| {
        Console::open(args.path.as_deref(), &inputs, catalog, session).await
    });
    let Some(console) = console else { return Exit::Failure };
    interrupt::end_at_first();
    let is_sound = !session.diags.has_errors();
    print_diagnostics(&session, ui);
    let Ok(console) = console else { return Exit::Failure };
    if ui.is_conversation() {
        return converse(&console, &mut session, ui);
    }
    let mut talk = Talk { console: &console, session: &mut session, ui, is_sound };
    let read = match is_pipe() {
        true => talk.last_result(io::stdin().lock()),
        false => talk.every_result(io::stdin().lock()),
    };
    match (read, talk.is_sound) {
        (Ok(()), true) => Exit::Success,
        (Ok(()), false) => Exit::Failure,
        (Err(error), _) => {
            ui.error(&format!("error: cannot read standard input: {error}"));
            Exit::Failure
        }
    }
}

/// Whether `-config-type` asks for something that there is.
fn check_language(args: &ConsoleArgs, session: &Session) -> Result<(), Reported> {
    match (&args.path, args.inputs.config_type) {
        (Some(path), _) => check_kind(path, &args.inputs, session),
        (None, Some(ConfigType::Json)) => {
            let message = "the console reads expressions in HCL, and no `{{ }}` templates";
            let help = "leave out `-config-type=json`; with a legacy template, `var.NAME` is its \
                        variable";
            let error = Diagnostic::error(Code::NotAllowedHere, message);
            Err(session.diags.error(error.help(help)))
        }
        (None, Some(ConfigType::Hcl2) | None) => Ok(()),
    }
}

fn is_pipe() -> bool {
    rustix::fs::fstat(io::stdin().as_fd())
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
}

/// Reads lines from a person until they have had enough. As in Packer, their mistakes do not
/// count.
fn converse(console: &Console, session: &mut Session, ui: &mut Ui) -> Exit {
    let mut editor = match Editor::new(console, session) {
        Ok(editor) => editor,
        Err(error) => {
            ui.error(&format!("error: cannot use the terminal: {error}"));
            return Exit::Failure;
        }
    };
    let mut talk = Talk { console, session, ui, is_sound: true };
    loop {
        match editor.read() {
            Ok(Typed::Line(line)) => {
                editor.remember(&line, &talk.session.secrets);
                match talk.answer(&line) {
                    Answer::Nothing => {}
                    Answer::Text(text) => talk.ui.result(&text),
                    Answer::Exit => return Exit::Success,
                }
            }
            Ok(Typed::Nothing) => {}
            Ok(Typed::End) => return Exit::Success,
            Err(error) => {
                talk.ui.error(&format!("error: cannot read from the terminal: {error}"));
                return Exit::Failure;
            }
        }
    }
}

struct Talk<'a> {
    console: &'a Console,
    session: &'a mut Session,
    ui: &'a mut Ui,
    /// Whether nothing was wrong so far.
    is_sound: bool,
}

/// What follows from a line.
enum Answer {
    /// It was empty or wrong.
    Nothing,
    Text(String),
    Exit,
}

impl Talk<'_> {
    /// Shows what the last line comes to. As in Packer, `exit` ends nothing in a pipe.
    fn last_result(&mut self, mut lines: impl BufRead) -> io::Result<()> {
        let mut last = String::new();
        while let Some(line) = self.line(&mut lines)? {
            last = match self.answer(&line) {
                Answer::Nothing | Answer::Exit => String::new(),
                Answer::Text(text) => text,
            };
        }
        self.ui.result(&last);
        Ok(())
    }

    /// Shows what each line comes to; nothing, which is an empty line, when it is wrong.
    fn every_result(&mut self, mut lines: impl BufRead) -> io::Result<()> {
        while let Some(line) = self.line(&mut lines)? {
            match self.answer(&line) {
                Answer::Nothing => self.ui.result(""),
                Answer::Text(text) => self.ui.result(&text),
                Answer::Exit => break,
            }
        }
        Ok(())
    }

    /// The next line; nothing after the last. One that is no text counts as empty.
    fn line(&mut self, lines: &mut impl BufRead) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        if lines.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.len() as u64 == LONGEST {
            let message = format!("a line is longer than {} MiB", LONGEST >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Some(String::from_utf8(bytes).unwrap_or_else(|cause| {
            let at = cause.utf8_error().valid_up_to();
            let message = format!("the line is not UTF-8: byte {at} begins no character");
            self.session.diags.error(Diagnostic::error(Code::Syntax, message));
            self.tell();
            String::new()
        })))
    }

    fn answer(&mut self, line: &str) -> Answer {
        match line.trim() {
            "" => Answer::Nothing,
            "exit" => Answer::Exit,
            "help" => Answer::Text(HELP.to_owned()),
            "variables" => {
                let Self { console, session, ui, .. } = self;
                Answer::Text(ui.values(&console.inspection, &session.secrets))
            }
            expression => {
                let value = self.console.evaluate(expression, self.session);
                self.tell();
                match value {
                    Ok(value) => Answer::Text(self.session.secrets.scrub(&value.render())),
                    Err(_) => Answer::Nothing,
                }
            }
        }
    }

    /// Prints what was found wrong.
    fn tell(&mut self) {
        let Session { diags, sources, secrets, .. } = &*self.session;
        self.is_sound &= !diags.has_errors();
        self.ui.mistakes(&diags.take(), sources, secrets);
    }
}
