//! Texts with a mistake: what chance has spoilt is refused by both, or by none.
//!
//! `COOPER_ORACLE_SEED` gives other texts than usual, `COOPER_ORACLE_COUNT` more of them.

use cooper_hcl::diagnostic::{Code, Diagnostic, Severity};
use libtest_mimic::Failed;
use serde_json::json;

use crate::chance::Chance;
use crate::client::Oracle;
use crate::evaluate::generate;
use crate::generator::Generator;
use crate::parse::{is_sound, mistakes};
use crate::{Comparison, setting};

pub(crate) fn comparisons() -> Vec<Comparison> {
    vec![("spoilt_texts", spoilt_texts)]
}

const SEED: u64 = 20_261_124;
const TEXTS: u64 = 6_000;

fn spoilt_texts(oracle: &mut Oracle) -> Result<(), Failed> {
    let seed = setting("COOPER_ORACLE_SEED").unwrap_or(SEED);
    let count = setting("COOPER_ORACLE_COUNT").unwrap_or(TEXTS);
    let mut chance = Chance::new(seed);
    let (mut refused, mut wrong, mut told) = (0, 0, String::new());
    for number in 0..count {
        let sound = match number % 3 {
            0 => generate::body(&mut chance),
            1 => Generator::new(seed.wrapping_add(number)).file(),
            _ => format!("a = {}\n", generate::expression(&mut chance)),
        };
        let text = spoil(&sound, &mut chance);
        let theirs = is_sound_for(oracle, &text)?;
        refused += u64::from(!theirs);
        if theirs != is_sound(&text) && !is_meant(oracle, &text)? {
            wrong += 1;
            if wrong <= 20 {
                told += &format!("{text:?}\n  sound for them: {theirs}\n");
            }
        }
    }
    if refused < count / 3 {
        return Err(format!("only {refused} of {count} texts are spoilt").into());
    }
    match wrong {
        0 => Ok(()),
        _ => Err(format!("seed {seed}: {wrong} of {count} differ:\n{told}").into()),
    }
}

/// Whether HCL reads a text without a mistake.
fn is_sound_for(oracle: &mut Oracle, text: &str) -> Result<bool, String> {
    let answer = oracle.ask(&json!({ "op": "parse", "text": text }))?;
    Ok(answer["errors"].as_array().is_some_and(Vec::is_empty))
}

/// Whether both disagree on a text on purpose.
fn is_meant(oracle: &mut Oracle, text: &str) -> Result<bool, String> {
    let mistakes = mistakes(text);
    if mistakes.is_empty() {
        // A heredoc may end with the text.
        return is_sound_for(oracle, &format!("{text}\n"));
    }
    // Numbers have a limit. What a key like `a.b` means, HCL asks when it evaluates it.
    let later = |mistake: &Diagnostic| {
        mistake.code == Code::LimitExceeded || mistake.message.contains("read in two ways")
    };
    Ok(mistakes.iter().filter(|mistake| mistake.severity == Severity::Error).all(later))
}

/// Words and signs that are put in.
const PIECES: &[&str] = &[
    "(", ")", "[", "]", "{", "}", "\"", "\n", ",", ":", "::", "=", "==", "=>", "...", ".", "*",
    "?", "+", "-", "/", "%", "!", "&&", "||", "<", "<<", "<<-E\n", "${", "%{", "~", "#", "//",
    "/*", "*/", "if", "in", "for", "else", "endif", "endfor", "null", "true", "a", "0", "1.5", "'",
    ";", "&", "|", "\\", "$", "@", "`", "é", "\t", "\r", "\u{301}", "_",
];

/// The text with one to three of its pieces, or characters, gone, doubled, moved or put in.
fn spoil(text: &str, chance: &mut Chance) -> String {
    let mut pieces = match chance.one_in(3) {
        true => text.chars().map(String::from).collect(),
        false => pieces(text),
    };
    for _ in 0..1 + chance.below(3) {
        if pieces.is_empty() {
            break;
        }
        let (at, other) = (chance.below(pieces.len()), chance.below(pieces.len()));
        match chance.below(5) {
            0 => drop(pieces.remove(at)),
            1 => pieces.swap(at, other),
            2 => pieces.insert(at, pieces[other].clone()),
            3 if at + 1 < pieces.len() => pieces.swap(at, at + 1),
            _ => pieces.insert(at, chance.pick(PIECES).to_owned()),
        }
    }
    pieces.concat()
}

/// The words, the white space and the signs of a text.
fn pieces(text: &str) -> Vec<String> {
    let kind = |c: char| match c {
        _ if c.is_alphanumeric() || c == '_' => 0,
        ' ' | '\t' => 1,
        _ => 2,
    };
    let mut pieces: Vec<String> = Vec::new();
    let mut last = 2;
    for character in text.chars() {
        let this = kind(character);
        match pieces.last_mut() {
            Some(piece) if this == last && this != 2 => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
        last = this;
    }
    pieces
}
