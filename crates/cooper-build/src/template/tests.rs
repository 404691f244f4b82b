//! What is wrong with a template, all of it in one run.

use cooper_hcl::{Code, Diagnostic};

use crate::testing::{Log, World};

async fn mistakes(template: &str) -> Vec<String> {
    World::new(template).mistakes().await
}

/// A template that is sound but for this.
fn around(text: &str) -> String {
    format!("{text}\nsource \"machine\" \"m\" {{}}\nbuild {{ sources = [\"machine.m\"] }}\n")
}

#[tokio::test]
async fn every_mistake_of_every_stage_is_recorded() {
    let found = mistakes(
        r#"
variable "a" {
  typo = 1
}
variable "b" { type = number }
locals {
  x = local.y
  y = upper(local.x)
  z = local.nope
}
source "machine" "m" { imag = "x" }
source "machin" "n" {}
build {
  sources = ["machine.m", "machine.o", "machin.n", "oops"]
  provisioner "werk" { note = "x" }
  provisioner "work" { only = ["machine.mm"] }
  provisioner "work" {
    note    = build.id
    timeout = "5"
  }
  post-processor "turn" { makes = ["x"] }
}
"#,
    )
    .await;
    let expect = [
        "3: a `variable` block has no argument `typo`",
        "2: the variable `a` has no value",
        "5: the variable `b` has no value",
        "7: locals need each other: `local.x` → `local.y` → `local.x`",
        "9: there is no local called `nope`",
        "14: there is no source called `machine.o` (did you mean `machine.m`?)",
        "12: there is no source type called `machin` (did you mean `machine`?)",
        "14: `oops` is not a reference to a source",
        "15: there is no provisioner type called `werk` (did you mean `work`?)",
        "16: no source of this build is called `machine.mm` (did you mean `machine.m`?)",
        "19: `timeout` is not a length of time",
        "11: ",
        "16: ",
        "21: ",
    ];
    for expected in expect {
        assert!(found.iter().any(|found| found.starts_with(expected)), "{expected}: {found:#?}");
    }
}

#[tokio::test]
async fn a_fact_that_is_not_announced_is_a_mistake() {
    let found = mistakes(
        r#"
source "machine" "m" {}
build {
  sources = ["machine.m"]
  provisioner "work" { note = "${build.Digets} ${build.Digest}" }
}
"#,
    )
    .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("5: ") && found[0].contains("`Digest`"), "{found:?}");
}

#[tokio::test]
async fn single_mistakes_and_their_places() {
    let table = [
        ("variable \"1a\" { default = 1 }", "1: `1a` cannot be the name of a variable"),
        ("variable \"a\" \"b\" {}", "1: `variable` takes one label: name"),
        (
            "locals {\n a = 1\n}\nlocal \"a\" { expression = 2 }",
            "4: there are two locals called `a`",
        ),
        ("local \"a\" {}", "1: a `local` block needs the argument `expression`"),
        ("local \"a\" { expression = local.a }", "1: `local.a` needs itself"),
        ("locals { a = local }", "1: a local or data source can use locals only by their names"),
        ("locals { a = local[\"b\"] }", "1: there is no local called `b`"),
        ("variable \"a\" { default = var.b }", "1: a default may not mention `var`"),
        (
            "variable \"a\" {\n type = number\n default = \"x\"\n}",
            "3: the default of the variable `a`",
        ),
        ("data \"x\" \"y\" {}", "1: there is no data source type called `x`"),
        ("data \"x\" {}", "1: `data` takes 2 labels: type, name"),
        ("data \"echo\" \"1y\" {}", "1: `1y` cannot be the name of a data source"),
        ("data \"echo\" \"y\" {}", "1: the argument `input` is required"),
        (
            "data \"hcp-packer-image\" \"y\" {}",
            "1: there is no data source type called `hcp-packer",
        ),
        (
            "data \"echo\" \"y\" {\n input = 1\n dynamic \"a\" {\n  for_each = []\n  content {}\n \
             }\n}",
            "3: a `data` block has no block `dynamic`",
        ),
        ("dynamic \"build\" {}", "1: a template has no block `dynamic`"),
        ("bulid {}", "1: a template has no block `bulid` (did you mean `build`?)"),
        ("a = 1", "1: a template has no argument `a`"),
        ("hcp_packer_registry {}", "1: `hcp_packer_registry` has no effect"),
        ("packer { required_version = \">= 2\" }", "1: the template needs Packer `>= 2`"),
        ("packer { required_version = \"x\" }", "1: `x` is not a version"),
        (
            "packer {\n required_plugins {\n  docker = {\n   version = \">= 2\"\n   source = \
             \"github.com/hashicorp/docker\"\n  }\n }\n}",
            "4: `>= 2` is required of the plugin `github.com/hashicorp/docker`",
        ),
        (
            "packer {\n required_plugins {\n  other = {\n   version = \">= 2\"\n   source = \
             \"github.com/a/other\"\n  }\n }\n}",
            "5: the plugin `github.com/a/other` is not installed at a version that meets `>= 2`",
        ),
        (
            "packer {\n required_plugins {\n  docker = \">= 1\"\n }\n}",
            "3: the requirement for `docker` must be an object",
        ),
        (
            "variable \"a\" {\n default = 1\n validation {\n  condition = var.b > 1\n  \
             error_message = \"No.\"\n }\n}",
            "4: a rule of `a` may mention `var.a` only",
        ),
        (
            "variable \"a\" {\n default = 1\n validation {\n  condition = var.a > 1\n  \
             error_message = \"Too small.\"\n }\n}",
            "2: the value of `a` is refused: Too small.",
        ),
        (
            "variable \"a\" {\n default = 1\n validation {\n  condition = var.a > 1\n  \
             error_message = \"too small\"\n }\n}",
            "5: `error_message` must be a sentence",
        ),
    ];
    for (text, expected) in table {
        let found = mistakes(&around(text)).await;
        assert!(found.iter().any(|found| found.starts_with(expected)), "{text}: {found:#?}");
    }
}

#[tokio::test]
async fn the_requirement_of_the_issue_is_met() {
    let found = mistakes(&around(
        "packer {\n required_plugins {\n  docker = {\n   version = \"~> 1.1.2\"\n   source = \
         \"github.com/hashicorp/docker\"\n  }\n }\n}",
    ))
    .await;
    assert_eq!(found, [""; 0]);
}

#[tokio::test]
async fn an_unused_source_may_be_wrong() {
    let found = mistakes(&around("source \"nothing\" \"x\" { a = var.nope }")).await;
    assert_eq!(found, [""; 0]);
}

const SHOW: &str = r#"
variable "s" { default = "default" }
variable "n" {
  type    = number
  default = 0
}
variable "b" { default = false }
variable "l" {
  type    = list(string)
  default = []
}
variable "any" {}
source "machine" "m" {}
build {
  sources = ["machine.m"]
  provisioner "work" { note = jsonencode([var.s, var.n, var.b, var.l, var.any]) }
}
"#;

async fn shown(world: World) -> String {
    world.run().await.log[1].clone()
}

fn with_vars(mut world: World, vars: &[(&str, &str)]) -> World {
    world.inputs.vars = vars.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    world
}

#[tokio::test]
async fn the_strongest_value_wins() {
    let world = || {
        let mut world = World::new(SHOW).file("given.pkrvars.hcl", "s = \"file\"\nany = 1\n");
        world.path = ".".into();
        world
    };
    let auto = |world: World| {
        world
            .file("a.auto.pkrvars.hcl", "s = \"auto\"\nany = \"hcl\"\n")
            .file("a.auto.pkrvars.json", "{\"any\": \"${x}\", \"n\": 12345678901234567890}")
    };
    let env = |mut world: World| {
        world.memory.env.insert("PKR_VAR_s".to_owned(), "env".to_owned());
        world.memory.env.insert("PKR_VAR_any".to_owned(), "[1]".to_owned());
        world.memory.env.insert("PKR_VAR_unknown".to_owned(), "x".to_owned());
        world
    };
    let file = |mut world: World| {
        world.inputs.var_files = vec!["given.pkrvars.hcl".into()];
        world
    };
    let flag =
        |world| with_vars(world, &[("s", "x"), ("s", "flag"), ("l", "[\"a\"]"), ("b", "true")]);

    assert_eq!(shown(env(world())).await, r#"["env",0,false,[],"[1]"]"#);
    let expected = r#"["auto",12345678901234567890,false,[],"${x}"]"#;
    assert_eq!(shown(auto(env(world()))).await, expected);
    let expected = r#"["file",12345678901234567890,false,[],1]"#;
    assert_eq!(shown(file(auto(env(world())))).await, expected);
    let expected = r#"["flag",12345678901234567890,true,["a"],1]"#;
    assert_eq!(shown(flag(file(auto(env(world()))))).await, expected);
    // A single file is read without what lies beside it.
    let mut alone = auto(env(world()));
    alone.path = "t.pkr.hcl".into();
    assert_eq!(shown(alone).await, r#"["env",0,false,[],"[1]"]"#);
}

#[tokio::test]
async fn values_that_cannot_be_used() {
    let table = [
        (("nn", "1"), "`-var nn=…` gives a variable that is not declared (did you mean `n`?)"),
        (("n", "x"), "1: the value of the variable `n` cannot be used"),
        (("b", "yes"), "1: the value of `-var b` may not mention `yes`"),
        (("l", "["), "1: "),
    ];
    for ((name, value), expected) in table {
        let world = with_vars(World::new(SHOW), &[(name, value), ("any", "")]);
        let found = world.mistakes().await;
        assert!(found.iter().any(|found| found.starts_with(expected)), "{name}: {found:?}");
    }
    let mut world = with_vars(World::new(SHOW), &[("any", "")]);
    world.inputs.var_files =
        ["no.hcl", "x.txt", "e.json", "list.json", "twice.json", "bad.hcl"].map(Into::into).into();
    world.inputs.warn_undeclared = true;
    let world = world
        .file("bad.hcl", "variable \"x\" {}\nsome = 1\nn = var.x\n")
        .file("x.txt", "")
        .file("e.json", "{\"n\": }")
        .file("list.json", "[]")
        .file("twice.json", "{\"n\": 1, \"n\": 2}");
    let found = world.mistakes().await;
    for expected in [
        "`no.hcl` cannot be read",
        "`x.txt` is not a variable file",
        "1: a variable file has no block `variable`",
        "2: the variable `some` is not declared",
        "3: a value in a variable file may not mention `var`",
        "1: expected a value, found `}`",
        "1: `list.json` is not a JSON object",
        "1: the variable `n` is given twice",
    ] {
        assert!(found.iter().any(|found| found.starts_with(expected)), "{expected}: {found:#?}");
    }
}

#[tokio::test]
async fn sources_merge_names_and_overrides() {
    let mut world = World::new(
        r#"
source "machine" "m" { image = "base" }
build {
  name    = "nm"
  sources = ["source.machine.m"]
  source "machine.m" {
    name    = "second"
    discard = true
  }
  provisioner "work" {
    note  = "for ${source.name}"
    words = { a = "1", b = "2" }
    only  = ["machine.second"]
    override = {
      second = {
        note  = "instead"
        words = { b = "3" }
      }
    }
  }
  provisioner "work" {
    note   = "rest"
    except = ["machine.second"]
  }
}
"#,
    );
    world.parallel = std::num::NonZeroUsize::new(1);
    let outcome = world.run().await;
    let ids: Vec<_> = outcome.report.builds.iter().map(|build| build.id.0.as_str()).collect();
    assert_eq!(ids, ["nm.machine.m", "nm.machine.second"]);
    let expected = ["start m", "rest", "stop m", "start second", "instead a=1 b=3", "stop second"];
    assert_eq!(outcome.log, expected);

    let found = mistakes(
        "source \"machine\" \"m\" { image = \"a\" }\nbuild {\n  source \"machine.m\" {\n    image = \
         \"b\"\n  }\n}\n",
    )
    .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("4: "), "{found:?}");
}

const THREE: &str = r#"
source "machine" "a" {}
source "machine" "b" {}
build {
  sources = ["machine.a", "machine.b"]
  post-processors {
    post-processor "turn" { makes = "x" }
    post-processor "turn" {
      name  = "second"
      makes = "y"
    }
    post-processor "turn" { makes = "z" }
  }
}
build {
  name    = "n"
  sources = ["machine.a"]
}
"#;

#[tokio::test]
async fn only_and_except_select() {
    type Names = &'static [&'static str];
    let table: [(Names, Names, Names, Names); 6] = [
        (&["*.a"], &[], &["machine.a", "n.machine.a"], &[]),
        (&["n.*"], &[], &["n.machine.a"], &[]),
        (&[], &["machine.*"], &["n.machine.a"], &[]),
        (
            &["machine.c"],
            &[],
            &[],
            &["`-only=machine.c` matches nothing (did you mean `machine.a`?)"],
        ),
        (
            &[],
            &["zzzzzz"],
            &["machine.a", "machine.b", "n.machine.a"],
            &["`-except=zzzzzz` matches nothing (the builds are `machine.a`, `machine.b`, \
               `n.machine.a`; `*` stands for any letters)"],
        ),
        (&[], &["second"], &["machine.a", "machine.b", "n.machine.a"], &[]),
    ];
    for (only, except, expected, warnings) in table {
        let mut world = World::new(THREE);
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        world.plan.selection = crate::Selection { only: texts(only), except: texts(except) };
        let (plan, found, session) = world.plan(&Log::default()).await;
        let plan = plan.unwrap_or_else(|_| panic!("{found:?}"));
        let ids: Vec<_> = plan.builds.iter().map(|build| build.id.0.as_str()).collect();
        assert_eq!(ids, expected);
        assert_eq!(found, warnings);
        assert_eq!(plan.require_builds(&session).is_err(), expected.is_empty());
        if except == ["second"] {
            assert_eq!(plan.builds[0].chains[0].len(), 1);
        }
    }
}

#[tokio::test]
async fn a_refused_build_does_not_hide_the_others() {
    let (plan, found, _) = World::new(
        r#"
source "machine" "a" {}
source "machine" "b" {}
build {
  sources = ["machine.a", "machine.b"]
  provisioner "work" {
    note = "refuse"
    only = ["machine.b"]
  }
}
"#,
    )
    .plan(&Log::default())
    .await;
    let plan = plan.unwrap_or_else(|_| panic!("{found:?}"));
    assert_eq!(plan.builds.len(), 1);
    assert_eq!(plan.refused[0].0, "machine.b");
    assert_eq!(found, ["7: `note` must not be `refuse`"]);
}

#[tokio::test]
async fn folders_are_read_file_by_file() {
    let mut world = World::new("source \"machine\" \"m\" {}")
        .file("b.pkr.hcl", "build { sources = [\"machine.m\"] }")
        .file("notes.hcl", "not = [a template");
    world.path = ".".into();
    assert_eq!(world.mistakes().await, [""; 0]);

    for (path, expected) in [
        ("nowhere", "`nowhere` cannot be read"),
        ("x.txt", "`x.txt` is not a template"),
        ("x.pkr.json", "the template has no `build` block"),
    ] {
        let mut world = World::new("").file("x.txt", "").file("x.pkr.json", "{}");
        world.path = path.into();
        let found = world.mistakes().await;
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}

const WORDS: &[&str] = &[
    "source \"machine\" \"m\" {",
    "build {",
    "variable \"v\" {",
    "locals {",
    "local \"l\" {",
    "}",
    "\n",
    "sources = [\"machine.m\"]",
    "provisioner \"work\" {",
    "note = \"${build.ID}\"",
    "note = 1",
    "default = 1",
    "type = list(string)",
    "validation {",
    "condition = var.v > 1",
    "error_message = \"No.\"",
    "a = local.b",
    "b = local.a",
    "c = local",
    "expression = local.l",
    "sensitive = true",
    "override = { m = { note = null } }",
    "override = 1",
    "only = [null]",
    "timeout = \"1s\"",
    "timeout = build.ID",
    "max_retries = -1",
    "max_retries = 1e99",
    "pause_before = null",
    "post-processor \"turn\" {",
    "post-processors {",
    "makes = source.name",
    "keep = build.Nope",
    "error-cleanup-provisioner \"work\" {",
    "packer {",
    "required_version = \">= 1\"",
    "required_plugins {",
    "docker = { version = \"1\", source = \"a/b/c\" }",
    "data \"a\" \"b\" {",
    "dynamic \"x\" {",
    "name = \"é\"",
    "name = null",
    "words = { a = var.v }",
    "source \"machine.m\" {",
    "${",
    "\"",
    "<<E\n",
    "except = [\"machine.m\"]",
    "keep_input_artifact = null",
    "x = [for a in local.b : a]",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, ..Default::default() })]

    #[test]
    fn no_template_makes_it_panic(words in proptest::collection::vec(0..WORDS.len(), 0..40)) {
        let text: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
        for glue in ["\n", " "] {
            futures::executor::block_on(mistakes(&text.join(glue)));
        }
    }

    /// Blocks that are closed, so that what comes after parsing is reached.
    #[test]
    fn no_closed_template_makes_it_panic(words in proptest::collection::vec(0..WORDS.len(), 0..30)) {
        let (mut text, mut open) = (String::new(), 0);
        for word in words.into_iter().map(|word| WORDS[word]) {
            match word {
                "}" if open == 0 => {}
                "${" | "\"" | "<<E\n" => {}
                word => {
                    open += i32::from(word.ends_with('{'));
                    open -= i32::from(word == "}");
                    text += word;
                    text.push('\n');
                }
            }
        }
        text += &"}\n".repeat(open as usize);
        futures::executor::block_on(mistakes(&text));
    }
}

#[tokio::test]
async fn a_thousand_of_everything_takes_no_time() {
    let mut text = String::new();
    for index in 0..2000 {
        text += &format!("variable \"v{index}\" {{ default = \"{index}\" }}\n");
        let before = if index == 0 { "0".to_owned() } else { format!("local.l{}", index - 1) };
        text += &format!(
            "local \"l{index}\" {{ expression = \"${{var.v{index}}}${{1 + 1}}${{length({before})}}\" }}\n"
        );
    }
    text = text.replace("length(0)", "0");
    for index in 0..500 {
        text += &format!("source \"machine\" \"m{index}\" {{ image = local.l{index} }}\n");
    }
    let names: String = (0..500).map(|index| format!("\"machine.m{index}\",")).collect();
    text += &format!("build {{ sources = [{names}] }}\n");
    let start = std::time::Instant::now();
    assert_eq!(mistakes(&text).await, [""; 0]);
    assert!(start.elapsed() < std::time::Duration::from_secs(20));
}

/// A sound template with one of everything that declares names.
const SOUND: &str = r#"
variable "a" {
  type    = list(string)
  default = ["x", "y"]
}
variable "b" {
  default = { key = (1 + 2) }
}
variables {
  c = "c"
  d = [1, 2]
}
locals {
  e = "${var.c}-${upper(var.a[0])}"
  f = [for item in var.a : item if item != ""]
}
local "g" {
  expression = "${local.e}"
}
source "machine" "m" {
  image = local.g
}
source "machine" "n" {
  image = "${local.f[1]}${var.b["key"]}"
}
build {
  name    = "first"
  sources = ["machine.m", "machine.n"]
  provisioner "work" {
    only = ["machine.m"]
    note = "${var.c} ${build.Digest}"
  }
  post-processors {
    post-processor "turn" {
      makes = "${local.e}${var.d[0]}"
    }
  }
}
build {
  name = "second"
  source "machine.n" {
    name = "p"
  }
  provisioner "work" {
    note = local.e
  }
}
"#;

#[tokio::test]
async fn a_bracket_that_is_missing_or_one_too_many_makes_no_other_mistake() {
    assert_eq!(mistakes(SOUND).await, Vec::<String>::new());
    let mut wrong = Vec::new();
    for (at, sign) in SOUND.char_indices().filter(|(_, sign)| "{}[]()\"".contains(*sign)) {
        let (before, after) = (&SOUND[..at], &SOUND[at + 1..]);
        for text in [format!("{before}{after}"), format!("{before}{sign}{sign}{after}")] {
            let (_, found, session) = World::new(&text).plan(&Log::default()).await;
            let diagnostics = session.diags.to_vec();
            let is_syntax = |diagnostic: &Diagnostic| diagnostic.code == Code::Syntax;
            // Some are sound all the same, such as those with two parentheses.
            if diagnostics.iter().any(is_syntax) && !diagnostics.iter().all(is_syntax) {
                wrong.push((text, found));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
