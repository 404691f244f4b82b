//! Plugins, hosted from end to end. This program is both the tests and the plugins they host: a
//! script named as a plugin is starts it again.

mod bench;
mod plugin;
mod sdk;

use libtest_mimic::{Arguments, Failed, Trial};

use self::bench::{Bench, Outcome};

/// What a test does.
type Test = fn() -> Result<(), Failed>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, mode, rest @ ..] = &arguments[..]
        && flag == plugin::FLAG
    {
        return plugin::main(mode, rest);
    }
    let tests: [(&str, Test); 15] = [
        ("every_kind_of_component_is_hosted_in_both_encodings", every_kind),
        ("arguments_are_checked_by_the_plugin_s_own_schema", arguments_are_checked),
        ("what_a_plugin_finds_wrong_is_told_at_its_place", refusals),
        ("facts_reach_provisioners_of_plugins", facts),
        ("a_plugin_that_misbehaves_is_named_in_one_error", misbehaviour),
        ("a_provisioner_that_takes_too_long_is_cancelled", timeouts),
        ("what_a_plugin_says_has_no_secret_however_short", secrets),
        ("a_panic_in_a_plugin_on_the_sdk_is_one_error", panics),
        ("a_file_with_another_checksum_is_not_run", checksums),
        ("plugins_that_are_not_used_are_not_started", thirty),
        ("no_process_is_left", no_process_is_left),
        ("a_builder_that_fails_at_the_end_has_its_machine_cleaned_up", late),
        ("a_plugin_may_listen_on_a_port", port),
        ("two_hundred_provisioners_work_at_once", two_hundred),
        ("a_plugin_that_asks_whether_we_are_there_and_is_silent_is_not_left", silence),
    ];
    let trials = tests.map(|(name, test)| Trial::test(name, test));
    libtest_mimic::run(&Arguments::from_args(), Vec::from(trials)).exit();
}

fn same<T: PartialEq + std::fmt::Debug>(got: T, wanted: T) -> Result<(), Failed> {
    match got == wanted {
        true => Ok(()),
        false => Err(format!("got {got:#?}\nwanted {wanted:#?}").into()),
    }
}

fn has(text: &str, wanted: &str) -> Result<(), Failed> {
    match text.contains(wanted) {
        true => Ok(()),
        false => Err(format!("`{wanted}` is not in:\n{text}").into()),
    }
}

const EVERYTHING: &str = r#"
data "test-find" "it" { name = "data" }
locals { found = data.test-find.it.found }
source "test" "box" {
  name = "machine"
  tag {
    key = "a"
  }
  tag {
    key = "b"
  }
}
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    title    = local.found
    commands = ["echo from a plugin"]
  }
  post-processor "test-wrap" { title = "wrapped" }
}
"#;

fn every_kind() -> Result<(), Failed> {
    for mode in ["good", "old", "sdk", "sdk-old"] {
        let Outcome { lines, artifacts, failures, mistakes, .. } = Bench::new(mode).run(EVERYTHING);
        same(mistakes, vec![])?;
        same(failures, vec![])?;
        same(
            lines,
            vec![
                "builder machine with 2 tags [\"a\", \"b\"]".to_owned(),
                "provisioning the found data with ID i-1".to_owned(),
                "out: echo from a plugin".to_owned(),
                "status 0".to_owned(),
                "the builder is done".to_owned(),
                "wrapping machine".to_owned(),
            ],
        )?;
        same(artifacts, vec!["machine".to_owned(), "wrapped machine".to_owned()])?;
    }
    Ok(())
}

fn arguments_are_checked() -> Result<(), Failed> {
    let template = r#"
source "test" "box" {
  nam = "machine"
  tag {
    key = ["x"]
  }
}
build { sources = ["source.test.box"] }
"#;
    for mode in ["good", "sdk", "sdk-old"] {
        let mistakes = Bench::new(mode).run(template).mistakes;
        same(
            mistakes,
            vec![
                "t.pkr.hcl:3:3: there is no argument called `nam` here".to_owned(),
                "t.pkr.hcl:5:11: the argument `key` has the wrong type".to_owned(),
            ],
        )?;
    }
    Ok(())
}

fn refusals() -> Result<(), Failed> {
    let template = r#"
source "test" "box" { name = "bad" }
source "test" "other" {
  name = "good"
  tag { key = "a" }
  tag { key = "bad" }
}
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    title    = "x"
    commands = ["bad"]
  }
}
build { sources = ["source.test.other"] }
"#;
    for mode in ["good", "sdk"] {
        let mistakes = Bench::new(mode).run(template).mistakes;
        same(
            mistakes,
            vec![
                "t.pkr.hcl:2:1: the machine cannot be called so".to_owned(),
                "t.pkr.hcl:12:16: `commands` has one that is bad".to_owned(),
                "t.pkr.hcl:6:15: `tag[1].key` is bad".to_owned(),
            ],
        )?;
    }
    Ok(())
}

fn facts() -> Result<(), Failed> {
    let template = r#"
source "test" "box" { name = "machine" }
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    title    = "${build.Custom} of ${build.ID}"
    commands = ["exit 3"]
  }
}
"#;
    for mode in ["good", "sdk", "sdk-old"] {
        let Outcome { lines, mistakes, failures, artifacts, .. } = Bench::new(mode).run(template);
        same(mistakes, vec![])?;
        has(&lines.join("\n"), "provisioning custom of i-1 with ID i-1")?;
        same(artifacts, vec![])?;
        has(&failures.join("\n"), "a command ended with 3")?;
    }
    Ok(())
}

fn panics() -> Result<(), Failed> {
    let template = r#"
source "test" "box" { name = "machine" }
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    commands = ["echo before", "panic"]
    password = "open sesame"
  }
}
"#;
    let Outcome { lines, failures, artifacts, mistakes, .. } = Bench::new("sdk").run(template);
    same(mistakes, vec![])?;
    has(&lines.join("\n"), "out: echo before")?;
    same(artifacts, vec![])?;
    has(&failures.join("\n"), "the plugin panicked at crates/cooper-host/tests/hosting/sdk.rs:")?;
    has(&failures.join("\n"), "boom with Some(\"<sensitive>\")")
}

fn secrets() -> Result<(), Failed> {
    let template = r#"
variable "short" {
  default   = "é"
  sensitive = true
}
variable "long" {
  default   = "correct-horse"
  sensitive = true
}
source "test" "box" { name = "machine" }
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    title    = "x${var.short}y ${var.long} Y29ycmVjdC1ob3JzZQ"
    commands = ["echo ${upper(var.long)}", "é"]
  }
}
"#;
    for mode in ["good", "sdk", "sdk-old"] {
        let Outcome { lines, mistakes, .. } = Bench::new(mode).run(template);
        same(mistakes, vec![])?;
        let lines = lines.join("\n");
        has(&lines, "provisioning x<sensitive>y <sensitive> <sensitive>")?;
        has(&lines, "out: echo <sensitive>")?;
        same(lines.contains('é'), false)?;
    }
    Ok(())
}

fn misbehaviour() -> Result<(), Failed> {
    let template = r#"
source "test" "box" { name = "machine" }
build {
  sources = ["source.test.box"]
  provisioner "test-run" { title = "x" }
}
"#;
    for (mode, wanted) in [
        ("chatty", "which says not where it listens"),
        ("gone", "ended before it said where it listens (exit status: 3): panic: not today"),
        ("lost", "cannot be reached"),
        ("flood", "breaks the protocol: more data than it was given credit for"),
        ("silent", "ended while it was started"),
    ] {
        let outcome = Bench::new(mode).run(template);
        let [mistake, ..] = &outcome.mistakes[..] else {
            return Err(format!("{mode}: {outcome:?}").into());
        };
        has(mistake, "the plugin `packer-plugin-test_v1.0.0_x5.0_")
            .and_then(|()| has(mistake, wanted))
            .map_err(|error| format!("{mode}: {error:?}"))?;
    }
    // One that crashes while it works harms its own build only.
    let outcome = Bench::new("crash").run(
        &template
            .replace(
                "sources = [\"source.test.box\"]",
                "sources = [\"source.test.box\", \"source.test.other\"]",
            )
            .replace("build {", "source \"test\" \"other\" { name = \"fine\" }\nbuild {"),
    );
    same(outcome.mistakes, vec![])?;
    same(outcome.artifacts, vec!["fine".to_owned()])?;
    let failures = outcome.failures.join("\n");
    has(&failures, "ended during `Provisioner.Provision` (exit status: 2): panic: boom")
}

fn timeouts() -> Result<(), Failed> {
    let template = r#"
source "test" "box" { name = "machine" }
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    title       = "x"
    commands    = ["sleep"]
    timeout     = "300ms"
    max_retries = 1
  }
}
"#;
    let started = std::time::Instant::now();
    for mode in ["good", "sdk"] {
        let Outcome { failures, .. } = Bench::new(mode).run(template);
        has(&failures.join("\n"), "did not end within its timeout of 300ms")?;
    }
    let bench = Bench::new("good");
    let Outcome { failures, .. } = bench.run(&template.replace("\"sleep\"", "\"stay\""));
    has(&failures.join("\n"), "did not end within its timeout of 300ms")?;
    same(bench.was_cancelled(), true)?;
    match started.elapsed().as_secs() < 60 {
        true => Ok(()),
        false => Err("it took too long".into()),
    }
}

fn checksums() -> Result<(), Failed> {
    let bench = Bench::new("good");
    bench.spoil();
    let template = r#"
packer {
  required_plugins {
    test = { source = "example.com/test/test", version = ">= 1" }
  }
}
source "test" "box" { name = "machine" }
build { sources = ["source.test.box"] }
"#;
    let mistakes = bench.run(template).mistakes.join("\n");
    has(&mistakes, "is not the file that its checksum was made for")?;
    has(&mistakes, "there is no source type called `test`")?;
    same(bench.runs(), vec![])
}

const NO_BUILD: &str = "the template has no `build` block";

/// Thirty plugins are installed.
fn thirty() -> Result<(), Failed> {
    let others: Vec<String> = (2..=30).map(|n| format!("other{n}")).collect();
    let bench = Bench::new("good").with_others(&others);
    let required = |(n, name): (usize, &String)| {
        format!("p{n} = {{ source = \"example.com/test/{name}\", version = \">= 1\" }}\n")
    };
    let required: String = others.iter().enumerate().map(required).collect();
    let required = format!("packer {{\nrequired_plugins {{\n{required}}}\n}}\n");
    let used = "source \"test\" \"box\" { name = \"machine\" }\n\
                build { sources = [\"source.test.box\"] }\n";
    for (template, runs) in [
        ("locals { a = 1 }\n".to_owned(), vec![]),
        (required.clone(), vec![]),
        (used.to_owned(), vec!["test describe ", "test start builder"]),
        // It is known what is in it.
        (required + used, vec!["test start builder"]),
    ] {
        let mistakes = bench.plan(&template).mistakes;
        same(mistakes, runs.is_empty().then(|| NO_BUILD.to_owned()).into_iter().collect())?;
        same(bench.runs().join(", "), runs.join(", "))?;
    }
    Ok(())
}

fn no_process_is_left() -> Result<(), Failed> {
    let bench = Bench::new("good");
    bench.run(EVERYTHING);
    let crashed = Bench::new("crash");
    crashed.run(EVERYTHING);
    let left = || [bench.processes(), crashed.processes()].concat();
    for _ in 0..100 {
        if left().is_empty() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(format!("these are left: {:?}", left()).into())
}

fn late() -> Result<(), Failed> {
    let template = |name: &str, command: &str| {
        format!(
            r#"
source "test" "box" {{ name = "{name}" }}
build {{
  sources = ["source.test.box"]
  provisioner "test-run" {{
    title    = "the work"
    commands = ["{command}"]
  }}
  error-cleanup-provisioner "test-run" {{ title = "the cleaning" }}
}}
"#
        )
    };
    let cleaned = "provisioning the cleaning with ID i-1".to_owned();
    for (name, command, why) in [
        ("late", "true", "the machine cannot be kept"),
        // Once only, although the builder may ask for it, too.
        ("late", "exit 3", "a command ended with 3"),
    ] {
        let outcome = Bench::new("good").run(&template(name, command));
        has(&outcome.failures.join("\n"), why)?;
        let count = outcome.lines.iter().filter(|line| **line == cleaned).count();
        same((count, outcome.failures.len()), (1, 1))?;
    }
    let outcome = Bench::new("good").run(&template("fine", "true"));
    same(outcome.failures, vec![])?;
    same(outcome.lines.contains(&cleaned), false)
}

fn port() -> Result<(), Failed> {
    let outcome = Bench::new("port").run(EVERYTHING);
    same(outcome.failures, vec![])?;
    same(outcome.artifacts, vec!["machine".to_owned(), "wrapped machine".to_owned()])
}

/// Each in a process of its own, beside that of its machine; all wait for each other.
fn two_hundred() -> Result<(), Failed> {
    const COUNT: usize = 200;
    let bench = Bench::new("good");
    let names = 1..=COUNT;
    let sources =
        names.clone().map(|n| format!("source \"test\" \"m{n}\" {{ name = \"m{n}\" }}\n"));
    let references: Vec<String> = names.map(|n| format!("\"source.test.m{n}\"")).collect();
    let template = format!(
        "{}build {{\n  sources = [{}]\n  provisioner \"test-run\" {{\n    title = \"x\"\n    \
         commands = [\"meet {COUNT}\"]\n  }}\n}}\n",
        sources.collect::<String>(),
        references.join(", "),
    );
    let Outcome { waiting, mistakes, failures, mut artifacts, lines } = bench.run(&template);
    // Before they work, they are a few.
    same(waiting.min(12), waiting)?;
    same(mistakes, vec![])?;
    same(failures, vec![])?;
    let met = lines.iter().filter(|line| *line == "out: all are here").count();
    same(met, COUNT)?;
    artifacts.sort();
    artifacts.dedup();
    same(artifacts.len(), COUNT)
}

/// It asks every tenth of a second, and would be gone after two.
fn silence() -> Result<(), Failed> {
    let template = r#"
source "test" "box" { name = "machine" }
build {
  sources = ["source.test.box"]
  provisioner "test-run" {
    title    = "x"
    commands = ["wait 3"]
  }
}
"#;
    let Outcome { failures, artifacts, .. } = Bench::new("attentive").run(template);
    same(failures, vec![])?;
    same(artifacts, vec!["machine".to_owned()])
}
