//! What a question is asked about: the files of a template as they stand in the editor.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cooper_build::{Catalog, Template};
use gen_lsp_types as lsp;

use crate::analysis::Analysis;
use crate::names::{Mention, Named, mentions};
use crate::page::Page;
use crate::workspace::Workspace;

/// The files of a template, and the one that the cursor is in.
pub(crate) struct View<'w> {
    /// Everything that is open.
    pub(crate) workspace: &'w Workspace,
    /// The file that the cursor is in.
    pub(crate) page: Arc<Page>,
    /// All files of the template and its variable files, that one too.
    pub(crate) pages: Vec<Arc<Page>>,
    /// The components there are, with the names that the template gave plugins.
    pub(crate) catalog: Catalog,
    /// What is known of the template as it was a moment ago.
    pub(crate) analysis: Option<Arc<Analysis>>,
}

impl<'w> View<'w> {
    /// The view on an open file; nothing when it is none, or nothing is known of its kind.
    pub(crate) fn of(workspace: &'w Workspace, path: &Path) -> Option<Self> {
        let page = workspace.page(path)?;
        let analysis = workspace.analysis(path).cloned();
        let known = analysis.as_deref();
        let catalog = known.and_then(|known| known.catalog.as_ref()).unwrap_or(&workspace.catalog);
        let catalog = match known.and_then(|known| known.template.as_ref()) {
            Some(template) => catalog.with_accessors(&template.plugins),
            None => catalog.clone(),
        };
        Some(Self { workspace, pages: workspace.pages(&page), page, catalog, analysis })
    }

    /// What the template said a moment ago.
    pub(crate) fn template(&self) -> Option<&Template> {
        self.analysis.as_ref()?.template.as_ref()
    }

    /// Every place of the template where a name is given or used.
    pub(crate) fn mentions(&self) -> Vec<(Arc<Page>, Mention)> {
        let of = |page: &Arc<Page>| {
            let page = page.clone();
            mentions(&page).into_iter().map(move |mention| (page.clone(), mention))
        };
        self.pages.iter().flat_map(of).collect()
    }

    /// Every name that the template gives, each once.
    pub(crate) fn declared(&self) -> BTreeSet<Named> {
        let declared =
            |(_, mention): (Arc<Page>, Mention)| mention.is_declaration.then_some(mention.named);
        self.mentions().into_iter().filter_map(declared).collect()
    }

    /// What is named at a byte of the file that the cursor is in.
    pub(crate) fn mention_at(&self, offset: usize) -> Option<Mention> {
        let at = |mention: &Mention| mention.whole.start <= offset && offset <= mention.whole.end;
        mentions(&self.page).into_iter().filter(at).min_by_key(|mention| mention.whole.len())
    }

    /// The byte at a position of the file that the cursor is in.
    pub(crate) fn offset(&self, position: lsp::Position) -> usize {
        let encoding = self.workspace.options.encoding;
        self.page.lines.offset(self.page.text(), position, encoding)
    }

    /// The range of some bytes of a file.
    pub(crate) fn range(&self, page: &Page, bytes: std::ops::Range<usize>) -> lsp::Range {
        page.lines.range(page.text(), bytes, self.workspace.options.encoding)
    }

    /// The place of some bytes of a file.
    pub(crate) fn location(&self, page: &Page, bytes: std::ops::Range<usize>) -> lsp::Location {
        let uri = self.workspace.uri(&page.path).into();
        lsp::Location { uri, range: self.range(page, bytes) }
    }
}
