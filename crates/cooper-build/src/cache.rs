//! What stays from one session to the next: parsed texts, and the components that plugins have.

use std::collections::HashMap;
use std::sync::Arc;

use cooper_hcl::ast::File;
use cooper_hcl::source::TooMuchText;
use cooper_hcl::{Diagnostic, Diagnostics, Reported, Severity, SourceFile, SourceMap};

use crate::component::Catalog;
use crate::plugin_source::PluginSource;
use crate::template::{Components, Template};
use crate::version::Constraint;

/// Reads a file's text as a tree.
pub type Parse = fn(&SourceFile, &Diagnostics) -> Result<File, Reported>;

/// The texts of the last session, with their trees, and the catalog that it came to.
///
/// A text that a session meets again is neither copied nor parsed again, and its mistakes are
/// recorded as they were the first time. What a session did not meet is forgotten when the next
/// one begins, so a cache is never larger than two sessions.
#[derive(Default)]
pub struct Cache {
    /// Gives every text offsets that no other text of the cache has.
    map: SourceMap,
    texts: HashMap<Arc<str>, Vec<Text>>,
    session: u64,
    catalog: Option<(Needs, Catalog)>,
}

/// What of a template decides which kinds are added to a catalog for it.
#[derive(PartialEq, Eq)]
struct Needs {
    components: Components,
    plugins: Vec<(String, PluginSource, Constraint)>,
}

impl Needs {
    fn of(template: &Template) -> Self {
        let plugins = template.plugins.iter();
        let plugins =
            plugins.map(|one| (one.accessor.clone(), one.source.clone(), one.version.clone()));
        Self { components: template.components(), plugins: plugins.collect() }
    }
}

struct Text {
    file: SourceFile,
    parsed: Option<Parsed>,
    used: u64,
}

struct Parsed {
    tree: Result<File, Reported>,
    diags: Vec<Diagnostic>,
}

impl Cache {
    /// A cache without any text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a session: forgets what the last one did not meet.
    pub fn begin(&mut self) {
        let Self { map, texts, session, .. } = self;
        texts.retain(|_, texts| {
            texts.retain(|text| {
                let keep = text.used == *session;
                if !keep {
                    map.remove(&text.file);
                }
                keep
            });
            !texts.is_empty()
        });
        *session += 1;
    }

    /// The place of a text, the same as last time when it was met before.
    ///
    /// # Errors
    ///
    /// When no place is left.
    pub(crate) fn place(&mut self, name: &str, text: String) -> Result<SourceFile, TooMuchText> {
        Ok(self.entry(name, text)?.file.clone())
    }

    /// The tree of a text and its place.
    ///
    /// # Errors
    ///
    /// When no place is left. What is wrong with the text is recorded, and the tree missing then.
    pub(crate) fn parse(
        &mut self,
        name: &str,
        text: String,
        parse: Parse,
        diags: &Diagnostics,
    ) -> Result<(SourceFile, Result<File, Reported>), TooMuchText> {
        let entry = self.entry(name, text)?;
        let file = &entry.file;
        let Parsed { tree, diags: found } = entry.parsed.get_or_insert_with(|| {
            let found = Diagnostics::new();
            let tree = parse(file, &found);
            Parsed { tree, diags: found.take() }
        });
        for diagnostic in found {
            match diagnostic.severity {
                Severity::Error => {
                    diags.error(diagnostic.clone());
                }
                Severity::Warning => diags.warn(diagnostic.clone()),
            }
        }
        Ok((file.clone(), tree.clone()))
    }

    /// The catalog of the last session that needed the same; nothing when it needed something else.
    pub(crate) fn catalog(&self, template: &Template) -> Option<Catalog> {
        let (needs, catalog) = self.catalog.as_ref()?;
        (*needs == Needs::of(template)).then(|| catalog.clone())
    }

    /// Keeps the catalog that was made for a template, and with it the processes of plugins that
    /// read its arguments.
    pub(crate) fn keep_catalog(&mut self, template: &Template, catalog: Catalog) {
        self.catalog = Some((Needs::of(template), catalog));
    }

    /// Forgets the catalog: plugins may have been installed since.
    pub fn forget_catalog(&mut self) {
        self.catalog = None;
    }

    fn entry(&mut self, name: &str, text: String) -> Result<&mut Text, TooMuchText> {
        let name: Arc<str> = name.into();
        let texts = self.texts.entry(name.clone()).or_default();
        let known = texts.iter().position(|known| **known.file.text() == *text);
        let index = match known {
            Some(index) => index,
            None => {
                let file = self.map.add(name, text)?;
                texts.push(Text { file, parsed: None, used: 0 });
                texts.len() - 1
            }
        };
        let entry = &mut texts[index];
        entry.used = self.session;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static PARSED: AtomicUsize = AtomicUsize::new(0);

    fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<File, Reported> {
        PARSED.fetch_add(1, Ordering::Relaxed);
        cooper_hcl::parse(file, diags)
    }

    #[test]
    fn what_did_not_change_is_parsed_once_and_its_mistakes_are_told_every_time() {
        let mut cache = Cache::new();
        let mut first_place = None;
        for session in 0..3 {
            cache.begin();
            let diags = Diagnostics::new();
            let texts = [("a", "a = 1\n".to_owned()), ("b", format!("b = {session} ; x\n"))];
            let mut map = SourceMap::new();
            for (name, text) in texts {
                let (file, _) = cache.parse(name, text, parse, &diags).expect("room");
                map.adopt(file.clone()).expect("no other text is there");
                if name == "a" {
                    assert_eq!(*first_place.get_or_insert(file.base()), file.base());
                }
            }
            assert!(diags.has_errors());
            let place = diags.to_vec()[0].primary.clone().expect("a place");
            assert_eq!(map.file(place.span).map(SourceFile::name), Some("b"));
        }
        assert_eq!(PARSED.load(Ordering::Relaxed), 4);
        cache.begin();
        cache.begin();
        assert!(cache.texts.is_empty() && cache.map.files().is_empty());
    }
}
