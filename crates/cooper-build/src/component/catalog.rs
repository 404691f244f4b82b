//! The known kinds of components, by type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cooper_hcl::schema::Schema;
use futures::future::BoxFuture;

use super::{COMMON_FACTS, DataSourceKind, PostProcessorKind, ProvisionerKind, Role, SourceKind};
use crate::session::Session;
use crate::template::{PluginRequirement, Template};

/// The known kinds of components. A name registered first stays.
#[derive(Clone, Default)]
pub struct Catalog {
    sources: BTreeMap<String, Arc<dyn SourceKind>>,
    provisioners: BTreeMap<String, Arc<dyn ProvisionerKind>>,
    post_processors: BTreeMap<String, Arc<dyn PostProcessorKind>>,
    data_sources: BTreeMap<String, Arc<dyn DataSourceKind>>,
    plugins: BTreeMap<String, String>,
    /// Plugins of which it was told why they are not there.
    missed: BTreeSet<String>,
    /// Names that a template gave plugins, and what these are called here.
    accessors: BTreeMap<String, String>,
    extensions: Option<Arc<dyn Extensions>>,
}

/// Finds kinds that are not in the program: those of plugins.
pub trait Extensions: Send + Sync {
    /// A catalog with what a template may use besides. What is wrong with a plugin that it needs is
    /// recorded.
    fn extend<'a>(
        &'a self,
        catalog: &'a Catalog,
        template: &'a Template,
        session: &'a Session,
    ) -> BoxFuture<'a, Catalog>;
}

impl Catalog {
    /// A catalog without any kind.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of source.
    pub fn source(&mut self, name: impl Into<String>, kind: impl SourceKind + 'static) {
        self.sources.entry(name.into()).or_insert_with(|| Arc::new(kind));
    }

    /// Adds a kind of provisioner.
    pub fn provisioner(&mut self, name: impl Into<String>, kind: impl ProvisionerKind + 'static) {
        self.provisioners.entry(name.into()).or_insert_with(|| Arc::new(kind));
    }

    /// Adds a kind of post-processor.
    pub fn post_processor(
        &mut self,
        name: impl Into<String>,
        kind: impl PostProcessorKind + 'static,
    ) {
        self.post_processors.entry(name.into()).or_insert_with(|| Arc::new(kind));
    }

    /// Adds a kind of data source.
    pub fn data_source(&mut self, name: impl Into<String>, kind: impl DataSourceKind + 'static) {
        self.data_sources.entry(name.into()).or_insert_with(|| Arc::new(kind));
    }

    /// States that the components of a Packer plugin are there, as that version has them:
    /// `("github.com/hashicorp/docker", "1.1.5")`.
    pub fn plugin(&mut self, source: impl Into<String>, version: impl Into<String>) {
        self.plugins.insert(source.into(), version.into());
    }

    /// States that it was told why a plugin is not there.
    pub fn without_plugin(&mut self, source: impl Into<String>) {
        self.missed.insert(source.into());
    }

    /// Whether it was told why a plugin is not there.
    pub(crate) fn is_missed(&self, source: &str) -> bool {
        self.missed.contains(source)
    }

    /// The same catalog, to which these kinds are added as templates need them.
    #[must_use]
    pub fn with_extensions(self, extensions: impl Extensions + 'static) -> Self {
        Self { extensions: Some(Arc::new(extensions)), ..self }
    }

    /// The catalog for a template: that of an earlier session, if it needed the same and nothing
    /// was wrong with it.
    pub(crate) async fn extended(&self, template: &Template, session: &mut Session) -> Self {
        let Some(extensions) = &self.extensions else { return self.clone() };
        let kept = session.cache.as_ref().and_then(|cache| cache.catalog(template));
        if let Some(catalog) = kept {
            return catalog;
        }
        let told = session.diags.count();
        let catalog = extensions.extend(self, template, session).await;
        // What was told has to be told again.
        if let Some(cache) = &mut session.cache
            && session.diags.count() == told
        {
            cache.keep_catalog(template, catalog.clone());
        }
        catalog
    }

    /// The version of a plugin whose components are there.
    pub fn plugin_version(&self, source: &str) -> Option<&str> {
        self.plugins.get(source).map(String::as_str)
    }

    /// The same catalog for a template that may have given plugins names of its own: with
    /// `foo = { source = "github.com/hashicorp/docker", … }` there is a `foo-tag` too.
    pub fn with_accessors(&self, plugins: &[PluginRequirement]) -> Self {
        let mut catalog = self.clone();
        for plugin in
            plugins.iter().filter(|plugin| self.plugins.contains_key(plugin.source.as_str()))
        {
            let name = plugin.source.name().to_owned();
            catalog.accessors.insert(plugin.accessor.clone(), name);
        }
        catalog
    }

    /// Whether there is a component of that type, in any role.
    pub fn has(&self, name: &str) -> bool {
        let own = self.own_name(name);
        self.sources.contains_key(&own)
            || self.provisioners.contains_key(&own)
            || self.post_processors.contains_key(&own)
            || self.data_sources.contains_key(&own)
    }

    /// What a component is called here that a template may call otherwise.
    pub(crate) fn own_name(&self, name: &str) -> String {
        let is_own = self.sources.contains_key(name)
            || self.provisioners.contains_key(name)
            || self.post_processors.contains_key(name)
            || self.data_sources.contains_key(name);
        if is_own {
            return name.to_owned();
        }
        let own = self.accessors.iter().find_map(|(accessor, own)| {
            let rest = name.strip_prefix(accessor.as_str())?;
            (rest.is_empty() || rest.starts_with('-')).then(|| format!("{own}{rest}"))
        });
        own.unwrap_or_else(|| name.to_owned())
    }

    /// The kind of source of that type.
    pub fn get_source(&self, name: &str) -> Option<&Arc<dyn SourceKind>> {
        self.sources.get(name).or_else(|| self.sources.get(&self.own_name(name)))
    }

    /// The `build.*` names of a type of source; of any of them, when the type is not known.
    pub(crate) fn facts_of(&self, source: Option<&str>) -> Vec<String> {
        let own: Vec<&'static str> = match source.and_then(|source| self.get_source(source)) {
            Some(kind) => kind.facts().to_vec(),
            None => {
                let all: BTreeSet<&'static str> =
                    self.sources.values().flat_map(|kind| kind.facts()).copied().collect();
                all.into_iter().collect()
            }
        };
        COMMON_FACTS.iter().copied().chain(own).map(str::to_owned).collect()
    }

    /// The kind of provisioner of that type.
    pub fn get_provisioner(&self, name: &str) -> Option<&Arc<dyn ProvisionerKind>> {
        self.provisioners.get(name).or_else(|| self.provisioners.get(&self.own_name(name)))
    }

    /// The kind of post-processor of that type.
    pub fn get_post_processor(&self, name: &str) -> Option<&Arc<dyn PostProcessorKind>> {
        self.post_processors.get(name).or_else(|| self.post_processors.get(&self.own_name(name)))
    }

    /// The kind of data source of that type.
    pub fn get_data_source(&self, name: &str) -> Option<&Arc<dyn DataSourceKind>> {
        self.data_sources.get(name).or_else(|| self.data_sources.get(&self.own_name(name)))
    }

    /// What the components of a role and type may be given.
    pub fn schema(&self, role: Role, name: &str) -> Option<&Schema> {
        match role {
            Role::Source => self.get_source(name).map(|kind| kind.schema()),
            Role::Provisioner => self.get_provisioner(name).map(|kind| kind.schema()),
            Role::PostProcessor => self.get_post_processor(name).map(|kind| kind.schema()),
            Role::DataSource => self.get_data_source(name).map(|kind| kind.schema()),
        }
    }

    /// The types of all components of a role.
    pub fn names(&self, role: Role) -> Vec<&str> {
        match role {
            Role::Source => self.source_names().collect(),
            Role::Provisioner => self.provisioner_names().collect(),
            Role::PostProcessor => self.post_processor_names().collect(),
            Role::DataSource => self.data_source_names().collect(),
        }
    }

    /// The types of all sources.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// The types of all provisioners.
    pub fn provisioner_names(&self) -> impl Iterator<Item = &str> {
        self.provisioners.keys().map(String::as_str)
    }

    /// The types of all data sources.
    pub fn data_source_names(&self) -> impl Iterator<Item = &str> {
        self.data_sources.keys().map(String::as_str)
    }

    /// The types of all post-processors.
    pub fn post_processor_names(&self) -> impl Iterator<Item = &str> {
        self.post_processors.keys().map(String::as_str)
    }
}
