//! Gives a template its meaning: what it says, what will be done, and the doing of it.
//!
//! Each stage is a function from one type to the next:
//!
//! ```text
//! files ──Template::load──▶ Template ──Inputs::collect──▶ Inputs ──resolve──▶ Values
//!                                     ──plan──▶ Plan ──run──▶ Event… and Report
//! ```
//!
//! Only running a plan changes the world.

pub mod artifact;
pub mod cache;
pub mod communicator;
pub mod component;
pub mod console;
pub mod escape;
pub mod event;
pub mod failure;
pub mod fix;
pub mod gotemplate;
mod graph;
pub mod inputs;
pub mod inspect;
pub mod lock;
mod overheard;
pub mod plan;
pub mod plugin_source;
pub mod report;
pub mod resolve;
pub mod run;
pub mod secret;
pub mod select;
pub mod session;
pub mod template;
#[cfg(test)]
mod testing;
pub mod upgrade;
pub mod version;

use std::sync::Arc;

pub use cooper_hcl as hcl;

pub use artifact::{Artifact, ArtifactHandle, ArtifactSummary};
pub use cache::Cache;
pub use component::{Catalog, Config, Facts, StepCx};
pub use console::Console;
pub use event::{BuildId, Event, EventKind, StepId, Stream};
pub use failure::Failure;
pub use inputs::{InputOptions, Inputs};
pub use inspect::{Inspection, inspect};
pub use lock::{Lock, Locking};
pub use plan::{Plan, PlanOptions, check_built_in, plan};
pub use plugin_source::PluginSource;
pub use report::Report;
pub use resolve::{DataSources, Values, resolve};
pub use run::{Interrupt, OnError, RunOptions, run};
pub use secret::Secrets;
pub use select::Selection;
pub use session::Session;
pub use template::Template;

/// The version of Packer whose templates Cooper reads: `packer.version`.
pub const PACKER_VERSION: &str = "1.16.0";

/// Every stage before the run, one after the other: reads the template, gives its variables
/// values, and plans its builds.
///
/// # Errors
///
/// [`hcl::Reported`], when any stage found a mistake that stops all builds. A stage that fails
/// does not keep the next from being checked; what may follow from mistakes of syntax is not told.
pub async fn prepare(
    path: &std::path::Path,
    inputs: &InputOptions,
    catalog: &Catalog,
    options: &PlanOptions,
    session: &mut Session,
) -> Result<Plan, hcl::Reported> {
    examine(path, inputs, catalog, options, session).await.plan
}

/// What every stage before the run came to.
pub struct Examined {
    /// What the template says; nothing when a file could not be read or parsed.
    pub template: Option<Template>,
    /// The components there are for it, with those of plugins; nothing when no file could be read.
    pub catalog: Option<Catalog>,
    /// What its variables and locals are, as far as they could be evaluated.
    pub values: Option<Values>,
    /// What will be done.
    pub plan: Result<Plan, hcl::Reported>,
}

/// Like [`prepare`], for those who want to look at what is on the way to a plan too.
pub async fn examine(
    path: &std::path::Path,
    inputs: &InputOptions,
    catalog: &Catalog,
    options: &PlanOptions,
    session: &mut Session,
) -> Examined {
    let template = match Template::load_readable(path, session) {
        Ok(template) => template,
        Err(reported) => {
            return Examined { template: None, catalog: None, values: None, plan: Err(reported) };
        }
    };
    session.lock = Arc::new(Lock::read(&template.root, options.locking, session));
    let told = session.diags.count();
    let extended = catalog.extended(&template, session).await;
    let catalog = &extended;
    let inputs = Inputs::collect_all(inputs, &template, session);
    // Nothing is asked for a template that cannot be read anyway.
    let is_whole = template.gaps.is_empty();
    let asked = if is_whole { options.data_sources } else { DataSources::Check };
    let values = resolve::resolve_all(&template, &inputs, catalog, asked, session).await;
    let sound = session.diags.check();
    let plan = plan(&template, &values, catalog, options, session).await;
    let plan = plan.and_then(|plan| sound.map(|()| plan));
    template.gaps.forget_followers(&session.sources, &session.diags, told);
    let (template, values) = (is_whole.then_some(template), is_whole.then_some(values));
    Examined { template, catalog: Some(extended), values, plan }
}
