//! What a component is given: its arguments, and the build it works for, as hosts send them.

mod legacy;
#[cfg(test)]
mod tests;

use cooper_wire::cty::{self, Decimal, Value};
use cooper_wire::message::Configs;
use cooper_wire::msgpack;

use crate::build::Build;
use crate::schema::{Mistakes, Reader, Schema, Values, is_unknown};

/// What a component was given.
pub(crate) struct Given<T> {
    /// The arguments; nothing when some are not known yet.
    pub(crate) component: Option<T>,
    pub(crate) build: Build,
    /// Whether some may be others when `build.*` is known, though the host does not say them again.
    pub(crate) waits: bool,
}

/// Reads what a host sent: parts, of which what comes later counts more.
///
/// # Errors
///
/// All that is wrong with the arguments, in one text.
pub(crate) fn read<T: Schema>(
    configs: &Configs,
    facts: Option<&msgpack::Value>,
) -> Result<Given<T>, String> {
    let mut build = Build::default();
    let mut values = Values::new();
    for part in parts(configs) {
        let part = match part {
            msgpack::Value::Nil => continue,
            msgpack::Value::Bytes(json) => match typed(json)? {
                Value::Mapping(values) => values,
                _ => return Err("the arguments are no object".to_owned()),
            },
            other => match plain(other) {
                Value::Mapping(values) => build.take(values),
                _ => return Err("the arguments are no map".to_owned()),
            },
        };
        values.extend(part.into_iter().filter(|(_, value)| *value != Value::Null));
    }
    if let Some(facts) = facts {
        build.know(facts);
    }
    let mut waits = false;
    if build.is_legacy {
        let mut interpolation = legacy::Interpolation { build: &build, waits: false };
        values = interpolation.all(values)?;
        waits = interpolation.waits;
    }
    let is_unknown = values.values().any(is_unknown);
    let mut mistakes = Mistakes::default();
    let mut reader = Reader::new(values, &mut mistakes);
    let component = T::read(&mut reader);
    reader.finish();
    if !mistakes.texts.is_empty() {
        return Err(listed(&mistakes.texts));
    }
    let component = component.filter(|_| !is_unknown && !mistakes.is_unknown);
    Ok(Given { component, build, waits })
}

/// The parts that matter: the last one of a legacy template only has names that will have a value.
fn parts(configs: &Configs) -> &[msgpack::Value] {
    match configs.parts.split_last() {
        Some((last, rest)) if legacy::is_placeholders(last) => rest,
        _ => &configs.parts,
    }
}

fn typed(json: &[u8]) -> Result<Value, String> {
    let json = std::str::from_utf8(json).map_err(|_| "the arguments are no text".to_owned())?;
    let read = cty::from_json(json);
    read.map(|(_, value)| value).map_err(|error| format!("the arguments cannot be read: {error}"))
}

/// A value that says nothing of its type.
pub(crate) fn plain(value: &msgpack::Value) -> Value {
    match value {
        msgpack::Value::Bool(value) => Value::Bool(*value),
        msgpack::Value::Int(number) => Value::Number(Decimal::from(*number)),
        msgpack::Value::Uint(number) => Value::Number(Decimal::from(*number)),
        msgpack::Value::Float(number) => {
            Decimal::from_double(*number).map_or(Value::Null, Value::Number)
        }
        msgpack::Value::Text(text) => Value::Text(text.clone()),
        msgpack::Value::Bytes(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        msgpack::Value::List(elements) => Value::Sequence(elements.iter().map(plain).collect()),
        msgpack::Value::Map(elements) => {
            let elements = elements.iter().filter_map(|(name, value)| match plain(name) {
                Value::Text(name) => Some((name, plain(value))),
                _ => None,
            });
            Value::Mapping(elements.collect())
        }
        msgpack::Value::Nil | msgpack::Value::Time(..) | msgpack::Value::Extension(..) => {
            Value::Null
        }
    }
}

/// A text of several mistakes, in the form of Packer's, which hosts take apart again.
pub(crate) fn listed(mistakes: &[String]) -> String {
    match mistakes {
        [one] => one.clone(),
        several => {
            let items: Vec<String> = several.iter().map(|text| format!("* {text}")).collect();
            format!("{} error(s) occurred:\n\n{}", several.len(), items.join("\n"))
        }
    }
}
