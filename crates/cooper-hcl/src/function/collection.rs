//! Functions on lists, sets, maps, tuples and objects.
//!
//! Packer keeps tuples and objects apart from collections, and so do these: a function that
//! gives back elements gives a tuple when it was given one.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{
    Function, FunctionCx, FunctionError, Param, integer, limit, mapping, number, returns_bool,
    returns_number, returns_strings, sequence, text,
};
use crate::eval::equal;
use crate::value::convert::unify;
use crate::value::{Attributes, Number, Type, Value, ValueKind};

type Result<T = Value> = std::result::Result<T, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "alltrue",
            "`alltrue(list)`: whether every element is true; `alltrue([true, false])` is `false`",
            returns_bool,
            |_, args| Ok(sequence(args, 0)?.iter().all(|e| e.as_bool() == Some(true)).into()),
        )
        .takes("list", Type::list(Type::Bool)),
        Function::new(
            "anytrue",
            "`anytrue(list)`: whether any element is true; `anytrue([true, false])` is `true`",
            returns_bool,
            |_, args| Ok(sequence(args, 0)?.iter().any(|e| e.as_bool() == Some(true)).into()),
        )
        .takes("list", Type::list(Type::Bool)),
        Function::new(
            "chunklist",
            "`chunklist(list, size)`: the list in lists of that size; `chunklist([1, 2, 3], 2)` is `[[1, 2], [3]]`",
            |args| Ok(Type::list(type_of(args, 0))),
            chunklist,
        )
        .takes_param(Param::new("list", Type::list(Type::Any)).moved())
        .takes("size", Type::Number)
        .fails("the size is negative"),
        Function::new(
            "coalesce",
            "`coalesce(values...)`: the first that is neither null nor \"\"; `coalesce(\"\", \"b\")` is `\"b\"`",
            common_type,
            coalesce,
        )
        .takes_rest_param(Param::new("values", Type::Any).nullable().partly_known())
        .fails("all values are null or \"\", or have no type in common"),
        Function::new(
            "coalescelist",
            "`coalescelist(lists...)`: the first list that is not empty; `coalescelist([], [1])` is `[1]`",
            coalescelist_type,
            coalescelist,
        )
        .takes_rest_param(Param::new("lists", Type::Any).nullable().partly_known())
        .fails("all lists are null or empty"),
        Function::new(
            "compact",
            "`compact(list)`: the strings that are neither null nor \"\"; `compact([\"a\", \"\"])` is `[\"a\"]`",
            returns_strings,
            |_, args| {
                let full = |e: &&Value| e.as_str().is_some_and(|text| !text.is_empty());
                Ok(Value::list(Type::String, sequence(args, 0)?.iter().filter(full).cloned()))
            },
        )
        .takes("list", Type::list(Type::String)),
        Function::new(
            "concat",
            "`concat(lists...)`: all elements in one list; `concat([1], [2])` is `[1, 2]`",
            concat_type,
            concat,
        )
        .takes_rest_param(Param::new("lists", Type::Any).partly_known().moved())
        .fails("there is no list"),
        Function::new(
            "contains",
            "`contains(list, value)`: whether the value is an element; `contains([\"a\"], \"a\")` is `true`",
            returns_bool,
            contains,
        )
        .takes_param(Param::new("list", Type::Any).partly_known())
        .takes_param(Param::new("value", Type::Any)),
        Function::new(
            "distinct",
            "`distinct(list)`: the elements without repetitions; `distinct([1, 1, 2])` is `[1, 2]`",
            |args| Ok(type_of(args, 0)),
            distinct,
        )
        .takes("list", Type::list(Type::Any))
        .fails("there are more than 20,000 elements that are not strings"),
        Function::new(
            "element",
            "`element(list, index)`: one element, counting on from the start past the end; `element([\"a\", \"b\"], 3)` is `\"b\"`",
            element_type,
            element,
        )
        .takes_param(Param::new("list", Type::Any).partly_known().moved())
        .takes("index", Type::Number)
        .fails("the list is empty, or the index negative"),
        Function::new(
            "flatten",
            "`flatten(list)`: the elements of all lists inside; `flatten([[1], [2, [3]]])` is `[1, 2, 3]`",
            |args| match args.first() {
                Some(value) if value.is_wholly_known() => Ok(flattened(value)?.ty()),
                _ => Ok(Type::Any),
            },
            |_, args| match args.first() {
                Some(value) => flattened(value),
                None => Err(FunctionError::new("a list is required")),
            },
        )
        .takes("list", Type::Any),
        Function::new(
            "index",
            "`index(list, value)`: the place of the value, from 0; `index([\"a\", \"b\"], \"b\")` is `1`",
            returns_number,
            index,
        )
        .takes("list", Type::Any)
        .takes("value", Type::Any)
        .fails("the list is empty or has no such element"),
        Function::new(
            "keys",
            "`keys(map)`: the names in a map or object, sorted; `keys({ b = 1, a = 2 })` is `[\"a\", \"b\"]`",
            keys_type,
            keys,
        )
        .takes_param(Param::new("map", Type::Any).partly_known().moved()),
        Function::new(
            "lookup",
            "`lookup(map, key, default)`: the element of that name, or the default; `lookup({ a = 1 }, \"b\", 0)` is `0`",
            lookup_type,
            lookup,
        )
        .takes_param(Param::new("map", Type::Any).partly_known().moved())
        .takes("key", Type::String)
        .takes_param(Param::new("default", Type::Any).partly_known().moved())
        .fails("the default does not suit the map"),
        Function::new(
            "merge",
            "`merge(maps...)`: all names of all maps, the last one winning; `merge({ a = 1 }, { b = 2 })` is `{ a = 1, b = 2 }`",
            merge_type,
            merge,
        )
        .takes_rest_param(Param::new("maps", Type::Any).nullable().partly_known().moved()),
        Function::new(
            "range",
            "`range(max)`, `range(start, limit)`, `range(start, limit, step)`: numbers up to but without the limit; `range(3)` is `[0, 1, 2]`",
            |_| Ok(Type::list(Type::Number)),
            range,
        )
        .takes_rest("numbers", Type::Number)
        .fails("there would be more than 1024 numbers, or the step is 0 or leads away from the limit"),
        Function::new(
            "reverse",
            "`reverse(list)`: the elements in reverse order; `reverse([1, 2])` is `[2, 1]`",
            reverse_type,
            reverse,
        )
        .takes_param(Param::new("list", Type::Any).partly_known().moved()),
        Function::new(
            "setintersection",
            "`setintersection(sets...)`: what is in all of them; `setintersection([\"a\", \"b\"], [\"b\"])` is `[\"b\"]`",
            common_set,
            setintersection,
        )
        .takes("first", Type::set(Type::Any))
        .takes_rest("sets", Type::set(Type::Any))
        .fails("the elements have no type in common"),
        Function::new(
            "setproduct",
            "`setproduct(sets...)`: every combination of one element of each; `setproduct([\"a\"], [1, 2])` is `[[\"a\", 1], [\"a\", 2]]`",
            |args| Ok(product_type(args)?.0),
            setproduct,
        )
        .takes_rest("sets", Type::Any)
        .fails("there are less than two sets, or more than 1,000,000 elements in the result"),
        Function::new(
            "setunion",
            "`setunion(sets...)`: what is in any of them; `setunion([\"a\"], [\"b\"])` is `[\"a\", \"b\"]`",
            common_set,
            setunion,
        )
        .takes("first", Type::set(Type::Any))
        .takes_rest("sets", Type::set(Type::Any))
        .fails("the elements have no type in common"),
        Function::new(
            "slice",
            "`slice(list, start, end)`: the elements from start up to but without end; `slice([1, 2, 3], 1, 3)` is `[2, 3]`",
            slice_type,
            slice,
        )
        .takes_param(Param::new("list", Type::Any).partly_known().moved())
        .takes("start", Type::Number)
        .takes("end", Type::Number)
        .fails("the end is past the end of the list, or before the start"),
        Function::new(
            "sort",
            "`sort(list)`: the strings in the order of their code points; `sort([\"b\", \"a\"])` is `[\"a\", \"b\"]`",
            returns_strings,
            sort,
        )
        .takes("list", Type::list(Type::String))
        .fails("an element is null"),
        Function::new(
            "sum",
            "`sum(list)`: the sum of the numbers; `sum([1, 2])` is `3`",
            returns_number,
            sum,
        )
        .takes("list", Type::Any)
        .fails("the list is empty, or an element is null or no number"),
        Function::new(
            "values",
            "`values(map)`: the elements of a map or object, in the order of their names; `values({ b = 1, a = 2 })` is `[2, 1]`",
            values_type,
            values,
        )
        .takes_param(Param::new("map", Type::Any).partly_known().moved()),
        Function::new(
            "zipmap",
            "`zipmap(keys, values)`: a map with these names and elements; `zipmap([\"a\"], [1])` is `{ a = 1 }`",
            zipmap_type,
            zipmap,
        )
        .takes("keys", Type::list(Type::String))
        .takes_param(Param::new("values", Type::Any).partly_known().moved())
        .fails("there are more of one than of the other, or a key is null"),
    ]
}

fn type_of(args: &[Value], index: usize) -> Type {
    args.get(index).map_or(Type::Any, Value::ty)
}

/// What the elements of a list, set or tuple have in common.
fn element_of(ty: &Type) -> Option<Type> {
    match ty {
        Type::List(element) | Type::Set(element) => Some((**element).clone()),
        Type::Tuple(elements) if elements.is_empty() => Some(Type::Any),
        Type::Tuple(elements) => unify(elements),
        _ => None,
    }
}

fn converted(value: &Value, ty: &Type, argument: usize) -> Result {
    value.convert(ty).map_err(|error| {
        FunctionError::argument(argument, format!("{}{}", error.path, error.message))
    })
}

fn is_sequence(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))
}

fn wrong(argument: usize, wanted: &str, ty: &Type) -> FunctionError {
    FunctionError::argument(argument, format!("{wanted} is required, not {ty}"))
}

/// The one type of all arguments.
fn common_type(args: &[Value]) -> Result<Type> {
    if args.is_empty() {
        return Err(FunctionError::new("at least one value is required"));
    }
    // A bare null goes with everything.
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    let telling: Vec<Type> = types.into_iter().filter(|ty| *ty != Type::Any).collect();
    if telling.is_empty() {
        return Ok(Type::Any);
    }
    if args.iter().any(|arg| !arg.is_known() && arg.ty() == Type::Any) {
        return Ok(Type::Any);
    }
    match unify(&telling) {
        Some(ty) => Ok(ty),
        // With a bare null among them the others need not have one type.
        None if telling.len() < args.len() => Ok(Type::Any),
        None => Err(FunctionError::new("all values must have one type")),
    }
}

fn coalesce(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = common_type(args)?;
    for (index, arg) in args.iter().enumerate() {
        if !arg.is_known() {
            return Ok(Value::unknown(ty));
        }
        if arg.is_null() {
            continue;
        }
        let value = if ty == Type::Any { arg.clone() } else { converted(arg, &ty, index)? };
        if value.as_str() != Some("") {
            return Ok(value);
        }
    }
    Err(FunctionError::new("every value is null or an empty string"))
}

fn coalescelist_type(args: &[Value]) -> Result<Type> {
    if args.is_empty() {
        return Err(FunctionError::new("at least one list is required"));
    }
    for (index, arg) in args.iter().enumerate() {
        let ty = arg.ty();
        if !arg.is_known() {
            return Ok(Type::Any);
        }
        if !matches!(ty, Type::List(_) | Type::Tuple(_)) {
            return Err(wrong(index, "a list or a tuple", &ty));
        }
    }
    let first = type_of(args, 0);
    Ok(if args.iter().all(|arg| arg.ty() == first) { first } else { Type::Any })
}

fn coalescelist(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = coalescelist_type(args)?;
    for (index, arg) in args.iter().enumerate() {
        if !arg.is_known() {
            return Ok(Value::unknown(ty));
        }
        if !arg.is_null() && !sequence(args, index)?.is_empty() {
            return Ok(arg.clone());
        }
    }
    Err(FunctionError::new("every list is null or empty"))
}

fn chunklist(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = type_of(args, 0);
    let element = element_of(&ty).unwrap_or(Type::Any);
    let elements = sequence(args, 0)?;
    let size = usize::try_from(integer(args, 1)?)
        .map_err(|_| FunctionError::argument(1, "the size must not be negative"))?;
    let size = if size == 0 { elements.len().max(1) } else { size };
    let chunk = |chunk: &[Value]| Value::list(element.clone(), chunk.iter().cloned());
    Ok(Value::list(ty, elements.chunks(size).map(chunk)))
}

fn concat_type(args: &[Value]) -> Result<Type> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    if types.is_empty() {
        return Err(FunctionError::new("at least one list is required"));
    }
    // Lists are joined to a list where their elements can have one type.
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(ty) = unify(&types)
    {
        return Ok(ty);
    }
    let mut elements = Vec::new();
    for (index, (arg, ty)) in args.iter().zip(&types).enumerate() {
        match ty {
            Type::Tuple(inner) => elements.extend(inner.iter().cloned()),
            Type::List(inner) => match arg.as_sequence() {
                Some(list) => elements.extend(std::iter::repeat_n((**inner).clone(), list.len())),
                None => return Ok(Type::Any),
            },
            Type::Any => return Ok(Type::Any),
            _ => return Err(wrong(index, "a list or a tuple", ty)),
        }
    }
    Ok(Type::Tuple(elements.into()))
}

fn concat(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = concat_type(args)?;
    if args.iter().any(|arg| !arg.is_known()) {
        return Ok(Value::unknown(ty));
    }
    let mut elements = Vec::new();
    for index in 0..args.len() {
        let more = sequence(args, index)?;
        limit::elements(elements.len() + more.len())?;
        match &ty {
            Type::List(element) => {
                for value in more {
                    elements.push(converted(value, element, index)?);
                }
            }
            _ => elements.extend_from_slice(more),
        }
    }
    Ok(match ty {
        Type::List(element) => Value::list((*element).clone(), elements),
        _ => Value::tuple(elements),
    })
}

fn contains(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = type_of(args, 0);
    if !is_sequence(&ty) && ty != Type::Any {
        return Err(wrong(0, "a list, set or tuple", &ty));
    }
    let (Some(elements), Some(wanted)) = (args.first().and_then(Value::as_sequence), args.get(1))
    else {
        return Ok(Value::unknown(Type::Bool));
    };
    let mut found = Some(false);
    for element in elements {
        match equal(element, wanted) {
            Some(true) => return Ok(true.into()),
            Some(false) => {}
            None => found = None,
        }
    }
    Ok(found.map_or_else(|| Value::unknown(Type::Bool), Value::bool))
}

fn distinct(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let element = element_of(&type_of(args, 0)).unwrap_or(Type::Any);
    let elements = sequence(args, 0)?;
    let mut kept: Vec<Value> = Vec::new();
    if matches!(element, Type::String) {
        let mut seen = HashSet::new();
        kept.extend(elements.iter().filter(|e| seen.insert(e.as_str())).cloned());
    } else {
        // Other elements are compared one by one, which is slow for many.
        if elements.len() > 20_000 {
            return Err(FunctionError::argument(0, "the list has too many elements to compare"));
        }
        for value in elements {
            if !kept.contains(value) {
                kept.push(value.clone());
            }
        }
    }
    Ok(Value::list(element, kept))
}

/// Which element an index means in a list of this length.
fn wrapped(args: &[Value], length: usize) -> Result<usize> {
    let index = u64::try_from(integer(args, 1)?)
        .map_err(|_| FunctionError::argument(1, "the index must not be negative"))?;
    if length == 0 {
        return Err(FunctionError::argument(0, "an empty list has no elements"));
    }
    Ok(usize::try_from(index % length as u64).unwrap_or_default())
}

fn element_type(args: &[Value]) -> Result<Type> {
    let index_known = args.get(1).is_some_and(Value::is_known);
    match type_of(args, 0) {
        Type::List(element) => Ok((*element).clone()),
        Type::Tuple(elements) if index_known => {
            let index = wrapped(args, elements.len())?;
            Ok(elements.get(index).cloned().unwrap_or(Type::Any))
        }
        Type::Tuple(_) | Type::Any => Ok(Type::Any),
        ty => Err(wrong(0, "a list or a tuple", &ty)),
    }
}

fn element(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = element_type(args)?;
    let Some(elements) = args.first().and_then(Value::as_sequence) else {
        return Ok(Value::unknown(ty));
    };
    let index = wrapped(args, elements.len())?;
    elements
        .get(index)
        .cloned()
        .ok_or_else(|| FunctionError::argument(1, "there is no such element"))
}

fn flattened(value: &Value) -> Result {
    if !is_sequence(&value.ty()) {
        return Err(wrong(0, "a list, set or tuple", &value.ty()));
    }
    // Lists that are still to be looked at, innermost last; no recursion, so depth is no matter.
    let mut open = vec![value.children()];
    let mut flat = Vec::new();
    while let Some(innermost) = open.last_mut() {
        match innermost.next() {
            None => drop(open.pop()),
            Some(inner) if inner.as_sequence().is_some() => open.push(inner.children()),
            Some(leaf) => {
                flat.push(leaf.clone());
                limit::elements(flat.len())?;
            }
        }
    }
    Ok(Value::tuple(flat))
}

fn index(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = type_of(args, 0);
    if !matches!(ty, Type::List(_) | Type::Tuple(_)) {
        return Err(wrong(0, "a list or a tuple", &ty));
    }
    let elements = sequence(args, 0)?;
    if elements.is_empty() {
        return Err(FunctionError::argument(0, "an empty list has no elements"));
    }
    let place = elements.iter().position(|element| args.get(1) == Some(element));
    place
        .map(Value::number)
        .ok_or_else(|| FunctionError::argument(1, "the list has no such element"))
}

fn keys_type(args: &[Value]) -> Result<Type> {
    match type_of(args, 0) {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(attributes) => {
            Ok(Type::Tuple(attributes.iter().map(|_| Type::String).collect()))
        }
        Type::Any => Ok(Type::Any),
        ty => Err(wrong(0, "a map or an object", &ty)),
    }
}

fn keys(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = keys_type(args)?;
    match type_of(args, 0) {
        // The type alone says the names.
        Type::Object(attributes) => Ok(Value::tuple(attributes.keys().map(Value::string))),
        _ if !args.iter().all(Value::is_known) => Ok(Value::unknown(ty)),
        _ => Ok(Value::list(Type::String, mapping(args, 0)?.keys().map(Value::string))),
    }
}

fn values_type(args: &[Value]) -> Result<Type> {
    match type_of(args, 0) {
        Type::Map(element) => Ok(Type::List(element)),
        Type::Object(attributes) => {
            Ok(Type::Tuple(attributes.values().map(|attribute| attribute.ty.clone()).collect()))
        }
        Type::Any => Ok(Type::Any),
        ty => Err(wrong(0, "a map or an object", &ty)),
    }
}

fn values(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = values_type(args)?;
    if !args.iter().all(Value::is_known) {
        return Ok(Value::unknown(ty));
    }
    let elements = mapping(args, 0)?.values().cloned();
    Ok(match ty {
        Type::List(element) => Value::list((*element).clone(), elements),
        _ => Value::tuple(elements),
    })
}

fn lookup_type(args: &[Value]) -> Result<Type> {
    let default = type_of(args, 2);
    match type_of(args, 0) {
        Type::Map(element) => match args.get(2).map(|default| default.convert(&element)) {
            Some(Err(_)) => Err(wrong(2, &format!("the map's {element}"), &default)),
            _ => Ok((*element).clone()),
        },
        Type::Any => Ok(Type::Any),
        Type::Object(attributes) => match args.get(1).map(Value::kind) {
            Some(ValueKind::String(key)) => {
                Ok(attributes.get(key).map_or(default, |attribute| attribute.ty.clone()))
            }
            _ => Ok(Type::Any),
        },
        ty => Err(wrong(0, "a map or an object", &ty)),
    }
}

fn lookup(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = lookup_type(args)?;
    if !args.first().is_some_and(Value::is_known) {
        return Ok(Value::unknown(ty));
    }
    match mapping(args, 0)?.get(text(args, 1)?) {
        Some(found) => Ok(found.clone()),
        None => match args.get(2) {
            Some(default) => converted(default, &ty, 2),
            None => Err(FunctionError::new("a default is required")),
        },
    }
}

fn merge_type(args: &[Value]) -> Result<Type> {
    let mut types = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        match arg.ty() {
            // As in Packer, nobody asks for the types behind a bare null.
            Type::Any if arg.is_null() => return types_behind_null(args, index),
            Type::Any => return Ok(Type::Any),
            ty @ (Type::Map(_) | Type::Object(_)) => types.push((arg, ty)),
            ty => return Err(wrong(index, "a map or an object", &ty)),
        }
    }
    if let Some((_, first @ Type::Map(_))) = types.first()
        && types.iter().all(|(_, ty)| ty == first)
    {
        return Ok(first.clone());
    }
    merged_object(&types.into_iter().filter(|(arg, _)| !arg.is_null()).collect::<Vec<_>>())
}

/// The type of what is merged where the argument at `null` is a bare null: nulls of any type are
/// left out behind it.
fn types_behind_null(args: &[Value], null: usize) -> Result<Type> {
    let mut types = Vec::new();
    for (index, arg) in args.iter().enumerate().filter(|(_, arg)| !arg.is_null()) {
        match arg.ty() {
            ty @ (Type::Map(_) | Type::Object(_)) => types.push((arg, ty)),
            Type::Any => return Ok(Type::Any),
            _ if index > null && arg.as_sequence().is_some_and(<[Value]>::is_empty) => {}
            ty => return Err(wrong(index, "a map or an object", &ty)),
        }
    }
    merged_object(&types)
}

fn merged_object(types: &[(&Value, Type)]) -> Result<Type> {
    let mut attributes: BTreeMap<Arc<str>, Type> = BTreeMap::new();
    for (arg, ty) in types {
        match ty {
            Type::Object(inner) => attributes
                .extend(inner.iter().map(|(name, attribute)| (name.clone(), attribute.ty.clone()))),
            _ => match arg.as_mapping() {
                Some(map) => attributes.extend(map.iter().map(|(name, e)| (name.clone(), e.ty()))),
                None => return Ok(Type::Any),
            },
        }
    }
    Ok(Type::object(attributes))
}

fn merge(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = merge_type(args)?;
    if args.iter().any(|arg| !arg.is_known()) {
        return Ok(Value::unknown(ty));
    }
    let mut merged = Attributes::new();
    for (index, arg) in args.iter().enumerate() {
        // What is no mapping and has nothing in it stands behind a bare null.
        if !arg.is_null() && arg.as_sequence().is_none() {
            merged.extend(mapping(args, index)?.iter().map(|(name, e)| (name.clone(), e.clone())));
            limit::elements(merged.len())?;
        }
    }
    Ok(match ty {
        Type::Map(element) => Value::map((*element).clone(), merged),
        _ => Value::object(merged),
    })
}

/// The most numbers that `range` makes, as in Packer.
const RANGE: usize = 1024;

fn range(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let zero = Number::from(0);
    let (start, end) = match args.len() {
        1 => (zero.clone(), number(args, 0)?.clone()),
        2 | 3 => (number(args, 0)?.clone(), number(args, 1)?.clone()),
        _ => return Err(FunctionError::new("one, two or three numbers are required")),
    };
    let down = end < start;
    let step = match args.len() {
        3 => number(args, 2)?.clone(),
        _ => Number::from(if down { -1 } else { 1 }),
    };
    if start == end {
        return Ok(Value::list(Type::Number, []));
    }
    if step.is_zero() {
        return Err(FunctionError::argument(2, "the step must not be zero"));
    }
    if down != (step < zero) {
        let message = if down {
            "the step must be negative when the limit is less than the start"
        } else {
            "the step must be positive when the limit is greater than the start"
        };
        return Err(FunctionError::argument(2, message));
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while if down { next > end } else { next < end } {
        if numbers.len() == RANGE {
            return Err(FunctionError::new("there would be more than 1024 numbers"));
        }
        numbers.push(Value::number(next.clone()));
        next = next.add(&step)?;
    }
    Ok(Value::list(Type::Number, numbers))
}

fn reverse_type(args: &[Value]) -> Result<Type> {
    match type_of(args, 0) {
        Type::Tuple(elements) => Ok(Type::Tuple(elements.iter().rev().cloned().collect())),
        Type::List(element) | Type::Set(element) => Ok(Type::List(element)),
        Type::Any => Ok(Type::Any),
        ty => Err(wrong(0, "a list or a tuple", &ty)),
    }
}

fn reverse(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = reverse_type(args)?;
    if !args.iter().all(Value::is_known) {
        return Ok(Value::unknown(ty));
    }
    let elements = sequence(args, 0)?.iter().rev().cloned();
    Ok(match ty {
        Type::List(element) => Value::list((*element).clone(), elements),
        _ => Value::tuple(elements),
    })
}

fn common_set(args: &[Value]) -> Result<Type> {
    let elements: Vec<Type> = args
        .iter()
        .filter_map(|arg| Some((arg, element_of(&arg.ty())?)))
        // An empty set whose type is open takes that of the others.
        .filter(|(arg, ty)| {
            *ty != Type::Any || arg.as_sequence().is_none_or(|elements| !elements.is_empty())
        })
        .map(|(_, ty)| ty)
        .collect();
    if elements.is_empty() {
        return Ok(type_of(args, 0));
    }
    unify(&elements)
        .map(Type::set)
        .ok_or_else(|| FunctionError::new("the elements of all sets must have one type"))
}

/// All arguments as sets of one type.
fn as_sets(args: &[Value]) -> Result<(Type, Vec<Value>)> {
    let ty = common_set(args)?;
    let sets = args.iter().enumerate().map(|(index, arg)| converted(arg, &ty, index));
    let sets = sets.collect::<Result<_>>()?;
    Ok((ty, sets))
}

fn setunion(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (ty, sets) = as_sets(args)?;
    let element = element_of(&ty).unwrap_or(Type::Any);
    let all: Vec<Value> = sets.iter().flat_map(Value::children).cloned().collect();
    limit::elements(all.len())?;
    converted(&Value::list(element, all), &ty, 0)
}

fn setintersection(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (ty, sets) = as_sets(args)?;
    let element = element_of(&ty).unwrap_or(Type::Any);
    let Some((first, others)) = sets.split_first() else {
        return Err(FunctionError::new("at least one set is required"));
    };
    let others: Vec<&[Value]> = others.iter().filter_map(Value::as_sequence).collect();
    let work = others.iter().map(|other| other.len()).max().unwrap_or_default();
    if first.children().count().saturating_mul(work) > 400_000_000 {
        return Err(FunctionError::new("the sets have too many elements to compare"));
    }
    let common = first.children().filter(|e| others.iter().all(|other| other.contains(e)));
    converted(&Value::list(element, common.cloned()), &ty, 0)
}

/// The type of a product, and whether it keeps an order.
fn product_type(args: &[Value]) -> Result<(Type, Type)> {
    if args.len() < 2 {
        return Err(FunctionError::new("at least two sets are required"));
    }
    let mut elements = Vec::new();
    let mut ordered = true;
    for (index, arg) in args.iter().enumerate() {
        let ty = arg.ty();
        if ty == Type::Any {
            return Ok((Type::Any, Type::Any));
        }
        ordered &= !matches!(ty, Type::Set(_));
        if !is_sequence(&ty) {
            return Err(wrong(index, "a set, list or tuple", &ty));
        }
        let element = element_of(&ty)
            .ok_or_else(|| FunctionError::argument(index, "the elements must have one type"))?;
        elements.push(element);
    }
    let tuple = Type::Tuple(elements.into());
    Ok((if ordered { Type::list(tuple.clone()) } else { Type::set(tuple.clone()) }, tuple))
}

fn setproduct(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let (ty, tuple) = product_type(args)?;
    let Type::Tuple(element_types) = &tuple else { return Ok(Value::unknown(ty)) };
    // Nobody asks for the types of what stands in no row.
    for index in 0..args.len() {
        if sequence(args, index)?.is_empty() {
            return converted(&Value::list(tuple, []), &ty, 0);
        }
    }
    let mut columns = Vec::new();
    let mut total = 1_usize;
    for (index, element) in element_types.iter().enumerate() {
        let column = sequence(args, index)?.iter().map(|value| match element {
            Type::Any => Ok(value.clone()),
            element => converted(value, element, index),
        });
        let column: Vec<Value> = column.collect::<Result<_>>()?;
        total = total.saturating_mul(column.len());
        columns.push(column);
    }
    limit::elements(total.saturating_mul(columns.len()))?;
    // The last column changes fastest: each row's number is read as digits, one per column.
    let row = |row: usize| {
        let mut rest = row;
        let mut picked: Vec<Value> = columns
            .iter()
            .rev()
            .map(|column| {
                let value = column[rest % column.len()].clone();
                rest /= column.len();
                value
            })
            .collect();
        picked.reverse();
        Value::tuple(picked)
    };
    let rows: Vec<Value> = (0..total).map(row).collect();
    let list = Value::list(tuple, rows);
    if matches!(ty, Type::Set(_)) { converted(&list, &ty, 0) } else { Ok(list) }
}

/// Where a slice begins and ends, checked against the length when that is known.
fn bounds(args: &[Value], length: Option<usize>) -> Result<(usize, usize)> {
    let start = usize::try_from(integer(args, 1)?)
        .map_err(|_| FunctionError::argument(1, "the start must not be negative"))?;
    let end = usize::try_from(integer(args, 2)?)
        .map_err(|_| FunctionError::argument(2, "the end must not be negative"))?;
    if let Some(length) = length
        && end > length
    {
        let message = format!("the end is {end}, but the list has {length} elements");
        return Err(FunctionError::argument(2, message));
    }
    if start > end {
        return Err(FunctionError::argument(1, "the start must not be greater than the end"));
    }
    Ok((start, end))
}

fn slice_type(args: &[Value]) -> Result<Type> {
    let bounds_known = args.iter().skip(1).all(Value::is_known);
    match type_of(args, 0) {
        ty @ Type::List(_) => Ok(ty),
        Type::Tuple(elements) if bounds_known => {
            let (start, end) = bounds(args, Some(elements.len()))?;
            Ok(Type::Tuple(elements[start..end].into()))
        }
        Type::Tuple(_) | Type::Any => Ok(Type::Any),
        ty => Err(wrong(0, "a list or a tuple", &ty)),
    }
}

fn slice(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = slice_type(args)?;
    let Some(elements) = args.first().and_then(Value::as_sequence) else {
        return Ok(Value::unknown(ty));
    };
    let (start, end) = bounds(args, Some(elements.len()))?;
    let part = elements[start..end].iter().cloned();
    Ok(match ty {
        Type::List(element) => Value::list((*element).clone(), part),
        _ => Value::tuple(part),
    })
}

fn sort(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let mut elements = sequence(args, 0)?.to_vec();
    if let Some(index) = elements.iter().position(Value::is_null) {
        return Err(FunctionError::argument(
            0,
            format!("element {index} is null and cannot be sorted"),
        ));
    }
    elements.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::list(Type::String, elements))
}

fn sum(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let elements = sequence(args, 0)?;
    if elements.is_empty() {
        return Err(FunctionError::argument(0, "an empty list has no sum"));
    }
    let mut total = Number::from(0);
    for (index, element) in elements.iter().enumerate() {
        match converted(element, &Type::Number, 0)?.kind() {
            ValueKind::Number(number) => total = total.add(number)?,
            _ => {
                let message = format!("element {index} is null and cannot be added");
                return Err(FunctionError::argument(0, message));
            }
        }
    }
    Ok(Value::number(total))
}

fn zipmap_type(args: &[Value]) -> Result<Type> {
    match type_of(args, 1) {
        Type::List(element) => Ok(Type::Map(element)),
        Type::Tuple(elements) => match args.first().and_then(Value::as_sequence) {
            Some(keys) if keys.iter().all(|key| key.as_str().is_some()) => {
                same_length(keys.len(), elements.len())?;
                let names = keys.iter().filter_map(Value::as_str);
                Ok(Type::object(names.map(Arc::from).zip(elements.iter().cloned())))
            }
            _ => Ok(Type::Any),
        },
        Type::Any => Ok(Type::Any),
        ty => Err(wrong(1, "a list or a tuple", &ty)),
    }
}

fn same_length(keys: usize, values: usize) -> Result<()> {
    if keys != values {
        return Err(FunctionError::new(format!("there are {keys} keys and {values} values")));
    }
    Ok(())
}

fn zipmap(_: &FunctionCx<'_>, args: &[Value]) -> Result {
    let ty = zipmap_type(args)?;
    if args.iter().any(|arg| !arg.is_known()) {
        return Ok(Value::unknown(ty));
    }
    let (keys, values) = (sequence(args, 0)?, sequence(args, 1)?);
    same_length(keys.len(), values.len())?;
    let mut attributes = Attributes::new();
    for (index, (key, value)) in keys.iter().zip(values).enumerate() {
        let key = key.as_str().ok_or_else(|| {
            FunctionError::argument(0, format!("element {index} is null and cannot be a name"))
        })?;
        attributes.insert(key.into(), value.clone());
    }
    Ok(match ty {
        Type::Map(element) => Value::map((*element).clone(), attributes),
        _ => Value::object(attributes),
    })
}
