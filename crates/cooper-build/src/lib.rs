//! Gives a template its meaning: what it says, what will be done, and the doing of it.

pub mod artifact;
pub mod communicator;
pub mod component;
pub mod event;
pub mod failure;
pub mod run;
pub mod secret;

pub use cooper_hcl as hcl;

pub use artifact::{Artifact, ArtifactHandle, ArtifactSummary};
pub use component::{Catalog, Config, Facts, StepCx};
pub use event::{BuildId, Event, EventKind, StepId, Stream};
pub use failure::Failure;
pub use secret::Secrets;
