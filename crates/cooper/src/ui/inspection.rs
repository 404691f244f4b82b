//! What is in a template: as Packer's `inspect` writes it, and as one JSON document.

mod legacy;

use std::fmt::{self, Write};

use cooper_build::inputs::InputOrigin;
use cooper_build::inspect::{
    InspectedBuild, InspectedLocal, InspectedSource, InspectedStep, InspectedUse, InspectedVariable,
};
use cooper_build::template::PluginRequirement;
use cooper_build::{Inspection, Secrets};
use cooper_hcl::go_quote::quoted;
use cooper_hcl::{Diagnostic, SourceMap, Span, Value};
use serde_json::{Value as Json, json};

use super::diagnostics;

/// The version of the JSON document. Within a first number, fields may be added.
const FORMAT_VERSION: &str = "1.0";

/// What is in a template, what is wrong with it, and what it takes to show both.
pub(super) struct Inspected<'a> {
    /// Nothing when it could not be read.
    pub(super) inspection: Option<&'a Inspection>,
    pub(super) diagnostics: &'a [Diagnostic],
    pub(super) sources: &'a SourceMap,
    pub(super) secrets: &'a Secrets,
}

/// A part of what is shown.
pub(super) enum Part {
    /// A text for everybody.
    Said(String),
    /// A record for programs only.
    Noted { kind: &'static str, data: Vec<String> },
}

impl Part {
    fn scrubbed(self, secrets: &Secrets) -> Self {
        match self {
            Self::Said(text) => Self::Said(secrets.scrub(&text)),
            Self::Noted { kind, data } => {
                Self::Noted { kind, data: data.iter().map(|text| secrets.scrub(text)).collect() }
            }
        }
    }
}

impl Inspected<'_> {
    /// As Packer writes it, in the parts that Packer writes.
    pub(super) fn parts(&self) -> Vec<Part> {
        let Some(inspection) = self.inspection else { return Vec::new() };
        let parts = match &inspection.legacy {
            Some(legacy) => legacy::parts(legacy),
            None => {
                let title = "Packer Inspect: HCL2 mode\n".to_owned();
                let mut builds = String::new();
                // Writing to a string does not fail.
                let _ = write_builds(&inspection.builds, &mut builds);
                [title, values(inspection), builds].map(Part::Said).into()
            }
        };
        parts.into_iter().map(|part| part.scrubbed(self.secrets)).collect()
    }

    /// The document that `docs/inspect.md` describes.
    pub(super) fn document(&self) -> Json {
        let nothing = Inspection::default();
        let Inspection {
            plugins,
            variables,
            locals,
            data_sources,
            sources,
            builds,
            // The same as it was written.
            legacy: _,
        } = self.inspection.unwrap_or(&nothing);
        let diagnostics =
            self.diagnostics.iter().map(|d| diagnostics::to_json(d, self.sources, self.secrets));
        json!({
            "format_version": FORMAT_VERSION,
            "cooper": env!("CARGO_PKG_VERSION"),
            "required_plugins": each(plugins, |plugin| self.plugin(plugin)),
            "variables": each(variables, |variable| self.variable(variable)),
            "locals": each(locals, |local| self.local(local)),
            "data_sources": each(data_sources, |source| self.source(source)),
            "sources": each(sources, |source| self.source(source)),
            "builds": each(builds, |build| self.build(build)),
            "diagnostics": diagnostics.collect::<Vec<_>>(),
        })
    }

    fn plugin(&self, plugin: &PluginRequirement) -> Json {
        let PluginRequirement { accessor, source, version, span, .. } = plugin;
        json!({
            "name": accessor,
            "source": source.as_str(),
            "version": version.to_string(),
            "place": self.place(*span),
        })
    }

    fn variable(&self, variable: &InspectedVariable) -> Json {
        let InspectedVariable { name, ty, description, sensitive, default, value, origin, span } =
            variable;
        json!({
            "name": name,
            "type": ty.to_string(),
            "description": description.as_ref().map(|text| self.secrets.scrub(text)),
            "sensitive": sensitive,
            "default": default.as_ref().map(|default| self.value(default)),
            "value": self.value(value),
            "from": origin.map(|origin| match origin {
                InputOrigin::Default => "default",
                InputOrigin::Environment => "environment",
                InputOrigin::File => "file",
                InputOrigin::Flag => "flag",
            }),
            "place": self.place(*span),
        })
    }

    fn local(&self, local: &InspectedLocal) -> Json {
        let InspectedLocal { name, sensitive, value, span } = local;
        json!({
            "name": name,
            "sensitive": *sensitive || value.deep_marks().sensitive,
            "value": self.value(value),
            "place": self.place(*span),
        })
    }

    fn source(&self, source: &InspectedSource) -> Json {
        let InspectedSource { source, span } = source;
        json!({
            "type": &*source.component,
            "name": &*source.label,
            "place": self.place(*span),
        })
    }

    fn build(&self, build: &InspectedBuild) -> Json {
        let InspectedBuild {
            name,
            description,
            sources,
            provisioners,
            error_cleanup,
            chains,
            span,
        } = build;
        json!({
            "name": name.as_ref().map(|text| self.secrets.scrub(text)),
            "description": description.as_ref().map(|text| self.secrets.scrub(text)),
            "sources": each(sources, |used| self.used(used)),
            "provisioners": each(provisioners, |step| self.step(step)),
            "error_cleanup_provisioner": error_cleanup.as_ref().map(|step| self.step(step)),
            "post_processors": each(chains, |chain| each(chain, |step| self.step(step)).into()),
            "place": self.place(*span),
        })
    }

    fn used(&self, used: &InspectedUse) -> Json {
        let InspectedUse { source, name, span } = used;
        json!({
            "type": &*source.component,
            "name": self.secrets.scrub(name),
            "source": source.to_string(),
            "place": self.place(*span),
        })
    }

    fn step(&self, step: &InspectedStep) -> Json {
        let InspectedStep { component, name, span } = step;
        json!({
            "type": component,
            "name": name.as_ref().map(|text| self.secrets.scrub(text)),
            "place": self.place(*span),
        })
    }

    /// A value that is known is given, one that is not has only this to say.
    fn value(&self, value: &Value) -> Json {
        match value.is_wholly_known() {
            true => json!({ "known": true, "value": self.scrubbed(value.to_json()) }),
            false => json!({ "known": false }),
        }
    }

    fn scrubbed(&self, json: Json) -> Json {
        match json {
            Json::String(text) => self.secrets.scrub(&text).into(),
            Json::Array(elements) => elements.into_iter().map(|json| self.scrubbed(json)).collect(),
            Json::Object(fields) => {
                let field =
                    |(name, json): (String, Json)| (self.secrets.scrub(&name), self.scrubbed(json));
                fields.into_iter().map(field).collect()
            }
            json @ (Json::Null | Json::Bool(_) | Json::Number(_)) => json,
        }
    }

    fn place(&self, span: Span) -> Json {
        match self.sources.locate(span) {
            Some(place) => json!({
                "file": &*place.file,
                "line": place.line,
                "column": place.column,
            }),
            None => Json::Null,
        }
    }
}

fn each<T>(list: &[T], one: impl Fn(&T) -> Json) -> Vec<Json> {
    list.iter().map(one).collect()
}

/// Variables and locals with their values, as Packer writes them.
pub(super) fn values(inspection: &Inspection) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_values(inspection, &mut out);
    out
}

fn write_values(inspection: &Inspection, out: &mut String) -> fmt::Result {
    let Inspection { variables, locals, .. } = inspection;
    let variables = variables.iter().map(|variable| (&variable.name, &variable.value));
    let locals = locals.iter().map(|local| (&local.name, &local.value));
    writeln!(out, "> input-variables:\n")?;
    write_sorted("var", variables, out)?;
    writeln!(out, "\n> local-variables:\n")?;
    write_sorted("local", locals, out)
}

fn write_sorted<'a>(
    root: &str,
    values: impl Iterator<Item = (&'a String, &'a Value)>,
    out: &mut String,
) -> fmt::Result {
    let mut values: Vec<_> = values.collect();
    values.sort_by_key(|(name, _)| *name);
    values.iter().try_for_each(|(name, value)| {
        writeln!(out, "{root}.{name}: {}", quoted(&value.render(), '"'))
    })
}

fn write_builds(builds: &[InspectedBuild], out: &mut String) -> fmt::Result {
    writeln!(out, "> builds:")?;
    for (number, build) in builds.iter().enumerate() {
        let InspectedBuild { name, description, sources, provisioners, chains, .. } = build;
        match name {
            Some(name) => writeln!(out, "\n  > {name}:")?,
            None => writeln!(out, "\n  > <unnamed build {number}>:")?,
        }
        if let Some(description) = description {
            writeln!(out, "\n  > Description: {description}")?;
        }
        writeln!(out, "\n    sources:")?;
        if sources.is_empty() {
            writeln!(out, "\n      <no source>")?;
        }
        for InspectedUse { source, name, .. } in sources {
            writeln!(out, "\n      {}.{name}", source.component)?;
        }
        writeln!(out, "\n    provisioners:\n")?;
        if provisioners.is_empty() {
            writeln!(out, "      <no provisioner>")?;
        }
        for step in provisioners {
            writeln!(out, "      {}", step_name(step))?;
        }
        writeln!(out, "\n    post-processors:")?;
        if chains.is_empty() {
            writeln!(out, "\n      <no post-processor>")?;
        }
        for (number, chain) in chains.iter().enumerate() {
            writeln!(out, "\n      {number}:")?;
            for step in chain {
                writeln!(out, "        {}", step_name(step))?;
            }
        }
    }
    Ok(())
}

fn step_name(step: &InspectedStep) -> String {
    match step.name.as_deref() {
        None | Some("") => step.component.clone(),
        Some(name) => format!("{}.{name}", step.component),
    }
}
