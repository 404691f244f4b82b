//! A program that is a plugin.

mod command_line;
mod connection;
mod description;

use std::process::ExitCode;

use cooper_wire::broker::Broker;
use cooper_wire::rpc::{self, serve};
use cooper_wire::service;
use cooper_wire::spec::Encoding;
use cooper_wire::yamux::Stream;
use futures::future::BoxFuture;

use crate::builder::{self, Builder};
use crate::data_source::{self, DataSource};
use crate::post_processor::{self, PostProcessor};
use crate::provisioner::{self, Provisioner};
use crate::schema::{self, Field, Need, Schema};

/// The component that goes by the plugin's own name: `greet`, and not `greet-something`.
pub const DEFAULT: &str = "";

/// A program that is a plugin: what is in it.
///
/// ```no_run
/// # use cooper_plugin::{Build, DEFAULT, Machine, Plugin, Provisioner, Result, Schema, Ui};
/// # /// Does nothing.
/// # #[derive(Schema)]
/// # struct Greet;
/// # impl Provisioner for Greet {
/// #     async fn provision(&self, _: &Machine, _: &Ui, _: &Build) -> Result { Ok(()) }
/// # }
/// fn main() -> std::process::ExitCode {
///     Plugin::new(env!("CARGO_PKG_VERSION")).provisioner::<Greet>(DEFAULT).main()
/// }
/// ```
#[must_use]
pub struct Plugin {
    pub(crate) version: String,
    pub(crate) components: Vec<Component>,
}

/// One component of a plugin.
pub(crate) struct Component {
    pub(crate) kind: Kind,
    /// What comes behind the plugin's name and a dash; [`DEFAULT`] is the plugin's name itself.
    pub(crate) name: String,
    pub(crate) about: &'static str,
    pub(crate) fields: Vec<Field>,
    /// What a data source finds.
    pub(crate) output: Option<Vec<Field>>,
    pub(crate) serve: Serve,
}

/// Answers the calls of a host for a component.
pub(crate) type Serve = fn(Broker, Encoding, Stream) -> BoxFuture<'static, Result<(), String>>;

/// The kinds of component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Builder,
    Provisioner,
    PostProcessor,
    DataSource,
}

impl Plugin {
    /// A plugin of a version, such as `1.2.3` or `1.2.3-dev`, with nothing in it.
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into(), components: Vec::new() }
    }

    /// The same with a provisioner.
    pub fn provisioner<T: Provisioner>(self, name: &str) -> Self {
        self.with::<T>(Kind::Provisioner, name, None, |broker, encoding, stream| {
            let adapter = provisioner::Adapter::<T>::new();
            Box::pin(async move {
                let service = service::provisioner::Service::new(adapter, broker, encoding);
                serve(stream, &[&service as &dyn rpc::Service<'_>]).await
            })
        })
    }

    /// The same with a post-processor.
    pub fn post_processor<T: PostProcessor>(self, name: &str) -> Self {
        self.with::<T>(Kind::PostProcessor, name, None, |broker, encoding, stream| {
            let adapter = post_processor::Adapter::<T>::new();
            Box::pin(async move {
                let service = service::post_processor::Service::new(adapter, broker, encoding);
                serve(stream, &[&service as &dyn rpc::Service<'_>]).await
            })
        })
    }

    /// The same with a data source.
    pub fn data_source<T: DataSource>(self, name: &str) -> Self {
        let output = Some(T::Output::fields());
        self.with::<T>(Kind::DataSource, name, output, |_, encoding, stream| {
            let adapter = data_source::Adapter::<T>::new();
            Box::pin(async move {
                let service = service::datasource::Service::new(adapter, encoding);
                serve(stream, &[&service as &dyn rpc::Service<'_>]).await
            })
        })
    }

    /// The same with a builder.
    pub fn builder<T: Builder>(self, name: &str) -> Self {
        self.with::<T>(Kind::Builder, name, None, |broker, encoding, stream| {
            let adapter = builder::Adapter::<T>::new();
            Box::pin(async move {
                let service = service::builder::Service::new(adapter, broker, encoding);
                serve(stream, &[&service as &dyn rpc::Service<'_>]).await
            })
        })
    }

    fn with<T: Schema>(
        mut self,
        kind: Kind,
        name: &str,
        output: Option<Vec<Field>>,
        serve: Serve,
    ) -> Self {
        let (name, about, fields) = (name.to_owned(), T::ABOUT, T::fields());
        self.components.push(Component { kind, name, about, fields, output, serve });
        self
    }

    /// Is the plugin: does what the command line says, which is a host's, and returns when there is nothing more to do.
    ///
    /// From then on, standard output belongs to the host; what is printed goes to the log, as what goes to standard error
    /// does.
    pub fn main(self) -> ExitCode {
        let arguments: Vec<String> =
            std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
        self.run(&arguments)
    }

    /// The same for another command line, of which the first word is the program's file.
    pub fn run(&self, arguments: &[String]) -> ExitCode {
        command_line::run(self, arguments)
    }

    /// What its author has to change before anybody can use it.
    fn flaws(&self) -> Vec<String> {
        let mut flaws = Vec::new();
        for (index, component) in self.components.iter().enumerate() {
            let called = component.called();
            if let Some(flaw) = schema::impossible(&component.fields) {
                flaws.push(format!("{called}: {flaw}"));
            }
            if let Some(flaw) = component.output.as_deref().and_then(schema::impossible) {
                flaws.push(format!("{called}: {flaw}"));
            }
            let same =
                |other: &&Component| other.kind == component.kind && other.name == component.name;
            if self.components[..index].iter().find(same).is_some() {
                flaws.push(format!("there are two: {called}"));
            }
        }
        flaws
    }
}

impl Component {
    fn called(&self) -> String {
        let kind = self.kind.word();
        match self.name.as_str() {
            DEFAULT => format!("the {kind} of the plugin's name"),
            name => format!("the {kind} `{name}`"),
        }
    }

    /// What a template calls it: `greet`, `greet-tag`.
    pub(crate) fn full_name(&self, plugin: &str) -> String {
        match self.name.as_str() {
            DEFAULT => plugin.to_owned(),
            name => format!("{plugin}-{name}"),
        }
    }

    /// The first line of a block that uses it.
    pub(crate) fn heading(&self, plugin: &str) -> String {
        let name = self.full_name(plugin);
        match self.kind {
            Kind::Builder => format!("source \"{name}\" \"example\" {{"),
            Kind::Provisioner => format!("provisioner \"{name}\" {{"),
            Kind::PostProcessor => format!("post-processor \"{name}\" {{"),
            Kind::DataSource => format!("data \"{name}\" \"example\" {{"),
        }
    }

    /// A block that uses it, with what must be given.
    pub(crate) fn example(&self, plugin: &str) -> String {
        let required = self.fields.iter().filter(|field| field.need == Need::Required);
        let lines: String = required.map(|field| field.example("  ")).collect();
        match lines.is_empty() {
            true => format!("{}}}", self.heading(plugin)),
            false => format!("{}\n{lines}}}", self.heading(plugin)),
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Builder, Self::Provisioner, Self::PostProcessor, Self::DataSource];

    /// As it is written on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Builder => "builder",
            Self::Provisioner => "provisioner",
            Self::PostProcessor => "post-processor",
            Self::DataSource => "datasource",
        }
    }

    /// For people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Builder => "Source",
            Self::Provisioner => "Provisioner",
            Self::PostProcessor => "Post-processor",
            Self::DataSource => "Data source",
        }
    }
}
