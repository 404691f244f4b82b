//! An order of all values, for sets.

use std::cmp::Ordering;

use super::{Attributes, Value, ValueKind};
use crate::go_quote::quoted;

/// Compares by kind and then by content: numbers by size, text by code points.
///
/// Equal means equal in content; marks and types of empty collections play no part. Inside other
/// values the order is that of Packer, which compares how they are written: 10 comes before 9, and
/// a list that goes on before one that has ended.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left.kind(), right.kind()) {
        (ValueKind::Number(a), ValueKind::Number(b)) => a.cmp(b),
        (ValueKind::String(a), ValueKind::String(b)) => a.cmp(b),
        _ => inside(left, right),
    }
}

fn inside(left: &Value, right: &Value) -> Ordering {
    match (left.kind(), right.kind()) {
        (ValueKind::Bool(a), ValueKind::Bool(b)) => a.cmp(b),
        (ValueKind::Number(a), ValueKind::Number(b)) => {
            written(&a.to_string(), &b.to_string(), b';')
        }
        (ValueKind::String(a), ValueKind::String(b)) => in_quotes(a, b),
        (ValueKind::List(_, a), ValueKind::List(_, b))
        | (ValueKind::Set(_, a), ValueKind::Set(_, b))
        | (ValueKind::Tuple(a), ValueKind::Tuple(b)) => sequences(a, b),
        (ValueKind::Map(_, a), ValueKind::Map(_, b))
        | (ValueKind::Object(a), ValueKind::Object(b)) => mappings(a, b),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

/// Compares texts as they are written in quotes: no character begins as another one does, so the
/// first that differs decides.
fn in_quotes(left: &str, right: &str) -> Ordering {
    let shown = |character: Option<char>| match character {
        Some(character) => quoted(character.encode_utf8(&mut [0; 4]), '"').split_off(1),
        None => "\"".to_owned(),
    };
    let (mut left, mut right) = (left.chars(), right.chars());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) if a == b => {}
            (a, b) => return shown(a).cmp(&shown(b)),
        }
    }
}

/// Compares texts that are followed by a sign.
fn written(left: &str, right: &str, end: u8) -> Ordering {
    left.bytes().chain([end]).cmp(right.bytes().chain([end]))
}

fn sequences(left: &[Value], right: &[Value]) -> Ordering {
    let elements = left.iter().zip(right).map(|(a, b)| inside(a, b));
    first_difference(elements).then(right.len().cmp(&left.len()))
}

fn mappings(left: &Attributes, right: &Attributes) -> Ordering {
    let elements =
        left.iter().zip(right).map(|((a, x), (b, y))| in_quotes(a, b).then_with(|| inside(x, y)));
    first_difference(elements).then(right.len().cmp(&left.len()))
}

fn first_difference(mut orderings: impl Iterator<Item = Ordering>) -> Ordering {
    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

const fn rank(kind: &ValueKind) -> u8 {
    match kind {
        ValueKind::Bool(_) => 0,
        ValueKind::Number(_) => 1,
        ValueKind::String(_) => 2,
        ValueKind::List(..) => 3,
        ValueKind::Set(..) => 4,
        ValueKind::Map(..) => 5,
        ValueKind::Tuple(_) => 6,
        ValueKind::Object(_) => 7,
        ValueKind::Null(_) => 8,
        ValueKind::Unknown(_) => 9,
    }
}
