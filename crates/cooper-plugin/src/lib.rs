//! Plugins for Cooper and Packer, in Rust.
//!
//! A plugin is a program with components of its own: provisioners, post-processors, data sources, builders. A
//! component is a struct: its fields are the arguments that a template gives, and their doc comments the reference
//! page. This is all of one:
//!
//! ```no_run
//! use cooper_plugin::{Build, DEFAULT, Machine, Plugin, Provisioner, Result, Schema, Ui};
//!
//! /// Leaves a greeting in the machine.
//! #[derive(Schema)]
//! struct Greet {
//!     /// Who is greeted.
//!     who: String,
//!     /// The file that the greeting goes to.
//!     #[schema(default = "/etc/motd")]
//!     path: String,
//! }
//!
//! impl Provisioner for Greet {
//!     async fn provision(&self, machine: &Machine, ui: &Ui, build: &Build) -> Result {
//!         let name = machine.read("uname -n").await?;
//!         machine.upload(&self.path, format!("{name} greets {}\n", self.who)).await?;
//!         machine.run(format!("cat {}", self.path)).await?;
//!         ui.say(format!("{} is done", build.name)).await;
//!         Ok(())
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Plugin::new(env!("CARGO_PKG_VERSION")).provisioner::<Greet>(DEFAULT).main()
//! }
//! ```
//!
//! The program, `packer-plugin-greet`, works with Cooper, with Packer, and, called `packer-provisioner-greet` and put
//! beside a template, with Packers before 1.7. `packer-plugin-greet docs` prints its reference page.
//!
//! | to make | implement | it is given |
//! | --- | --- | --- |
//! | a provisioner | [`Provisioner`] | a [`Machine`] |
//! | a post-processor | [`PostProcessor`] | an [`Artifact`], and makes a [`Processed`] |
//! | a data source | [`DataSource`] | only its arguments |
//! | a source | [`Builder`] | [`Provisioners`] to run, and makes a [`Made`] |
//!
//! What goes wrong is returned as an error, which may be any, or a text. A panic is one error, too, and the log says
//! where it was. What is printed, on standard output or error, goes to the log; users see what goes to [`Ui`].

// The derive names this crate.
extern crate self as cooper_plugin;

pub mod artifact;
mod build;
mod builder;
pub mod communicator;
mod component;
mod data_source;
mod error;
mod given;
pub mod machine;
mod plugin;
mod post_processor;
mod provisioner;
mod reference;
pub mod schema;
mod secrets;
pub mod testing;
mod ui;

pub use artifact::{Artifact, Made, Processed};
pub use build::Build;
pub use builder::{Builder, Facts, Provisioners};
pub use cooper_plugin_derive::Schema;
pub use data_source::DataSource;
pub use error::{Error, Result};
pub use machine::{Command, CommandFailed, Machine, Output, quoted};
pub use plugin::{DEFAULT, Plugin};
pub use post_processor::PostProcessor;
pub use provisioner::Provisioner;
pub use schema::Schema;
pub use tokio_util::sync::CancellationToken;
pub use ui::{Tracked, Ui};
