//! `{{ }}` in the variables of a legacy template: they may use each other, the environment and
//! the places that keep secrets.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use cooper_hcl::value::Marks;
use cooper_hcl::{Code, Diagnostic, SecretRequest, Type, Value, absolute};

use crate::PACKER_VERSION;
use crate::gotemplate::{Context, Data, Template as GoTemplate, Variables, has_actions};
use crate::inputs::Input;
use crate::session::Session;
use crate::template::Template;

/// How many variables may use each other in a row, as in Packer.
const DEPTH: usize = 100;

/// Fills in the values of all variables. A value that cannot be filled in was recorded, and is
/// unknown, as is one that needs a secret which nobody is to be asked for yet.
pub(crate) fn render(template: &Template, values: &mut [Option<Input>], session: &Session) {
    let names = template.variables.iter().map(|variable| &*variable.name.text);
    let filling = Filling {
        index: names.enumerate().map(|(index, name)| (name, index)).collect(),
        template,
        given: values.iter().map(|input| Some(input.as_ref()?.value.clone())).collect(),
        filled: RefCell::new(vec![State::Raw; values.len()]),
        session,
    };
    let filled: Vec<_> = (0..values.len()).map(|index| filling.value(index, 0)).collect();
    for ((input, filled), variable) in values.iter_mut().zip(filled).zip(&template.variables) {
        let Some(Input { value, span, .. }) = input else { continue };
        let marks = value.marks();
        match filled {
            Ok(Filled { text, sensitive }) => {
                let hidden = if sensitive { Marks::SENSITIVE } else { Marks::default() };
                if let (true, Some(text)) = (sensitive, &text) {
                    session.secrets.add(text);
                }
                let filled = text.map_or_else(|| Value::unknown(Type::String), Value::from);
                *value = filled.with_marks(marks).with_marks(hidden);
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
                *value = Value::unknown(value.ty()).with_marks(marks);
            }
        }
    }
}

/// How far the filling in of a variable is.
#[derive(Clone)]
enum State {
    Raw,
    Begun,
    Done(Result<Filled, String>),
}

/// What a variable comes to.
#[derive(Clone)]
struct Filled {
    /// Nothing while it needs a secret that is not known yet.
    text: Option<String>,
    /// Whether it is a secret, or made of one.
    sensitive: bool,
}

struct Filling<'a> {
    index: HashMap<&'a str, usize>,
    template: &'a Template,
    given: Vec<Option<Value>>,
    filled: RefCell<Vec<State>>,
    session: &'a Session,
}

impl Filling<'_> {
    fn value(&self, index: usize, depth: usize) -> Result<Filled, String> {
        let variable = &self.template.variables[index];
        let name = &variable.name;
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
        let sensitive = variable.sensitive;
        if !has_actions(text) {
            return Ok(Filled { text: Some(text.to_owned()), sensitive });
        }
        self.filled.borrow_mut()[index] = State::Begun;
        let result = self.fill(text, depth);
        let result = result.map(|it| Filled { sensitive: it.sensitive || sensitive, ..it });
        self.filled.borrow_mut()[index] = State::Done(result.clone());
        result
    }

    fn fill(&self, text: &str, depth: usize) -> Result<Filled, String> {
        let others = Others {
            filling: self,
            depth: depth + 1,
            waits: Cell::new(false),
            sensitive: Cell::new(false),
        };
        let context = Context {
            build_name: "",
            build_type: "",
            packer_version: PACKER_VERSION,
            system: &*self.session.system,
            complete: false,
            variables: Some(&others),
        };
        let template = GoTemplate::parse(&fields_kept(text)).map_err(|error| error.to_string())?;
        let rendered = template.render(&Data::Nil, &context);
        let text = match others.waits.get() {
            // What it came to without the secret says nothing.
            true => None,
            false => Some(rendered.map_err(|error| error.to_string())?),
        };
        Ok(Filled { text, sensitive: others.sensitive.get() })
    }
}

/// What one variable sees of the others and of the world.
struct Others<'a> {
    filling: &'a Filling<'a>,
    depth: usize,
    /// Whether something was asked for that is not known yet.
    waits: Cell<bool>,
    /// Whether something was told that must not be shown.
    sensitive: Cell<bool>,
}

impl Others<'_> {
    fn told(&self, answer: Option<String>) -> Result<String, String> {
        answer.ok_or_else(|| {
            self.waits.set(true);
            "it is not known yet".to_owned()
        })
    }
}

impl Variables for Others<'_> {
    fn user(&self, name: &str) -> Result<String, String> {
        let Some(&index) = self.filling.index.get(name) else {
            return Err(format!("there is no variable called `{name}`"));
        };
        let Filled { text, sensitive } = self.filling.value(index, self.depth)?;
        self.sensitive.set(self.sensitive.get() || sensitive);
        self.told(text)
    }

    fn secret(&self, wanted: &SecretRequest) -> Result<String, String> {
        self.sensitive.set(true);
        let answer = self.filling.session.system.secret_stores().ask(wanted)?;
        self.told(answer)
    }

    fn template_dir(&self) -> String {
        absolute(&self.filling.template.root, &*self.filling.session.system)
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
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::inputs::{InputOptions, Inputs};
    use crate::testing::Memory;

    /// The values of the variables of a template beside which the stores answer this, and what
    /// was recorded.
    fn filled(secret: Option<&str>, variables: &str) -> (Vec<Value>, Vec<String>, Session) {
        let text = format!("{{ \"variables\": {variables}, \"builders\": [] }}");
        let memory = Memory {
            files: [("in/t.json".into(), text)].into(),
            env: [("NAME".to_owned(), "value".to_owned())].into(),
            secret: secret.map(str::to_owned),
        };
        let mut session = Session::new(Arc::new(memory));
        let template = Template::load_all(Path::new("in/t.json"), &mut session).unwrap();
        let inputs = Inputs::collect_all(&InputOptions::default(), &template, &mut session);
        let value = |input: &Option<Input>| input.as_ref().unwrap().value.clone();
        let found = session.diags.to_vec();
        let found = found.into_iter().map(|diagnostic| diagnostic.message).collect();
        (inputs.values.iter().map(value).collect(), found, session)
    }

    #[test]
    fn packers_functions_work_in_variables() {
        let (values, found, _) = filled(
            None,
            r#"{
                "env": "{{env `NAME`}}|{{env `NONE`}}",
                "chosen": "{{if eq (user `env`) `value|`}}yes {{user `env`}}{{else}}no{{end}}",
                "with": "{{with user `env`}}<{{.}}>{{end}}{{range 2}}{{user `env`}}{{end}}",
                "folder": "{{template_dir}}",
                "times": "{{isotime}} {{isotime `2006-01`}} {{timestamp}} {{strftime `%Y`}}",
                "uuid": "{{uuid}}",
                "words": "{{upper `a`}}{{lower `B`}}{{split `a-b` `-` 1}}{{replace_all `a` `b` `aa`}}",
                "version": "{{packer_version}} {{pwd}}",
                "later": "{{ .Vars }} {{.Path}}"
            }"#,
        );
        let expected = [
            "value|",
            "yes value|",
            "<{{.}}>value|value|",
            "/home/user/in",
            "1970-01-01T00:00:00Z 1970-01 0 1970",
            "00000000-0000-0000-0000-000000000000",
            "Abbbb",
            "1.16.0 /home/user",
            "{{ .Vars }} {{.Path}}",
        ];
        assert_eq!(found, Vec::<String>::new());
        let values: Vec<_> = values.iter().map(|value| value.as_str().unwrap()).collect();
        assert_eq!(values, expected);
    }

    #[test]
    fn what_is_for_builds_only_is_refused_in_variables() {
        for (text, expected) in [
            ("{{build_name}}", "build_name not available"),
            ("{{build `ID`}}", "`build`"),
            ("{{user `none`}}", "there is no variable called `none`"),
            ("{{vault `only-one`}}", "`vault` takes 2 arguments"),
            ("{{nope}}", "there is no function called `nope`"),
        ] {
            let (_, found, _) = filled(None, &format!(r#"{{ "a": "{text}" }}"#));
            let is_told = found.iter().any(|found| found.contains(expected));
            assert!(is_told, "{text}: {found:?}");
        }
    }

    const SECRETS: &str = r#"{
        "vault": "{{vault `secret/data/app` `password`}}",
        "consul": "<{{consul_key `app/password`}}>",
        "aws": "{{aws_secretsmanager `app`}}{{aws_secretsmanager `app` `key`}}",
        "raw": "{{aws_secretsmanager_raw `app` | printf `%.3s`}}",
        "made": "{{if eq (user `vault`) `hush`}}it is{{end}}",
        "other": "plain"
    }"#;

    #[test]
    fn secrets_are_asked_for_and_sensitive_as_is_what_is_made_of_them() {
        let (values, found, session) = filled(Some("hush"), SECRETS);
        assert_eq!(found, Vec::<String>::new());
        assert!(values[..5].iter().all(|value| value.is_known() && value.marks().sensitive));
        assert_eq!(values[5], Value::string("plain"));
        for secret in ["hush", "<hush>", "hushhush", "hus", "it is"] {
            assert_eq!(session.secrets.scrub(secret), "<sensitive>", "{secret}");
        }
    }

    #[test]
    fn secrets_that_nobody_is_asked_for_yet_are_unknown() {
        let (values, found, _) = filled(None, SECRETS);
        assert_eq!(found, Vec::<String>::new());
        assert!(values[..5].iter().all(|value| !value.is_known() && value.marks().sensitive));
        assert_eq!(values[5], Value::string("plain"));
    }

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
