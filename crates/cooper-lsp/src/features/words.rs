//! What is told of a name: the same wherever it is shown.

use cooper_build::component::Role;
use cooper_hcl::Value;
use cooper_hcl::function::{Function, Param};
use cooper_hcl::schema::Choices;

use crate::inside::{Argument, Nested};
use crate::names::Named;
use crate::view::View;

/// A value is shown up to so many characters.
const LONGEST_VALUE: usize = 500;

/// What is told of an argument.
pub(super) fn argument(argument: &Argument<'_>) -> String {
    let Argument { name, ty, required, choices, doc } = argument;
    let required = if *required { ", required" } else { "" };
    let choices = choices.map_or_else(String::new, |Choices { words, is_complete, .. }| {
        let lead = if is_complete { "Choices" } else { "For example" };
        format!("\n\n{lead}: `{}`", words.join("`, `"))
    });
    format!("`{name}`: {ty}{required}\n\n{}{choices}", doc.trim())
}

/// What is told of a kind of block.
pub(super) fn block(block: &Nested<'_>) -> String {
    let labels: String = block.labels.iter().map(|label| format!(" \"{label}\"")).collect();
    format!("`{}{labels}`\n\n{}", block.name, block.doc.trim())
}

/// What is told of a component.
pub(super) fn component(role: Role, name: &str, view: &View<'_>) -> Option<String> {
    let schema = view.catalog.schema(role, name)?;
    Some(format!("`{name}`\n\n{}", schema.doc.trim()))
}

/// How a function is called.
pub(super) fn signature(function: &Function) -> String {
    let mut params: Vec<String> = function.params.iter().map(param).collect();
    params.extend(function.rest.as_ref().map(|rest| format!("{}...", param(rest))));
    format!("{}({})", function.name, params.join(", "))
}

/// A parameter with its type.
pub(super) fn param(param: &Param) -> String {
    format!("{}: {}", param.name, param.ty)
}

/// What is told of a function; nothing when there is none of that name.
pub(super) fn function(name: &str, view: &View<'_>) -> Option<String> {
    let function = view.workspace.functions.get(name)?;
    Some(format!("`{}`\n\n{}", signature(function), function.doc.trim()))
}

/// What is told of something that the template gives a name, of its declaration and its value.
pub(super) fn named(named: &Named, view: &View<'_>) -> String {
    let mut parts = vec![format!("`{}`", named.written())];
    match named {
        Named::Variable(name) => {
            let variables = view.template().into_iter().flat_map(|template| &template.variables);
            if let Some(variable) = variables.into_iter().find(|v| *v.name.text == **name) {
                if let Some(ty) = &variable.ty {
                    parts[0].push_str(&format!(": {ty}"));
                }
                parts.extend(variable.description.clone());
                match &variable.default {
                    _ if variable.sensitive => parts.push("It is sensitive.".to_owned()),
                    Some(default) => {
                        let text = view.analysis.as_ref().map(|a| a.sources.text(default.span));
                        parts.push(format!("Its default:\n{}", code(text.unwrap_or_default())));
                    }
                    None => parts.push("It has no default.".to_owned()),
                }
            }
            parts.extend(variable(name, view).and_then(|value| shown(&value)));
        }
        Named::Local(name) => parts.extend(local(name, view).and_then(|value| shown(&value))),
        Named::Data(..) | Named::Source(..) | Named::Plugin(_) => {}
    }
    let text = parts.join("\n\n");
    match &view.analysis {
        Some(analysis) => analysis.secrets.scrub(&text),
        None => text,
    }
}

/// The value of a variable a moment ago.
pub(super) fn variable(name: &str, view: &View<'_>) -> Option<Value> {
    let values = view.analysis.as_ref()?.values.as_ref()?;
    values.variables().find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// The value of a local a moment ago.
pub(super) fn local(name: &str, view: &View<'_>) -> Option<Value> {
    let values = view.analysis.as_ref()?.values.as_ref()?;
    values.locals().find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// A value in words; nothing when it is not known or must not be shown.
fn shown(value: &Value) -> Option<String> {
    if value.deep_marks().sensitive || !value.is_wholly_known() {
        return None;
    }
    Some(format!("Its value here:\n{}", code(&value.render())))
}

/// A text as a block of code, which cannot end before the text does.
fn code(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST_VALUE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let fence = "`".repeat(3.max(short.split(|c| c != '`').map(str::len).max().unwrap_or(0) + 1));
    format!("{fence}hcl\n{short}\n{fence}")
}

/// What is told of a name that the language itself has.
pub(super) fn built_in(root: &str, name: Option<&str>) -> Option<&'static str> {
    let (_, _, doc) = BUILT_IN.iter().find(|(r, n, _)| *r == root && Some(*n) == name)?;
    Some(doc)
}

/// What is told of the name of an element.
pub(super) const ELEMENT: &str = "The element that the `dynamic` block makes a block for.";

/// The attributes of the names that the language itself has. What is called `element` here has the
/// name that a `dynamic` block gives it.
pub(super) const BUILT_IN: &[(&str, &str, &str)] = &[
    ("path", "root", "The template's folder."),
    ("path", "cwd", "The folder that Cooper was started in."),
    ("packer", "version", "The version of Packer whose templates are read."),
    ("source", "name", "The name of the source in this build."),
    ("source", "type", "The type of the source."),
    ("build", "name", "The name of the `build` block."),
    ("element", "key", "The element's index, or its name in a map; in a set, the element itself."),
    ("element", "value", "The element."),
];
