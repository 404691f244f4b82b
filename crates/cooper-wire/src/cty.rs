//! Values of templates, as plugins get and give them: of the types of cty, HCL's type system, with
//! numbers of any size as decimal text.
//!
//! Arguments travel as JSON with their type, in both encodings. What a data source finds travels
//! as MessagePack or, without `--protobuf`, as gob.

mod binary;
pub mod gob;
mod json;
mod msgpack;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

pub use json::{from_json, to_json};
pub use msgpack::{from_msgpack, to_msgpack};

/// A type.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    /// Any; a value of it says its own.
    Dynamic,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Box<Type>),
    /// `set(T)`
    Set(Box<Type>),
    /// `map(T)`
    Map(Box<Type>),
    /// `tuple([T, …])`
    Tuple(Vec<Type>),
    /// `object({ name = T, … })`
    Object(BTreeMap<String, Type>),
}

/// As it is written in a template.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("dynamic"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                let elements: Vec<String> = elements.iter().map(Type::to_string).collect();
                write!(f, "tuple([{}])", elements.join(", "))
            }
            Self::Object(attributes) => {
                let attributes: Vec<String> =
                    attributes.iter().map(|(name, ty)| format!("{name} = {ty}")).collect();
                write!(f, "object({{{}}})", attributes.join(", "))
            }
        }
    }
}

/// A value, of a type that is known from elsewhere.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// No value.
    Null,
    /// One that will be known later.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string.
    Text(String),
    /// The elements of a list, set or tuple.
    Sequence(Vec<Value>),
    /// The elements of a map or object.
    Mapping(BTreeMap<String, Value>),
    /// A value where any type is allowed, and its own.
    Dynamic(Box<(Type, Value)>),
}

/// A number as decimal text, without an exponent: `-12.5`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decimal(String);

impl Decimal {
    /// How many digits a number may have.
    pub const MOST_DIGITS: usize = 8192;

    /// A number that is written so; nothing when that is none, or of too many digits. Exponents
    /// are written out.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MOST_DIGITS {
            return None;
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (digits, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((digits, exponent)) => {
                (digits, exponent.strip_prefix('+').unwrap_or(exponent).parse::<i64>().ok()?)
            }
            None => (unsigned, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let dangling = digits.ends_with('.') || whole.is_empty();
        if dangling || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
        if point.unsigned_abs() > Self::MOST_DIGITS as u64 {
            return None;
        }
        let (whole, fraction) = match usize::try_from(point) {
            Ok(point) if point >= all.len() => {
                (format!("{all}{}", "0".repeat(point - all.len())), String::new())
            }
            Ok(point) => (all[..point].to_owned(), all[point..].to_owned()),
            Err(_) => {
                let zeros = usize::try_from(point.unsigned_abs()).ok()?;
                (String::new(), format!("{}{all}", "0".repeat(zeros)))
            }
        };
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        let is_zero = whole == "0" && fraction.is_empty();
        let sign = if text.starts_with('-') && !is_zero { "-" } else { "" };
        Some(Self(format!("{sign}{whole}{point}{fraction}")))
    }

    /// The number nearest to a double; nothing when that is none or infinite.
    pub fn from_double(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self::parse(&format!("{number}"))).flatten()
    }

    /// Every digit.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something is no value of a type.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// The JSON is none.
    #[error("the JSON cannot be read: {0}")]
    Json(String),
    /// The MessagePack is none.
    #[error("the MessagePack cannot be read: {0}")]
    MessagePack(#[from] crate::msgpack::Malformed),
    /// The gob stream is none.
    #[error("the gob stream cannot be read: {0}")]
    Gob(#[from] crate::gob::Malformed),
    /// A type that there is not.
    #[error("`{0}` is no type")]
    Type(String),
    /// A value that is not of its type.
    #[error("{wanted} is wanted, and the value is {got}")]
    Mismatch {
        /// The type.
        wanted: String,
        /// What is there.
        got: &'static str,
    },
    /// An object without one of its attributes, or with one more.
    #[error("an object of the type has no `{0}`, or has to have it")]
    Attribute(String),
    /// An unknown value where only known ones can travel.
    #[error("a value that is not known yet cannot travel")]
    Unknown,
    /// Nested too deep.
    #[error("values nested more than {DEPTH} deep")]
    Depth,
}

/// How deep values and types may be nested.
pub(crate) const DEPTH: usize = 64;

impl Malformed {
    fn mismatch(wanted: &Type, got: &'static str) -> Self {
        Self::Mismatch { wanted: format!("a value of type {wanted}"), got }
    }
}

impl Value {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "not known yet",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a map",
            Self::Dynamic(_) => "of a type of its own",
        }
    }
}

/// Pairs the attributes of an object with their types.
fn attributes<'a, V>(
    types: &'a BTreeMap<String, Type>,
    mut values: BTreeMap<String, V>,
    mut read: impl FnMut(&'a Type, V) -> Result<Value, Malformed>,
) -> Result<BTreeMap<String, Value>, Malformed> {
    let mut read_all = BTreeMap::new();
    for (name, ty) in types {
        let value = values.remove(name).ok_or_else(|| Malformed::Attribute(name.clone()))?;
        read_all.insert(name.clone(), read(ty, value)?);
    }
    match values.into_keys().next() {
        Some(name) => Err(Malformed::Attribute(name)),
        None => Ok(read_all),
    }
}
