//! What the arguments and blocks mention that belong nowhere.

use cooper_hcl::schema::check_expressions;
use cooper_hcl::value::parse_type;
use cooper_hcl::{Diagnostics, Environment, Type, Value, evaluate};

use super::arguments::facts_to_come;
use super::outline::unknown_source;
use crate::component::Catalog;
use crate::resolve::Values;
use crate::session::Session;
use crate::template::Template;

/// Records what is wrong in them. That they are not known was recorded.
pub(super) fn check(template: &Template, values: &Values, catalog: &Catalog, session: &Session) {
    let diags = &session.diags;
    let env = Environment {
        functions: &session.functions,
        system: &*session.system,
        root: &template.root,
        diags,
    };
    let mut scope = values.scope();
    scope.bind("source", unknown_source());
    let facts = catalog.facts_of(None);
    scope.bind("build", facts_to_come(&facts, Value::unknown(Type::String)));
    for attribute in &template.strays.attributes {
        // What was meant to be `type`, say, mentions nothing.
        let is_type =
            parse_type(&attribute.expr, Environment { diags: &Diagnostics::new(), ..env });
        if is_type.is_err() {
            // What is wrong was recorded.
            let _ = evaluate(&attribute.expr, &scope, env);
        }
    }
    for block in &template.strays.blocks {
        check_expressions(&block.body, &scope, env);
    }
}
