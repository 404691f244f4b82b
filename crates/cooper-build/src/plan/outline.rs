//! What each `build` block says: which sources it uses, and its steps with their policies. What
//! is wrong here is wrong with the template, whichever build is selected.

use std::collections::HashMap;
use std::sync::Arc;

use cooper_hcl::ast::Name;
use cooper_hcl::schema::check_expressions;
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Environment, Functions, Reported, Scope, Span, Type, Value,
    did_you_mean, nearest,
};

use super::arguments::facts_to_come;
use super::meta::{Filter, Meta, Names, Override};
use super::{Policy, registry};
use crate::component::{Catalog, PostProcessorKind, ProvisionerKind, SourceKind};
use crate::resolve::Values;
use crate::session::Session;
use crate::template::legacy::check_builders;
use crate::template::repeat::{bind, traced};
use crate::template::{
    BuildBlock, Elements, ExpandedBuild, Language, SourceBlock, SourceRef, SourceUse, StepBlock,
    Template,
};

/// How many sources one build may use.
const MOST_SOURCES: usize = 10_000;

/// A `build` block.
pub(super) struct Outline<'a> {
    /// `name`, or nothing.
    pub(super) name: String,
    pub(super) uses: Vec<Use<'a>>,
    /// What is known of the sources that it should use and that are not there, if there are any.
    pub(super) absent: Option<Absent<'a>>,
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

/// Sources that a build means to use and that are not there, or that nobody can tell.
#[derive(Default)]
pub(super) struct Absent<'a> {
    /// What they are called, as [`Use::full_name`] has it.
    pub(super) names: Vec<String>,
    /// Whether there may be others, whose names nobody can tell.
    pub(super) nameless: bool,
    /// The type of all of them, where they have one.
    pub(super) component: Option<Arc<str>>,
    /// The sources that were probably meant.
    pub(super) meant: Vec<Use<'a>>,
}

/// A source that is not there.
struct Missing<'a> {
    /// As [`Use::full_name`] has it.
    name: String,
    component: Arc<str>,
    /// The source that was probably meant.
    meant: Option<Box<Use<'a>>>,
}

/// What was found out about sources that are not there.
#[derive(Default)]
struct Absents<'a> {
    missing: Vec<Missing<'a>>,
    /// As [`Absent::nameless`].
    nameless: bool,
}

impl<'a> Absents<'a> {
    fn add(&mut self, missing: Missing<'a>) {
        self.missing.push(missing);
    }

    /// What is known of them, when there are any. A source that the build uses anyway was not meant.
    fn known(self, is_used: impl Fn(&SourceBlock) -> bool) -> Option<Absent<'a>> {
        let first = self.missing.first().map(|missing| missing.component.clone());
        if first.is_none() && !self.nameless {
            return None;
        }
        let same = |first: &Arc<str>| self.missing.iter().all(|other| other.component == *first);
        let component = first.filter(|first| !self.nameless && same(first));
        let (names, meant): (Vec<_>, Vec<_>) =
            self.missing.into_iter().map(|missing| (missing.name, missing.meant)).unzip();
        let meant = meant.into_iter().flatten().map(|used| *used);
        let meant = meant.filter(|used| !is_used(used.source)).collect();
        Some(Absent { names, nameless: self.nameless, component, meant })
    }
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
    pub(super) overrides: Option<Override>,
}

/// A post-processor.
pub(super) struct Post<'a> {
    pub(super) step: Step<'a, dyn PostProcessorKind>,
    pub(super) keep_input: Option<bool>,
    /// Whether nobody can tell what comes before it in its chain.
    pub(super) is_after_unknown: bool,
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
    if template.language == Language::Legacy {
        check_builders(template, &session.diags);
    }
    registry::check_count(template.registries.iter().map(|block| block.header), &session.diags);
    let meta = Meta { scope: &reader.scope, env: reader.env, unread: reader.unread };
    template.registries.iter().for_each(|block| registry::check(&block.body, meta));
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

        let (uses, absent) = self.uses(block, blocks, meta);
        let sources = self.names(&uses, absent.as_ref());
        let mut scope = self.scope.child();
        scope.bind("source", unknown_source());
        scope.bind("build", Value::object([("name", Value::string(&name))]));
        registry::check_count(blocks.registries.iter().map(|block| block.header), self.diags());
        let mut outside = self.scope.child();
        outside.bind("source", unknown_source());
        for block in &blocks.registries {
            self.meta(&block.elements, &outside, |meta| registry::check(&block.body, meta));
        }
        let provision =
            |block: &'a Arc<StepBlock>, what| self.provision(block, what, &sources, &scope);
        let provisioners = blocks.provisioners.iter();
        let provisioners = provisioners.filter_map(|block| provision(block, "provisioner").ok());
        let error_cleanup = blocks.error_cleanup.as_ref();
        let error_cleanup =
            error_cleanup.and_then(|block| provision(block, "error-cleanup-provisioner").ok());
        let chain = |chain: &'a Vec<Arc<StepBlock>>| {
            let mut is_after_unknown = false;
            let mut posts = Vec::new();
            for block in chain {
                match self.post(block, &sources, &scope) {
                    Ok(post) => posts.push(Post { is_after_unknown, ..post }),
                    Err(_) => is_after_unknown = true,
                }
            }
            posts
        };
        Outline {
            provisioners: provisioners.collect(),
            error_cleanup,
            chains: blocks.chains.iter().map(chain).collect(),
            name,
            uses,
            absent,
        }
    }

    /// What steps may call their sources.
    fn names(&self, uses: &[Use<'a>], absent: Option<&Absent<'a>>) -> Names {
        let absent_names = absent.map_or(&[][..], |absent| &absent.names);
        let meant = absent.map_or(&[][..], |absent| &absent.meant);
        let short = |name: &String| match self.language {
            Language::Hcl => name.split_once('.').map_or(name.clone(), |(_, name)| name.to_owned()),
            Language::Legacy => name.clone(),
        };
        let known = || uses.iter().chain(meant);
        let full = known().map(|used| used.full_name.clone());
        let names = known().map(|used| used.name.clone());
        Names {
            full: full.chain(absent_names.iter().cloned()).collect(),
            short: names.chain(absent_names.iter().map(short)).collect(),
            nameless: absent.is_some_and(|absent| absent.nameless),
        }
    }

    /// The sources that a build uses, and what is known of those that are not there.
    fn uses(
        &self,
        block: &'a BuildBlock,
        blocks: &'a ExpandedBuild,
        meta: Meta<'_>,
    ) -> (Vec<Use<'a>>, Option<Absent<'a>>) {
        let mut uses = Vec::new();
        let mut absent = Absents::default();
        let mut listed = Ok(Some(Vec::new()));
        if let Some(sources) = &block.sources {
            listed = meta.strings(sources);
        }
        absent.nameless = blocks.misses_uses || !matches!(listed, Ok(Some(_)));
        let listed = listed.ok().flatten().unwrap_or_default();
        if listed.is_empty() && blocks.uses.is_empty() && !absent.nameless {
            absent.nameless = true;
            // That a legacy template has no builder was told.
            if self.language == Language::Hcl {
                let error = Diagnostic::error(Code::MissingArgument, "the build uses no source");
                let help = "add `sources = [\"source.TYPE.NAME\"]`";
                self.diags().error(error.at(block.header, "").help(help));
            }
        }
        if let Some((_, span)) = listed.get(MOST_SOURCES) {
            let message = format!("a build may use at most {MOST_SOURCES} sources");
            self.diags().error(Diagnostic::error(Code::LimitExceeded, message).at(*span, ""));
            return (uses, Some(Absent { nameless: true, ..Absent::default() }));
        }
        for (text, span) in listed {
            match SourceRef::listed(&text, span, self.diags()) {
                Some(reference) => match self.source(&reference, span, None, None) {
                    Ok(used) => uses.push(used),
                    Err(missing) => absent.add(missing),
                },
                None => absent.nameless = true,
            }
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
            match name {
                Ok(name) => match self.source(&nested.source, nested.header, Some(nested), name) {
                    Ok(used) => uses.push(used),
                    Err(missing) => absent.add(missing),
                },
                Err(_) => absent.nameless = true,
            }
        }
        let is_used =
            |source: &SourceBlock| uses.iter().any(|used| std::ptr::eq(used.source, source));
        let absent = absent.known(is_used);
        (uses, absent)
    }

    /// The source that is meant. What is wrong with it is recorded.
    fn source(
        &self,
        reference: &SourceRef,
        span: Span,
        nested: Option<&'a Arc<SourceUse>>,
        name: Option<String>,
    ) -> Result<Use<'a>, Missing<'a>> {
        let name = name.filter(|name| !name.is_empty());
        let missing = |meant: Option<Use<'a>>| {
            let label = name.clone().unwrap_or_else(|| reference.label.to_string());
            let name = match self.language {
                Language::Hcl => format!("{}.{label}", reference.component),
                Language::Legacy => label,
            };
            let component = reference.component.clone();
            Missing { name, component, meant: meant.map(Box::new) }
        };
        let Some(source) = self.sources.get(reference) else {
            let message = format!("there is no source called `{reference}`");
            let shown =
                |source: &SourceBlock| format!("{}.{}", source.component.text, source.label.text);
            let names: Vec<String> = self.order.iter().map(shown).collect();
            let text = reference.to_string();
            let near = nearest(&text, names.iter().map(String::as_str));
            let help = match (near, &names[..]) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, []) => format!(
                    "declare it: `source \"{}\" \"{}\" {{ … }}`",
                    reference.component, reference.label
                ),
                (None, names) => format!("the template has {}", list(names)),
            };
            let error = Diagnostic::error(Code::UnknownReference, message);
            self.diags().error(error.at(span, "").help(help));
            let meant = self.order.iter().find(|&source| Some(&*shown(source)) == near);
            let meant = meant.and_then(|source| self.used(source, nested, name.clone()));
            return Err(missing(meant));
        };
        self.used(source, nested, name.clone()).ok_or_else(|| {
            let component = &source.component;
            let names = self.catalog.source_names().map(str::to_owned).collect();
            unknown_component("source", component, names, self.diags());
            let mut scope = self.scope.child();
            scope.bind("source", unknown_source());
            check_expressions(&source.body, &scope, self.env);
            missing(None)
        })
    }

    /// The use of a source whose type there is.
    fn used(
        &self,
        source: &'a SourceBlock,
        nested: Option<&'a Arc<SourceUse>>,
        name: Option<String>,
    ) -> Option<Use<'a>> {
        let kind = self.catalog.get_source(&source.component.text)?;
        let component = &source.component;
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
        self.meta(&block.elements, scope, |meta| {
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
        self.meta(&block.elements, scope, |meta| {
            let kind = self.catalog.get_post_processor(&block.component.text).ok_or_else(|| {
                let names = self.catalog.post_processor_names().map(str::to_owned).collect();
                unknown_component("post-processor", &block.component, names, meta.env.diags)
            });
            let keep_input = meta.keep_input(&block.meta);
            let step = self.step(kind, block, sources, meta);
            let keep_input = keep_input.unwrap_or_default();
            Ok(Post { step: step?, keep_input, is_after_unknown: false })
        })
    }

    /// Reads the arguments that every step has, with the elements that the block was made for.
    fn meta<T>(
        &self,
        elements: &Elements,
        scope: &Scope<'_>,
        read: impl FnOnce(Meta<'_>) -> T,
    ) -> T {
        let mut scope = scope.child();
        bind(elements, &mut scope);
        traced(elements, self.diags(), |diags| {
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
        if kind.is_err() {
            // What it takes is not known; what its expressions mention is.
            let mut scope = meta.scope.child();
            let facts = self.catalog.facts_of(None);
            scope.bind("build", facts_to_come(&facts, Value::unknown(Type::String)));
            check_expressions(&block.body, &scope, meta.env);
        }
        Ok(Step { kind: kind?, block, name, filter, waits })
    }
}

/// `source`, where nobody can tell which one it is.
pub(super) fn unknown_source() -> Value {
    let unknown = || Value::unknown(Type::String);
    Value::object([("type", unknown()), ("name", unknown())])
}

fn unknown_component(
    what: &str,
    component: &Name,
    known: Vec<String>,
    diags: &Diagnostics,
) -> Reported {
    let name = &*component.text;
    let message = format!("there is no {what} type called `{name}`");
    let help = did_you_mean(name, known.iter().map(String::as_str))
        .unwrap_or_else(|| format!("there are {}; others come with plugins", list(&known)));
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
