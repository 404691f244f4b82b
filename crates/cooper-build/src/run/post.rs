//! The chains of post-processors, and which artifacts stay.

use std::sync::Arc;

use cooper_hcl::Value;

use super::build::{Build, caught};
use super::step::last_moment;
use crate::artifact::Artifact;
use crate::component::{Facts, Keep, PostProcessor, Processed};
use crate::event::{FailureSummary, StepId, StepRole, Stream};
use crate::failure::{Failure, FailureKind};
use crate::plan::{Pending, PostStep};

/// What the chains of a build left behind.
#[derive(Default)]
pub(super) struct Made {
    /// The artifacts that stay, in Packer's order: the source's, then each chain's.
    pub(super) artifacts: Vec<Artifact>,
    /// What went wrong.
    pub(super) failures: Vec<FailureSummary>,
    /// Whether the run was told to stop.
    pub(super) cancelled: bool,
}

/// What happened to the artifacts of a build, until all its chains have ended.
#[derive(Default)]
struct Ledger {
    /// Made by a chain, and staying.
    kept: Vec<Artifact>,
    /// To be removed, unless something that stays is the same thing.
    doomed: Vec<Artifact>,
    /// Whether the source's artifact stays.
    keep_original: bool,
}

impl Build {
    /// Runs every chain on the source's artifact. A chain that fails ends, the others still run.
    ///
    /// Nothing is removed before all of them have ended, so that none takes from another what
    /// it needs; and when a chain's first post-processor fails, what was built stays.
    pub(super) async fn chains(&self, original: Artifact) -> Made {
        let mut made = Made::default();
        let mut ledger = Ledger { keep_original: self.plan.chains.is_empty(), ..Ledger::default() };
        let mut id = 1 + self.plan.provisioners.len() as u32;
        for chain in &self.plan.chains {
            if self.run.options.interrupt.received().is_some() {
                made.cancelled = true;
                break;
            }
            if let Err((failure, span)) = self.chain(chain, id, &original, &mut ledger).await {
                match failure.kind() {
                    FailureKind::Cancelled => {
                        made.cancelled = true;
                        break;
                    }
                    FailureKind::Failed | FailureKind::Away | FailureKind::Cut => {
                        let failure = failure.while_doing("Post-processor failed");
                        made.failures.push(FailureSummary::new(&failure, self.place(span)));
                    }
                }
            }
            id += chain.len() as u32;
        }

        let Ledger { kept, mut doomed, keep_original } = ledger;
        if keep_original || made.cancelled {
            made.artifacts.push(original);
        } else {
            doomed.push(original);
        }
        made.artifacts.extend(kept);
        if made.cancelled {
            // What is told of is what is there; nothing more is removed.
            made.artifacts.extend(doomed);
            return made;
        }
        for artifact in doomed {
            if made.artifacts.iter().any(|staying| is_same(staying, &artifact)) {
                continue;
            }
            let removed = caught(async { artifact.handle.destroy().await }).await;
            if let Err(failure) = removed {
                let failure = failure.while_doing(format!("remove artifact {}", artifact.id));
                made.failures.push(FailureSummary::new(&failure, None));
                made.artifacts.push(artifact);
            }
        }
        made
    }

    async fn chain(
        &self,
        chain: &[PostStep],
        first: u32,
        original: &Artifact,
        ledger: &mut Ledger,
    ) -> Result<(), (Failure, cooper_hcl::Span)> {
        let mut current: Option<Artifact> = None;
        for (index, step) in chain.iter().enumerate() {
            let id = StepId(first + index as u32);
            let input = current.as_ref().unwrap_or(original);
            let result = self.process(step, id, input).await;
            let Processed { artifact, input: keep } = match result {
                Ok(processed) => processed,
                Err(failure) => {
                    // What the chain has made so far stays, and so does what it began with.
                    match current {
                        Some(artifact) => ledger.kept.push(artifact),
                        None => ledger.keep_original = true,
                    }
                    return Err((failure, step.span));
                }
            };
            let keep = match keep {
                Keep::Always => true,
                Keep::ByDefault => step.keep_input.unwrap_or(true),
                Keep::OnRequest => step.keep_input.unwrap_or(false),
            };
            let ends = artifact.is_none();
            match (std::mem::replace(&mut current, artifact), keep) {
                (None, keep) => ledger.keep_original |= keep,
                (Some(input), true) => ledger.kept.push(input),
                (Some(input), false) => ledger.doomed.push(input),
            }
            if ends {
                break;
            }
        }
        ledger.kept.extend(current);
        Ok(())
    }

    async fn process(
        &self,
        step: &PostStep,
        id: StepId,
        input: &Artifact,
    ) -> Result<Processed, Failure> {
        let name = step.name.as_deref().unwrap_or_default();
        let title = if name == step.component {
            format!("Running post-processor: {name}")
        } else {
            format!("Running post-processor: {name} (type {})", step.component)
        };
        self.output(Stream::Say, title).await;
        let role = StepRole::PostProcessor;
        let started = self.start_step(id, role, step.component.clone(), step.name.clone()).await;
        let result = self.process_now(step, id, input).await;
        let outcome = self.step_outcome(&result, step.span);
        self.finish_step(id, started, outcome).await;
        result
    }

    async fn process_now(
        &self,
        step: &PostStep,
        id: StepId,
        input: &Artifact,
    ) -> Result<Processed, Failure> {
        let mut facts: Facts = input.facts.clone().unwrap_or_default();
        if input.facts.is_some() {
            let run_id = Value::string(&self.run.options.run_id);
            facts.entry("PackerRunUUID".to_owned()).or_insert(run_id);
        }
        let cx = self.cx(id, Arc::new(facts), &self.cleanup_after);
        let prepared: Box<dyn PostProcessor>;
        let processor = match &step.run {
            Pending::Ready(processor) => &**processor,
            Pending::Waiting(waiting) => {
                prepared = tokio::select! {
                    biased;
                    () = cx.cancel.cancelled() => return Err(Failure::cancelled()),
                    prepared = caught(waiting.prepare(cx.facts())) => prepared?,
                };
                &*prepared
            }
        };
        let work = caught(async { processor.process(&cx, input).await });
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => {}
            result = &mut work => return result,
        }
        last_moment(work, processor.grace()).await;
        Err(Failure::cancelled())
    }
}

/// Whether two artifacts stand for the same image or files.
fn is_same(left: &Artifact, right: &Artifact) -> bool {
    Arc::ptr_eq(&left.handle, &right.handle) || (left.id == right.id && left.files == right.files)
}
