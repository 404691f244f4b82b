//! The reference page of a plugin, as Markdown.

use cooper_wire::cty::{Type, Value};

use crate::plugin::{Component, Plugin};
use crate::schema::{Field, Kind, Need};

/// The page of a plugin that goes by a name.
pub(crate) fn page(plugin: &Plugin, name: &str) -> String {
    let mut page = format!("# {name}\n\nVersion {}.\n", plugin.version);
    for component in &plugin.components {
        page.push_str(&section(component, name));
    }
    page
}

fn section(component: &Component, plugin: &str) -> String {
    let Component { kind, name: _, about, fields, output, serve: _ } = component;
    let mut text = format!("\n## {} `{}`\n", kind.title(), component.full_name(plugin));
    if !about.is_empty() {
        text.push_str(&format!("\n{about}\n"));
    }
    text.push_str(&format!("\n```hcl\n{}\n```\n", component.example(plugin)));
    text.push_str(&table(fields, "Argument", ""));
    if let Some(output) = output {
        text.push_str(&table(output, "Output", ""));
    }
    text
}

/// A table of fields, and below it one for each block among them.
fn table(fields: &[Field], title: &str, inside: &str) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let heading = if inside.is_empty() { String::new() } else { format!("\nIn {inside}:\n") };
    let is_arguments = title == "Argument";
    let columns = match is_arguments {
        true => format!("| {title} | Type | Default | |\n| --- | --- | --- | --- |\n"),
        false => format!("| {title} | Type | |\n| --- | --- | --- |\n"),
    };
    let rows: String = fields.iter().map(|field| row(field, is_arguments)).collect();
    let blocks: String = fields.iter().map(|field| block(field, title)).collect();
    format!("{heading}\n{columns}{rows}{blocks}")
}

fn block(field: &Field, title: &str) -> String {
    match &field.kind {
        Kind::Block(fields) | Kind::Blocks(fields) => {
            table(fields, title, &format!("`{}`", field.name))
        }
        Kind::Value(_) | Kind::Impossible(_) => String::new(),
    }
}

fn row(field: &Field, is_argument: bool) -> String {
    let Field { name, about, kind, need, is_sensitive } = field;
    let ty = match kind {
        Kind::Value(ty) => words(ty),
        Kind::Block(_) => "block".to_owned(),
        Kind::Blocks(_) => "blocks".to_owned(),
        Kind::Impossible(what) => (*what).to_owned(),
    };
    let about = one_line(about);
    let about = if *is_sensitive { format!("{about} Sensitive.") } else { about };
    let need = match need {
        Need::Required => "**required**".to_owned(),
        Need::Optional => String::new(),
        Need::Default(Value::Null) => String::new(),
        Need::Default(value) => format!("`{}`", literal(value)),
    };
    match is_argument {
        true => format!("| `{name}` | {ty} | {need} | {about} |\n"),
        false => format!("| `{name}` | {ty} | {about} |\n"),
    }
}

/// A text that fits into a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn words(ty: &Type) -> String {
    match ty {
        Type::List(element) => format!("list of {}", words(element)),
        Type::Map(element) => format!("map of {}", words(element)),
        other => other.to_string(),
    }
}

/// A value as a template writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null | Value::Unknown => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::Sequence(elements) => {
            let elements: Vec<String> = elements.iter().map(literal).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Mapping(elements) => {
            let elements: Vec<String> = elements
                .iter()
                .map(|(name, value)| format!("{name} = {}", literal(value)))
                .collect();
            format!("{{ {} }}", elements.join(", "))
        }
        Value::Dynamic(own) => literal(&own.1),
    }
}
