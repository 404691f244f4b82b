//! Gob, Go's own encoding, in which old plugins say what arguments they take, and every plugin how
//! a command ended.
//!
//! A stream describes its types before it uses them, also in the middle of a value, and numbers
//! them as it likes; so [`decode`] reads any stream into a [`Value`] that needs no types, and
//! [`encode`] writes one by [`Types`] that were defined before. What has an encoding of its own
//! in Go is [`Value::Opaque`]: often a stream in itself.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::encode;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A whole number that is signed in Go.
    Int(i64),
    /// A whole number that is unsigned in Go.
    Uint(u64),
    /// A number.
    Float(f64),
    /// A complex number.
    Complex(f64, f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A text. What was no UTF-8 is U+FFFD.
    Text(String),
    /// The elements of a slice or an array.
    List(Vec<Value>),
    /// Values by key.
    Map(Vec<(Value, Value)>),
    /// The fields of a struct that are not zero, by name.
    Struct(Vec<(String, Value)>),
    /// What has an encoding of its own.
    Opaque(Vec<u8>),
    /// What an interface holds, with the name of its type; nothing when it is nil.
    Interface(Option<(String, Box<Value>)>),
}

impl Value {
    /// The field of a struct; nothing when it is zero, and so was left out.
    pub fn field(&self, name: &str) -> Option<&Value> {
        let Self::Struct(fields) = self else { return None };
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// The text, when this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, when this is something with an encoding of its own.
    pub fn as_opaque(&self) -> Option<&[u8]> {
        match self {
            Self::Opaque(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether a struct leaves the field out.
    fn is_zero(&self) -> bool {
        match self {
            Self::Bool(value) => !value,
            Self::Int(number) => *number == 0,
            Self::Uint(number) => *number == 0,
            Self::Float(number) => number.to_bits() == 0,
            Self::Complex(real, imaginary) => real.to_bits() == 0 && imaginary.to_bits() == 0,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Text(text) => text.is_empty(),
            Self::List(elements) => elements.is_empty(),
            Self::Map(elements) => elements.is_empty(),
            Self::Struct(fields) => fields.iter().all(|(_, value)| value.is_zero()),
            Self::Opaque(_) => false,
            Self::Interface(held) => held.is_none(),
        }
    }
}

/// A type's number in a stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeId(i64);

impl TypeId {
    /// `bool`
    pub const BOOL: Self = Self(1);
    /// `int`
    pub const INT: Self = Self(2);
    /// `uint`
    pub const UINT: Self = Self(3);
    /// `float64`
    pub const FLOAT: Self = Self(4);
    /// `[]byte`
    pub const BYTES: Self = Self(5);
    /// `string`
    pub const TEXT: Self = Self(6);
    /// `complex128`
    pub const COMPLEX: Self = Self(7);
    /// `interface{}`
    pub const INTERFACE: Self = Self(8);
    /// The first that is not built in.
    const FIRST: i64 = 64;
}

/// A type that a stream defines.
#[derive(Clone, PartialEq, Debug)]
enum Type {
    /// A slice or an array.
    List(TypeId),
    Struct(Vec<(String, TypeId)>),
    Map(TypeId, TypeId),
    Opaque,
}

/// The types that a stream is written with, in the order they were defined.
#[derive(Clone, Debug, Default)]
pub struct Types {
    defined: Vec<(String, Type)>,
    /// What interfaces may hold, by the name they say it by.
    held: Vec<(String, TypeId)>,
}

impl Types {
    /// No types but those that are built in.
    pub fn new() -> Self {
        Self::default()
    }

    fn define(&mut self, name: &str, ty: Type) -> TypeId {
        self.defined.push((name.to_owned(), ty));
        TypeId(TypeId::FIRST - 1 + self.defined.len() as i64)
    }

    /// A struct.
    pub fn structure(&mut self, name: &str, fields: &[(&str, TypeId)]) -> TypeId {
        let fields = fields.iter().map(|(name, ty)| ((*name).to_owned(), *ty)).collect();
        self.define(name, Type::Struct(fields))
    }

    /// A slice.
    pub fn list(&mut self, name: &str, element: TypeId) -> TypeId {
        self.define(name, Type::List(element))
    }

    /// A map.
    pub fn map(&mut self, name: &str, key: TypeId, element: TypeId) -> TypeId {
        self.define(name, Type::Map(key, element))
    }

    /// Something with an encoding of its own.
    pub fn opaque(&mut self, name: &str) -> TypeId {
        self.define(name, Type::Opaque)
    }

    /// Lets interfaces hold a type, by the name that both sides know it by.
    pub fn hold(&mut self, name: &str, ty: TypeId) {
        self.held.push((name.to_owned(), ty));
    }

    fn get(&self, id: TypeId) -> Option<&Type> {
        let index = usize::try_from(id.0 - TypeId::FIRST).ok()?;
        self.defined.get(index).map(|(_, ty)| ty)
    }
}

/// Why bytes are no gob stream.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// The bytes end too early, or a length says more than there are.
    #[error("the gob stream is cut off, or lies about a length")]
    CutOff,
    /// A number takes more than eight bytes.
    #[error("a number has {0} bytes")]
    Number(usize),
    /// A type that was not defined.
    #[error("the type {0} was not defined")]
    UnknownType(i64),
    /// A type defined in no way that gob has.
    #[error("a type is defined that is none")]
    Definition,
    /// A field that a struct has not.
    #[error("a field that the struct has not")]
    Field,
    /// There are only definitions.
    #[error("the gob stream has no value")]
    NoValue,
    /// Nested too deep.
    #[error("values nested more than {0} deep")]
    Depth(usize),
    /// Too many types.
    #[error("more than {0} types are defined")]
    Types(usize),
}

/// How deep values may be nested.
const DEPTH: usize = 64;

/// How many types a stream may define.
const MOST_TYPES: usize = 1000;
