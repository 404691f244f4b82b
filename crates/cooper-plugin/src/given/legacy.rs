//! Templates in the old JSON form leave `{{user `name`}}` and its like to the component.

use std::time::{SystemTime, UNIX_EPOCH};

use cooper_wire::cty::Value;
use cooper_wire::msgpack;

use crate::build::Build;
use crate::schema::{UNKNOWN, Values};

/// Whether a part of what a host sent holds names that will have a value, and no arguments.
pub(super) fn is_placeholders(part: &msgpack::Value) -> bool {
    let text = part.get("PackerRunUUID").and_then(msgpack::Value::as_text);
    text.is_some_and(|text| text.contains("Build_PackerRunUUID."))
}

/// Puts values where `{{ }}` stands in texts.
pub(super) struct Interpolation<'a> {
    pub(super) build: &'a Build,
    /// Whether `build` was asked for something that is not known yet.
    pub(super) waits: bool,
}

impl Interpolation<'_> {
    pub(super) fn all(&mut self, values: Values) -> Result<Values, String> {
        values.into_iter().map(|(name, value)| Ok((name, self.value(value)?))).collect()
    }

    fn value(&mut self, value: Value) -> Result<Value, String> {
        Ok(match value {
            Value::Text(text) => Value::Text(self.text(&text)?),
            Value::Sequence(elements) => {
                let elements = elements.into_iter().map(|each| self.value(each));
                Value::Sequence(elements.collect::<Result<_, _>>()?)
            }
            Value::Mapping(elements) => Value::Mapping(self.all(elements)?),
            other => other,
        })
    }

    fn text(&mut self, text: &str) -> Result<String, String> {
        let mut done = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, after)) = after.split_once("}}") else { break };
            done.push_str(before);
            done.push_str(&self.call(inside)?);
            rest = after;
        }
        done.push_str(rest);
        Ok(done)
    }

    fn call(&mut self, inside: &str) -> Result<String, String> {
        let call = inside.trim_matches('-').trim();
        let (function, argument) = match call.split_once(char::is_whitespace) {
            Some((function, argument)) => (function, quoted(argument.trim())),
            None => (call, None),
        };
        let build = self.build;
        Ok(match (function, argument) {
            ("user", Some(name)) => build.variables.get(name).cloned().unwrap_or_default(),
            ("build", Some(name)) => match build.fact(name) {
                Some(fact) => fact.to_owned(),
                None => {
                    self.waits = true;
                    UNKNOWN.to_owned()
                }
            },
            ("build_name", None) => build.name.clone(),
            ("build_type", None) => build.source_type.clone(),
            ("packer_version", None) => build.core_version.clone(),
            ("template_dir", None) => match build.template_path.rsplit_once('/') {
                Some((folder, _)) => folder.to_owned(),
                None => ".".to_owned(),
            },
            ("timestamp", None) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                now.as_secs().to_string()
            }
            _ => return Err(format!("this plugin does not know `{{{{{inside}}}}}`")),
        })
    }
}

/// The text between quotes.
fn quoted(text: &str) -> Option<&str> {
    ['`', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}
