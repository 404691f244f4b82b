//! The canonical layout, byte for byte.

use std::path::Path;

use cooper_hcl::token::{TokenKind, Tokens};
use cooper_hcl::{Diagnostics, SourceMap, format, parse};
use libtest_mimic::Failed;
use serde_json::json;

use crate::Comparison;
use crate::client::Oracle;
use crate::generator::Generator;

/// The first seed; the others follow it. A failing text is printed with its own.
const SEED: u64 = 20_261_124;
const TEMPLATES: u64 = 2_000;

pub(crate) fn comparisons() -> Vec<Comparison> {
    vec![("format_generated", format_generated), ("format_by_hand", format_by_hand)]
}

fn format_generated(oracle: &mut Oracle) -> Result<(), Failed> {
    let mut trouble = Vec::new();
    let mut compared = 0;
    for seed in SEED..SEED + TEMPLATES {
        let text = Generator::new(seed).file();
        compared += 1;
        if let Err(difference) = compare(oracle, &text) {
            trouble.push(format!("seed {seed}: {difference}"));
        }
    }
    report(compared, &trouble)
}

fn format_by_hand(oracle: &mut Oracle) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lang");
    let mut trouble = Vec::new();
    let mut compared = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let mut sources = SourceMap::new();
        let file = sources.add("x", text.as_str())?;
        // Where we are the more lenient ones, there is nothing to compare.
        let is_lenient = path.file_stem().is_some_and(|stem| stem == "syntax_lenient");
        if !is_lenient && parse(&file, &Diagnostics::new()).is_ok() {
            compared += 1;
            trouble.extend(compare(oracle, &text).err());
        }
    }
    for text in TEXTS {
        compared += 1;
        trouble.extend(compare(oracle, text).err());
    }
    report(compared, &trouble)
}

fn report(compared: usize, trouble: &[String]) -> Result<(), Failed> {
    match trouble.first() {
        None if compared > 10 => Ok(()),
        None => Err(format!("only {compared} were compared").into()),
        Some(first) => Err(format!("{} of {compared} differ\n{first}", trouble.len()).into()),
    }
}

fn compare(oracle: &mut Oracle, text: &str) -> Result<(), String> {
    let answer = oracle.ask(&json!({ "op": "parse", "text": text }))?;
    if answer["errors"].as_array().is_none_or(|errors| !errors.is_empty()) {
        return Err(format!("HCL does not take {text:?}: {answer}"));
    }
    let theirs = oracle.ask(&json!({ "op": "format", "text": text }))?;
    let theirs = theirs["text"].as_str().unwrap_or_default();
    let ours = laid_out(text)?;
    if ours != theirs {
        return Err(format!("{text:?}\n  ours: {ours:?}\ntheirs: {theirs:?}"));
    }
    // Comments and meaning stay: not one token is another.
    if tokens(&ours)? != tokens(text)? {
        return Err(format!("not the same tokens: {text:?} and {ours:?}"));
    }
    let again = laid_out(&ours)?;
    if again != ours {
        // Theirs may be unstable too; then there is nothing to be better at.
        let theirs_again = oracle.ask(&json!({ "op": "format", "text": ours }))?;
        if theirs_again["text"].as_str() == Some(&ours) {
            return Err(format!("not stable: {ours:?}\n then: {again:?}"));
        }
    }
    Ok(())
}

/// The tokens of a text, without a byte order mark.
fn tokens(text: &str) -> Result<Vec<(TokenKind, String)>, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("x", text).map_err(|error| error.to_string())?;
    let tokens = Tokens::of(&file);
    let list = tokens.iter().filter(|token| token.kind != TokenKind::ByteOrderMark);
    Ok(list.map(|token| (token.kind, tokens.text(token.span).to_owned())).collect())
}

fn laid_out(text: &str) -> Result<String, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("x", text).map_err(|error| error.to_string())?;
    let diags = Diagnostics::new();
    format(&file, &diags).map_err(|_| format!("we do not take {text:?}: {:?}", diags.take()))
}

/// Texts with what is easily missed.
const TEXTS: &[&str] = &[
    "",
    "\n",
    "   ",
    "a=1",
    "a=1   ",
    "a=1\n   ",
    "a=1\n\t",
    "# c",
    "  # c  \n",
    "a=1#c\nbcd=2   # d\n",
    "a=1/* c */",
    "a=1 /* c */\nbb=2/*d*/\n",
    "a {\nb=1\ncc=[\n1,2,\n]\nddd=3\n}\n",
    "a=<<X\n  text\n   ${b}\nX\nbbb=2\n",
    "a=<<X\n${\nb\n}\nX\nc=1\n",
    "a={b=1}\nccc={}\n",
    "a=[for x in[1]:x]\nb=x [0]\nc=(1) [0]\n",
    "a=-1\nb=1-1\nc=1 - -1\nd=[-1,-x]\n",
    "a=\"%{if x}y%{endif}\"\n",
    "a=\"${ {b=1} }\"\n",
    "a   =   b   .   c   [  0  ]\n",
    "a=f ( x , y ... )\n",
    "a=!b\nc=! b\n",
    "a=b?c:d\n",
    "a=[{\nb=1\n},{\nc=1\n}]\n",
    "a=f({\nb=1\n},[\n1\n])\nd=1\n",
    "a {}\nb{\n}\nc  \"d\"{\n\n\n}\n",
    "a=1\r\nbcd=2\r\n",
    "é=1\nab=2 # c\nü=\"é\" # d\n",
];
