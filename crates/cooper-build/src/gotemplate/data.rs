//! What templates compute with.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A value in a template. Cheap to clone.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Data {
    /// Nothing; shown as `<no value>`.
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// A string.
    String(Arc<str>),
    /// Elements in order.
    List(Arc<[Data]>),
    /// Named elements.
    Map(Arc<BTreeMap<String, Data>>),
}

impl Data {
    /// Named elements.
    pub fn map<K: Into<String>, V: Into<Data>>(elements: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Map(Arc::new(elements.into_iter().map(|(k, v)| (k.into(), v.into())).collect()))
    }

    /// Whether `if` takes it for true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::String(value) => !value.is_empty(),
            Self::List(elements) => !elements.is_empty(),
            Self::Map(elements) => !elements.is_empty(),
        }
    }

    /// What it is, for messages.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// What Go calls its type.
    pub(super) const fn go_type(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Integer(_) => "int",
            Self::Float(_) => "float64",
            Self::String(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }
}

impl From<&str> for Data {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Data {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Data {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl FromIterator<Data> for Data {
    fn from_iter<I: IntoIterator<Item = Data>>(elements: I) -> Self {
        Self::List(elements.into_iter().collect())
    }
}
