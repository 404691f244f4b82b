//! The doing of a plan.

pub(crate) mod cleanup;
mod events;

pub use events::{Ask, BuildEvents, Events, Message, Received};
