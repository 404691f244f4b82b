//! Types of values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::Value;

/// The type of a value, or what a value is converted to.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    /// Any type; of a value: not known yet.
    Any,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Arc<Type>),
    /// `set(T)`
    Set(Arc<Type>),
    /// `map(T)`
    Map(Arc<Type>),
    /// `tuple([T, …])`
    Tuple(Arc<[Type]>),
    /// `object({ name = T, … })`
    Object(Arc<BTreeMap<Arc<str>, ObjectAttribute>>),
}

/// One attribute of an object type.
#[derive(Clone, PartialEq, Debug)]
pub struct ObjectAttribute {
    /// Its type.
    pub ty: Type,
    /// Whether it has to be given.
    pub presence: Presence,
}

/// Whether an attribute has to be given.
#[derive(Clone, PartialEq, Debug)]
pub enum Presence {
    /// It has to be given.
    Required,
    /// `optional(T)`: null when absent. `optional(T, default)`: the default when absent or null.
    Optional(Option<Value>),
}

impl Type {
    /// `list(element)`
    pub fn list(element: Type) -> Self {
        Self::List(Arc::new(element))
    }

    /// `set(element)`
    pub fn set(element: Type) -> Self {
        Self::Set(Arc::new(element))
    }

    /// `map(element)`
    pub fn map(element: Type) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `object({…})` with every attribute required.
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        let attributes = attributes
            .into_iter()
            .map(|(name, ty)| (name.into(), ObjectAttribute { ty, presence: Presence::Required }))
            .collect();
        Self::Object(Arc::new(attributes))
    }

    /// Whether this is `bool`, `number` or `string`.
    pub const fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::String)
    }

    /// Whether [`Type::Any`] occurs in it.
    pub fn has_any(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_any(),
            Self::Tuple(elements) => elements.iter().any(Type::has_any),
            Self::Object(attributes) => attributes.values().any(|attribute| attribute.ty.has_any()),
        }
    }
}

impl Type {
    /// The type without `optional`: the type that a converted value has.
    #[must_use]
    pub fn plain(&self) -> Type {
        match self {
            Self::Any | Self::Bool | Self::Number | Self::String => self.clone(),
            Self::List(element) => Self::list(element.plain()),
            Self::Set(element) => Self::set(element.plain()),
            Self::Map(element) => Self::map(element.plain()),
            Self::Tuple(elements) => Self::Tuple(elements.iter().map(Type::plain).collect()),
            Self::Object(attributes) => {
                Self::object(attributes.iter().map(|(name, a)| (name.clone(), a.ty.plain())))
            }
        }
    }

    /// The type in a sentence, without details that only an object or tuple type has.
    pub fn noun(&self) -> String {
        match self {
            Self::Tuple(_) => "tuple".into(),
            Self::Object(_) => "object".into(),
            Self::List(element) => format!("list of {}", element.noun()),
            Self::Set(element) => format!("set of {}", element.noun()),
            Self::Map(element) => format!("map of {}", element.noun()),
            Self::Any | Self::Bool | Self::Number | Self::String => self.to_string(),
        }
    }

    /// A value of the type in a sentence: `a list`, `an object`.
    pub const fn with_article(&self) -> &'static str {
        match self {
            Self::Any => "a value of unknown type",
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Tuple(_) => "a tuple",
            Self::Object(_) => "an object",
        }
    }
}

/// As written in a template: `list(string)`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (index, element) in elements.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str("])")
            }
            Self::Object(attributes) => {
                f.write_str("object({")?;
                for (index, (name, attribute)) in attributes.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    match &attribute.presence {
                        Presence::Required => write!(f, "{comma}{name} = {}", attribute.ty)?,
                        Presence::Optional(_) => {
                            write!(f, "{comma}{name} = optional({})", attribute.ty)?;
                        }
                    }
                }
                f.write_str("})")
            }
        }
    }
}
