//! What every stage before the run is handed.

use std::sync::Arc;

use cooper_hcl::ast::File;
use cooper_hcl::source::TooMuchText;
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Functions, Reported, SourceFile, SourceMap, System,
};

use crate::cache::{Cache, Parse};
use crate::lock::Lock;
use crate::overheard::Overheard;
use crate::secret::Secrets;

/// The texts that were read, the mistakes that were found, and the outside world.
pub struct Session {
    /// Every text that a diagnostic can point into.
    pub sources: SourceMap,
    /// What was found wrong so far.
    pub diags: Diagnostics,
    /// The outside world.
    pub system: Arc<dyn System>,
    /// What must not be shown.
    pub secrets: Secrets,
    /// The functions that templates may call.
    pub functions: Arc<Functions>,
    /// Which plugins and base images the template is built with; empty until it is read.
    pub lock: Arc<Lock>,
    /// What an earlier session parsed; nothing when there is only one session.
    pub cache: Option<Cache>,
}

impl Session {
    /// A session in which nothing was read yet.
    pub fn new(system: Arc<dyn System>) -> Self {
        let secrets = Secrets::new();
        Self {
            sources: SourceMap::new(),
            diags: Diagnostics::new(),
            system: Arc::new(Overheard { system, secrets: secrets.clone() }),
            secrets,
            functions: Arc::new(Functions::standard()),
            lock: Arc::default(),
            cache: None,
        }
    }

    /// Gives a text a place.
    pub(crate) fn add(&mut self, name: &str, text: String) -> Result<SourceFile, Reported> {
        let added = match &mut self.cache {
            None => self.sources.add(name, text),
            Some(cache) => cache.place(name, text).and_then(|file| self.adopt(file)),
        };
        added.map_err(|cause| self.no_room(&cause))
    }

    /// Gives a text a place and parses it.
    pub(crate) fn parse(
        &mut self,
        name: &str,
        text: String,
        parse: Parse,
    ) -> Result<File, Reported> {
        let Some(cache) = &mut self.cache else {
            let file = self.add(name, text)?;
            return parse(&file, &self.diags);
        };
        let parsed = cache.parse(name, text, parse, &self.diags);
        let adopted = parsed.and_then(|(file, tree)| self.adopt(file).map(|_| tree));
        adopted.map_err(|cause| self.no_room(&cause))?
    }

    fn adopt(&mut self, file: SourceFile) -> Result<SourceFile, TooMuchText> {
        // The same text may be read twice, as two `-var-file` flags can name one file.
        if self.sources.file(file.span()).is_none() {
            self.sources.adopt(file.clone())?;
        }
        Ok(file)
    }

    fn no_room(&self, cause: &TooMuchText) -> Reported {
        self.diags.error(Diagnostic::error(Code::LimitExceeded, cause.to_string()))
    }
}
