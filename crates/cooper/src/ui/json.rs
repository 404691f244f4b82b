//! One JSON object a line, as `docs/events.md` promises.

use cooper_build::event::FORMAT_VERSION;
use cooper_build::{BuildId, Event, Secrets};
use cooper_hcl::{Diagnostic, SourceMap};
use serde_json::{Value, json};

use super::diagnostics;
use super::inspection::Inspected;
use super::sink::Sink;
use super::{Renderer, Version};

/// Writes objects.
pub(super) struct Json {
    out: Sink,
    begun: bool,
}

impl Json {
    /// Writes to `out`.
    pub(super) fn new(out: Sink) -> Self {
        Self { out, begun: false }
    }

    fn object(&mut self, object: &Value) {
        if !std::mem::replace(&mut self.begun, true) {
            self.object(&json!({
                "event": "format",
                "format_version": FORMAT_VERSION,
                "cooper": env!("CARGO_PKG_VERSION"),
            }));
        }
        self.write(&object.to_string());
    }

    /// Writes an object and ends the line.
    fn write(&mut self, object: &str) {
        let mut line = String::with_capacity(object.len() + 1);
        for c in object.chars() {
            // Control characters of the second set are legal in JSON and not on a terminal.
            match c {
                '\u{7f}'..='\u{9f}' => line.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => line.push(c),
            }
        }
        line.push('\n');
        self.out.write(&line);
    }
}

impl Renderer for Json {
    fn event(&mut self, event: &Event) {
        // Every kind of event is written as it is.
        if let Ok(object) = serde_json::to_value(event) {
            self.object(&object);
        }
    }

    fn say(&mut self, text: &str) {
        self.object(&json!({ "event": "message", "level": "say", "text": text }));
    }

    fn document(&mut self, text: &str) {
        self.say(text);
    }

    fn error(&mut self, text: &str) {
        self.object(&json!({ "event": "message", "level": "error", "text": text }));
    }

    fn version(&mut self, version: &Version) {
        let Version { number, prerelease, commit, compatible_with } = version;
        self.object(&json!({
            "event": "version",
            "version": number,
            "prerelease": prerelease,
            "commit": commit,
            "packer": compatible_with,
        }));
    }

    fn diagnostics(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        for diagnostic in list {
            self.object(&diagnostics::to_json(diagnostic, sources, secrets));
        }
    }

    fn inspection(&mut self, inspected: &Inspected<'_>) {
        let document = inspected.document();
        // What was read from JSON can be written as JSON.
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        self.write(&text);
    }

    fn ask(&mut self, _build: &BuildId, _question: &str) -> bool {
        false
    }

    fn tick(&mut self) {}

    fn failure(&self) -> Option<&std::io::Error> {
        self.out.failure()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Paper};
    use super::*;

    #[test]
    fn a_run_can_be_read_back() {
        let paper = Paper::default();
        let mut json = Json::new(Sink::new(paper.clone(), false, false));
        let events = sample::run();
        events.iter().for_each(|event| json.event(event));
        let text = paper.text();
        let mut lines = text.lines();
        let format = lines.next().expect("a first line");
        assert_eq!(format, r#"{"event":"format","format_version":"1.0","cooper":"0.1.0"}"#);
        let read: Vec<Event> =
            lines.map(|line| serde_json::from_str(line).expect("an event")).collect();
        assert_eq!(read, events);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
    }
}
