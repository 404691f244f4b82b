//! `{{ }}` in a component's arguments.

use std::cell::Cell;
use std::sync::Arc;

use cooper_hcl::value::Marks;
use cooper_hcl::{Code, Diagnostic, Reported, Value, ValueKind, did_you_mean};

use super::{Config, Phase};
use crate::PACKER_VERSION;
use crate::gotemplate::{Context, Data, Template, TemplateError, has_actions};

impl Config<'_> {
    /// Fills in `{{ }}` in every string of the arguments, once and with empty data, as Packer
    /// does while it prepares a component. The `later` arguments are filled in when there is data
    /// for them: the names beside each, and the facts; now they are only checked.
    ///
    /// # Errors
    ///
    /// [`Reported`], when any of the strings is no template or asks for data that it will not
    /// get; all of them are tried.
    pub fn render(mut self, later: &[(&str, &[&str])]) -> Result<Self, Reported> {
        let Some(arguments) = self.value.as_mapping() else { return Ok(self) };
        let mut failed = None;
        let mut rendered = Vec::with_capacity(arguments.len());
        for (name, value) in arguments {
            let known = later.iter().find(|(argument, _)| *argument == &**name);
            let known = known.map(|(_, known)| [*known, self.facts]);
            let pass = Pass {
                known,
                cx: &self.template_context(),
                element: Cell::default(),
                nothing: Cell::default(),
            };
            let result = pass.value(value, 0);
            let place = match pass.element.get() {
                Some(index) => self.element_place(name, index),
                None => self.place(name),
            };
            match result {
                Ok(value) => rendered.push((name.clone(), value)),
                Err(_) if value.deep_marks() != Marks::NONE => {
                    // What is wrong quotes the text, which is sensitive.
                    let message = format!("the template in `{name}` cannot be used");
                    let error = Diagnostic::error(Code::StringTemplate, message).at(place, "");
                    let help = "why is not shown, because its text is sensitive";
                    failed = Some(self.diags.error(error.help(help)));
                    continue;
                }
                Err(mistake) => {
                    let message =
                        format!("the template in `{name}` cannot be used: {}", mistake.message);
                    let error = Diagnostic::error(Code::StringTemplate, message).at(place, "");
                    let error = match mistake.help {
                        Some(help) => error.help(help),
                        None => error,
                    };
                    failed = Some(self.diags.error(error));
                    continue;
                }
            }
            if let Some((index, field)) = pass.nothing.take() {
                let place =
                    index.map_or_else(|| self.place(name), |index| self.element_place(name, index));
                let message = format!("`{{{{.{field}}}}}` in `{name}` becomes `<no value>`");
                let warning = Diagnostic::warning(Code::StringTemplate, message).at(place, "");
                self.diags.warn(warning.help(
                    "Packer's components fill in `{{ }}` in strings, and have no data for this \
                     one; only the content of a script file is left as it is",
                ));
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
            variables: None,
        }
    }
}

/// Why a string cannot be filled in.
struct Mistake {
    message: String,
    help: Option<String>,
}

impl From<TemplateError> for Mistake {
    /// A string that holds braces for another program is the usual reason.
    fn from(TemplateError { message, offset: _ }: TemplateError) -> Self {
        let own = message.contains("there is no function") || message.contains("`{{`");
        let help =
            "Packer's components read `{{ }}` in strings; `{{\"{{\"}}` stands for the braces";
        Self { message, help: own.then(|| help.to_owned()) }
    }
}

struct Pass<'a> {
    /// The data there will be, when the argument is filled in later.
    known: Option<[&'a [&'a str]; 2]>,
    cx: &'a Context<'a>,
    /// The element of the argument that is looked at.
    element: Cell<Option<usize>>,
    /// The first field that is filled in with nothing, and the element it is in.
    nothing: Cell<Option<(Option<usize>, String)>>,
}

/// How deep arguments may be nested.
const DEPTH: usize = 128;

impl Pass<'_> {
    fn value(&self, value: &Value, depth: usize) -> Result<Value, Mistake> {
        if depth > DEPTH {
            return Err(Mistake { message: "it is nested too deep".into(), help: None });
        }
        let sequence = |elements: &[Value]| -> Result<Arc<[Value]>, Mistake> {
            let element = |(index, element)| {
                if depth == 0 {
                    self.element.set(Some(index));
                }
                self.value(element, depth + 1)
            };
            elements.iter().enumerate().map(element).collect()
        };
        let mapping = |elements: &cooper_hcl::value::Attributes| {
            let elements = elements.iter().map(|(name, element)| {
                let name = self.text(name)?.map_or_else(|| name.clone(), Arc::from);
                Ok((name, self.value(element, depth + 1)?))
            });
            elements.collect::<Result<_, Mistake>>().map(Arc::new)
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
                        return Err(Mistake { message: error.to_string(), help: None });
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
    fn text(&self, text: &str) -> Result<Option<String>, Mistake> {
        if !has_actions(text) {
            return Ok(None);
        }
        let template = Template::parse(text)?;
        let mut fields = template.fields().into_iter();
        let Some(known) = &self.known else {
            let first = self.nothing.take();
            let field = || Some((self.element.get(), fields.next()?.to_owned()));
            self.nothing.set(first.or_else(field));
            return Ok(template.render(&Data::Nil, self.cx).map(Some)?);
        };
        let names = || known.iter().copied().flatten().copied();
        match fields.find(|field| !names().any(|name| name == *field)) {
            None => Ok(None),
            Some(field) => {
                let own: Vec<_> =
                    known[0].iter().map(|name| format!("`{{{{.{name}}}}}`")).collect();
                let help = did_you_mean(field, names()).unwrap_or_else(|| {
                    format!("there are {}, and what `build` has", own.join(", "))
                });
                let message = format!("there is no `{{{{.{field}}}}}` here");
                Err(Mistake { message, help: Some(help) })
            }
        }
    }
}
