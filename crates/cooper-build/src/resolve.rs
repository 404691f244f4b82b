//! Variables and locals to values.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use cooper_hcl::value::Marks;
use cooper_hcl::{
    Code, Diagnostic, Environment, Namespace, Reported, Scope, Type, Value, did_you_mean, evaluate,
};

use crate::PACKER_VERSION;
use crate::graph::Graph;
use crate::inputs::{Input, Inputs};
use crate::session::Session;
use crate::template::{Local, Template, Variable};

/// The values of variables and locals, and of `path` and `packer`. Cloning shares them.
#[derive(Clone)]
pub struct Values {
    variables: Arc<Names>,
    locals: Arc<Names>,
    path: Value,
    packer: Value,
}

/// Names whose values become known one after the other. A value that is not known yet, because
/// what it needs could not be had, is unknown to the language too, and thus quiet.
struct Names {
    index: HashMap<Arc<str>, usize>,
    names: Vec<Arc<str>>,
    values: Vec<OnceLock<Value>>,
}

impl Values {
    /// A scope with everything that is known before any build.
    pub fn scope(&self) -> Scope<'_> {
        let mut scope = Scope::new();
        scope.bind_namespace("var", &*self.variables);
        scope.bind_namespace("local", &*self.locals);
        scope.bind("path", self.path.clone());
        scope.bind("packer", self.packer.clone());
        scope
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

impl Names {
    fn new<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let names: Vec<Arc<str>> = names.cloned().collect();
        let index = names.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect();
        let values = names.iter().map(|_| OnceLock::new()).collect();
        Self { index, names, values }
    }

    fn set(&self, index: usize, value: Value) {
        // Each is set once; a second declaration of a name was recorded as a mistake.
        let _ = self.values[index].set(value);
    }

    fn at(&self, index: usize) -> Value {
        self.values[index].get().cloned().unwrap_or(Value::unknown(Type::Any))
    }

    fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        self.names.iter().enumerate().map(|(index, name)| (&**name, self.at(index)))
    }
}

impl Namespace for Names {
    fn get(&self, name: &str) -> Option<Value> {
        self.index.get(name).map(|&index| self.at(index))
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.names.clone()
    }

    fn whole(&self) -> Value {
        Value::object(self.iter())
    }
}

/// Checks variables and evaluates locals, each after what it mentions. Every string of a
/// sensitive value is a secret of the session from here on.
///
/// # Errors
///
/// [`Reported`], when a variable has no value or breaks its own rules, or a local cannot be
/// evaluated. All of them are recorded.
pub fn resolve(
    template: &Template,
    inputs: &Inputs,
    session: &Session,
) -> Result<Values, Reported> {
    let values = resolve_all(template, inputs, session);
    session.diags.check()?;
    Ok(values)
}

/// Like [`resolve`]; what could not be evaluated is unknown.
pub(crate) fn resolve_all(template: &Template, inputs: &Inputs, session: &Session) -> Values {
    require_values(template, inputs, session);
    resolve_given(template, inputs, session)
}

/// Records every variable that has no value.
fn require_values(template: &Template, inputs: &Inputs, session: &Session) {
    for (variable, input) in template.variables.iter().zip(&inputs.values) {
        if input.is_some() {
            continue;
        }
        let name = &variable.name.text;
        let message = format!("the variable `{name}` has no value");
        let help = format!(
            "give it one with `-var {name}=…`, `PKR_VAR_{name}`, a variable file, or a `default`"
        );
        let error = Diagnostic::error(Code::UnsetVariable, message);
        session.diags.error(error.at(variable.name.span, "").help(help));
    }
}

/// Like [`resolve_all`], and a variable without a value is unknown without being a mistake.
pub(crate) fn resolve_given(template: &Template, inputs: &Inputs, session: &Session) -> Values {
    let slashes = |path: &Path| Value::string(path.to_string_lossy().replace('\\', "/"));
    let current_dir = session.system.current_dir();
    let values = Values {
        variables: Arc::new(Names::new(template.variables.iter().map(|v| &v.name.text))),
        locals: Arc::new(Names::new(template.locals.iter().map(|local| &local.name.text))),
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
    resolve_locals(&template.locals, &template.root, &values, session);
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

/// How large all locals may be together, in bytes.
const LARGEST: u64 = 1 << 30;

fn resolve_locals(locals: &[Local], root: &Path, values: &Values, session: &Session) {
    let diags = &session.diags;
    let names = &values.locals;
    let mut graph = Graph::new(locals);
    let mut sound = vec![true; locals.len()];
    for (index, local) in locals.iter().enumerate() {
        for reference in local.expr.references() {
            if &*reference.root.text != "local" {
                continue;
            }
            let Some(name) = reference.first() else {
                let message = "a local can use other locals only by their names";
                let error = Diagnostic::error(Code::NotAllowedHere, message);
                let help = "write `local.NAME`, so that it is known which of them come first";
                diags.error(error.at(reference.span, "").help(help));
                sound[index] = false;
                continue;
            };
            if let Some(&target) = names.index.get(&name.text) {
                graph.need(index, target, reference.span);
                continue;
            }
            let text = &*name.text;
            let message = format!("there is no local called `{text}`");
            let candidates = names.names.iter().map(|name| &**name);
            let near = if diags.is_full() { None } else { did_you_mean(text, candidates) };
            let help = near.unwrap_or_else(|| match values.variables.get(text).is_some() {
                true => format!("did you mean `var.{text}`?"),
                false => format!("declare it: `locals {{ {text} = … }}`"),
            });
            let error = Diagnostic::error(Code::UnknownReference, message);
            diags.error(error.at(name.span, "").help(help));
            sound[index] = false;
        }
    }

    let (order, cycles) = graph.order();
    for cycle in cycles {
        let name = |index: usize| format!("`local.{}`", graph.node(index).name.text);
        let loop_of = cycle.iter().chain(cycle.first()).map(|&(index, _)| name(index));
        let message = match &cycle[..] {
            [(only, _)] => format!("{} needs itself", name(*only)),
            _ => format!("locals need each other: {}", loop_of.collect::<Vec<_>>().join(" → ")),
        };
        let mut error = Diagnostic::error(Code::Cycle, message);
        for (place, &(index, span)) in cycle.iter().enumerate() {
            sound[index] = false;
            let next = cycle[(place + 1) % cycle.len()].0;
            let text = format!("{} needs {}", name(index), name(next));
            error = if place == 0 { error.at(span, text) } else { error.label(span, text) };
        }
        diags.error(error.help("take one of these references out"));
    }

    let scope = values.scope();
    let functions = &*session.functions;
    let env = Environment { functions, system: &*session.system, root, diags };
    let mut size = 0_u64;
    for index in order {
        let local = graph.node(index);
        if !sound[index] {
            continue;
        }
        if size > LARGEST {
            let message = format!("the locals up to here take more than {} MiB", LARGEST >> 20);
            let error = Diagnostic::error(Code::LimitExceeded, message);
            diags.error(error.at(local.name.span, "").help("read large texts where they are used"));
            return;
        }
        let Ok(value) = evaluate(&local.expr, &scope, env) else {
            if local.sensitive {
                // Its text is shown with what went wrong, and may be all that is known of it.
                session.secrets.add(session.sources.text(local.expr.span));
            }
            continue;
        };
        let marks = if local.sensitive { Marks::SENSITIVE } else { Marks::NONE };
        let value = value.with_marks(marks);
        session.secrets.add_marked(&value);
        size = size.saturating_add(value.size());
        names.set(index, value);
    }
}
