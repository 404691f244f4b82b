//! Cooper as the host of the plugin in Python, of those in Rust, and of those on Packer's own library.

use std::fs;
use std::time::{Duration, Instant};

use cooper_testbed::{Context, Result};
use libtest_mimic::Trial;

use crate::plugin::{Encoding, install};
use crate::run::{Run, check};
use crate::{docker_trial, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        docker_trial("an_image_is_built_with_plugins_in_python_and_go", || image(Encoding::Newer)),
        docker_trial("an_image_is_built_with_plugins_that_know_gob_only", || {
            image(Encoding::Older)
        }),
        docker_trial("an_image_is_checked_by_a_plugin_in_rust", || goss(Encoding::Newer)),
        docker_trial("an_image_is_checked_by_a_plugin_in_rust_that_knows_gob_only", || {
            goss(Encoding::Older)
        }),
        docker_trial("the_example_of_goss_builds", || {
            let run = Run::of("../../plugins/goss/example.pkr.hcl", install(Encoding::Newer)?)?;
            // Debian's busybox has no `adduser`.
            let user = "echo web:x:7:7::/srv/web:/bin/sh >> /etc/passwd; \
                        echo web:x:7: >> /etc/group; mkdir -p /srv/web";
            let user = format!("-var=make_user={user}");
            let output = run.build(&["-var=image=base:latest", &user])?;
            run.expect(&output, true, &["ok      port `8080/tcp`: listening", "checks passed"])
        }),
        trial("every_kind_of_component_in_rust_does_its_part", || workshop(Encoding::Newer)),
        trial("every_kind_of_component_in_rust_that_knows_gob_only_does_its_part", || {
            workshop(Encoding::Older)
        }),
        trial("braces_of_a_legacy_template_are_filled_in_by_a_plugin", || legacy(Encoding::Newer)),
        trial("braces_of_a_legacy_template_are_filled_in_by_a_plugin_that_knows_gob_only", || {
            legacy(Encoding::Older)
        }),
        trial("what_a_component_in_rust_says_of_arguments_has_its_place", refusals),
        trial("what_a_plugin_leaves_out_of_a_folder_is_not_uploaded", leave_out),
        trial("a_builder_in_go_builds_its_example", || example(Encoding::Newer)),
        trial("a_builder_in_go_that_knows_gob_only_builds_its_example", || {
            example(Encoding::Older)
        }),
    ];
    trials.extend(MISBEHAVIOUR.iter().map(|case| {
        let name = format!("a_plugin_that_is_told_to_{}", case.how.replace(' ', "_"));
        trial(&name, || misbehaves(case))
    }));
    trials.extend(AT_START.iter().map(|(how, said)| {
        let name = format!("a_plugin_that_starts_with_{}", how.replace(' ', "_"));
        trial(&name, || misbehaves_at_start(how, said))
    }));
    trials
}

/// Built-in provisioners, one in Go, one in Python and one in Rust. What they did, the template itself checks.
fn image(encoding: Encoding) -> Result<()> {
    let run = Run::of("image.pkr.hcl", install(encoding)?)?;
    let output = run.build(&[])?;
    run.expect(&output, true, &["saved 2.0 MiB", "/etc/app.conf: set `port`", "5 checks passed"])?;
    let sums = fs::read_to_string(run.folder.join("SUMS")).context("read the sums")?;
    check(sums.ends_with("  image.tar\n"), || format!("the sums are {sums:?}"))
}

/// Checks that hold, some only after a while; then one that does not.
fn goss(encoding: Encoding) -> Result<()> {
    let run = Run::of("goss.pkr.hcl", install(encoding)?)?;
    let output = run.build(&[])?;
    let said =
        ["looking again (1 of 20)", "ok      port `8080/tcp`: listening", "19 checks passed"];
    run.expect(&output, true, &said)?;
    let report =
        || fs::read_to_string(run.folder.join("reports/base.xml")).context("read a report");
    let passed = report()?;
    check(passed.contains("<testsuite name=\"docker.base\" "), || passed.clone())?;
    check(passed.contains("tests=\"19\" failures=\"0\""), || passed.clone())?;
    let output = run.build(&["-var=mode=0600"])?;
    let said =
        ["failed  file `/etc/app.conf`: mode: is `0640`, and not `0600`", "1 of 19 checks failed"];
    run.expect(&output, false, &said)?;
    let failed = report()?;
    check(failed.contains("<failure message=\"is `0640`"), || failed.clone())
}

/// A data source, a builder, a provisioner and a post-processor; and what becomes of the builder's artifact.
fn workshop(encoding: Encoding) -> Result<()> {
    for (input, stays) in [("goes", false), ("stays", true), ("needed", true), ("handed on", true)]
    {
        let run = Run::of("workshop.pkr.hcl", install(encoding)?)?;
        let inside = run.folder.join("inside");
        fs::create_dir(&inside).context("make a folder")?;
        fs::write(inside.join("file"), "a file\n").context("write a file")?;
        let output = run.build(&[&format!("-var=input={input}")])?;
        let said = [
            "workshop-bench is locked with Some(\"<sensitive>\")",
            "640\n",
            "a file",
            "3 files in list",
        ];
        run.expect(&output, true, &said)?;
        check(!output.stdout.contains("open sesame"), || "the password is shown".to_owned())?;
        let read = |path: &str| fs::read_to_string(run.folder.join(path)).context(path.to_owned());
        let list = "workshop-bench by example.workshop, green\ncounted\nid\nloud\n";
        for (path, content) in [
            ("list", list),
            ("outside/loud", "WHAT IS SAID"),
            ("outside/counted", "4 2.5 2 live false"),
            ("outside/id", "workshop-bench"),
        ] {
            let found = read(path)?;
            check(found == content, || format!("{path}: {found:?}"))?;
        }
        check(run.folder.join("bench").exists() == stays, || format!("{input}: {stays} is wrong"))?;
        run.nothing_is_left()?;
    }
    Ok(())
}

/// `{{ }}` of a legacy template, which its components fill in.
fn legacy(encoding: Encoding) -> Result<()> {
    let run = Run::of("workshop.json", install(encoding)?)?;
    let inside = run.folder.join("inside");
    fs::create_dir(&inside).context("make a folder")?;
    let output = run.build(&[])?;
    run.expect(&output, true, &["2 files in bench.list"])?;
    let read = |path: &str| fs::read_to_string(run.folder.join(path)).context(path.to_owned());
    let told = read("outside/told")?;
    check(told == "bench workshop 1.16.0 bench workshop-bench", || format!("told: {told:?}"))?;
    let number = read("outside/number")?;
    check(number == "12", || format!("number: {number:?}"))?;
    run.nothing_is_left()
}

fn refusals() -> Result<()> {
    let run = Run::of("workshop.pkr.hcl", install(Encoding::Newer)?)?;
    let output = run.build(&[])?;
    run.expect(&output, false, &["workshop.pkr.hcl:24:16: `source`"])
}

fn example(encoding: Encoding) -> Result<()> {
    let run = Run::of("../../plugins/files/example.pkr.hcl", install(encoding)?)?;
    let output = run.build(&[])?;
    let said = ["etc/app.conf: set `port`", "port = 8080", "2 files with", "site.tar.gz, sha256:"];
    run.expect(&output, true, &said)?;
    let archive = run.folder.join("site.tar.gz");
    check(archive.exists(), || "there is no archive".to_owned())
}

fn leave_out() -> Result<()> {
    let run = Run::of("leave_out.pkr.hcl", install(Encoding::Newer)?)?;
    for file in ["kept", "secret", "sub/kept", "sub/secret"] {
        let path = run.folder.join("here").join(file);
        fs::create_dir_all(path.parent().unwrap_or(&run.folder)).context("make a folder")?;
        fs::write(path, "content").context("write a file")?;
    }
    let output = run.build(&[])?;
    run.expect(&output, true, &["there/kept there/sub/kept\n"])?;
    run.nothing_is_left()
}

/// One way to misbehave, and what becomes of the build.
struct Misbehaviour {
    how: &'static str,
    when: &'static str,
    succeeds: bool,
    said: &'static [&'static str],
}

const fn case(how: &'static str, succeeds: bool, said: &'static [&'static str]) -> Misbehaviour {
    Misbehaviour { how, when: "provision", succeeds, said }
}

const PROGRAM: &str = "packer-plugin-misbehave_v0.1.0";

const MISBEHAVIOUR: &[Misbehaviour] = &[
    case("fail", false, &["it was told to fail"]),
    case("panic", false, &[PROGRAM, "it was told to panic"]),
    case("exit", false, &[PROGRAM, "exit status: 3"]),
    case("kill", false, &[PROGRAM, "signal: 9"]),
    case("print", true, &[]),
    case("complain", true, &[]),
    case("shout", true, &[]),
    case("leave a child", true, &[]),
    case("start many", true, &[]),
    case("flood", false, &[PROGRAM, "more data than it was given credit for"]),
    case("wait", false, &["20s"]),
    case("hang", false, &["20s"]),
];

/// Ways to begin that are no plugin's, and what Cooper says.
const AT_START: &[(&str, &str)] = &[
    ("print", "hello, this is a plugin"),
    ("exit", "it was told to exit"),
    ("other protocol", "6"),
    ("no listener", "it cannot be reached"),
];

/// One of two builds has the plugin; the other must not notice, and nothing may be left.
fn misbehaves(case: &Misbehaviour) -> Result<()> {
    let Misbehaviour { how, when, succeeds, said } = case;
    let run = Run::of("misbehave.pkr.hcl", install(Encoding::Newer)?)?;
    let begin = Instant::now();
    let output = run.build(&[&format!("-var=how={how}"), &format!("-var=when={when}")])?;
    run.expect(&output, *succeeds, said)?;
    check(begin.elapsed() < Duration::from_secs(60), || format!("took {:?}", begin.elapsed()))?;
    let other =
        fs::read_to_string(run.folder.join("other/file")).context("read the other's file")?;
    check(other == "content\nline\n", || format!("the other build made {other:?}"))?;
    run.nothing_is_left()
}

fn misbehaves_at_start(how: &str, said: &str) -> Result<()> {
    let run = Run::of("misbehave.pkr.hcl", install(Encoding::Newer)?)?;
    let run = run.with("MISBEHAVE_AT_START", how);
    let output = run.build(&["-var=how=fail"])?;
    run.expect(&output, false, &[PROGRAM, said])?;
    // Its socket may be: nobody was told where.
    run.no_process_is_left()
}
