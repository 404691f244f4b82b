//! Data sources and locals that need each other.

use crate::event::BuildOutcome;
use crate::resolve::DataSources;
use crate::testing::{Log, World};

/// A template with a build that shows a value.
fn showing(blocks: &str, shown: &str) -> String {
    format!(
        "{blocks}\nsource \"machine\" \"m\" {{ image = {shown} }}\n\
         build {{ sources = [\"machine.m\"] }}\n"
    )
}

async fn said(blocks: &str, shown: &str) -> Vec<String> {
    let outcome = World::new(&showing(blocks, shown)).run().await;
    let made = outcome.report.builds.iter().flat_map(|build| match &build.outcome {
        Some(BuildOutcome::Succeeded { artifacts }) => artifacts.clone(),
        other => panic!("{other:?}"),
    });
    made.map(|artifact| artifact.summary).collect()
}

fn world(template: &str, data_sources: DataSources) -> World {
    let mut world = World::new(template);
    world.plan.data_sources = data_sources;
    world
}

#[tokio::test]
async fn each_comes_after_what_it_needs() {
    let blocks = r#"
data "echo" "late" { input = "${local.b}-${data.echo.early.output}" }
locals {
  b = upper(data.echo.early.output)
  c = [for name, echo in data.echo : "${name}=${echo.output}"]
}
data "echo" "early" { input = "x" }
"#;
    assert_eq!(
        said(blocks, "\"${join(\",\", local.c)} ${data[\"echo\"][\"late\"].output}\"").await,
        ["thing m from early=x,late=X-x X-x"]
    );
}

#[tokio::test]
async fn independent_ones_are_asked_at_once_and_told_in_order() {
    let log = Log::default();
    let template = showing(
        r#"
data "echo" "a" {
  input = "slow"
  takes = 200
  fail  = true
}
data "echo" "b" {
  input = "quick"
  fail  = true
}
data "echo" "c" { input = data.echo.b.output }
locals { d = local.nope }
"#,
        "data.echo.c.output",
    );
    let (plan, found, _) = world(&template, DataSources::Read).plan(&log).await;
    assert!(plan.is_err());
    assert_eq!(log.take(), ["ask slow", "ask quick", "answer quick", "answer slow"]);
    assert_eq!(
        found,
        [
            "12: there is no local called `nope` (declare it: `locals { nope = … }`)",
            "2: `data.echo.a` cannot be read: slow is silent",
            "7: `data.echo.b` cannot be read: quick is silent",
        ]
    );
}

#[tokio::test]
async fn nobody_is_asked_when_only_checking() {
    let log = Log::default();
    let template = r#"
data "echo" "a" { input = "x" }
data "echo" "b" { input = data.echo.a.output }
data "echo" "c" { input = "refuse" }
locals {
  good = split(",", data.echo.a.output)[7]
  bad  = data.echo.a.outptu
  list = data.echo.a.output[0]
}
source "machine" "m" { image = local.good }
build {
  name    = data.echo.a.output
  sources = ["machine.m"]
  provisioner "work" {
    note        = data.echo.b.output
    timeout     = data.echo.b.output
    max_retries = data.echo.b.output
    only        = [data.echo.b.output]
  }
}
build {
  sources = [data.echo.a.output]
}
"#;
    let (_, found, _) = world(template, DataSources::Check).plan(&log).await;
    assert!(log.take().is_empty());
    assert_eq!(
        found,
        [
            "4: `input` must not be `refuse`",
            "7: this object has no attribute `outptu` (did you mean `output`?)",
            "8: a string has no elements",
        ]
    );
}

#[tokio::test]
async fn what_needs_data_is_no_build_without_it() {
    let log = Log::default();
    let blocks = "data \"echo\" \"a\" { input = \"x\" }";
    let template = showing(blocks, "data.echo.a.output");
    let (plan, found, _) = world(&template, DataSources::Check).plan(&log).await;
    let plan = plan.unwrap();
    assert_eq!((plan.builds.len(), plan.refused.len(), found.len()), (0, 0, 0));
}

#[tokio::test]
async fn loops_over_both_kinds_show_each_place() {
    let template = showing(
        "data \"echo\" \"a\" { input = local.b }\nlocals {\n b = data.echo.a.output\n c = data\n}\n\
         data \"echo\" \"d\" { input = data.echo[\"d\"].output }",
        "local.b",
    );
    let (_, found, _) = World::new(&template).plan(&Log::default()).await;
    assert_eq!(
        found,
        [
            "3: locals and data sources need each other: `local.b` → `data.echo.a` → `local.b` \
             (take one of these references out)",
            "6: `data.echo.d` needs itself (take one of these references out)",
        ]
    );
}

#[tokio::test]
async fn a_loop_through_all_of_a_type_is_one() {
    let template = showing("data \"echo\" \"a\" { input = keys(data.echo)[0] }", "\"x\"");
    let found = World::new(&template).mistakes().await;
    assert_eq!(
        found,
        ["1: data sources need each other: `data.echo.a` → `data.echo` → `data.echo.a` (take one \
          of these references out)"]
    );
}

#[tokio::test]
async fn missing_names_are_told_with_what_was_meant() {
    for (reference, expected) in [
        ("data.ecko.a", "there is no data source of the type `ecko` (did you mean `echo`?)"),
        (
            "data.http.page",
            "there is no data source of the type `http` (declare it: `data \"http\" \"page\" { … }`)",
        ),
        ("data.echo.aa", "there is no data source called `echo.aa` (did you mean `a`?)"),
        (
            "data.echo[\"zzz\"]",
            "there is no data source called `echo.zzz` (declare it: `data \"echo\" \"zzz\" { … }`)",
        ),
    ] {
        // In a local, before anything is evaluated; and in a body, while it is.
        for (blocks, shown) in [
            (format!("locals {{ x = {reference}.output }}"), "\"\"".to_owned()),
            (String::new(), format!("{reference}.output")),
        ] {
            let template =
                showing(&format!("data \"echo\" \"a\" {{ input = \"x\" }}\n{blocks}"), &shown);
            let found = World::new(&template).mistakes().await;
            assert_eq!(found.len(), 1, "{reference}: {found:?}");
            let message = found[0].split_once(": ").unwrap().1;
            if blocks.is_empty() && reference.contains("http") {
                // While evaluating, only the next word is looked at.
                assert!(message.ends_with("(declare it: `data \"http\" \"NAME\" { … }`)"));
            } else {
                assert_eq!(message, expected);
            }
        }
    }
}

#[tokio::test]
async fn data_cannot_be_used_where_there_is_none_yet() {
    let template = showing("variable \"a\" { default = data.echo.b }", "\"\"");
    let found = World::new(&template).mistakes().await;
    assert_eq!(
        found,
        [
            "1: a default may not mention `data` (it may call `env` and mention nothing; use a local)"
        ]
    );
}

#[tokio::test]
async fn sensitive_arguments_stay_sensitive() {
    let template = showing(
        "variable \"s\" {\n default = \"hunter2\"\n sensitive = true\n}\n\
         data \"echo\" \"a\" { input = var.s }\nlocals { x = \"${data.echo.a.output}!\" }",
        "\"${local.x}\"",
    );
    let (plan, found, session) = World::new(&template).plan(&Log::default()).await;
    assert!(plan.is_ok(), "{found:?}");
    assert_eq!(session.secrets.scrub("hunter2! hunter2"), "<sensitive> <sensitive>");
}

#[tokio::test]
async fn a_long_chain_of_data_and_locals_is_no_trouble() {
    let mut blocks = String::from("data \"echo\" \"d0\" { input = \"x\" }\n");
    for n in 1..500 {
        let before = n - 1;
        blocks.push_str(&format!(
            "locals {{ l{n} = data.echo.d{before}.output }}\n\
             data \"echo\" \"d{n}\" {{ input = local.l{n} }}\n"
        ));
    }
    assert_eq!(said(&blocks, "data.echo.d499.output").await, ["thing m from x"]);
}
