//! The provisioner: what it is told, and how often it looks.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cooper_plugin::{Build, Machine, Provisioner, Result, Schema, Ui};
use futures::StreamExt;

use crate::check::{Checked, Subject, command, file, group, package, port, user};
use crate::{junit, report};

/// How many subjects are looked at at once.
const AT_ONCE: usize = 4;

/// Checks what is in the machine, and fails the build when it is not as it should be.
///
/// Texts that are looked for, such as those of `contains` and `stdout`, are parts of what should be there. `/…/` is a
/// regular expression, in which `^` and `$` are the ends of a line, and with `!` before it neither may be there:
/// `contains = ["root:", "/^daemon:/", "!guest"]`.
#[derive(Schema)]
pub(crate) struct Goss {
    /// Files and folders.
    file: Vec<file::File>,
    /// Commands, and what they should print.
    command: Vec<command::Command>,
    /// Packages of Debian, Alpine and Red Hat, and of what is made of them.
    package: Vec<package::Package>,
    /// Users.
    user: Vec<user::User>,
    /// Groups.
    group: Vec<group::Group>,
    /// Ports.
    port: Vec<port::Port>,
    /// How often what is not right is looked at again, such as a service that is about to start.
    #[schema(default = 0)]
    retries: u32,
    /// How long it is left alone before.
    #[schema(default = Duration::from_secs(1))]
    interval: Duration,
    /// A file on the computer that builds, which gets a report in JUnit's form. Folders are made.
    junit: Option<PathBuf>,
    /// Reports what is wrong, and lets the build go on.
    #[schema(default)]
    only_report: bool,
}

impl Goss {
    fn subjects(&self) -> Vec<&dyn Subject> {
        fn all<T: Subject>(subjects: &[T]) -> impl Iterator<Item = &dyn Subject> {
            subjects.iter().map(|subject| subject as &dyn Subject)
        }
        all(&self.file)
            .chain(all(&self.command))
            .chain(all(&self.package))
            .chain(all(&self.user))
            .chain(all(&self.group))
            .chain(all(&self.port))
            .collect()
    }
}

impl Provisioner for Goss {
    fn prepare(&mut self, _: &Build) -> Result {
        let subjects = self.subjects();
        if subjects.is_empty() {
            return Err(
                "there is nothing to check: add a block `file`, `command`, `package`, `user`, \
                        `group` or `port`"
                    .into(),
            );
        }
        let mistakes = subjects.iter().filter_map(|subject| {
            let mistake = subject.mistake()?;
            Some(format!("{} `{}`: {mistake}", subject.kind(), subject.name()))
        });
        let mistakes: Vec<String> = mistakes.collect();
        match &mistakes[..] {
            [] => Ok(()),
            [one] => Err(one.clone().into()),
            several => {
                let items = several.join("\n* ");
                Err(format!("{} errors occurred:\n\n* {items}", several.len()).into())
            }
        }
    }

    async fn provision(&self, machine: &Machine, ui: &Ui, build: &Build) -> Result {
        let subjects = self.subjects();
        let begin = Instant::now();
        let mut checked = look(&subjects, machine).await?;
        for again in 1..=self.retries {
            let wrong: Vec<usize> =
                (0..checked.len()).filter(|index| !checked[*index].is_right()).collect();
            if wrong.is_empty() {
                break;
            }
            ui.say(report::again(wrong.len(), again, self.retries)).await;
            tokio::time::sleep(self.interval).await;
            let retried: Vec<&dyn Subject> = wrong.iter().map(|index| subjects[*index]).collect();
            let found = look(&retried, machine).await?;
            for (index, found) in wrong.into_iter().zip(found) {
                checked[index] = found;
            }
        }
        for line in report::lines(&checked) {
            match line {
                report::Line::Right(text) => ui.message(text).await,
                report::Line::Wrong(text) => ui.error(text).await,
            }
        }
        let summary = report::summary(&checked, begin.elapsed());
        if let Some(path) = &self.junit {
            let suite = format!("{}.{}", build.source_type, build.name);
            junit::write(path, &junit::report(&suite, &checked)?).await?;
        }
        let is_right = checked.iter().all(Checked::is_right);
        match is_right || self.only_report {
            true => {
                ui.say(summary).await;
                Ok(())
            }
            false => Err(summary.into()),
        }
    }
}

/// Looks at all subjects, and returns what was found in the same order.
async fn look(subjects: &[&dyn Subject], machine: &Machine) -> Result<Vec<Checked>> {
    let looking = subjects.iter().map(|subject| async {
        let begin = Instant::now();
        let findings = subject.look(machine).await?;
        let (kind, name) = (subject.kind(), subject.name());
        Ok(Checked { kind, name, findings, took: begin.elapsed() })
    });
    // Each is a future of its own type, made before it is begun.
    let looking: Vec<_> = looking.collect();
    let found: Vec<Result<Checked>> =
        futures::stream::iter(looking).buffered(AT_ONCE).collect().await;
    found.into_iter().collect()
}
