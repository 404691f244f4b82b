//! What is wrong with a template, drawn beside its text.
//!
//! Secrets are taken out of the text as well as out of the messages, and nothing in a template
//! can make a terminal do anything.

use std::collections::BTreeMap;
use std::fmt;

use cooper_build::Secrets;
use cooper_build::escape::is_harmful;
use cooper_hcl::{Diagnostic, Label, Location, Severity, SourceFile, SourceMap, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use serde_json::{Value, json};

use super::clean::clean;

/// A label that covers more lines than this is shown at its first line only.
const MOST_LINES: usize = 8;

/// A text with a longer line than this is not shown.
const LONGEST_LINE: usize = 400;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Whether colours are used.
    pub(super) color: bool,
    /// Whether lines are drawn with more than ASCII.
    pub(super) unicode: bool,
    /// Whether text is wrapped.
    pub(super) wrap: bool,
    /// How many columns there are; at least 20.
    pub(super) width: usize,
}

/// So many are shown to a person: more of them are rarely read.
pub(super) const FOR_A_PERSON: usize = 50;

/// Draws the first `most` of them, errors before warnings, and ends with how many there are.
pub(super) fn draw_first(
    most: usize,
    list: &[Diagnostic],
    sources: &SourceMap,
    secrets: &Secrets,
    look: Look,
) -> String {
    if list.len() <= most {
        return draw(list, sources, secrets, look);
    }
    let mut first: Vec<&Diagnostic> = list.iter().collect();
    first.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
    let first: Vec<Diagnostic> = first.into_iter().take(most).cloned().collect();
    let mut text = draw_each(&first, sources, secrets, look);
    let more = list.len() - most;
    text.push_str(&format!("{more} more are not shown; `-json` prints all of them\n\n"));
    text.push_str(&count(list));
    text.push('\n');
    text
}

/// Draws all of them, and ends with how many there are.
pub(super) fn draw(
    list: &[Diagnostic],
    sources: &SourceMap,
    secrets: &Secrets,
    look: Look,
) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut out = draw_each(list, sources, secrets, look);
    out.push_str(&count(list));
    out.push('\n');
    out
}

/// Draws all of them.
pub(super) fn draw_each(
    list: &[Diagnostic],
    sources: &SourceMap,
    secrets: &Secrets,
    look: Look,
) -> String {
    let texts = Texts::new(list, sources, secrets);
    let handler = handler(look);
    let mut out = String::new();
    for diagnostic in list {
        let report = Report::new(diagnostic, sources, &texts, secrets);
        let mut text = String::new();
        // Writing to a string does not fail; a place that is in no file is drawn as such.
        let _ = handler.render_report(&mut text, &report);
        out.push_str(text.trim_start());
        for place in &report.places {
            out.push_str(place);
        }
        out.push('\n');
    }
    out
}

/// Whether any of them is an error.
pub(super) fn has_errors(list: &[Diagnostic]) -> bool {
    list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// The same for programs: `docs/events.md` has the fields.
pub(super) fn to_json(diagnostic: &Diagnostic, sources: &SourceMap, secrets: &Secrets) -> Value {
    let Diagnostic { severity, code, message, primary, labels, help, trace } = diagnostic;
    let mut object = json!({
        "event": "diagnostic",
        "severity": match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": code.as_str(),
        "message": secrets.scrub(message),
    });
    let place = |label: &Label| {
        let Label { span, text } = label;
        let start = sources.locate(*span)?;
        let end = sources.locate(Span::new(span.end(), span.end()))?;
        Some(json!({
            "file": secrets.scrub(&start.file),
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "text": secrets.scrub(text),
        }))
    };
    if let Some(place) = primary.as_ref().and_then(place) {
        object["place"] = place;
    }
    let labels: Vec<Value> = labels.iter().filter_map(place).collect();
    if !labels.is_empty() {
        object["labels"] = labels.into();
    }
    if let Some(help) = help {
        object["help"] = secrets.scrub(help).into();
    }
    if !trace.is_empty() {
        object["trace"] = trace.iter().map(|frame| secrets.scrub(frame)).collect();
    }
    object
}

fn count(list: &[Diagnostic]) -> String {
    let errors = list.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let some = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        many => Some(format!("{many} {what}s")),
    };
    let parts = [some(errors, "error"), some(list.len() - errors, "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn handler(look: Look) -> GraphicalReportHandler {
    let characters =
        if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let theme = GraphicalTheme {
        characters: ThemeCharacters {
            error: "error:".to_owned(),
            warning: "warning:".to_owned(),
            ..characters
        },
        styles: if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(look.width)
        .with_wrap_lines(look.wrap)
        .with_break_words(false)
}

/// The texts that diagnostics point into, fit to be shown.
///
/// Every byte keeps its place: what must not be seen is replaced by as many other bytes.
struct Texts<'a> {
    files: BTreeMap<u32, Text<'a>>,
}

struct Text<'a> {
    file: &'a SourceFile,
    /// The file's name, fit to be shown.
    name: String,
    shown: String,
    lines: Vec<usize>,
}

impl<'a> Texts<'a> {
    fn new(list: &[Diagnostic], sources: &'a SourceMap, secrets: &Secrets) -> Self {
        let mut files = BTreeMap::new();
        let labels = list.iter().flat_map(|d| d.primary.iter().chain(&d.labels));
        for file in labels.filter_map(|label| sources.file(label.span)) {
            files.entry(file.base()).or_insert_with(|| Text::new(file, secrets));
        }
        Self { files }
    }

    fn at(&self, offset: usize, end: usize) -> Option<&Text<'a>> {
        let offset = u32::try_from(offset).ok()?;
        let (_, text) = self.files.range(..=offset).next_back()?;
        (end <= text.file.span().end() as usize).then_some(text)
    }
}

impl<'a> Text<'a> {
    fn new(file: &'a SourceFile, secrets: &Secrets) -> Self {
        let mut shown = String::with_capacity(file.text().len());
        for c in secrets.mask(file).chars() {
            match c {
                '\n' | '\t' => shown.push(c),
                '\r' => shown.push(' '),
                c if is_harmful(c) => (0..c.len_utf8()).for_each(|_| shown.push('?')),
                c => shown.push(c),
            }
        }
        let breaks = shown.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { file, name: one_line(&secrets.scrub(file.name())), shown, lines }
    }

    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn start(&self, line: usize) -> usize {
        self.lines.get(line).copied().unwrap_or(self.shown.len())
    }

    /// Whether the lines around a place are short enough to be shown.
    fn is_readable(&self, local: std::ops::Range<usize>) -> bool {
        let lines = self.line(local.start).saturating_sub(1)..=self.line(local.end) + 1;
        lines.into_iter().all(|line| self.start(line + 1) - self.start(line) <= LONGEST_LINE)
    }
}

impl SourceCode for Texts<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        // A span from one file into another belongs to none: two snippets are drawn then.
        let text = self.at(span.offset(), end).ok_or(MietteError::OutOfBounds)?;
        let base = text.file.base() as usize;
        let (start, end) = (span.offset() - base, end - base);
        let (first, last) = (text.line(start), text.line(end.saturating_sub(1).max(start)));
        let from = if before == 0 { start } else { text.start(first.saturating_sub(before)) };
        let to = if after == 0 { end } else { text.start(last + after + 1) };
        let line = text.line(from);
        let column = match text.shown.get(text.start(line)..from) {
            Some(left) => unicode_column(left),
            None => 0,
        };
        Ok(Box::new(MietteSpanContents::new_named(
            text.name.clone(),
            text.shown.as_bytes().get(from..to).unwrap_or_default(),
            (base + from, to - from).into(),
            line,
            column,
            text.line(to.saturating_sub(1).max(from)) - line + 1,
        )))
    }
}

/// A name on one line: one of a file may have any character.
fn one_line(name: &str) -> String {
    clean(name, false).replace(['\n', '\t'], "?")
}

/// How many columns a text takes, as [`SourceMap::locate`] counts them.
fn unicode_column(left: &str) -> usize {
    let mut map = SourceMap::new();
    let located = map.add("", left.to_owned()).ok().and_then(|file| {
        let end = file.span().end();
        map.locate(Span::new(end, end))
    });
    located.map_or(0, |location| location.column - 1)
}

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Report<'a> {
    message: String,
    severity: miette::Severity,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    /// Places whose text is not shown, a line each.
    places: Vec<String>,
    trace: Option<Frame>,
    texts: &'a Texts<'a>,
}

impl<'a> Report<'a> {
    fn new(
        diagnostic: &Diagnostic,
        sources: &SourceMap,
        texts: &'a Texts<'a>,
        secrets: &Secrets,
    ) -> Self {
        let Diagnostic { severity, code, message, primary, labels, help, trace } = diagnostic;
        let fit = |text: &str| clean(&secrets.scrub(text), false).into_owned();
        let mut report = Self {
            message: format!("{} [{code}]", fit(message)),
            severity: match severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            help: help.as_deref().map(fit),
            labels: Vec::new(),
            places: Vec::new(),
            trace: trace.iter().rev().fold(None, |inner, frame| {
                Some(Frame { text: fit(frame), inner: inner.map(Box::new) })
            }),
            texts,
        };
        for (label, is_primary) in
            primary.iter().map(|label| (label, true)).chain(labels.iter().map(|l| (l, false)))
        {
            report.place(label, is_primary, sources, &fit(&label.text));
        }
        report
    }

    fn place(&mut self, label: &Label, is_primary: bool, sources: &SourceMap, words: &str) {
        let (start, end) = (label.span.start() as usize, label.span.end() as usize);
        let Some(text) = self.texts.at(start, end) else { return };
        let base = text.file.base() as usize;
        let first = text.line(start - base);
        let end = if text.line(end - base) - first >= MOST_LINES {
            let line = text.shown.get(start - base..text.start(first + 1)).unwrap_or("");
            start + line.trim_end().len()
        } else {
            end
        };
        if text.is_readable(start - base..end - base) {
            let words = (!words.is_empty()).then(|| words.to_owned());
            self.labels.push(if is_primary {
                LabeledSpan::new_primary_with_span(words, (start, end - start))
            } else {
                LabeledSpan::new_with_span(words, (start, end - start))
            });
        } else if let Some(location) = sources.locate(label.span) {
            let words = if words.is_empty() { String::new() } else { format!(": {words}") };
            let Location { file: _, line, column } = location;
            self.places.push(format!("  at {}:{line}:{column}{words}\n", text.name));
        }
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.trace.as_ref().map(|frame| frame as _)
    }
}

impl miette::Diagnostic for Report<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.texts)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as _)
    }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

/// What was being done when a mistake was found, and what that was part of.
#[derive(Debug)]
struct Frame {
    text: String,
    inner: Option<Box<Frame>>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Frame {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.as_deref().map(|inner| inner as _)
    }
}

#[cfg(test)]
mod tests {
    use cooper_hcl::Code;

    use super::*;

    const LOOK: Look = Look { color: false, unicode: true, wrap: true, width: 80 };

    fn span(sources: &SourceMap, file: usize, part: &str) -> Span {
        let file = &sources.files()[file];
        let at = file.text().find(part).expect("the part is there") as u32;
        Span::new(file.base() + at, file.base() + at + part.len() as u32)
    }

    #[test]
    fn two_files_are_two_snippets() {
        let mut sources = SourceMap::new();
        sources.add("a.pkr.hcl", "variable \"x\" {}\n").expect("room");
        sources.add("b.pkr.hcl", "\nvariable \"x\" {}\n").expect("room");
        let diagnostic = Diagnostic::error(Code::Duplicate, "`x` is declared twice")
            .at(span(&sources, 1, "\"x\""), "declared again here")
            .label(span(&sources, 0, "\"x\""), "first declared here")
            .help("remove one")
            .trace("while reading the folder");
        let text = draw(&[diagnostic], &sources, &Secrets::new(), LOOK);
        assert_eq!(
            text,
            "error: `x` is declared twice [duplicate]
  ╰─▶ while reading the folder
   ╭─[a.pkr.hcl:1:10]
 1 │ variable \"x\" {}
   ·          ─┬─
   ·           ╰── first declared here
   ╰────
   ╭─[b.pkr.hcl:2:10]
 1 │ 
 2 │ variable \"x\" {}
   ·          ─┬─
   ·           ╰── declared again here
   ╰────
  help: remove one

1 error
"
        );
    }

    #[test]
    fn secrets_and_control_characters_are_not_shown() {
        let mut sources = SourceMap::new();
        sources.add("a\u{1b}[2J", "p = \"hun\\\"ter2\u{1b}]0;x\u{7}\"\r\n").expect("room");
        let secrets = Secrets::new();
        secrets.add("hun\"ter2");
        let diagnostic = Diagnostic::warning(Code::InvalidValue, "not hun\"ter2 \u{1b}[2J")
            .at(span(&sources, 0, "p"), "hun\"ter2");
        let text = draw(std::slice::from_ref(&diagnostic), &sources, &secrets, LOOK);
        assert!(!text.contains("ter2") && !text.contains(['\u{1b}', '\u{7}']), "{text}");
        assert!(text.contains("not <sensitive>") && text.contains("1 warning"), "{text}");
        let json = to_json(&diagnostic, &sources, &secrets).to_string();
        assert!(!json.contains("ter2"), "{json}");
    }

    #[test]
    fn a_flood_ends() {
        let sources = SourceMap::new();
        let warning = |n: usize| Diagnostic::warning(Code::NoEffect, format!("w{n}"));
        let mut list: Vec<Diagnostic> = (0..60).map(warning).collect();
        list.push(Diagnostic::error(Code::Syntax, "the error"));
        let text = draw_first(50, &list, &sources, &Secrets::new(), LOOK);
        assert!(text.starts_with("error: the error [syntax]\n"), "{text}");
        assert!(text.contains("w48") && !text.contains("w49"), "{text}");
        assert!(
            text.ends_with(
                "\n11 more are not shown; `-json` prints all of them\n\n1 error, 60 warnings\n"
            ),
            "{text}"
        );
        let text = draw_first(61, &list, &sources, &Secrets::new(), LOOK);
        assert!(text.contains("w59") && !text.contains("more"), "{text}");
    }

    #[test]
    fn endless_lines_are_not_shown() {
        let mut sources = SourceMap::new();
        sources.add("a", format!("{}x", " ".repeat(1_000_000))).expect("room");
        let diagnostic =
            Diagnostic::error(Code::Syntax, "wrong").at(span(&sources, 0, "x"), "this");
        let text = draw(&[diagnostic], &sources, &Secrets::new(), LOOK);
        assert_eq!(text, "error: wrong [syntax]\n  at a:1:1000001: this\n\n1 error\n");
    }

    #[test]
    fn every_place_of_a_file_can_be_drawn() {
        let mut sources = SourceMap::new();
        let file = sources.add("a", "é = 1\r\n\r\n\tb = \"\u{85}\"\n").expect("room");
        sources.add("b", "").expect("room");
        for start in 0..=file.span().end() + 3 {
            for end in start..=file.span().end() + 3 {
                let span = Span::new(start, end);
                let diagnostic = Diagnostic::error(Code::Syntax, "wrong").at(span, "here");
                let text = draw(&[diagnostic], &sources, &Secrets::new(), LOOK);
                assert!(!text.contains("Failed to read"), "{span:?}: {text}");
            }
        }
    }
}
