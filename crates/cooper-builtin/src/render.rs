//! `{{ }}` in strings, once a step runs.

use std::sync::Arc;

use cooper_build::gotemplate::{Context, Data, Template, has_actions, quoted_action};
use cooper_build::{Config, Facts, Failure, PACKER_VERSION};
use cooper_hcl::{System, Value, ValueKind};

/// How often a text is rendered before what it becomes counts as endless.
const MOST: usize = 32;

/// Renders a component's strings with what is known when it runs.
#[derive(Clone)]
pub(crate) struct Renderer {
    build_name: String,
    build_type: String,
    system: Arc<dyn System>,
}

impl Renderer {
    /// A renderer for one use of a component.
    pub(crate) fn new(config: &Config<'_>) -> Self {
        Self {
            build_name: config.origin.source_label.clone(),
            build_type: config.origin.source_type.clone(),
            system: config.system.clone(),
        }
    }

    /// Renders a text once. It can name `data` and the facts: `{{.Path}}`, `{{.ID}}`.
    pub(crate) fn once(
        &self,
        text: &str,
        facts: &Facts,
        data: &[(&str, &str)],
    ) -> Result<String, Failure> {
        if !has_actions(text) {
            return Ok(text.to_owned());
        }
        self.render(text, &named(facts, data))
    }

    /// Renders a text until there is nothing left to render, as Packer does with what runs.
    pub(crate) fn until_stable(
        &self,
        text: &str,
        facts: &Facts,
        data: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let mut text = text.to_owned();
        if !has_actions(&text) {
            return Ok(text);
        }
        let data = named(facts, data);
        for _ in 0..MOST {
            let rendered = self.render(&text, &data)?;
            if rendered == text || !has_actions(&rendered) {
                return Ok(rendered);
            }
            text = rendered;
        }
        Err(Failure::new("the text always becomes another text with `{{ }}`"))
    }

    fn render(&self, text: &str, data: &Data) -> Result<String, Failure> {
        let context = Context {
            build_name: &self.build_name,
            build_type: &self.build_type,
            packer_version: PACKER_VERSION,
            system: &*self.system,
            complete: true,
            variables: None,
        };
        let template = Template::parse(text);
        let rendered = template.and_then(|template| template.render(data, &context));
        rendered.map_err(|error| match quoted_action(text, error.offset) {
            Some(action) => {
                Failure::new(format!("fill in `{action}`")).caused_by(error.to_string())
            }
            None => Failure::new(error.to_string()),
        })
    }
}

/// Facts, and names that hide them.
fn named(facts: &Facts, data: &[(&str, &str)]) -> Data {
    let facts = facts.iter().map(|(name, value)| (name.clone(), of_value(value)));
    Data::map(facts.chain(data.iter().map(|&(name, text)| (name.to_owned(), Data::from(text)))))
}

fn of_value(value: &Value) -> Data {
    match value.kind() {
        ValueKind::Bool(value) => Data::Bool(*value),
        ValueKind::Number(number) => match number.to_i64() {
            Some(number) => Data::Integer(number),
            None => Data::from(number.to_string()),
        },
        ValueKind::String(text) => Data::String(text.clone()),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            elements.iter().map(of_value).collect()
        }
        ValueKind::Map(_, elements) | ValueKind::Object(elements) => {
            Data::map(elements.iter().map(|(name, value)| (name.to_string(), of_value(value))))
        }
        ValueKind::Null(_) | ValueKind::Unknown(_) => Data::Nil,
    }
}
