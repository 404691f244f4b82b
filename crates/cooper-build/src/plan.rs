//! Every selected build, with everything known that can be known before it runs.

use std::sync::Arc;
use std::time::Duration;

use cooper_hcl::{Code, Diagnostic, Reported, SourceMap, Span};
use futures::future::BoxFuture;

use crate::component::{Catalog, Facts, Origin, PostProcessor, Provisioner, Source};
use crate::event::{BuildId, StepId};
use crate::failure::Failure;
use crate::resolve::Values;
use crate::secret::Secrets;
use crate::select::Selection;
use crate::session::Session;
use crate::template::Template;

/// What will be done.
pub struct Plan {
    /// The builds that can run, in template order.
    pub builds: Vec<BuildPlan>,
    /// The selected builds whose components refused their arguments; why is recorded.
    pub refused: Vec<BuildId>,
    /// What must not be shown.
    pub secrets: Secrets,
    /// The texts that places are in.
    pub sources: Arc<SourceMap>,
}

impl Plan {
    /// Fails when there is nothing to run, as `build` must and `validate` must not.
    ///
    /// # Errors
    ///
    /// [`Reported`], when no build was selected and none was refused.
    pub fn require_builds(&self, session: &Session) -> Result<(), Reported> {
        if self.builds.is_empty() && self.refused.is_empty() {
            let error = Diagnostic::error(Code::NothingToBuild, "no builds to run");
            let help = "`-only` or `-except` leaves no build of this template";
            return Err(session.diags.error(error.help(help)));
        }
        Ok(())
    }
}

/// What is planned besides the template.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// `-only` and `-except`
    pub selection: Selection,
    /// `-force`
    pub force: bool,
    /// `-debug`
    pub debug: bool,
}

/// One source used in one `build` block, with its steps.
pub struct BuildPlan {
    /// Its full name.
    pub id: BuildId,
    /// Which build and source its components belong to.
    pub origin: Arc<Origin>,
    /// What makes the machine.
    pub source: SourceStep,
    /// What changes the machine, in order.
    pub provisioners: Vec<ProvisionStep>,
    /// `error-cleanup-provisioner`
    pub error_cleanup: Option<ProvisionStep>,
    /// What is done with the artifact: each chain starts from the source's.
    pub chains: Vec<Vec<PostStep>>,
}

impl BuildPlan {
    /// The step of `error-cleanup-provisioner`: the one after all others.
    pub fn error_cleanup_id(&self) -> StepId {
        let post: usize = self.chains.iter().map(Vec::len).sum();
        StepId((1 + self.provisioners.len() + post) as u32)
    }
}

/// The step that makes the machine.
pub struct SourceStep {
    /// The source's type.
    pub component: String,
    /// Where the block stands.
    pub span: Span,
    /// The source.
    pub run: Box<dyn Source>,
}

/// A step that changes the machine.
pub struct ProvisionStep {
    /// The component's type.
    pub component: String,
    /// The block's `name`.
    pub name: Option<String>,
    /// Where the block stands.
    pub span: Span,
    /// How it is run.
    pub policy: Policy,
    /// The provisioner.
    pub run: Pending<dyn Provisioner>,
}

/// A step that turns an artifact into another.
pub struct PostStep {
    /// The component's type.
    pub component: String,
    /// The block's `name`.
    pub name: Option<String>,
    /// Where the block stands.
    pub span: Span,
    /// `keep_input_artifact`
    pub keep_input: Option<bool>,
    /// The post-processor.
    pub run: Pending<dyn PostProcessor>,
}

/// How a provisioner is run. Each attempt waits for the pause and has the whole timeout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    /// What to wait before.
    pub pause_before: Duration,
    /// How long an attempt may take, the pause not included.
    pub timeout: Option<Duration>,
    /// How often it is tried again.
    pub retries: u32,
    /// Whether the build goes on when it has failed for good.
    pub continue_on_error: bool,
}

/// A component that is ready, or whose arguments mention facts of the running machine.
pub enum Pending<T: ?Sized> {
    /// Its arguments are known.
    Ready(Box<T>),
    /// Its arguments were checked, and are evaluated once the facts are known.
    Waiting(Box<dyn Waiting<T>>),
}

/// Prepares a component once the facts are known.
pub trait Waiting<T: ?Sized>: Send + Sync {
    /// Evaluates the arguments with these facts and prepares the component.
    ///
    /// # Errors
    ///
    /// When the arguments cannot be used after all.
    fn prepare<'a>(&'a self, facts: &'a Facts) -> BoxFuture<'a, Result<Box<T>, Failure>>;
}

/// Plans every selected build: components, names, arguments, policies. Changes nothing.
///
/// # Errors
///
/// [`Reported`], when the template's builds make no sense. A build whose component refuses its
/// arguments is in [`Plan::refused`] instead, so that the others can run.
pub async fn plan(
    template: &Template,
    values: &Values,
    catalog: &Catalog,
    options: &PlanOptions,
    session: &Session,
) -> Result<Plan, Reported> {
    let _ = (template, values, catalog, options, session);
    unimplemented!()
}

/// Checks that every plugin the template requires is built in at a fitting version.
///
/// # Errors
///
/// [`Reported`], after recording every requirement that is not met.
pub fn check_plugins(
    template: &Template,
    catalog: &Catalog,
    session: &Session,
) -> Result<(), Reported> {
    let _ = (template, catalog, session);
    unimplemented!()
}
