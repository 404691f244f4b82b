//! Templates in an editor: the Language Server Protocol over Cooper's own parser and schemas.
//!
//! ```text
//! messages ──transport──▶ server ──▶ workspace ──▶ features ──▶ answers
//!                            └──▶ worker ──▶ analysis ──report──▶ diagnostics
//! ```
//!
//! [`serve`] is the whole of it. What is wrong with a template is found by the same stages that
//! `cooper validate` goes through; nothing is contacted, and nothing is changed.

mod analysis;
mod capabilities;
mod context;
mod document;
mod features;
mod inside;
mod names;
mod options;
mod outline;
mod overlay;
mod page;
mod position;
mod report;
mod server;
mod transport;
mod uri;
mod view;
mod worker;
mod workspace;

pub use server::{Ended, Host, serve};
