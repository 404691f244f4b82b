//! Runs every file of `testdata/lang` as a test, in a world of a few files (`world.rs`).
//!
//! An attribute `name = [expression, expected]` says what an expression evaluates to. What is
//! not wholly known or is sensitive is compared by its `Debug` text. An attribute that is no such
//! pair must fail, and so must a `sample` block, which is decoded by [`sample_schema`].
//!
//! `# error: 9-17 unknown-variable "part of the message"` stands at the end of the line of a
//! mistake or on the line above it, and names its columns. Every mistake needs one.
//!
//! Every function must have cases here (`functions.rs`).

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Body, ExprKind};
use cooper_hcl::schema::{ArgumentSchema, BlockSchema, Occurrence, Part, Schema, decode};
use cooper_hcl::value::Marks;
use cooper_hcl::{
    Diagnostic, Diagnostics, Environment, Functions, Namespace, Scope, SourceMap, Type, Value,
    evaluate, parse,
};
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "lang/functions.rs"]
mod functions;
#[path = "lang/world.rs"]
mod world;

use world::{ROOT, World};

fn main() -> io::Result<()> {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lang");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.sort();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hcl"));
    let mut trials = functions::trials(&files);
    trials.extend(files.into_iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || run(&path))
    }));
    libtest_mimic::run(&arguments, trials).exit()
}

fn run(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut sources = SourceMap::new();
    let file =
        sources.add(path.file_name().unwrap_or_default().to_string_lossy(), text.as_str())?;
    let diags = Diagnostics::new();
    let mut trouble = String::new();
    let functions = Functions::standard();
    let env =
        Environment { functions: &functions, system: &World, root: Path::new(ROOT), diags: &diags };
    let mut scope = Scope::new();
    bind(&mut scope);
    if let Ok(file) = parse(&file, &diags) {
        check_body(&file.body, &scope, env, &sources, &mut trouble);
    }
    compare(&expectations(&text), &diags.take(), &sources, &mut trouble);
    if trouble.is_empty() { Ok(()) } else { Err(trouble.into()) }
}

fn bind(scope: &mut Scope<'_>) {
    scope
        .bind("unknown", Value::unknown(Type::Any))
        .bind("unknown_string", Value::unknown(Type::String))
        .bind("unknown_number", Value::unknown(Type::Number))
        .bind("unknown_bool", Value::unknown(Type::Bool))
        .bind("unknown_list", Value::unknown(Type::list(Type::String)))
        .bind("unknown_map", Value::unknown(Type::map(Type::Number)))
        .bind("unknown_pair", Value::unknown(Type::Tuple([Type::String, Type::Bool].into())))
        .bind("unknown_object", Value::unknown(Type::object([("name", Type::String)])))
        .bind("secret", Value::string("hush").with_marks(Marks::SENSITIVE))
        .bind("secret_list", Value::tuple([Value::string("a")]).with_marks(Marks::SENSITIVE))
        .bind_namespace("local", &Locals);
}

struct Locals;

impl Namespace for Locals {
    fn get(&self, name: &str) -> Option<Value> {
        (name == "region").then(|| Value::string("eu"))
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec!["region".into()]
    }

    fn whole(&self) -> Value {
        Value::object([("region", Value::string("eu"))])
    }
}

fn check_body(
    body: &Body,
    scope: &Scope<'_>,
    env: Environment<'_>,
    sources: &SourceMap,
    trouble: &mut String,
) {
    for attribute in &body.attributes {
        check_attribute(attribute, scope, env, sources, trouble);
    }
    let schema = sample_schema();
    for block in body.blocks("sample") {
        if let Ok(decoded) =
            decode(&[Part { body: &block.body, scope }], block.header, &schema, env)
        {
            let expected = block.labels.first().map(|label| label.text.to_string());
            let found = format!("{:?}", decoded.value);
            if expected.as_deref() != Some(&found) {
                let _ = writeln!(trouble, "expected {expected:?}\n   found {found:?}");
            }
        }
    }
}

fn check_attribute(
    attribute: &Attribute,
    scope: &Scope<'_>,
    env: Environment<'_>,
    sources: &SourceMap,
    trouble: &mut String,
) {
    let place = sources.locate(attribute.span).map(|place| place.to_string()).unwrap_or_default();
    let pair = match &*attribute.expr.kind {
        ExprKind::Tuple(elements) => <&[_; 2]>::try_from(&**elements).ok(),
        _ => None,
    };
    let Some([expression, expected]) = pair else {
        if let Ok(value) = evaluate(&attribute.expr, scope, env) {
            let _ = writeln!(trouble, "{place}: must fail, but gives {value:?}");
        }
        return;
    };
    let (Ok(found), Ok(expected)) =
        (evaluate(expression, scope, env), evaluate(expected, scope, env))
    else {
        return;
    };
    let plain = found.is_wholly_known() && found.deep_marks() == Marks::NONE;
    let equal = match plain {
        true => found == expected && found.ty() == expected.ty(),
        false => expected.as_str() == Some(&format!("{found:?}")),
    };
    if !equal {
        let _ = writeln!(
            trouble,
            "{place}: expected {expected:?} ({}), found {found:?} ({})",
            expected.ty(),
            found.ty()
        );
    }
}

/// What `sample` blocks may contain.
fn sample_schema() -> Schema {
    let argument = |name: &'static str, ty, required| ArgumentSchema {
        name: name.into(),
        ty,
        required,
        choices: None,
        doc: "".into(),
    };
    let settings = Type::object([("mode", Type::String), ("size", Type::Number)]);
    let nested =
        Schema { arguments: vec![argument("path", Type::String, true)], ..Schema::default() };
    let block = |name: &'static str, occurrence| BlockSchema {
        name: name.into(),
        occurrence,
        schema: nested.clone(),
    };
    Schema {
        doc: "".into(),
        arguments: vec![
            argument("image", Type::String, true),
            argument("tags", Type::list(Type::String), false),
            argument("commit", Type::Bool, false),
            argument("settings", Type::list(settings), false),
        ],
        blocks: vec![block("mount", Occurrence::Many), block("limits", Occurrence::AtMostOne)],
    }
}

/// A mistake that a file announces.
struct Expectation {
    lines: [usize; 2],
    columns: String,
    code: String,
    message: String,
}

fn expectations(text: &str) -> Vec<Expectation> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some((before, note)) = line.split_once("# error: ") else { continue };
        let (columns, rest) = note.split_once(' ').unwrap_or((note, ""));
        let (code, message) = rest.split_once(' ').unwrap_or((rest, ""));
        let message = message.trim().trim_matches('"').to_owned();
        // On a line of its own, a note speaks of the next line that is no note.
        let mut other = index + 1;
        if before.trim().is_empty() {
            while text.lines().nth(other).is_some_and(|l| l.trim().starts_with("# error: ")) {
                other += 1;
            }
        } else {
            other = index;
        }
        found.push(Expectation {
            lines: [index + 1, other + 1],
            columns: columns.into(),
            code: code.into(),
            message,
        });
    }
    found
}

fn compare(
    expected: &[Expectation],
    found: &[Diagnostic],
    sources: &SourceMap,
    trouble: &mut String,
) {
    let mut left: Vec<&Expectation> = expected.iter().collect();
    for diagnostic in found {
        let (line, columns) = place(diagnostic, sources);
        let matching = left.iter().position(|e| {
            e.lines.contains(&line)
                && e.columns == columns
                && e.code == diagnostic.code.as_str()
                && diagnostic.message.contains(&e.message)
        });
        match matching {
            Some(index) => {
                left.remove(index);
            }
            None => {
                let _ = writeln!(
                    trouble,
                    "line {line}: unexpected: # error: {columns} {} \"{}\" label {:?} help {:?}",
                    diagnostic.code,
                    diagnostic.message,
                    diagnostic.primary.as_ref().map(|label| &label.text),
                    diagnostic.help
                );
            }
        }
    }
    for e in left {
        let _ = writeln!(
            trouble,
            "line {}: did not happen: {} {} \"{}\"",
            e.lines[0], e.columns, e.code, e.message
        );
    }
}

fn place(diagnostic: &Diagnostic, sources: &SourceMap) -> (usize, String) {
    let Some(label) = &diagnostic.primary else { return (0, "-".into()) };
    let Some(start) = sources.locate(label.span) else { return (0, "-".into()) };
    let first_line = sources.text(label.span).lines().next().unwrap_or("").chars().count();
    (start.line, format!("{}-{}", start.column, start.column + first_line))
}
