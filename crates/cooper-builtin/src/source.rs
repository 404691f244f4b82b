//! What builds start from.

pub(crate) mod docker;
pub(crate) mod file;
pub(crate) mod null;
