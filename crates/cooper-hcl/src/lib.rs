//! HCL text to values and, where that fails, to diagnostics that point at the text.
//!
//! The pipeline, each arrow one function:
//!
//! ```text
//! text ──parse──▶ ast::File ──schema::decode──▶ Value
//!                    └── Expr ──eval::evaluate──▶ Value
//! ```
//!
//! There is no I/O here and nothing is async: the outside world is a [`System`].

pub mod ast;
pub mod diagnostic;
pub mod duration;
pub mod eval;
pub mod format;
pub mod function;
pub mod go_quote;
pub mod go_time;
pub mod json;
pub mod literal;
mod meter;
pub mod parse;
pub mod print;
pub mod schema;
pub mod secret_store;
pub mod source;
pub mod system;
pub mod token;
pub mod value;

pub use diagnostic::{
    Code, Diagnostic, Diagnostics, Label, Reported, Severity, did_you_mean, nearest,
};
pub use eval::{Binding, Environment, Namespace, Scope, evaluate};
pub use format::format;
pub use function::{Functions, absolute};
pub use parse::{parse, parse_expression, parse_json, parse_partial};
pub use secret_store::{SecretRequest, SecretStores};
pub use source::{Location, SourceFile, SourceMap, Span};
pub use system::{FileKind, System, plainly};
pub use value::{Type, Value, ValueKind};
