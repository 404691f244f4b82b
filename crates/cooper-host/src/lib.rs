//! Finds plugins, starts them, and makes kinds of components of what they have.
//!
//! [`Plugins`] adds to a catalog what a template uses of the plugins that are installed
//! ([`discover`]). A plugin says what it has when it is asked ([`describe`]); each component of it
//! that is used has a process of its own (`process`). Nobody outside this crate can tell a
//! plugin's component from a built-in one.

mod artifact;
mod cache;
pub mod describe;
pub mod discover;
pub mod held;
mod kind;
mod machine;
pub mod platform;
pub mod plugin;
mod plugins;
mod process;
mod schema;
mod schemas;
mod spool;
mod sweep;
mod ui;
mod value;

pub use platform::Platform;
pub use plugin::Plugin;
pub use plugins::{Plugins, Reach};
