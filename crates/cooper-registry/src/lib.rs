//! Installs plugins: finds what a source offers, fetches and checks it, and puts it in its place.
//!
//! [`install()`] asks the [`Origin`]s of a source for versions, takes the best one that is wanted and
//! runs here, and puts its program into the [`Store`], where `cooper-host` finds it. What was
//! fetched is checked before it is run, and run (`describe`) before it is put in its place; in its
//! place it appears whole or not at all.

pub mod archive;
mod body;
pub mod fetch;
pub mod install;
pub mod installed;
mod local;
pub mod mirror;
mod oci;
pub mod origin;
pub mod origins;
pub mod release;

pub use install::{Outcome, Receipt, Versions, Wish, install};
pub use installed::Store;
pub use local::install_file;
pub use mirror::Mirrors;
pub use oci::{Pushed, Replacing, push};
pub use origin::{Offer, Origin, OriginError};
pub use origins::Origins;
