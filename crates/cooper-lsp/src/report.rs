//! Diagnostics as the protocol has them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use cooper_hcl::{Code, Diagnostic, Label, Severity, SourceFile, Span};
use gen_lsp_types as lsp;
use serde_json::json;

use crate::analysis::{Analysis, Part};
use crate::overlay::clean;
use crate::position::{Encoding, Lines};

/// The diagnostics of an analysis, by the file they are in.
///
/// What points at no file is told at the beginning of the template's first file. Nothing of what
/// is secret is in them.
pub(crate) fn report(
    analysis: &Analysis,
    encoding: Encoding,
    uri: &dyn Fn(&Path) -> String,
) -> BTreeMap<PathBuf, Vec<lsp::Diagnostic>> {
    let mut reporter = Reporter { analysis, encoding, uri, lines: HashMap::new() };
    let mut found: BTreeMap<PathBuf, Vec<lsp::Diagnostic>> = BTreeMap::new();
    for diagnostic in &analysis.diagnostics {
        let (path, diagnostic) = reporter.diagnostic(diagnostic);
        found.entry(path).or_default().push(diagnostic);
    }
    found
}

/// The file a text was read from; nothing for the text of a flag or of the environment.
pub(crate) fn path_of(file: &SourceFile, folder: &Path) -> Option<PathBuf> {
    let name = file.name();
    let is_made_up = name.starts_with('<') && name.ends_with('>');
    (!is_made_up).then(|| clean(&folder.join(name)))
}

struct Reporter<'a> {
    analysis: &'a Analysis,
    encoding: Encoding,
    uri: &'a dyn Fn(&Path) -> String,
    /// By where the file begins.
    lines: HashMap<u32, Lines>,
}

impl Reporter<'_> {
    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> (PathBuf, lsp::Diagnostic) {
        let Diagnostic { severity, code, message, primary, labels, help, trace } = diagnostic;
        let secrets = &self.analysis.secrets;
        let message = secrets.scrub(message);
        let trace: Vec<String> = trace.iter().map(|frame| secrets.scrub(frame)).collect();
        let help = help.as_deref().map(|help| secrets.scrub(help));
        let text = primary.as_ref().map(|label| secrets.scrub(&label.text));
        let text = text.filter(|text| !text.is_empty());

        let place = primary.as_ref().and_then(|label| self.place(label.span));
        // What a client shows is made of these too.
        let data = json!({ "message": &message, "help": &help, "place": place.is_some() });
        let (path, range) = place.unwrap_or_else(|| (self.first_file(), lsp::Range::default()));
        let related: Vec<_> = labels.iter().filter_map(|label| self.related(label)).collect();
        // There is no place for help in the protocol, so it is the message's last line.
        let mut lines = vec![message];
        lines.extend(text);
        lines.extend(trace);
        lines.extend(help.map(|help| format!("help: {help}")));
        let told = lsp::Diagnostic {
            range,
            severity: Some(match severity {
                Severity::Error => lsp::DiagnosticSeverity::Error,
                Severity::Warning => lsp::DiagnosticSeverity::Warning,
            }),
            code: Some(lsp::Code::String(code.as_str().to_owned())),
            source: Some("cooper".to_owned()),
            message: lsp::Message::String(lines.join("\n")),
            tags: match code {
                Code::Deprecated => Some(vec![lsp::DiagnosticTag::Deprecated]),
                Code::NoEffect => Some(vec![lsp::DiagnosticTag::Unnecessary]),
                _ => None,
            },
            related_information: (!related.is_empty()).then_some(related),
            data: Some(data),
            code_description: None,
        };
        (path, told)
    }

    fn related(&mut self, label: &Label) -> Option<lsp::DiagnosticRelatedInformation> {
        let (path, range) = self.place(label.span)?;
        let location = lsp::Location { uri: (self.uri)(&path).into(), range };
        let message = self.analysis.secrets.scrub(&label.text);
        Some(lsp::DiagnosticRelatedInformation { location, message })
    }

    fn place(&mut self, span: Span) -> Option<(PathBuf, lsp::Range)> {
        let file = self.analysis.sources.file(span)?;
        let path = path_of(file, &self.analysis.unit.folder)?;
        let lines = self.lines.entry(file.base()).or_insert_with(|| Lines::of(file.text()));
        let local = |offset: u32| (offset - file.base()) as usize;
        let bytes = local(span.start())..local(span.end());
        Some((path, lines.range(file.text(), bytes, self.encoding)))
    }

    fn first_file(&self) -> PathBuf {
        let Analysis { unit, sources, .. } = self.analysis;
        let first = sources.files().iter().filter_map(|file| path_of(file, &unit.folder)).min();
        first.unwrap_or_else(|| match &unit.part {
            Part::File(name) | Part::Variables(name) => unit.folder.join(name),
            Part::Folder => unit.folder.clone(),
        })
    }
}
