//! Values for variables: flags, files and the environment, in order of precedence.

use std::path::PathBuf;

use cooper_hcl::{Reported, Span, Value};

use crate::session::Session;
use crate::template::Template;

/// What the command line says about variables.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    /// `-var name=value`, in order; the last of a name wins.
    pub vars: Vec<(String, String)>,
    /// `-var-file`, in order.
    pub var_files: Vec<PathBuf>,
    /// Whether a name in a variable file that is not declared is worth a warning.
    pub warn_undeclared: bool,
}

/// A value of the right type for every variable that has one.
#[derive(Debug)]
pub struct Inputs {
    /// In the order of [`Template::variables`]; nothing where no value was given.
    pub values: Vec<Option<Input>>,
}

/// A variable's value and where it is from.
#[derive(Clone, Debug)]
pub struct Input {
    /// The value, of the variable's type, marked when the variable is sensitive.
    pub value: Value,
    /// Where it is from.
    pub origin: InputOrigin,
    /// Where it stands.
    pub span: Span,
}

/// Where a variable's value is from, the weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InputOrigin {
    /// The variable's own default.
    Default,
    /// `PKR_VAR_name`.
    Environment,
    /// A variable file, given or found.
    File,
    /// `-var`.
    Flag,
}

impl Inputs {
    /// Reads every value that is given, and gives it its variable's type.
    ///
    /// # Errors
    ///
    /// [`Reported`], when a file cannot be read, a name is not declared, or a value has the
    /// wrong type. All of them are recorded.
    pub fn collect(
        options: &InputOptions,
        template: &Template,
        session: &mut Session,
    ) -> Result<Self, Reported> {
        let _ = (options, template, session);
        unimplemented!()
    }
}
