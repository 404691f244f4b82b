//! `packer` blocks: which versions the template needs.

use cooper_hcl::ast::{Attribute, Block, Body, ExprKind};
use cooper_hcl::{Code, Diagnostic, Reported, Span};

use super::Template;
use super::shape::{ArgumentShape, BlockShape, Literals, Rest, Shape};
use crate::plugin_source::PluginSource;
use crate::version::{Constraint, Version};

/// A plugin that the template requires.
#[derive(Clone, Debug)]
pub struct PluginRequirement {
    /// What its components' names begin with.
    pub accessor: String,
    /// Where it comes from: `github.com/hashicorp/docker`.
    pub source: PluginSource,
    /// The versions that will do.
    pub version: Constraint,
    /// Where its name stands.
    pub span: Span,
    /// Where the version stands.
    pub version_span: Span,
    /// Where the source stands.
    pub source_span: Span,
}

pub(super) static SHAPE: Shape = Shape {
    what: "a `packer` block",
    arguments: &[ArgumentShape::new(
        "required_version",
        "string",
        "The versions of Packer that the template is for: `>= 1.7.0`.",
    )],
    blocks: &[BlockShape {
        name: "required_plugins",
        labels: &[],
        doc: "The plugins that the template needs: `docker = { version = \">= 1.0.0\", source = \
              \"github.com/hashicorp/docker\" }`.",
        shape: &PLUGINS,
    }],
    rest: Rest::Nothing,
};

static PLUGINS: Shape =
    Shape { what: "a `required_plugins` block", arguments: &[], blocks: &[], rest: Rest::Names };

const EXAMPLE: &str =
    "write `NAME = { version = \">= 1.0.0\", source = \"github.com/OWNER/NAME\" }`";

pub(super) fn load(block: Block, template: &mut Template, literals: &Literals<'_>) {
    let diags = literals.diags;
    let body = SHAPE.read(block.body, block.header, diags);
    if let Some(required) = body.attribute("required_version") {
        check_required_version(&body, required, literals);
    }
    for plugins in body.blocks("required_plugins").cloned() {
        let body = PLUGINS.read(plugins.body, plugins.header, diags);
        for attribute in &body.attributes {
            let Ok(plugin) = requirement(&body, attribute, literals) else { continue };
            let same = |other: &&PluginRequirement| other.accessor == plugin.accessor;
            if let Some(first) = template.plugins.iter().find(same) {
                let message = format!("the plugin `{}` is required twice", plugin.accessor);
                let error = Diagnostic::error(Code::Duplicate, message);
                let error = error.at(attribute.name.span, "again here");
                diags.error(error.label(first.span, "first required here"));
                continue;
            }
            template.plugins.push(plugin);
        }
    }
}

fn check_required_version(body: &Body, attribute: &Attribute, literals: &Literals<'_>) {
    if matches!(&*attribute.expr.kind, ExprKind::Null) {
        return;
    }
    let Ok(text) = literals.string(body, attribute) else { return };
    let error = |message: String| {
        let error = Diagnostic::error(Code::VersionConstraint, message);
        error.at(attribute.expr.span, "")
    };
    match (Constraint::parse(&text), Version::parse(crate::PACKER_VERSION)) {
        (Err(cause), _) => {
            literals.diags.error(error(cause.to_string()).help("such as `>= 1.7.0, < 2.0.0`"));
        }
        (Ok(constraint), Ok(version)) if !constraint.allows(&version) => {
            let message = format!(
                "the template needs Packer `{constraint}`, and Cooper reads templates of Packer \
                 {version}"
            );
            literals.diags.error(error(message).help("change `required_version`"));
        }
        _ => {}
    }
}

fn requirement(
    body: &Body,
    attribute: &Attribute,
    literals: &Literals<'_>,
) -> Result<PluginRequirement, Reported> {
    let diags = literals.diags;
    let accessor = &*attribute.name.text;
    let malformed = |message: String, span: Span| {
        diags.error(Diagnostic::error(Code::VersionConstraint, message).at(span, "").help(EXAMPLE))
    };
    if !is_plugin_name(accessor) {
        let message = format!("`{accessor}` cannot be the name of a plugin");
        let help = "use lower case letters, digits and single dashes";
        let error = Diagnostic::error(Code::InvalidValue, message);
        diags.error(error.at(attribute.name.span, "").help(help));
    }
    let ExprKind::Object(items) = &*attribute.expr.kind else {
        let message = format!("the requirement for `{accessor}` must be an object");
        return Err(malformed(message, attribute.expr.span));
    };
    let (mut version, mut source) = (None, None);
    for item in items {
        let key = literals.value(&item.key)?;
        let place = match key.as_str() {
            Some("version") => &mut version,
            Some("source") => &mut source,
            other => {
                let message =
                    format!("a plugin requirement has no `{}`", other.unwrap_or("such key"));
                malformed(message, item.key.span);
                continue;
            }
        };
        let value = literals.value(&body.literal(&item.value))?;
        let Some(text) = value.as_str() else {
            return Err(malformed("a string is required".to_owned(), item.value.span));
        };
        *place = Some((text.to_owned(), item.value.span));
    }
    let missing = |what: &str| {
        malformed(format!("the requirement for `{accessor}` has no `{what}`"), attribute.expr.span)
    };
    let version = version.ok_or_else(|| missing("version"));
    let source = source.ok_or_else(|| missing("source"));
    let ((version, version_span), (source, source_span)) = (version?, source?);
    let constraint = Constraint::parse(&version)
        .map_err(|cause| malformed(cause.to_string(), version_span))
        .and_then(|constraint| {
            if constraint.has_prerelease() {
                let message = "a plugin requirement cannot name a pre-release".to_owned();
                return Err(malformed(message, version_span));
            }
            Ok(constraint)
        });
    let source = PluginSource::parse(&source);
    let source = source.map_err(|cause| malformed(cause.to_string(), source_span))?;
    Ok(PluginRequirement {
        accessor: accessor.to_owned(),
        source,
        version: constraint?,
        span: attribute.name.span,
        version_span,
        source_span,
    })
}

fn is_plugin_name(name: &str) -> bool {
    let sound = |c: char| c == '-' || (c.is_alphanumeric() && !c.is_uppercase());
    !name.is_empty()
        && name.chars().all(sound)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}
