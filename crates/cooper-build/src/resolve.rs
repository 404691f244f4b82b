//! Variables and locals to values.

use cooper_hcl::Reported;

use crate::inputs::Inputs;
use crate::session::Session;
use crate::template::Template;

/// The values of variables and locals.
#[derive(Clone)]
pub struct Values {}

/// Checks variables and evaluates locals, each after what it mentions. Every string of a
/// sensitive value is a secret of the session from here on.
///
/// # Errors
///
/// [`Reported`], when a variable has no value or breaks its own rules, or a local cannot be
/// evaluated. All of them are recorded.
pub fn resolve(
    template: &Template,
    inputs: &Inputs,
    session: &Session,
) -> Result<Values, Reported> {
    let _ = (template, inputs, session);
    unimplemented!()
}
