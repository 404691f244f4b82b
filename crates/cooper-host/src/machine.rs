//! Ways into machines: those of plugins as ours, and ours as plugins see them.

mod partial;
mod received;
mod shown;

pub(crate) use received::Received;
pub(crate) use shown::Shown;
