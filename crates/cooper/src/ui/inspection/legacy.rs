//! What is in a legacy template, as Packer's `inspect` writes it.

use cooper_build::inspect::{LegacyBuilder, LegacyInspection, LegacyVariable, SENSITIVE};

use super::Part;

/// What stands below all of it.
const NOTE: &str = "
Note: If your build names contain user variables or template
functions such as 'timestamp', these are processed at build time,
and therefore only show in their raw form here.";

/// The parts that Packer writes, in its order.
pub(super) fn parts(inspection: &LegacyInspection) -> Vec<Part> {
    let LegacyInspection { description, variables, builders, provisioners } = inspection;
    let mut parts = vec![said("Packer Inspect: JSON mode")];
    if let Some(description) = description {
        parts.extend([said("Description:\n"), said(format!("{description}\n"))]);
    }
    parts.extend(of_variables(variables));
    parts.extend([said(""), said("Builders:\n")]);
    if builders.is_empty() {
        parts.push(said("  <No builders>"));
    }
    let width = builders.iter().map(|builder| builder.name.len()).max().unwrap_or(0);
    for LegacyBuilder { name, component } in builders {
        parts.push(noted("template-builder", &[name, component]));
        let column = padded(name, width);
        parts.push(said(match name == component {
            true => format!("  {column}"),
            false => format!("  {column} ({component})"),
        }));
    }
    parts.extend([said(""), said("Provisioners:\n")]);
    if provisioners.is_empty() {
        parts.push(said("  <No provisioners>"));
    }
    for component in provisioners {
        parts.push(noted("template-provisioner", &[component]));
        parts.push(said(format!("  {component}")));
    }
    parts.push(said(NOTE));
    parts
}

fn of_variables(variables: &[LegacyVariable]) -> Vec<Part> {
    if variables.is_empty() {
        return vec![said("Variables:\n"), said("  <No variables>")];
    }
    let shown = |variable: &LegacyVariable| match (&variable.default, variable.sensitive) {
        (_, true) => SENSITIVE.to_owned(),
        (default, false) => default.clone().unwrap_or_default(),
    };
    let (required, optional): (Vec<_>, Vec<_>) =
        variables.iter().partition(|variable| variable.default.is_none());
    let mut parts = Vec::new();
    if !required.is_empty() {
        parts.push(said("Required variables:\n"));
        for variable in required {
            let name = &variable.name;
            parts.push(noted("template-variable", &[name, &shown(variable), "1"]));
            parts.push(said(format!("  {name}")));
        }
        parts.push(said(""));
    }
    parts.push(said("Optional variables and their defaults:\n"));
    let width = variables.iter().map(|variable| variable.name.len()).max().unwrap_or(0);
    for variable in optional {
        let (name, shown) = (&variable.name, shown(variable));
        parts.push(noted("template-variable", &[name, &shown, "0"]));
        parts.push(said(format!("  {} = {shown}", padded(name, width))));
    }
    parts
}

fn said(text: impl Into<String>) -> Part {
    Part::Said(text.into())
}

fn noted(kind: &'static str, data: &[&str]) -> Part {
    Part::Noted { kind, data: data.iter().map(|field| (*field).to_owned()).collect() }
}

/// The text with spaces behind it; a column is as wide as its longest text has bytes.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.len())))
}
