//! Gives a template its meaning: what it says, what will be done, and the doing of it.
//!
//! Each stage is a function from one type to the next:
//!
//! ```text
//! files ──Template::load──▶ Template ──Inputs::collect──▶ Inputs ──resolve──▶ Values
//!                                     ──plan──▶ Plan ──run──▶ Event… and Report
//! ```
//!
//! Only running a plan changes the world.

pub mod artifact;
pub mod communicator;
pub mod component;
mod duration;
pub mod event;
pub mod failure;
mod graph;
pub mod inputs;
pub mod plan;
pub mod report;
pub mod resolve;
pub mod run;
pub mod secret;
pub mod select;
pub mod session;
pub mod template;
pub mod version;

pub use cooper_hcl as hcl;

pub use artifact::{Artifact, ArtifactHandle, ArtifactSummary};
pub use component::{Catalog, Config, Facts, StepCx};
pub use event::{BuildId, Event, EventKind, StepId, Stream};
pub use failure::Failure;
pub use inputs::{InputOptions, Inputs};
pub use plan::{Plan, PlanOptions, plan};
pub use report::Report;
pub use resolve::{Values, resolve};
pub use run::{Interrupt, OnError, RunOptions, run};
pub use secret::Secrets;
pub use select::Selection;
pub use session::Session;
pub use template::Template;

/// The version of Packer whose templates Cooper reads: `packer.version`.
pub const PACKER_VERSION: &str = "1.16.0";
