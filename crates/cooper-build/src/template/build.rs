//! `build` blocks.

use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Block, Body, Name};
use cooper_hcl::schema::{DYNAMIC, Dynamic};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Environment, Scope, Span};

use super::registry::{self, RegistryBlock};
use super::repeat::{Elements, Expander, Repeat, Repeatable, Repeated};
use super::shape::{ArgumentShape, BlockShape, Rest, Shape, component_body};
use super::source::SourceRef;
use super::{Components, Template};
use crate::component::Role;

/// A `build` block, with its `dynamic` blocks.
#[derive(Clone, Debug)]
pub struct BuildBlock {
    /// `name`
    pub name: Option<Attribute>,
    /// `description`
    pub description: Option<Attribute>,
    /// `sources`
    pub sources: Option<Attribute>,
    /// Nested `source` blocks, in order.
    pub uses: Vec<Repeated<SourceUse>>,
    /// Whether there are more of them, of which nobody can tell what they use.
    pub misses_uses: bool,
    /// `provisioner` blocks, in order.
    pub provisioners: Vec<Repeated<StepBlock>>,
    /// `error-cleanup-provisioner` blocks, of which there may be one.
    pub error_cleanup: Vec<Repeated<StepBlock>>,
    /// `post-processor` and `post-processors` blocks, in order.
    pub chains: Vec<ChainItem>,
    /// `hcp_packer_registry` blocks, of which there may be one.
    pub registries: Vec<Repeated<RegistryBlock>>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// What a `build` block comes to when its `dynamic` blocks are expanded.
#[derive(Clone, Debug)]
pub struct ExpandedBuild {
    /// Nested `source` blocks, in order.
    pub uses: Vec<Arc<SourceUse>>,
    /// Whether there should be more of them.
    pub misses_uses: bool,
    /// `provisioner` blocks, in order.
    pub provisioners: Vec<Arc<StepBlock>>,
    /// `error-cleanup-provisioner`
    pub error_cleanup: Option<Arc<StepBlock>>,
    /// The chains of post-processors, in order; none of them is empty.
    pub chains: Vec<Vec<Arc<StepBlock>>>,
    /// `hcp_packer_registry` blocks.
    pub registries: Vec<Arc<RegistryBlock>>,
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
    /// The elements it was made for.
    pub elements: Elements,
}

/// A provisioner or post-processor block.
#[derive(Clone, Debug)]
pub struct StepBlock {
    /// The component's type: `shell`.
    pub component: Name,
    /// The arguments that every step has: `name`, `only`, `timeout`…
    pub meta: Arc<Body>,
    /// The component's own arguments.
    pub body: Arc<Body>,
    /// What a diagnostic about the block points at.
    pub header: Span,
    /// The elements it was made for.
    pub elements: Elements,
}

/// What makes chains of post-processors.
#[derive(Clone, Debug)]
pub enum ChainItem {
    /// `post-processor` blocks, each a chain of its own.
    Single(Repeated<StepBlock>),
    /// `post-processors` blocks.
    Several(Repeated<ChainBlock>),
}

/// A `post-processors` block.
#[derive(Clone, Debug)]
pub struct ChainBlock {
    /// Its post-processors, in order.
    pub steps: Vec<Repeated<StepBlock>>,
    /// The elements it was made for.
    pub elements: Elements,
}

impl BuildBlock {
    /// Adds the types of its steps.
    pub(super) fn components(&self, components: &mut Components) {
        let mut step = |step: &Repeated<StepBlock>| match step {
            Repeated::Once(step) => {
                components.names.insert(step.component.text.to_string());
            }
            Repeated::Each(_) => components.others = true,
        };
        self.provisioners.iter().chain(&self.error_cleanup).for_each(&mut step);
        for item in &self.chains {
            match item {
                ChainItem::Single(single) => step(single),
                ChainItem::Several(Repeated::Once(chain)) => chain.steps.iter().for_each(&mut step),
                ChainItem::Several(Repeated::Each(repeat)) => {
                    repeat.pattern.steps.iter().for_each(&mut step);
                }
            }
        }
    }

    /// Expands the `dynamic` blocks; what is wrong with them is recorded. With `unread` data
    /// sources, a block whose number nobody can tell is there once.
    pub(crate) fn expand(
        &self,
        scope: &Scope<'_>,
        env: Environment<'_>,
        unread: bool,
    ) -> ExpandedBuild {
        let expander = Expander::new(scope, env, unread);
        let nothing = Elements::default();
        let uses = expander.expand(&self.uses, &nothing);
        let misses_uses = self.misses_uses || expander.has_failed();
        let provisioners = expander.expand(&self.provisioners, &nothing);
        let mut error_cleanup = expander.expand(&self.error_cleanup, &nothing).into_iter();
        let first = error_cleanup.next();
        if let (Some(first), Some(second)) = (&first, error_cleanup.next()) {
            let message = "a build has at most one `error-cleanup-provisioner`";
            let error = Diagnostic::error(Code::Duplicate, message);
            let error = error.at(second.header, "a second one");
            env.diags.error(error.label(first.header, "the first one"));
        }
        let mut chains: Vec<Vec<Arc<StepBlock>>> = Vec::new();
        for item in &self.chains {
            match item {
                ChainItem::Single(step) => {
                    let steps = expander.expand(std::slice::from_ref(step), &nothing);
                    chains.extend(steps.into_iter().map(|step| vec![step]));
                }
                ChainItem::Several(chain) => {
                    let several = expander.expand(std::slice::from_ref(chain), &nothing);
                    let steps =
                        several.iter().map(|chain| expander.expand(&chain.steps, &chain.elements));
                    chains.extend(steps.filter(|chain| !chain.is_empty()));
                }
            }
        }
        let registries = expander.expand(&self.registries, &nothing);
        ExpandedBuild { uses, misses_uses, provisioners, error_cleanup: first, chains, registries }
    }
}

impl Repeatable for SourceUse {
    const LABELS: &'static [&'static str] = &["type.name"];

    fn made(&self, labels: &[Name], elements: Elements, diags: &Diagnostics) -> Option<Self> {
        let source = match labels {
            [label] => used(label, diags)?,
            _ => self.source.clone(),
        };
        Some(Self { source, elements, ..self.clone() })
    }
}

impl Repeatable for StepBlock {
    const LABELS: &'static [&'static str] = &["type"];

    fn made(&self, labels: &[Name], elements: Elements, _: &Diagnostics) -> Option<Self> {
        let component = labels.first().unwrap_or(&self.component).clone();
        Some(Self { component, elements, ..self.clone() })
    }
}

impl Repeatable for ChainBlock {
    const LABELS: &'static [&'static str] = &[];

    fn made(&self, _: &[Name], elements: Elements, _: &Diagnostics) -> Option<Self> {
        Some(Self { elements, ..self.clone() })
    }
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
            shape: &registry::SHAPE,
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
    let body = SHAPE.read_repeated(body, header, diags);
    let attribute = |name| body.attribute(name).cloned();
    let mut build = BuildBlock {
        name: attribute("name"),
        description: attribute("description"),
        sources: attribute("sources"),
        uses: Vec::new(),
        misses_uses: false,
        provisioners: Vec::new(),
        error_cleanup: Vec::new(),
        chains: Vec::new(),
        registries: Vec::new(),
        header,
    };
    for block in body.blocks {
        if &*block.kind.text == DYNAMIC {
            // What cannot be expanded was recorded.
            if let Ok(dynamic) = Dynamic::read(&block, diags) {
                build.add_dynamic(dynamic, diags);
            }
        } else {
            build.add(block, diags);
        }
    }
    template.builds.push(build);
}

impl BuildBlock {
    fn add(&mut self, block: Block, diags: &Diagnostics) {
        match &*block.kind.text {
            "source" => {
                let source = block.labels.first().and_then(|label| used(label, diags));
                if let Some(source) = source {
                    let used = source_use(source, block.body, block.header, diags);
                    self.uses.push(Repeated::Once(Arc::new(used)));
                } else {
                    self.misses_uses = true;
                }
            }
            "provisioner" => self.provisioners.extend(written(block, &PROVISIONER, diags)),
            "error-cleanup-provisioner" => {
                self.error_cleanup.extend(written(block, &PROVISIONER, diags));
            }
            "post-processor" => {
                let step = written(block, &POST_PROCESSOR, diags);
                self.chains.extend(step.map(ChainItem::Single));
            }
            "post-processors" => {
                let chain = chain(block.body, block.header, diags);
                self.chains.push(ChainItem::Several(Repeated::Once(Arc::new(chain))));
            }
            "hcp_packer_registry" => {
                self.registries.push(Repeated::from(registry::load(block, diags)));
            }
            // Unknown blocks were recorded; Packer ignores `from`.
            _ => {}
        }
    }

    fn add_dynamic(&mut self, dynamic: Dynamic, diags: &Diagnostics) {
        let (content, header) = (dynamic.content.clone(), dynamic.header);
        match &*dynamic.kind.text {
            "source" => {
                // Which source it is, each element says.
                let source = SourceRef { component: "".into(), label: "".into() };
                let pattern = source_use(source, content, header, diags);
                self.uses.push(Repeated::Each(Box::new(Repeat { dynamic, pattern })));
            }
            "provisioner" => self.provisioners.push(made(dynamic, &PROVISIONER, diags)),
            "error-cleanup-provisioner" => {
                self.error_cleanup.push(made(dynamic, &PROVISIONER, diags));
            }
            "post-processor" => {
                self.chains.push(ChainItem::Single(made(dynamic, &POST_PROCESSOR, diags)));
            }
            "post-processors" => {
                let pattern = chain(content, header, diags);
                let repeat = Repeated::Each(Box::new(Repeat { dynamic, pattern }));
                self.chains.push(ChainItem::Several(repeat));
            }
            "hcp_packer_registry" => {
                let pattern = registry::of(content, header, diags);
                self.registries.push(Repeated::Each(Box::new(Repeat { dynamic, pattern })));
            }
            // It does nothing.
            "from" => {}
            _ => SHAPE.unknown_block(&dynamic.kind, diags),
        }
    }
}

/// The source that the label of a nested `source` block means; records when it means none.
fn used(label: &Name, diags: &Diagnostics) -> Option<SourceRef> {
    let source = SourceRef::parse(&label.text);
    if source.is_none() {
        let message = format!("`{}` is not a reference to a source", label.text);
        let error = Diagnostic::error(Code::UnknownReference, message);
        let help = "write `source \"TYPE.NAME\" { … }`, such as `source \"docker.ubuntu\"`";
        diags.error(error.at(label.span, "").help(help));
    }
    source
}

fn source_use(source: SourceRef, body: Body, header: Span, diags: &Diagnostics) -> SourceUse {
    let (mut meta, body) = split(component_body(body, diags), &USE);
    let name = meta.attributes.pop();
    SourceUse { source, name, body: Arc::new(body), header, elements: Elements::default() }
}

fn step(component: Name, body: Body, header: Span, meta: &Shape, diags: &Diagnostics) -> StepBlock {
    let (meta, body) = split(component_body(body, diags), meta);
    let (meta, body) = (Arc::new(meta), Arc::new(body));
    StepBlock { component, meta, body, header, elements: Elements::default() }
}

/// A step that is written out. Without a label, which was recorded, nobody can tell what it is.
fn written(block: Block, meta: &Shape, diags: &Diagnostics) -> Option<Repeated<StepBlock>> {
    let Block { labels, body, header, .. } = block;
    let component = labels.into_iter().next()?;
    Some(Repeated::Once(Arc::new(step(component, body, header, meta, diags))))
}

/// Steps that a `dynamic` block makes. Which component they are, each element says.
fn made(dynamic: Dynamic, meta: &Shape, diags: &Diagnostics) -> Repeated<StepBlock> {
    let (component, content) = (dynamic.kind.clone(), dynamic.content.clone());
    let pattern = step(component, content, dynamic.header, meta, diags);
    Repeated::Each(Box::new(Repeat { dynamic, pattern }))
}

/// A `post-processors` block.
fn chain(body: Body, header: Span, diags: &Diagnostics) -> ChainBlock {
    let body = CHAIN.read_repeated(body, header, diags);
    let mut steps = Vec::new();
    for block in body.blocks {
        match &*block.kind.text {
            "post-processor" => steps.extend(written(block, &POST_PROCESSOR, diags)),
            DYNAMIC => match Dynamic::read(&block, diags) {
                Ok(dynamic) if &*dynamic.kind.text == "post-processor" => {
                    steps.push(made(dynamic, &POST_PROCESSOR, diags));
                }
                Ok(dynamic) => CHAIN.unknown_block(&dynamic.kind, diags),
                // It was recorded.
                Err(_) => {}
            },
            // Unknown blocks were recorded.
            _ => {}
        }
    }
    ChainBlock { steps, elements: Elements::default() }
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
