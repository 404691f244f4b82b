//! Which token closes which.
//!
//! In a sound text that is a stack and nothing else. Otherwise a second pass guesses from the
//! indentation and from what lines begin with where something should have been closed, so that
//! the rest can be read, and says what is missing.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported};
use crate::source::Span;
use crate::token::{Fault, TokenKind, Tokens};

/// After so many brackets that are not closed, the rest is not talked about.
pub(super) const MAX_MISTAKES: usize = 20;

/// For every token that opens something, where that ends.
pub(super) struct Pairs {
    ends: Vec<End>,
    /// Whether something is not as it should be.
    pub(super) reported: Option<Reported>,
}

/// Where something ends.
#[derive(Clone, Copy, Default)]
pub(super) struct End {
    /// The index of the token that closes it, or of the first one that is not inside it.
    index: u32,
    /// Whether it is closed.
    pub(super) is_closed: bool,
}

impl End {
    pub(super) const fn index(self) -> usize {
        self.index as usize
    }
}

impl Pairs {
    /// Finds them, and records what is left open or closes nothing.
    pub(super) fn find(tokens: &Tokens<'_>, diags: &Diagnostics) -> Self {
        let reported =
            tokens.faults().iter().map(|fault| diags.error(describe(fault, tokens))).last();
        match reported {
            None => match sound(tokens) {
                Some(ends) => Self { ends, reported: None },
                None => Guess::new(tokens, diags, None).run(),
            },
            Some(reported) => Guess::new(tokens, diags, Some(reported)).run(),
        }
    }

    /// Where what a token opens ends.
    pub(super) fn end(&self, opener: usize) -> End {
        self.ends[opener]
    }
}

/// The ends of a text in which everything is closed.
fn sound(tokens: &Tokens<'_>) -> Option<Vec<End>> {
    let mut ends = vec![End::default(); tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.kind.opens() {
            open.push(index);
        } else if token.kind.closes() {
            let opener = open.pop()?;
            if !closes(token.kind, tokens[opener].kind) {
                return None;
            }
            ends[opener] = End { index: index as u32, is_closed: true };
        }
    }
    open.is_empty().then_some(ends)
}

/// Whether one kind closes what another opens.
const fn closes(closer: TokenKind, opener: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        (opener, closer),
        (T::ParenOpen, T::ParenClose)
            | (T::BracketOpen, T::BracketClose)
            | (T::BraceOpen, T::BraceClose)
            | (T::InterpolationOpen | T::DirectiveOpen, T::TemplateClose)
            | (T::QuoteOpen, T::QuoteClose)
            | (T::HeredocOpen, T::HeredocClose)
    )
}

/// What has to be written to close something.
const fn closer(opener: TokenKind) -> &'static str {
    match opener {
        TokenKind::ParenOpen => ")",
        TokenKind::BracketOpen => "]",
        TokenKind::QuoteOpen => "\"",
        _ => "}",
    }
}

/// Something that is open.
struct Open {
    token: usize,
    /// How far the line that it stands in is indented.
    indent: u32,
    /// Whether what closes it may have been lost in a string that is not closed.
    is_excused: bool,
}

/// A pass over a text in which something is not closed.
struct Guess<'a> {
    tokens: &'a Tokens<'a>,
    diags: &'a Diagnostics,
    ends: Vec<End>,
    open: Vec<Open>,
    mistakes: usize,
    reported: Option<Reported>,
}

impl<'a> Guess<'a> {
    fn new(tokens: &'a Tokens<'a>, diags: &'a Diagnostics, reported: Option<Reported>) -> Self {
        let ends = vec![End::default(); tokens.len()];
        Self { tokens, diags, ends, open: Vec::new(), mistakes: 0, reported }
    }

    fn run(mut self) -> Pairs {
        let mut cuts = self.tokens.cuts().iter().peekable();
        let mut line = 0;
        let mut indent = 0;
        for (index, token) in self.tokens.iter().enumerate() {
            while let Some(cut) = cuts.next_if(|cut| cut.end <= index) {
                self.cut(cut.open, line, index);
            }
            let starts_line = index == 0 || self.tokens[index - 1].kind == TokenKind::LineEnd;
            if starts_line {
                line = index;
                indent = self.indent(index);
                self.line(index, indent);
            }
            if token.kind.opens() {
                self.open.push(Open { token: index, indent, is_excused: false });
            } else if token.kind.closes() {
                self.close(index, starts_line.then_some(indent));
            }
        }
        for cut in cuts {
            self.cut(cut.open, line, self.tokens.len());
        }
        self.end();
        Pairs { ends: self.ends, reported: self.reported }
    }

    fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    /// How many bytes stand before the first token of a line.
    fn indent(&self, index: usize) -> u32 {
        let start = match index.checked_sub(1) {
            Some(before) => self.tokens[before].span.end(),
            None => self.tokens.span().start(),
        };
        self.tokens[index].span.start() - start
    }

    fn mistake(&mut self, diagnostic: Diagnostic) {
        self.mistakes += 1;
        if self.mistakes <= MAX_MISTAKES {
            self.reported = Some(self.diags.error(diagnostic));
        }
    }

    /// Leaves what is open as it is: it goes up to the token of an index.
    fn give_up(&mut self, token: usize, end: usize) {
        self.ends[token] = End { index: end as u32, is_closed: false };
    }

    /// A string was given up. What was opened in its line may have its end in it.
    fn cut(&mut self, opener: usize, line: usize, end: usize) {
        while let Some(open) = self.open.pop_if(|open| open.token >= opener) {
            self.give_up(open.token, end);
        }
        let is_brace = |open: &Open| self.tokens[open.token].kind == TokenKind::BraceOpen;
        while let Some(open) = self.open.pop_if(|open| open.token >= line && !is_brace(open)) {
            self.give_up(open.token, end);
        }
        for open in self.open.iter_mut().rev().take_while(|open| open.token >= line) {
            open.is_excused = true;
        }
    }

    /// A line begins that may show that something should have been closed before it.
    fn line(&mut self, index: usize, indent: u32) {
        let is_bracket = |open: &Open| {
            matches!(self.tokens[open.token].kind, TokenKind::ParenOpen | TokenKind::BracketOpen)
        };
        let assigns = self.kind(index) == Some(TokenKind::Word)
            && self.kind(index + 1) == Some(TokenKind::Assign);
        let is_header = indent == 0 && self.is_header(index);
        while let Some(open) = self.open.last()
            && (is_header || assigns && is_bracket(open))
        {
            let token = open.token;
            let excused = open.is_excused;
            self.open.pop();
            self.give_up(token, index);
            if !excused {
                let here = self.tokens[index].span.start();
                let text =
                    format!("`{}` is missing before this line", closer(self.tokens[token].kind));
                let diagnostic = self.not_closed(token).label(Span::new(here, here), text);
                self.mistake(diagnostic);
            }
        }
    }

    /// Whether a line is the header of a block: words and strings, then a brace and nothing more.
    fn is_header(&self, index: usize) -> bool {
        if self.kind(index) != Some(TokenKind::Word) {
            return false;
        }
        let mut at = index + 1;
        while matches!(
            self.kind(at),
            Some(TokenKind::Word | TokenKind::QuoteOpen | TokenKind::Text | TokenKind::QuoteClose)
        ) {
            at += 1;
        }
        self.kind(at) == Some(TokenKind::BraceOpen)
            && matches!(self.kind(at + 1), Some(TokenKind::LineEnd) | None)
    }

    fn not_closed(&self, token: usize) -> Diagnostic {
        let span = self.tokens[token].span;
        let opener = self.tokens.text(span).trim_end();
        let message = format!("`{opener}` is not closed");
        Diagnostic::error(Code::Syntax, message).at(span, "opened here")
    }

    /// Something is closed; `indent` is given when this begins its line.
    fn close(&mut self, index: usize, indent: Option<u32>) {
        let kind = self.tokens[index].kind;
        if let (TokenKind::BraceClose, Some(indent)) = (kind, indent) {
            self.dedent(index, indent);
        }
        let matching =
            self.open.iter().rposition(|open| closes(kind, self.tokens[open.token].kind));
        let here = self.tokens[index].span;
        let text = self.tokens.text(here).trim().to_owned();
        match (matching, self.open.last().map(|open| open.token)) {
            (Some(matching), _) => {
                while self.open.len() > matching + 1 {
                    let Some(open) = self.open.pop() else { break };
                    self.give_up(open.token, index);
                    if open.is_excused {
                        continue;
                    }
                    let opener = self.tokens[open.token];
                    let opener_text = self.tokens.text(opener.span).trim_end();
                    let message = format!("`{text}` cannot close `{opener_text}`");
                    let missing = format!("`{}` is missing before this", closer(opener.kind));
                    self.mistake(
                        Diagnostic::error(Code::Syntax, message)
                            .at(here, missing)
                            .label(opener.span, "opened here"),
                    );
                }
                if let Some(open) = self.open.pop() {
                    self.ends[open.token] = End { index: index as u32, is_closed: true };
                }
            }
            (None, Some(opener)) if self.tokens[opener].kind != TokenKind::BraceOpen => {
                self.open.pop();
                self.give_up(opener, index);
                let opener = self.tokens[opener];
                let opener_text = self.tokens.text(opener.span).trim_end();
                let wanted = closer(opener.kind);
                let message = format!("`{text}` cannot close `{opener_text}`");
                self.mistake(
                    Diagnostic::error(Code::Syntax, message)
                        .at(here, format!("`{wanted}` closes it"))
                        .label(opener.span, "opened here"),
                );
            }
            (None, _) => {
                let message = format!("this `{text}` closes nothing");
                self.mistake(Diagnostic::error(Code::Syntax, message).at(here, ""));
            }
        }
    }

    /// A brace that closes a block stands as far to the left as the block does: what is indented
    /// further has not been closed.
    fn dedent(&mut self, index: usize, indent: u32) {
        let fits = |open: &Open| {
            open.indent == indent && self.tokens[open.token].kind == TokenKind::BraceOpen
        };
        let Some(fitting) = self.open.iter().rposition(fits) else { return };
        while self.open.len() > fitting + 1 && self.open.last().is_some_and(|o| o.indent > indent) {
            let Some(open) = self.open.pop() else { break };
            self.give_up(open.token, index);
            if !open.is_excused {
                let here = self.tokens[index].span;
                let missing =
                    format!("`{}` is missing before this", closer(self.tokens[open.token].kind));
                let diagnostic = self.not_closed(open.token).label(here, missing);
                self.mistake(diagnostic);
            }
        }
    }

    /// The text has ended.
    fn end(&mut self) {
        let end = self.tokens.len();
        let swallowed = |fault: &Fault| {
            matches!(
                fault,
                Fault::Comment { .. }
                    | Fault::Heredoc { almost: None, .. }
                    | Fault::TooManyTokens { .. }
            )
        };
        let is_excused = self.tokens.faults().iter().any(swallowed);
        let left: Vec<Open> = std::mem::take(&mut self.open);
        for open in &left {
            self.give_up(open.token, end);
        }
        let mut told = left.iter().rev().filter(|open| !open.is_excused && !is_excused);
        let Some(innermost) = told.next() else { return };
        let text_end = self.tokens.source().trim_end().len() as u32 + self.tokens.span().start();
        let missing = format!("`{}` is missing", closer(self.tokens[innermost.token].kind));
        let mut diagnostic =
            self.not_closed(innermost.token).label(Span::new(text_end, text_end), missing);
        for open in told.take(3) {
            diagnostic = diagnostic.label(self.tokens[open.token].span, "this is open too");
        }
        self.mistake(diagnostic);
    }
}

/// What is wrong where the making of tokens met something that is not closed.
fn describe(fault: &Fault, tokens: &Tokens<'_>) -> Diagnostic {
    let text_end = tokens.source().trim_end().len() as u32 + tokens.span().start();
    let text_end = Span::new(text_end, text_end);
    match *fault {
        Fault::String { open, end } => Diagnostic::error(Code::Syntax, "this string is not closed")
            .at(open, "opened here")
            .label(end, "`\"` is missing before the end of the line")
            .help("write `\\n` for a line break, or use a heredoc: `<<-EOT`"),
        Fault::Template { open, end } => {
            let opener = tokens.text(open).trim_end_matches('~');
            Diagnostic::error(Code::Syntax, format!("`{opener}` is not closed"))
                .at(open, "opened here")
                .label(end, "`}` is missing before the end of the line")
                .help(format!("write `{}{opener}` for the text `{opener}`", &opener[..1]))
        }
        Fault::Heredoc { open, almost } => {
            let opener = tokens.text(open).trim_end();
            let open = Span::new(open.start(), open.start() + opener.len() as u32);
            let marker = opener.trim_start_matches(['<', '-']);
            let diagnostic =
                Diagnostic::error(Code::Syntax, format!("the heredoc `{opener}` is not closed"))
                    .at(open, "opened here")
                    .help(format!("end it with a line that has only `{marker}`"));
            match almost {
                Some(almost) => {
                    diagnostic.label(almost, format!("nothing may stand beside `{marker}` here"))
                }
                None => diagnostic.label(text_end, format!("a line `{marker}` is missing")),
            }
        }
        Fault::Comment { open } => Diagnostic::error(Code::Syntax, "this comment is not closed")
            .at(open, "opened here")
            .label(text_end, "`*/` is missing")
            .help("`#` makes a comment up to the end of the line"),
        Fault::TooManyTokens { at } => {
            let message = format!("a file may have {} words and signs", crate::token::MAX_TOKENS);
            Diagnostic::error(Code::LimitExceeded, message).at(at, "this file has more")
        }
    }
}
