//! What stands between a component and the catalog.
//!
//! A component's file declares its arguments, with [`cooper_build::component_config!`], and how
//! it is made of them; a [`Kind`] of these two is a kind of source, provisioner, post-processor or
//! data source.

use cooper_build::Config;
use cooper_build::component::{
    ConfigSchema, DataSource, DataSourceKind, PostProcessor, PostProcessorKind, Provisioner,
    ProvisionerKind, ResultAttribute, ResultSchema, Source, SourceKind,
};
use cooper_hcl::Reported;
use cooper_hcl::schema::{ArgumentSchema, Schema};
use futures::future::{BoxFuture, FutureExt, ready};

/// A kind of component: its arguments, and how a `C` is made of them.
pub(crate) struct Kind<C> {
    schema: Schema,
    rendered_later: Later,
    facts: &'static [&'static str],
    result: ResultSchema,
    prepare: Box<Prepare<C>>,
}

/// Arguments that a component renders itself, each with the data it has for them.
type Later = &'static [(&'static str, &'static [&'static str])];

type Prepare<C> = dyn Fn(&Config<'_>) -> Result<C, Reported> + Send + Sync;

impl<C> Kind<C> {
    /// A kind whose components are made by `prepare` of arguments in which `{{ }}` is filled in.
    pub(crate) fn new<A: ConfigSchema>(
        prepare: impl Fn(&Config<'_>, A) -> Result<C, Reported> + Send + Sync + 'static,
    ) -> Self {
        Self {
            schema: A::schema(),
            rendered_later: &[],
            facts: &[],
            result: ResultSchema::default(),
            prepare: Box::new(move |config| config.make(&prepare)),
        }
    }

    /// Leaves `{{ }}` in these arguments to the component, which has this data besides the facts.
    pub(crate) fn rendered_later(self, arguments: Later) -> Self {
        Self { rendered_later: arguments, ..self }
    }

    /// Takes more arguments, which `prepare` looks up itself.
    pub(crate) fn with_arguments(
        mut self,
        arguments: impl IntoIterator<Item = ArgumentSchema>,
    ) -> Self {
        self.schema.arguments.extend(arguments);
        self
    }

    /// Provides these attributes of `build.*`; for sources.
    pub(crate) fn with_facts(self, facts: &'static [&'static str]) -> Self {
        Self { facts, ..self }
    }

    /// Finds an object with these attributes; for data sources.
    pub(crate) fn with_result(self, attributes: Vec<ResultAttribute>) -> Self {
        Self { result: ResultSchema { attributes }, ..self }
    }

    fn prepare(&self, config: Config<'_>) -> Result<C, Reported> {
        let (config, rendered) = config.render(self.rendered_later);
        let prepared = (self.prepare)(&config);
        rendered.and(prepared)
    }
}

impl<C: Source + 'static> SourceKind for Kind<C> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn facts(&self) -> &[&'static str] {
        self.facts
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>> {
        let prepared = self.prepare(config);
        ready(prepared.map(|source| Box::new(source) as Box<dyn Source>)).boxed()
    }
}

impl<C: Provisioner + 'static> ProvisionerKind for Kind<C> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Provisioner>, Reported>> {
        let prepared = self.prepare(config);
        ready(prepared.map(|step| Box::new(step) as Box<dyn Provisioner>)).boxed()
    }
}

impl<C: PostProcessor + 'static> PostProcessorKind for Kind<C> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn PostProcessor>, Reported>> {
        let prepared = self.prepare(config);
        ready(prepared.map(|step| Box::new(step) as Box<dyn PostProcessor>)).boxed()
    }
}

impl<C: DataSource + 'static> DataSourceKind for Kind<C> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn result(&self) -> &ResultSchema {
        &self.result
    }

    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn DataSource>, Reported>> {
        let prepared = self.prepare(config);
        ready(prepared.map(|source| Box::new(source) as Box<dyn DataSource>)).boxed()
    }
}
