//! What expressions evaluate to.
//!
//! Values follow cty, the type system of HCL: lists, sets and maps have one element type,
//! tuples and objects one type per element. A value can be unknown (its type is known, its
//! content comes later) and can be marked sensitive. Marks sit on every level: a list may hold
//! one sensitive string.

pub mod convert;
mod number;
mod order;
mod render;
mod ty;
mod type_expr;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use number::{Number, NumberError};
pub use ty::{ObjectAttribute, Presence, Type};
pub use type_expr::parse_type;

/// What a mapping from names to values is: sorted by name, as cty sorts it.
pub type Attributes = BTreeMap<Arc<str>, Value>;

/// A value and its marks.
#[derive(Clone, PartialEq)]
pub struct Value {
    kind: ValueKind,
    marks: Marks,
    inside: Inside,
}

/// What is known of all values inside a value, noted when it is made: values share what is
/// inside them, so that a short template can make one that would take forever to walk through.
#[derive(Clone, Copy, PartialEq)]
struct Inside {
    /// How many levels there are.
    depth: u16,
    /// Their marks together.
    marks: Marks,
    /// Whether all of them are known.
    known: bool,
    /// About how many bytes they would take if nothing were shared.
    size: u64,
}

impl Inside {
    const NOTHING: Self = Self { depth: 0, marks: Marks::NONE, known: true, size: 0 };
}

/// What a value takes besides its text.
const VALUE_SIZE: u64 = 64;

/// What is noted about a value besides its content.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Marks {
    /// Must not be shown. Spreads to everything computed from the value.
    pub sensitive: bool,
}

impl Marks {
    /// Nothing noted.
    pub const NONE: Marks = Marks { sensitive: false };
    /// Must not be shown.
    pub const SENSITIVE: Marks = Marks { sensitive: true };

    /// The marks of something computed from two values.
    #[must_use]
    pub const fn union(self, other: Marks) -> Marks {
        Marks { sensitive: self.sensitive || other.sensitive }
    }
}

/// The content of a value.
#[derive(Clone, PartialEq)]
pub enum ValueKind {
    /// No value, of a type.
    Null(Type),
    /// A boolean.
    Bool(bool),
    /// A number, exact.
    Number(Number),
    /// A string in Unicode normal form C.
    String(Arc<str>),
    /// Elements of one type, in order.
    List(Type, Arc<[Value]>),
    /// Distinct elements of one type, sorted.
    Set(Type, Arc<[Value]>),
    /// Named elements of one type.
    Map(Type, Arc<Attributes>),
    /// Elements, each of its own type.
    Tuple(Arc<[Value]>),
    /// Named elements, each of its own type.
    Object(Arc<Attributes>),
    /// A value of this type that will be known later.
    Unknown(Type),
}

impl Value {
    /// Makes a value with marks.
    pub fn new(kind: ValueKind, marks: Marks) -> Self {
        let mut value = Self::leaf(kind, marks);
        value.inside = value.children().fold(Inside::NOTHING, |inside, child| Inside {
            depth: inside.depth.max(child.inside.depth.saturating_add(1)),
            marks: inside.marks.union(child.deep_marks()),
            known: inside.known && child.is_wholly_known(),
            size: inside.size.saturating_add(child.size()),
        });
        value
    }

    /// Makes a value that has no others inside.
    const fn leaf(kind: ValueKind, marks: Marks) -> Self {
        Self { kind, marks, inside: Inside::NOTHING }
    }

    /// A boolean.
    pub const fn bool(value: bool) -> Self {
        Self::leaf(ValueKind::Bool(value), Marks::NONE)
    }

    /// A string, brought into normal form C.
    pub fn string(value: impl AsRef<str>) -> Self {
        use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
        let value = value.as_ref();
        let text: Arc<str> = match is_nfc_quick(value.chars()) {
            IsNormalized::Yes => value.into(),
            IsNormalized::No | IsNormalized::Maybe => value.nfc().collect::<String>().into(),
        };
        Self::new(ValueKind::String(text), Marks::NONE)
    }

    /// A number.
    pub fn number(value: impl Into<Number>) -> Self {
        Self::new(ValueKind::Number(value.into()), Marks::NONE)
    }

    /// The null of a type; [`Type::Any`] for a bare `null`.
    pub const fn null(ty: Type) -> Self {
        Self::leaf(ValueKind::Null(ty), Marks::NONE)
    }

    /// A value of this type that is not known yet.
    pub const fn unknown(ty: Type) -> Self {
        Self::leaf(ValueKind::Unknown(ty), Marks::NONE)
    }

    /// A tuple.
    pub fn tuple(elements: impl IntoIterator<Item = Value>) -> Self {
        Self::new(ValueKind::Tuple(elements.into_iter().collect()), Marks::NONE)
    }

    /// An object.
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Self {
        let attributes = attributes.into_iter().map(|(k, v)| (k.into(), v)).collect();
        Self::new(ValueKind::Object(Arc::new(attributes)), Marks::NONE)
    }

    /// A list. The elements must be of type `element`.
    pub fn list(element: Type, elements: impl IntoIterator<Item = Value>) -> Self {
        Self::new(ValueKind::List(element, elements.into_iter().collect()), Marks::NONE)
    }

    /// A set. The elements must be of type `element`; they are sorted, and equal ones are
    /// kept once. Their marks move to the set, because a set has no place to keep them.
    pub fn set(element: Type, elements: impl IntoIterator<Item = Value>) -> Self {
        let mut marks = Marks::NONE;
        let mut elements: Vec<Value> = elements
            .into_iter()
            .map(|value| {
                let (value, own) = value.unmark_deep();
                marks = marks.union(own);
                value
            })
            .collect();
        elements.sort_by(order::compare);
        elements.dedup_by(|a, b| a.is_wholly_known() && a == b);
        Self::new(ValueKind::Set(element, elements.into()), marks)
    }

    /// A map. The elements must be of type `element`.
    pub fn map<K: Into<Arc<str>>>(
        element: Type,
        elements: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        let elements = elements.into_iter().map(|(k, v)| (k.into(), v)).collect();
        Self::new(ValueKind::Map(element, Arc::new(elements)), Marks::NONE)
    }

    /// The content, whether or not it is sensitive. Use it to compute, never to print.
    pub const fn kind(&self) -> &ValueKind {
        &self.kind
    }

    /// The content, taken out.
    pub fn into_kind(self) -> ValueKind {
        self.kind
    }

    /// The marks of this level.
    pub const fn marks(&self) -> Marks {
        self.marks
    }

    /// How many levels of values are below this one; none for a string.
    pub const fn depth(&self) -> u16 {
        self.inside.depth
    }

    /// About how many bytes the value would take if it shared nothing with others.
    pub fn size(&self) -> u64 {
        let text = self.as_str().map_or(0, str::len) as u64;
        self.inside.size.saturating_add(VALUE_SIZE).saturating_add(text)
    }

    /// The same value with `marks` added to its own.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Self {
        self.marks = self.marks.union(marks);
        self
    }

    /// The same value without the marks of this level, and the marks.
    pub fn unmark(self) -> (Value, Marks) {
        let marks = self.marks;
        (Self { marks: Marks::NONE, ..self }, marks)
    }

    /// The same value without any marks at any level, and the union of all of them.
    pub fn unmark_deep(self) -> (Value, Marks) {
        let marks = self.deep_marks();
        if marks == Marks::NONE {
            return (self, marks);
        }
        (self.without_marks(), marks)
    }

    fn without_marks(&self) -> Value {
        let sequence = |values: &[Value]| values.iter().map(Value::without_marks).collect();
        let mapping = |values: &Attributes| {
            Arc::new(values.iter().map(|(k, v)| (k.clone(), v.without_marks())).collect())
        };
        let kind = match &self.kind {
            ValueKind::List(ty, values) => ValueKind::List(ty.clone(), sequence(values)),
            ValueKind::Set(ty, values) => ValueKind::Set(ty.clone(), sequence(values)),
            ValueKind::Tuple(values) => ValueKind::Tuple(sequence(values)),
            ValueKind::Map(ty, values) => ValueKind::Map(ty.clone(), mapping(values)),
            ValueKind::Object(values) => ValueKind::Object(mapping(values)),
            kind => kind.clone(),
        };
        Value::new(kind, Marks::NONE)
    }

    /// The marks of this level and of every level below.
    pub fn deep_marks(&self) -> Marks {
        self.marks.union(self.inside.marks)
    }

    /// Whether this level is null.
    pub const fn is_null(&self) -> bool {
        matches!(self.kind, ValueKind::Null(_))
    }

    /// Whether this level is known; elements may still be unknown.
    pub const fn is_known(&self) -> bool {
        !matches!(self.kind, ValueKind::Unknown(_))
    }

    /// Whether this level and all below are known.
    pub fn is_wholly_known(&self) -> bool {
        self.is_known() && self.inside.known
    }

    /// The values one level down; none for anything but collections.
    pub fn children(&self) -> Children<'_> {
        match &self.kind {
            ValueKind::List(_, elements)
            | ValueKind::Set(_, elements)
            | ValueKind::Tuple(elements) => Children::Sequence(elements.iter()),
            ValueKind::Map(_, attributes) | ValueKind::Object(attributes) => {
                Children::Mapping(attributes.values())
            }
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Unknown(_) => Children::Sequence([].iter()),
        }
    }

    /// The string, when this is a known, non-null string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, when this is a known, non-null boolean.
    pub const fn as_bool(&self) -> Option<bool> {
        match self.kind {
            ValueKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The elements of a list, set or tuple.
    pub fn as_sequence(&self) -> Option<&[Value]> {
        match &self.kind {
            ValueKind::List(_, elements)
            | ValueKind::Set(_, elements)
            | ValueKind::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a map or object.
    pub fn as_mapping(&self) -> Option<&Attributes> {
        match &self.kind {
            ValueKind::Map(_, attributes) | ValueKind::Object(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// The value's type.
    pub fn ty(&self) -> Type {
        match &self.kind {
            ValueKind::Null(ty) | ValueKind::Unknown(ty) => ty.clone(),
            ValueKind::Bool(_) => Type::Bool,
            ValueKind::Number(_) => Type::Number,
            ValueKind::String(_) => Type::String,
            ValueKind::List(element, _) => Type::list(element.clone()),
            ValueKind::Set(element, _) => Type::set(element.clone()),
            ValueKind::Map(element, _) => Type::map(element.clone()),
            ValueKind::Tuple(elements) => Type::Tuple(elements.iter().map(Value::ty).collect()),
            ValueKind::Object(attributes) => {
                Type::object(attributes.iter().map(|(name, value)| (name.clone(), value.ty())))
            }
        }
    }
}

/// See [`Value::children`].
pub enum Children<'a> {
    /// The elements of a list, set or tuple.
    Sequence(std::slice::Iter<'a, Value>),
    /// The elements of a map or object, by name.
    Mapping(std::collections::btree_map::Values<'a, Arc<str>, Value>),
}

impl<'a> Iterator for Children<'a> {
    type Item = &'a Value;

    fn next(&mut self) -> Option<&'a Value> {
        match self {
            Self::Sequence(elements) => elements.next(),
            Self::Mapping(elements) => elements.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Sequence(elements) => elements.size_hint(),
            Self::Mapping(elements) => elements.size_hint(),
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::string(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::string(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::number(value)
    }
}

/// For developers and assertions. A sensitive value shows as `<sensitive>`.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.marks.sensitive {
            return f.write_str("<sensitive>");
        }
        match &self.kind {
            ValueKind::Null(_) => f.write_str("null"),
            ValueKind::Bool(value) => write!(f, "{value}"),
            ValueKind::Number(value) => write!(f, "{value}"),
            ValueKind::String(value) => write!(f, "{value:?}"),
            ValueKind::List(_, elements) | ValueKind::Tuple(elements) => {
                f.debug_list().entries(elements.iter()).finish()
            }
            ValueKind::Set(_, elements) => f.debug_set().entries(elements.iter()).finish(),
            ValueKind::Map(_, attributes) | ValueKind::Object(attributes) => {
                f.debug_map().entries(attributes.iter()).finish()
            }
            ValueKind::Unknown(ty) => write!(f, "<unknown {ty}>"),
        }
    }
}
