//! What is found out before any build.

pub(crate) mod http;
pub(crate) mod null;
