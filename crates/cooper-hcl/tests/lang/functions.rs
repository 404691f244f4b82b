//! What must be said of every function: cases in `testdata/lang`, and an example that is true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cooper_hcl::ast::{Attribute, Call, Expr, ExprKind};
use cooper_hcl::function::{Function, SPECIAL_FORMS};
use cooper_hcl::{
    Diagnostics, Environment, Functions, Scope, SourceMap, Type, Value, evaluate, parse,
    parse_expression,
};
use libtest_mimic::{Failed, Trial};

use super::world::{ROOT, World};

pub(crate) fn trials(files: &[PathBuf]) -> Vec<Trial> {
    let files = files.to_owned();
    vec![
        Trial::test("every_function_has_cases", move || every_function_has_cases(&files)),
        Trial::test("the_examples_of_the_reference_page_are_true", examples_are_true),
        Trial::test("every_function_is_documented", every_function_is_documented),
        Trial::test("env_is_for_defaults_only", env_is_for_defaults_only),
    ]
}

/// What the cases of a function are about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum About {
    Value,
    Mistake,
    /// An argument of a type that it cannot have.
    WrongType,
    Null,
    Unknown,
    /// An empty string or collection.
    Empty,
    Unicode,
    /// A number that is out of all bounds.
    Limit,
}

/// From here on a number is one that nobody means.
const HUGE: f64 = 1e15;

/// Each needs cases for all that its arguments may be, wrong ones included.
fn every_function_has_cases(files: &[PathBuf]) -> Result<(), Failed> {
    let mut cases: BTreeMap<String, BTreeSet<About>> = BTreeMap::new();
    for path in files {
        let mut sources = SourceMap::new();
        let text = std::fs::read_to_string(path)?;
        let file = sources.add("cases", text.as_str())?;
        let Ok(file) = parse(&file, &Diagnostics::new()) else { continue };
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(0, "");
        for attribute in &file.body.attributes {
            let Some((call, about)) = case(attribute) else { continue };
            let known = cases.entry(call.name.text.to_string()).or_default();
            known.insert(about);
            known.extend(call.args.iter().filter_map(special));
            call.args.iter().for_each(|argument| note(argument, known));
            let line = sources.locate(attribute.span).map_or(0, |place| place.line);
            // What is expected stands behind the mistake or above it.
            let expected = [lines[line], lines[line - 1]].map(|line| line.split_once("# error:"));
            let expected = expected.into_iter().flatten().next();
            let is_of_type = |(_, told): (&str, &str)| {
                ["wrong type", " is required", " must be", "must have"]
                    .iter()
                    .any(|w| told.contains(w))
            };
            if about == About::Mistake && expected.is_some_and(is_of_type) {
                known.insert(About::WrongType);
            }
        }
    }
    let functions = Functions::standard();
    let mut missing = Vec::new();
    for name in functions.names().chain(SPECIAL_FORMS.iter().copied()) {
        let mut wanted = wanted(functions.get(name));
        let found = cases.remove(name).unwrap_or_default();
        wanted.retain(|about| !found.contains(about));
        if !wanted.is_empty() {
            missing.push(format!("`{name}` has no case for {wanted:?}"));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n").into()) }
}

/// What a function needs cases for: that depends on what its parameters may be.
fn wanted(function: Option<&Function>) -> Vec<About> {
    let mut wanted = vec![About::Value, About::Mistake];
    let Some(function) = function else {
        // A special form takes anything.
        wanted.extend([About::Null, About::Unknown, About::Unicode]);
        return wanted;
    };
    let types: Vec<&Type> = function.params.iter().chain(&function.rest).map(|p| &p.ty).collect();
    if types.is_empty() {
        return wanted;
    }
    wanted.extend([About::Null, About::Unknown]);
    if types.iter().any(|ty| **ty != Type::Any) {
        wanted.push(About::WrongType);
    }
    let of_numbers = |ty: &&&Type| {
        matches!(ty, Type::Number)
            || matches!(ty, Type::List(element) | Type::Set(element) if **element == Type::Number)
    };
    let numbers = types.iter().filter(of_numbers).count();
    if numbers > 0 {
        wanted.push(About::Limit);
    }
    if numbers < types.len() {
        wanted.extend([About::Empty, About::Unicode]);
    }
    wanted
}

/// The call that a case is about, and whether it has a value.
fn case(attribute: &Attribute) -> Option<(&Call, About)> {
    let (expr, about) = match &*attribute.expr.kind {
        ExprKind::Tuple(pair) => (pair.first()?, About::Value),
        _ => (&attribute.expr, About::Mistake),
    };
    match &*expr.kind {
        ExprKind::Call(call) => Some((call, about)),
        _ => None,
    }
}

fn special(argument: &Expr) -> Option<About> {
    match &*argument.kind {
        ExprKind::Null => Some(About::Null),
        ExprKind::Variable(name) if name.starts_with("unknown") => Some(About::Unknown),
        ExprKind::Attr { target, .. } => special(target),
        _ => None,
    }
}

/// Notes what an argument has in it.
fn note(argument: &Expr, known: &mut BTreeSet<About>) {
    match &*argument.kind {
        ExprKind::String(text) if text.is_empty() => drop(known.insert(About::Empty)),
        ExprKind::String(text) if !text.is_ascii() => drop(known.insert(About::Unicode)),
        ExprKind::Number(number) if number.to_f64().abs() >= HUGE => {
            known.insert(About::Limit);
        }
        ExprKind::Unary { operand, .. } => note(operand, known),
        ExprKind::Tuple(elements) if elements.is_empty() => drop(known.insert(About::Empty)),
        ExprKind::Tuple(elements) => elements.iter().for_each(|element| note(element, known)),
        ExprKind::Object(items) if items.is_empty() => drop(known.insert(About::Empty)),
        ExprKind::Object(items) => {
            for item in items {
                note(&item.key, known);
                note(&item.value, known);
            }
        }
        _ => {}
    }
}

fn examples_are_true() -> Result<(), Failed> {
    let functions = Functions::standard();
    for function in functions.iter() {
        let (_, example) = function.doc.rsplit_once("; `").unwrap_or_default();
        let pair = example.strip_suffix('`').and_then(|example| example.split_once("` is `"));
        let (text, wanted) = pair.ok_or(format!("`{}` has no example", function.name))?;
        if !text.contains(&format!("{}(", function.name)) {
            return Err(format!("the example {text} is of another function").into());
        }
        let (found, _) = value(&functions, text)?.unmark_deep();
        let wanted = value(&functions, wanted)?;
        let same = found == wanted || wanted.convert(&found.ty()).ok() == Some(found.clone());
        if !same {
            return Err(format!("{text} is {found:?}, not {wanted:?}").into());
        }
    }
    Ok(())
}

fn every_function_is_documented() -> Result<(), Failed> {
    let functions = Functions::standard();
    for function in functions.iter() {
        let described = function.doc.starts_with(&format!("`{}(", function.name));
        if !described || SPECIAL_FORMS.contains(&function.name) {
            return Err(format!("`{}` is not told as `{0}(…)`", function.name).into());
        }
    }
    let count = functions.names().count() + SPECIAL_FORMS.len();
    if count == 103 { Ok(()) } else { Err(format!("there are {count} functions").into()) }
}

fn env_is_for_defaults_only() -> Result<(), Failed> {
    let defaults = Functions::for_defaults();
    for (text, wanted) in [("env(\"SET\")", "value"), ("env(\"UNSET\")", "")] {
        if value(&defaults, text)? != Value::from(wanted) {
            return Err(format!("{text} is not {wanted}").into());
        }
    }
    let refused = [
        value(&defaults, "upper(\"a\")"),
        value(&defaults, "env(null)"),
        value(&Functions::standard(), "env(\"SET\")"),
    ];
    if refused.iter().all(Result::is_err) { Ok(()) } else { Err("all are refused".into()) }
}

fn value(functions: &Functions, text: &str) -> Result<Value, String> {
    let mut sources = SourceMap::new();
    let file = sources.add("example", text).map_err(|error| error.to_string())?;
    let diags = Diagnostics::new();
    let env = Environment { functions, system: &World, root: Path::new(ROOT), diags: &diags };
    let value = parse_expression(&file, &diags).and_then(|e| evaluate(&e, &Scope::new(), env));
    value.map_err(|_| {
        let told: Vec<String> = diags.take().into_iter().map(|d| d.message).collect();
        format!("{text}: {}", told.join("; "))
    })
}
