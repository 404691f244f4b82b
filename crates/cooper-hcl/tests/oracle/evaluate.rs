//! Values: what chance has written must mean the same to both, but for what [`difference`] lists. A text that
//! differs is taken apart, so that what it differs in is small.
//!
//! `COOPER_ORACLE_SEED` gives other texts than usual, `COOPER_ORACLE_COUNT` more of them.

mod content;
mod difference;
mod explain;
pub(crate) mod generate;

use std::collections::BTreeMap;
use std::path::Path;

use cooper_hcl::ast::Body;
use cooper_hcl::system::Nowhere;
use cooper_hcl::{
    Diagnostics, Environment, Functions, Scope, SourceMap, evaluate, parse, parse_expression,
};
use libtest_mimic::Failed;
use serde_json::{Value as Json, json};

use crate::chance::Chance;
use crate::client::Oracle;
use crate::{Comparison, setting};
use difference::{Allowed, Answers};

pub(crate) fn comparisons() -> Vec<Comparison> {
    vec![
        ("generated_expressions", |oracle| {
            compare(oracle, "expression", EXPRESSIONS, generate::expression)
        }),
        ("generated_bodies", |oracle| compare(oracle, "body", BODIES, generate::body)),
        ("allowed_differences_are_documented", |_| documented()),
    ]
}

/// What chance begins with.
const SEED: u64 = 20_261_124;
/// How many expressions, and how many files.
const EXPRESSIONS: usize = 6_000;
const BODIES: usize = 1_200;

fn compare(
    oracle: &mut Oracle,
    op: &str,
    count: usize,
    generate: fn(&mut Chance) -> String,
) -> Result<(), Failed> {
    let seed = setting("COOPER_ORACLE_SEED").unwrap_or(SEED);
    let count = setting("COOPER_ORACLE_COUNT").map_or(count, |count| count as usize);
    let mut chance = Chance::new(seed);
    let mut told = Vec::new();
    let mut wrong = 0;
    let mut allowed: BTreeMap<Allowed, usize> = BTreeMap::new();
    let mut with_value = 0;
    for _ in 0..count {
        let text = generate(&mut chance);
        let theirs = oracle.ask(&json!({ "op": op, "text": text }))?;
        let ours = answer(op, &text);
        for (text, theirs, ours) in pieces(text, theirs, ours)? {
            with_value += usize::from(theirs.get("value").is_some());
            let answers = Answers { theirs, ours };
            match explain::difference(oracle, &text, &answers)? {
                Ok(found) => {
                    for reason in found {
                        *allowed.entry(reason).or_default() += 1;
                    }
                }
                Err(smallest) => {
                    wrong += 1;
                    if told.len() < 200 {
                        told.push(format!("{smallest}\n  in {text}"));
                    }
                }
            }
        }
    }
    let summary = format!("seed {seed}: {count} texts, {with_value} values, allowed {allowed:?}");
    if wrong == 0 {
        eprintln!("{summary}");
        return Ok(());
    }
    Err(format!("{summary}\n{wrong} differ:\n{}", told.join("\n")).into())
}

/// What Cooper makes of a text, as the oracle would tell it.
fn answer(op: &str, text: &str) -> Json {
    let mut sources = SourceMap::new();
    let file = sources.add("oracle", text).expect("the text is short").clone();
    let diags = Diagnostics::new();
    let functions = Functions::standard();
    let root = Path::new("/");
    let env = Environment { functions: &functions, system: &Nowhere, root, diags: &diags };
    let mut scope = Scope::new();
    for (name, value) in content::variables() {
        scope.bind(name, value);
    }
    let result = match op {
        "expression" => parse_expression(&file, &diags)
            .and_then(|expr| evaluate(&expr, &scope, env))
            .map(|value| json!({ "value": content::tell(&value) })),
        _ => parse(&file, &diags)
            .map(|file| json!({ "body": body(&file.body, &scope, env, &sources) })),
    };
    result.unwrap_or_else(|_| json!({ "errors": messages(&diags) }))
}

fn body(from: &Body, scope: &Scope<'_>, env: Environment<'_>, sources: &SourceMap) -> Json {
    let attributes: serde_json::Map<String, Json> = from
        .attributes
        .iter()
        .map(|attribute| {
            let source = sources.text(attribute.expr.span);
            let told = match evaluate(&attribute.expr, scope, env) {
                Ok(value) => json!({ "source": source, "value": content::tell(&value) }),
                Err(_) => json!({ "source": source, "errors": messages(env.diags) }),
            };
            (attribute.name.text.to_string(), told)
        })
        .collect();
    let blocks: Vec<Json> = from
        .blocks
        .iter()
        .map(|block| {
            let labels: Vec<&str> = block.labels.iter().map(|label| &*label.text).collect();
            json!({
                "type": block.kind.text.to_string(),
                "labels": labels,
                "body": body(&block.body, scope, env, sources),
            })
        })
        .collect();
    json!({ "attributes": attributes, "blocks": blocks })
}

fn messages(diags: &Diagnostics) -> Vec<String> {
    diags.take().into_iter().map(|diagnostic| diagnostic.message).collect()
}

/// One question with its two answers.
type Piece = (String, Json, Json);

/// The attributes of a file, each with both answers; an expression is one piece.
fn pieces(text: String, theirs: Json, ours: Json) -> Result<Vec<Piece>, Failed> {
    let (Some(their_body), Some(our_body)) = (theirs.get("body"), ours.get("body")) else {
        let odd = theirs.get("body").is_some() != ours.get("body").is_some();
        return match odd {
            true => Err(format!("{text}\n  theirs {theirs}\n  ours   {ours}").into()),
            false => Ok(vec![(text, theirs, ours)]),
        };
    };
    let mut found = Vec::new();
    let mut open = vec![(their_body, our_body)];
    while let Some((theirs, ours)) = open.pop() {
        let names = |body: &Json| -> Vec<String> {
            let mut names: Vec<String> = body["attributes"]
                .as_object()
                .map_or_else(Vec::new, |attributes| attributes.keys().cloned().collect());
            names.sort();
            names
        };
        let blocks = |body: &Json| -> Vec<Json> {
            let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
            blocks.iter().map(|block| json!([block["type"], block["labels"]])).collect()
        };
        if names(theirs) != names(ours) || blocks(theirs) != blocks(ours) {
            return Err(format!("{text}\n  theirs {theirs}\n  ours   {ours}").into());
        }
        for name in names(theirs) {
            let (theirs, ours) = (&theirs["attributes"][&name], &ours["attributes"][&name]);
            let source = ours["source"].as_str().unwrap_or_default().to_owned();
            found.push((source, theirs.clone(), ours.clone()));
        }
        for index in 0..blocks(theirs).len() {
            open.push((&theirs["blocks"][index]["body"], &ours["blocks"][index]["body"]));
        }
    }
    Ok(found)
}

/// The list in the code and the page that users read must not drift apart.
fn documented() -> Result<(), Failed> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compatibility.md");
    let page = std::fs::read_to_string(page)?;
    for allowed in Allowed::ALL {
        let missing = allowed.documented_as();
        if !page.contains(missing) {
            return Err(format!("docs/compatibility.md has nothing that says `{missing}`").into());
        }
    }
    Ok(())
}
