//! The pages that are made from the code.

use std::fmt::Write;
use std::sync::Arc;

use cooper_build::component::ResultAttribute;
use cooper_build::template::{POST_PROCESSOR, PROVISIONER, Shape};
use cooper_builtin::catalog;
use cooper_container::{DockerConfig, DockerEngine};
use cooper_hcl::function::{Function, Param, SPECIAL_FORMS};
use cooper_hcl::schema::{ArgumentSchema, Choices, Schema};
use cooper_hcl::{Functions, Type, Value};

const NOTE: &str = "<!-- Made by `cargo xtask docs`. -->\n";

/// From so many on, arguments with the same documentation share one line.
const MANY: usize = 4;

/// Every generated page: its path, and what it should hold.
pub(crate) fn pages() -> Vec<(String, String)> {
    let nowhere = DockerEngine::connect(&DockerConfig::unix(""));
    let catalog = catalog(Arc::new(nowhere));
    let sources = catalog.source_names().filter_map(|name| {
        let kind = catalog.get_source(name)?;
        Some(("source", name, kind.schema().clone(), kind.facts().to_vec()))
    });
    let data_sources = catalog.data_source_names().filter_map(|name| {
        let kind = catalog.get_data_source(name)?;
        Some(("data-source", name, kind.schema().clone(), Vec::new()))
    });
    let provisioners = catalog.provisioner_names().filter_map(|name| {
        Some(("provisioner", name, catalog.get_provisioner(name)?.schema().clone(), Vec::new()))
    });
    let post_processors = catalog.post_processor_names().filter_map(|name| {
        let kind = catalog.get_post_processor(name)?;
        Some(("post-processor", name, kind.schema().clone(), Vec::new()))
    });
    let mut index = format!(
        "{NOTE}# Components\n\nEvery component in the box. What all steps take, `only` or `timeout`, is in \
         [language](../language.md).\n\n| Component | What it does |\n| --- | --- |\n"
    );
    let mut pages = Vec::new();
    for (role, name, schema, facts) in
        sources.chain(provisioners).chain(post_processors).chain(data_sources)
    {
        let path = format!("{role}/{name}.md");
        let doc = line(&schema.doc);
        let _ = writeln!(index, "| [{role} `{name}`]({path}) | {doc} |");
        let mut page = format!("{NOTE}# {role} `{name}`\n\n{doc}\n");
        arguments(&mut page, &schema);
        for block in &schema.blocks {
            let doc = line(&block.schema.doc);
            let _ = write!(page, "\n## Block `{}`\n\n{doc}\n", block.name);
            arguments(&mut page, &block.schema);
        }
        if let Some(kind) = catalog.get_data_source(name).filter(|_| role == "data-source") {
            page.push_str("\n## What it finds\n\n| Attribute | Type | |\n| --- | --- | --- |\n");
            for ResultAttribute { name, ty, doc } in &kind.result().attributes {
                let _ = writeln!(page, "| `{name}` | `{ty}` | {} |", line(doc));
            }
        }
        if !facts.is_empty() {
            let facts: Vec<_> = facts.iter().map(|fact| format!("`build.{fact}`")).collect();
            let _ = write!(page, "\nFacts of its own: {}.\n", facts.join(", "));
        }
        pages.push((format!("docs/components/{path}"), page));
    }
    pages.push(("docs/components/README.md".to_owned(), index));
    pages.push(("docs/functions.md".to_owned(), functions()));
    pages.push(("docs/language.md".to_owned(), language()));
    pages
}

/// The page on the language with a fresh table of what every step takes.
fn language() -> String {
    const BEFORE: &str = "\n## What every step takes\n\n";
    let page = std::fs::read_to_string(crate::root().join("docs/language.md")).unwrap_or_default();
    let Some((before, rest)) = page.split_once(BEFORE) else {
        return format!("{page}{BEFORE}");
    };
    let after = rest.find("\n## ").map_or("", |end| &rest[end..]);
    format!("{before}{BEFORE}{}{after}", steps())
}

fn steps() -> String {
    let mut table = "<!-- Made by `cargo xtask docs`. -->\n\n\
        | Argument | Provisioner | Post-processor | Meaning |\n| --- | --- | --- | --- |\n"
        .to_owned();
    let only_post =
        POST_PROCESSOR.arguments.iter().filter(|a| PROVISIONER.argument(a.name).is_none());
    for argument in PROVISIONER.arguments.iter().chain(only_post) {
        let has = |shape: &Shape| if shape.argument(argument.name).is_some() { " yes" } else { "" };
        let (name, doc) = (argument.name, line(argument.doc));
        let (provisioner, post) = (has(&PROVISIONER), has(&POST_PROCESSOR));
        let _ = writeln!(table, "| `{name}` |{provisioner} |{post} | {doc} |");
    }
    table
}

fn arguments(page: &mut String, schema: &Schema) {
    let shared = |argument: &ArgumentSchema| {
        schema.arguments.iter().filter(|other| other.doc == argument.doc).count() >= MANY
    };
    let (shared, own): (Vec<_>, Vec<_>) =
        schema.arguments.iter().partition(|argument| shared(argument));
    if schema.arguments.is_empty() {
        page.push_str("\nIt has no arguments.\n");
    }
    if !own.is_empty() {
        page.push_str("\n| Argument | Type | |\n| --- | --- | --- |\n");
    }
    for ArgumentSchema { name, ty, required, choices, doc } in own {
        let required = if *required { "Required. " } else { "" };
        let words = choices.map_or_else(String::new, words);
        let _ = writeln!(page, "| `{name}` | `{ty}` | {required}{}{words} |", line(doc));
    }
    let mut shared = shared.as_slice();
    while let Some(first) = shared.first() {
        let (these, others) =
            shared.split_at(shared.iter().take_while(|it| it.doc == first.doc).count());
        let names: Vec<_> = these.iter().map(|argument| format!("`{}`", argument.name)).collect();
        let _ = write!(page, "\n{} {}.\n", line(&first.doc), names.join(", "));
        shared = others;
    }
}

/// The words that an argument may be, behind its documentation.
fn words(choices: Choices) -> String {
    let Choices { words, is_complete, .. } = choices;
    let lead = if is_complete { "Choices" } else { "For example" };
    format!(" {lead}: `{}`.", words.join("`, `"))
}

fn functions() -> String {
    let mut page = format!(
        "{NOTE}# Functions\n\nEvery function that expressions may call, by name. Variables' defaults may call \
         `env` alone. An argument of a type that cannot be converted is always an error, and so is null, \
         but where `?` follows the type. An argument that is unknown makes the result unknown. `…` \
         stands for any number of arguments.\n\n\
         | Function | Types | What it gives | An error when |\n| --- | --- | --- | --- |\n"
    );
    let standard = Functions::standard();
    let env = Functions::for_defaults();
    let rows = standard
        .iter()
        .chain(env.iter())
        .map(|function| (function.name, signature(function), function.doc, function.fails));
    let special = SPECIAL_FORMS.iter().map(|&name| (name, String::new(), special(name), ""));
    let mut all: Vec<_> = rows.chain(special).collect();
    all.sort_unstable();
    all.dedup_by_key(|(name, ..)| *name);
    for (name, types, doc, fails) in all {
        let types = if types.is_empty() { types } else { format!("`{types}`") };
        let _ = writeln!(page, "| `{name}` | {types} | {} | {} |", line(doc), line(fails));
    }
    page
}

/// What a function takes and gives: `(string, number…) → string`.
fn signature(function: &Function) -> String {
    let shown = |param: &Param| {
        let null = if param.allow_null && param.ty != Type::Any { "?" } else { "" };
        format!("{}{null}", param.ty)
    };
    let mut takes: Vec<String> = function.params.iter().map(shown).collect();
    takes.extend(function.rest.iter().map(|rest| format!("{}…", shown(rest))));
    let unknown: Vec<Value> =
        function.params.iter().map(|param| Value::unknown(param.ty.clone())).collect();
    let gives = (function.returns)(&unknown).unwrap_or(Type::Any);
    format!("({}) → {gives}", takes.join(", "))
}

fn special(name: &str) -> &'static str {
    match name {
        "can" => {
            "`can(expression)`: whether the expression can be evaluated; `can([][0])` is `false`"
        }
        "convert" => {
            "`convert(value, type)`: the value, converted to a type; `convert(1, string)` is `\"1\"`"
        }
        "try" => {
            "`try(expression, …)`: the first of the expressions that can be evaluated; `try([][0], 1)` is `1`"
        }
        _ => "",
    }
}

/// Documentation as one cell of a table.
fn line(doc: &str) -> String {
    let words: Vec<_> = doc.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}
