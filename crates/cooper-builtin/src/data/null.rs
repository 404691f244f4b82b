//! `null`: finds what it was given.

use cooper_build::component::{Config, DataSource, DataSourceKind, ResultAttribute};
use cooper_build::{Failure, component_config};
use cooper_hcl::{Code, Reported, Type, Value};
use futures::future::BoxFuture;

use crate::arguments::refuse;
use crate::kind::Kind;

component_config! {
    /// Finds what it was given: a value for trying things out.
    struct Arguments {
        /// What is found. Required.
        input: Option<String>,
    }
}

/// The kind of data source called `null`.
pub(crate) fn kind() -> impl DataSourceKind {
    Kind::new(prepare).with_result(vec![ResultAttribute {
        name: "output".into(),
        ty: Type::String,
        doc: "What was given as `input`.".into(),
    }])
}

struct Null(Value);

fn prepare(config: &Config<'_>, arguments: Arguments) -> Result<Null, Reported> {
    match arguments.input.filter(|input| !input.is_empty()) {
        Some(input) => Ok(Null(Value::string(input).with_marks(config.marks("input")))),
        None => Err(refuse(
            config,
            Code::MissingArgument,
            "input",
            "the argument `input` is required",
            "give the text that is to be found",
        )),
    }
}

impl DataSource for Null {
    fn read(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async { Ok(Value::object([("output", self.0.clone())])) })
    }
}
