//! A line to edit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cooper_build::{Console, Secrets, Session};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{FileHistory, History as _};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Event, EventContext,
    EventHandler, Helper, KeyEvent, RepeatCount,
};

use super::completion::{Names, is_unfinished};
use super::history::HistoryFile;

const PROMPT: &str = "> ";
/// So many lines are remembered.
const HISTORY: usize = 1000;

/// What a person did.
pub(super) enum Typed {
    /// They typed a line, or several that belong together.
    Line(String),
    /// They thought better of it.
    Nothing,
    /// They want to leave.
    End,
}

/// Reads lines from a terminal.
pub(super) struct Editor<'a> {
    editor: rustyline::Editor<Names<'a>, FileHistory>,
    file: Option<HistoryFile>,
    /// Whether the line was empty when it was interrupted.
    was_empty: Arc<AtomicBool>,
}

impl<'a> Editor<'a> {
    /// Takes the terminal.
    pub(super) fn new(console: &'a Console, session: &Session) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .max_history_size(HISTORY)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = rustyline::Editor::with_config(config)?;
        editor.set_helper(Some(Names::new(console, session)));
        let was_empty = Arc::new(AtomicBool::new(false));
        let interrupt = Interrupt { was_empty: was_empty.clone() };
        let interrupt = EventHandler::Conditional(Box::new(interrupt));
        editor.bind_sequence(KeyEvent::ctrl('C'), interrupt);
        let file = HistoryFile::find(&*session.system);
        if let Some(file) = &file {
            // None yet is as good as an empty one.
            let _ = editor.load_history(file.path());
        }
        Ok(Self { editor, file, was_empty })
    }

    /// Reads a line.
    pub(super) fn read(&mut self) -> Result<Typed, ReadlineError> {
        match self.editor.readline(PROMPT) {
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(ReadlineError::Interrupted) if self.was_empty.load(Ordering::Relaxed) => {
                Ok(Typed::End)
            }
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Ok(Typed::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Remembers a line, now and in the next conversation, unless a secret is in it.
    pub(super) fn remember(&mut self, line: &str, secrets: &Secrets) {
        if line.trim().is_empty() || secrets.scrub(line) != line {
            return;
        }
        // A history that cannot be kept is no reason to stop.
        let _ = self.editor.add_history_entry(line);
        if let Some(file) = &self.file
            && file.prepare().is_ok()
        {
            let _ = self.editor.history_mut().append(file.path());
        }
    }
}

/// Ctrl-C, which means something else on an empty line.
struct Interrupt {
    was_empty: Arc<AtomicBool>,
}

impl ConditionalEventHandler for Interrupt {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, cx: &EventContext<'_>) -> Option<Cmd> {
        self.was_empty.store(cx.line().is_empty(), Ordering::Relaxed);
        Some(Cmd::Interrupt)
    }
}

impl Helper for Names<'_> {}

impl Completer for Names<'_> {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<String>), ReadlineError> {
        Ok(Names::complete(self, line, cursor))
    }
}

impl Validator for Names<'_> {
    fn validate(
        &self,
        context: &mut ValidationContext<'_>,
    ) -> Result<ValidationResult, ReadlineError> {
        Ok(match is_unfinished(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Hinter for Names<'_> {
    type Hint = String;
}

impl Highlighter for Names<'_> {}
