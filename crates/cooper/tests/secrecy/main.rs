//! No output tells a secret, whatever the secret is, however it came in, and wherever it goes: the real
//! program is driven through its commands and forms of output, and all that it writes is searched.

mod console;
mod forms;
mod places;
mod run;
mod secret;
mod way;

use std::fmt::Write as _;

use self::places::Place;
use self::run::{Output, Run};
use self::secret::Secret;
use self::way::Way;

/// Searches what was written for a secret.
#[track_caller]
fn search(output: &Output, secret: &Secret, told_at: &str) -> String {
    let mut told = String::new();
    for (name, text) in &output.texts {
        for (form, place) in forms::found(text, secret.text()) {
            let _ = writeln!(told, "{told_at}: {name} tells {secret:?} as {form}: {place:?}");
        }
    }
    for file in &output.left_behind {
        let _ = writeln!(told, "{told_at}: `{file}` was left behind");
    }
    told
}

/// What goes wrong with a secret tells nothing of it: every way in, every form of output.
#[test]
fn no_mistake_tells_a_secret() {
    let mut told = String::new();
    for (secret, way) in secret::samples().zip(Way::ALL.iter().cycle()) {
        for place in [places::functions(), places::arguments(), places::names()] {
            for line in ["validate", "validate -json", "-machine-readable validate"] {
                let output = Run::new(&place, *way, &secret).command(line);
                told += &search(&output, &secret, &format!("{} by {way:?}: {line}", place.name));
            }
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

/// What commands and components repeat, in every form of output of a build.
#[test]
fn no_build_tells_a_secret() {
    const LINES: [&str; 6] = [
        "build",
        "build -json",
        "-machine-readable build",
        "build -debug -timestamp-ui",
        "build -on-error=ask -color=false",
        "build -on-error=run-cleanup-provisioner",
    ];
    let mut told = String::new();
    let ways = Way::ALL.iter().cycle();
    // What has `{{` in it is a template there, and not what is said.
    let samples = secret::samples().filter(|secret| !secret.text().contains("{{"));
    for ((secret, way), line) in samples.zip(ways).zip(LINES.iter().cycle()) {
        for place in [places::said(&secret), places::container(&secret), places::files()] {
            let output = Run::new(&place, *way, &secret).logged().command(line);
            assert!(output.began(), "{}: {line}: {:?}", place.name, output.texts);
            told += &search(&output, &secret, &format!("{} by {way:?}: {line}", place.name));
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn no_value_that_is_asked_for_tells_a_secret() {
    let mut told = String::new();
    for (secret, way) in secret::samples().zip(Way::ALL.iter().cycle()) {
        let place = places::values();
        for line in ["inspect", "inspect -json", "-machine-readable inspect", "console"] {
            let output = Run::new(&place, *way, &secret).typing(console::EXPRESSIONS).command(line);
            told += &search(&output, &secret, &format!("{} by {way:?}: {line}", place.name));
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

/// A text that cannot be read is shown beside what is wrong with it, without the secret in it.
#[test]
fn no_broken_text_tells_a_secret() {
    let mut told = String::new();
    for secret in secret::samples() {
        for (index, broken) in places::broken(&secret).iter().enumerate() {
            for line in ["validate", "-machine-readable inspect"] {
                let output =
                    Run::of_files(&broken.files).command(&format!("{line} {}", broken.flags));
                told += &search(&output, &secret, &format!("broken text {index}: {line}"));
            }
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

/// Two secrets of one shape cannot be told apart by anything that Cooper says itself: so no part, no
/// hash and no encoding of them is in it, also none that nobody thought of.
#[test]
fn nothing_that_is_said_depends_on_a_secret() {
    for secret in secret::samples().filter(Secret::is_plain).take(6) {
        let twin = secret.twin();
        for place in [places::functions(), places::arguments(), places::values()] {
            for line in ["validate", "validate -json", "inspect -json", "console"] {
                let said = |secret: &Secret| {
                    let run = Run::new(&place, Way::Flag, secret);
                    run.typing(console::EXPRESSIONS).command(line).comparable(secret)
                };
                let (one, other) = (said(&secret), said(&twin));
                for (one, other) in one.lines().zip(other.lines()) {
                    assert_eq!(one, other, "{}: {line}: {secret:?} and {twin:?}", place.name);
                }
            }
        }
    }
}

/// No process that Cooper starts has a secret on its command line, unless the template puts it there.
#[test]
fn no_list_of_processes_tells_a_secret() {
    let place = Place {
        name: "processes",
        template: r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["source.null.a"]
  provisioner "shell-local" {
    environment_vars = ["SECRET=${@}"]
    inline           = ["cat /proc/self/cmdline /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\000' ' '", "echo of ${@} that is all"]
  }
}
"#
        .to_owned(),
        engine: String::new(),
    };
    for secret in secret::samples().filter(Secret::is_plain).take(3) {
        let output = Run::new(&place, Way::Environment, &secret).command("build");
        let told = search(&output, &secret, "processes");
        assert!(told.is_empty(), "{told}");
        let all: String = output.texts.iter().map(|(_, text)| text.as_str()).collect();
        assert!(
            all.contains("packer-shell") && all.contains("of <sensitive> that is all"),
            "{all}"
        );
        // What the command lines had was shown as it is.
        assert_eq!(all.matches("<sensitive>").count(), 1, "{all}");
    }
}
