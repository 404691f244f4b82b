//! Runs commands and moves files in containers made from images, and commits the result.
//!
//! Nothing here has heard of templates. [`ContainerEngine`] is what an engine can do; there is
//! one over Docker's API and a [fake] one for tests.

pub mod build_context;
pub mod changes;
pub mod credentials;
pub mod docker;
pub mod dockerfile;
pub mod ecr;
pub mod engine;
pub mod error;
pub mod fake;
pub mod owner;
pub mod reference;
pub mod run_options;
pub mod spec;

pub use credentials::Credentials;
pub use docker::{DockerConfig, DockerEngine};
pub use engine::{Container, ContainerEngine};
pub use error::Error;
pub use reference::Reference;
pub use spec::ContainerSpec;
