//! `#[derive(Schema)]` for `cooper-plugin`, where it is described.

mod fields;
mod schema;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a schema of a struct: its fields are arguments, and their doc comments the reference page.
#[proc_macro_derive(Schema, attributes(schema))]
pub fn derive_schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
