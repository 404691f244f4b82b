//! One build's components, prepared as far as they can be.

use std::sync::Arc;

use cooper_hcl::ast::{Body, Name};
use cooper_hcl::schema::Decoded;
use cooper_hcl::{Diagnostics, Reported, Span};
use futures::future::BoxFuture;

use super::arguments::{Arguments, Before, BuildFacts, BuildScope, StepKind, WaitingStep};
use super::meta::{Override, SourceOverride};
use super::outline::{Absent, Outline, Post, Provision, Step, Use};
use super::{BuildPlan, Pending, PostStep, ProvisionStep, SourceStep};
use crate::component::{Catalog, Config, Phase, PostProcessorKind, ProvisionerKind, not_open};
use crate::event::BuildId;
use crate::failure::Failure;
use crate::template::Elements;
use crate::template::repeat::traced;

/// What became of a selected build.
pub(super) enum Prepared {
    /// It can run.
    Ready(Box<BuildPlan>),
    /// Nothing is wrong with it as far as it can be told without asking data sources.
    Checked,
    /// A component refused its arguments.
    Refused(BuildId),
}

/// A `build` block's steps, for one of its sources.
pub(super) struct Preparing<'c, 'a> {
    pub(super) outline: &'c Outline<'a>,
    pub(super) machine: Machine<'c, 'a>,
    pub(super) chains: Vec<&'c [Post<'a>]>,
    pub(super) scope: Arc<BuildScope>,
    pub(super) catalog: &'c Catalog,
    pub(super) diags: &'c Diagnostics,
}

/// What the machine is made from.
#[derive(Clone, Copy)]
pub(super) enum Machine<'c, 'a> {
    /// A source: a selected build.
    Source(&'c Use<'a>),
    /// Something that is not there: the steps are prepared for their mistakes only.
    Absent(&'c Absent<'a>),
}

impl Preparing<'_, '_> {
    /// Prepares every component; all of them are tried.
    pub(super) async fn prepare(mut self) -> Prepared {
        match self.machine {
            Machine::Source(used) => self.build(used).await,
            Machine::Absent(absent) => {
                for used in &absent.meant {
                    let _ = self.source(used, &mut Vec::new()).await;
                }
                self.steps().await;
                Prepared::Checked
            }
        }
    }

    async fn build(&mut self, used: &Use<'_>) -> Prepared {
        let mut facts = Vec::new();
        let source = self.source(used, &mut facts).await;
        if !facts.is_empty() {
            // The steps may ask for what the source said of itself.
            let scope = BuildScope::clone(&self.scope);
            let facts = scope.facts.iter().cloned().chain(facts).collect();
            self.scope = Arc::new(BuildScope { facts, ..scope });
        }
        let Steps { provisioners, error_cleanup, chains, outcome } = self.steps().await;
        let origin = self.scope.origin.clone();
        let id = origin.build.clone();
        match (source, outcome) {
            (Ok(Some(source)), Outcome { sound: true, complete: true }) => {
                Prepared::Ready(Box::new(BuildPlan {
                    id,
                    origin,
                    source,
                    provisioners,
                    error_cleanup,
                    chains,
                }))
            }
            (Ok(_), Outcome { sound: true, .. }) => Prepared::Checked,
            _ => Prepared::Refused(id),
        }
    }

    /// Whether a step is one of this build. Where the source is not there, it is when no other
    /// source has it.
    fn keeps<K: ?Sized>(&self, step: &Step<'_, K>) -> bool {
        match self.machine {
            Machine::Source(used) => step.filter.keeps(&used.full_name),
            Machine::Absent(_) => {
                !self.outline.uses.iter().any(|used| step.filter.keeps(&used.full_name))
            }
        }
    }

    async fn steps(&self) -> Steps {
        let mut outcome = Outcome { sound: true, complete: true };
        let mut provisioners = Vec::new();
        for provision in &self.outline.provisioners {
            if self.keeps(&provision.step) {
                provisioners.extend(outcome.of(self.provision(provision).await));
            }
        }
        let mut error_cleanup = None;
        if let Some(provision) = &self.outline.error_cleanup
            && self.keeps(&provision.step)
        {
            error_cleanup = outcome.of(self.provision(provision).await);
        }
        let mut chains = Vec::new();
        for chain in &self.chains {
            let mut steps = Vec::new();
            let kept = || chain.iter().filter(|post| self.keeps(&post.step));
            let component = match self.machine {
                Machine::Source(used) => Some(&*used.source.component.text),
                Machine::Absent(absent) => absent.component.as_deref(),
            };
            let components = kept().map(|post| Some(&*post.step.block.component.text));
            let components = [component].into_iter().chain(components);
            let kinds: Arc<[String]> = components
                .map(|component| self.catalog.own_name(component.unwrap_or_default()))
                .collect();
            for (index, post) in kept().enumerate() {
                let before = match post.is_after_unknown {
                    true => Before::default(),
                    false => Before { chain: kinds.clone(), count: index + 1 },
                };
                steps.extend(outcome.of(self.post(post, kinds[index + 1].clone(), before).await));
            }
            if !steps.is_empty() {
                chains.push(steps);
            }
        }
        Steps { provisioners, error_cleanup, chains, outcome }
    }

    /// The source, and what it provides of `build.*` besides what its kind does.
    async fn source(
        &self,
        used: &Use<'_>,
        facts: &mut Vec<String>,
    ) -> Result<Option<SourceStep>, Reported> {
        let Use { kind, source, nested, .. } = used;
        let mut bodies = vec![(source.body.clone(), Elements::default())];
        let mut header = source.header;
        if let Some(nested) = nested {
            bodies.push((nested.body.clone(), nested.elements.clone()));
            header = nested.header;
        }
        let arguments = self.arguments(bodies, header, None, Before::default());
        self.opened(kind.open(), &source.component, self.diags).await?;
        let (decoded, read) = arguments.decode(kind.schema(), BuildFacts::None, self.diags);
        // When not, data sources have to be asked, or something failed.
        let known = read.is_ok() && decoded.value.is_wholly_known();
        let phase = if known { Phase::Plan } else { Phase::Draft };
        let found = Diagnostics::new();
        let doubtful = Diagnostics::new();
        // A source has no machine to know anything of.
        let config = Config { facts: &[], ..arguments.config(decoded, phase, &found, &doubtful) };
        let run = kind.prepare(config).await;
        if let Ok(source) = &run {
            facts.extend_from_slice(source.facts());
        }
        let refused = found.check();
        self.diags.append(&found);
        read?;
        if !known {
            return refused.map(|()| None);
        }
        let run = run?;
        let component = source.component.text.to_string();
        let kind = self.catalog.own_name(&component);
        Ok(Some(SourceStep { component, kind, span: header, run }))
    }

    async fn provision(
        &self,
        provision: &Provision<'_>,
    ) -> Result<Option<ProvisionStep>, Reported> {
        let Provision { step, policy, overrides } = provision;
        let overriding = match self.machine {
            Machine::Source(used) => {
                vec![overrides.as_ref().and_then(|overrides| overrides.of(&used.name))]
            }
            // What is said for sources that are not there is said for these.
            Machine::Absent(_) => {
                let is_used = |name: &str| self.outline.uses.iter().any(|used| used.name == name);
                let others = overrides.iter().flat_map(Override::all);
                let others: Vec<_> =
                    others.filter(|object| !is_used(&object.source)).map(Some).collect();
                if others.is_empty() { vec![None] } else { others }
            }
        };
        let mut prepared = Ok(None);
        for object in overriding {
            let step = self.component::<dyn ProvisionerKind>(step, object, Before::default());
            prepared = prepared.and(step.await);
        }
        Ok(prepared?.map(|run| ProvisionStep {
            component: step.block.component.text.to_string(),
            name: step.name.clone(),
            span: step.block.header,
            policy: *policy,
            run,
        }))
    }

    async fn post(
        &self,
        post: &Post<'_>,
        kind: String,
        before: Before,
    ) -> Result<Option<PostStep>, Reported> {
        let Post { step, keep_input, is_after_unknown: _ } = post;
        let prepared = self.component::<dyn PostProcessorKind>(step, None, before).await;
        Ok(prepared?.map(|run| PostStep {
            component: step.block.component.text.to_string(),
            kind,
            name: step.name.clone(),
            span: step.block.header,
            keep_input: *keep_input,
            run,
        }))
    }

    /// A step's component; nothing when it was only looked at for its mistakes, as far as its
    /// arguments are known.
    async fn component<K: StepKind + ?Sized + 'static>(
        &self,
        step: &Step<'_, K>,
        overrides: Option<SourceOverride>,
        before: Before,
    ) -> Result<Option<Pending<K::Component>>, Reported> {
        let Step { kind, block, waits, name: _, filter: _ } = step;
        let bodies = vec![(block.body.clone(), block.elements.clone())];
        let arguments = self.arguments(bodies, block.header, overrides, before);
        self.opened(kind.open_step(), &block.component, self.diags).await?;
        let found = Diagnostics::new();
        let (decoded, read) = arguments.decode(kind.step_schema(), BuildFacts::ToCome, &found);
        let readable = read.is_ok() && matches!(self.machine, Machine::Source(_));
        let arrival = match decoded.value.is_wholly_known() {
            _ if readable && *waits => Arrival::WithFacts,
            true if readable => Arrival::Now,
            _ => Arrival::Unread,
        };
        let prepared = self.arrived(kind, arguments, decoded, arrival, &found).await;
        // Passes on what was found wrong with a block, and for which elements it was made.
        traced(&block.elements, self.diags, |diags| diags.append(&found));
        read.and(prepared)
    }

    /// Waits until it is known what arguments a component takes.
    async fn opened(
        &self,
        opening: BoxFuture<'_, Result<(), Failure>>,
        component: &Name,
        diags: &Diagnostics,
    ) -> Result<(), Reported> {
        opening.await.map_err(|failure| diags.error(not_open(&failure, component)))
    }

    async fn arrived<K: StepKind + ?Sized + 'static>(
        &self,
        kind: &Arc<K>,
        arguments: Arguments,
        decoded: Decoded,
        arrival: Arrival,
        found: &Diagnostics,
    ) -> Result<Option<Pending<K::Component>>, Reported> {
        let doubtful = Diagnostics::new();
        if let Arrival::Now = arrival {
            let config = arguments.config(decoded, Phase::Plan, found, &doubtful);
            return Ok(Some(Pending::Ready(kind.prepare_step(config).await?)));
        }
        let config = arguments.config(decoded, Phase::Draft, found, &doubtful);
        let _ = kind.prepare_step(config).await;
        found.check()?;
        let kind = kind.clone();
        let waiting = || Pending::Waiting(Box::new(WaitingStep { kind, arguments }) as _);
        Ok(matches!(arrival, Arrival::WithFacts).then(waiting))
    }

    fn arguments(
        &self,
        bodies: Vec<(Arc<Body>, Elements)>,
        header: Span,
        overrides: Option<SourceOverride>,
        before: Before,
    ) -> Arguments {
        Arguments { scope: self.scope.clone(), bodies, header, overrides, before }
    }
}

/// The steps of a build besides its source.
struct Steps {
    provisioners: Vec<ProvisionStep>,
    error_cleanup: Option<ProvisionStep>,
    chains: Vec<Vec<PostStep>>,
    outcome: Outcome,
}

/// How preparing steps went.
struct Outcome {
    /// Whether nothing was wrong with any of them.
    sound: bool,
    /// Whether all of them are there.
    complete: bool,
}

impl Outcome {
    /// Notes how preparing one of them went.
    fn of<T>(&mut self, prepared: Result<Option<T>, Reported>) -> Option<T> {
        self.sound &= prepared.is_ok();
        let step = prepared.ok().flatten();
        self.complete &= step.is_some();
        step
    }
}

/// When a step's arguments are known.
enum Arrival {
    /// They are.
    Now,
    /// Once the machine runs.
    WithFacts,
    /// Once data sources are asked, which this is not for, or what is wrong is mended.
    Unread,
}
