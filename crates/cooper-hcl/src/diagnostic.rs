//! What is wrong with a template, and where.
//!
//! A mistake is recorded once, beside the check that found it, in a [`Diagnostics`];
//! what is returned is [`Reported`], the proof that this was done. So `?` works as usual,
//! nothing fails silently, and one run can show every mistake.

use std::sync::Mutex;

use crate::source::Span;

/// Whether a diagnostic stops the command.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Worth knowing; the command goes on.
    Warning,
    /// The command cannot succeed.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable name of a kind of diagnostic. Each has a paragraph in `docs/diagnostics.md`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of `docs/diagnostics.md`.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// The name as printed: kebab-case, and never changed once released.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The text does not follow HCL's grammar.
    Syntax = "syntax",
    /// A file could not be read or is not UTF-8.
    UnreadableFile = "unreadable-file",
    /// A name that belongs to nothing in scope.
    UnknownVariable = "unknown-variable",
    /// An object has no such attribute.
    UnknownAttribute = "unknown-attribute",
    /// No function of that name.
    UnknownFunction = "unknown-function",
    /// A function was called with the wrong number or kind of arguments, or it failed.
    FunctionCall = "function-call",
    /// A value has the wrong type.
    WrongType = "wrong-type",
    /// A value has the right type and cannot be used.
    InvalidValue = "invalid-value",
    /// An operator cannot be applied to its operands.
    InvalidOperand = "invalid-operand",
    /// An index that is not in the collection.
    InvalidIndex = "invalid-index",
    /// An expression stands where its kind is not allowed.
    NotAllowedHere = "not-allowed-here",
    /// An argument the block does not have.
    UnknownArgument = "unknown-argument",
    /// A block the surrounding block does not have.
    UnknownBlock = "unknown-block",
    /// A required argument or block is absent.
    MissingArgument = "missing-argument",
    /// Something that may be given once was given twice.
    Duplicate = "duplicate",
    /// A block has too few or too many labels, or a malformed one.
    WrongLabels = "wrong-labels",
    /// Definitions that need each other.
    Cycle = "cycle",
    /// A reference to a block that does not exist.
    UnknownReference = "unknown-reference",
    /// A component type that neither Cooper nor an installed plugin has.
    UnknownComponent = "unknown-component",
    /// A data source did not give what it was asked for.
    DataSource = "data-source",
    /// A required plugin or version that is not there.
    MissingPlugin = "missing-plugin",
    /// Something is not as the lock file has it.
    NotLocked = "not-locked",
    /// A plugin cannot be used, or found its arguments wrong.
    Plugin = "plugin",
    /// A variable without default was given no value.
    UnsetVariable = "unset-variable",
    /// A value for a variable that is not declared.
    UndeclaredVariable = "undeclared-variable",
    /// A variable's own validation rule refused its value.
    ValidationFailed = "validation-failed",
    /// `-only` or `-except` names nothing.
    NoMatch = "no-match",
    /// Arguments of a component contradict each other.
    ConflictingArguments = "conflicting-arguments",
    /// A `{{ }}` template inside a string is malformed or asks for what is not there.
    StringTemplate = "string-template",
    /// A Dockerfile instruction that the engine would refuse.
    InvalidChange = "invalid-change",
    /// A `docker run` option that Cooper does not know or cannot express.
    InvalidRunOption = "invalid-run-option",
    /// Still read for compatibility; something else should be written.
    Deprecated = "deprecated",
    /// Accepted and without effect.
    NoEffect = "no-effect",
    /// A limit that protects against hostile input was reached.
    LimitExceeded = "limit-exceeded",
    /// A template without any build.
    NothingToBuild = "nothing-to-build",
    /// A version constraint that is malformed or not met.
    VersionConstraint = "version-constraint",
    /// A part of Packer's language that Cooper does not have yet.
    NotYetSupported = "not-yet-supported",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place and what is to be said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words, such as `declared here`; may be empty.
    pub text: String,
}

/// One mistake: what is wrong, where, and what to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Whether the command can go on.
    pub severity: Severity,
    /// The stable name of this kind of mistake.
    pub code: Code,
    /// One sentence in lower case without a final stop, names in backquotes.
    pub message: String,
    /// The place of the mistake; nothing when no text caused it.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// The next step, where there is one.
    pub help: Option<String>,
    /// What was being done, innermost first: `while evaluating local.tags`.
    pub trace: Vec<String>,
}

impl Diagnostic {
    /// An error with neither place nor help yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            primary: None,
            labels: Vec::new(),
            help: None,
            trace: Vec::new(),
        }
    }

    /// A warning with neither place nor help yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Puts the mistake at `span`; [`Span::NONE`] leaves it without a place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = span.is_some().then(|| Label { span, text: text.into() });
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        if span.is_some() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// Says what to do next; `None` says nothing.
    #[must_use]
    pub fn help(mut self, help: impl Into<Help>) -> Self {
        if let Help(Some(help)) = help.into() {
            self.help = Some(help);
        }
        self
    }

    /// Adds an outer frame: what was being done when the mistake was found.
    #[must_use]
    pub fn trace(mut self, frame: impl Into<String>) -> Self {
        self.trace.push(frame.into());
        self
    }
}

impl Diagnostic {
    /// Whether both tell the same of the same place, whatever was being done.
    fn is_same(&self, other: &Self) -> bool {
        let Self { severity, code, message, primary, labels, help, trace: _ } = self;
        (severity, code, message, primary, labels, help)
            == (
                &other.severity,
                &other.code,
                &other.message,
                &other.primary,
                &other.labels,
                &other.help,
            )
    }
}

/// What [`Diagnostic::help`] takes: a text, or perhaps a text.
pub struct Help(Option<String>);

impl From<&str> for Help {
    fn from(help: &str) -> Self {
        Self(Some(help.into()))
    }
}

impl From<String> for Help {
    fn from(help: String) -> Self {
        Self(Some(help))
    }
}

impl From<Option<String>> for Help {
    fn from(help: Option<String>) -> Self {
        Self(help)
    }
}

impl From<Option<&str>> for Help {
    fn from(help: Option<&str>) -> Self {
        Self(help.map(Into::into))
    }
}

/// Proof that an error was recorded in a [`Diagnostics`]. Only recording one makes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reported(());

/// What was found so far.
///
/// Shared by reference: recording needs no exclusive access, because steps that wait for
/// build facts are evaluated on several threads.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Mutex<Vec<Diagnostic>>,
}

impl Diagnostics {
    /// So many are kept, and further ones dropped: nobody reads more.
    const MOST: usize = 1000;

    /// Makes an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Diagnostic>> {
        // A panic while holding the lock cannot leave the vector half changed.
        self.list.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Records an error and returns the proof. The same error at the same place is kept once.
    pub fn error(&self, diagnostic: Diagnostic) -> Reported {
        debug_assert_eq!(diagnostic.severity, Severity::Error);
        self.record(diagnostic);
        Reported(())
    }

    /// Records a warning. The same warning at the same place is kept once.
    pub fn warn(&self, diagnostic: Diagnostic) {
        debug_assert_eq!(diagnostic.severity, Severity::Warning);
        self.record(diagnostic);
    }

    /// Records what was found elsewhere, whichever it is.
    pub(crate) fn record(&self, diagnostic: Diagnostic) {
        let mut list = self.lock();
        // An error is always kept when it is the first, so that none goes unnoticed.
        let full = list.len() >= Self::MOST
            && (diagnostic.severity == Severity::Warning
                || list.iter().any(|d| d.severity == Severity::Error));
        if !full && !list.iter().any(|known| known.is_same(&diagnostic)) {
            list.push(diagnostic);
        }
    }

    /// Does something that records in a list of its own, and adds an outer frame to all that is
    /// recorded there: what was being done.
    pub fn traced<T>(&self, frame: &str, work: impl FnOnce(&Diagnostics) -> T) -> T {
        let inner = Diagnostics::new();
        let done = work(&inner);
        for diagnostic in inner.take() {
            self.record(diagnostic.trace(frame));
        }
        done
    }

    /// Records everything that was recorded elsewhere.
    pub fn append(&self, other: &Diagnostics) {
        other.take().into_iter().for_each(|diagnostic| self.record(diagnostic));
    }

    /// How many were recorded.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Forgets, of those that were recorded after so many, the ones that are not to be kept. Errors
    /// must be left that the forgotten ones follow from.
    pub fn retain_after(&self, count: usize, keep: impl Fn(&Diagnostic) -> bool) {
        let mut list = self.lock();
        let count = count.min(list.len());
        let later = list.split_off(count);
        list.extend(later.into_iter().filter(keep));
    }

    /// Whether further errors are dropped, so that what makes one helpful is wasted.
    pub fn is_full(&self) -> bool {
        self.lock().len() >= Self::MOST
    }

    /// Whether an error was recorded.
    pub fn has_errors(&self) -> bool {
        self.lock().iter().any(|d| d.severity == Severity::Error)
    }

    /// Fails when an error was recorded.
    ///
    /// # Errors
    ///
    /// [`Reported`], when there is any error.
    pub fn check(&self) -> Result<(), Reported> {
        if self.has_errors() { Err(Reported(())) } else { Ok(()) }
    }

    /// A copy of everything, in the order it was recorded.
    pub fn to_vec(&self) -> Vec<Diagnostic> {
        self.lock().clone()
    }

    /// Takes everything out, in the order it was recorded.
    pub fn take(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.lock())
    }
}

/// The candidate nearest to `name`, phrased as a question, when one is near enough.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// The candidate nearest to `name`, when one is near enough.
///
/// Near enough is one edit, or two when the name has more than four characters.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    candidates
        .into_iter()
        // Fewer characters than their lengths differ by cannot be what was mistyped.
        .filter(|candidate| candidate.chars().count().abs_diff(length) < 3)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| match distance {
            0 | 1 => distance < length,
            2 => length > 4,
            _ => false,
        })
        .min()
        .map(|(_, candidate)| candidate)
}
