//! Conversion between types, and the type that several values have in common.
//!
//! The rules are cty's. A conversion is *safe* when it succeeds for every value of a type, as
//! from number to string; unification uses safe conversions only, unless asked otherwise.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Attributes, Number, ObjectAttribute, Presence, Type, Value, ValueKind};

/// A value that cannot be converted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConvertError {
    /// Where inside the value; empty for the value itself.
    pub path: ValuePath,
    /// What is wrong: `string required, but this is a list`.
    pub message: String,
}

impl std::error::Error for ConvertError {}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.0.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// A place inside a value, written `[0].name`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ValuePath(pub Vec<ValueStep>);

/// One step into a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ValueStep {
    /// An element of a list, set or tuple, from 0.
    Index(usize),
    /// An element of a map or object.
    Key(Arc<str>),
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                ValueStep::Index(index) => write!(f, "[{index}]")?,
                ValueStep::Key(key) if is_identifier(key) => write!(f, ".{key}")?,
                ValueStep::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a word can be written as a name, without quotes.
pub(crate) fn is_identifier(word: &str) -> bool {
    crate::token::is_word(word)
}

impl ConvertError {
    fn new(message: impl Into<String>) -> Self {
        Self { path: ValuePath::default(), message: message.into() }
    }

    /// The same error, seen from one level further out.
    fn within(mut self, step: ValueStep) -> Self {
        self.path.0.insert(0, step);
        self
    }

    fn required(ty: &Type, value: &Value) -> Self {
        Self::new(format!("{} required, but this is {}", ty.noun(), value.ty().with_article()))
    }
}

impl Value {
    /// The value as a `ty`, by HCL's rules; optional attributes get their defaults.
    ///
    /// Null and unknown values become null and unknown values of the type; marks stay.
    ///
    /// # Errors
    ///
    /// [`ConvertError`], when there is no such conversion.
    pub fn convert(&self, ty: &Type) -> Result<Value, ConvertError> {
        let kind = match (&self.kind, ty) {
            (_, Type::Any) => return Ok(self.clone()),
            (ValueKind::Null(own), _) => match convertible(own, ty, Safety::Unsafe) {
                true => ValueKind::Null(ty.plain()),
                false => return Err(ConvertError::required(ty, self)),
            },
            (ValueKind::Unknown(own), _) => match convertible(own, ty, Safety::Unsafe) {
                true => ValueKind::Unknown(result_type(own, ty)),
                false => return Err(ConvertError::required(ty, self)),
            },
            (_, Type::Bool | Type::Number | Type::String) => self.to_primitive(ty)?,
            (_, Type::List(element)) => {
                let (element, values) = self.convert_elements(ty, element)?;
                return Ok(Value::list(element, values).with_marks(self.marks));
            }
            (_, Type::Set(element)) => {
                let (element, values) = self.convert_elements(ty, element)?;
                return Ok(Value::set(element, values).with_marks(self.marks));
            }
            (_, Type::Map(element)) => self.to_map(ty, element)?,
            (ValueKind::Tuple(elements), Type::Tuple(types)) => {
                if elements.len() != types.len() {
                    return Err(ConvertError::new(format!(
                        "a tuple of {} elements is required, but this has {}",
                        types.len(),
                        elements.len()
                    )));
                }
                let mut converted = Vec::with_capacity(elements.len());
                for (index, (value, ty)) in elements.iter().zip(types.iter()).enumerate() {
                    let value = value.convert(ty);
                    converted.push(value.map_err(|e| e.within(ValueStep::Index(index)))?);
                }
                ValueKind::Tuple(converted.into())
            }
            (
                ValueKind::Object(attributes) | ValueKind::Map(_, attributes),
                Type::Object(types),
            ) => ValueKind::Object(Arc::new(to_object(attributes, types)?)),
            _ => return Err(ConvertError::required(ty, self)),
        };
        Ok(Value::new(kind, self.marks))
    }

    fn to_primitive(&self, ty: &Type) -> Result<ValueKind, ConvertError> {
        Ok(match (&self.kind, ty) {
            (ValueKind::Bool(_), Type::Bool)
            | (ValueKind::Number(_), Type::Number)
            | (ValueKind::String(_), Type::String) => self.kind.clone(),
            (ValueKind::Bool(value), Type::String) => {
                ValueKind::String(if *value { "true" } else { "false" }.into())
            }
            (ValueKind::Number(value), Type::String) => ValueKind::String(value.to_string().into()),
            (ValueKind::String(text), Type::Number) => match text.parse::<Number>() {
                Ok(number) => ValueKind::Number(number),
                Err(_) => {
                    return Err(ConvertError::new("number required, but this string is not one"));
                }
            },
            (ValueKind::String(text), Type::Bool) => match &**text {
                "true" | "1" => ValueKind::Bool(true),
                "false" | "0" => ValueKind::Bool(false),
                _ => {
                    return Err(ConvertError::new(
                        "bool required, but this string is neither `true` nor `false`",
                    ));
                }
            },
            _ => return Err(ConvertError::required(ty, self)),
        })
    }

    /// The elements of a sequence as values of one type.
    fn convert_elements(
        &self,
        ty: &Type,
        element: &Type,
    ) -> Result<(Type, Vec<Value>), ConvertError> {
        let (values, own) = match &self.kind {
            ValueKind::List(own, values) | ValueKind::Set(own, values) => (values, Some(own)),
            ValueKind::Tuple(values) => (values, None),
            _ => return Err(ConvertError::required(ty, self)),
        };
        let mut converted = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let value = value.convert(element);
            converted.push(value.map_err(|e| e.within(ValueStep::Index(index)))?);
        }
        let element = to_one_type(&mut converted, element, own)?;
        Ok((element, converted))
    }

    fn to_map(&self, ty: &Type, element: &Type) -> Result<ValueKind, ConvertError> {
        let (values, own) = match &self.kind {
            ValueKind::Map(own, values) => (values, Some(own)),
            ValueKind::Object(values) => (values, None),
            _ => return Err(ConvertError::required(ty, self)),
        };
        let mut converted = Vec::with_capacity(values.len());
        for (name, value) in values.iter() {
            let value = value.convert(element);
            converted.push(value.map_err(|e| e.within(ValueStep::Key(name.clone())))?);
        }
        let element = to_one_type(&mut converted, element, own)?;
        let map = values.keys().cloned().zip(converted).collect();
        Ok(ValueKind::Map(element, Arc::new(map)))
    }
}

/// Brings the elements of a collection to one type and returns that type.
///
/// `wanted` is the element type asked for, and `own` the one that the collection had.
fn to_one_type(
    values: &mut [Value],
    wanted: &Type,
    own: Option<&Type>,
) -> Result<Type, ConvertError> {
    if !wanted.has_any() {
        return Ok(wanted.plain());
    }
    if values.is_empty() {
        return Ok(own.map_or_else(|| wanted.plain(), |own| result_type(own, wanted)));
    }
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let unified =
        unify(&types).ok_or_else(|| ConvertError::new("all elements must have the same type"))?;
    for (index, value) in values.iter_mut().enumerate() {
        *value = value.convert(&unified).map_err(|e| e.within(ValueStep::Index(index)))?;
    }
    Ok(unified)
}

fn to_object(
    attributes: &Attributes,
    types: &BTreeMap<Arc<str>, ObjectAttribute>,
) -> Result<Attributes, ConvertError> {
    let mut converted = Attributes::new();
    for (name, attribute) in types {
        let within = |e: ConvertError| e.within(ValueStep::Key(name.clone()));
        let given = attributes.get(name);
        let value = match (given, &attribute.presence) {
            (Some(value), Presence::Optional(Some(default))) if value.is_null() => {
                default.convert(&attribute.ty).map_err(within)?.with_marks(value.marks)
            }
            (Some(value), _) => value.convert(&attribute.ty).map_err(within)?,
            (None, Presence::Optional(Some(default))) => {
                default.convert(&attribute.ty).map_err(within)?
            }
            (None, Presence::Optional(None)) => Value::null(attribute.ty.plain()),
            (None, Presence::Required) => {
                return Err(ConvertError::new(format!("attribute `{name}` is required")));
            }
        };
        converted.insert(name.clone(), value);
    }
    Ok(converted)
}

/// Which conversions count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Safety {
    /// Those that succeed for every value.
    Safe,
    /// Those that may fail for some values, as from string to number.
    Unsafe,
}

/// Whether there is a conversion between two types.
pub fn convertible(from: &Type, to: &Type, safety: Safety) -> bool {
    match (from, to) {
        (Type::Any, _) => true,
        (_, Type::Any) => true,
        (Type::Bool | Type::Number | Type::String, Type::String)
        | (Type::Bool, Type::Bool)
        | (Type::Number, Type::Number) => true,
        (Type::String, Type::Bool | Type::Number) => safety == Safety::Unsafe,
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => convertible(from, to, safety),
        (Type::Tuple(from), Type::List(to) | Type::Set(to)) => {
            from.iter().all(|from| convertible(from, to, safety))
                && (!to.has_any() || unify(from).is_some())
        }
        (Type::Object(from), Type::Map(to)) => {
            from.values().all(|from| convertible(&from.ty, to, safety))
                && (!to.has_any()
                    || unify(&from.values().map(|a| a.ty.clone()).collect::<Vec<_>>()).is_some())
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len()
                && from.iter().zip(to.iter()).all(|(from, to)| convertible(from, to, safety))
        }
        (Type::Object(from), Type::Object(to)) => {
            to.iter().all(|(name, to)| match (from.get(name), &to.presence) {
                (Some(from), _) => convertible(&from.ty, &to.ty, safety),
                (None, Presence::Optional(_)) => true,
                (None, Presence::Required) => false,
            })
        }
        (Type::Map(from), Type::Object(to)) => {
            safety == Safety::Unsafe && to.values().all(|to| convertible(from, &to.ty, safety))
        }
        _ => false,
    }
}

/// The type of a value of type `from` after conversion to `to`, with `any` filled in.
fn result_type(from: &Type, to: &Type) -> Type {
    match (from, to) {
        (from, Type::Any) => from.plain(),
        (Type::List(from) | Type::Set(from), Type::List(to)) => Type::list(result_type(from, to)),
        (Type::List(from) | Type::Set(from), Type::Set(to)) => Type::set(result_type(from, to)),
        (Type::Map(from), Type::Map(to)) => Type::map(result_type(from, to)),
        (Type::Tuple(from), Type::List(to)) if to.has_any() => {
            Type::list(unify(from).unwrap_or(Type::Any))
        }
        (Type::Tuple(from), Type::Set(to)) if to.has_any() => {
            Type::set(unify(from).unwrap_or(Type::Any))
        }
        (Type::Object(from), Type::Map(to)) if to.has_any() => {
            let types: Vec<Type> = from.values().map(|attribute| attribute.ty.clone()).collect();
            Type::map(unify(&types).unwrap_or(Type::Any))
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            Type::Tuple(from.iter().zip(to.iter()).map(|(f, t)| result_type(f, t)).collect())
        }
        (Type::Object(from), Type::Object(to)) => Type::object(to.iter().map(|(name, to)| {
            let ty = from.get(name).map_or(Type::Any, |from| from.ty.clone());
            (name.clone(), result_type(&ty, &to.ty))
        })),
        (_, to) => to.plain(),
    }
}

/// The one type that values of all these types can be converted to, when there is one.
///
/// Only safe conversions count: numbers and booleans become strings among strings, tuples
/// lists, and objects maps. [`Type::Any`] when one of the types is; none for no types is `any`.
pub fn unify(types: &[Type]) -> Option<Type> {
    unify_by(types, Safety::Safe)
}

/// As [`unify`], but conversions that may fail count too.
pub fn unify_unsafe(types: &[Type]) -> Option<Type> {
    unify_by(types, Safety::Unsafe)
}

fn unify_by(types: &[Type], safety: Safety) -> Option<Type> {
    let Some(first) = types.first() else { return Some(Type::Any) };
    if types.iter().all(|ty| ty == first) {
        return Some(first.plain());
    }
    if types.contains(&Type::Any) {
        return Some(Type::Any);
    }
    let all = |test: fn(&Type) -> bool| types.iter().all(test);
    if all(|ty| matches!(ty, Type::Object(_))) {
        return unify_objects(types, safety);
    }
    if all(|ty| matches!(ty, Type::Tuple(_))) {
        return unify_tuples(types, safety);
    }
    if all(|ty| matches!(ty, Type::Object(_) | Type::Map(_))) {
        let elements: Vec<Type> = types.iter().flat_map(elements).collect();
        return unify_by(&elements, safety).map(Type::map);
    }
    if all(|ty| matches!(ty, Type::Tuple(_) | Type::List(_) | Type::Set(_))) {
        let elements: Vec<Type> = types.iter().flat_map(elements).collect();
        let element = unify_by(&elements, safety)?;
        let sets = types.iter().all(|ty| !matches!(ty, Type::List(_)));
        return Some(if sets { Type::set(element) } else { Type::list(element) });
    }
    // Among primitives, a string is preferred because everything converts to it.
    [Type::String, Type::Number, Type::Bool]
        .into_iter()
        .find(|to| types.contains(to) && types.iter().all(|from| convertible(from, to, safety)))
}

fn elements(ty: &Type) -> Vec<Type> {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => vec![(**element).clone()],
        Type::Tuple(elements) => elements.to_vec(),
        Type::Object(attributes) => attributes.values().map(|a| a.ty.clone()).collect(),
        Type::Any | Type::Bool | Type::Number | Type::String => Vec::new(),
    }
}

/// Objects with the same names unify by name; others become a map, when they can.
fn unify_objects(types: &[Type], safety: Safety) -> Option<Type> {
    let objects: Vec<_> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(attributes) => Some(attributes),
            _ => None,
        })
        .collect();
    let first = objects.first()?;
    if objects.iter().all(|object| object.keys().eq(first.keys())) {
        let attributes = first.keys().map(|name| {
            let types: Vec<Type> =
                objects.iter().filter_map(|o| o.get(name)).map(|a| a.ty.clone()).collect();
            Some((name.clone(), unify_by(&types, safety)?))
        });
        return attributes.collect::<Option<Vec<_>>>().map(Type::object);
    }
    let elements: Vec<Type> = types.iter().flat_map(elements).collect();
    unify_by(&elements, safety).map(Type::map)
}

/// Tuples of the same length unify by element; others become a list, when they can.
fn unify_tuples(types: &[Type], safety: Safety) -> Option<Type> {
    let tuples: Vec<&Arc<[Type]>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(elements) => Some(elements),
            _ => None,
        })
        .collect();
    let first = tuples.first()?;
    if tuples.iter().all(|tuple| tuple.len() == first.len()) {
        let elements = (0..first.len()).map(|index| {
            let types: Vec<Type> = tuples.iter().map(|tuple| tuple[index].clone()).collect();
            unify_by(&types, safety)
        });
        return elements.collect::<Option<Vec<_>>>().map(|elements| Type::Tuple(elements.into()));
    }
    let elements: Vec<Type> = types.iter().flat_map(elements).collect();
    unify_by(&elements, safety).map(Type::list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_in_common() {
        let list = |ty| Type::list(ty);
        let tuple = |types: &[Type]| Type::Tuple(types.into());
        for (types, unified) in [
            (vec![], Some(Type::Any)),
            (vec![Type::Bool, Type::Bool], Some(Type::Bool)),
            (vec![Type::Number, Type::String], Some(Type::String)),
            (vec![Type::Number, Type::Bool], None),
            (vec![Type::Any, Type::Bool], Some(Type::Any)),
            (vec![list(Type::Number), list(Type::String)], Some(list(Type::String))),
            (vec![Type::set(Type::Number), list(Type::String)], Some(list(Type::String))),
            (vec![tuple(&[Type::Number]), list(Type::String)], Some(list(Type::String))),
            (
                vec![tuple(&[Type::Number, Type::Bool]), tuple(&[Type::String, Type::Bool])],
                Some(tuple(&[Type::String, Type::Bool])),
            ),
            (vec![tuple(&[Type::Number]), tuple(&[])], Some(list(Type::Number))),
            (vec![list(Type::Number), Type::map(Type::Number)], None),
            (vec![list(Type::Number), Type::Number], None),
        ] {
            assert_eq!(unify(&types), unified, "{types:?}");
        }
    }

    #[test]
    fn an_error_says_where() {
        let inner = Value::object([("a b", Value::tuple([]))]);
        let value = Value::tuple([Value::object([("name", inner)])]);
        let ty = Type::list(Type::object([("name", Type::map(Type::String))]));
        let error = value.convert(&ty).unwrap_err();
        assert_eq!(error.to_string(), "[0].name[\"a b\"]: string required, but this is a tuple");
    }

    #[test]
    fn sets_are_equal_whatever_their_order() {
        let set = |texts: [&str; 3]| Value::set(Type::String, texts.map(Value::string));
        assert_eq!(set(["a", "b", "a"]), set(["b", "b", "a"]));
        let numbers = Value::set(Type::Number, [10_i64, 9, 9].map(Value::number));
        assert_eq!(format!("{numbers:?}"), "{9, 10}");
    }
}
