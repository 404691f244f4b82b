//! Every selected build, with everything known that can be known before it runs.

mod arguments;
mod meta;
mod outline;
mod prepare;
mod registry;
mod strays;

use std::sync::Arc;
use std::time::Duration;

use cooper_hcl::{Code, Diagnostic, Diagnostics, Reported, SourceMap, Span, Value, absolute};
use futures::StreamExt;
use futures::future::BoxFuture;

use arguments::{BuildScope, Shared};
use outline::{Post, expand, outline, unknown_source};
use prepare::{Machine, Prepared, Preparing};

use crate::component::{COMMON_FACTS, Catalog, Facts, Origin, PostProcessor, Provisioner, Source};
use crate::escape;
use crate::event::{BuildId, StepId};
use crate::failure::Failure;
use crate::lock::Locking;
use crate::resolve::{DataSources, Values};
use crate::run::OnError;
use crate::secret::Secrets;
use crate::select::{Patterns, Selection};
use crate::session::Session;
use crate::template::{Language, PluginRequirement, Template};
use crate::version::Version;

/// What will be done.
pub struct Plan {
    /// The builds that can run, in template order. Those that need what a data source finds are not
    /// there when none was to be asked.
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
    /// `-on-error`
    pub on_error: OnError,
    /// Whether data sources are asked, as `build` must and `validate` need not.
    pub data_sources: DataSources,
    /// `-locked`
    pub locking: Locking,
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
    /// The same, as the catalog has it: a template may call a plugin by another name.
    pub kind: String,
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
    /// The same, as the catalog has it.
    pub kind: String,
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

/// A name without what would end its line, or do something else to a terminal.
fn on_one_line(name: &str) -> String {
    let ends = |c: char| escape::is_harmful(c) || matches!(c, '\n' | '\t');
    name.chars().map(|c| if ends(c) { '?' } else { c }).collect()
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
    let diags = &session.diags;
    let patterns = options.selection.compile(diags);
    let plugins = check_plugins(template, catalog, session);
    let catalog = &catalog.with_accessors(&template.plugins);
    let expanded = expand(template, values, session);
    let outlines = outline(template, &expanded, values, catalog, session);
    strays::check(template, values, catalog, session);
    // What is wrong so far is wrong with the template; what follows, with single builds.
    let sound = diags.check();
    let (patterns, _) = (patterns?, plugins);

    let sources = Arc::new(session.sources.clone());
    let shared = Arc::new(Shared {
        values: values.clone(),
        functions: session.functions.clone(),
        system: session.system.clone(),
        secrets: session.secrets.clone(),
        lock: session.lock.clone(),
        root: template.root.clone(),
        sources: sources.clone(),
    });
    let legacy = match template.language {
        Language::Hcl => None,
        Language::Legacy => Some(absolute(&template.path, &*session.system)),
    };
    let mut selected = Vec::new();
    let mut names = Vec::new();
    let mut nameless = false;
    let mut post_processors = Vec::new();
    for outline in &outlines {
        // Asked even where no build is left, so that it is known which pattern matches.
        let chains: Vec<&[Post<'_>]> = outline
            .chains
            .iter()
            .map(|chain| kept_part(chain, &patterns, &mut post_processors))
            .filter(|chain| !chain.is_empty())
            .collect();
        let full = |name: &String| match outline.name.is_empty() {
            true => name.clone(),
            false => format!("{}.{name}", outline.name),
        };
        let mut select = |machine, origin: Origin, source, facts: Vec<String>| {
            let origin = Arc::new(origin);
            let (shared, name) = (shared.clone(), outline.name.clone());
            let scope = Arc::new(BuildScope { shared, origin, source, name, facts });
            let chains = chains.clone();
            selected.push(Preparing { outline, machine, chains, scope, catalog, diags });
        };
        for used in &outline.uses {
            let name = full(&used.full_name);
            let keep = patterns.keeps(&name);
            names.push(name);
            if keep {
                let origin = Origin {
                    // It stands in front of everything that is said of the build.
                    build: BuildId(on_one_line(&session.secrets.scrub(&full(&used.shown)))),
                    source_type: used.source.component.text.to_string(),
                    source_label: used.label.clone(),
                    source_name: used.name.clone(),
                    force: options.force,
                    debug: options.debug,
                    on_error: options.on_error,
                    legacy: legacy.clone(),
                };
                let source = [("type", &origin.source_type), ("name", &origin.source_name)];
                let source = Value::object(source.map(|(name, text)| (name, Value::string(text))));
                let facts = COMMON_FACTS.iter().chain(used.kind.facts());
                let facts = facts.map(|fact| (*fact).to_owned()).collect();
                select(Machine::Source(used), origin, source, facts);
            }
        }
        if let Some(absent) = &outline.absent {
            let missing: Vec<String> = absent.names.iter().map(full).collect();
            let keep = missing.iter().filter(|name| patterns.keeps(name)).count() > 0;
            names.extend(missing);
            nameless |= absent.nameless;
            if keep || absent.nameless {
                let origin =
                    Origin { force: options.force, debug: options.debug, ..Origin::unknown() };
                let facts = catalog.facts_of(absent.component.as_deref());
                select(Machine::Absent(absent), origin, unknown_source(), facts);
            }
        }
    }
    // Where a mistake hides what some builds are called, a pattern may be for one of them.
    if !nameless {
        patterns.warn_unmatched(&names, &post_processors, diags);
    }

    // A plugin's components answer over a socket, so several are asked at once. What is found is told
    // in the order of the builds, whoever was first.
    let preparing = futures::stream::iter(selected).map(async |build| {
        let found = Diagnostics::new();
        let prepared = Preparing { diags: &found, ..build }.prepare().await;
        (prepared, found)
    });
    let prepared: Vec<(Prepared, Diagnostics)> = preparing.buffered(AT_ONCE).collect().await;
    prepared.iter().for_each(|(_, found)| diags.append(found));
    sound?;
    let mut plan =
        Plan { builds: Vec::new(), refused: Vec::new(), secrets: session.secrets.clone(), sources };
    for (result, _) in prepared {
        match result {
            Prepared::Ready(build) => plan.builds.push(*build),
            Prepared::Checked => {}
            Prepared::Refused(id) => plan.refused.push(id),
        }
    }
    Ok(plan)
}

/// How many builds are prepared at once.
const AT_ONCE: usize = 32;

/// What `-except` leaves of a chain: a post-processor it names is dropped, and all after it.
fn kept_part<'c, 'a>(
    chain: &'c [Post<'a>],
    patterns: &Patterns,
    names: &mut Vec<String>,
) -> &'c [Post<'a>] {
    let mut end = chain.len();
    for (index, post) in chain.iter().enumerate().rev() {
        let name =
            post.step.name.clone().unwrap_or_else(|| post.step.block.component.text.to_string());
        if patterns.drops_post_processor(&name) {
            end = index;
        }
        names.push(name);
    }
    &chain[..end]
}

/// Checks that every plugin the template requires is there at a fitting version.
///
/// # Errors
///
/// [`Reported`], after recording every requirement that is not met.
pub fn check_plugins(
    template: &Template,
    catalog: &Catalog,
    session: &Session,
) -> Result<(), Reported> {
    let mut result = check_built_in(template, catalog, session);
    for plugin in &template.plugins {
        let PluginRequirement { source, version, source_span, .. } = plugin;
        let is_there = catalog.plugin_version(source.as_str()).is_some();
        if !is_there && !catalog.is_missed(source.as_str()) {
            let message = format!(
                "the plugin `{source}` is not installed at a version that meets `{version}`"
            );
            let error = Diagnostic::error(Code::MissingPlugin, message).at(*source_span, "");
            let help = format!("run `cooper init {}`", template.path.display());
            result = Err(session.diags.error(error.help(help)));
        }
    }
    result
}

/// Checks that what a template requires of the plugins that are there is met.
///
/// # Errors
///
/// [`Reported`], after recording every requirement that is not met.
pub fn check_built_in(
    template: &Template,
    catalog: &Catalog,
    session: &Session,
) -> Result<(), Reported> {
    let mut result = Ok(());
    for PluginRequirement { source, version, version_span, .. } in &template.plugins {
        let Some(built_in) = catalog.plugin_version(source.as_str()) else { continue };
        if Version::parse(built_in).is_ok_and(|built_in| version.allows(&built_in)) {
            continue;
        }
        let message = format!(
            "`{version}` is required of the plugin `{source}`, and Cooper has it built in as version \
             {built_in} has it"
        );
        let help = format!("change the constraint so that {built_in} meets it");
        let error = Diagnostic::error(Code::MissingPlugin, message).at(*version_span, "");
        result = Err(session.diags.error(error.help(help)));
    }
    result
}
