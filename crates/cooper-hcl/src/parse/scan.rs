//! A first pass over the text, before the real parser.
//!
//! It knows strings, templates, heredocs, comments and brackets and nothing else. That is enough
//! to name both ends of what is not closed, to refuse what would take the parser too long, and to
//! split a file at its top level, so that one mistake does not hide the others.

use std::ops::Range;

use hcl::edit::Ident;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;

/// How deep brackets, strings and templates may be nested.
const MAX_NESTING: usize = 64;
/// How many items one object may have. The parser compares each key with all others.
const MAX_ITEMS: u64 = 10_000;
/// How many comparisons of keys all objects of a file may cost together.
const MAX_COMPARISONS: u64 = 1_000_000_000;
/// After so many mistakes the rest of the file is not looked at.
const MAX_MISTAKES: usize = 20;

/// A text, split into what can be parsed by itself.
#[derive(Default)]
pub(super) struct Scan {
    /// The arguments and blocks of the top level without those in which a mistake was found.
    pub(super) items: Vec<Range<usize>>,
    /// Heredocs without any line, which the parser would run on to the next heredoc's end.
    pub(super) empty_heredocs: Vec<Range<usize>>,
}

/// Splits a file.
pub(super) fn scan(text: &str, base: u32, diags: &Diagnostics) -> Scan {
    run(text, base, diags, false)
}

/// Looks at a text that is one expression; there is one item, unless there is a mistake.
pub(super) fn scan_expression(text: &str, base: u32, diags: &Diagnostics) -> Scan {
    run(text, base, diags, true)
}

fn run(text: &str, base: u32, diags: &Diagnostics, expression: bool) -> Scan {
    let mut scanner = Scanner {
        text,
        base,
        diags,
        at: 0,
        stack: Vec::new(),
        item: None,
        bad: false,
        assigned: expression,
        expression,
        mistakes: 0,
        comparisons: 0,
        scan: Scan::default(),
    };
    while scanner.at < text.len() && scanner.mistakes < MAX_MISTAKES {
        match scanner.frame().map(|frame| &frame.kind) {
            Some(Kind::Quoted) => scanner.quoted(),
            Some(Kind::Heredoc { .. }) => scanner.heredoc(),
            _ => scanner.code(),
        }
        if scanner.at >= text.len() && !scanner.stack.is_empty() {
            scanner.unclosed();
        }
    }
    scanner.end_item(text.len());
    scanner.scan
}

/// Something that is open.
struct Frame {
    kind: Kind,
    /// Where it begins.
    start: usize,
    /// Where the text that opens it ends.
    open_end: usize,
}

enum Kind {
    /// `(` or `[`.
    Bracket(char),
    /// The `{` of a block's body, and whether a `=` was seen in the current line.
    Block { assigned: bool },
    /// The `{` of an object, and how many items it seems to have.
    Object { items: u64 },
    /// `${`
    Interpolation,
    /// `%{`
    Directive,
    /// `"`, with the directives open in it.
    Quoted,
    /// `<<EOT`
    Heredoc { marker: String, content: bool },
    /// `%{ if }` or `%{ for }`, until its end. Lies on the text it stands in.
    Section(&'static str),
}

struct Scanner<'a> {
    text: &'a str,
    base: u32,
    diags: &'a Diagnostics,
    at: usize,
    stack: Vec<Frame>,
    /// Where the current item of the top level begins.
    item: Option<usize>,
    /// Whether a mistake was found in it.
    bad: bool,
    /// Whether a `=` was seen in it outside all brackets.
    assigned: bool,
    expression: bool,
    mistakes: usize,
    comparisons: u64,
    scan: Scan,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The innermost thing that is open; a section counts as the text it stands in.
    fn frame(&self) -> Option<&Frame> {
        self.stack.iter().rev().find(|frame| !matches!(frame.kind, Kind::Section(_)))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.base + range.start as u32, self.base + range.end as u32)
    }

    fn mistake(&mut self, diagnostic: Diagnostic) {
        self.bad = true;
        self.mistakes += 1;
        self.diags.error(diagnostic);
    }

    fn end_item(&mut self, end: usize) {
        if let Some(start) = self.item.take()
            && !self.bad
        {
            self.scan.items.push(start..end);
        }
        self.bad = false;
        self.assigned = self.expression;
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let start = self.at;
        self.at += length;
        self.stack.push(Frame { kind, start, open_end: self.at });
        if self.stack.len() > MAX_NESTING {
            let message = format!("brackets and strings may be nested {MAX_NESTING} levels deep");
            let place = self.span(start..self.at);
            self.mistake(Diagnostic::error(Code::LimitExceeded, message).at(place, ""));
            // What follows could not be told apart any more.
            self.stack.clear();
            self.at = self.text.len();
        }
    }

    /// Code: everything but the inside of strings.
    fn code(&mut self) {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return };
        if self.item.is_none() && !c.is_whitespace() && !is_comment(rest) {
            self.item = Some(self.at);
        }
        match c {
            '\n' => self.line_end(),
            '#' => self.skip_line(),
            '/' if rest.starts_with("//") => self.skip_line(),
            '/' if rest.starts_with("/*") => self.comment(),
            '"' => self.push(Kind::Quoted, 1),
            '<' if rest.starts_with("<<") => self.open_heredoc(),
            '(' | '[' => self.push(Kind::Bracket(c), 1),
            '{' => {
                let assigned = match self.stack.last() {
                    None => self.assigned,
                    Some(Frame { kind: Kind::Block { assigned }, .. }) => *assigned,
                    Some(_) => true,
                };
                let kind = match assigned {
                    true => Kind::Object { items: 0 },
                    false => Kind::Block { assigned: false },
                };
                self.push(kind, 1);
            }
            ')' | ']' | '}' => self.close(c),
            '=' => self.equals(),
            ':' => {
                self.count_item();
                self.at += 1;
            }
            '!' | '<' | '>' if rest[1..].starts_with('=') => self.at += 2,
            '\'' => self.wrong_quotes('\''),
            '`' => self.wrong_quotes('`'),
            '\u{201c}' | '\u{201d}' => self.wrong_quotes('\u{201d}'),
            '\u{2018}' | '\u{2019}' => self.wrong_quotes('\u{2019}'),
            ';' => {
                let place = self.span(self.at..self.at + 1);
                self.mistake(
                    Diagnostic::error(Code::Syntax, "`;` has no meaning here")
                        .at(place, "")
                        .help("put each argument on a line of its own"),
                );
                self.at += 1;
            }
            c if c.is_control() && !matches!(c, '\t' | '\r') => {
                let place = self.span(self.at..self.at + c.len_utf8());
                let message = format!("the character U+{:04X} has no meaning here", u32::from(c));
                self.mistake(Diagnostic::error(Code::Syntax, message).at(place, ""));
                self.at += c.len_utf8();
            }
            c => self.at += c.len_utf8(),
        }
    }

    fn line_end(&mut self) {
        match self.stack.last_mut() {
            None if !self.expression => {
                let end = self.text[..self.at].trim_end_matches('\r').len();
                self.end_item(end);
            }
            Some(Frame { kind: Kind::Block { assigned }, .. }) => *assigned = false,
            _ => {}
        }
        self.at += 1;
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn comment(&mut self) {
        match self.rest()[2..].find("*/") {
            Some(length) => self.at += 2 + length + 2,
            None => {
                let place = self.span(self.at..self.at + 2);
                self.mistake(
                    Diagnostic::error(Code::Syntax, "this comment is not closed")
                        .at(place, "opened here")
                        .label(self.end_of_text(), "`*/` is missing")
                        .help("`#` makes a comment up to the end of the line"),
                );
                self.stack.clear();
                self.at = self.text.len();
            }
        }
    }

    fn end_of_text(&self) -> Span {
        let end = self.text.trim_end().len();
        self.span(end..end)
    }

    fn equals(&mut self) {
        let rest = self.rest();
        if rest.starts_with("==") || rest.starts_with("=>") {
            self.at += 2;
            return;
        }
        match self.stack.last_mut() {
            None => self.assigned = true,
            Some(Frame { kind: Kind::Block { assigned }, .. }) => *assigned = true,
            Some(_) => self.count_item(),
        }
        self.at += 1;
    }

    fn count_item(&mut self) {
        let Some(Frame { kind: Kind::Object { items }, start, open_end }) = self.stack.last_mut()
        else {
            return;
        };
        self.comparisons += *items;
        *items += 1;
        let (too_many, range) = (*items > MAX_ITEMS, *start..*open_end);
        if too_many || self.comparisons > MAX_COMPARISONS {
            let message = match too_many {
                true => format!("an object may have {MAX_ITEMS} items"),
                false => "the objects of this file have too many items together".to_owned(),
            };
            let place = self.span(range);
            self.mistake(
                Diagnostic::error(Code::LimitExceeded, message)
                    .at(place, "this object has more")
                    .help("keep such data in a file, and read it with `jsondecode(file(…))`"),
            );
            self.stack.clear();
            self.at = self.text.len();
        }
    }

    /// A quotation mark other than `"`, up to the one that closes it in the same line.
    fn wrong_quotes(&mut self, closer: char) {
        let line = self.rest().lines().next().unwrap_or("");
        let opener = line.chars().next().map_or(0, char::len_utf8);
        let inside = line[opener..].find(closer).map(|length| &line[opener..opener + length]);
        let length = inside.map_or(opener, |inside| opener + inside.len() + closer.len_utf8());
        let place = self.span(self.at..self.at + length);
        let help = match inside {
            Some(inside) if !inside.contains(['"', '\\']) => format!("write `\"{inside}\"`"),
            _ => "write `\"text\"`".to_owned(),
        };
        self.mistake(
            Diagnostic::error(Code::Syntax, "strings stand in double quotes")
                .at(place, "")
                .help(help),
        );
        self.at += length;
    }

    fn close(&mut self, c: char) {
        let here = self.span(self.at..self.at + 1);
        let Some(frame) = self.stack.last() else {
            self.mistake(
                Diagnostic::error(Code::Syntax, format!("this `{c}` closes nothing")).at(here, ""),
            );
            self.at += 1;
            return;
        };
        let wanted = match &frame.kind {
            Kind::Bracket('(') => ')',
            Kind::Bracket(_) => ']',
            Kind::Block { .. }
            | Kind::Object { .. }
            | Kind::Interpolation
            | Kind::Directive
            | Kind::Quoted
            | Kind::Heredoc { .. }
            | Kind::Section(_) => '}',
        };
        let opener = self.text[frame.start..frame.open_end].to_owned();
        let open_span = self.span(frame.start..frame.open_end);
        if c != wanted {
            self.mistake(
                Diagnostic::error(Code::Syntax, format!("`{c}` cannot close `{opener}`"))
                    .at(here, format!("`{wanted}` is missing before this"))
                    .label(open_span, "opened here"),
            );
            // When this closes something further out, the inner one was forgotten.
            let outer = self.stack.iter().rposition(|frame| match &frame.kind {
                Kind::Bracket('(') => c == ')',
                Kind::Bracket(_) => c == ']',
                Kind::Block { .. } | Kind::Object { .. } => c == '}',
                _ => false,
            });
            self.stack.truncate(outer.unwrap_or(self.stack.len() - 1));
            self.at += 1;
            return;
        }
        self.at += 1;
        let Some(frame) = self.stack.pop() else { return };
        if matches!(frame.kind, Kind::Directive) {
            self.directive(frame.start, frame.open_end);
        }
    }

    /// Keeps track of `%{ if }` and `%{ for }`, once one of their directives has ended.
    fn directive(&mut self, start: usize, open_end: usize) {
        let inside = self.text[open_end..self.at - 1].trim_matches('~').trim_start();
        let word: String = inside.chars().take_while(|c| c.is_alphanumeric()).collect();
        let place = self.span(start..self.at);
        let open = match self.stack.last() {
            Some(Frame { kind: Kind::Section(word), start, open_end }) => {
                Some((*word, self.span(*start..*open_end)))
            }
            _ => None,
        };
        let section = match word.as_str() {
            "if" => "if",
            "for" => "for",
            "else" if open.is_some_and(|(word, _)| word == "if") => return,
            "endif" if open.is_some_and(|(word, _)| word == "if") => {
                self.stack.pop();
                return;
            }
            "endfor" if open.is_some_and(|(word, _)| word == "for") => {
                self.stack.pop();
                return;
            }
            "else" | "endif" | "endfor" => {
                let opener = if word == "endfor" { "for" } else { "if" };
                let message = format!("`%{{ {word} }}` without `%{{ {opener} }}`");
                let mut diagnostic = Diagnostic::error(Code::Syntax, message).at(place, "");
                if let Some((word, span)) = open {
                    let text = format!("this `{word}` is open");
                    diagnostic = diagnostic.label(span, text);
                }
                self.mistake(diagnostic);
                return;
            }
            _ => {
                self.mistake(
                    Diagnostic::error(Code::Syntax, format!("there is no directive `{word}`"))
                        .at(place, "")
                        .help(
                            "there are `if`, `else`, `endif`, `for` and `endfor`; \
                             write `%%{` for the text `%{`",
                        ),
                );
                return;
            }
        };
        let end = self.at;
        self.push(Kind::Section(section), 0);
        if let Some(frame) = self.stack.last_mut() {
            (frame.start, frame.open_end) = (start, end);
        }
    }

    /// Inside `"…"`.
    fn quoted(&mut self) {
        let rest = self.rest();
        let Some(length) = rest.find(['"', '\\', '$', '%', '\n']) else {
            self.at = self.text.len();
            return;
        };
        self.at += length;
        let rest = &rest[length..];
        match rest.as_bytes().first() {
            Some(b'"') => {
                self.close_sections();
                self.stack.pop();
                self.at += 1;
            }
            Some(b'\\') => {
                // The parser says which escapes there are; a line's end is none.
                let escaped = rest[1..].chars().next().filter(|&c| c != '\n' && c != '\r');
                self.at += 1 + escaped.map_or(0, char::len_utf8);
            }
            Some(b'\n') => self.string_runs_on(),
            _ => self.marker(),
        }
    }

    /// `$` or `%` inside a string or heredoc.
    fn marker(&mut self) {
        let rest = self.rest();
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            self.at += 3;
        } else if rest.starts_with("${") {
            self.push(Kind::Interpolation, 2);
        } else if rest.starts_with("%{") {
            self.push(Kind::Directive, 2);
        } else {
            self.at += 1;
        }
    }

    fn string_runs_on(&mut self) {
        let line = self.text[..self.at].rfind('\n').map_or(0, |end| end + 1);
        let begins = |frame: &Frame| matches!(frame.kind, Kind::Quoted) && frame.start >= line;
        // The outermost string that begins in this line: what is open inside ends with it.
        let Some(outermost) = self.stack.iter().position(begins) else {
            // The string begins further up, which a line break inside `${ }` makes possible.
            self.close_sections();
            self.stack.pop();
            return;
        };
        let is_template =
            |frame: &&Frame| matches!(frame.kind, Kind::Interpolation | Kind::Directive);
        let template = self.stack[outermost..].iter().find(is_template);
        let end = self.text[..self.at].trim_end_matches('\r').len();
        let here = self.span(end..end);
        let diagnostic = match template {
            Some(frame) => not_closed(&self.text[frame.start..frame.open_end])
                .at(self.span(frame.start..frame.open_end), "opened here")
                .label(here, "`}` is missing before the end of the line"),
            None => {
                let frame = &self.stack[outermost];
                Diagnostic::error(Code::Syntax, "this string is not closed")
                    .at(self.span(frame.start..frame.open_end), "opened here")
                    .label(here, "`\"` is missing before the end of the line")
                    .help("write `\\n` for a line break, or use a heredoc: `<<-EOT`")
            }
        };
        self.mistake(diagnostic);
        self.stack.truncate(outermost);
    }

    /// Records the sections left open in the text that ends here.
    fn close_sections(&mut self) {
        while let Some(Frame { kind: Kind::Section(word), start, open_end }) = self.stack.last() {
            let place = self.span(*start..*open_end);
            let message = format!("`%{{ {word} }}` without `%{{ end{word} }}`");
            self.stack.pop();
            self.mistake(Diagnostic::error(Code::Syntax, message).at(place, "opened here"));
        }
    }

    fn open_heredoc(&mut self) {
        let rest = self.rest();
        let after = rest[2..].strip_prefix('-').unwrap_or(&rest[2..]);
        let line = after.split('\n').next().unwrap_or("").trim_end_matches('\r');
        let ended = after.len() > line.len();
        if ended && Ident::try_new(line).is_ok() {
            let length = rest.len() - after.len() + line.len();
            self.push(Kind::Heredoc { marker: line.to_owned(), content: false }, length);
            // The line's end belongs to the opening.
            self.skip_line();
            self.at += usize::from(self.at < self.text.len());
            return;
        }
        let place = self.span(self.at..self.at + 2);
        let word = line.trim();
        let diagnostic =
            Diagnostic::error(Code::Syntax, "a heredoc begins with `<<` and a word").at(place, "");
        let diagnostic = match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
            Some(word) => diagnostic.help(format!("write `<<{word}`, without quotes")),
            None => diagnostic.help("nothing may follow the word on its line, not even a comment"),
        };
        self.mistake(diagnostic);
        self.at += 2;
    }

    /// Inside a heredoc.
    fn heredoc(&mut self) {
        let at_line_start = self.text[..self.at].ends_with('\n');
        let frame = self.stack.iter_mut().rev().find(|f| !matches!(f.kind, Kind::Section(_)));
        let Some(Frame { kind: Kind::Heredoc { marker, content }, start, .. }) = frame else {
            return;
        };
        let rest = &self.text[self.at..];
        if at_line_start {
            let line = rest.trim_start_matches([' ', '\t']);
            let after = line.strip_prefix(marker.as_str());
            if let Some(after) = after
                && !after.starts_with(is_word)
            {
                let range = *start..self.text.len() - after.len();
                if !*content {
                    self.scan.empty_heredocs.push(range.clone());
                }
                self.close_sections();
                self.at = range.end;
                self.stack.pop();
                return;
            }
            *content = true;
        }
        let length = rest.find(['\n', '$', '%']).unwrap_or(rest.len());
        self.at += length;
        match rest.as_bytes().get(length) {
            Some(b'\n') => self.at += 1,
            Some(_) => self.marker(),
            None => {}
        }
    }

    /// The text has ended and something is open.
    fn unclosed(&mut self) {
        // The text that a section stands in is open as well, and says more.
        while matches!(self.stack.last(), Some(Frame { kind: Kind::Section(_), .. })) {
            self.stack.pop();
        }
        let Some(frame) = self.stack.last() else { return };
        let open = self.span(frame.start..frame.open_end);
        let end = self.end_of_text();
        let opener = &self.text[frame.start..frame.open_end];
        let diagnostic = match &frame.kind {
            Kind::Quoted => Diagnostic::error(Code::Syntax, "this string is not closed")
                .label(end, "`\"` is missing"),
            Kind::Heredoc { marker, .. } => {
                let message = format!("the heredoc `{opener}` is not closed");
                Diagnostic::error(Code::Syntax, message)
                    .label(end, format!("a line `{marker}` is missing"))
                    .help(format!("end it with a line that has only `{marker}`"))
            }
            Kind::Bracket(_)
            | Kind::Block { .. }
            | Kind::Object { .. }
            | Kind::Interpolation
            | Kind::Directive
            | Kind::Section(_) => {
                let closer = match &frame.kind {
                    Kind::Bracket('(') => ')',
                    Kind::Bracket(_) => ']',
                    _ => '}',
                };
                let diagnostic = not_closed(opener).at(open, "opened here");
                // The next line that looks like a block of the top level is the likely place.
                if let Some(next) = next_top_level(self.text, frame.open_end) {
                    let here = self.span(next..next);
                    let text = format!("`{closer}` is missing before this line");
                    self.mistake(diagnostic.label(here, text));
                    self.stack.clear();
                    self.end_item(next);
                    self.at = next;
                    return;
                }
                diagnostic.label(end, format!("`{closer}` is missing"))
            }
        };
        self.mistake(diagnostic.at(open, "opened here"));
        self.stack.clear();
    }
}

fn not_closed(opener: &str) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("`{opener}` is not closed"))
}

fn is_comment(rest: &str) -> bool {
    rest.starts_with('#') || rest.starts_with("//") || rest.starts_with("/*")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Where the next line begins that looks like the header of a block of the top level.
fn next_top_level(text: &str, from: usize) -> Option<usize> {
    let mut at = from + text[from..].find('\n')? + 1;
    for line in text[at..].split_inclusive('\n') {
        let header = line.trim_end().strip_suffix('{').map(str::trim_end);
        if line.starts_with(|c: char| c.is_alphabetic()) && header.is_some_and(|h| !h.contains('='))
        {
            return Some(at);
        }
        at += line.len();
    }
    None
}
