//! Conversion between types, and the type that several values have in common.

use super::{Type, Value};

/// A value that cannot be converted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConvertError {
    /// Where inside the value: `[0].name`, or nothing for the value itself.
    pub path: String,
    /// What is wrong: `string required, but this is a list`.
    pub message: String,
}

impl Value {
    /// The value as a `ty`, by HCL's rules; optional attributes get their defaults.
    ///
    /// # Errors
    ///
    /// [`ConvertError`], when there is no such conversion.
    pub fn convert(&self, ty: &Type) -> Result<Value, ConvertError> {
        let _ = ty;
        unimplemented!()
    }
}

/// The one type that values of all these types can be converted to, when there is one.
pub fn unify(types: &[Type]) -> Option<Type> {
    let _ = types;
    unimplemented!()
}
