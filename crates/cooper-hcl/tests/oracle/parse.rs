//! What is HCL and what is not.

use cooper_hcl::diagnostic::Diagnostic;
use cooper_hcl::{Diagnostics, SourceMap, parse};
use libtest_mimic::Failed;
use serde_json::json;

use crate::Comparison;
use crate::client::Oracle;

pub(crate) fn comparisons() -> Vec<Comparison> {
    vec![("parse_texts_by_hand", parse_texts_by_hand)]
}

/// Texts, one a case, that say what the grammar allows.
const TEXTS: &[&str] = &[
    "",
    "a = 1",
    "a = 1 b = 2",
    "a {}",
    "a {\n}\n",
    "a \"b\" c {}",
    "a { b = 1 }",
    "a { b = 1, c = 2 }",
    "a { b {} }",
    "a = {\n  b = 1\n  c: 2, d = 3\n}",
    "a = [1, 2,\n 3,]",
    "a = [1 2]",
    "a = x ? y : z",
    "a = x ?",
    "a = f(1, 2...)",
    "a = f(1,)",
    "a = f(,)",
    "a = x.y[0].*.z[*].w",
    "a = [for x in y : x if x]",
    "a = {for k, v in y : k => v...}",
    "a = \"${b}\"",
    "a = \"%{ if b }c%{ else }d%{ endif }\"",
    "a = \"%{ if b }c%{ endfor }\"",
    "a = <<X\nb\nX\n",
    "a = 'b'",
    "a = b; c = d",
    "a: 1",
    "a =\n1",
    "a = (\n1\n+ 2)",
    "a = 1 +\n2",
    "a = !!b",
    "a = -1 - -1",
    "a = ns::f()",
    "a = b[*\n]",
    "a = (b[*\n])",
    "a = b[\n*]",
    "a = 1.5.2",
    "a = 1..2",
    "a = b.1.2",
    "a = b .5e-3",
    "a = {for in in in : in => if}",
    "a = [for if in if : if if if]",
    "a  ::b(",
    "a = <<X\nb\n\rX\n",
    "\u{feff}a = 1",
    "a = 1\r\nb = 2\r\n",
];

fn parse_texts_by_hand(oracle: &mut Oracle) -> Result<(), Failed> {
    let mut trouble = String::new();
    for text in TEXTS {
        let answer = oracle.ask(&json!({ "op": "parse", "text": text }))?;
        let theirs = answer["errors"].as_array().is_some_and(Vec::is_empty);
        let ours = is_sound(text);
        if ours != theirs {
            trouble.push_str(&format!("{text:?}: sound for us {ours}, for them {answer}\n"));
        }
    }
    match trouble.is_empty() {
        true => Ok(()),
        false => Err(trouble.into()),
    }
}

/// Whether Cooper reads a text without a mistake.
pub(crate) fn is_sound(text: &str) -> bool {
    mistakes(text).is_empty()
}

/// The mistakes that Cooper finds in a text.
pub(crate) fn mistakes(text: &str) -> Vec<Diagnostic> {
    let mut sources = SourceMap::new();
    let file = sources.add("text.hcl", text).expect("the text is short").clone();
    let diags = Diagnostics::new();
    match parse(&file, &diags) {
        Ok(_) => Vec::new(),
        Err(_) => diags.take(),
    }
}
