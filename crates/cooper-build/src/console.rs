//! Expressions that are typed one by one: evaluated with a template's variables and locals.

use std::path::{Path, PathBuf};

use cooper_hcl::{
    Binding, Code, Diagnostic, Environment, Reported, Value, evaluate, parse_expression,
};

use crate::component::Catalog;
use crate::inputs::{InputOptions, Inputs};
use crate::inspect::{Inspection, inspection};
use crate::resolve::{DataSources, Values, resolve_given};
use crate::session::Session;
use crate::template::Template;

/// What expressions are evaluated with.
pub struct Console {
    /// What the template holds.
    pub inspection: Inspection,
    values: Values,
    root: PathBuf,
    /// How many texts were read before the first expression.
    texts: usize,
}

/// What an expression is called in diagnostics.
const NAME: &str = "<console>";

impl Console {
    /// Reads a template, and asks its data sources; without one, there are no variables and
    /// locals. A variable without a value is unknown. What is wrong is recorded, and its value
    /// unknown.
    ///
    /// # Errors
    ///
    /// [`Reported`], when a file cannot be read or parsed.
    pub async fn open(
        path: Option<&Path>,
        inputs: &InputOptions,
        catalog: &Catalog,
        session: &mut Session,
    ) -> Result<Self, Reported> {
        let template = match path {
            Some(path) => Template::load_all(path, session)?,
            None => Template::default(),
        };
        let inputs = Inputs::collect_all(inputs, &template, session);
        let asked = DataSources::Read;
        let catalog = &catalog.extended(&template, session).await;
        let values = resolve_given(&template, &inputs, catalog, asked, session).await;
        let inspection = inspection(&template, &inputs, &values, session);
        let texts = session.sources.files().len();
        Ok(Self { inspection, values, root: template.root, texts })
    }

    /// The value of an expression. Diagnostics point into it, until the next one is evaluated.
    ///
    /// # Errors
    ///
    /// [`Reported`], when it is no expression or has no value.
    pub fn evaluate(&self, text: &str, session: &mut Session) -> Result<Value, Reported> {
        // The last one, so that any number of them can follow each other.
        if let Some(last) = session.sources.files().get(self.texts).cloned() {
            session.sources.remove(&last);
        }
        let file = session.sources.add(NAME, text).map_err(|cause| {
            session.diags.error(Diagnostic::error(Code::LimitExceeded, cause.to_string()))
        })?;
        let Session { diags, functions, system, .. } = session;
        let expr = parse_expression(&file, diags)?;
        let env = Environment { functions, system: &**system, root: &self.root, diags };
        evaluate(&expr, &self.values.scope(), env)
    }

    /// The names that may follow a path such as `var` or `local.image`; without a path, those
    /// that an expression may begin with.
    pub fn names(&self, path: &[&str]) -> Vec<String> {
        let scope = self.values.scope();
        let Some((root, rest)) = path.split_first() else {
            return scope.names().into_iter().map(str::to_owned).collect();
        };
        let mut value = match (scope.get(root), rest) {
            (Some(Binding::Namespace(namespace)), []) => {
                return namespace.names().iter().map(|name| name.to_string()).collect();
            }
            (Some(Binding::Namespace(namespace)), [name, ..]) => namespace.get(name),
            (Some(Binding::Value(value)), _) => Some(value.clone()),
            (None, _) => None,
        };
        let steps = match scope.get(root) {
            Some(Binding::Namespace(_)) => rest.get(1..).unwrap_or_default(),
            _ => rest,
        };
        for step in steps {
            value = value.and_then(|value| value.as_mapping()?.get(*step).cloned());
        }
        let value = value.unwrap_or_else(|| Value::object::<&str>([]));
        value.as_mapping().into_iter().flatten().map(|(name, _)| name.to_string()).collect()
    }
}
