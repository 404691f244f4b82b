//! Arguments as a component gets them, and what it says of them.

use cooper_build::component::{Config, Origin, Phase};
use cooper_build::{Failure, OnError, PACKER_VERSION};
use cooper_hcl::{Code, Diagnostic, Reported};
use cooper_wire::cty;
use cooper_wire::message::Configs;
use cooper_wire::msgpack::Value;
use cooper_wire::spec::Object;

use crate::schema::object_type;
use crate::value;

/// What a component that belongs to a build is given: what it is used for, and its arguments.
pub(super) fn configs(config: &Config<'_>, spec: &Object) -> Result<Configs, Reported> {
    Ok(Configs { parts: vec![surroundings(&config.origin), arguments(config, spec)?] })
}

/// What a data source is given: its arguments alone.
pub(super) fn alone(config: &Config<'_>, spec: &Object) -> Result<Configs, Reported> {
    Ok(Configs { parts: vec![arguments(config, spec)?] })
}

/// The arguments as JSON with their type; bytes are how a component tells it from plain values.
fn arguments(config: &Config<'_>, spec: &Object) -> Result<Value, Reported> {
    let value = value::arguments(&config.value, spec);
    let json = cty::to_json(&object_type(spec), &value).map_err(|error| {
        let message = format!("the arguments cannot be given to the plugin: {error}");
        config.diags.error(Diagnostic::error(Code::Plugin, message).at(config.places.header, ""))
    })?;
    Ok(Value::Bytes(json.into_bytes()))
}

/// What Packer tells every component of the build it is used in.
fn surroundings(origin: &Origin) -> Value {
    let Origin { source_type, source_label, force, debug, on_error, build: _, source_name: _ } =
        origin;
    let on_error = match on_error {
        OnError::Cleanup => "cleanup",
        OnError::Abort => "abort",
        OnError::Ask => "ask",
        OnError::RunCleanupProvisioner => "run-cleanup-provisioner",
    };
    Value::object([
        ("packer_build_name", Value::text(source_label)),
        ("packer_builder_type", Value::text(source_type)),
        ("packer_core_version", Value::text(PACKER_VERSION)),
        ("packer_debug", Value::text(debug.to_string())),
        ("packer_force", Value::text(force.to_string())),
        ("packer_on_error", Value::text(on_error)),
        ("packer_sensitive_variables", Value::List(Vec::new())),
    ])
}

/// Records what a component finds wrong with its arguments. Each mistake points at the argument
/// that it names, or at the block.
pub(super) fn refused(config: &Config<'_>, text: &str) -> Reported {
    let mistakes = mistakes(text);
    let record = |mistake: &&str| {
        let error = Diagnostic::error(Code::Plugin, one_line(mistake));
        match (named_argument(config, mistake), config.phase) {
            (Some(argument), _) => {
                let error = error.at(config.place(argument), "");
                config.looking_at(&[argument]).diags.error(error)
            }
            // It may be about what stands there for something that is not known yet.
            (None, Phase::Draft) => config.doubtful.error(error.at(config.places.header, "")),
            (None, Phase::Plan | Phase::Run(_)) => {
                config.diags.error(error.at(config.places.header, ""))
            }
        }
    };
    let mut recorded: Vec<Reported> = mistakes.iter().map(record).collect();
    recorded.pop().unwrap_or_else(|| record(&"the arguments cannot be used"))
}

/// Records that nobody is there to read the arguments.
pub(super) fn not_started(config: &Config<'_>, failure: &Failure) -> Reported {
    let error = Diagnostic::error(Code::Plugin, failure.to_string());
    config.diags.error(error.at(config.places.header, "").help(failure.next_step()))
}

/// Records what a component finds odd.
pub(super) fn warn(config: &Config<'_>, text: &str) {
    let place = named_argument(config, text);
    let place = place.map_or(config.places.header, |argument| config.place(argument));
    config.diags.warn(Diagnostic::warning(Code::Plugin, one_line(text)).at(place, ""));
}

/// The mistakes of a list as Go programs write it: `2 error(s) occurred:` and lines with stars.
fn mistakes(text: &str) -> Vec<&str> {
    let text = text.trim();
    let is_list = text.split_once(" occurred:").is_some_and(|(head, _)| {
        head.ends_with("error(s)") || head.ends_with("error") || head.ends_with("errors")
    });
    if !is_list {
        return vec![text].into_iter().filter(|text| !text.is_empty()).collect();
    }
    let items = text.split("\n* ").flat_map(|part| part.split("\n\t* ")).skip(1);
    items.map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// A text in one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The argument that is given and that a mistake names, if it names one only.
fn named_argument<'a>(config: &'a Config<'_>, text: &str) -> Option<&'a str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = text.split(|c| !is_word(c)).collect();
    let mut named = config.places.arguments.keys().filter(|name| {
        // A word such as `name` or `type` may be just that.
        let quoted = ["`", "'", "\""].iter().any(|q| text.contains(&format!("{q}{name}{q}")));
        quoted || (name.contains('_') && words.contains(&name.as_str()))
    });
    let first = named.next()?;
    named.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_mistakes_are_taken_apart() {
        let go = "2 error(s) occurred:\n\n* ERROR: -> a\n* b is\n  long\n";
        assert_eq!(mistakes(go), ["ERROR: -> a", "b is\n  long"]);
        assert_eq!(mistakes("1 error occurred:\n\t* no image\n\n"), ["no image"]);
        assert_eq!(mistakes("bad config"), ["bad config"]);
        assert_eq!(mistakes("an error occurred: * x"), Vec::<&str>::new());
        assert!(mistakes(" \n").is_empty());
    }
}
