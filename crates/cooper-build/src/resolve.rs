//! Variables, data sources and locals to values.

mod data;
mod names;
mod needs;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use cooper_hcl::value::Marks;
use cooper_hcl::{Code, Diagnostic, Environment, Reported, Scope, Type, Value, evaluate};

use data::Readings;
use names::{DataNames, Names};
use needs::{Needs, Node};

use crate::PACKER_VERSION;
use crate::component::Catalog;
use crate::inputs::{Input, Inputs, keep_broken};
use crate::session::Session;
use crate::template::{Language, Local, Template, Variable};

/// The values of variables, locals and data sources, and of `path` and `packer`. Cloning shares
/// them.
#[derive(Clone)]
pub struct Values {
    variables: Arc<Names>,
    locals: Arc<Names>,
    data: Arc<DataNames>,
    /// Whether there are data sources that were not to be asked.
    unread: bool,
    path: Value,
    packer: Value,
}

/// What is done with data sources.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DataSources {
    /// They are asked.
    Read,
    /// Their arguments are checked; what they would find is unknown, and of its declared type.
    #[default]
    Check,
}

impl Values {
    /// A scope with everything that is known before any build.
    pub fn scope(&self) -> Scope<'_> {
        let mut scope = Scope::new();
        scope.bind_namespace("var", &*self.variables);
        scope.bind_namespace("local", &*self.locals);
        scope.bind_namespace("data", &*self.data);
        scope.bind("path", self.path.clone());
        scope.bind("packer", self.packer.clone());
        scope
    }

    /// Whether some values are unknown because data sources were not to be asked, and not because
    /// of a mistake.
    pub(crate) fn are_unread(&self) -> bool {
        self.unread
    }

    /// The variables with their values, in the template's order.
    pub fn variables(&self) -> impl Iterator<Item = (&str, Value)> {
        self.variables.iter()
    }

    /// The locals with their values, in the template's order.
    pub fn locals(&self) -> impl Iterator<Item = (&str, Value)> {
        self.locals.iter()
    }
}

/// Checks variables, evaluates locals and reads data sources, each after what it mentions. Every
/// string of a sensitive value is a secret of the session from here on.
///
/// # Errors
///
/// [`Reported`], when a variable has no value or breaks its own rules, a local cannot be
/// evaluated, or a data source does not answer. All of them are recorded.
pub async fn resolve(
    template: &Template,
    inputs: &Inputs,
    catalog: &Catalog,
    sources: DataSources,
    session: &Session,
) -> Result<Values, Reported> {
    let values = resolve_all(template, inputs, catalog, sources, session).await;
    session.diags.check()?;
    Ok(values)
}

/// Like [`resolve`]; what could not be evaluated is unknown.
pub(crate) async fn resolve_all(
    template: &Template,
    inputs: &Inputs,
    catalog: &Catalog,
    sources: DataSources,
    session: &Session,
) -> Values {
    require_values(template, inputs, session);
    resolve_given(template, inputs, catalog, sources, session).await
}

/// Records every variable that has no value.
fn require_values(template: &Template, inputs: &Inputs, session: &Session) {
    for (variable, input) in template.variables.iter().zip(&inputs.values) {
        if input.is_some() {
            continue;
        }
        let name = &variable.name.text;
        let message = format!("the variable `{name}` has no value");
        let help = match template.language {
            Language::Hcl => format!(
                "give it one with `-var {name}=…`, `PKR_VAR_{name}`, a variable file, or a \
                 `default`"
            ),
            Language::Legacy => format!(
                "give it one with `-var {name}=…` or a variable file; null makes it required"
            ),
        };
        let error = Diagnostic::error(Code::UnsetVariable, message);
        session.diags.error(error.at(variable.name.span, "").help(help));
    }
}

/// Like [`resolve_all`], and a variable without a value is unknown without being a mistake.
pub(crate) async fn resolve_given(
    template: &Template,
    inputs: &Inputs,
    catalog: &Catalog,
    sources: DataSources,
    session: &Session,
) -> Values {
    let catalog = &catalog.with_accessors(&template.plugins);
    for block in &template.data {
        if let Some(kind) = catalog.get_data_source(&block.component.text) {
            // So that the type of what it finds is known. That it is not is told with its arguments.
            let _ = kind.open().await;
        }
    }
    let slashes = |path: &Path| Value::string(path.to_string_lossy().replace('\\', "/"));
    let current_dir = session.system.current_dir();
    let values = Values {
        variables: Arc::new(Names::new(template.variables.iter().map(|v| &v.name.text))),
        locals: Arc::new(Names::new(template.locals.iter().map(|local| &local.name.text))),
        data: Arc::new(DataNames::new(&template.data, catalog)),
        unread: sources == DataSources::Check && !template.data.is_empty(),
        path: Value::object([("cwd", slashes(&current_dir)), ("root", slashes(&template.root))]),
        packer: Value::object([("version", Value::string(PACKER_VERSION))]),
    };
    for (index, input) in inputs.values.iter().enumerate() {
        if let Some(Input { value, .. }) = input {
            values.variables.set(index, value.clone());
        }
    }
    for (variable, input) in template.variables.iter().zip(&inputs.values) {
        if let Some(input) = input {
            check_rules(variable, input, &values, session);
        }
    }
    let readings = Readings { catalog, sources, values: &values, root: &template.root, session };
    evaluate_all(template, readings).await;
    values
}

fn check_rules(variable: &Variable, input: &Input, values: &Values, session: &Session) {
    if variable.rules.is_empty() || !input.value.is_known() {
        return;
    }
    let diags = &session.diags;
    let scope = values.scope();
    // Rules count paths from the current folder, not the template's.
    let env = Environment {
        functions: &session.functions,
        system: &*session.system,
        root: Path::new(""),
        diags,
    };
    for rule in &variable.rules {
        let Ok(value) = evaluate(&rule.condition, &scope, env) else { continue };
        if !value.is_known() {
            continue;
        }
        let value = value.convert(&Type::Bool);
        match value.ok().as_ref().and_then(Value::as_bool) {
            Some(true) => {}
            Some(false) => {
                let name = &variable.name.text;
                let message = format!("the value of `{name}` is refused: {}", rule.message);
                let error = Diagnostic::error(Code::ValidationFailed, message);
                diags.error(error.at(input.span, "this value").label(rule.header, "by this rule"));
            }
            None => {
                let message = "a rule's condition must be true or false";
                let error = Diagnostic::error(Code::WrongType, message);
                diags.error(error.at(rule.condition.span, ""));
            }
        }
    }
}

/// How large all locals and data sources may be together, in bytes.
const LARGEST: u64 = 1 << 30;

/// Evaluates locals and reads data sources, each after what it needs. Of what is ready, locals come
/// first, and then all data sources at once: which of them answers first changes nothing.
async fn evaluate_all(template: &Template, readings: Readings<'_>) {
    let Readings { values, session, .. } = readings;
    let diags = &session.diags;
    let scope = values.scope();
    let mut needs = Needs::find(template, values, diags);
    let mut size = 0_u64;
    loop {
        let mut asked = Vec::new();
        while let Some(node) = needs.next() {
            if size > LARGEST {
                let message = format!(
                    "the locals and data sources up to here take more than {} MiB",
                    LARGEST >> 20
                );
                let error = Diagnostic::error(Code::LimitExceeded, message);
                let help = "read large texts where they are used";
                diags.error(error.at(needs.place(node), "").help(help));
                return;
            }
            match node {
                Node::Local(index) if needs.is_sound(node) => {
                    let local = &template.locals[index];
                    if let Some(value) = evaluate_local(local, &scope, &readings) {
                        size = size.saturating_add(value.size());
                        values.locals.set(index, value);
                    }
                    needs.done(node);
                }
                Node::Data(index) if needs.is_sound(node) => {
                    let prepared = readings.prepare(&template.data[index], &scope).await;
                    asked.push((index, prepared.ok().flatten()));
                }
                Node::Local(_) | Node::Data(_) | Node::Type(_) | Node::AllData => {
                    needs.done(node);
                }
            }
        }
        if asked.is_empty() {
            return;
        }
        for (index, value) in readings.read(&template.data, asked).await {
            if let Some(value) = value {
                size = size.saturating_add(value.size());
                values.data.set(index, value);
            }
            needs.done(Node::Data(index));
        }
    }
}

fn evaluate_local(local: &Local, scope: &Scope<'_>, readings: &Readings<'_>) -> Option<Value> {
    let session = readings.session;
    let Ok(value) = evaluate(&local.expr, scope, readings.env()) else {
        if local.sensitive {
            keep_broken(local.expr.span, session);
        }
        return None;
    };
    if local.sensitive {
        session.secrets.add_all(&value);
        return Some(value.with_marks(Marks::SENSITIVE));
    }
    session.secrets.add_marked(&value);
    Some(value)
}
