//! The ways into machines.

pub(crate) mod docker;
pub(crate) mod none;
mod options;
pub(crate) mod ssh;
mod temporary;

pub(crate) use options::{Choice, Machine, choose, schema};
