//! The ways into machines.

pub(crate) mod docker;
pub(crate) mod none;
mod options;

pub(crate) use options::{Choice, OPTIONS, choose};
