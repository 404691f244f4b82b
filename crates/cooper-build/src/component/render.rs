//! `{{ }}` in a component's arguments.

use std::sync::Arc;

use cooper_hcl::{Code, Diagnostic, Reported, Value, ValueKind};

use super::{Config, Phase};
use crate::PACKER_VERSION;
use crate::gotemplate::{Context, Data, Template, TemplateError, has_actions};

impl Config<'_> {
    /// Fills in `{{ }}` in every string of the arguments, once and with empty data, as Packer
    /// does while it prepares a component. The `excluded` arguments are filled in later, when
    /// there is data for them; now they are only checked.
    ///
    /// # Errors
    ///
    /// [`Reported`], when any of the strings is no template; all of them are tried.
    pub fn render(mut self, excluded: &[&str]) -> Result<Self, Reported> {
        let Some(arguments) = self.value.as_mapping() else { return Ok(self) };
        let mut failed = None;
        let mut rendered = Vec::with_capacity(arguments.len());
        for (name, value) in arguments {
            let pass = Pass { excluded: excluded.contains(&&**name), cx: &self.template_context() };
            match pass.value(value, 0) {
                Ok(value) => rendered.push((name.clone(), value)),
                Err(error) => {
                    let message =
                        format!("the template in `{name}` cannot be used: {}", error.message);
                    let error = Diagnostic::error(Code::StringTemplate, message)
                        .at(self.place(name), "")
                        .help(help(&error));
                    failed = Some(self.diags.error(error));
                }
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        self.value = Value::object(rendered).with_marks(self.value.marks());
        Ok(self)
    }

    /// What `{{ }}` in this component can tell besides its data.
    pub fn template_context(&self) -> Context<'_> {
        Context {
            build_name: &self.origin.source_label,
            build_type: &self.origin.source_type,
            packer_version: PACKER_VERSION,
            system: &**self.system,
            complete: matches!(self.phase, Phase::Run(_)),
        }
    }
}

/// A string that holds braces for another program is the usual reason.
fn help(error: &TemplateError) -> Option<&'static str> {
    let own = error.message.contains("there is no function") || error.message.contains("`{{`");
    own.then_some("Packer's components read `{{ }}` in strings; `{{\"{{\"}}` stands for the braces")
}

struct Pass<'a> {
    excluded: bool,
    cx: &'a Context<'a>,
}

/// How deep arguments may be nested.
const DEPTH: usize = 128;

impl Pass<'_> {
    fn value(&self, value: &Value, depth: usize) -> Result<Value, TemplateError> {
        if depth > DEPTH {
            return Err(TemplateError { offset: 0, message: "it is nested too deep".into() });
        }
        let sequence = |elements: &[Value]| -> Result<Arc<[Value]>, TemplateError> {
            elements.iter().map(|element| self.value(element, depth + 1)).collect()
        };
        let mapping = |elements: &cooper_hcl::value::Attributes| {
            let elements = elements.iter().map(|(name, element)| {
                let name = self.text(name)?.map_or_else(|| name.clone(), Arc::from);
                Ok((name, self.value(element, depth + 1)?))
            });
            elements.collect::<Result<_, TemplateError>>().map(Arc::new)
        };
        let kind = match value.kind() {
            ValueKind::String(text) => match self.text(text)? {
                Some(rendered) => Value::string(rendered).into_kind(),
                None => return Ok(value.clone()),
            },
            ValueKind::List(ty, elements) => ValueKind::List(ty.clone(), sequence(elements)?),
            ValueKind::Set(ty, elements) => {
                // What is filled in may be in another order, or the same twice.
                let list = Value::list(ty.clone(), sequence(elements)?.iter().cloned());
                match list.convert(&value.ty()) {
                    Ok(set) => set.into_kind(),
                    Err(error) => {
                        return Err(TemplateError { offset: 0, message: error.to_string() });
                    }
                }
            }
            ValueKind::Tuple(elements) => ValueKind::Tuple(sequence(elements)?),
            ValueKind::Map(ty, elements) => ValueKind::Map(ty.clone(), mapping(elements)?),
            ValueKind::Object(elements) => ValueKind::Object(mapping(elements)?),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::Unknown(_) => return Ok(value.clone()),
        };
        Ok(Value::new(kind, value.marks()))
    }

    /// The text filled in, when there is anything to fill in.
    fn text(&self, text: &str) -> Result<Option<String>, TemplateError> {
        if !has_actions(text) {
            return Ok(None);
        }
        let template = Template::parse(text)?;
        if self.excluded {
            return Ok(None);
        }
        template.render(&Data::Nil, self.cx).map(Some)
    }
}
