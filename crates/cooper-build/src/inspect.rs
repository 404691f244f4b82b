//! What a template holds: its variables, locals, sources and builds, with the values that are
//! known without building anything.

mod legacy;

use std::path::Path;
use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Name};
use cooper_hcl::{Code, Diagnostic, Environment, Reported, Scope, Span, Type, Value, evaluate};

use crate::component::Catalog;
use crate::inputs::{InputOptions, InputOrigin, Inputs};
use crate::resolve::{DataSources, Values, resolve_given};
use crate::session::Session;
use crate::template::load::{legacy_template, read_legacy};
use crate::template::repeat::bind;
use crate::template::{
    BuildBlock, ExpandedBuild, Language, PluginRequirement, SourceRef, StepBlock, Template,
    is_legacy,
};

pub use legacy::{LegacyBuilder, LegacyInspection, LegacyVariable};

/// What a template holds. Values carry their marks: what is sensitive must be shown as such.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The entries of `required_plugins`, in order.
    pub plugins: Vec<PluginRequirement>,
    /// The variables, in order.
    pub variables: Vec<InspectedVariable>,
    /// The locals, in order.
    pub locals: Vec<InspectedLocal>,
    /// The `data` blocks, in order.
    pub data_sources: Vec<InspectedSource>,
    /// The `source` blocks, in order.
    pub sources: Vec<InspectedSource>,
    /// The `build` blocks, in order.
    pub builds: Vec<InspectedBuild>,
    /// What a legacy template says, as it was written; nothing for one in HCL.
    pub legacy: Option<LegacyInspection>,
}

/// A variable.
#[derive(Clone, Debug)]
pub struct InspectedVariable {
    /// Its name.
    pub name: String,
    /// As declared, or that of its default.
    pub ty: Type,
    /// `description`
    pub description: Option<String>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Its default, if it has one.
    pub default: Option<Value>,
    /// Its value; unknown when it has none.
    pub value: Value,
    /// Where the value is from; nothing when it has none.
    pub origin: Option<InputOrigin>,
    /// Where the block stands.
    pub span: Span,
}

/// A local.
#[derive(Clone, Debug)]
pub struct InspectedLocal {
    /// Its name.
    pub name: String,
    /// Whether it was declared sensitive.
    pub sensitive: bool,
    /// Its value; unknown when it could not be evaluated.
    pub value: Value,
    /// Where its name stands.
    pub span: Span,
}

/// A `source` or `data` block.
#[derive(Clone, Debug)]
pub struct InspectedSource {
    /// Its type and label.
    pub source: SourceRef,
    /// Where the block stands.
    pub span: Span,
}

/// A `build` block.
#[derive(Clone, Debug)]
pub struct InspectedBuild {
    /// `name`; nothing when it has none.
    pub name: Option<String>,
    /// `description`; nothing when it has none.
    pub description: Option<String>,
    /// The sources it uses, in order.
    pub sources: Vec<InspectedUse>,
    /// Its provisioners, in order.
    pub provisioners: Vec<InspectedStep>,
    /// `error-cleanup-provisioner`
    pub error_cleanup: Option<InspectedStep>,
    /// Its chains of post-processors, in order.
    pub chains: Vec<Vec<InspectedStep>>,
    /// Where the block stands.
    pub span: Span,
}

/// A source used in a build.
#[derive(Clone, Debug)]
pub struct InspectedUse {
    /// Which source.
    pub source: SourceRef,
    /// What it is called in this build.
    pub name: String,
    /// Where it is mentioned.
    pub span: Span,
}

/// A provisioner or post-processor.
#[derive(Clone, Debug)]
pub struct InspectedStep {
    /// The component's type.
    pub component: String,
    /// `name`; nothing when it has none.
    pub name: Option<String>,
    /// Where the block stands.
    pub span: Span,
}

/// What a text is that cannot be known before a build.
const UNKNOWN: &str = "<unknown>";
/// What stands for a text that must not be shown.
pub const SENSITIVE: &str = "<sensitive>";

/// Reads a template and evaluates what it says without building or contacting anything: what data
/// sources find is unknown. A variable without a value is unknown here too, and no mistake. What
/// is wrong is recorded, and what can be read in spite of it is returned.
///
/// # Errors
///
/// [`Reported`], when a file cannot be read or parsed.
pub async fn inspect(
    path: &Path,
    inputs: &InputOptions,
    catalog: &Catalog,
    session: &mut Session,
) -> Result<Inspection, Reported> {
    let (template, legacy) = match is_legacy(path, &*session.system) {
        true => {
            let (node, file) = read_legacy(path, session)?;
            let template = legacy_template(path, &node, &file, &session.diags);
            (template, Some(LegacyInspection::read(&node)))
        }
        false => (Template::load_all(path, session)?, None),
    };
    let inputs = Inputs::collect_all(inputs, &template, session);
    let asked = DataSources::Check;
    let catalog = &catalog.extended(&template, session).await;
    let values = resolve_given(&template, &inputs, catalog, asked, session).await;
    Ok(Inspection { legacy, ..inspection(&template, &inputs, &values, session) })
}

/// What a template holds, its values being known.
pub(crate) fn inspection(
    template: &Template,
    inputs: &Inputs,
    values: &Values,
    session: &Session,
) -> Inspection {
    Inspector { template, values, session }.template(inputs)
}

struct Inspector<'a> {
    template: &'a Template,
    values: &'a Values,
    session: &'a Session,
}

impl Inspector<'_> {
    fn template(&self, inputs: &Inputs) -> Inspection {
        let Template { variables, locals, data, sources, builds, plugins, .. } = self.template;
        let known = variables.iter().zip(&inputs.values).zip(self.values.variables());
        let variables = known.map(|((variable, input), (_, value))| InspectedVariable {
            name: variable.name.text.to_string(),
            ty: input.as_ref().map_or(&variable.ty, |input| &input.ty).clone().unwrap_or(Type::Any),
            description: variable.description.clone(),
            sensitive: variable.sensitive,
            default: input.as_ref().and_then(|input| input.default.clone()),
            value,
            origin: input.as_ref().map(|input| input.origin),
            span: variable.header,
        });
        let locals = locals.iter().zip(self.values.locals()).map(|(local, (_, value))| {
            let (name, sensitive) = (local.name.text.to_string(), local.sensitive);
            InspectedLocal { name, sensitive, value, span: local.name.span }
        });
        let source = |component: &Name, label: &Name, span| {
            let (component, label) = (component.text.clone(), label.text.clone());
            InspectedSource { source: SourceRef { component, label }, span }
        };
        let data = data.iter().map(|block| source(&block.component, &block.label, block.header));
        let sources =
            sources.iter().map(|block| source(&block.component, &block.label, block.header));
        Inspection {
            plugins: plugins.clone(),
            variables: variables.collect(),
            locals: locals.collect(),
            data_sources: data.collect(),
            sources: sources.collect(),
            builds: builds.iter().map(|block| self.build(block)).collect(),
            legacy: None,
        }
    }

    fn build(&self, block: &BuildBlock) -> InspectedBuild {
        let mut scope = self.values.scope();
        let text = |attribute: &Option<Attribute>| self.text(attribute.as_ref()?, &scope);
        let (name, description) = (text(&block.name), text(&block.description));
        let env = self.env();
        // What cannot be told before a build is no mistake here.
        let blocks = block.expand(&scope, env, true);
        let sources = self.uses(block, &blocks, &scope);
        let unknown = || Value::unknown(Type::String);
        scope.bind("source", Value::object([("type", unknown()), ("name", unknown())]));
        let build_name = Value::string(name.as_deref().unwrap_or_default());
        scope.bind("build", Value::object([("name", build_name)]));
        let step = |block: &Arc<StepBlock>| {
            let mut scope = scope.child();
            bind(&block.elements, &mut scope);
            InspectedStep {
                component: block.component.text.to_string(),
                name: block.meta.attribute("name").and_then(|name| self.text(name, &scope)),
                span: block.header,
            }
        };
        InspectedBuild {
            sources,
            provisioners: blocks.provisioners.iter().map(step).collect(),
            error_cleanup: blocks.error_cleanup.as_ref().map(step),
            chains: blocks.chains.iter().map(|chain| chain.iter().map(step).collect()).collect(),
            name: name.filter(|name| !name.is_empty()),
            description: description.filter(|description| !description.is_empty()),
            span: block.header,
        }
    }

    fn uses(
        &self,
        block: &BuildBlock,
        blocks: &ExpandedBuild,
        scope: &Scope<'_>,
    ) -> Vec<InspectedUse> {
        let mut uses = Vec::new();
        if let Some(attribute) = &block.sources
            && let Ok(value) = self.value(attribute, &Type::list(Type::String), scope)
        {
            for (index, element) in value.as_sequence().unwrap_or_default().iter().enumerate() {
                let step = cooper_hcl::value::convert::ValueStep::Index(index);
                let span = cooper_hcl::schema::locate(&attribute.expr, &[step]);
                uses.extend(element.as_str().and_then(|text| self.used(text, span)));
            }
        }
        for nested in &blocks.uses {
            let mut scope = match self.template.language {
                Language::Hcl => Scope::new(),
                Language::Legacy => scope.child(),
            };
            bind(&nested.elements, &mut scope);
            let name = nested.name.as_ref().and_then(|name| self.text(name, &scope));
            let name = name.filter(|name| !name.is_empty());
            uses.push(InspectedUse {
                name: name.unwrap_or_else(|| nested.source.label.to_string()),
                source: nested.source.clone(),
                span: nested.header,
            });
        }
        uses
    }

    /// A source mentioned in `sources`.
    fn used(&self, text: &str, span: Span) -> Option<InspectedUse> {
        let source = SourceRef::listed(text, span, &self.session.diags)?;
        Some(InspectedUse { name: source.label.to_string(), source, span })
    }

    /// A text to show; nothing when it is null or cannot be evaluated.
    fn text(&self, attribute: &Attribute, scope: &Scope<'_>) -> Option<String> {
        let value = self.value(attribute, &Type::String, scope).ok()?;
        if value.marks().sensitive {
            return Some(SENSITIVE.to_owned());
        }
        if !value.is_known() {
            return Some(UNKNOWN.to_owned());
        }
        value.as_str().map(str::to_owned)
    }

    fn value(
        &self,
        attribute: &Attribute,
        ty: &Type,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let diags = &self.session.diags;
        evaluate(&attribute.expr, scope, self.env())?.convert(ty).map_err(|cause| {
            let message = format!("`{}` cannot be used: {cause}", attribute.name.text);
            let span = cooper_hcl::schema::locate(&attribute.expr, &cause.path.0);
            diags.error(Diagnostic::error(Code::WrongType, message).at(span, ""))
        })
    }

    fn env(&self) -> Environment<'_> {
        let Session { diags, functions, system, .. } = self.session;
        Environment { functions, system: &**system, root: &self.template.root, diags }
    }
}
