//! Output for people: Packer's lines.
//!
//! What builds say goes to standard output in the order it is said, what failed is summed up on
//! standard error. On a terminal, builds have colours and the last line shows transfers.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use cooper_build::event::{BuildOutcome, FailureSummary, StepRole};
use cooper_build::{ArtifactSummary, BuildId, Event, EventKind, Secrets, StepId, Stream};
use cooper_hcl::{Diagnostic, SourceMap};

use super::clean::{clean, last_state};
use super::diagnostics::{self, Look};
use super::elapsed::english;
use super::inspection::{Inspected, Part};
use super::sink::Sink;
use super::summary::{Summary, joined};
use super::{Renderer, Version};

/// The shortest time between two states of the progress line.
const PROGRESS_PAUSE: Duration = Duration::from_millis(100);

/// What a colour stands for.
#[derive(Clone, Copy)]
enum Style {
    /// The build at this position.
    Build(usize),
    /// Something that went wrong.
    Error,
}

impl Style {
    const fn code(self) -> u8 {
        match self {
            Self::Build(position) => [32, 36, 35, 33, 34][position % 5],
            Self::Error => 31,
        }
    }

    fn paint(self, text: &str, sink: &Sink) -> String {
        if sink.color {
            format!("\u{1b}[1;{}m{text}\u{1b}[0m", self.code())
        } else {
            text.to_owned()
        }
    }
}

/// How people want it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes {
    /// Whether builds are introduced with their colours.
    pub(super) legend: bool,
    /// Whether every message begins with the time.
    pub(super) timestamps: bool,
}

/// Writes for people.
pub(super) struct Human {
    out: Sink,
    err: Sink,
    look: Look,
    wishes: Wishes,
    summary: Summary,
    post_processors: HashMap<(BuildId, StepId), String>,
    progress: Progress,
    /// Whether the last line is a question that waits for its answer.
    asking: bool,
}

impl Human {
    /// Writes to these two; `look` says how diagnostics are drawn.
    pub(super) fn new(out: Sink, err: Sink, look: Look, wishes: Wishes) -> Self {
        Self {
            out,
            err,
            look,
            wishes,
            summary: Summary::default(),
            post_processors: HashMap::new(),
            progress: Progress::default(),
            asking: false,
        }
    }

    fn out(&mut self, text: &str) {
        self.start_line();
        self.out.write(text);
    }

    fn err(&mut self, text: &str) {
        self.start_line();
        self.err.write(text);
    }

    /// Sees to it that the next text stands on a line of its own.
    fn start_line(&mut self) {
        self.progress.erase(&mut self.out);
        if std::mem::take(&mut self.asking) {
            self.out.write("\n");
        }
    }

    fn style(&self, event: &Event) -> Style {
        let position = event.build.as_ref().and_then(|build| self.summary.position(build));
        Style::Build(position.unwrap_or(0))
    }

    /// The name in front of what a step says: a post-processor's has its type added.
    fn target(&self, event: &Event) -> String {
        let Some(build) = &event.build else { return String::new() };
        let step = event.step.map(|step| (build.clone(), step));
        match step.and_then(|step| self.post_processors.get(&step)) {
            Some(component) => format!("{build} ({component})"),
            None => build.to_string(),
        }
    }

    /// A message of a build, as it is; the time goes in front when that is wished for.
    fn message(&mut self, event: &Event, style: Style, text: &str) {
        let time = if self.wishes.timestamps { local_time(event.time) } else { String::new() };
        let painted = style.paint(&format!("{time}{text}"), &self.out);
        self.out(&format!("{painted}\n"));
    }

    fn output(&mut self, event: &Event, stream: Stream, text: &str) {
        let style = match stream {
            Stream::Say | Stream::Stdout => self.style(event),
            Stream::Error | Stream::Stderr => Style::Error,
        };
        let text = prefixed(&self.target(event), stream, text, self.out.color);
        self.message(event, style, &text);
    }

    fn run_started(&mut self, builds: &[BuildId]) {
        if !self.wishes.legend || builds.is_empty() {
            return;
        }
        let mut text = String::new();
        for (position, build) in builds.iter().enumerate() {
            let line = format!("{}: output will be in this color.", clean(&build.0, false));
            text.push_str(&Style::Build(position).paint(&line, &self.out));
            text.push('\n');
        }
        text.push('\n');
        self.out(&text);
    }

    fn build_finished(&mut self, event: &Event, outcome: &BuildOutcome, elapsed: Duration) {
        let name = clean(&self.target(event), false).into_owned();
        let elapsed = english(elapsed);
        let (style, text) = match outcome {
            BuildOutcome::Succeeded { .. } => {
                (self.style(event), format!("Build '{name}' finished after {elapsed}."))
            }
            BuildOutcome::Failed { failures, .. } => {
                let told = |failure: &FailureSummary| FailureSummary {
                    message: further(&failure.message),
                    ..failure.clone()
                };
                let why = joined(&failures.iter().map(told).collect::<Vec<_>>());
                let why = clean(&why, self.out.color);
                (Style::Error, format!("Build '{name}' errored after {elapsed}: {why}"))
            }
            BuildOutcome::Cancelled { .. } => {
                (self.style(event), format!("Build '{name}' cancelled after {elapsed}."))
            }
        };
        self.message(event, style, &text);
    }

    fn run_finished(&mut self, elapsed: Duration) {
        self.out(&format!("\n==> Wait completed after {}\n", english(elapsed)));
        let mut trouble = String::new();
        if self.summary.interrupted {
            trouble.push_str("Cleanly cancelled builds after being interrupted.\n");
        }
        let failed = self.summary.failed();
        if !failed.is_empty() {
            trouble.push_str("\n==> Some builds didn't complete successfully and had errors:\n");
        }
        for (build, failures) in failed {
            for failure in failures {
                trouble.push_str(&failure_lines(build, failure));
            }
        }
        for (build, artifacts) in self.summary.kept() {
            for artifact in artifacts {
                let summary = further(&artifact.summary);
                trouble.push_str(&format!("--> {build}: kept: {summary}\n"));
            }
        }
        let trouble = clean(&trouble, false).into_owned();
        self.err(&Style::Error.paint_lines(&trouble, &self.err));

        if self.summary.interrupted {
            return;
        }
        let made = self.summary.made();
        let mut results = String::new();
        if made.is_empty() {
            results.push_str("\n==> Builds finished but no artifacts were created.\n");
        } else {
            results.push_str("\n==> Builds finished. The artifacts of successful builds are:\n");
        }
        for (build, artifacts) in made {
            for (index, artifact) in artifacts.iter().enumerate() {
                // What `docker-push` hands on is what `docker-tag` made, pushed.
                let same = |later: &ArtifactSummary| later.summary == artifact.summary;
                if artifacts[index + 1..].iter().any(same) {
                    continue;
                }
                results.push_str(&format!("--> {build}: {}\n", further(&artifact.summary)));
                if let Some(digest) = &artifact.digest
                    && !artifact.summary.contains(digest.as_str())
                {
                    results.push_str(&format!("    digest: {}\n", further(digest)));
                }
            }
        }
        let results = clean(&results, false).into_owned();
        self.out(&results);
    }
}

impl Style {
    /// Paints line by line, so that a reader of single lines sees whole colours.
    fn paint_lines(self, text: &str, sink: &Sink) -> String {
        text.split_inclusive('\n')
            .map(|line| match line.trim_end_matches('\n') {
                "" => line.to_owned(),
                inside => self.paint(inside, sink) + "\n",
            })
            .collect()
    }
}

impl Renderer for Human {
    fn event(&mut self, event: &Event) {
        self.summary.event(event);
        match &event.kind {
            EventKind::RunStarted { builds, run_id: _ } => self.run_started(builds),
            EventKind::BuildStarted => {}
            EventKind::StepStarted { role, component, name: _ } => match role {
                StepRole::PostProcessor => {
                    if let (Some(build), Some(step)) = (&event.build, event.step) {
                        self.post_processors.insert((build.clone(), step), component.clone());
                    }
                }
                StepRole::Source | StepRole::Provisioner | StepRole::ErrorCleanupProvisioner => {}
            },
            EventKind::Output { stream, text } => self.output(event, *stream, text),
            EventKind::Progress { what, done, total } => {
                if self.out.terminal
                    && let Some(build) = &event.build
                {
                    self.progress.set(build, what, *done, *total);
                    if !self.asking {
                        self.progress.draw(&mut self.out, self.look.width);
                    }
                }
            }
            // The run says itself that a step is tried again or forgiven, in Packer's words.
            EventKind::StepRetrying { left: _, because: _ } => {}
            EventKind::StepFinished { outcome: _, elapsed: _ } => {
                if let Some(build) = &event.build {
                    self.progress.forget(build, &mut self.out);
                    if let Some(step) = event.step {
                        self.post_processors.remove(&(build.clone(), step));
                    }
                }
            }
            EventKind::BuildFinished { outcome, elapsed } => {
                self.build_finished(event, outcome, *elapsed);
            }
            EventKind::Interrupted { signal } => {
                let text = format!("Cancelling build after receiving {signal}\n");
                self.err(&Style::Error.paint_lines(&text, &self.err));
            }
            EventKind::RunFinished { elapsed } => self.run_finished(*elapsed),
        }
    }

    fn say(&mut self, text: &str) {
        let text = clean(text, false).into_owned();
        self.out(&format!("{text}\n"));
    }

    fn document(&mut self, text: &str) {
        // A program gets every byte; a terminal nothing that would make it do something.
        match self.out.terminal {
            true => self.out(&clean(text, false)),
            false => self.out(text),
        }
    }

    fn error(&mut self, text: &str) {
        let text = format!("{}\n", clean(text, false));
        self.err(&Style::Error.paint_lines(&text, &self.err));
    }

    fn version(&mut self, version: &Version) {
        self.say(&version.to_string());
    }

    fn diagnostics(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        let look = Look { color: self.err.color, ..self.look };
        let most = diagnostics::FOR_A_PERSON;
        let text = diagnostics::draw_first(most, list, sources, secrets, look);
        self.err(&text);
    }

    fn mistakes(&mut self, list: &[Diagnostic], sources: &SourceMap, secrets: &Secrets) {
        let look = Look { color: self.err.color, ..self.look };
        let text = diagnostics::draw_each(list, sources, secrets, look);
        self.err(text.trim_end());
    }

    fn inspection(&mut self, inspected: &Inspected<'_>) {
        for part in inspected.parts() {
            match part {
                Part::Said(text) => self.say(&text),
                Part::Noted { .. } => {}
            }
        }
        let Inspected { inspection: _, diagnostics, sources, secrets } = inspected;
        if !diagnostics.is_empty() {
            self.diagnostics(diagnostics, sources, secrets);
        }
    }

    fn ask(&mut self, build: &BuildId, question: &str) -> bool {
        let text = prefixed(&build.0, Stream::Say, question, false);
        self.out(&format!("{text} "));
        self.asking = true;
        true
    }

    fn answered(&mut self) {
        self.asking = false;
    }

    fn tick(&mut self) {
        if self.out.terminal && !self.asking {
            self.progress.draw(&mut self.out, self.look.width);
        }
    }

    fn failure(&self) -> Option<&std::io::Error> {
        self.out.failure()
    }
}

/// The lines of a message with the name in front of each, as Packer writes them.
pub(super) fn prefixed(target: &str, stream: Stream, text: &str, colors: bool) -> String {
    let target = clean(target, false);
    let mut lines = String::new();
    for line in text.split('\n') {
        let line = match stream {
            Stream::Say | Stream::Error => line,
            Stream::Stdout | Stream::Stderr => last_state(line),
        };
        let line = format!("==> {target}: {}", clean(line, colors));
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines.truncate(lines.trim_end().len());
    lines
}

/// A text of which only the first line stands at the beginning of one: what an engine or a registry
/// says cannot look like what another build says.
fn further(text: &str) -> String {
    text.replace('\n', "\n    ")
}

fn failure_lines(build: &BuildId, failure: &FailureSummary) -> String {
    let FailureSummary { message, help, place } = failure;
    let mut text = format!("--> {build}: {}\n", further(message));
    if let Some(place) = place {
        text.push_str(&format!("    in the block at {place}\n"));
    }
    if let Some(help) = help {
        text.push_str(&format!("    help: {}\n", further(help)));
    }
    text
}

/// RFC 3339 in the local time zone, with what separates it from a message.
pub(super) fn local_time(nanoseconds: i128) -> String {
    let Ok(time) = jiff::Timestamp::from_nanosecond(nanoseconds) else { return String::new() };
    let time = time.to_zoned(jiff::tz::TimeZone::system());
    let zone = if time.offset().is_zero() { "Z" } else { "%:z" };
    format!("{}: ", time.strftime(&format!("%Y-%m-%dT%H:%M:%S{zone}")))
}

/// The line at the bottom of a terminal that says how transfers go.
#[derive(Default)]
struct Progress {
    shown: bool,
    changed: bool,
    drawn: Option<Instant>,
    latest: Option<(BuildId, String)>,
    transfers: BTreeMap<(BuildId, String), (u64, Option<u64>)>,
}

impl Progress {
    fn set(&mut self, build: &BuildId, what: &str, done: u64, total: Option<u64>) {
        let key = (build.clone(), what.to_owned());
        self.changed = true;
        if total.is_some_and(|total| done >= total) {
            self.transfers.remove(&key);
        } else {
            self.latest = Some(key.clone());
            self.transfers.insert(key, (done, total));
        }
    }

    fn forget(&mut self, build: &BuildId, sink: &mut Sink) {
        let before = self.transfers.len();
        self.transfers.retain(|(owner, _), _| owner != build);
        if self.transfers.len() != before {
            self.erase(sink);
            self.changed = true;
        }
    }

    fn erase(&mut self, sink: &mut Sink) {
        if self.shown {
            sink.write("\r\u{1b}[K");
            self.shown = false;
            self.changed = true;
        }
    }

    fn draw(&mut self, sink: &mut Sink, width: usize) {
        if !self.changed || self.drawn.is_some_and(|drawn| drawn.elapsed() < PROGRESS_PAUSE) {
            return;
        }
        self.changed = false;
        self.drawn = Some(Instant::now());
        let latest = self.latest.as_ref().and_then(|key| self.transfers.get_key_value(key));
        let Some(((build, what), (done, total))) = latest.or_else(|| self.transfers.iter().next())
        else {
            return self.erase(sink);
        };
        let mut line = format!("    {build}: {what} {}", size(*done));
        if let Some(total) = total {
            line.push_str(&format!(" of {}", size(*total)));
        }
        if self.transfers.len() > 1 {
            line.push_str(&format!(", and {} more", self.transfers.len() - 1));
        }
        let line: String =
            clean(&line, false).replace(['\n', '\t'], " ").chars().take(width - 1).collect();
        sink.write(&format!("\r\u{1b}[K{line}"));
        self.shown = true;
    }
}

/// A number of bytes, with at most one decimal: `12.3 MB`.
fn size(bytes: u64) -> String {
    const UNITS: &[&str] = &["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut unit = 0;
    let mut length = bytes as f64 / 1000.0;
    while length >= 1000.0 && unit + 1 < UNITS.len() {
        length /= 1000.0;
        unit += 1;
    }
    format!("{length:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Paper};
    use super::*;

    const LOOK: Look = Look { color: false, unicode: true, wrap: false, width: 60 };

    fn show(events: &[Event], terminal: bool, wishes: Wishes) -> (String, String) {
        let (out, err) = (Paper::default(), Paper::default());
        let sink = |paper: &Paper| Sink::new(paper.clone(), terminal, terminal);
        let mut human = Human::new(sink(&out), sink(&err), LOOK, wishes);
        events.iter().for_each(|event| human.event(event));
        (out.text(), err.text())
    }

    #[test]
    fn a_run_reads_as_packers() {
        let wishes = Wishes { legend: true, timestamps: false };
        let (out, err) = show(&sample::run(), false, wishes);
        assert_eq!(
            out,
            "\
docker.a: output will be in this color.
n.docker.b: output will be in this color.

==> docker.a: Starting docker container...
==> docker.a: one
==> docker.a:
==> docker.a: three
==> docker.a: 100%
==> n.docker.b: red
==> docker.a: Running post-processor:  (type docker-tag)
==> docker.a (docker-tag): Tagging image: sha256:1
Build 'docker.a' finished after 4 seconds 112 milliseconds.
Build 'n.docker.b' errored after 1 minute 3 seconds: script failed: exit status 3

==> Wait completed after 1 minute 3 seconds

==> Builds finished. The artifacts of successful builds are:
--> docker.a: Imported Docker image: sha256:1
--> docker.a: Imported Docker image: r:t with tags r:t
    digest: sha256:2
"
        );
        assert_eq!(
            err,
            "
==> Some builds didn't complete successfully and had errors:
--> n.docker.b: script failed: exit status 3
    in the block at b.pkr.hcl:7:3
    help: look at the script
--> n.docker.b: kept: Imported Docker image: sha256:3
"
        );
    }

    #[test]
    fn a_terminal_gets_colours_and_progress() {
        let wishes = Wishes { legend: false, timestamps: true };
        let (out, err) = show(&sample::run(), true, wishes);
        let start = "\u{1b}[1;32m2026-01-02T03:04:05";
        assert!(out.starts_with(start), "{out}");
        assert!(out.contains("\u{1b}[1;31m2026-"), "standard error is red: {out}");
        assert!(out.contains("\u{1b}[31mred\u{1b}[0m"), "colours of commands are kept: {out}");
        assert!(out.contains("\r\u{1b}[K    docker.a: pull 1.0 MB of 3.0 MB"), "{out}");
        assert!(!out.contains("[2J"), "nothing else is: {out}");
        assert!(err.contains("\u{1b}[1;31m--> n.docker.b: script failed"), "{err}");
    }

    #[test]
    fn what_is_said_beside_an_open_question_has_a_line_of_its_own() {
        let out = Paper::default();
        let sink = || Sink::new(out.clone(), false, false);
        let wishes = Wishes { legend: false, timestamps: false };
        let mut human = Human::new(sink(), sink(), LOOK, wishes);
        let build = BuildId("docker.a".to_owned());
        human.ask(&build, "Go on?");
        human.say("meanwhile");
        human.ask(&build, "Really?");
        human.answered();
        human.say("well then");
        let lines = "==> docker.a: Go on? \nmeanwhile\n==> docker.a: Really? well then\n";
        assert_eq!(out.text(), lines);
    }

    #[test]
    fn an_interrupted_run_has_no_results() {
        let wishes = Wishes { legend: false, timestamps: false };
        let (out, err) = show(&sample::interrupted(), false, wishes);
        assert_eq!(
            out,
            "Build 'docker.a' cancelled after 1 second.\n\n==> Wait completed after 1 second\n"
        );
        assert_eq!(
            err,
            "Cancelling build after receiving interrupt
Cleanly cancelled builds after being interrupted.
"
        );
    }

    #[test]
    fn sizes_have_one_decimal() {
        for (bytes, text) in [(0, "0.0 kB"), (999_949, "999.9 kB"), (12_345_678, "12.3 MB")] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(u64::MAX), "18.4 EB");
    }
}
