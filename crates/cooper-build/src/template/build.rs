//! `build` blocks.

use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Block, Body, Name};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Span};

use super::Template;
use super::shape::{Shape, check_duplicates, check_no_dynamic};
use super::source::SourceRef;

/// A `build` block.
#[derive(Clone, Debug)]
pub struct BuildBlock {
    /// `name`
    pub name: Option<Attribute>,
    /// `description`
    pub description: Option<Attribute>,
    /// `sources`
    pub sources: Option<Attribute>,
    /// Nested `source` blocks, in order.
    pub uses: Vec<SourceUse>,
    /// `provisioner` blocks, in order.
    pub provisioners: Vec<StepBlock>,
    /// `error-cleanup-provisioner`
    pub error_cleanup: Option<StepBlock>,
    /// `post-processor` blocks, each a chain of one, and `post-processors` blocks.
    pub chains: Vec<Vec<StepBlock>>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// A `source` block inside a `build` block.
#[derive(Clone, Debug)]
pub struct SourceUse {
    /// The source it uses.
    pub source: SourceRef,
    /// `name`
    pub name: Option<Attribute>,
    /// What it adds to the source's arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// A provisioner or post-processor block.
#[derive(Clone, Debug)]
pub struct StepBlock {
    /// The component's type: `shell`.
    pub component: Name,
    /// The arguments that every step has: `name`, `only`, `timeout`…
    pub meta: Body,
    /// The component's own arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

const SHAPE: Shape<'static> = Shape {
    what: "a `build` block",
    arguments: &["name", "description", "sources"],
    required: &[],
    blocks: &[
        ("source", &["type.name"]),
        ("provisioner", &["type"]),
        ("error-cleanup-provisioner", &["type"]),
        ("post-processor", &["type"]),
        ("post-processors", &[]),
        ("hcp_packer_registry", &[]),
        ("from", &["type"]),
    ],
};

const CHAIN: Shape<'static> = Shape {
    what: "a `post-processors` block",
    arguments: &[],
    required: &[],
    blocks: &[("post-processor", &["type"])],
};

/// What every provisioner may be given besides its own arguments.
const PROVISIONER_META: &[&str] = &[
    "name",
    "only",
    "except",
    "pause_before",
    "timeout",
    "max_retries",
    "continue_on_error",
    "override",
];

/// What every post-processor may be given besides its own arguments.
const POST_PROCESSOR_META: &[&str] = &["name", "only", "except", "keep_input_artifact"];

pub(super) fn load(block: Block, template: &mut Template, diags: &Diagnostics) {
    let Block { body, header, .. } = block;
    SHAPE.check(&body, header, diags);
    let attribute = |name| body.attribute(name).cloned();
    let mut build = BuildBlock {
        name: attribute("name"),
        description: attribute("description"),
        sources: attribute("sources"),
        uses: Vec::new(),
        provisioners: Vec::new(),
        error_cleanup: None,
        chains: Vec::new(),
        header,
    };
    for block in body.blocks {
        match (&*block.kind.text, &block.labels[..]) {
            ("source", [label]) => {
                let label = label.clone();
                build.uses.extend(source_use(&label, block, diags));
            }
            ("provisioner", [component]) => {
                let component = component.clone();
                build.provisioners.push(step(component, block, PROVISIONER_META, diags));
            }
            ("error-cleanup-provisioner", [component]) => {
                let component = component.clone();
                let step = step(component, block, PROVISIONER_META, diags);
                if let Some(first) = &build.error_cleanup {
                    let message = "a build has at most one `error-cleanup-provisioner`";
                    let error = Diagnostic::error(Code::Duplicate, message);
                    let error = error.at(step.header, "a second one");
                    diags.error(error.label(first.header, "the first one"));
                } else {
                    build.error_cleanup = Some(step);
                }
            }
            ("post-processor", [component]) => {
                let component = component.clone();
                build.chains.push(vec![step(component, block, POST_PROCESSOR_META, diags)]);
            }
            ("post-processors", []) => {
                CHAIN.check(&block.body, block.header, diags);
                let mut chain = Vec::new();
                for block in block.body.blocks {
                    if let ("post-processor", [component]) = (&*block.kind.text, &block.labels[..])
                    {
                        let component = component.clone();
                        chain.push(step(component, block, POST_PROCESSOR_META, diags));
                    }
                }
                if !chain.is_empty() {
                    build.chains.push(chain);
                }
            }
            ("hcp_packer_registry", []) => {
                let message =
                    "`hcp_packer_registry` has no effect: Cooper does not report to HCP Packer";
                let warning = Diagnostic::warning(Code::NoEffect, message);
                diags.warn(warning.at(block.header, "").help("remove the block"));
            }
            // Wrong labels and unknown blocks were recorded; Packer ignores `from`.
            _ => {}
        }
    }
    template.builds.push(build);
}

fn source_use(label: &Name, block: Block, diags: &Diagnostics) -> Option<SourceUse> {
    check_duplicates(&block.body, diags);
    check_no_dynamic(&block.body, diags);
    let Some(source) = SourceRef::parse(&label.text) else {
        let message = format!("`{}` is not a reference to a source", label.text);
        let error = Diagnostic::error(Code::UnknownReference, message);
        let help = "write `source \"TYPE.NAME\" { … }`, such as `source \"docker.ubuntu\"`";
        diags.error(error.at(label.span, "").help(help));
        return None;
    };
    let Block { body, header, .. } = block;
    let (mut meta, body) = split(body, &["name"]);
    let name = meta.attributes.pop();
    Some(SourceUse { source, name, body: Arc::new(body), header })
}

fn step(component: Name, block: Block, meta: &[&str], diags: &Diagnostics) -> StepBlock {
    check_duplicates(&block.body, diags);
    check_no_dynamic(&block.body, diags);
    let Block { body, header, .. } = block;
    let (meta, body) = split(body, meta);
    StepBlock { component, meta, body: Arc::new(body), header }
}

/// Takes the arguments of these names out of a body.
fn split(body: Body, names: &[&str]) -> (Body, Body) {
    let Body { attributes, blocks, span } = body;
    let (taken, rest) =
        attributes.into_iter().partition(|attribute| names.contains(&&*attribute.name.text));
    let taken = Body { attributes: taken, blocks: Vec::new(), span };
    (taken, Body { attributes: rest, blocks, span })
}
