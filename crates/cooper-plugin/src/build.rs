//! What is known of the build that a component works for.

use std::collections::BTreeMap;

use cooper_wire::cty::Value;
use cooper_wire::msgpack;

use crate::schema::Values;

/// What is known of the build that a component works for.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Build {
    /// The name of the source: `base` of `source "docker" "base"`.
    pub name: String,
    /// Its type: `docker`.
    pub source_type: String,
    /// The version of Packer, or that which Cooper is like.
    pub core_version: String,
    /// `-debug`
    pub debug: bool,
    /// `-force`
    pub force: bool,
    /// `-on-error`: `cleanup`, `abort`, `ask` or `run-cleanup-provisioner`.
    pub on_error: String,
    /// Where a template in the old JSON form stands; empty for others.
    pub template_path: String,
    /// The variables of such a template.
    pub variables: BTreeMap<String, String>,
    pub(crate) is_legacy: bool,
    facts: BTreeMap<String, String>,
}

impl Build {
    /// What the builder says of its machine, as templates read it from `build.NAME`: `ID`. Nothing before there is a
    /// machine.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    /// All of that, by name.
    pub const fn facts(&self) -> &BTreeMap<String, String> {
        &self.facts
    }

    /// Takes what hosts say of the build; the rest is arguments.
    pub(crate) fn take(&mut self, values: Values) -> Values {
        let is_arguments = |name: &str, value: &Value| {
            let text = scalar(value).unwrap_or_default();
            match name {
                "packer_build_name" => self.name = text,
                "packer_builder_type" => self.source_type = text,
                "packer_core_version" => self.core_version = text,
                "packer_on_error" => self.on_error = text,
                "packer_template_path" => self.template_path = text,
                "packer_debug" => self.debug = text == "true",
                "packer_force" => self.force = text == "true",
                "packer_user_variables" => {
                    self.is_legacy = true;
                    self.variables = scalars(value);
                }
                _ => return !name.starts_with("packer_"),
            }
            false
        };
        let mut is_arguments = is_arguments;
        values.into_iter().filter(|(name, value)| is_arguments(name, value)).collect()
    }

    /// Learns what a builder says of its machine.
    pub(crate) fn know(&mut self, facts: &msgpack::Value) {
        self.facts = scalars(&crate::given::plain(facts));
    }
}

fn scalars(value: &Value) -> BTreeMap<String, String> {
    let Value::Mapping(values) = value else { return BTreeMap::new() };
    let scalars = values.iter().filter_map(|(name, value)| Some((name.clone(), scalar(value)?)));
    scalars.collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
