//! Expressions: each has a value or a mistake, within the bounds that the language states.

#![no_main]

use std::path::Path;

use cooper_hcl::system::Nowhere;
use cooper_hcl::{
    Diagnostics, Environment, Functions, Scope, SourceMap, Type, Value, evaluate, parse_expression,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let Ok(file) = sources.add("fuzz.pkr.hcl", text) else { return };
    let diags = Diagnostics::new();
    let Ok(expr) = parse_expression(&file, &diags) else { return };
    let functions = Functions::standard();
    let env = Environment {
        functions: &functions,
        system: &Nowhere,
        root: Path::new("/"),
        diags: &diags,
    };
    let list = Value::tuple([Value::string("x"), Value::number(1)]);
    let mut scope = Scope::new();
    scope.bind("a", list.clone());
    scope.bind("o", Value::object([("k", Value::string("v")), ("n", Value::number(2))]));
    scope.bind("u", Value::unknown(Type::Any));
    scope.bind("s", Value::unknown(Type::String));
    scope.bind("secret", Value::string(SECRET).with_marks(cooper_hcl::value::Marks::SENSITIVE));
    match evaluate(&expr, &scope, env) {
        Ok(value) => {
            let shown = format!("{value:?}");
            assert!(!shown.contains(SECRET), "a sensitive value was shown: {shown}");
        }
        Err(_) => {
            let found = diags.take();
            assert!(!found.is_empty(), "it failed, and nobody was told why");
            let shown = format!("{found:?}");
            assert!(text.contains(SECRET) || !shown.contains(SECRET), "a sensitive value: {shown}");
        }
    }
});

const SECRET: &str = "hunter2-Ω";
