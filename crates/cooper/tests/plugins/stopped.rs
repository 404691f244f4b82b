//! Ctrl-C while a component of a plugin works: it is cleaned up, soon, and no process is left.

use std::fs;
use std::time::{Duration, Instant};

use cooper_testbed::{Context, process};
use libtest_mimic::Trial;

use crate::plugin::{Encoding, install};
use crate::run::{Run, check};
use crate::trial;

/// How long a component may take until its process is ended. A builder has more, if it needs it.
const SOON: Duration = Duration::from_secs(20);

/// What works when Cooper is told to stop.
struct Stopped {
    template: String,
    /// When it works.
    begun: Begun,
    /// Whether a machine was made before, which is an artifact and stays.
    has_artifact: bool,
}

/// How it is known that something works.
enum Begun {
    /// It was said.
    Said(&'static str),
    /// A process has this in its command line.
    Runs(&'static str),
}

const SLEEP: &str = "provisioner \"shell\" {\n  inline = [\"echo asleep; sleep 600\"]\n  \
                     remote_folder = \".\"\n}";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        stopped("an_interrupt_ends_a_builder_in_go", || Stopped {
            template: build("files", "target", SLEEP),
            begun: Begun::Said("asleep"),
            has_artifact: false,
        }),
        stopped("an_interrupt_ends_a_builder_in_rust", || Stopped {
            template: build("workshop", "folder", SLEEP),
            begun: Begun::Said("asleep"),
            has_artifact: false,
        }),
        stopped("an_interrupt_ends_a_post_processor_in_go", || Stopped {
            template: build("files", "target", "post-processor \"misbehave\" { how = \"wait\" }"),
            begun: Begun::Said("about to wait"),
            has_artifact: true,
        }),
        stopped("an_interrupt_ends_a_post_processor_in_rust", || Stopped {
            // Nobody reads the pipe.
            template: build(
                "workshop",
                "folder",
                "post-processor \"workshop-list\" { output = \"pipe\" }",
            ),
            begun: Begun::Said("(type workshop-list)"),
            has_artifact: true,
        }),
        stopped("an_interrupt_ends_a_post_processor_in_go_that_hangs", || Stopped {
            template: build("files", "target", "post-processor \"misbehave\" { how = \"hang\" }"),
            begun: Begun::Said("about to hang"),
            has_artifact: true,
        }),
        stopped("an_interrupt_ends_a_data_source_in_go", || Stopped {
            template: format!(
                "data \"misbehave\" \"it\" {{ how = \"hang\" }}\n\
                 locals {{ it = data.misbehave.it }}\n{}",
                build("files", "target", "")
            ),
            begun: Begun::Runs("start datasource"),
            has_artifact: false,
        }),
    ]
}

/// A build whose machine is a folder.
fn build(source: &str, argument: &str, step: &str) -> String {
    format!(
        "source \"{source}\" \"it\" {{ {argument} = \"machine\" }}\nbuild {{\n\
         sources = [\"source.{source}.it\"]\n{step}\n}}\n"
    )
}

fn stopped(what: &str, case: fn() -> Stopped) -> Trial {
    trial(what, move || {
        let Stopped { template, begun, has_artifact } = case();
        let run = Run::of("greet.pkr.hcl", install(Encoding::Newer)?)?;
        fs::remove_file(run.folder.join("greet.pkr.hcl")).context("remove a template")?;
        fs::write(run.folder.join("it.pkr.hcl"), template).context("write a template")?;
        process::run(
            std::process::Command::new("mkfifo").arg(run.folder.join("pipe")),
            Duration::from_secs(10),
        )?;
        let mut running = run.start(&[])?;
        match begun {
            Begun::Said(text) => running.wait_for(text)?,
            Begun::Runs(words) => {
                let runs = || run.processes().iter().any(|one| one.command_line.contains(words));
                check(process::wait_until(SOON, runs), || format!("`{words}` never runs"))?;
            }
        }
        // It is on its way, wherever it is.
        std::thread::sleep(Duration::from_millis(200));
        let stop = Instant::now();
        running.interrupt();
        let output = running.end()?;
        run.expect(&output, false, &["ancelled"])?;
        check(stop.elapsed() < SOON, || format!("it took {:?}", stop.elapsed()))?;
        let is_there = run.folder.join("machine").exists();
        check(is_there == has_artifact, || format!("the machine is there: {is_there}"))?;
        run.nothing_is_left()
    })
}
