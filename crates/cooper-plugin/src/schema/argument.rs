//! The types that an argument may have.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use cooper_wire::cty::{Decimal, Type, Value};

use super::{Kind, Place, Schema};

/// A type that an argument may have.
///
/// Values are read leniently, as by Packer's plugins: templates in JSON write most things as texts, and one
/// value where a list is wanted.
pub trait Argument: Sized + Debug + Send + Sync + 'static {
    /// What it takes.
    fn kind() -> Kind;

    /// What it is when it is not given; nothing, when it must be.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads a value that is not null, or tells the place what is wrong with it.
    fn read(value: Value, place: &mut Place<'_>) -> Option<Self>;

    /// The value again.
    fn write(&self) -> Value;

    /// Adds the texts in it that are sensitive, which only blocks have.
    fn secrets(&self, found: &mut Vec<String>) {
        let _ = found;
    }
}

/// A value by which a list or map may say its elements.
fn element<T: Argument>() -> Result<Type, &'static str> {
    match T::kind() {
        Kind::Value(ty) => Ok(ty),
        Kind::Block(_) | Kind::Blocks(_) => Err("a list or map of blocks inside another"),
        Kind::Impossible(what) => Err(what),
    }
}

impl Argument for String {
    fn kind() -> Kind {
        Kind::Value(Type::String)
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            other => place.mistake("a text", &other),
        }
    }

    fn write(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Argument for PathBuf {
    fn kind() -> Kind {
        Kind::Value(Type::String)
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.into()),
            other => place.mistake("a path", &other),
        }
    }

    fn write(&self) -> Value {
        Value::Text(self.to_string_lossy().into_owned())
    }
}

impl Argument for bool {
    fn kind() -> Kind {
        Kind::Value(Type::Bool)
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        let written = match &value {
            Value::Bool(value) => return Some(*value),
            Value::Text(text) => text.as_str(),
            Value::Number(number) => number.as_str(),
            _ => "no truth value",
        };
        match written {
            "true" | "1" => Some(true),
            "false" | "0" | "" => Some(false),
            _ => place.mistake("true or false", &value),
        }
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

/// The number in a value that is one, or a text that says one.
fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::Text(text) => Decimal::parse(text.trim()),
        _ => None,
    }
}

macro_rules! whole_numbers {
    ($($ty:ty),*) => {$(
        impl Argument for $ty {
            fn kind() -> Kind {
                Kind::Value(Type::Number)
            }

            fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
                match number(&value).and_then(|number| number.as_str().parse().ok()) {
                    Some(number) => Some(number),
                    None => {
                        let (least, most) = (Self::MIN, Self::MAX);
                        place.mistake(&format!("a whole number from {least} to {most}"), &value)
                    }
                }
            }

            fn write(&self) -> Value {
                // No whole number of this size has too many digits.
                Decimal::parse(&self.to_string()).map_or(Value::Null, Value::Number)
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl Argument for $ty {
            fn kind() -> Kind {
                Kind::Value(Type::Number)
            }

            fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
                match number(&value).and_then(|number| number.as_str().parse().ok()) {
                    Some(number) if Self::is_finite(number) => Some(number),
                    _ => place.mistake("a number", &value),
                }
            }

            /// What is no number, or infinite, is null.
            fn write(&self) -> Value {
                Decimal::parse(&self.to_string()).map_or(Value::Null, Value::Number)
            }
        }
    )*};
}

numbers!(f32, f64);

impl Argument for Duration {
    fn kind() -> Kind {
        Kind::Value(Type::String)
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        const WANTED: &str = "a time such as `1m30s`";
        let text = match &value {
            Value::Text(text) => text.trim(),
            Value::Number(number) if number.as_str() == "0" => "0s",
            _ => return place.mistake(WANTED, &value),
        };
        let text = if text == "0" { "0s" } else { text };
        let read = text.parse::<jiff::SignedDuration>().ok();
        match read.and_then(|time| Self::try_from(time).ok()) {
            Some(time) => Some(time),
            None => place.mistake(WANTED, &value),
        }
    }

    fn write(&self) -> Value {
        let time = jiff::SignedDuration::try_from(*self).unwrap_or(jiff::SignedDuration::MAX);
        Value::Text(format!("{time:#}").replace(' ', ""))
    }
}

impl<T: Argument> Argument for Option<T> {
    fn kind() -> Kind {
        T::kind()
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        T::read(value, place).map(Some)
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }

    fn secrets(&self, found: &mut Vec<String>) {
        self.iter().for_each(|value| value.secrets(found));
    }
}

impl<T: Argument> Argument for Vec<T> {
    fn kind() -> Kind {
        match T::kind() {
            Kind::Block(fields) => Kind::Blocks(fields),
            _ => element::<T>().map_or_else(Kind::Impossible, |element| {
                Kind::Value(Type::List(Box::new(element)))
            }),
        }
    }

    fn absent() -> Option<Self> {
        // No block need stand there.
        matches!(T::kind(), Kind::Block(_)).then(Vec::new)
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        let elements = match value {
            Value::Sequence(elements) => elements,
            one => vec![one],
        };
        let elements = elements.into_iter().enumerate().map(|(index, value)| {
            let mut place = place.inside(&format!("[{index}]"));
            match value {
                Value::Null => place.mistake("given", &value),
                value => T::read(value, &mut place),
            }
        });
        // All of them, for all their mistakes.
        let read: Vec<Option<T>> = elements.collect();
        read.into_iter().collect()
    }

    fn write(&self) -> Value {
        Value::Sequence(self.iter().map(T::write).collect())
    }

    fn secrets(&self, found: &mut Vec<String>) {
        self.iter().for_each(|value| value.secrets(found));
    }
}

impl<T: Argument> Argument for BTreeMap<String, T> {
    fn kind() -> Kind {
        let element = element::<T>();
        element.map_or_else(Kind::Impossible, |element| Kind::Value(Type::Map(Box::new(element))))
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        let Value::Mapping(elements) = value else { return place.mistake("a map", &value) };
        let elements = elements.into_iter().map(|(name, value)| {
            let mut place = place.inside(&format!(".{name}"));
            let value = match value {
                Value::Null => place.mistake("given", &value),
                value => T::read(value, &mut place),
            };
            Some((name, value?))
        });
        let read: Vec<Option<(String, T)>> = elements.collect();
        read.into_iter().collect()
    }

    fn write(&self) -> Value {
        let elements = self.iter().map(|(name, value)| (name.clone(), value.write()));
        Value::Mapping(elements.collect())
    }

    fn secrets(&self, found: &mut Vec<String>) {
        self.values().for_each(|value| value.secrets(found));
    }
}

/// A struct as an argument is a block.
impl<T: Schema> Argument for T {
    fn kind() -> Kind {
        Kind::Block(T::fields())
    }

    fn read(value: Value, place: &mut Place<'_>) -> Option<Self> {
        let values = match value {
            Value::Mapping(values) => values,
            // What can only stand there once comes as a list of one from templates in JSON.
            Value::Sequence(mut blocks) if blocks.len() == 1 => {
                let block = blocks.pop()?;
                return <T as Argument>::read(block, place);
            }
            other => return place.mistake("a block", &other),
        };
        let mut reader = place.block(values);
        let read = <T as Schema>::read(&mut reader);
        reader.finish();
        read
    }

    fn write(&self) -> Value {
        Value::Mapping(Schema::write(self))
    }

    fn secrets(&self, found: &mut Vec<String>) {
        Schema::secrets(self, found);
    }
}
