//! Runs to be shown, and paper to show them on.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cooper_build::event::{BuildOutcome, FailureSummary, StepOutcome, StepRole};
use cooper_build::{ArtifactSummary, BuildId, Event, EventKind, StepId, Stream};

/// Keeps what is written. Cloning shares it.
#[derive(Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    /// What was written so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("text")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Log(Vec<Event>);

impl Log {
    fn add(&mut self, build: &str, step: Option<u32>, kind: EventKind) {
        self.0.push(Event {
            seq: self.0.len() as u64 + 1,
            time: 1_767_323_045_000_000_000,
            build: (!build.is_empty()).then(|| BuildId(build.to_owned())),
            step: step.map(StepId),
            kind,
        });
    }

    fn output(&mut self, build: &str, step: u32, stream: Stream, text: &str) {
        self.add(build, Some(step), EventKind::Output { stream, text: text.to_owned() });
    }
}

fn artifact(builder_id: &str, id: &str, files: &[&str], summary: &str) -> ArtifactSummary {
    ArtifactSummary {
        builder_id: builder_id.to_owned(),
        id: id.to_owned(),
        files: files.iter().map(|&file| file.to_owned()).collect(),
        summary: summary.to_owned(),
        digest: None,
    }
}

/// Two builds: one makes and tags an image, the other fails.
pub(super) fn run() -> Vec<Event> {
    let (a, b) = ("docker.a", "n.docker.b");
    let mut log = Log(Vec::new());
    let builds = vec![BuildId(a.to_owned()), BuildId(b.to_owned())];
    log.add("", None, EventKind::RunStarted { builds, run_id: "id".to_owned() });
    for build in [a, b] {
        log.add(build, None, EventKind::BuildStarted);
        let (component, name) = ("docker".to_owned(), None);
        let role = StepRole::Source;
        log.add(build, Some(0), EventKind::StepStarted { role, component, name });
    }
    let (what, done, total) = ("pull".to_owned(), 1_000_000, Some(3_000_000));
    log.output(a, 0, Stream::Say, "Starting docker container...");
    log.add(a, Some(0), EventKind::Progress { what, done, total });
    log.output(a, 0, Stream::Stdout, "one\n\nthree");
    log.output(a, 0, Stream::Stdout, "10%\r100%\r");
    log.output(b, 0, Stream::Stderr, "\u{1b}[2J\u{1b}[31mred\u{1b}[0m");
    log.output(a, 0, Stream::Say, "Running post-processor:  (type docker-tag)");
    let (component, name) = ("docker-tag".to_owned(), None);
    let role = StepRole::PostProcessor;
    log.add(a, Some(1), EventKind::StepStarted { role, component, name });
    log.output(a, 1, Stream::Say, "Tagging image: sha256:1");
    let elapsed = Duration::from_millis(10);
    let outcome = StepOutcome::Succeeded;
    log.add(a, Some(1), EventKind::StepFinished { outcome, elapsed });
    let mut tagged = artifact(
        "packer.post-processor.docker-tag",
        "r:t",
        &["a,b"],
        "Imported Docker image: r:t with tags r:t",
    );
    tagged.digest = Some("sha256:2".to_owned());
    let imported =
        |id: &str| artifact("packer.docker", id, &[], &format!("Imported Docker image: {id}"));
    let outcome = BuildOutcome::Succeeded { artifacts: vec![imported("sha256:1"), tagged] };
    let elapsed = Duration::from_millis(4112);
    log.add(a, None, EventKind::BuildFinished { outcome, elapsed });
    let failure = FailureSummary {
        message: "script failed: exit status 3".to_owned(),
        help: Some("look at the script".to_owned()),
        place: Some("b.pkr.hcl:7:3".to_owned()),
    };
    let outcome =
        BuildOutcome::Failed { failures: vec![failure], artifacts: vec![imported("sha256:3")] };
    let elapsed = Duration::from_secs(63);
    log.add(b, None, EventKind::BuildFinished { outcome, elapsed });
    log.add("", None, EventKind::RunFinished { elapsed });
    log.0
}

/// A build that was told to stop.
pub(super) fn interrupted() -> Vec<Event> {
    let build = "docker.a";
    let mut log = Log(Vec::new());
    let builds = vec![BuildId(build.to_owned())];
    log.add("", None, EventKind::RunStarted { builds, run_id: "id".to_owned() });
    log.add(build, None, EventKind::BuildStarted);
    log.add("", None, EventKind::Interrupted { signal: "interrupt".to_owned() });
    let outcome = BuildOutcome::Cancelled { artifacts: Vec::new() };
    let elapsed = Duration::from_secs(1);
    log.add(build, None, EventKind::BuildFinished { outcome, elapsed });
    log.add("", None, EventKind::RunFinished { elapsed });
    log.0
}
