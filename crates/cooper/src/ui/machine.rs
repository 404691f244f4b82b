//! Packer's records for programs: `time,target,type,data…`, one a line.

use std::collections::HashMap;

use cooper_build::event::{BuildOutcome, StepRole};
use cooper_build::{ArtifactSummary, BuildId, Event, EventKind, Secrets, StepId, Stream};
use cooper_hcl::{Diagnostic, SourceMap};

use super::clean::clean;
use super::diagnostics::{self, Look};
use super::elapsed::english;
use super::human::{local_time, prefixed};
use super::inspection::{Inspected, Part};
use super::sink::Sink;
use super::summary::{Summary, joined};
use super::{Renderer, Version};

/// Writes records.
pub(super) struct Machine {
    out: Sink,
    look: Look,
    timestamps: bool,
    clock: fn() -> i128,
    summary: Summary,
    post_processors: HashMap<(BuildId, StepId), String>,
}

impl Machine {
    /// Writes to `out`. `timestamps` puts the time into what builds say, too.
    pub(super) fn new(out: Sink, look: Look, timestamps: bool, clock: fn() -> i128) -> Self {
        Self {
            out,
            look: Look { color: false, ..look },
            timestamps,
            clock,
            summary: Summary::default(),
            post_processors: HashMap::new(),
        }
    }

    fn record(&mut self, nanoseconds: i128, target: &str, kind: &str, data: &[&str]) {
        let seconds = nanoseconds / 1_000_000_000;
        let mut line = format!("{seconds},{},{kind}", escape(target));
        for field in data {
            line.push(',');
            line.push_str(&escape(field));
        }
        line.push('\n');
        self.out.write(&line);
    }

    fn ui(&mut self, nanoseconds: i128, level: &str, text: &str) {
        self.record(nanoseconds, "", "ui", &[level, text]);
    }

    fn message(&mut self, event: &Event, level: &str, text: &str) {
        let time = if self.timestamps { local_time(event.time) } else { String::new() };
        self.ui(event.time, level, &format!("{time}{text}"));
    }

    fn run_finished(&mut self, time: i128) {
        if self.summary.interrupted {
            self.ui(time, "error", "Cleanly cancelled builds after being interrupted.");
            return;
        }
        let failed: Vec<(String, String)> = self
            .summary
            .failed()
            .into_iter()
            .map(|(build, failures)| (build.to_string(), joined(failures)))
            .collect();
        if !failed.is_empty() {
            self.record(time, "", "error-count", &[&failed.len().to_string()]);
            let title = "\n==> Some builds didn't complete successfully and had errors:";
            self.ui(time, "error", title);
        }
        for (build, why) in failed {
            self.record(time, &build, "error", &[&why]);
            self.ui(time, "error", &format!("--> {build}: {why}"));
        }
        let made: Vec<(BuildId, Vec<ArtifactSummary>)> = self
            .summary
            .made()
            .into_iter()
            .map(|(build, artifacts)| (build.clone(), artifacts.to_vec()))
            .collect();
        if made.is_empty() {
            self.ui(time, "say", "\n==> Builds finished but no artifacts were created.");
        } else {
            self.ui(time, "say", "\n==> Builds finished. The artifacts of successful builds are:");
        }
        for (build, artifacts) in &made {
            self.artifacts(time, build, artifacts);
        }
    }

    fn artifacts(&mut self, time: i128, build: &BuildId, artifacts: &[ArtifactSummary]) {
        self.record(time, &build.0, "artifact-count", &[&artifacts.len().to_string()]);
        for (index, artifact) in artifacts.iter().enumerate() {
            let index = index.to_string();
            // The digest is in the JSON stream; Packer has no record for it.
            let ArtifactSummary { builder_id, id, files, summary, digest: _ } = artifact;
            let count = files.len().to_string();
            let mut tell = |data: &[&str]| {
                let data: Vec<&str> =
                    std::iter::once(index.as_str()).chain(data.iter().copied()).collect();
                self.record(time, &build.0, "artifact", &data);
            };
            tell(&["builder-id", builder_id]);
            tell(&["id", id]);
            tell(&["string", summary]);
            tell(&["files-count", &count]);
            for (number, file) in files.iter().enumerate() {
                tell(&["file", &number.to_string(), file]);
            }
            tell(&["end"]);
            self.ui(time, "say", &format!("--> {build}: {summary}"));
        }
    }

    fn target(&self, event: &Event) -> String {
        let Some(build) = &event.build else { return String::new() };
        let step = event.step.map(|step| (build.clone(), step));
        match step.and_then(|step| self.post_processors.get(&step)) {
            Some(component) => format!("{build} ({component})"),
            None => build.to_string(),
        }
    }
}

impl Renderer for Machine {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        match &event.kind {
            EventKind::RunStarted { builds: _, run_id: _ } => {}
            EventKind::BuildStarted => {}
            EventKind::StepStarted { role, component, name: _ } => match role {
                StepRole::PostProcessor => {
                    if let (Some(build), Some(step)) = (&event.build, event.step) {
                        self.post_processors.insert((build.clone(), step), component.clone());
                    }
                }
                StepRole::Source | StepRole::Provisioner | StepRole::ErrorCleanupProvisioner => {}
            },
            EventKind::Output { stream, text } => {
                let level = match stream {
                    Stream::Say | Stream::Stdout => "say",
                    Stream::Error | Stream::Stderr => "error",
                };
                let text = prefixed(&self.target(event), *stream, text, false);
                self.message(event, level, &text);
            }
            EventKind::Progress { what: _, done: _, total: _ } => {}
            EventKind::StepRetrying { left: _, because: _ } => {}
            EventKind::StepFinished { outcome: _, elapsed: _ } => {}
            EventKind::BuildFinished { outcome, elapsed } => {
                let name = self.target(event);
                let elapsed = english(*elapsed);
                match outcome {
                    BuildOutcome::Succeeded { .. } => {
                        let text = format!("Build '{name}' finished after {elapsed}.");
                        self.message(event, "say", &text);
                    }
                    BuildOutcome::Failed { failures, .. } => {
                        let why = joined(failures);
                        let text = format!("Build '{name}' errored after {elapsed}: {why}");
                        self.message(event, "error", &text);
                    }
                    BuildOutcome::Cancelled { .. } => {
                        let text = format!("Build '{name}' cancelled after {elapsed}.");
                        self.message(event, "say", &text);
                    }
                }
            }
            EventKind::Interrupted { signal } => {
                let text = format!("Cancelling build after receiving {signal}");
                self.ui(event.time, "error", &text);
            }
            EventKind::RunFinished { elapsed } => {
                let text = format!("\n==> Wait completed after {}", english(*elapsed));
                self.ui(event.time, "say", &text);
                self.run_finished(event.time);
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.ui((self.clock)(), "say", text);
    }

    fn result(&mut self, text: &str) {
        self.ui((self.clock)(), "message", text);
    }

    fn document(&mut self, text: &str) {
        self.say(text);
    }

    fn error(&mut self, text: &str) {
        self.ui((self.clock)(), "error", text);
    }

    fn version(&mut self, version: &Version) {
        let now = (self.clock)();
        self.record(now, "", "version", &[version.number]);
        self.record(now, "", "version-prelease", &[version.prerelease]);
        self.record(now, "", "version-commit", &[version.commit]);
        self.ui(now, "say", &version.to_string());
    }

    fn diagnostics(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        let text = diagnostics::draw(list, sources, secrets, self.look);
        let level = if diagnostics::has_errors(list) { "error" } else { "say" };
        self.ui((self.clock)(), level, text.trim_end());
    }

    fn mistakes(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        let text = diagnostics::draw_each(list, sources, secrets, self.look);
        let level = if diagnostics::has_errors(list) { "error" } else { "say" };
        self.ui((self.clock)(), level, text.trim_end());
    }

    fn inspection(&mut self, inspected: &Inspected<'_>) {
        for part in inspected.parts() {
            match part {
                Part::Said(text) => self.say(&text),
                Part::Noted { kind, data } => {
                    let data: Vec<&str> = data.iter().map(String::as_str).collect();
                    self.record((self.clock)(), "", kind, &data);
                }
            }
        }
        let Inspected { inspection: _, diagnostics, sources, secrets } = inspected;
        if !diagnostics.is_empty() {
            self.diagnostics(diagnostics, sources, secrets);
        }
    }

    fn ask(&mut self, _build: &BuildId, _question: &str) -> bool {
        false
    }

    fn tick(&mut self) {}

    fn failure(&self) -> Option<&std::io::Error> {
        self.out.failure()
    }
}

/// A field as Packer writes it: on one line, without commas and without control characters.
fn escape(field: &str) -> String {
    let field = field.replace("\r\n", "\n");
    let field = field.replace('\r', "\\r").replace('\n', "\\n").replace(',', "%!(PACKER_COMMA)");
    clean(&field, false).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Paper};
    use super::*;

    #[test]
    fn records_are_packers() {
        let look = Look { color: false, unicode: true, wrap: false, width: 80 };
        let paper = Paper::default();
        let mut machine = Machine::new(Sink::new(paper.clone(), false, false), look, false, || 0);
        sample::run().iter().for_each(|event| machine.event(event));
        assert_eq!(
            paper.text().replace("1767323045", "T"),
            r"T,,ui,say,==> docker.a: Starting docker container...
T,,ui,say,==> docker.a: one\n==> docker.a:\n==> docker.a: three
T,,ui,say,==> docker.a: 100%
T,,ui,error,==> n.docker.b: red
T,,ui,say,==> docker.a: Running post-processor:  (type docker-tag)
T,,ui,say,==> docker.a (docker-tag): Tagging image: sha256:1
T,,ui,say,Build 'docker.a' finished after 4 seconds 112 milliseconds.
T,,ui,error,Build 'n.docker.b' errored after 1 minute 3 seconds: script failed: exit status 3
T,,ui,say,\n==> Wait completed after 1 minute 3 seconds
T,,error-count,1
T,,ui,error,\n==> Some builds didn't complete successfully and had errors:
T,n.docker.b,error,script failed: exit status 3
T,,ui,error,--> n.docker.b: script failed: exit status 3
T,,ui,say,\n==> Builds finished. The artifacts of successful builds are:
T,docker.a,artifact-count,2
T,docker.a,artifact,0,builder-id,packer.docker
T,docker.a,artifact,0,id,sha256:1
T,docker.a,artifact,0,string,Imported Docker image: sha256:1
T,docker.a,artifact,0,files-count,0
T,docker.a,artifact,0,end
T,,ui,say,--> docker.a: Imported Docker image: sha256:1
T,docker.a,artifact,1,builder-id,packer.post-processor.docker-tag
T,docker.a,artifact,1,id,r:t
T,docker.a,artifact,1,string,Imported Docker image: r:t with tags r:t
T,docker.a,artifact,1,files-count,1
T,docker.a,artifact,1,file,0,a%!(PACKER_COMMA)b
T,docker.a,artifact,1,end
T,,ui,say,--> docker.a: Imported Docker image: r:t with tags r:t
"
        );
    }
}
