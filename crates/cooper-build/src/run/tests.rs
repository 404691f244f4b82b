//! Runs of small templates with components that write down what they do.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::OnError;
use crate::event::{BuildOutcome, EventKind};
use crate::report::Report;
use crate::testing::{GRACE, Outcome, World};

/// A template with one machine called `m` and this inside its build.
fn template(inside: &str) -> String {
    format!("source \"machine\" \"m\" {{}}\nbuild {{\n  sources = [\"machine.m\"]\n{inside}\n}}\n")
}

async fn run(inside: &str) -> Outcome {
    World::new(&template(inside)).run().await
}

fn failures(outcome: &Outcome) -> Vec<String> {
    let of = |outcome: &BuildOutcome| match outcome {
        BuildOutcome::Failed { failures, .. } => {
            failures.iter().map(|failure| failure.message.clone()).collect()
        }
        BuildOutcome::Succeeded { .. } => vec![],
        BuildOutcome::Cancelled { .. } => vec!["cancelled".to_owned()],
    };
    outcome.report.builds.iter().filter_map(|build| build.outcome.as_ref()).flat_map(of).collect()
}

fn artifacts(outcome: &Outcome) -> Vec<String> {
    let of = |outcome: &BuildOutcome| match outcome {
        BuildOutcome::Failed { artifacts, .. }
        | BuildOutcome::Succeeded { artifacts }
        | BuildOutcome::Cancelled { artifacts } => artifacts.clone(),
    };
    let builds = outcome.report.builds.iter().filter_map(|build| build.outcome.as_ref());
    builds.flat_map(of).map(|artifact| artifact.id).collect()
}

#[tokio::test]
async fn steps_run_in_order_and_facts_arrive() {
    let outcome = run(r#"
        name = "b"
        provisioner "work" { note = "one" }
        provisioner "work" { note = "${build.ID} ${build.PackerRunUUID} ${build.Host}" }
        provisioner "work" { note = "${source.name} of ${build.name}" }
        post-processor "turn" { makes = "t-${build.ID}" }
    "#)
    .await;
    assert!(outcome.report.succeeded());
    let expected = ["start m", "one", "id-m run-1 <unknown>", "m of b", "m -> t-id-m", "stop m"];
    let mut log = outcome.log.clone();
    // The machine stops beside the post-processors.
    log.retain(|line| line != "stop m");
    log.push("stop m".to_owned());
    assert_eq!(log, expected);
    assert_eq!(artifacts(&outcome), ["m", "t-id-m"]);
    assert!(outcome.said().contains(&"Running post-processor:  (type turn)".to_owned()));
}

#[tokio::test]
async fn the_report_follows_from_the_events_without_progress() {
    let outcome = run(r#"provisioner "work" { note = "one" }"#).await;
    let mut events = outcome.events.clone();
    events.retain(|event| !matches!(event.kind, EventKind::Progress { .. }));
    assert_eq!(Report::from_events(&events), outcome.report);
    let json: Vec<String> =
        events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let back: Vec<_> = json.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events, back);
}

#[tokio::test(start_paused = true)]
async fn pause_and_timeout_both_apply_to_every_attempt() {
    let start = tokio::time::Instant::now();
    let outcome = run(r#"
        provisioner "work" {
          note         = "slow"
          takes        = 60000
          pause_before = "10s"
          timeout      = "5s"
          max_retries  = 1
        }
    "#)
    .await;
    assert_eq!(start.elapsed(), Duration::from_secs(30));
    assert_eq!(failures(&outcome), ["the provisioner did not end within its timeout of 5s"]);
    let said = outcome.said();
    assert_eq!(said[0], "Pausing 10s before the next provisioner...");
    assert_eq!(said[1], "Setting a 5s timeout for the next provisioner...");
    assert_eq!(said[3], "Cancelling provisioner after a timeout...");
    assert!(said[4].ends_with("retrying with 1 trie(s) left"), "{said:?}");
    assert!(said.contains(&"retry limit reached.".to_owned()));
}

#[tokio::test]
async fn retries_end_with_success_or_the_last_failure() {
    let work = |failures, retries| {
        format!(
            "provisioner \"work\" {{\n note = \"w\"\n failures = {failures}\n \
             max_retries = {retries}\n}}"
        )
    };
    let outcome = run(&work(2, 2)).await;
    assert!(outcome.report.succeeded());
    assert_eq!(outcome.log.iter().filter(|line| *line == "w").count(), 3);
    let outcome = run(&work(3, 2)).await;
    assert_eq!(failures(&outcome), ["failure 1"]);
    let place = match &outcome.report.builds[0].outcome {
        Some(BuildOutcome::Failed { failures, .. }) => failures[0].place.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(place.as_deref(), Some("t.pkr.hcl:4:1"));
}

#[tokio::test]
async fn a_forgiven_failure_does_not_end_the_build() {
    let outcome = run(r#"
        provisioner "work" {
          note              = "bad"
          failures          = 1
          continue_on_error = true
        }
        provisioner "work" { note = "next" }
    "#)
    .await;
    assert!(outcome.report.succeeded());
    assert_eq!(outcome.log, ["start m", "bad", "next", "stop m"]);
    assert!(
        outcome.said().contains(
            &"Warning: Provisioner failed with \"failure 1\", but continue_on_error is set; \
          continuing the build."
                .to_owned()
        )
    );
}

const FAILING: &str = r#"
    provisioner "work" {
      note     = "bad"
      failures = 1
    }
    error-cleanup-provisioner "work" { note = "tidy ${build.ID}" }
"#;

#[tokio::test]
async fn on_error_decides_what_stays() {
    let table = [
        (OnError::Cleanup, &["start m", "bad", "tidy id-m", "stop m"][..]),
        (OnError::RunCleanupProvisioner, &["start m", "bad", "tidy id-m"]),
        (OnError::Abort, &["start m", "bad"]),
        (OnError::Ask, &["start m", "bad", "tidy id-m", "stop m"]),
    ];
    for (on_error, expected) in table {
        let mut world = World::new(&template(FAILING));
        world.on_error = on_error;
        let outcome = world.run().await;
        assert_eq!(outcome.log, expected, "{on_error:?}");
        assert_eq!(failures(&outcome), ["failure 1"], "{on_error:?}");
    }
}

#[tokio::test]
async fn a_person_may_retry_or_abort() {
    let mut world = World::new(&template(FAILING));
    world.on_error = OnError::Ask;
    world.answers = vec!["what?", "r"];
    let outcome = world.run().await;
    assert_eq!(outcome.log, ["start m", "bad", "bad", "stop m"]);
    assert!(outcome.report.succeeded());

    let mut world = World::new(&template(FAILING));
    world.on_error = OnError::Ask;
    world.answers = vec!["a"];
    assert_eq!(world.run().await.log, ["start m", "bad"]);
}

#[tokio::test]
async fn the_cleanup_provisioner_runs_after_a_later_failure_and_not_after_an_earlier_one() {
    let template = |arguments: &str| {
        format!(
            "source \"machine\" \"m\" {{\n{arguments} = true\n}}\nbuild {{\n  \
             sources = [\"machine.m\"]\n error-cleanup-provisioner \"work\" {{ note = \"tidy\" }}\n}}"
        )
    };
    let late = World::new(&template("fail_late")).run().await;
    assert_eq!(late.log, ["start m", "tidy", "stop m"]);
    assert_eq!(failures(&late), ["no commit"]);
    let early = World::new(&template("fail_early")).run().await;
    assert_eq!(early.log, [""; 0]);
    assert_eq!(failures(&early), ["no machine"]);
}

#[tokio::test]
async fn the_failure_of_the_cleanup_is_told_with_the_first() {
    let outcome = run(r#"
        provisioner "work" {
          note     = "bad"
          failures = 1
        }
        error-cleanup-provisioner "work" {
          note     = "tidy"
          failures = 2
        }
    "#)
    .await;
    let expected = "Cleanup failed: failure 2. Original Provisioning error: failure 1";
    assert_eq!(failures(&outcome), [expected]);
}

#[tokio::test]
async fn a_panic_ends_its_own_build_only() {
    let outcome = World::new(
        r#"
        source "machine" "a" { panic = true }
        source "machine" "b" {}
        source "machine" "c" {}
        build { sources = ["machine.a", "machine.b"] }
        build {
          sources = ["machine.c"]
          provisioner "work" {
            note  = "w"
            panic = true
          }
        }
        "#,
    )
    .run()
    .await;
    let failed = failures(&outcome);
    assert_eq!(
        failed,
        [
            "the component broke off: the machine exploded",
            "the component broke off: the work exploded"
        ]
    );
    assert_eq!(artifacts(&outcome), ["b"]);
    assert!(outcome.log.contains(&"stop c".to_owned()));
}

#[tokio::test]
async fn what_chains_keep() {
    // The steps of the chains, what is left, and what is destroyed.
    let turn = |makes: &str, keep: &str, more: &str| {
        format!("post-processor \"turn\" {{\nmakes = \"{makes}\"\nkeep = \"{keep}\"\n{more}\n}}\n")
    };
    let chain = |steps: &[String]| format!("post-processors {{\n{}}}\n", steps.concat());
    let (no, yes, fail) =
        ("keep_input_artifact = false", "keep_input_artifact = true", "fail = true");
    let table: Vec<(String, &[&str], &[&str])> = vec![
        (turn("a", "default", ""), &["m", "a"], &[]),
        (turn("a", "default", no), &["a"], &["destroy m"]),
        (turn("a", "always", no), &["m", "a"], &[]),
        (turn("a", "request", ""), &["a"], &["destroy m"]),
        (turn("a", "request", yes), &["m", "a"], &[]),
        (chain(&[turn("a", "request", ""), turn("b", "default", "")]), &["a", "b"], &["destroy m"]),
        (chain(&[turn("a", "default", ""), turn("b", "request", "")]), &["m", "b"], &["destroy a"]),
        // One chain that keeps the original is enough.
        ([turn("a", "request", ""), turn("b", "default", "")].concat(), &["m", "a", "b"], &[]),
        // Nothing is destroyed before the last chain has ended.
        (
            [
                chain(&[turn("a", "default", ""), turn("b", "request", "")]),
                turn("c", "default", ""),
            ]
            .concat(),
            &["m", "b", "c"],
            &["destroy a"],
        ),
        // A failure keeps what was built.
        (turn("a", "request", fail), &["m"], &[]),
        (chain(&[turn("a", "request", ""), turn("b", "request", fail)]), &["a"], &["destroy m"]),
        // The output is the input under the same name: it is not destroyed.
        (turn("m", "request", ""), &["m"], &[]),
    ];
    for (steps, left, destroyed) in table {
        let outcome = run(&steps).await;
        assert_eq!(artifacts(&outcome), left, "{steps}");
        let log = outcome.log.iter().filter(|line| line.starts_with("destroy"));
        assert_eq!(log.collect::<Vec<_>>(), destroyed, "{steps}");
        let last_turn = outcome.log.iter().rposition(|line| line.contains("->"));
        let first_destroyed = outcome.log.iter().position(|line| line.starts_with("destroy"));
        assert!(first_destroyed.is_none_or(|first| Some(first) > last_turn), "{steps}");
    }
}

#[tokio::test]
async fn a_failed_chain_does_not_stop_the_next() {
    let outcome = run(r#"
        post-processors {
          post-processor "turn" {
            makes = "a"
            fail  = true
          }
          post-processor "turn" { makes = "never" }
        }
        post-processor "turn" { makes = "b" }
    "#)
    .await;
    assert_eq!(failures(&outcome), ["Post-processor failed: no turn"]);
    assert_eq!(artifacts(&outcome), ["m", "b"]);
}

#[tokio::test]
async fn without_an_artifact_no_chain_runs() {
    let template = r#"
        source "machine" "m" { discard = true }
        build {
          sources = ["machine.m"]
          post-processor "turn" { makes = "a" }
        }
    "#;
    let outcome = World::new(template).run().await;
    assert!(outcome.report.succeeded());
    assert_eq!(artifacts(&outcome), [""; 0]);
}

/// Sends a signal after so many seconds, and after so many more.
fn signal_after(world: &World, pauses: &'static [u64], signal: &'static str) {
    let interrupt = world.interrupt.clone();
    tokio::spawn(async move {
        for pause in pauses {
            tokio::time::sleep(Duration::from_secs(*pause)).await;
            interrupt.signal(signal);
        }
    });
}

fn many(count: usize) -> String {
    let names: String = (0..count).map(|index| format!("\"machine.m{index}\",")).collect();
    let sources: String = (0..count)
        .map(|index| format!("source \"machine\" \"m{index}\" {{ delay = 1000 }}\n"))
        .collect();
    format!("{sources}build {{ sources = [{names}] }}")
}

#[tokio::test(start_paused = true)]
async fn builds_run_side_by_side_up_to_the_limit() {
    for (parallel, seconds) in [(1, 6), (2, 3), (6, 1)] {
        let mut world = World::new(&many(6));
        world.parallel = NonZeroUsize::new(parallel);
        let start = tokio::time::Instant::now();
        let outcome = world.run().await;
        assert_eq!(start.elapsed(), Duration::from_secs(seconds));
        let ids: Vec<_> = outcome.report.builds.iter().map(|build| build.id.0.clone()).collect();
        assert_eq!(
            ids,
            ["machine.m0", "machine.m1", "machine.m2", "machine.m3", "machine.m4", "machine.m5"]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_stops_steps_cleans_up_and_starts_no_more() {
    let template = r#"
        source "machine" "a" {}
        source "machine" "b" {}
        build {
          sources = ["machine.a", "machine.b"]
          provisioner "work" {
            note        = "slow"
            takes       = 3600000
            max_retries = 5
          }
          error-cleanup-provisioner "work" { note = "tidy" }
          post-processor "turn" { makes = "t" }
        }
    "#;
    for (on_error, log) in [
        (OnError::Cleanup, &["start a", "slow", "stop a"][..]),
        (OnError::Abort, &["start a", "slow"]),
    ] {
        let mut world = World::new(template);
        world.parallel = NonZeroUsize::new(1);
        world.on_error = on_error;
        signal_after(&world, &[5], "interrupt");
        let start = tokio::time::Instant::now();
        let outcome = world.run().await;
        assert!(start.elapsed() < Duration::from_secs(11));
        assert_eq!(outcome.log, log);
        assert_eq!(outcome.report.interrupted.as_deref(), Some("interrupt"));
        assert_eq!(failures(&outcome), ["cancelled"]);
        assert_eq!(outcome.report.builds[1].outcome, None);
        assert!(!outcome.report.succeeded());
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_waits_for_nothing() {
    let mut world = World::new(&many(1).replace("1000", "3600000"));
    world.parallel = NonZeroUsize::new(1);
    signal_after(&world, &[1, 1], "interrupt");
    let start = tokio::time::Instant::now();
    let outcome = world.run().await;
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert_eq!(outcome.report.builds[0].outcome, None);
}

#[tokio::test]
async fn debug_pauses_and_runs_one_at_a_time() {
    let mut world = World::new(&template(r#"provisioner "work" { note = "one" }"#));
    world.debug = true;
    world.answers = vec!["", "", ""];
    assert_eq!(world.run().await.log, ["start m", "one", "stop m"]);
}

#[tokio::test]
async fn arguments_that_do_not_fit_the_facts_fail_the_step_at_its_place() {
    let outcome = run(r#"
        provisioner "work" {
          note = split("-", build.ID)[7]
        }
    "#)
    .await;
    let failed = failures(&outcome);
    assert_eq!(failed.len(), 1);
    assert!(failed[0].contains("t.pkr.hcl:6:"), "{failed:?}");
    assert_eq!(outcome.log, ["start m", "stop m"]);
}

#[tokio::test]
async fn secrets_are_in_no_event() {
    let outcome = World::new(
        r#"
        variable "password" {
          default   = "hunter22"
          sensitive = true
        }
        local "token" {
          expression = { a = ["t0ken-${var.password}"] }
          sensitive  = true
        }
        source "machine" "m" {}
        build {
          sources = ["machine.m"]
          provisioner "work" { note = "login ${var.password} ${local.token.a[0]}" }
        }
        "#,
    )
    .run()
    .await;
    assert!(outcome.log[1].contains("hunter22"));
    assert!(outcome.said().contains(&"login <sensitive> <sensitive>".to_owned()));
    let all = serde_json::to_string(&outcome.events).unwrap();
    assert!(!all.contains("hunter22") && !all.contains("t0ken"));
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_a_post_processor_and_removes_nothing() {
    let mut world = World::new(&template(
        r#"
        post-processors {
          post-processor "turn" {
            makes = "a"
            keep  = "request"
          }
          post-processor "turn" {
            makes = "b"
            takes = 3600000
          }
        }
        post-processor "turn" { makes = "c" }
        "#,
    ));
    world.on_error = OnError::Ask;
    signal_after(&world, &[5], "terminated");
    let outcome = world.run().await;
    assert_eq!(failures(&outcome), ["cancelled"]);
    assert_eq!(artifacts(&outcome), ["m", "a"]);
    assert!(!outcome.log.iter().any(|line| line.starts_with("destroy") || line.ends_with("-> c")));
}

/// In time, or too late to be waited for.
#[tokio::test(start_paused = true)]
async fn a_step_that_is_told_to_stop_may_tidy_up_for_a_while() {
    for (tidies, tidied) in [(1500, true), (60_000, false)] {
        let provisioner = format!(
            r#"provisioner "work" {{
                 note    = "slow"
                 takes   = 3600000
                 tidies  = {tidies}
                 timeout = "5s"
               }}"#
        );
        let start = tokio::time::Instant::now();
        let outcome = run(&provisioner).await;
        let waited = if tidied { Duration::from_millis(tidies) } else { GRACE };
        assert_eq!(start.elapsed(), Duration::from_secs(5) + waited);
        assert_eq!(outcome.log.contains(&"tidied".to_owned()), tidied);
        assert_eq!(failures(&outcome), ["the provisioner did not end within its timeout of 5s"]);

        let slow = format!("takes = 3600000\n tidies = {tidies}\n");
        for step in [
            format!("provisioner \"work\" {{\n note = \"slow\"\n {slow} }}"),
            format!("post-processor \"turn\" {{\n makes = \"t\"\n {slow} }}"),
        ] {
            let world = World::new(&template(&step));
            signal_after(&world, &[5], "interrupt");
            let start = tokio::time::Instant::now();
            let outcome = world.run().await;
            assert_eq!(start.elapsed(), Duration::from_secs(5) + waited, "{step}");
            assert_eq!(outcome.log.contains(&"tidied".to_owned()), tidied, "{step}");
            assert_eq!(failures(&outcome), ["cancelled"]);
        }
    }
}

#[tokio::test]
async fn an_interrupt_before_the_run_starts_nothing() {
    let world = World::new(&template(""));
    world.interrupt.signal("interrupt");
    let outcome = world.run().await;
    assert_eq!(outcome.log, [""; 0]);
    assert_eq!(outcome.report.interrupted.as_deref(), Some("interrupt"));
    let kinds: Vec<_> = outcome.events.iter().map(|event| &event.kind).collect();
    assert!(matches!(kinds[0], EventKind::RunStarted { .. }));
    assert!(matches!(kinds[kinds.len() - 1], EventKind::RunFinished { .. }));
}

#[tokio::test]
async fn a_failed_clean_up_is_told() {
    let template = r#"
        source "machine" "m" { sticky = true }
        build { sources = ["machine.m"] }
    "#;
    let outcome = World::new(template).run().await;
    assert!(outcome.report.succeeded());
    assert_eq!(outcome.said(), ["stop m: it does not stop"]);
}

#[tokio::test]
async fn a_source_that_failed_late_may_be_tried_again_from_its_start() {
    let template = r#"
        source "machine" "m" { fail_late = true }
        build { sources = ["machine.m"] }
    "#;
    let mut world = World::new(template);
    world.on_error = OnError::Ask;
    world.answers = vec!["r", "c"];
    let outcome = world.run().await;
    assert_eq!(outcome.log, ["start m", "stop m", "start m", "stop m"]);
    assert_eq!(failures(&outcome), ["no commit"]);
}

#[tokio::test]
async fn events_are_counted_and_every_start_has_an_end() {
    let outcome = run(FAILING).await;
    for (index, event) in outcome.events.iter().enumerate() {
        assert_eq!(event.seq, index as u64 + 1);
    }
    let mut open = Vec::new();
    for event in &outcome.events {
        match &event.kind {
            EventKind::StepStarted { .. } => open.push(event.step),
            EventKind::StepFinished { .. } => {
                let place = open.iter().position(|step| *step == event.step).unwrap();
                open.remove(place);
            }
            _ => {}
        }
    }
    assert_eq!(open, []);
}
