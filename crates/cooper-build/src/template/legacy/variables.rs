//! `{{ }}` in the variables of a legacy template: they may use each other and the environment.

use std::cell::RefCell;
use std::collections::HashMap;

use cooper_hcl::{Code, Diagnostic, Value};

use crate::PACKER_VERSION;
use crate::gotemplate::{Context, Data, Template as GoTemplate, Variables, has_actions};
use crate::inputs::Input;
use crate::session::Session;
use crate::template::{Template, Variable};

/// How many variables may use each other in a row, as in Packer.
const DEPTH: usize = 100;

/// Fills in the values of all variables. A value that cannot be filled in was recorded, and is
/// unknown.
pub(crate) fn render(template: &Template, values: &mut [Option<Input>], session: &Session) {
    let names = template.variables.iter().map(|variable| &*variable.name.text);
    let filling = Filling {
        index: names.enumerate().map(|(index, name)| (name, index)).collect(),
        variables: &template.variables,
        given: values.iter().map(|input| Some(input.as_ref()?.value.clone())).collect(),
        filled: RefCell::new(vec![State::Raw; values.len()]),
        session,
    };
    let filled: Vec<_> = (0..values.len()).map(|index| filling.value(index, 0)).collect();
    for ((input, filled), variable) in values.iter_mut().zip(filled).zip(&template.variables) {
        let Some(Input { value, span, .. }) = input else { continue };
        match filled {
            Ok(text) => {
                let marks = value.marks();
                if variable.sensitive {
                    session.secrets.add(&text);
                }
                *value = Value::string(text).with_marks(marks);
            }
            Err(message) => {
                let name = &variable.name.text;
                let message = match variable.sensitive {
                    true => format!("the variable `{name}` cannot be filled in"),
                    false => format!("the variable `{name}` cannot be filled in: {message}"),
                };
                let place = if span.is_some() { *span } else { variable.name.span };
                let error = Diagnostic::error(Code::StringTemplate, message);
                session.diags.error(error.at(place, ""));
                *value = Value::unknown(value.ty());
            }
        }
    }
}

/// How far the filling in of a variable is.
#[derive(Clone)]
enum State {
    Raw,
    Begun,
    Done(Result<String, String>),
}

struct Filling<'a> {
    index: HashMap<&'a str, usize>,
    variables: &'a [Variable],
    given: Vec<Option<Value>>,
    filled: RefCell<Vec<State>>,
    session: &'a Session,
}

impl Filling<'_> {
    fn value(&self, index: usize, depth: usize) -> Result<String, String> {
        let name = &self.variables[index].name;
        let given = self.given[index].as_ref().and_then(Value::as_str);
        let Some(text) = given else {
            return Err(format!("the variable `{}` has no value", name.text));
        };
        let state = self.filled.borrow()[index].clone();
        match state {
            State::Done(result) => return result,
            State::Begun => return Err(format!("the variable `{}` needs itself", name.text)),
            State::Raw if depth > DEPTH => {
                return Err(format!("variables use each other more than {DEPTH} times in a row"));
            }
            State::Raw => {}
        }
        if !has_actions(text) {
            return Ok(text.to_owned());
        }
        self.filled.borrow_mut()[index] = State::Begun;
        let result = self.fill(text, depth);
        self.filled.borrow_mut()[index] = State::Done(result.clone());
        result
    }

    fn fill(&self, text: &str, depth: usize) -> Result<String, String> {
        let others = Others { filling: self, depth: depth + 1 };
        let context = Context {
            build_name: "",
            build_type: "",
            packer_version: PACKER_VERSION,
            system: &*self.session.system,
            complete: false,
            variables: Some(&others),
        };
        let template = GoTemplate::parse(&fields_kept(text));
        let rendered = template.and_then(|template| template.render(&Data::Nil, &context));
        rendered.map_err(|error| error.to_string())
    }
}

/// What one variable sees of the others.
struct Others<'a> {
    filling: &'a Filling<'a>,
    depth: usize,
}

impl Variables for Others<'_> {
    fn user(&self, name: &str) -> Result<String, String> {
        match self.filling.index.get(name) {
            Some(&index) => self.filling.value(index, self.depth),
            None => Err(format!("there is no variable called `{name}`")),
        }
    }
}

/// The text, in which `{{ .Name }}` stands for itself: it is filled in where the variable is
/// used.
fn fields_kept(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, action) = rest.split_at(start);
        kept += before;
        let inside = action[2..].trim_start_matches([' ', '\t', '\n', '\r']);
        let end = action.find("}}").map(|end| end + 2);
        match end {
            Some(end) if inside.starts_with('.') && !action[..end].contains('`') => {
                kept += "{{`";
                kept += &action[..end];
                kept += "`}}";
                rest = &action[end..];
            }
            _ => {
                kept += "{{";
                rest = &action[2..];
            }
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::fields_kept;

    #[test]
    fn fields_stand_for_themselves() {
        for (text, expected) in [
            ("{{ .Vars }} x", "{{`{{ .Vars }}`}} x"),
            ("a{{user `b`}}{{.Path}}", "a{{user `b`}}{{`{{.Path}}`}}"),
            ("{{.A", "{{.A"),
        ] {
            assert_eq!(fields_kept(text), expected);
        }
    }
}
