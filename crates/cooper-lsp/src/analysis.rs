//! What is wrong with a template as it stands in the editor, and what else is known of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::{
    Cache, Catalog, DataSources, PlanOptions, Secrets, Session, Template, Values, examine,
};
use cooper_hcl::{Diagnostic, SourceMap, System};
use tokio::runtime::Handle;

use crate::options::Settings;
use crate::overlay::{Overlay, Texts};

/// One template: what `cooper validate` would be given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Unit {
    /// The folder it is in, absolute.
    pub(crate) folder: PathBuf,
    /// What of the folder it is.
    pub(crate) part: Part,
}

/// What of a folder is one template.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Part {
    /// All of it.
    Folder,
    /// One file.
    File(String),
    /// All of it with a variable file that is read only where it is given: only what is wrong
    /// with that file is of interest.
    Variables(String),
}

/// What is to be analysed.
pub(crate) struct Job {
    /// The template.
    pub(crate) unit: Unit,
    /// The texts that are open, in this folder and in others.
    pub(crate) texts: Texts,
}

/// What a template as it stood in the editor came to.
pub(crate) struct Analysis {
    /// The template.
    pub(crate) unit: Unit,
    /// What is wrong, as `cooper validate` would say it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The texts that were read.
    pub(crate) sources: SourceMap,
    /// What must not be shown.
    pub(crate) secrets: Secrets,
    /// What the template says, when all its files could be parsed.
    pub(crate) template: Option<Template>,
    /// The components there are for it, with those of plugins.
    pub(crate) catalog: Option<Catalog>,
    /// What its variables and locals are.
    pub(crate) values: Option<Values>,
}

/// Analyses templates, one after the other, and remembers what it parsed.
pub(crate) struct Analyst {
    /// The machine.
    pub(crate) system: Arc<dyn System>,
    /// The components there are. None of those in the box contacts anything while it is prepared.
    pub(crate) catalog: Catalog,
    /// Where plugins are talked to.
    runtime: Handle,
    /// What the user set.
    pub(crate) settings: Settings,
    caches: HashMap<Unit, Cache>,
}

impl Analyst {
    /// An analyst that has seen nothing yet.
    pub(crate) fn new(
        system: Arc<dyn System>,
        catalog: Catalog,
        runtime: Handle,
        settings: Settings,
    ) -> Self {
        Self { system, catalog, runtime, settings, caches: HashMap::new() }
    }

    /// Looks for plugins again when they are needed next.
    pub(crate) fn forget_plugins(&mut self) {
        self.caches.values_mut().for_each(Cache::forget_catalog);
    }

    /// Forgets a template.
    pub(crate) fn forget(&mut self, unit: &Unit) {
        self.caches.remove(unit);
    }

    /// Finds out what `cooper validate` would say, started in the template's folder.
    pub(crate) fn analyse(&mut self, job: &Job) -> Analysis {
        // Taken out, so that a panic loses it rather than leaving it half changed.
        let mut cache = self.caches.remove(&job.unit).unwrap_or_default();
        cache.begin();
        let mut session = self.session(job);
        session.cache = Some(cache);
        let mut inputs = self.settings.inputs();
        let path = match &job.unit.part {
            Part::Folder => ".",
            Part::File(name) => name,
            Part::Variables(name) => {
                inputs.var_files.push(name.into());
                "."
            }
        };
        // A data source is checked, and not asked.
        let options = PlanOptions { data_sources: DataSources::Check, ..PlanOptions::default() };
        let examined = examine(Path::new(path), &inputs, &self.catalog, &options, &mut session);
        let examined = self.runtime.block_on(examined);
        self.caches.extend(session.cache.take().map(|cache| (job.unit.clone(), cache)));
        let mut diagnostics = session.diags.take();
        if let Part::Variables(name) = &job.unit.part {
            diagnostics.retain(|diagnostic| {
                let place = diagnostic.primary.as_ref().map(|label| label.span);
                let file = place.and_then(|span| session.sources.file(span));
                file.is_some_and(|file| file.name() == name)
            });
        }
        Analysis {
            unit: job.unit.clone(),
            diagnostics,
            sources: session.sources,
            secrets: session.secrets,
            template: examined.template,
            catalog: examined.catalog,
            values: examined.values,
        }
    }

    fn session(&self, job: &Job) -> Session {
        Session::new(Arc::new(Overlay {
            base: self.system.clone(),
            folder: job.unit.folder.clone(),
            texts: job.texts.clone(),
        }))
    }
}
