//! A component's arguments: the bodies they come from, and what those are evaluated with.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use cooper_hcl::ast::{Attribute, Body, Call, Expr, ExprKind, Name};
use cooper_hcl::schema::{Decoded, Part, Schema, decode_all, weakly};
use cooper_hcl::{
    Diagnostic, Diagnostics, Environment, Functions, Reported, Scope, SourceMap, Span, System,
    Type, Value,
};
use futures::future::BoxFuture;

use super::Waiting;
use super::meta::SourceOverride;
use crate::component::{
    COMMON_FACTS, Config, Facts, Origin, Phase, PostProcessor, PostProcessorKind, Provisioner,
    ProvisionerKind,
};
use crate::failure::Failure;
use crate::lock::Lock;
use crate::resolve::Values;
use crate::secret::Secrets;
use crate::template::Elements;
use crate::template::repeat::bind;

/// The name that a step's `override` has while it is evaluated; no template can write it.
const OVERRIDE: &str = "override of the step";

/// What a fact is when the source does not give it, as in Packer.
const MISSING_FACT: &str = "<unknown>";

/// What arguments are evaluated with, the same for all components.
pub(super) struct Shared {
    pub(super) values: Values,
    pub(super) functions: Arc<Functions>,
    pub(super) system: Arc<dyn System>,
    pub(super) secrets: Secrets,
    pub(super) lock: Arc<Lock>,
    pub(super) root: PathBuf,
    pub(super) sources: Arc<SourceMap>,
}

/// What all components of one build have in common.
#[derive(Clone)]
pub(super) struct BuildScope {
    pub(super) shared: Arc<Shared>,
    pub(super) origin: Arc<Origin>,
    /// `source`
    pub(super) source: Value,
    /// `build.name`
    pub(super) name: String,
    /// The names that `build` has besides.
    pub(super) facts: Vec<String>,
}

/// What a post-processor's artifact came through: part of what its chain consists of.
#[derive(Clone, Default)]
pub(super) struct Before {
    /// The kinds of the source and of all post-processors of the chain.
    pub(super) chain: Arc<[String]>,
    /// How many of them come before this one.
    pub(super) count: usize,
}

impl Before {
    fn kinds(&self) -> &[String] {
        &self.chain[..self.count]
    }
}

/// The arguments of one component in one build.
#[derive(Clone)]
pub(super) struct Arguments {
    pub(super) scope: Arc<BuildScope>,
    /// Read as if they were one, each with the elements that it was made for.
    pub(super) bodies: Vec<(Arc<Body>, Elements)>,
    /// What a diagnostic about the block points at.
    pub(super) header: Span,
    /// What `override` says for this source.
    pub(super) overrides: Option<SourceOverride>,
    /// The components before it, for a post-processor.
    pub(super) before: Before,
}

impl BuildScope {
    /// `build` once the machine runs. Facts that were not announced are there too.
    fn known_facts(&self, facts: &Facts) -> Value {
        let missing = self.facts.iter().filter(|name| !facts.contains_key(*name));
        let missing = missing.map(|name| (&**name, Value::string(MISSING_FACT)));
        let known = facts.iter().map(|(name, value)| (name.as_str(), value.clone()));
        Value::object(known.chain(missing).chain([("name", Value::string(&self.name))]))
    }
}

/// `build` before the machine runs.
pub(super) fn facts_to_come(facts: &[String], name: Value) -> Value {
    let facts = facts.iter().map(|name| (&**name, Value::unknown(fact_type(name))));
    Value::object(facts.chain([("name", name)]))
}

/// What is known of a fact before it is known.
fn fact_type(name: &str) -> Type {
    match name {
        "Port" | "PackerHTTPPort" => Type::Any,
        name if COMMON_FACTS.contains(&name) => Type::String,
        _ => Type::Any,
    }
}

/// What `build` is while arguments are read.
#[derive(Clone, Copy)]
pub(super) enum BuildFacts<'a> {
    /// Not there: a source's arguments.
    None,
    /// Announced.
    ToCome,
    /// Known.
    Known(&'a Facts),
}

impl Arguments {
    /// Reads the arguments by a component's schema. What could not be read is unknown.
    pub(super) fn decode(
        &self,
        schema: &Schema,
        facts: BuildFacts<'_>,
        diags: &Diagnostics,
    ) -> (Decoded, Result<(), Reported>) {
        let BuildScope { shared, source, .. } = &*self.scope;
        let mut scope = shared.values.scope();
        scope.bind("source", source.clone());
        match facts {
            BuildFacts::None => {}
            BuildFacts::ToCome => {
                scope.bind(
                    "build",
                    facts_to_come(&self.scope.facts, Value::string(&self.scope.name)),
                );
            }
            BuildFacts::Known(facts) => {
                scope.bind("build", self.scope.known_facts(facts));
            }
        }
        let env = Environment {
            functions: &shared.functions,
            system: &*shared.system,
            root: &shared.root,
            diags,
        };
        if let Some(overrides) = &self.overrides {
            scope.bind(OVERRIDE, taken(overrides, schema));
        }
        let bodies = self.bodies.iter().map(|(body, elements)| {
            let mut scope = scope.child();
            bind(elements, &mut scope);
            match &self.overrides {
                Some(overrides) => (Cow::Owned(overridden(body, overrides, schema)), scope),
                None => (Cow::Borrowed(&**body), scope),
            }
        });
        let bodies: Vec<(Cow<'_, Body>, Scope<'_>)> = bodies.collect();
        let parts: Vec<Part<'_>> =
            bodies.iter().map(|(body, scope)| Part { body, scope }).collect();
        decode_all(&parts, self.header, schema, env)
    }

    /// The arguments as a component gets them.
    pub(super) fn config<'a>(
        &'a self,
        decoded: Decoded,
        phase: Phase<'a>,
        diags: &'a Diagnostics,
        doubtful: &'a Diagnostics,
    ) -> Config<'a> {
        let BuildScope { shared, origin, .. } = &*self.scope;
        Config {
            value: decoded.value,
            places: decoded.places,
            sources: &shared.sources,
            origin: Origin::clone(origin),
            facts: &self.scope.facts,
            before: self.before.kinds(),
            phase,
            diags,
            doubtful,
            system: &shared.system,
            secrets: &shared.secrets,
            lock: &shared.lock,
        }
    }
}

/// What `override` says. Like Packer, it takes a text for a list, and a number for a truth.
fn taken(overrides: &SourceOverride, schema: &Schema) -> Value {
    Value::object(overrides.arguments.iter().map(|(argument, value)| {
        let value = match schema.argument(argument) {
            Some(known) => weakly(value.clone(), &known.ty),
            None => value.clone(),
        };
        (argument.clone(), value)
    }))
}

/// A body in which the arguments that `override` gives are replaced by it; maps are merged.
fn overridden(body: &Body, overrides: &SourceOverride, schema: &Schema) -> Body {
    let mut body = body.clone();
    for (argument, value) in &*overrides.arguments {
        if value.is_null() {
            continue;
        }
        let given = body.attributes.iter().position(|attribute| attribute.name.text == *argument);
        let given = given.map(|index| body.attributes.remove(index));
        let span = overrides.place(argument);
        let name = Name { text: argument.clone(), span };
        let target = Expr { kind: Arc::new(ExprKind::Variable(OVERRIDE.into())), span };
        let mut expr = Expr { kind: Arc::new(ExprKind::Attr { target, name: name.clone() }), span };
        let is_map = schema.argument(argument).is_some_and(|a| matches!(a.ty, Type::Map(_)));
        if let Some(given) = given.filter(|_| is_map) {
            let merge = Name { text: "merge".into(), span };
            let call = Call { name: merge, args: vec![given.expr, expr], expand: None };
            expr = Expr { kind: Arc::new(ExprKind::Call(call)), span };
        }
        body.attributes.push(Attribute { name, expr, span });
    }
    body
}

/// What kinds of provisioners and of post-processors have in common.
pub(super) trait StepKind: Send + Sync {
    /// What is made.
    type Component: ?Sized;

    /// Finds out what its arguments are.
    fn open_step(&self) -> BoxFuture<'_, Result<(), Failure>>;

    /// Its arguments.
    fn step_schema(&self) -> &Schema;

    /// Makes one of its arguments.
    fn prepare_step<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<Self::Component>, Reported>>;
}

impl StepKind for dyn ProvisionerKind {
    type Component = dyn Provisioner;

    fn open_step(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.open()
    }

    fn step_schema(&self) -> &Schema {
        self.schema()
    }

    fn prepare_step<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Provisioner>, Reported>> {
        self.prepare(config)
    }
}

impl StepKind for dyn PostProcessorKind {
    type Component = dyn PostProcessor;

    fn open_step(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.open()
    }

    fn step_schema(&self) -> &Schema {
        self.schema()
    }

    fn prepare_step<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn PostProcessor>, Reported>> {
        self.prepare(config)
    }
}

/// A step whose arguments are evaluated once the facts are known.
pub(super) struct WaitingStep<K: ?Sized> {
    pub(super) kind: Arc<K>,
    pub(super) arguments: Arguments,
}

impl<K: StepKind + ?Sized> Waiting<K::Component> for WaitingStep<K> {
    fn prepare<'a>(
        &'a self,
        facts: &'a Facts,
    ) -> BoxFuture<'a, Result<Box<K::Component>, Failure>> {
        Box::pin(async move {
            self.kind.open_step().await?;
            let diags = Diagnostics::new();
            let (decoded, read) =
                self.arguments.decode(self.kind.step_schema(), BuildFacts::Known(facts), &diags);
            let prepared = match read {
                Ok(()) => {
                    let config = self.arguments.config(decoded, Phase::Run(facts), &diags, &diags);
                    self.kind.prepare_step(config).await
                }
                Err(reported) => Err(reported),
            };
            prepared.map_err(|_| self.arguments.failure(&diags))
        })
    }
}

impl Arguments {
    /// What was recorded, as trouble of a run.
    fn failure(&self, diags: &Diagnostics) -> Failure {
        let sources = &self.scope.shared.sources;
        let tell = |diagnostic: &Diagnostic| match &diagnostic.primary {
            Some(label) => match sources.locate(label.span) {
                Some(place) => format!("{place}: {}", diagnostic.message),
                None => diagnostic.message.clone(),
            },
            None => diagnostic.message.clone(),
        };
        let found = diags.to_vec();
        let text = found.iter().map(tell).collect::<Vec<_>>().join("; ");
        let failure = Failure::new("the arguments cannot be used with the facts of this build");
        let failure = failure.caused_by(text);
        match found.into_iter().find_map(|diagnostic| diagnostic.help) {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
