//! What each `build` block says: which sources it uses, and its steps with their policies. What
//! is wrong here is wrong with the template, whichever build is selected.

use std::collections::HashMap;
use std::sync::Arc;

use cooper_hcl::ast::Name;
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Environment, Functions, Reported, Scope, Span, Type, Value,
    did_you_mean,
};

use super::Policy;
use super::meta::{Filter, Meta, Names};
use crate::component::{Catalog, PostProcessorKind, ProvisionerKind, SourceKind};
use crate::resolve::Values;
use crate::session::Session;
use crate::template::repeat::{bind, traced};
use crate::template::{
    BuildBlock, ExpandedBuild, Language, SourceBlock, SourceRef, SourceUse, StepBlock, Template,
};

/// How many sources one build may use.
const MOST_SOURCES: usize = 10_000;

/// A `build` block.
pub(super) struct Outline<'a> {
    /// `name`, or nothing.
    pub(super) name: String,
    pub(super) uses: Vec<Use<'a>>,
    pub(super) provisioners: Vec<Provision<'a>>,
    pub(super) error_cleanup: Option<Provision<'a>>,
    pub(super) chains: Vec<Vec<Post<'a>>>,
}

/// A source used in a build.
pub(super) struct Use<'a> {
    pub(super) kind: &'a Arc<dyn SourceKind>,
    pub(super) source: &'a SourceBlock,
    /// The nested block, when it is used by one.
    pub(super) nested: Option<&'a Arc<SourceUse>>,
    /// Its name in this build.
    pub(super) name: String,
    /// As `only` and patterns name it: `docker.ubuntu`, and in a legacy template the name alone.
    pub(super) full_name: String,
    /// As it is shown: `docker.ubuntu`, but the name alone where a legacy template gives none.
    pub(super) shown: String,
    /// What `{{build_name}}` tells.
    pub(super) label: String,
}

/// A step of either kind.
pub(super) struct Step<'a, K: ?Sized> {
    pub(super) kind: &'a Arc<K>,
    pub(super) block: &'a Arc<StepBlock>,
    pub(super) name: Option<String>,
    pub(super) filter: Filter,
    /// Whether it mentions what is known only once the machine runs.
    pub(super) waits: bool,
}

/// A provisioner.
pub(super) struct Provision<'a> {
    pub(super) step: Step<'a, dyn ProvisionerKind>,
    pub(super) policy: Policy,
    pub(super) overrides: Option<Value>,
}

/// A post-processor.
pub(super) struct Post<'a> {
    pub(super) step: Step<'a, dyn PostProcessorKind>,
    pub(super) keep_input: Option<bool>,
}

/// Expands the `dynamic` blocks of every `build` block; what is wrong with them is recorded.
pub(super) fn expand(
    template: &Template,
    values: &Values,
    session: &Session,
) -> Vec<ExpandedBuild> {
    let scope = values.scope();
    let env = Environment {
        functions: &session.functions,
        system: &*session.system,
        root: &template.root,
        diags: &session.diags,
    };
    let unread = values.are_unread();
    template.builds.iter().map(|build| build.expand(&scope, env, unread)).collect()
}

/// Reads every `build` block. What cannot be read is recorded and left out.
pub(super) fn outline<'a>(
    template: &'a Template,
    expanded: &'a [ExpandedBuild],
    values: &Values,
    catalog: &'a Catalog,
    session: &Session,
) -> Vec<Outline<'a>> {
    let index = template.sources.iter().map(|source| {
        let (component, label) = (source.component.text.clone(), source.label.text.clone());
        (SourceRef { component, label }, source)
    });
    let reader = Reader {
        sources: index.rev().collect(),
        order: &template.sources,
        language: template.language,
        catalog,
        scope: values.scope(),
        unread: values.are_unread(),
        env: Environment {
            functions: &session.functions,
            system: &*session.system,
            root: &template.root,
            diags: &session.diags,
        },
    };
    if template.builds.is_empty() {
        let message = "the template has no `build` block";
        let help = "add `build { sources = [\"source.TYPE.NAME\"] }`";
        let error = Diagnostic::error(Code::NothingToBuild, message);
        session.diags.error(error.help(help));
    }
    template
        .builds
        .iter()
        .zip(expanded)
        .map(|(block, blocks)| reader.block(block, blocks))
        .collect()
}

struct Reader<'a, 's> {
    sources: HashMap<SourceRef, &'a SourceBlock>,
    order: &'a [SourceBlock],
    language: Language,
    catalog: &'a Catalog,
    scope: Scope<'s>,
    env: Environment<'s>,
    /// As [`Meta::unread`].
    unread: bool,
}

impl<'a> Reader<'a, '_> {
    fn diags(&self) -> &Diagnostics {
        self.env.diags
    }

    fn block(&self, block: &'a BuildBlock, blocks: &'a ExpandedBuild) -> Outline<'a> {
        let meta = Meta { scope: &self.scope, env: self.env, unread: self.unread };
        let name = block.name.as_ref().map(|name| meta.string(name));
        let name = name.and_then(Result::ok).flatten().unwrap_or_default();
        if let Some(description) = &block.description {
            let _ = meta.string(description);
        }

        let uses = self.uses(block, blocks, meta);
        let sources = Names {
            full: uses.iter().map(|used| used.full_name.clone()).collect(),
            short: uses.iter().map(|used| used.name.clone()).collect(),
        };
        let mut scope = self.scope.child();
        let unknown = || Value::unknown(Type::String);
        scope.bind("source", Value::object([("type", unknown()), ("name", unknown())]));
        scope.bind("build", Value::object([("name", Value::string(&name))]));
        let provision =
            |block: &'a Arc<StepBlock>, what| self.provision(block, what, &sources, &scope);
        let provisioners = blocks.provisioners.iter();
        let provisioners = provisioners.filter_map(|block| provision(block, "provisioner").ok());
        let error_cleanup = blocks.error_cleanup.as_ref();
        let error_cleanup =
            error_cleanup.and_then(|block| provision(block, "error-cleanup-provisioner").ok());
        let chain = |chain: &'a Vec<Arc<StepBlock>>| {
            chain.iter().filter_map(|block| self.post(block, &sources, &scope).ok()).collect()
        };
        Outline {
            provisioners: provisioners.collect(),
            error_cleanup,
            chains: blocks.chains.iter().map(chain).collect(),
            name,
            uses,
        }
    }

    fn uses(
        &self,
        block: &'a BuildBlock,
        blocks: &'a ExpandedBuild,
        meta: Meta<'_>,
    ) -> Vec<Use<'a>> {
        let mut uses = Vec::new();
        let mut listed = Ok(Some(Vec::new()));
        if let Some(sources) = &block.sources {
            listed = meta.strings(sources);
        }
        // That a legacy template has no builder was told.
        let nothing = self.language == Language::Hcl
            && matches!(&listed, Ok(Some(listed)) if listed.is_empty())
            && blocks.uses.is_empty();
        if nothing {
            let error = Diagnostic::error(Code::MissingArgument, "the build uses no source");
            let help = "add `sources = [\"source.TYPE.NAME\"]`";
            self.diags().error(error.at(block.header, "").help(help));
        }
        let listed = listed.ok().flatten().unwrap_or_default();
        if let Some((_, span)) = listed.get(MOST_SOURCES) {
            let message = format!("a build may use at most {MOST_SOURCES} sources");
            self.diags().error(Diagnostic::error(Code::LimitExceeded, message).at(*span, ""));
            return uses;
        }
        for (text, span) in listed {
            let Some(reference) = SourceRef::listed(&text, span, self.diags()) else { continue };
            uses.extend(self.source(&reference, span, None, None));
        }
        for nested in &blocks.uses {
            let functions = Functions::none();
            let mut scope = Scope::new();
            bind(&nested.elements, &mut scope);
            let name = traced(&nested.elements, self.diags(), |diags| {
                let env = Environment { functions: &functions, diags, ..self.env };
                let naming = match self.language {
                    Language::Hcl => Meta { scope: &scope, env, unread: self.unread },
                    Language::Legacy => meta,
                };
                nested.name.as_ref().map_or(Ok(None), |name| naming.string(name))
            });
            let Ok(name) = name else { continue };
            uses.extend(self.source(&nested.source, nested.header, Some(nested), name));
        }
        uses
    }

    fn source(
        &self,
        reference: &SourceRef,
        span: Span,
        nested: Option<&'a Arc<SourceUse>>,
        name: Option<String>,
    ) -> Option<Use<'a>> {
        let Some(source) = self.sources.get(reference) else {
            let message = format!("there is no source called `{reference}`");
            let names: Vec<String> = self
                .order
                .iter()
                .map(|source| format!("{}.{}", source.component.text, source.label.text))
                .collect();
            let help = did_you_mean(&reference.to_string(), names.iter().map(String::as_str))
                .unwrap_or_else(|| match &names[..] {
                    [] => format!(
                        "declare it: `source \"{}\" \"{}\" {{ … }}`",
                        reference.component, reference.label
                    ),
                    names => format!("the template has {}", list(names)),
                });
            let error = Diagnostic::error(Code::UnknownReference, message);
            self.diags().error(error.at(span, "").help(help));
            return None;
        };
        let component = &source.component;
        let Some(kind) = self.catalog.get_source(&component.text) else {
            let names = self.catalog.source_names().map(str::to_owned).collect();
            unknown_component("source", component, names, self.diags());
            return None;
        };
        let name = name.filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| source.label.text.to_string());
        let typed = format!("{}.{name}", component.text);
        let (full_name, shown, label) = match self.language {
            Language::Hcl => (typed.clone(), typed, source.label.text.to_string()),
            Language::Legacy if *component.text == name => {
                (name.clone(), name.clone(), name.clone())
            }
            Language::Legacy => (name.clone(), typed, name.clone()),
        };
        Some(Use { kind, source, nested, name, full_name, shown, label })
    }

    fn provision(
        &self,
        block: &'a Arc<StepBlock>,
        what: &str,
        sources: &Names,
        scope: &Scope<'_>,
    ) -> Result<Provision<'a>, Reported> {
        self.meta(block, scope, |meta| {
            let kind = self.catalog.get_provisioner(&block.component.text).ok_or_else(|| {
                let names = self.catalog.provisioner_names().map(str::to_owned).collect();
                unknown_component(what, &block.component, names, meta.env.diags)
            });
            let policy = meta.policy(&block.meta);
            let overrides = meta.overrides(&block.meta, sources);
            let step = self.step(kind, block, sources, meta);
            Ok(Provision {
                step: step?,
                policy: policy.unwrap_or_default(),
                overrides: overrides.unwrap_or_default(),
            })
        })
    }

    fn post(
        &self,
        block: &'a Arc<StepBlock>,
        sources: &Names,
        scope: &Scope<'_>,
    ) -> Result<Post<'a>, Reported> {
        self.meta(block, scope, |meta| {
            let kind = self.catalog.get_post_processor(&block.component.text).ok_or_else(|| {
                let names = self.catalog.post_processor_names().map(str::to_owned).collect();
                unknown_component("post-processor", &block.component, names, meta.env.diags)
            });
            let keep_input = meta.keep_input(&block.meta);
            let step = self.step(kind, block, sources, meta);
            Ok(Post { step: step?, keep_input: keep_input.unwrap_or_default() })
        })
    }

    /// Reads the arguments that every step has, with the elements that the block was made for.
    fn meta<T>(&self, block: &StepBlock, scope: &Scope<'_>, read: impl FnOnce(Meta<'_>) -> T) -> T {
        let mut scope = scope.child();
        bind(&block.elements, &mut scope);
        traced(&block.elements, self.diags(), |diags| {
            let env = Environment { diags, ..self.env };
            read(Meta { scope: &scope, env, unread: self.unread })
        })
    }

    /// A step. What is wrong with its name and sources was recorded: the component's own arguments
    /// are checked all the same.
    fn step<K: ?Sized>(
        &self,
        kind: Result<&'a Arc<K>, Reported>,
        block: &'a Arc<StepBlock>,
        sources: &Names,
        meta: Meta<'_>,
    ) -> Result<Step<'a, K>, Reported> {
        let name = meta.name(&block.meta).unwrap_or_default();
        let filter = meta.filter(&block.meta, sources).unwrap_or_default();
        let waits = block.body.references().iter().any(|reference| {
            let asked = reference.first().map(|first| &*first.text);
            &*reference.root.text == "build" && asked != Some("name")
        });
        Ok(Step { kind: kind?, block, name, filter, waits })
    }
}

fn unknown_component(
    what: &str,
    component: &Name,
    known: Vec<String>,
    diags: &Diagnostics,
) -> Reported {
    let name = &*component.text;
    let article = if what.starts_with('e') { "an" } else { "a" };
    let message = format!("there is no {what} type called `{name}`");
    let help = did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_else(|| {
        format!("Cooper has {}, and cannot use {article} {what} of a plugin yet", list(&known))
    });
    let error = Diagnostic::error(Code::UnknownComponent, message);
    diags.error(error.at(component.span, "").help(help))
}

/// Names for a person: the first ten of them.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 10;
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
