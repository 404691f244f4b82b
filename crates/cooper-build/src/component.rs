//! What components are: sources, provisioners, post-processors and data sources, and the kinds they
//! come from.
//!
//! A *kind* knows its arguments and prepares them; what it prepares can run. Nobody outside
//! `cooper-host` can tell a plugin's kind from a built-in one.

mod catalog;
mod choice;
mod config;
mod render;
mod step;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use cooper_hcl::ast::Name;
use cooper_hcl::schema::Schema;
use cooper_hcl::{Code, Diagnostic, Reported, Type, Value};
use futures::future::BoxFuture;

use crate::artifact::Artifact;
use crate::communicator::Communicator;
use crate::failure::Failure;

pub use catalog::{Catalog, Extensions};
pub use choice::Choice;
pub use config::{ArgumentType, Config, ConfigSchema, Origin, Phase, macros};
pub(crate) use step::Inside;
pub use step::{AfterProvisioners, Deferred, Provisioning, StepCx};

/// What is known of a build once its machine runs: the attributes of `build.*`.
pub type Facts = BTreeMap<String, Value>;

/// The `build.*` names that every source provides, known or not.
pub const COMMON_FACTS: &[&str] = &[
    "ID",
    "Host",
    "Port",
    "User",
    "Password",
    "ConnType",
    "PackerRunUUID",
    "PackerHTTPPort",
    "PackerHTTPIP",
    "PackerHTTPAddr",
    "SSHPublicKey",
    "SSHPrivateKey",
    "WinRMPassword",
];

/// What a component is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It makes a machine.
    Source,
    /// It changes a running machine.
    Provisioner,
    /// It turns an artifact into another.
    PostProcessor,
    /// It finds something out before any build.
    DataSource,
}

/// A kind of source: `docker`.
pub trait SourceKind: Send + Sync {
    /// Its arguments.
    fn schema(&self) -> &Schema;

    /// The `build.*` names that all its sources provide besides [`COMMON_FACTS`].
    fn facts(&self) -> &[&'static str] {
        &[]
    }

    /// Finds out what its arguments are, if that is not known yet: to be called before
    /// [`SourceKind::schema`] and [`SourceKind::prepare`]. A plugin may be started for it.
    ///
    /// # Errors
    ///
    /// When the plugin does not say. It does not matter how often that is asked.
    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        is_open()
    }

    /// Checks arguments and makes a source of them. Changes nothing outside itself and, unless
    /// it is a plugin, contacts nothing.
    ///
    /// # Errors
    ///
    /// [`Reported`], when the arguments cannot be used.
    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Source>, Reported>>;
}

/// Says that it cannot be found out what arguments a component takes.
pub(crate) fn not_open(failure: &Failure, component: &Name) -> Diagnostic {
    let error = Diagnostic::error(Code::Plugin, failure.to_string()).at(component.span, "");
    error.help(failure.next_step())
}

/// What a kind that is in the program opens as.
fn is_open<'a>() -> BoxFuture<'a, Result<(), Failure>> {
    Box::pin(std::future::ready(Ok(())))
}

/// A kind of provisioner: `shell`.
pub trait ProvisionerKind: Send + Sync {
    /// Its arguments.
    fn schema(&self) -> &Schema;

    /// As [`SourceKind::open`].
    ///
    /// # Errors
    ///
    /// When the plugin does not say.
    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        is_open()
    }

    /// As [`SourceKind::prepare`].
    ///
    /// # Errors
    ///
    /// [`Reported`], when the arguments cannot be used.
    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn Provisioner>, Reported>>;
}

/// A kind of post-processor: `docker-tag`.
pub trait PostProcessorKind: Send + Sync {
    /// Its arguments.
    fn schema(&self) -> &Schema;

    /// As [`SourceKind::open`].
    ///
    /// # Errors
    ///
    /// When the plugin does not say.
    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        is_open()
    }

    /// As [`SourceKind::prepare`].
    ///
    /// # Errors
    ///
    /// [`Reported`], when the arguments cannot be used.
    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn PostProcessor>, Reported>>;
}

/// A kind of data source: `http`.
pub trait DataSourceKind: Send + Sync {
    /// Its arguments.
    fn schema(&self) -> &Schema;

    /// The type of what it finds: an object, with a comment on each attribute.
    fn result(&self) -> &ResultSchema;

    /// As [`SourceKind::open`].
    ///
    /// # Errors
    ///
    /// When the plugin does not say.
    fn open(&self) -> BoxFuture<'_, Result<(), Failure>> {
        is_open()
    }

    /// As [`SourceKind::prepare`].
    ///
    /// # Errors
    ///
    /// [`Reported`], when the arguments cannot be used.
    fn prepare<'a>(
        &'a self,
        config: Config<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn DataSource>, Reported>>;
}

/// What a data source finds.
#[derive(Clone, Debug, Default)]
pub struct ResultSchema {
    /// Name, type and documentation of every attribute.
    pub attributes: Vec<ResultAttribute>,
}

/// One attribute of what a data source finds.
#[derive(Clone, Debug)]
pub struct ResultAttribute {
    /// The name.
    pub name: Cow<'static, str>,
    /// The type.
    pub ty: Type,
    /// What it is, as Markdown.
    pub doc: Cow<'static, str>,
}

impl ResultSchema {
    /// The type of the object.
    pub fn ty(&self) -> Type {
        Type::object(self.attributes.iter().map(|a| (&*a.name, a.ty.clone())))
    }
}

/// Finds something out, before any build.
pub trait DataSource: Send + Sync {
    /// Asks. The answer has the type that its kind declares. Dropping the future stops it.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong.
    fn read(&self) -> BoxFuture<'_, Result<Value, Failure>>;
}

/// Makes a machine, lets it be provisioned, and turns it into an artifact.
pub trait Source: Send + Sync {
    /// The `build.*` names it provides besides those of its kind.
    fn facts(&self) -> &[String] {
        &[]
    }

    /// How long it may take to return after the run was told to stop.
    fn grace(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// The whole life of the machine. `inside` runs the provisioners, at most once. What is
    /// acquired is given to [`StepCx::defer`] on the next line.
    ///
    /// `Ok(None)` is a build that leaves nothing.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong, a provisioner's failure included.
    fn build<'a>(
        &'a self,
        cx: &'a StepCx,
        inside: Provisioning<'a>,
    ) -> BoxFuture<'a, Result<Option<Artifact>, Failure>>;
}

/// Changes a running machine.
pub trait Provisioner: Send + Sync {
    /// How long it may take to return after it was told to stop, by [`StepCx::cancelled`], because
    /// the run ends or its time is over. Unless it says otherwise, it is dropped at once.
    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    /// Does it. Dropping the future must stop it.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong.
    fn provision<'a>(
        &'a self,
        cx: &'a StepCx,
        machine: &'a dyn Communicator,
    ) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Turns an artifact into another.
pub trait PostProcessor: Send + Sync {
    /// As [`Provisioner::grace`].
    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong. What was built before stays.
    fn process<'a>(
        &'a self,
        cx: &'a StepCx,
        input: &'a Artifact,
    ) -> BoxFuture<'a, Result<Processed, Failure>>;
}

/// What a post-processor made, and what becomes of what it was given.
pub struct Processed {
    /// The result, which the next one in the chain works on; without one the chain ends.
    pub artifact: Option<Artifact>,
    /// What becomes of the input.
    pub input: Keep,
}

/// What becomes of a post-processor's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// It stays, whatever `keep_input_artifact` says: the output is the same thing.
    Always,
    /// It stays unless `keep_input_artifact = false`.
    ByDefault,
    /// It is removed unless `keep_input_artifact = true`.
    OnRequest,
}
