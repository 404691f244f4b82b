//! Arguments as a component gets them, and what it says of them.

use cooper_build::component::{Config, Origin, Phase};
use cooper_build::{Failure, OnError, PACKER_VERSION};
use cooper_hcl::schema::Places;
use cooper_hcl::value::convert::ValueStep;
use cooper_hcl::{Code, Diagnostic, Reported, Span};
use cooper_wire::cty;
use cooper_wire::message::Configs;
use cooper_wire::msgpack::Value;
use cooper_wire::spec::Object;

use crate::schema::object_type;
use crate::value;

/// What a component that belongs to a build is given: what it is used for, and its arguments. In
/// a legacy template these are plain values, and come first, as in Packer: so a component knows that
/// it is to fill in `{{ }}`, which HCL leaves alone.
pub(super) fn configs(config: &Config<'_>, spec: &Object) -> Result<Configs, Reported> {
    let around = surroundings(&config.origin);
    Ok(Configs {
        parts: match config.origin.legacy {
            None => vec![around, arguments(config, spec)?],
            Some(_) => vec![value::without_types(value::arguments(&config.value, spec)), around],
        },
    })
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
    let Origin {
        source_type,
        source_label,
        force,
        debug,
        on_error,
        legacy,
        build: _,
        source_name: _,
    } = origin;
    let on_error = match on_error {
        OnError::Cleanup => "cleanup",
        OnError::Abort => "abort",
        OnError::Ask => "ask",
        OnError::RunCleanupProvisioner => "run-cleanup-provisioner",
    };
    let truth = |flag: bool| match legacy {
        None => Value::text(flag.to_string()),
        Some(_) => Value::Bool(flag),
    };
    let mut told = vec![
        ("packer_build_name", Value::text(source_label)),
        ("packer_builder_type", Value::text(source_type)),
        ("packer_core_version", Value::text(PACKER_VERSION)),
        ("packer_debug", truth(*debug)),
        ("packer_force", truth(*force)),
        ("packer_on_error", Value::text(on_error)),
        ("packer_sensitive_variables", Value::List(Vec::new())),
    ];
    if let Some(path) = legacy {
        told.push(("packer_template_path", Value::text(path)));
        // Where `user` stood, its value stands already.
        told.push(("packer_user_variables", Value::Map(Vec::new())));
    }
    Value::object(told)
}

/// Records what a component finds wrong with its arguments. Each mistake points at the argument
/// that it names, or at the block.
pub(super) fn refused(config: &Config<'_>, text: &str) -> Reported {
    let record = |mistake: &str| {
        let error = Diagnostic::error(Code::Plugin, one_line(mistake));
        match (Named::by(mistake, config), config.phase) {
            (Some(named), _) => {
                let error = error.at(named.place(&config.places), "");
                config.looking_at(&[&named.argument]).diags.error(error)
            }
            // It may be about what stands there for something that is not known yet.
            (None, Phase::Draft) => config.doubtful.error(error.at(config.places.header, "")),
            (None, Phase::Plan | Phase::Run(_)) => {
                config.diags.error(error.at(config.places.header, ""))
            }
        }
    };
    let mut recorded: Vec<Reported> = mistakes(text, config).into_iter().map(record).collect();
    recorded.pop().unwrap_or_else(|| record("the arguments cannot be used"))
}

/// Records that a component has not read its arguments, whatever they are.
pub(super) fn unread(config: &Config<'_>, failure: &Failure) -> Reported {
    let error = Diagnostic::error(Code::Plugin, failure.to_string());
    config.diags.error(error.at(config.places.header, "").help(failure.next_step()))
}

/// Records what a component finds odd.
pub(super) fn warn(config: &Config<'_>, text: &str) {
    let named = Named::by(text, config);
    let place = named.map_or(config.places.header, |named| named.place(&config.places));
    config.diags.warn(Diagnostic::warning(Code::Plugin, one_line(text)).at(place, ""));
}

/// The mistakes of a list as Go programs write it, `2 error(s) occurred:` and lines with stars; or
/// of several lines of which each names an argument.
fn mistakes<'a>(text: &'a str, arguments: &impl Arguments) -> Vec<&'a str> {
    let text = text.trim();
    if !begins_list(text) {
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        return match lines.iter().all(|line| Named::by(line, arguments).is_some()) {
            true => lines,
            false => vec![text].into_iter().filter(|text| !text.is_empty()).collect(),
        };
    }
    let items = text.split("\n* ").flat_map(|part| part.split("\n\t* ")).skip(1);
    items.map(str::trim).filter(|item| !item.is_empty() && !begins_list(item)).collect()
}

/// Whether this is the head of a list, or begins with one.
fn begins_list(text: &str) -> bool {
    let head = text.lines().next().unwrap_or_default();
    let head = [" occurred:", " decoding:"].iter().find_map(|end| head.strip_suffix(end));
    let count = head.and_then(|head| {
        ["error(s)", "errors", "error"].iter().find_map(|noun| head.strip_suffix(noun))
    });
    count.is_some_and(|count| count.trim().parse::<u64>().is_ok())
}

/// A text in one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The arguments that mistakes are about.
trait Arguments {
    /// Whether there is an argument or block of this name, given or not.
    fn has(&self, name: &str) -> bool;

    /// Whether a block of this name is given.
    fn has_block(&self, name: &str) -> bool;
}

impl Arguments for Config<'_> {
    fn has(&self, name: &str) -> bool {
        self.value.as_mapping().is_some_and(|arguments| arguments.contains_key(name))
    }

    fn has_block(&self, name: &str) -> bool {
        self.places.blocks.contains_key(name)
    }
}

/// An argument or block, or a part of it, as a mistake names it: `path`, `file[1].path`.
#[derive(PartialEq, Eq, Debug)]
struct Named {
    argument: String,
    inside: Vec<ValueStep>,
}

impl Named {
    /// What a text names, if it is one thing only.
    fn by(text: &str, arguments: &impl Arguments) -> Option<Self> {
        let is_part = |c: char| c.is_alphanumeric() || "_.[]".contains(c);
        let mut found = None;
        for word in text.split(|c: char| !is_part(c)) {
            let path = word.trim_matches('.');
            let Some(named) = Self::read(path).filter(|named| arguments.has(&named.argument))
            else {
                continue;
            };
            // A word such as `name` or `type` may be just that.
            let quoted = ["`", "'", "\""].iter().any(|q| text.contains(&format!("{q}{path}{q}")));
            let is_in_block = !named.inside.is_empty() && arguments.has_block(&named.argument);
            if !quoted && !is_in_block && !path.contains('_') {
                continue;
            }
            if found.as_ref().is_some_and(|found| *found != named) {
                return None;
            }
            found = Some(named);
        }
        found
    }

    /// Reads `file[1].path`, or `file.1.path`.
    fn read(path: &str) -> Option<Self> {
        let mut steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
        let argument = steps.next().filter(|argument| !argument.is_empty())?.to_owned();
        let step = |step: &str| match step.parse() {
            Ok(index) => Some(ValueStep::Index(index)),
            Err(_) if step.is_empty() => None,
            Err(_) => Some(ValueStep::Key(step.into())),
        };
        Some(Self { argument, inside: steps.map(step).collect::<Option<_>>()? })
    }

    fn place(&self, places: &Places) -> Span {
        let is_one_of_several = || {
            let count = places.blocks.get(&self.argument).map_or(1, Vec::len);
            count > 1 && !matches!(self.inside.first(), Some(ValueStep::Index(_)))
        };
        match is_one_of_several() {
            true => places.header,
            false => places.part(&self.argument, &self.inside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There are `path` and `the_list`, and the blocks `limit` and `file` are given.
    struct Given;

    impl Arguments for Given {
        fn has(&self, name: &str) -> bool {
            ["path", "the_list"].contains(&name) || self.has_block(name)
        }

        fn has_block(&self, name: &str) -> bool {
            ["limit", "file"].contains(&name)
        }
    }

    #[test]
    fn lists_of_mistakes_are_taken_apart() {
        for (text, taken_apart) in [
            (
                "2 error(s) occurred:\n\n* ERROR: -> a\n* b is\n  long\n",
                &["ERROR: -> a", "b is\n  long"][..],
            ),
            ("1 error occurred:\n\t* no image\n\n", &["no image"]),
            (
                "1 error(s) occurred:\n\n* 2 error(s) decoding:\n\n* 'a' is\n* 'b' is",
                &["'a' is", "'b' is"],
            ),
            ("bad config", &["bad config"]),
            ("bad\nconfig", &["bad\nconfig"]),
            (
                "`path` is bad\n`limit.files`: too many",
                &["`path` is bad", "`limit.files`: too many"],
            ),
            ("`path` is bad\nand so on", &["`path` is bad\nand so on"]),
            ("an error occurred: * x", &["an error occurred: * x"]),
            (" \n", &[]),
        ] {
            assert_eq!(mistakes(text, &Given), taken_apart, "{text}");
        }
    }

    #[test]
    fn a_mistake_names_what_is_given() {
        for (text, named) in [
            ("`path` must begin with `/`", Some("path")),
            ("the path is wrong", None),
            ("the_list is wrong", Some("the_list")),
            ("`the_list[2]` is wrong", Some("the_list[2]")),
            ("`path` and `limit` exclude each other", None),
            ("limit.files must be positive", Some("limit[files]")),
            ("'file[1].path' is wrong: path.go", Some("file[1][path]")),
            ("`file.1.path` is wrong", Some("file[1][path]")),
            ("`other` is missing", None),
            ("[path] . .. a..b", None),
        ] {
            let found = Named::by(text, &Given).map(|found| {
                let step = |step: &ValueStep| match step {
                    ValueStep::Index(index) => format!("[{index}]"),
                    ValueStep::Key(key) => format!("[{key}]"),
                };
                found.argument + &found.inside.iter().map(step).collect::<String>()
            });
            assert_eq!(found.as_deref(), named, "{text}");
        }
    }
}
