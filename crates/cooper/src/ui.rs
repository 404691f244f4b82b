//! Everything the program prints goes through here.
//!
//! A [`Ui`] turns events, diagnostics and results into one of three forms; each is a
//! `Renderer` in a file of its own.

mod clean;
mod diagnostics;
mod elapsed;
mod human;
mod inspection;
mod json;
mod machine;
mod question;
#[cfg(test)]
mod sample;
mod sink;
mod summary;

use std::io::IsTerminal;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cooper_build::run::{Message, Received};
use cooper_build::{BuildId, Event, Inspection, PACKER_VERSION, Secrets, Session};
use cooper_hcl::{Diagnostic, SourceMap, System};

pub(crate) use self::clean::clean;
use self::diagnostics::Look;
use self::human::{Human, Wishes};
use self::inspection::Inspected;
use self::json::Json;
use self::machine::Machine;
use self::question::Questions;
use self::sink::Sink;

/// The forms of output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Packer's lines.
    Human,
    /// Packer's records: `-machine-readable`.
    Machine,
    /// One object a line: `-json`.
    Json,
}

/// How output is wished for.
#[derive(Clone, Copy, Debug)]
pub struct UiOptions {
    /// Which form.
    pub format: Format,
    /// Whether colours are wanted: `-color`.
    pub color: bool,
    /// Whether messages begin with the time: `-timestamp-ui`.
    pub timestamps: bool,
}

/// Turns what happens into text.
trait Renderer: Send {
    /// Something happened in a run.
    fn event(&mut self, event: &Event);
    /// A result, or a note that is no trouble.
    fn say(&mut self, text: &str);
    /// What an expression of `console` came to.
    fn result(&mut self, text: &str) {
        self.say(text);
    }
    /// A text that was asked for, whole and as it is.
    fn document(&mut self, text: &str);
    /// Trouble that has no place in a template.
    fn error(&mut self, text: &str);
    /// Which program this is.
    fn version(&mut self, version: &Version);
    /// What is wrong with a template.
    fn diagnostics(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets);
    /// What is wrong with one of many things that are asked for one by one: nobody counts.
    fn mistakes(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        self.diagnostics(list, sources, secrets);
    }
    /// What is in a template, and what is wrong with it.
    fn inspection(&mut self, inspected: &Inspected<'_>);
    /// Puts a question; false when this form cannot.
    fn ask(&mut self, build: &BuildId, question: &str) -> bool;
    /// Whoever was asked has ended a line.
    fn answered(&mut self) {}
    /// Some time has passed.
    fn tick(&mut self);
    /// Why output is incomplete; nothing when it is whole or its reader went away.
    fn failure(&self) -> Option<&std::io::Error>;
}

/// Which program this is.
pub struct Version {
    /// `0.1.0`
    pub number: &'static str,
    /// `beta1`; empty for a release.
    pub prerelease: &'static str,
    /// The commit it was made from; empty when that was not recorded.
    pub commit: &'static str,
    /// The version of Packer whose templates it reads.
    pub compatible_with: &'static str,
}

impl Version {
    /// This program.
    pub const CURRENT: Self = Self {
        number: env!("CARGO_PKG_VERSION"),
        prerelease: env!("CARGO_PKG_VERSION_PRE"),
        commit: "",
        compatible_with: PACKER_VERSION,
    };
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cooper v{} (reads templates of Packer {})", self.number, self.compatible_with)
    }
}

/// The program's output, and the way to a person's answers.
pub struct Ui {
    format: Format,
    renderer: Box<dyn Renderer>,
    questions: Questions,
    /// What is in nothing that is said.
    secrets: Secrets,
}

/// How often the progress line may change.
const TICK: Duration = Duration::from_millis(100);

impl Ui {
    /// Output on the program's own streams.
    pub fn new(options: UiOptions, system: &dyn System) -> Self {
        let UiOptions { format, color, timestamps } = options;
        let forbidden = ["NO_COLOR", "PACKER_NO_COLOR"]
            .into_iter()
            .any(|name| system.env(name).is_some_and(|value| !value.is_empty()));
        let may_color = color && !forbidden;
        let out = Sink::stdout(may_color);
        let err = Sink::stderr(may_color);
        let look = Look {
            color: err.color,
            unicode: is_utf8(system),
            wrap: err.terminal,
            width: width(system),
        };
        let renderer: Box<dyn Renderer> = match format {
            Format::Human => {
                let wishes = Wishes { legend: color, timestamps };
                Box::new(Human::new(out, err, look, wishes))
            }
            Format::Machine => {
                let look = Look { wrap: false, ..look };
                Box::new(Machine::new(out, look, timestamps, now))
            }
            Format::Json => Box::new(Json::new(out)),
        };
        Self { format, renderer, questions: Questions::default(), secrets: Secrets::new() }
    }

    /// Keeps these out of everything that is said.
    pub fn keep(&mut self, secrets: &Secrets) {
        self.secrets = secrets.clone();
    }

    /// Prints a result.
    pub fn say(&mut self, text: &str) {
        self.renderer.say(&self.secrets.scrub(text));
    }

    /// Prints what an expression of `console` came to.
    pub fn result(&mut self, text: &str) {
        self.renderer.result(&self.secrets.scrub(text));
    }

    /// The values of a template's variables and locals, as a result.
    pub fn values(&self, inspection: &Inspection, secrets: &Secrets) -> String {
        secrets.scrub(&inspection::values(inspection))
    }

    /// Whether this form is for a person at a terminal, who may be asked for lines.
    pub fn is_conversation(&self) -> bool {
        self.format == Format::Human
            && std::io::stdin().is_terminal()
            && std::io::stdout().is_terminal()
    }

    /// Prints a text that was asked for, whole and as it is.
    pub fn document(&mut self, text: &str) {
        self.renderer.document(text);
    }

    /// Prints trouble that has no place in a template.
    pub fn error(&mut self, text: &str) {
        self.renderer.error(&self.secrets.scrub(text));
    }

    /// Prints which program this is.
    pub fn version(&mut self) {
        self.renderer.version(&Version::CURRENT);
    }

    /// Prints diagnostics, if there are any.
    pub fn diagnostics(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        if !list.is_empty() {
            self.renderer.diagnostics(list, sources, secrets);
        }
    }

    /// Prints what was found wrong with one line of a console.
    pub fn mistakes(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        if !list.is_empty() {
            self.renderer.mistakes(list, sources, secrets);
        }
    }

    /// Prints what is in a template, if it could be read, and what was recorded as wrong with it.
    pub fn inspection(&mut self, inspection: Option<&Inspection>, session: &Session) {
        let Session { sources, secrets, diags, .. } = session;
        let diagnostics = &diags.take();
        self.renderer.inspection(&Inspected { inspection, diagnostics, sources, secrets });
    }

    /// Shows a run until it is over.
    pub async fn watch(&mut self, mut received: Received) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            // Not biased: a build that never falls silent must not keep an answer waiting.
            tokio::select! {
                message = received.next() => match message {
                    Some(Message::Event(event)) => self.renderer.event(&event),
                    Some(Message::Ask(ask)) => self.questions.put(ask),
                    None => return,
                },
                () = self.questions.answered() => self.renderer.answered(),
                _ = ticks.tick() => self.renderer.tick(),
            }
            self.questions.next(&mut *self.renderer);
        }
    }

    /// Why output is incomplete, unless its reader just went away.
    pub fn failure(&self) -> Option<&std::io::Error> {
        self.renderer.failure()
    }
}

fn now() -> i128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as i128)
}

/// Whether the locale says that text is UTF-8.
fn is_utf8(system: &dyn System) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| system.env(name).filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The columns of the terminal, between 40 and 120; 80 where there is none.
fn width(system: &dyn System) -> usize {
    let stderr = std::io::stderr();
    let terminal = stderr.is_terminal().then(|| rustix::termios::tcgetwinsize(&stderr).ok());
    let terminal = terminal.flatten().map(|size| usize::from(size.ws_col));
    let columns = || system.env("COLUMNS").and_then(|columns| columns.parse().ok());
    terminal.filter(|columns| *columns > 0).or_else(columns).unwrap_or(80).clamp(40, 120)
}
