//! What may differ from the reference implementation, and why.

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

/// What HashiCorp's HCL and Cooper say of the same text.
pub(crate) struct Answers {
    pub(crate) theirs: Json,
    pub(crate) ours: Json,
}

/// What an expression does with its parts, as far as it matters here.
#[derive(Clone, Copy)]
pub(crate) enum Node<'a> {
    /// A call of the function of that name.
    Call(&'a str),
    /// A condition and two sides.
    Choice,
    /// `&&` or `||`.
    Logic,
    /// A `for`.
    Loop,
    /// Anything else.
    Other,
}

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
    /// Numbers have 512 bits there, or 64 where a function made one side of a quotient.
    Rounding,
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
    /// `coalesce` leaves out what it cannot convert there.
    Coalesce,
    /// `try` spreads its last argument even where an earlier one has a value.
    TrySpread,
    /// U+2028 ends a line of YAML there.
    YamlLineEnd,
    /// A list whose elements have no type yet has a type in common with more here.
    OpenType,
}

impl Allowed {
    pub(crate) const ALL: [Self; 14] = [
        Self::Marks,
        Self::Infinity,
        Self::MinusZero,
        Self::Doubles,
        Self::Rounding,
        Self::Unknown,
        Self::BareNull,
        Self::NullOperand,
        Self::Panic,
        Self::UnneededMistake,
        Self::Coalesce,
        Self::TrySpread,
        Self::YamlLineEnd,
        Self::OpenType,
    ];

    /// Words of `docs/compatibility.md` that tell it.
    pub(crate) const fn documented_as(self) -> &'static str {
        match self {
            Self::Marks => "what is computed of unknown and sensitive values stays sensitive",
            Self::Infinity => "`1 / 0`, `1 % 0`",
            Self::MinusZero => "there is no `-0`",
            Self::Doubles => "`pow` and `%` are exact",
            Self::Rounding => "exact where Packer rounds to 512 bits",
            Self::Unknown => "types of unknown results",
            Self::BareNull => "a bare `null` as an argument",
            Self::NullOperand => "`null && true`",
            Self::Panic => "crashes of Packer's libraries",
            Self::UnneededMistake => "a mistake in a side that is not needed",
            Self::Coalesce => "an argument of `coalesce` that cannot be converted",
            Self::TrySpread => "before `...` in `try`",
            Self::YamlLineEnd => "U+2028 is no line end",
            Self::OpenType => "an empty list whose type is open",
        }
    }
}

/// Whether both say the same: the same value, or that there is a mistake.
pub(crate) fn is_same(answers: &Answers) -> bool {
    match (answers.theirs.get("value"), answers.ours.get("value")) {
        (Some(theirs), Some(ours)) => theirs == ours,
        (None, None) => {
            answers.theirs.get("errors").is_some() && answers.ours.get("errors").is_some()
        }
        _ => false,
    }
}

/// Whether both say the same, but that more or less of it is sensitive.
pub(crate) fn is_same_but_for_marks(answers: &Answers) -> bool {
    match (answers.theirs.get("value"), answers.ours.get("value")) {
        (Some(theirs), Some(ours)) => without_marks(theirs) == without_marks(ours),
        _ => is_same(answers),
    }
}

/// Why two answers to a text differ, where those to its parts do not.
pub(crate) fn reason(
    text: &str,
    node: Node<'_>,
    parts: &[Answers],
    answers: &Answers,
) -> Option<Allowed> {
    let Answers { theirs, ours } = answers;
    let (their_mistake, our_mistake) = (&theirs["errors"].to_string(), &ours["errors"].to_string());
    let in_parts = |is: fn(&Json) -> bool| parts.iter().flat_map(Answers::values).any(is);
    let has_choice = matches!(node, Node::Choice | Node::Logic);
    if their_mistake.contains("panic") {
        return Some(Allowed::Panic);
    }
    if theirs.to_string().contains("Inf\"") || overflows(our_mistake) {
        return Some(Allowed::Infinity);
    }
    if matches!(node, Node::Logic) && our_mistake.contains("must not be null") {
        return Some(Allowed::NullOperand);
    }
    if has_choice
        && parts.iter().any(Answers::has_mistake)
        && (answers.has_mistake() || has_other_type(answers) || is_same_loosely(answers))
    {
        return Some(Allowed::UnneededMistake);
    }
    if matches!(node, Node::Call("coalesce")) && our_mistake.contains("required, but") {
        return Some(Allowed::Coalesce);
    }
    if matches!(node, Node::Call("try")) && text.contains("...") && answers.has_mistake() {
        return Some(Allowed::TrySpread);
    }
    // What stands in a loop over nothing cannot be asked by itself.
    let nothing = |value: &Json| value["value"].as_array().is_some_and(Vec::is_empty);
    if matches!(node, Node::Loop) && text.contains("unknown") && in_parts(nothing) {
        return Some(Allowed::Unknown);
    }
    if matches!(node, Node::Call("yamldecode")) && text.contains("\\u2028") {
        return Some(Allowed::YamlLineEnd);
    }
    if matches!(node, Node::Choice)
        && their_mistake.contains("Inconsistent conditional result types")
        && in_parts(|value| value["type"].as_str().is_some_and(|ty| ty.contains("any")))
    {
        return Some(Allowed::OpenType);
    }
    let (Some(their_value), Some(our_value)) = (theirs.get("value"), ours.get("value")) else {
        return of_parts(in_parts);
    };
    if let Some(numbers) = Numbers::between(&their_value["value"], &our_value["value"])
        && their_value["type"] == our_value["type"]
    {
        return numbers.reason(text);
    }
    let marks_differ = |part: &Answers| !is_same(part) && is_same_but_for_marks(part);
    if is_same_but_for_marks(answers)
        && (parts.iter().any(marks_differ)
            || more_is_hidden(&their_value["value"], &our_value["value"])
            || matches!(node, Node::Call("convert")))
    {
        return Some(Allowed::Marks);
    }
    of_parts(in_parts)
}

/// What a part may have that changes everything.
fn of_parts(in_parts: impl Fn(fn(&Json) -> bool) -> bool) -> Option<Allowed> {
    if in_parts(|value| !is_known(value)) {
        return Some(Allowed::Unknown);
    }
    in_parts(has_bare_null).then_some(Allowed::BareNull)
}

fn overflows(told: &str) -> bool {
    ["division by zero", "not a finite number", "digits"].iter().any(|word| told.contains(word))
}

/// Whether there is a null without a type in a value.
fn has_bare_null(value: &Json) -> bool {
    fn has_null(content: &Json) -> bool {
        match content {
            Json::Null => true,
            Json::Array(elements) => elements.iter().any(has_null),
            Json::Object(elements) => elements.values().any(has_null),
            _ => false,
        }
    }
    value["type"].as_str().is_some_and(|ty| ty.contains("any")) && has_null(&value["value"])
}

fn has_other_type(answers: &Answers) -> bool {
    answers.theirs["value"]["type"] != answers.ours["value"]["type"]
}

/// Whether two values are the same where numbers and truth are texts.
fn is_same_loosely(answers: &Answers) -> bool {
    let told = |answer: &Json| loose(&without_marks(&answer["value"]["value"]));
    told(&answers.theirs) == told(&answers.ours)
}

/// A content in which numbers and truth are texts.
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

/// Whether all that is sensitive in one content is so in the other.
fn more_is_hidden(theirs: &Json, ours: &Json) -> bool {
    match (theirs.get("sensitive"), ours.get("sensitive")) {
        (_, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) => match (theirs, ours) {
            (Json::Array(a), Json::Array(b)) => a.iter().zip(b).all(|(a, b)| more_is_hidden(a, b)),
            (Json::Object(a), Json::Object(b)) => {
                a.iter().all(|(name, a)| b.get(name).is_some_and(|b| more_is_hidden(a, b)))
            }
            _ => true,
        },
    }
}

/// In what the numbers of two contents differ that are the same otherwise.
#[derive(Default)]
struct Numbers {
    /// One is 0 and the other -0.
    minus_zero: bool,
    /// Two differ behind a hundred digits.
    rounded: bool,
    /// Two differ by more.
    far: bool,
}

impl Numbers {
    /// Nothing when something else differs, or no number.
    fn between(theirs: &Json, ours: &Json) -> Option<Self> {
        let mut found = Self::default();
        let else_equal = found.compare(&without_marks(theirs), &without_marks(ours));
        let Self { minus_zero, rounded, far } = found;
        (else_equal && (minus_zero || rounded || far)).then_some(found)
    }

    /// Why they differ. A number of `log` or `pow` looks the same until one computes with it.
    fn reason(&self, text: &str) -> Option<Allowed> {
        let Self { minus_zero: _, rounded, far } = self;
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if *far {
            let rounds = has(&[" / "]).then_some(Allowed::Rounding);
            has(&["log(", "pow(", " % "]).then_some(Allowed::Doubles).or(rounds)
        } else if *rounded {
            Some(Allowed::Rounding)
        } else {
            Some(Allowed::MinusZero)
        }
    }

    fn compare(&mut self, theirs: &Json, ours: &Json) -> bool {
        match (theirs, ours) {
            (Json::Array(a), Json::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.compare(a, b))
            }
            (Json::Object(a), Json::Object(b)) => match (a.get("number"), b.get("number")) {
                (Some(Json::String(a)), Some(Json::String(b))) => self.number(a, b),
                _ => {
                    a.len() == b.len()
                        && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| self.compare(a, b)))
                }
            },
            (a, b) => a == b,
        }
    }

    fn number(&mut self, theirs: &str, ours: &str) -> bool {
        if theirs == ours {
            return true;
        }
        let (Ok(a), Ok(b)) = (theirs.parse::<BigDecimal>(), ours.parse::<BigDecimal>()) else {
            return false;
        };
        let (apart, size) = ((&a - &b).abs(), a.abs() + b.abs());
        let tiny: BigDecimal = "1e-100".parse().expect("a number");
        if theirs == "-0" {
            self.minus_zero = true;
        } else if apart <= &size * &tiny || apart <= tiny {
            self.rounded = true;
        } else {
            self.far = true;
        }
        true
    }
}
