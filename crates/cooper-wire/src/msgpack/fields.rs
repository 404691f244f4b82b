//! Values to structs and back: Go's structs travel as maps with the names of their fields.

use super::Value;

/// A value that is not what a message has there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} is wanted, and not {got}")]
pub struct Mismatch {
    /// What is wanted: `a text`.
    pub what: String,
    /// What is there.
    pub got: &'static str,
}

impl Mismatch {
    fn new(what: &str, got: &Value) -> Self {
        Self { what: what.to_owned(), got: kind(got) }
    }

    /// The same in a field.
    #[must_use]
    pub fn in_field(mut self, field: &str) -> Self {
        self.what = format!("`{field}`: {}", self.what);
        self
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Uint(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Text(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Time(..) => "a time",
        Value::Extension(..) => "an extension",
    }
}

/// A type that travels as a value. Nil is the zero value of every type, as in Go.
pub trait Field: Sized {
    /// As it travels.
    fn to_value(&self) -> Value;

    /// As it arrived.
    ///
    /// # Errors
    ///
    /// When the value is another kind of thing.
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

impl Field for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

/// No argument, or no answer; what arrives is not looked at.
impl Field for () {
    fn to_value(&self) -> Value {
        Value::Nil
    }

    fn from_value(_: Value) -> Result<Self, Mismatch> {
        Ok(())
    }
}

impl Field for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(value) => Ok(value),
            Value::Nil => Ok(false),
            other => Err(Mismatch::new("a boolean", &other)),
        }
    }
}

impl Field for u32 {
    fn to_value(&self) -> Value {
        Value::Uint(u64::from(*self))
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let number = match &value {
            Value::Int(number) => u32::try_from(*number).ok(),
            Value::Uint(number) => u32::try_from(*number).ok(),
            Value::Nil => Some(0),
            _ => None,
        };
        number.ok_or_else(|| Mismatch::new("a small whole number", &value))
    }
}

impl Field for u64 {
    fn to_value(&self) -> Value {
        Value::Uint(*self)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let number = match &value {
            Value::Int(number) => u64::try_from(*number).ok(),
            Value::Uint(number) => Some(*number),
            Value::Nil => Some(0),
            _ => None,
        };
        number.ok_or_else(|| Mismatch::new("a whole number", &value))
    }
}

impl Field for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let number = match &value {
            Value::Int(number) => Some(*number),
            Value::Uint(number) => i64::try_from(*number).ok(),
            Value::Nil => Some(0),
            _ => None,
        };
        number.ok_or_else(|| Mismatch::new("a whole number", &value))
    }
}

impl Field for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Bytes(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Value::Nil => Ok(Self::new()),
            other => Err(Mismatch::new("a text", &other)),
        }
    }
}

/// Bytes, which are no list of numbers.
impl Field for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Text(text) => Ok(text.into_bytes()),
            Value::Nil => Ok(Self::new()),
            other => Err(Mismatch::new("bytes", &other)),
        }
    }
}

/// An empty list is nil, as a slice is that nothing was appended to.
impl Field for Vec<String> {
    fn to_value(&self) -> Value {
        match self.is_empty() {
            true => Value::Nil,
            false => Value::List(self.iter().map(Field::to_value).collect()),
        }
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(elements) => elements.into_iter().map(String::from_value).collect(),
            Value::Nil => Ok(Self::new()),
            other => Err(Mismatch::new("a list of texts", &other)),
        }
    }
}

impl Field for Vec<Value> {
    fn to_value(&self) -> Value {
        Value::List(self.clone())
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(elements) => Ok(elements),
            Value::Nil => Ok(Self::new()),
            other => Err(Mismatch::new("a list", &other)),
        }
    }
}

/// A pointer, which may be nil.
impl<T: Field> Field for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Nil, Field::to_value)
    }

    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Nil => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Declares a message: a struct, and how it travels as a map. Keys that it does not know are
/// passed over, and those that are missing are nil.
macro_rules! message {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $ty:ty = $key:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $ty, )*
        }

        impl $crate::msgpack::Field for $name {
            fn to_value(&self) -> $crate::msgpack::Value {
                $crate::msgpack::Value::object([
                    $( ($key, $crate::msgpack::Field::to_value(&self.$field)), )*
                ])
            }

            fn from_value(
                value: $crate::msgpack::Value,
            ) -> Result<Self, $crate::msgpack::Mismatch> {
                let mut fields = $crate::msgpack::fields_of(stringify!($name), value)?;
                Ok(Self {
                    $( $field: $crate::msgpack::Field::from_value(
                        $crate::msgpack::taken(&mut fields, $key),
                    ).map_err(|error| error.in_field($key))?, )*
                })
            }
        }
    };
}
pub(crate) use message;

/// The fields of a message.
pub(crate) fn fields_of(what: &str, value: Value) -> Result<Vec<(Value, Value)>, Mismatch> {
    match value {
        Value::Map(fields) => Ok(fields),
        Value::Nil => Ok(Vec::new()),
        other => Err(Mismatch::new(&format!("`{what}`, a map,"), &other)),
    }
}

/// A field, taken out; nil when there is none.
pub(crate) fn taken(fields: &mut [(Value, Value)], name: &str) -> Value {
    let field = fields.iter_mut().find(|(key, _)| match key {
        Value::Text(key) => key == name,
        Value::Bytes(key) => key == name.as_bytes(),
        _ => false,
    });
    field.map_or(Value::Nil, |(_, value)| std::mem::replace(value, Value::Nil))
}
