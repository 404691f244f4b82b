//! The functions of the language.

use std::collections::BTreeMap;
use std::path::Path;

use crate::system::System;
use crate::value::{Type, Value};

/// The functions that expressions may call, by name.
pub struct Functions {
    table: BTreeMap<&'static str, Function>,
}

/// A function.
///
/// `call` sees only what the parameters allow: converted to the parameter's type, known and
/// not null unless a parameter says otherwise, and without marks. The evaluator does the rest,
/// once for all functions.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// One line on what it gives, for the reference page.
    pub doc: &'static str,
    /// The parameters that must be given.
    pub params: Vec<Param>,
    /// The parameter for all further arguments, when there may be any.
    pub rest: Option<Param>,
    /// The type of the result for these arguments, some of which may be unknown.
    pub returns: fn(&[Value]) -> Result<Type, FunctionError>,
    /// The result.
    pub call: fn(&FunctionCx<'_>, &[Value]) -> Result<Value, FunctionError>,
}

/// A parameter of a function.
#[derive(Clone)]
pub struct Param {
    /// Its name, for messages and the reference page.
    pub name: &'static str,
    /// What an argument is converted to.
    pub ty: Type,
    /// Whether `call` can deal with null.
    pub allow_null: bool,
    /// Whether `call` can deal with values that are not wholly known.
    pub allow_unknown: bool,
    /// Whether `call` wants marks left on, and puts the right ones on its result.
    pub allow_marked: bool,
}

/// What a function may use besides its arguments.
#[derive(Clone, Copy)]
pub struct FunctionCx<'a> {
    /// The outside world.
    pub system: &'a dyn System,
    /// The template's folder (`path.root`).
    pub root: &'a Path,
}

/// Why a function gave no result.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    /// The argument at fault, from 0.
    pub argument: Option<usize>,
    /// What is wrong, as a diagnostic's message.
    pub message: String,
}

impl FunctionError {
    /// A failure that no single argument causes.
    pub fn new(message: impl Into<String>) -> Self {
        Self { argument: None, message: message.into() }
    }

    /// A failure caused by one argument, counted from 0.
    pub fn argument(index: usize, message: impl Into<String>) -> Self {
        Self { argument: Some(index), message: message.into() }
    }
}

impl Functions {
    /// Every function that a template may call.
    pub fn standard() -> Self {
        Self { table: BTreeMap::new() }
    }

    /// Only `env`, which is all that a variable's default may call.
    pub fn for_defaults() -> Self {
        Self { table: BTreeMap::new() }
    }

    /// No function at all.
    pub fn none() -> Self {
        Self { table: BTreeMap::new() }
    }

    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.table.get(name)
    }

    /// All names, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.table.keys().copied()
    }
}
