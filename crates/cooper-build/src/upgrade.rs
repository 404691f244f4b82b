//! A legacy template in HCL, as `hcl2_upgrade` writes it.
//!
//! What is printed is the tree that `build` runs, so it means the same. Only names change, where
//! HCL does not take them, and variables that use each other become locals.

mod names;
mod tree;
mod variables;

use std::path::Path;

use cooper_hcl::Reported;
use cooper_hcl::ast::{Attribute, Block, Body, Expr, ExprKind, ObjectItem};
use cooper_hcl::json::{Node, NodeKind};
use cooper_hcl::print::Printer;
use cooper_hcl::schema::Schema;

use crate::component::{Catalog, Role};
use crate::session::Session;
use crate::template::legacy::check_builders;
use crate::template::load::{legacy_template, read_legacy};
use crate::template::{BuildBlock, ChainItem, Repeated, StepBlock, Template};
use names::Names;
use tree::{adapted, argument, block, expr, object, string};
use variables::Variables;

/// The plugins whose components are sure to begin with their names.
const PLUGINS: &[&str] = &[
    "amazon",
    "ansible",
    "azure",
    "docker",
    "googlecompute",
    "qemu",
    "vagrant",
    "virtualbox",
    "vmware",
    "vsphere",
];

/// A legacy template in HCL. `annotate` adds comments that say where the parts come from.
///
/// # Errors
///
/// [`Reported`], when the template is malformed or has what cannot be said in HCL.
pub fn upgrade(
    path: &Path,
    annotate: bool,
    catalog: &Catalog,
    session: &mut Session,
) -> Result<String, Reported> {
    let (node, file) = read_legacy(path, session)?;
    let template = legacy_template(path, &node, &file, &session.diags);
    check_builders(&template, &session.diags);
    session.diags.check()?;
    let variables = Variables::read(&template, &file, &session.diags);
    session.diags.check()?;
    let names = Names::choose(&template, &file);
    let writer = Writer { template: &template, names, variables, catalog };
    let sections = [
        ("Which version of Packer it takes, and which plugins.", writer.packer(&node)),
        ("Inputs: all of them are strings in a legacy template.", writer.variables.inputs()),
        (
            "Variables that are made of others. `-var` cannot change them any more.",
            writer.variables.locals(),
        ),
        ("What the machines are made from: the builders.", writer.sources()),
        ("What is done with the machines.", writer.builds()),
    ];
    let mut printer = Printer::new();
    for (note, blocks) in sections {
        for (index, block) in blocks.iter().enumerate() {
            printer.gap();
            if annotate && index == 0 {
                printer.comment(note);
            }
            for component in writer.unknown(block) {
                printer.comment(&format!(
                    "Cooper does not know `{component}`: check which of its arguments are blocks."
                ));
            }
            printer.block(block);
        }
    }
    Ok(printer.finish())
}

struct Writer<'a> {
    template: &'a Template,
    names: Names<'a>,
    variables: Variables,
    catalog: &'a Catalog,
}

impl Writer<'_> {
    /// `required_version` and the plugins that the components come from.
    fn packer(&self, root: &Node) -> Vec<Block> {
        let mut body = Body::default();
        if let NodeKind::Object(properties) = &root.kind
            && let Some(least) = properties.iter().find(|p| &*p.name == "min_packer_version")
            && let NodeKind::String(version) = &least.value.kind
        {
            body.attributes.push(argument("required_version", string(&format!(">= {version}"))));
        }
        let mut plugins: Vec<&str> = self.components().filter_map(plugin_of).collect();
        plugins.sort_unstable();
        plugins.dedup();
        let requirement = |plugin: &str| {
            let source = string(&format!("github.com/hashicorp/{plugin}"));
            argument(plugin, object([("source", source), ("version", string("~> 1"))]))
        };
        if !plugins.is_empty() {
            let attributes = plugins.into_iter().map(requirement).collect();
            let plugins = Body { attributes, ..Body::default() };
            body.blocks.push(block("required_plugins", &[], plugins));
        }
        let is_empty = body.attributes.is_empty() && body.blocks.is_empty();
        (!is_empty).then(|| block("packer", &[], body)).into_iter().collect()
    }

    /// The types of all components.
    fn components(&self) -> impl Iterator<Item = &str> {
        let sources = self.template.sources.iter().map(|source| &source.component);
        let steps = self.template.builds.iter().flat_map(|build| {
            let steps = build.provisioners.iter().chain(&build.error_cleanup).filter_map(written);
            steps.chain(build.chains.iter().flat_map(chain)).map(|step| &step.component)
        });
        sources.chain(steps).map(|name| &*name.text)
    }

    /// The components in a block that the catalog does not have.
    fn unknown(&self, block: &Block) -> Vec<String> {
        let role = match &*block.kind.text {
            "source" => Some(Role::Source),
            "provisioner" | "error-cleanup-provisioner" => Some(Role::Provisioner),
            "post-processor" => Some(Role::PostProcessor),
            _ => None,
        };
        let own = role
            .zip(block.labels.first())
            .filter(|(role, component)| self.catalog.schema(*role, &component.text).is_none());
        let own = own.map(|(_, component)| component.text.to_string());
        let inside = block.body.blocks.iter().filter(|_| role.is_none());
        let mut unknown: Vec<String> =
            own.into_iter().chain(inside.flat_map(|block| self.unknown(block))).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    fn sources(&self) -> Vec<Block> {
        let source = |index: usize| {
            let source = &self.template.sources[index];
            let component = &*source.component.text;
            let schema = self.catalog.schema(Role::Source, component);
            let mut body = Body::default();
            self.arguments(&source.body.attributes, schema, &mut body);
            block("source", &[component, self.names.label(index)], body)
        };
        self.names.order().map(source).collect()
    }

    fn builds(&self) -> Vec<Block> {
        self.template.builds.iter().map(|build| self.build(build)).collect()
    }

    fn build(&self, build: &BuildBlock) -> Block {
        let mut body = Body::default();
        if let Some(description) = &build.description {
            let text = self.variables.renamed(&description.expr);
            body.attributes.push(argument("description", text));
        }
        let sources = self
            .names
            .order()
            .map(|index| string(&format!("source.{}", self.names.reference(index))));
        body.attributes.push(argument("sources", expr(ExprKind::Tuple(sources.collect()))));
        let provisioner = |kind, step| self.step(kind, Role::Provisioner, step);
        let post = |step| self.step("post-processor", Role::PostProcessor, step);
        let provisioners = build.provisioners.iter().filter_map(written);
        body.blocks.extend(provisioners.map(|step| provisioner("provisioner", step)));
        let cleanup = build.error_cleanup.iter().filter_map(written);
        body.blocks.extend(cleanup.map(|step| provisioner("error-cleanup-provisioner", step)));
        for item in &build.chains {
            match &chain(item)[..] {
                [] => {}
                [step] => body.blocks.push(post(step)),
                steps => {
                    let blocks = steps.iter().copied().map(post).collect();
                    let chain = Body { blocks, ..Body::default() };
                    body.blocks.push(block("post-processors", &[], chain));
                }
            }
        }
        block("build", &[], body)
    }

    fn step(&self, kind: &str, role: Role, step: &StepBlock) -> Block {
        let StepBlock { component, meta, body: own, .. } = step;
        let mut body = Body::default();
        for given in &meta.attributes {
            match &*given.name.text {
                // Nobody wrote it: it is called after its type.
                "name" if given.span == component.span => {}
                "only" | "except" => {
                    let names = self.names.references(&given.expr);
                    body.attributes.push(argument(&given.name.text, names));
                }
                "override" => {
                    let schema = self.catalog.schema(role, &component.text);
                    let overrides = self.overrides(&given.expr, schema);
                    body.attributes.push(argument("override", overrides));
                }
                name => body.attributes.push(argument(name, self.variables.renamed(&given.expr))),
            }
        }
        let schema = self.catalog.schema(role, &component.text);
        self.arguments(&own.attributes, schema, &mut body);
        block(kind, &[&component.text], body)
    }

    /// `override`: the same arguments by the names that the sources have now.
    fn overrides(&self, given: &Expr, schema: Option<&Schema>) -> Expr {
        let ExprKind::Object(items) = &*given.kind else { return given.clone() };
        let item = |item: &ObjectItem| {
            let key = string(self.names.label_at(item.key.span).unwrap_or_default());
            let value = match &*item.value.kind {
                ExprKind::Object(arguments) => {
                    let argument = |given: &ObjectItem| {
                        let ty = match &*given.key.kind {
                            ExprKind::String(name) => schema.and_then(|s| s.argument(name)),
                            _ => None,
                        };
                        let value = self.variables.renamed(&given.value);
                        let value = ty.map_or(value.clone(), |ty| adapted(value, &ty.ty));
                        ObjectItem { key: given.key.clone(), value }
                    };
                    expr(ExprKind::Object(arguments.iter().map(argument).collect()))
                }
                _ => item.value.clone(),
            };
            ObjectItem { key, value }
        };
        expr(ExprKind::Object(items.iter().map(item).collect()))
    }

    /// Adds a component's arguments to a body, as what its schema says they are.
    fn arguments(&self, given: &[Attribute], schema: Option<&Schema>, body: &mut Body) {
        for Attribute { name, expr, .. } in given {
            let nested = match schema {
                Some(schema) => schema.block(&name.text).map(|block| Some(&block.schema)),
                // Several objects are likely to be several blocks.
                None => is_of_objects(expr).then_some(None),
            };
            let Some(nested) = nested else {
                let value = self.variables.renamed(expr);
                let known = schema.and_then(|schema| schema.argument(&name.text));
                let value = known.map_or(value.clone(), |known| adapted(value, &known.ty));
                body.attributes.push(argument(&name.text, value));
                continue;
            };
            let objects = match &*expr.kind {
                ExprKind::Tuple(elements) => &elements[..],
                _ => std::slice::from_ref(expr),
            };
            for object in objects {
                let ExprKind::Object(items) = &*object.kind else { continue };
                let given: Vec<Attribute> = items
                    .iter()
                    .filter_map(|item| match &*item.key.kind {
                        ExprKind::String(name) => Some(argument(name, item.value.clone())),
                        _ => None,
                    })
                    .collect();
                let mut inside = Body::default();
                self.arguments(&given, nested, &mut inside);
                body.blocks.push(block(&name.text, &[], inside));
            }
        }
    }
}

/// A block that is written out, as all of a legacy template are.
fn written<T>(block: &Repeated<T>) -> Option<&T> {
    match block {
        Repeated::Once(block) => Some(block),
        Repeated::Each(_) => None,
    }
}

/// The steps of a chain.
fn chain(item: &ChainItem) -> Vec<&StepBlock> {
    match item {
        ChainItem::Single(step) => written(step).into_iter().collect(),
        ChainItem::Several(chain) => {
            written(chain).into_iter().flat_map(|chain| &chain.steps).filter_map(written).collect()
        }
    }
}

fn is_of_objects(expr: &Expr) -> bool {
    let is_object = |expr: &Expr| matches!(&*expr.kind, ExprKind::Object(_));
    match &*expr.kind {
        ExprKind::Tuple(elements) => !elements.is_empty() && elements.iter().all(is_object),
        _ => false,
    }
}

/// The plugin that a component is sure to come from.
fn plugin_of(component: &str) -> Option<&'static str> {
    PLUGINS.iter().copied().find(|plugin| {
        component.strip_prefix(plugin).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}
