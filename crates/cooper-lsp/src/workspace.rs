//! The texts that are open, and the templates they belong to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cooper_build::Catalog;
use cooper_hcl::{Functions, System};
use gen_lsp_types as lsp;

use crate::analysis::{Analysis, Job, Part, Unit};
use crate::document::Document;
use crate::options::{Options, Scope};
use crate::overlay::{Overlay, Texts, clean};
use crate::page::{Page, PageKind};
use crate::report::report;
use crate::uri;

/// What the names of a template's files end in.
const TEMPLATES: [&str; 2] = [".pkr.hcl", ".pkr.json"];

/// What the names of variable files end in.
const VARIABLES: [&str; 2] = [".pkrvars.hcl", ".pkrvars.json"];

/// What the names of variable files end in that are read without being given.
const AUTOMATIC: [&str; 2] = [".auto.pkrvars.hcl", ".auto.pkrvars.json"];

/// The texts that are open, and the templates they belong to.
pub(crate) struct Workspace {
    /// What was agreed on with the client.
    pub(crate) options: Options,
    /// The components there are without plugins.
    pub(crate) catalog: Catalog,
    /// The functions that templates may call.
    pub(crate) functions: Functions,
    system: Arc<dyn System>,
    /// Files as they were when they were last asked about.
    pages: RefCell<HashMap<PathBuf, Arc<Page>>>,
    /// The open texts of files, by their paths. Other texts are not kept.
    documents: BTreeMap<PathBuf, Document>,
    units: BTreeMap<Unit, State>,
    dirty: BTreeSet<Unit>,
}

/// What is known of a template.
#[derive(Default)]
struct State {
    latest: Option<Arc<Analysis>>,
    /// The files that the client shows diagnostics for.
    told: BTreeSet<PathBuf>,
}

impl Workspace {
    /// A workspace in which nothing is open.
    pub(crate) fn new(system: Arc<dyn System>, catalog: Catalog) -> Self {
        Self {
            options: Options::default(),
            catalog,
            functions: Functions::standard(),
            system,
            pages: RefCell::default(),
            documents: BTreeMap::new(),
            units: BTreeMap::new(),
            dirty: BTreeSet::new(),
        }
    }

    /// An open file; nothing when it is not open or nothing is known of its kind.
    pub(crate) fn page(&self, path: &Path) -> Option<Arc<Page>> {
        let kind = PageKind::of(path.file_name()?.to_str()?)?;
        let text = self.documents.get(path)?.text.clone();
        self.read(path, kind, text)
    }

    /// The files of the template that an open file belongs to, and the variable files beside
    /// them, in the order of their names.
    pub(crate) fn pages(&self, page: &Arc<Page>) -> Vec<Arc<Page>> {
        let Some(folder) = page.path.parent() else { return vec![page.clone()] };
        let system =
            Overlay { base: self.system.clone(), folder: folder.to_owned(), texts: self.texts() };
        let alone = self.options.settings.template == Scope::File;
        let mut pages = Vec::new();
        for name in system.list(Path::new(".")).unwrap_or_default() {
            let path = folder.join(&name);
            let Some(kind) = PageKind::of(&name) else { continue };
            let is_other = alone && kind == PageKind::Template && page.kind == kind;
            if path == page.path {
                pages.push(page.clone());
            } else if !is_other
                && let Ok(text) = system.read(&path)
                && let Ok(text) = String::from_utf8(text)
            {
                pages.extend(self.read(&path, kind, text.into()));
            }
        }
        pages
    }

    fn read(&self, path: &Path, kind: PageKind, text: Arc<str>) -> Option<Arc<Page>> {
        let mut pages = self.pages.borrow_mut();
        if let Some(page) = pages.get(path).filter(|page| *page.text() == text) {
            return Some(page.clone());
        }
        let page = Arc::new(Page::new(path.to_owned(), kind, text)?);
        pages.insert(path.to_owned(), page.clone());
        Some(page)
    }

    /// What a file is called towards the client.
    pub(crate) fn uri(&self, path: &Path) -> String {
        match self.documents.get(path) {
            Some(document) => document.uri.clone(),
            None => uri::from_path(path),
        }
    }

    /// What the last analysis of the template came to that a file belongs to.
    pub(crate) fn analysis(&self, path: &Path) -> Option<&Arc<Analysis>> {
        let unit = self.unit(path)?;
        self.units.get(&unit)?.latest.as_ref()
    }

    /// Opens a text.
    pub(crate) fn open(&mut self, path: PathBuf, document: Document) {
        if let Some(unit) = self.unit(&path) {
            self.units.entry(unit).or_default();
        }
        self.documents.insert(path.clone(), document);
        self.touch(&path);
    }

    /// Changes an open text; a text that is not open has no change.
    pub(crate) fn change(&mut self, path: &Path, params: lsp::DidChangeTextDocumentParams) {
        let Some(document) = self.documents.get_mut(path) else { return };
        let version = params.text_document.version;
        document.change(version, params.content_changes, self.options.encoding);
        self.touch(path);
    }

    /// Closes a text. Returns the templates nobody looks at any more, and the files whose
    /// diagnostics go with them.
    pub(crate) fn close(&mut self, path: &Path) -> (Vec<Unit>, BTreeSet<PathBuf>) {
        self.documents.remove(path);
        self.touch(path);
        let open: BTreeSet<Unit> =
            self.documents.keys().filter_map(|path| self.unit(path)).collect();
        let left: Vec<Unit> =
            self.units.keys().filter(|unit| !open.contains(unit)).cloned().collect();
        let mut told = BTreeSet::new();
        let folders: BTreeSet<&Path> = open.iter().map(|unit| &*unit.folder).collect();
        self.pages.get_mut().retain(|path, _| path.parent().is_some_and(|f| folders.contains(f)));
        for unit in &left {
            self.dirty.remove(unit);
            told.extend(self.units.remove(unit).map(|state| state.told).unwrap_or_default());
        }
        (left, told)
    }

    /// Something changed outside the editor: every template is looked at again.
    pub(crate) fn touch_all(&mut self) {
        self.dirty.extend(self.units.keys().cloned());
    }

    fn touch(&mut self, path: &Path) {
        let same_folder = |unit: &&Unit| path.starts_with(&unit.folder);
        self.dirty.extend(self.units.keys().filter(same_folder).cloned());
    }

    /// The next thing to be analysed, if there is any.
    pub(crate) fn next_job(&mut self) -> Option<Job> {
        let unit = self.dirty.pop_first()?;
        Some(Job { unit, texts: self.texts() })
    }

    /// The open texts.
    pub(crate) fn texts(&self) -> Texts {
        let text = |(path, document): (&PathBuf, &Document)| (path.clone(), document.text.clone());
        Arc::new(self.documents.iter().map(text).collect())
    }

    /// Takes an analysis, and returns what is to be told to the client. What is no longer true
    /// is not told: an analysis of the newer state follows.
    pub(crate) fn take(&mut self, analysis: Analysis) -> Vec<lsp::PublishDiagnosticsParams> {
        if self.dirty.contains(&analysis.unit) || !self.units.contains_key(&analysis.unit) {
            return Vec::new();
        }
        let mut found = report(&analysis, self.options.encoding, &|path| self.uri(path));
        let unit = analysis.unit.clone();
        // An open text hears even that nothing is wrong.
        for path in self.documents.keys() {
            if self.unit(path).as_ref() == Some(&unit) {
                found.entry(path.clone()).or_default();
            }
        }
        let Some(state) = self.units.get_mut(&unit) else { return Vec::new() };
        state.latest = Some(Arc::new(analysis));
        for path in std::mem::take(&mut state.told) {
            found.entry(path).or_default();
        }
        state.told = found
            .iter()
            .filter(|(_, diagnostics)| !diagnostics.is_empty())
            .map(|(path, _)| path.clone())
            .collect();
        let told = found.into_iter().map(|(path, diagnostics)| self.publish(&path, diagnostics));
        told.collect()
    }

    /// What tells the client the diagnostics of a file.
    pub(crate) fn publish(
        &self,
        path: &Path,
        diagnostics: Vec<lsp::Diagnostic>,
    ) -> lsp::PublishDiagnosticsParams {
        lsp::PublishDiagnosticsParams {
            uri: self.uri(path).into(),
            version: self.documents.get(path).map(|document| document.version),
            diagnostics,
        }
    }

    /// The template a file belongs to.
    pub(crate) fn unit(&self, path: &Path) -> Option<Unit> {
        let name = path.file_name()?.to_str()?;
        let folder = path.parent()?.to_owned();
        let is = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let part = if is(&TEMPLATES) {
            match self.options.settings.template {
                Scope::Folder => Part::Folder,
                Scope::File => Part::File(name.to_owned()),
            }
        } else if is(&AUTOMATIC) {
            Part::Folder
        } else if is(&VARIABLES) {
            Part::Variables(name.to_owned())
        } else {
            return None;
        };
        Some(Unit { folder, part })
    }
}

/// The path of a document of the client's, when it is a file.
pub(crate) fn path_of(uri: &lsp::Uri) -> Option<PathBuf> {
    uri::to_path(uri.as_ref()).map(|path| clean(&path))
}
