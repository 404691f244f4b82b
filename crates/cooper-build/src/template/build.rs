//! `build` blocks.

use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Block, Body, Name};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Span};

use super::Template;
use super::shape::{ArgumentShape, BlockShape, Rest, Shape, component_body};
use super::source::SourceRef;
use crate::component::Role;

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

/// A `build` block.
pub(super) static SHAPE: Shape = Shape {
    what: "a `build` block",
    arguments: &[
        ArgumentShape::new("name", "string", "What the names of its builds begin with."),
        ArgumentShape::new("description", "string", "For people who read the template."),
        ArgumentShape::new(
            "sources",
            "list(string)",
            "The sources that the machines are made from: `[\"source.docker.ubuntu\"]`. Each of \
             them is a build of its own.",
        ),
    ],
    blocks: &[
        BlockShape {
            name: "source",
            labels: &["type.name"],
            doc: "Uses a source, with a name or arguments of its own in this build.",
            shape: &USE,
        },
        BlockShape {
            name: "provisioner",
            labels: &["type"],
            doc: "Changes the running machine. Provisioners run in the order they are written.",
            shape: &PROVISIONER,
        },
        BlockShape {
            name: "error-cleanup-provisioner",
            labels: &["type"],
            doc: "A provisioner that runs when another one has failed, before the machine goes.",
            shape: &PROVISIONER,
        },
        BlockShape {
            name: "post-processor",
            labels: &["type"],
            doc: "Makes something of the source's artifact.",
            shape: &POST_PROCESSOR,
        },
        BlockShape {
            name: "post-processors",
            labels: &[],
            doc: "A chain: each of its post-processors works on what the one before it made.",
            shape: &CHAIN,
        },
        BlockShape {
            name: "hcp_packer_registry",
            labels: &[],
            doc: "Has no effect: Cooper does not report to HCP Packer.",
            shape: &REGISTRY,
        },
        BlockShape {
            name: "from",
            labels: &["type"],
            doc: "Has no effect, as in Packer.",
            shape: &FROM,
        },
    ],
    rest: Rest::Nothing,
};

/// A `hcp_packer_registry` block.
pub(super) static REGISTRY: Shape = Shape {
    what: "a `hcp_packer_registry` block",
    arguments: &[],
    blocks: &[],
    rest: Rest::Anything,
};

static FROM: Shape =
    Shape { what: "a `from` block", arguments: &[], blocks: &[], rest: Rest::Anything };

static CHAIN: Shape = Shape {
    what: "a `post-processors` block",
    arguments: &[],
    blocks: &[BlockShape {
        name: "post-processor",
        labels: &["type"],
        doc: "Makes something of what the one before it made; the first, of the source's artifact.",
        shape: &POST_PROCESSOR,
    }],
    rest: Rest::Nothing,
};

static USE: Shape = Shape {
    what: "a `source` block",
    arguments: &[ArgumentShape::new(
        "name",
        "string",
        "What the source is called in this build; its label when nothing is given.",
    )],
    blocks: &[],
    rest: Rest::Component(Role::Source),
};

const NAME: ArgumentShape =
    ArgumentShape::new("name", "string", "A name for messages and for `-except`.");

const ONLY: ArgumentShape = ArgumentShape::new(
    "only",
    "list(string)",
    "The sources that the step is for, `[\"docker.base\"]`; it is left out for all others.",
);

const EXCEPT: ArgumentShape =
    ArgumentShape::new("except", "list(string)", "The sources that the step is not for.");

/// What every provisioner may be given besides its own arguments.
pub static PROVISIONER: Shape = Shape {
    what: "a `provisioner` block",
    arguments: &[
        NAME,
        ONLY,
        EXCEPT,
        ArgumentShape::new("pause_before", "duration", "How long to wait before every attempt."),
        ArgumentShape::new(
            "timeout",
            "duration",
            "How long an attempt may take; the command is ended then.",
        ),
        ArgumentShape::new("max_retries", "number", "How many more attempts follow a failure."),
        ArgumentShape::new(
            "continue_on_error",
            "bool",
            "Whether the build goes on when the step has failed.",
        ),
        ArgumentShape::new(
            "override",
            "object",
            "Other arguments for some sources: `{ base = { inline = [\"…\"] } }`.",
        ),
    ],
    blocks: &[],
    rest: Rest::Component(Role::Provisioner),
};

/// What every post-processor may be given besides its own arguments.
pub static POST_PROCESSOR: Shape = Shape {
    what: "a `post-processor` block",
    arguments: &[
        NAME,
        ONLY,
        EXCEPT,
        ArgumentShape::new(
            "keep_input_artifact",
            "bool",
            "Whether what the step was given stays when it is done.",
        ),
    ],
    blocks: &[],
    rest: Rest::Component(Role::PostProcessor),
};

pub(super) fn load(block: Block, template: &mut Template, diags: &Diagnostics) {
    let Block { body, header, .. } = block;
    let body = SHAPE.read(body, header, diags);
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
                build.provisioners.push(step(component, block, &PROVISIONER, diags));
            }
            ("error-cleanup-provisioner", [component]) => {
                let component = component.clone();
                let step = step(component, block, &PROVISIONER, diags);
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
                build.chains.push(vec![step(component, block, &POST_PROCESSOR, diags)]);
            }
            ("post-processors", []) => {
                let body = CHAIN.read(block.body, block.header, diags);
                let mut chain = Vec::new();
                for block in body.blocks {
                    if let ("post-processor", [component]) = (&*block.kind.text, &block.labels[..])
                    {
                        let component = component.clone();
                        chain.push(step(component, block, &POST_PROCESSOR, diags));
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
    let Some(source) = SourceRef::parse(&label.text) else {
        let message = format!("`{}` is not a reference to a source", label.text);
        let error = Diagnostic::error(Code::UnknownReference, message);
        let help = "write `source \"TYPE.NAME\" { … }`, such as `source \"docker.ubuntu\"`";
        diags.error(error.at(label.span, "").help(help));
        return None;
    };
    let Block { body, header, .. } = block;
    let (mut meta, body) = split(component_body(body, diags), &USE);
    let name = meta.attributes.pop();
    Some(SourceUse { source, name, body: Arc::new(body), header })
}

fn step(component: Name, block: Block, meta: &Shape, diags: &Diagnostics) -> StepBlock {
    let Block { body, header, .. } = block;
    let (meta, body) = split(component_body(body, diags), meta);
    StepBlock { component, meta, body: Arc::new(body), header }
}

/// Takes the arguments that the shape lists out of a body.
fn split(body: Body, shape: &Shape) -> (Body, Body) {
    let Body { attributes, blocks, span, json } = body;
    let (taken, rest) = attributes
        .into_iter()
        .partition(|attribute| shape.argument(&attribute.name.text).is_some());
    let taken = Body { attributes: taken, blocks: Vec::new(), span, json: json.clone() };
    (taken, Body { attributes: rest, blocks, span, json })
}
