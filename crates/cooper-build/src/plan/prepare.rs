//! One build's components, prepared as far as they can be.

use std::sync::Arc;

use cooper_hcl::ast::Body;
use cooper_hcl::schema::{Decoded, Iteration};
use cooper_hcl::{Diagnostics, Reported, Span, Value};

use super::arguments::{Arguments, Before, BuildFacts, BuildScope, WaitingStep};
use super::outline::{Outline, Post, Provision, Step, Use};
use super::{BuildPlan, Pending, PostStep, ProvisionStep, SourceStep};
use crate::component::{
    Catalog, Config, Phase, PostProcessor, PostProcessorKind, Provisioner, ProvisionerKind,
};
use crate::event::BuildId;
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

/// A selected build.
pub(super) struct Preparing<'c, 'a> {
    pub(super) outline: &'c Outline<'a>,
    pub(super) used: &'c Use<'a>,
    pub(super) chains: Vec<&'c [Post<'a>]>,
    pub(super) scope: Arc<BuildScope>,
    pub(super) catalog: &'c Catalog,
    pub(super) diags: &'c Diagnostics,
}

impl Preparing<'_, '_> {
    /// Prepares every component; all of them are tried.
    pub(super) async fn prepare(self) -> Prepared {
        let source_name = self.used.full_name.clone();
        let source = self.source().await;
        let mut sound = source.is_ok();
        let mut complete = matches!(source, Ok(Some(_)));

        let mut provisioners = Vec::new();
        for provision in &self.outline.provisioners {
            if provision.step.filter.keeps(&source_name) {
                match self.provision(provision).await {
                    Ok(Some(step)) => provisioners.push(step),
                    Ok(None) => complete = false,
                    Err(_) => sound = false,
                }
            }
        }
        let mut error_cleanup = None;
        if let Some(provision) = &self.outline.error_cleanup
            && provision.step.filter.keeps(&source_name)
        {
            match self.provision(provision).await {
                Ok(step) => {
                    complete &= step.is_some();
                    error_cleanup = step;
                }
                Err(_) => sound = false,
            }
        }
        let mut chains = Vec::new();
        for chain in &self.chains {
            let mut steps = Vec::new();
            let kept = || chain.iter().filter(|post| post.step.filter.keeps(&source_name));
            let components = kept().map(|post| &post.step.block.component);
            let components = [&self.used.source.component].into_iter().chain(components);
            let kinds: Arc<[String]> =
                components.map(|component| self.catalog.own_name(&component.text)).collect();
            for (index, post) in kept().enumerate() {
                let before = Before { chain: kinds.clone(), count: index + 1 };
                match self.post(post, kinds[index + 1].clone(), before).await {
                    Ok(Some(step)) => steps.push(step),
                    Ok(None) => complete = false,
                    Err(_) => sound = false,
                }
            }
            if !steps.is_empty() {
                chains.push(steps);
            }
        }

        let origin = self.scope.origin.clone();
        let id = origin.build.clone();
        match source {
            Ok(Some(source)) if sound && complete => Prepared::Ready(Box::new(BuildPlan {
                id,
                origin,
                source,
                provisioners,
                error_cleanup,
                chains,
            })),
            _ if sound => Prepared::Checked,
            _ => Prepared::Refused(id),
        }
    }

    async fn source(&self) -> Result<Option<SourceStep>, Reported> {
        let Use { kind, source, nested, .. } = self.used;
        let mut bodies = vec![(source.body.clone(), Elements::default())];
        let mut header = source.header;
        if let Some(nested) = nested {
            bodies.push((nested.body.clone(), nested.elements.clone()));
            header = nested.header;
        }
        let arguments = self.arguments(bodies, header, None, Before::default());
        let decoded = arguments.decode(kind.schema(), BuildFacts::None, self.diags)?;
        // When not, data sources have to be asked, or something failed.
        let known = decoded.value.is_wholly_known();
        let phase = if known { Phase::Plan } else { Phase::Draft };
        let found = Diagnostics::new();
        let doubtful = Diagnostics::new();
        // A source has no machine to know anything of.
        let config = Config { facts: &[], ..arguments.config(decoded, phase, &found, &doubtful) };
        let run = kind.prepare(config).await;
        let refused = found.check();
        self.diags.append(&found);
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
        let found = Diagnostics::new();
        let prepared = self.provision_found(provision, &found).await;
        self.tell(&provision.step.block.elements, &found);
        prepared
    }

    async fn provision_found(
        &self,
        provision: &Provision<'_>,
        found: &Diagnostics,
    ) -> Result<Option<ProvisionStep>, Reported> {
        let Provision { step, policy, overrides } = provision;
        let name = self.scope.origin.source_name.as_str();
        let overrides = overrides.as_ref().and_then(Value::as_mapping);
        let overrides = overrides.and_then(|objects| objects.get(name)).cloned();
        let (arguments, decoded) =
            self.decode(step, step.kind.schema(), overrides, Before::default(), found)?;
        let doubtful = Diagnostics::new();
        let run = match decoded {
            Arrival::Unread(draft) => {
                let config = arguments.config(draft, Phase::Draft, found, &doubtful);
                let _ = step.kind.prepare(config).await;
                return found.check().map(|()| None);
            }
            Arrival::WithFacts(draft) => {
                let config = arguments.config(draft, Phase::Draft, found, &doubtful);
                let _ = step.kind.prepare(config).await;
                found.check()?;
                let kind = step.kind.clone();
                Pending::<dyn Provisioner>::Waiting(Box::new(WaitingStep::<dyn ProvisionerKind> {
                    kind,
                    arguments,
                }))
            }
            Arrival::Now(decoded) => {
                let config = arguments.config(decoded, Phase::Plan, found, &doubtful);
                Pending::Ready(step.kind.prepare(config).await?)
            }
        };
        Ok(Some(ProvisionStep {
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
        let found = Diagnostics::new();
        let prepared = self.post_found(post, kind, before, &found).await;
        self.tell(&post.step.block.elements, &found);
        prepared
    }

    async fn post_found(
        &self,
        post: &Post<'_>,
        kind: String,
        before: Before,
        found: &Diagnostics,
    ) -> Result<Option<PostStep>, Reported> {
        let Post { step, keep_input } = post;
        let (arguments, decoded) = self.decode(step, step.kind.schema(), None, before, found)?;
        let doubtful = Diagnostics::new();
        let run = match decoded {
            Arrival::Unread(draft) => {
                let config = arguments.config(draft, Phase::Draft, found, &doubtful);
                let _ = step.kind.prepare(config).await;
                return found.check().map(|()| None);
            }
            Arrival::WithFacts(draft) => {
                let config = arguments.config(draft, Phase::Draft, found, &doubtful);
                let _ = step.kind.prepare(config).await;
                found.check()?;
                let kind = step.kind.clone();
                Pending::<dyn PostProcessor>::Waiting(Box::new(WaitingStep::<
                    dyn PostProcessorKind,
                > {
                    kind,
                    arguments,
                }))
            }
            Arrival::Now(decoded) => {
                let config = arguments.config(decoded, Phase::Plan, found, &doubtful);
                Pending::Ready(step.kind.prepare(config).await?)
            }
        };
        Ok(Some(PostStep {
            component: step.block.component.text.to_string(),
            kind,
            name: step.name.clone(),
            span: step.block.header,
            keep_input: *keep_input,
            run,
        }))
    }

    /// Passes on what was found wrong with a block, and for which elements it was made.
    fn tell(&self, elements: &[Iteration], found: &Diagnostics) {
        traced(elements, self.diags, |diags| diags.append(found));
    }

    /// Reads a step's arguments.
    fn decode<K: ?Sized>(
        &self,
        step: &Step<'_, K>,
        schema: &cooper_hcl::schema::Schema,
        overrides: Option<Value>,
        before: Before,
        found: &Diagnostics,
    ) -> Result<(Arguments, Arrival), Reported> {
        let block = step.block;
        let arguments = self.arguments(
            vec![(block.body.clone(), block.elements.clone())],
            block.header,
            overrides,
            before,
        );
        let decoded = arguments.decode(schema, BuildFacts::ToCome, found)?;
        let arrival = match step.waits {
            true => Arrival::WithFacts(decoded),
            false if decoded.value.is_wholly_known() => Arrival::Now(decoded),
            false => Arrival::Unread(decoded),
        };
        Ok((arguments, arrival))
    }

    fn arguments(
        &self,
        bodies: Vec<(Arc<Body>, Elements)>,
        header: Span,
        overrides: Option<Value>,
        before: Before,
    ) -> Arguments {
        Arguments { scope: self.scope.clone(), bodies, header, overrides, before }
    }
}

/// When a step's arguments are known.
enum Arrival {
    /// They are.
    Now(Decoded),
    /// Once the machine runs; so far they are these.
    WithFacts(Decoded),
    /// Once data sources are asked, which this is not for, or what failed does not; so far they are
    /// these.
    Unread(Decoded),
}
