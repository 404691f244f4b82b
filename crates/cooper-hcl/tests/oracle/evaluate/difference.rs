//! What may differ from the reference implementation, and why.

use std::collections::BTreeSet;

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

/// A difference that is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Allowed {
    /// More is sensitive here: what is unknown keeps its marks, `can` those of its argument. Only
    /// what is inside a converted list keeps its own.
    Marks,
    /// What is infinite or no number there is a mistake here.
    Infinity,
    /// There is no minus zero here.
    MinusZero,
    /// `log`, `pow` and `%` are computed with doubles there, `pow` and `%` exactly here.
    Doubles,
    /// A quotient has 512 bits there, or 64 where a function made one of its sides. What is made of
    /// its text differs with it.
    Quotient,
    /// Of what is unknown more or less is known: a type, some elements, that there is a mistake.
    Unknown,
    /// A bare null makes the result of some functions unknown there.
    BareNull,
    /// `null && true` is false there and a mistake here.
    NullOperand,
    /// The reference implementation panics.
    Panic,
    /// A side of an operator that is not needed has a mistake; its type and marks are guessed
    /// there.
    UnneededMistake,
}

impl Allowed {
    pub(crate) const ALL: [Self; 10] = [
        Self::Marks,
        Self::Infinity,
        Self::MinusZero,
        Self::Doubles,
        Self::Quotient,
        Self::Unknown,
        Self::BareNull,
        Self::NullOperand,
        Self::Panic,
        Self::UnneededMistake,
    ];

    /// Words of `docs/compatibility.md` that tell it.
    pub(crate) const fn documented_as(self) -> &'static str {
        match self {
            Self::Marks => "what is computed of unknown and sensitive values stays sensitive",
            Self::Infinity => "`1 / 0`, `1 % 0`",
            Self::MinusZero => "there is no `-0`",
            Self::Doubles => "`pow` and `%` are exact",
            Self::Quotient => "exact where Packer rounds to 512 bits",
            Self::Unknown => "types of unknown results",
            Self::BareNull => "a bare `null` as an argument",
            Self::NullOperand => "`null && true`",
            Self::Panic => "crashes of Packer's libraries",
            Self::UnneededMistake => "a mistake in a side that is not needed",
        }
    }
}

/// The differences between two answers to one text that are meant, or nothing when one is not.
pub(crate) fn between(text: &str, theirs: &Json, ours: &Json) -> Option<BTreeSet<Allowed>> {
    let mut found = BTreeSet::new();
    let allowed = match (theirs.get("value"), ours.get("value")) {
        (Some(theirs), Some(ours)) if same_value(theirs, ours, &mut found) => true,
        (Some(theirs), Some(ours)) => {
            found.clear();
            let told = |answer: &Json| loose(&without_marks(&answer["value"]));
            let unneeded = [" ? ", "&&", "||"].iter().any(|word| text.contains(word));
            let reason = if unneeded && told(theirs) == told(ours) {
                Some(Allowed::UnneededMistake)
            } else if hides_mistakes(text) && may_be_infinite(text) {
                Some(Allowed::Infinity)
            } else if text.contains("convert(")
                && without_marks(&theirs["value"]) == without_marks(&ours["value"])
            {
                Some(Allowed::Marks)
            } else if hides_mistakes(text) && text.contains("&&") && text.contains("null") {
                Some(Allowed::NullOperand)
            } else if theirs["type"] == ours["type"] {
                number_in_a_text(text)
            } else {
                None
            };
            found.extend(reason);
            reason.is_some()
        }
        (Some(theirs), None) => {
            let told = ours["errors"].to_string();
            let infinite = theirs.to_string().contains("Inf\"") || overflows(&told);
            let reason = if infinite || hides_mistakes(text) && may_be_infinite(text) {
                Some(Allowed::Infinity)
            } else if told.contains("must not be null") && text.contains("&&") {
                Some(Allowed::NullOperand)
            } else if uses_doubles(text) {
                Some(Allowed::Doubles)
            } else if text.contains("null") && told.contains("`format`") {
                Some(Allowed::BareNull)
            } else if !is_known(&theirs["value"]) || text.contains("unknown") {
                Some(Allowed::Unknown)
            } else {
                None
            };
            found.extend(reason);
            reason.is_some()
        }
        (None, Some(ours)) => {
            let told = theirs["errors"].to_string();
            let unneeded = ["Inconsistent conditional result types", "Invalid operand"];
            let reason = if told.contains("panic") {
                Some(Allowed::Panic)
            } else if !is_known(&ours["value"]) || text.contains("unknown") {
                Some(Allowed::Unknown)
            } else if unneeded.iter().any(|summary| told.contains(summary)) {
                Some(Allowed::UnneededMistake)
            } else if uses_doubles(text) {
                Some(Allowed::Doubles)
            } else if text.contains("null") && told.contains("must have the same type") {
                Some(Allowed::BareNull)
            } else {
                None
            };
            found.extend(reason);
            reason.is_some()
        }
        (None, None) => theirs.get("errors").is_some() && ours.get("errors").is_some(),
    };
    if !uses_doubles(text) && text.contains(" / ") && found.remove(&Allowed::Doubles) {
        found.insert(Allowed::Quotient);
    }
    let explained = found.iter().all(|reason| match reason {
        Allowed::Doubles => uses_doubles(text),
        Allowed::Unknown => text.contains("unknown") || text.contains("null"),
        _ => true,
    });
    let bare_null = !text.contains("unknown") && found.remove(&Allowed::Unknown);
    found.extend(bare_null.then_some(Allowed::BareNull));
    (allowed && explained).then_some(found)
}

fn overflows(told: &str) -> bool {
    ["division by zero", "not a finite number", "digits"].iter().any(|word| told.contains(word))
}

/// The number in a text, a digest or a comparison that differs with it.
fn number_in_a_text(text: &str) -> Option<Allowed> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if uses_doubles(text) {
        Some(Allowed::Doubles)
    } else if has(&[" / "]) {
        Some(Allowed::Quotient)
    } else if has(&["-0", "-(", "* -"]) {
        Some(Allowed::MinusZero)
    } else {
        None
    }
}

fn uses_doubles(text: &str) -> bool {
    ["log(", "pow(", " % "].iter().any(|word| text.contains(word))
}

fn hides_mistakes(text: &str) -> bool {
    ["can(", "try("].iter().any(|word| text.contains(word))
}

/// Whether something in an expression may be infinite.
fn may_be_infinite(text: &str) -> bool {
    ["log(", "pow(", "/ 0", "% 0"].iter().any(|word| text.contains(word))
}

/// A content in which numbers are texts.
fn loose(content: &Json) -> Json {
    match content {
        Json::Array(elements) => elements.iter().map(loose).collect(),
        Json::Object(elements) => match elements.get("number") {
            Some(number) => number.clone(),
            None => {
                let elements = elements.iter().map(|(name, e)| (name.clone(), loose(e)));
                Json::Object(elements.collect())
            }
        },
        Json::Bool(value) => value.to_string().into(),
        other => other.clone(),
    }
}

fn is_known(content: &Json) -> bool {
    match content {
        Json::Array(elements) => elements.iter().all(is_known),
        Json::Object(elements) => {
            !elements.contains_key("unknown") && elements.values().all(is_known)
        }
        _ => true,
    }
}

/// The same content without any mark.
fn without_marks(content: &Json) -> Json {
    match content {
        Json::Array(elements) => elements.iter().map(without_marks).collect(),
        Json::Object(elements) => match elements.get("sensitive") {
            Some(hidden) => without_marks(hidden),
            None => {
                let elements = elements.iter().map(|(name, e)| (name.clone(), without_marks(e)));
                Json::Object(elements.collect())
            }
        },
        other => other.clone(),
    }
}

fn same_value(theirs: &Json, ours: &Json, found: &mut BTreeSet<Allowed>) -> bool {
    same(&theirs["value"], &ours["value"], found)
        && (theirs["type"] == ours["type"] || found.contains(&Allowed::Unknown))
}

fn same(theirs: &Json, ours: &Json, found: &mut BTreeSet<Allowed>) -> bool {
    match (theirs.get("sensitive"), ours.get("sensitive")) {
        (None, None) => {}
        // What of it is unknown can hide a mark that is not ours to know.
        (Some(hidden), None) if !is_known(hidden) && !is_known(ours) => {
            return same(hidden, ours, found);
        }
        (theirs_hidden, Some(hidden)) => {
            found.extend(theirs_hidden.is_none().then_some(Allowed::Marks));
            return same(&without_marks(theirs), &without_marks(hidden), found);
        }
        (Some(_), None) => return false,
    }
    match (theirs.get("unknown"), ours.get("unknown")) {
        (None, None) => {}
        (Some(theirs), Some(ours)) if theirs == ours => return true,
        _ => {
            found.insert(Allowed::Unknown);
            return true;
        }
    }
    match (theirs, ours) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, found))
        }
        (Json::Object(a), Json::Object(b)) => match (a.get("number"), b.get("number")) {
            (Some(Json::String(a)), Some(Json::String(b))) => same_number(a, b, found),
            _ => {
                a.len() == b.len()
                    && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b, found)))
            }
        },
        (Json::String(a), Json::String(b)) => same_text(a, b, found),
        (a, b) => a == b,
    }
}

/// The oracle's numbers have 154 digits, ours may have more, so digits beyond a hundred do not
/// count.
fn same_number(theirs: &str, ours: &str, found: &mut BTreeSet<Allowed>) -> bool {
    if theirs == ours {
        return true;
    }
    if theirs == "-0" && ours == "0" {
        found.insert(Allowed::MinusZero);
        return true;
    }
    if theirs.ends_with("Inf") {
        found.insert(Allowed::Infinity);
        return true;
    }
    let (Ok(a), Ok(b)) = (theirs.parse::<BigDecimal>(), ours.parse::<BigDecimal>()) else {
        return false;
    };
    let (apart, size) = ((&a - &b).abs(), a.abs() + b.abs());
    let within = |tiny: &str| {
        let tiny: BigDecimal = tiny.parse().expect("a number");
        apart <= &size * &tiny || apart <= tiny
    };
    if within("1e-100") {
        return true;
    }
    // What is left of a division, or rounded, shows the least difference.
    found.insert(Allowed::Doubles);
    true
}

fn same_text(theirs: &str, ours: &str, found: &mut BTreeSet<Allowed>) -> bool {
    if theirs == ours {
        return true;
    }
    let (theirs, ours) = (pieces(theirs), pieces(ours));
    theirs.len() == ours.len()
        && theirs.iter().zip(&ours).all(|(a, b)| match (a.parse::<BigDecimal>(), a == b) {
            (_, true) => true,
            (Ok(_), false) if a.len() > 15 || *a == "-0" => same_number(a, b, found),
            _ => false,
        })
}

/// A text in numbers and what is between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let at = if rest[..at].ends_with('-') { at - 1 } else { at };
        let (before, after) = rest.split_at(at);
        let digits = after.trim_start_matches('-');
        let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
        let end = after.len() - digits.len() + digits[..end].trim_end_matches('.').len();
        let (number, after) = after.split_at(end);
        pieces.extend([before, number]);
        rest = after;
    }
    pieces.push(rest);
    pieces
}
