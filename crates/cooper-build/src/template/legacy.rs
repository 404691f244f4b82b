//! Legacy templates: JSON with `builders`, `provisioners` and `post-processors`, as Packer had
//! it before HCL.
//!
//! They become the same [`Template`] that HCL becomes: builders are sources, used in one build
//! block by all steps. `{{user}}` and `{{build}}` become the expressions that HCL has for them,
//! each with its place in the JSON.

pub(crate) mod translate;
mod variables;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Body, Expr, ExprKind, Json, Name, ObjectItem};
use cooper_hcl::json::{Node, NodeKind, Property};
use cooper_hcl::{Code, Diagnostic, Diagnostics, SourceFile, Span, Type, did_you_mean};

use super::{
    BuildBlock, ChainBlock, ChainItem, Elements, Language, POST_PROCESSOR, PROVISIONER, Repeated,
    Shape, SourceBlock, SourceRef, SourceUse, StepBlock, Template, Variable,
};
use crate::version::Version;

pub(crate) use variables::render;

/// What a legacy template may contain.
const ROOT: &[&str] = &[
    "builders",
    "description",
    "error-cleanup-provisioner",
    "min_packer_version",
    "post-processors",
    "provisioners",
    "push",
    "sensitive-variables",
    "variables",
];

/// Adds what a legacy template says. What is wrong is recorded and left out.
pub(crate) fn load(node: &Node, file: &SourceFile, template: &mut Template, diags: &Diagnostics) {
    template.language = Language::Legacy;
    let mut reader = Reader { file, diags, builders: HashMap::new(), asked: Vec::new() };
    reader.check_unique(node);
    let Some(root) = reader.object(node, "a legacy template") else { return };
    reader.check_names(root);
    let of = |name| root.iter().find(|property| &*property.name == name);
    if let Some(property) = of("min_packer_version") {
        reader.check_version(&property.value);
    }
    if let Some(property) = of("variables") {
        let sensitive = of("sensitive-variables").map(|property| &property.value);
        reader.variables(&property.value, sensitive, template);
    }
    let mut build = BuildBlock {
        registries: Vec::new(),
        name: None,
        description: None,
        sources: None,
        uses: Vec::new(),
        misses_uses: false,
        provisioners: Vec::new(),
        error_cleanup: Vec::new(),
        chains: Vec::new(),
        header: of("builders").map_or(node.span, |property| property.name_span),
    };
    if let Some(property) = of("description")
        && reader.string(&property.value, "`description`").is_some()
    {
        build.description = Some(reader.attribute(property));
    }
    let mut uses = Vec::new();
    if let Some(property) = of("builders") {
        for node in reader.array(&property.value, "`builders`") {
            uses.extend(reader.builder(node, template));
        }
    }
    // As Packer runs them: by name.
    uses.sort_by(|a, b| a.source.label.cmp(&b.source.label));
    build.uses = uses.into_iter().map(Repeated::from).collect();
    if let Some(property) = of("provisioners") {
        for node in reader.array(&property.value, "`provisioners`") {
            build.provisioners.extend(reader.step(node, &PROVISIONER).map(Repeated::from));
        }
    }
    if let Some(property) = of("error-cleanup-provisioner") {
        let step = reader.step(&property.value, &PROVISIONER);
        build.error_cleanup.extend(step.map(Repeated::from));
    }
    if let Some(property) = of("post-processors") {
        for node in reader.array(&property.value, "`post-processors`") {
            let steps = reader.chain(node).into_iter().map(Repeated::from).collect();
            let chain = ChainBlock { steps, elements: Elements::default() };
            build.chains.push(ChainItem::Several(chain.into()));
        }
    }
    template.builds.push(build);
    reader.declare_asked(template);
}

/// Records that a legacy template has no builder, if it has none.
pub(crate) fn check_builders(template: &Template, diags: &Diagnostics) {
    for build in template.builds.iter().filter(|build| build.uses.is_empty()) {
        let error = Diagnostic::error(Code::NothingToBuild, "the template has no builder");
        let help = "add `\"builders\": [{ \"type\": \"docker\", … }]`";
        diags.error(error.at(build.header, "").help(help));
    }
}

struct Reader<'a> {
    file: &'a SourceFile,
    diags: &'a Diagnostics,
    /// The builders by name, and where each is named.
    builders: HashMap<Arc<str>, Span>,
    /// The variables that `{{user}}` asks for.
    asked: Vec<Name>,
}

impl<'a> Reader<'a> {
    fn error(&self, code: Code, message: impl Into<String>, span: Span, help: &str) {
        let help = (!help.is_empty()).then_some(help);
        self.diags.error(Diagnostic::error(code, message).at(span, "").help(help));
    }

    fn object<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [Property]> {
        if let NodeKind::Object(properties) = &node.kind {
            return Some(properties);
        }
        let message = format!("{what} must be an object, and this is {}", node.noun());
        self.error(Code::WrongType, message, node.span, "");
        None
    }

    fn array<'n>(&self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.kind {
            NodeKind::Array(elements) => elements,
            NodeKind::Null => &[],
            _ => {
                let message = format!("{what} must be an array, and this is {}", node.noun());
                self.error(Code::WrongType, message, node.span, "write `[ … ]` around it");
                &[]
            }
        }
    }

    fn string<'n>(&self, node: &'n Node, what: &str) -> Option<&'n Arc<str>> {
        if let NodeKind::String(text) = &node.kind {
            return Some(text);
        }
        let message = format!("{what} must be a string, and this is {}", node.noun());
        self.error(Code::WrongType, message, node.span, "");
        None
    }

    /// Records properties that an object has twice, at any depth: Packer takes no such template.
    fn check_unique(&self, node: &Node) {
        node.each_repeated(&mut |Property { name, name_span, .. }, before| {
            let error = Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice"));
            let error = error.at(*name_span, "again here");
            self.diags.error(error.label(before, "first given here"));
        });
    }

    /// Records properties that a template does not have.
    fn check_names(&self, root: &[Property]) {
        for Property { name, name_span, value } in root {
            if &**name == "push" {
                let message = "`push` has no effect, as in Packer";
                let warning = Diagnostic::warning(Code::NoEffect, message).at(*name_span, "");
                self.diags.warn(warning.help("remove it"));
            } else if name.starts_with('_') {
                self.string(value, "a comment");
            } else if !ROOT.contains(&&**name) {
                let message = format!("a legacy template has no `{name}`");
                let help = did_you_mean(name, ROOT.iter().copied()).unwrap_or_else(|| {
                    match super::ROOT.block(name) {
                        Some(_) => "this is HCL in JSON syntax: let the file's name end in \
                                    `.pkr.json`"
                            .to_owned(),
                        None => "a comment's name begins with `_`".to_owned(),
                    }
                });
                self.error(Code::UnknownArgument, message, *name_span, &help);
            }
        }
    }

    fn check_version(&self, node: &Node) {
        let Some(text) = self.string(node, "`min_packer_version`") else { return };
        match (Version::parse(text), Version::parse(crate::PACKER_VERSION)) {
            (Err(cause), _) => {
                self.error(Code::VersionConstraint, cause.to_string(), node.span, "");
            }
            (Ok(least), Ok(version)) if version < least => {
                let message = format!(
                    "the template needs Packer {least}, and Cooper reads templates of Packer \
                     {version}"
                );
                self.error(Code::VersionConstraint, message, node.span, "");
            }
            _ => {}
        }
    }

    fn variables(&self, node: &Node, sensitive: Option<&Node>, template: &mut Template) {
        let Some(properties) = self.object(node, "`variables`") else { return };
        let sensitive = sensitive.map_or(&[][..], |node| self.array(node, "`sensitive-variables`"));
        let mut hidden: HashMap<&str, Span> = HashMap::new();
        for node in sensitive {
            if let Some(name) = self.string(node, "the name of a variable") {
                hidden.insert(name, node.span);
            }
        }
        for Property { name, name_span, value } in properties {
            let default = match &value.kind {
                NodeKind::Null => None,
                NodeKind::String(text) => Some(literal(text, value.span)),
                _ => {
                    let message = format!(
                        "the variable `{name}` must be a string or null, and this is {}",
                        value.noun()
                    );
                    let help = "write the value in double quotes; null makes it required";
                    self.error(Code::WrongType, message, value.span, help);
                    Some(literal("", value.span))
                }
            };
            template.variables.push(Variable {
                name: Name { text: name.clone(), span: *name_span },
                ty: Some(Type::String),
                default,
                description: None,
                sensitive: hidden.remove(&**name).is_some(),
                rules: Vec::new(),
                header: *name_span,
            });
        }
        for (name, span) in hidden {
            let message = format!("there is no variable called `{name}` to keep from being shown");
            let warning = Diagnostic::warning(Code::UnknownVariable, message).at(span, "");
            let names = properties.iter().map(|property| &*property.name);
            self.diags.warn(warning.help(did_you_mean(name, names)));
        }
    }

    /// Variables that are asked for and not declared are empty, as in Packer, unless the command
    /// line gives them a value.
    fn declare_asked(self, template: &mut Template) {
        for name in self.asked {
            if template.variables.iter().any(|variable| variable.name.text == name.text) {
                continue;
            }
            let default = Some(literal("", Span::NONE));
            let header = name.span;
            template.variables.push(Variable {
                name,
                ty: Some(Type::String),
                default,
                description: None,
                sensitive: false,
                rules: Vec::new(),
                header,
            });
        }
    }

    /// `type`, where it stands, and the other properties.
    fn component<'n>(&self, node: &'n Node, what: &str) -> Option<(Name, &'n [Property])> {
        let properties = self.object(node, what)?;
        let Some(ty) = properties.iter().find(|property| &*property.name == "type") else {
            let open = Span::new(node.span.start(), node.span.start() + 1);
            self.error(Code::MissingArgument, format!("{what} needs a `type`"), open, "");
            return None;
        };
        let text = self.string(&ty.value, "`type`")?;
        Some((Name { text: text.clone(), span: ty.value.span }, properties))
    }

    fn builder(&mut self, node: &Node, template: &mut Template) -> Option<SourceUse> {
        let (component, properties) = self.component(node, "a builder")?;
        let mut label = component.clone();
        let mut name = None;
        if let Some(property) = properties.iter().find(|property| &*property.name == "name")
            && let Some(text) = self.string(&property.value, "`name`")
            && !text.is_empty()
        {
            label = Name { text: text.clone(), span: property.value.span };
            name = Some(self.attribute(property));
        }
        if let Some(&first) = self.builders.get(&label.text) {
            let message = format!("there are two builders called `{}`", label.text);
            let error = Diagnostic::error(Code::Duplicate, message).at(label.span, "again here");
            let help = "give one of them a `name`";
            self.diags.error(error.label(first, "first declared here").help(help));
            return None;
        }
        self.builders.insert(label.text.clone(), label.span);
        let arguments = properties.iter().filter(|p| !matches!(&*p.name, "type" | "name"));
        let body = Arc::new(self.body(arguments, node.span));
        let header = component.span;
        let source = SourceRef { component: component.text.clone(), label: label.text.clone() };
        let empty = Arc::new(Body { span: node.span, ..Body::default() });
        template.sources.push(SourceBlock { component, label, body, header });
        Some(SourceUse { source, name, body: empty, header, elements: Elements::default() })
    }

    fn body<'n>(&mut self, properties: impl Iterator<Item = &'n Property>, span: Span) -> Body {
        let mut seen = HashSet::new();
        // One that is there again was told.
        let properties = properties.filter(|property| seen.insert(&*property.name));
        let attributes = properties.map(|property| self.attribute(property)).collect();
        let json = Some(Arc::new(Json { file: self.file.clone(), weak: true }));
        Body { attributes, blocks: Vec::new(), span, json }
    }

    fn attribute(&mut self, property: &Property) -> Attribute {
        let name = Name { text: property.name.clone(), span: property.name_span };
        let expr = self.expr(&property.value);
        Attribute { span: name.span.to(expr.span), name, expr }
    }

    fn expr(&mut self, node: &Node) -> Expr {
        let kind = match &node.kind {
            NodeKind::Null => ExprKind::Null,
            NodeKind::Bool(value) => ExprKind::Bool(*value),
            NodeKind::Number(number) => ExprKind::Number(number.clone()),
            NodeKind::String(text) => return self.text(text, node.span),
            NodeKind::Array(elements) => {
                ExprKind::Tuple(elements.iter().map(|element| self.expr(element)).collect())
            }
            NodeKind::Object(properties) => {
                let item = |property: &Property| ObjectItem {
                    key: self.text(&property.name, property.name_span),
                    value: self.expr(&property.value),
                };
                ExprKind::Object(properties.iter().map(item).collect())
            }
        };
        Expr { kind: Arc::new(kind), span: node.span }
    }

    fn text(&mut self, text: &Arc<str>, span: Span) -> Expr {
        let words = translate::IN_ARGUMENTS;
        translate::text(text, span, self.file, words, &mut self.asked, self.diags)
    }

    fn step(&mut self, node: &Node, shape: &Shape) -> Option<StepBlock> {
        let what = if std::ptr::eq(shape, &raw const PROVISIONER) {
            "a provisioner"
        } else {
            "a post-processor"
        };
        let (component, properties) = self.component(node, what)?;
        let (mut meta, mut own) = (Vec::new(), Vec::new());
        for property in properties.iter().filter(|property| &*property.name != "type") {
            match &*property.name {
                "only" | "except" => meta.push(self.filter(property)),
                "override" => meta.extend(self.overrides(property)),
                name if shape.argument(name).is_some() => meta.push(self.attribute(property)),
                _ => own.push(property),
            }
        }
        let mut body = self.body(own.into_iter(), node.span);
        let meta = Body { attributes: meta, ..body.clone() };
        body.span = node.span;
        let header = component.span;
        let (meta, body) = (Arc::new(meta), Arc::new(body));
        Some(StepBlock { component, meta, body, header, elements: Elements::default() })
    }

    /// `only` and `except`: a list of names of builders.
    fn filter(&mut self, property: &Property) -> Attribute {
        let what = format!("`{}`", property.name);
        let elements = match &property.value.kind {
            // As mapstructure takes it.
            NodeKind::String(_) => std::slice::from_ref(&property.value),
            _ => self.array(&property.value, &what),
        };
        let mut known = Vec::new();
        for node in elements {
            let Some(name) = self.string(node, "the name of a builder") else { continue };
            if self.builders.contains_key(name) {
                known.push(self.text(name, node.span));
                continue;
            }
            self.unknown_builder(name, node.span);
        }
        let mut attribute = self.attribute(property);
        attribute.expr = Expr { kind: Arc::new(ExprKind::Tuple(known)), span: attribute.expr.span };
        attribute
    }

    /// `override`: an object with the names of builders.
    fn overrides(&mut self, property: &Property) -> Option<Attribute> {
        let (mut known, mut items) = (Vec::new(), Vec::new());
        for other in self.object(&property.value, "`override`")? {
            match self.builders.contains_key(&other.name) {
                true => known.push(other),
                false => self.unknown_builder(&other.name, other.name_span),
            }
        }
        for Property { name, name_span, value } in known {
            let (key, value) = (self.text(name, *name_span), self.expr(value));
            items.push(ObjectItem { key, value });
        }
        let name = Name { text: property.name.clone(), span: property.name_span };
        let span = property.value.span;
        let expr = Expr { kind: Arc::new(ExprKind::Object(items)), span };
        Some(Attribute { span: name.span.to(span), name, expr })
    }

    fn unknown_builder(&self, name: &str, span: Span) {
        let message = format!("there is no builder called `{name}`");
        let help = did_you_mean(name, self.builders.keys().map(|name| &**name));
        let error = Diagnostic::error(Code::UnknownReference, message).at(span, "");
        self.diags.error(error.help(help));
    }

    /// A post-processor, or several that hand an artifact on.
    fn chain(&mut self, node: &Node) -> Vec<StepBlock> {
        let elements = match &node.kind {
            NodeKind::Array(elements) => &elements[..],
            _ => std::slice::from_ref(node),
        };
        let mut chain = Vec::new();
        for node in elements {
            match &node.kind {
                // Only its type.
                NodeKind::String(ty) => {
                    let component = Name { text: ty.clone(), span: node.span };
                    let body = self.body(std::iter::empty(), node.span);
                    let (meta, body) = (Arc::new(body.clone()), Arc::new(body));
                    let (header, elements) = (node.span, Elements::default());
                    chain.push(StepBlock { component, meta, body, header, elements });
                }
                NodeKind::Array(_) => {
                    let message = "a chain of post-processors cannot be inside another";
                    self.error(Code::WrongType, message, node.span, "remove the inner brackets");
                }
                _ => chain.extend(self.step(node, &POST_PROCESSOR)),
            }
        }
        // Without a name, it is called after its type.
        for step in &mut chain {
            if step.meta.attribute("name").is_none() {
                let span = step.component.span;
                // Its place tells that nobody wrote it.
                let name = Name { text: "name".into(), span };
                let expr = literal(&step.component.text, span);
                Arc::make_mut(&mut step.meta).attributes.push(Attribute { name, expr, span });
            }
        }
        chain
    }
}

fn literal(text: &str, span: Span) -> Expr {
    Expr { kind: Arc::new(ExprKind::String(text.into())), span }
}
