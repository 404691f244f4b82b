//! Conversion between types, and the type that several values have in common.
//!
//! The rules are cty's. A conversion may fail for some values, as from string to number; types
//! that have such a conversion can still be unified.

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

impl Value {
    /// So many elements are looked at for more mistakes.
    const MISTAKEN: usize = 100;

    /// The mistakes in other elements than that of `first`, for which this cannot be converted.
    pub fn other_mistakes(&self, ty: &Type, first: &ConvertError) -> Vec<ConvertError> {
        let (Some(at), Type::List(element) | Type::Set(element) | Type::Map(element)) =
            (first.path.0.first(), ty)
        else {
            return Vec::new();
        };
        let wrong = |step: ValueStep, value: &Value| {
            let ConvertError { mut path, message } = value.convert(element).err()?;
            path.0.insert(0, step);
            Some(ConvertError { path, message })
        };
        let in_sequence = self.as_sequence().unwrap_or_default().iter().enumerate();
        let in_sequence = in_sequence.map(|(index, value)| (ValueStep::Index(index), value));
        let in_mapping = self.as_mapping().into_iter().flatten();
        let in_mapping = in_mapping.map(|(key, value)| (ValueStep::Key(key.clone()), value));
        let others = in_sequence.chain(in_mapping).filter(|(step, _)| step != at);
        others.filter_map(|(step, value)| wrong(step, value)).take(Self::MISTAKEN).collect()
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
            (ValueKind::Null(own), _) => match convertible(own, ty) {
                true => ValueKind::Null(result_type(own, ty)),
                false => return Err(ConvertError::required(ty, self)),
            },
            (ValueKind::Unknown(own), _) => match convertible(own, ty) {
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
        if own.is_some_and(|own| values.is_empty() && !convertible(own, element)) {
            return Err(ConvertError::required(ty, self));
        }
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
        if own.is_some_and(|own| values.is_empty() && !convertible(own, element)) {
            return Err(ConvertError::required(ty, self));
        }
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
    // A bare null takes the type of the others.
    let telling = values.iter().filter(|value| value.kind != ValueKind::Null(Type::Any));
    let types: Vec<Type> = telling.map(Value::ty).collect();
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

/// Whether there is a conversion between two types, even one that fails for some values.
pub fn convertible(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Any) => true,
        // The type of what is unknown comes to light with the value.
        (Type::Any, _) => true,
        (Type::Bool | Type::Number | Type::String, Type::String)
        | (Type::Bool, Type::Bool)
        | (Type::Number, Type::Number) => true,
        (Type::String, Type::Bool | Type::Number) => true,
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => convertible(from, to),
        (Type::Tuple(from), Type::List(to) | Type::Set(to)) => all_convertible(from.iter(), to),
        (Type::Object(from), Type::Map(to)) => {
            all_convertible(from.values().map(|attribute| &attribute.ty), to)
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len()
                && from.iter().zip(to.iter()).all(|(from, to)| convertible(from, to))
        }
        (Type::Object(from), Type::Object(to)) => {
            to.iter().all(|(name, to)| match (from.get(name), &to.presence) {
                (Some(from), _) => convertible(&from.ty, &to.ty),
                (None, Presence::Optional(_)) => true,
                (None, Presence::Required) => false,
            })
        }
        (Type::Map(from), Type::Object(to)) => to.values().all(|to| convertible(from, &to.ty)),
        _ => false,
    }
}

/// Whether elements of these types can be those of a collection.
fn all_convertible<'a>(mut from: impl Iterator<Item = &'a Type>, to: &Type) -> bool {
    if *to != Type::Any {
        return from.all(|from| convertible(from, to));
    }
    let from: Vec<Type> = from.cloned().collect();
    match unify(&from) {
        None => false,
        Some(Type::Any) => from.iter().all(|from| *from == Type::Any),
        Some(_) => true,
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
/// Numbers and booleans become strings among strings, tuples lists, and objects maps. It is
/// [`Type::Any`] for no types, and where nothing but that is left of collections.
pub fn unify(types: &[Type]) -> Option<Type> {
    let Some(first) = types.first() else { return Some(Type::Any) };
    if types.iter().all(|ty| ty == first) {
        return Some(first.plain());
    }
    // What holds for the types holds for each of them once.
    let mut distinct: Vec<&Type> = Vec::new();
    for ty in types {
        if !distinct.contains(&ty) {
            distinct.push(ty);
        }
    }
    let any = distinct.contains(&&Type::Any);
    let all = |test: fn(&Type) -> bool| distinct.iter().all(|ty| **ty == Type::Any || test(ty));
    let has = |test: fn(&Type) -> bool| distinct.iter().any(|ty| test(ty));
    let unified = if has(is_map) && all(|ty| is_map(ty) || is_object(ty)) {
        // Objects among maps are maps in disguise.
        match (any, has(is_object)) {
            (false, _) => unify_disguised(&distinct, is_object, Type::map),
            (true, false) => Some(Type::Any),
            (true, true) => None,
        }
    } else if has(is_list) && all(|ty| is_list(ty) || is_tuple(ty)) {
        match (any, has(is_tuple)) {
            (false, _) => unify_disguised(&distinct, is_tuple, Type::list),
            (true, false) => Some(Type::Any),
            (true, true) => None,
        }
    } else if has(is_set) && all(is_set) {
        return if any { Some(Type::Any) } else { unify_elements(&distinct).map(Type::set) };
    } else if has(is_object) && all(is_object) {
        return if any { Some(Type::Any) } else { unify_objects(types) };
    } else if has(is_tuple) && all(is_tuple) {
        return if any { Some(Type::Any) } else { unify_tuples(types) };
    } else if has(is_object) && has(is_tuple) {
        return None;
    } else {
        None
    };
    unified.or_else(|| most_general(&distinct))
}

fn is_map(ty: &Type) -> bool {
    matches!(ty, Type::Map(_))
}

fn is_list(ty: &Type) -> bool {
    matches!(ty, Type::List(_))
}

fn is_set(ty: &Type) -> bool {
    matches!(ty, Type::Set(_))
}

fn is_object(ty: &Type) -> bool {
    matches!(ty, Type::Object(_))
}

fn is_tuple(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(_))
}

/// What lists and tuples, or maps and objects, have in common: first the tuples or objects among
/// themselves, and then with the others.
fn unify_disguised(
    types: &[&Type],
    disguised: fn(&Type) -> bool,
    collection: fn(Type) -> Type,
) -> Option<Type> {
    let (inside, others): (Vec<&Type>, Vec<&Type>) = types.iter().partition(|ty| disguised(ty));
    let mut elements_of: Vec<Type> = others.into_iter().flat_map(elements).collect();
    let mut open = false;
    if inside.iter().any(|ty| !elements(ty).is_empty()) {
        let element = unify_elements(&inside)?;
        open = element == Type::Any;
        elements_of.push(element);
    }
    let unified = collection(unify(&elements_of)?);
    // Where a null leaves the type open, the values decide.
    (open || types.iter().all(|from| convertible(from, &unified))).then_some(unified)
}

/// The type in common of what is in types that have elements.
fn unify_elements(types: &[&Type]) -> Option<Type> {
    let elements: Vec<Type> = types.iter().flat_map(|ty| elements(ty)).collect();
    unify(&elements)
}

/// The first of the types that all of them can be converted to, the more general ones tried
/// before the others.
fn most_general(types: &[&Type]) -> Option<Type> {
    let mut left: Vec<&Type> = types.to_vec();
    while !left.is_empty() {
        let place = left
            .iter()
            .position(|ty| !left.iter().any(|other| is_more_general(other, ty)))
            .unwrap_or(0);
        let candidate = left.remove(place);
        if types.iter().all(|from| *from == candidate || convertible(from, candidate)) {
            return Some(candidate.plain());
        }
    }
    None
}

/// Whether one type should be preferred to another where each could become the other.
fn is_more_general(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::Any, _) => false,
        (_, Type::Any) => true,
        (Type::String, Type::Bool | Type::Number) => true,
        (Type::List(one), Type::List(other))
        | (Type::Set(one), Type::Set(other))
        | (Type::Map(one), Type::Map(other)) => is_more_general(one, other),
        (Type::List(_), Type::Tuple(_) | Type::Set(_)) | (Type::Tuple(_), Type::Set(_)) => true,
        (Type::Map(_), Type::Object(_)) => true,
        _ => false,
    }
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
fn unify_objects(types: &[Type]) -> Option<Type> {
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
            Some((name.clone(), unify(&types)?))
        });
        return attributes.collect::<Option<Vec<_>>>().map(Type::object);
    }
    let elements: Vec<Type> = types.iter().flat_map(elements).collect();
    unify(&elements).map(Type::map)
}

/// Tuples of the same length unify by element; others become a list, when they can.
fn unify_tuples(types: &[Type]) -> Option<Type> {
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
            unify(&types)
        });
        return elements.collect::<Option<Vec<_>>>().map(|elements| Type::Tuple(elements.into()));
    }
    let elements: Vec<Type> = types.iter().flat_map(elements).collect();
    unify(&elements).map(Type::list)
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
            (vec![Type::Any, Type::Bool], Some(Type::Bool)),
            (vec![Type::Any, list(Type::Bool)], Some(Type::Any)),
            (vec![tuple(&[Type::Any]), list(Type::Bool)], Some(list(Type::Bool))),
            (vec![tuple(&[Type::Bool]), Type::object([("a", Type::Bool)])], None),
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
