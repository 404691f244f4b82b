//! The functions of the language.
//!
//! Each topic has a file with a table, one entry per function. What an argument may be is said
//! in the table; the evaluator checks it, so `call` deals with content only. Nothing a function
//! makes is without bounds: strings end at 64 MiB, collections at 1,000,000 elements.

mod charset;
mod cidr;
mod collection;
mod crypto;
mod csv;
mod encoding;
mod file;
mod format;
mod number;
mod regex;
mod secret;
mod string;
mod time;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub use self::file::absolute;
use crate::meter::Meter;
use crate::system::System;
use crate::value::{Attributes, Number, Type, Value, ValueKind};

/// Names of functions whose arguments are not simply evaluated: the evaluator does them itself.
pub const SPECIAL_FORMS: &[&str] = &["can", "convert", "try"];

/// How long all evaluations together may have a processor that may call the same [`Functions`].
pub const MOST_TIME: Duration = Duration::from_secs(2 * 60);

/// The functions that expressions may call, by name, and the time that evaluation may take.
pub struct Functions {
    table: BTreeMap<&'static str, Function>,
    meter: Meter,
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
    /// One line on what it gives, for the reference page: its form, what that is, and an example,
    /// "`…` is `…`", which a test runs.
    pub doc: &'static str,
    /// When it is an error to call it, besides arguments of the wrong types; empty when never.
    pub fails: &'static str,
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
    /// Whether the values inside the argument keep their marks, because `call` only moves them
    /// about. The marks of the argument itself always become the result's.
    pub keeps_inner_marks: bool,
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
        let topics = [
            string::functions(),
            format::functions(),
            regex::functions(),
            number::functions(),
            collection::functions(),
            encoding::functions(),
            charset::functions(),
            crypto::functions(),
            cidr::functions(),
            time::functions(),
            file::functions(),
            secret::functions(),
        ];
        Self::of(topics.into_iter().flatten().map(|f| (f.name, f)).collect())
    }

    /// Only `env`, which is all that a variable's default may call.
    pub fn for_defaults() -> Self {
        let env = file::env();
        Self::of(BTreeMap::from([(env.name, env)]))
    }

    /// No function at all.
    pub fn none() -> Self {
        Self::of(BTreeMap::new())
    }

    fn of(table: BTreeMap<&'static str, Function>) -> Self {
        Self { table, meter: Meter::new(MOST_TIME) }
    }

    /// The same functions, for evaluations that may have a processor for so long together.
    #[must_use]
    pub fn within(self, most: Duration) -> Self {
        Self { meter: Meter::new(most), ..self }
    }

    /// The time that evaluation takes.
    pub(crate) const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.table.get(name)
    }

    /// All names, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.table.keys().copied()
    }

    /// The names of the special forms that may be used: they go with the standard functions.
    pub fn special_forms(&self) -> &'static [&'static str] {
        if self.table.len() > 1 { SPECIAL_FORMS } else { &[] }
    }

    /// All functions, by name, for the reference page.
    pub fn iter(&self) -> impl Iterator<Item = &Function> {
        self.table.values()
    }

    /// The same functions without one of them.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut table = self.table.clone();
        table.remove(name);
        Self { table, meter: self.meter.clone() }
    }
}

type Returns = fn(&[Value]) -> Result<Type, FunctionError>;
type Call = fn(&FunctionCx<'_>, &[Value]) -> Result<Value, FunctionError>;

/// How the topic files write their tables.
impl Function {
    const fn new(name: &'static str, doc: &'static str, returns: Returns, call: Call) -> Self {
        Self { name, doc, fails: "", params: Vec::new(), rest: None, returns, call }
    }

    const fn fails(mut self, when: &'static str) -> Self {
        self.fails = when;
        self
    }

    fn takes(self, name: &'static str, ty: Type) -> Self {
        self.takes_param(Param::new(name, ty))
    }

    fn takes_param(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }

    fn takes_rest(self, name: &'static str, ty: Type) -> Self {
        self.takes_rest_param(Param::new(name, ty))
    }

    fn takes_rest_param(mut self, param: Param) -> Self {
        self.rest = Some(param);
        self
    }
}

impl Param {
    const fn new(name: &'static str, ty: Type) -> Self {
        Self { name, ty, allow_null: false, allow_unknown: false, keeps_inner_marks: false }
    }

    const fn nullable(mut self) -> Self {
        self.allow_null = true;
        self
    }

    /// For an argument whose values are only moved about.
    const fn moved(mut self) -> Self {
        self.keeps_inner_marks = true;
        self
    }

    const fn partly_known(mut self) -> Self {
        self.allow_unknown = true;
        self
    }
}

fn returns_string(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::String)
}

fn returns_number(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::Number)
}

fn returns_bool(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::Bool)
}

fn returns_strings(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::list(Type::String))
}

fn returns_any(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::Any)
}

fn text(args: &[Value], index: usize) -> Result<&str, FunctionError> {
    args.get(index)
        .and_then(Value::as_str)
        .ok_or_else(|| FunctionError::argument(index, "a string is required"))
}

fn number(args: &[Value], index: usize) -> Result<&Number, FunctionError> {
    match args.get(index).map(Value::kind) {
        Some(ValueKind::Number(number)) => Ok(number),
        _ => Err(FunctionError::argument(index, "a number is required")),
    }
}

fn integer(args: &[Value], index: usize) -> Result<i64, FunctionError> {
    number(args, index)?
        .to_i64()
        .ok_or_else(|| FunctionError::argument(index, "a whole number is required"))
}

fn sequence(args: &[Value], index: usize) -> Result<&[Value], FunctionError> {
    args.get(index)
        .and_then(Value::as_sequence)
        .ok_or_else(|| FunctionError::argument(index, "a list, set or tuple is required"))
}

fn mapping(args: &[Value], index: usize) -> Result<&Attributes, FunctionError> {
    args.get(index)
        .and_then(Value::as_mapping)
        .ok_or_else(|| FunctionError::argument(index, "a map or an object is required"))
}

/// How much a function may make.
mod limit {
    use super::FunctionError;
    use crate::value::Value;

    /// The longest string, in bytes.
    pub(super) const TEXT: usize = 64 << 20;
    /// The most elements.
    pub(super) const ELEMENTS: usize = 1_000_000;

    pub(super) fn text_too_long() -> FunctionError {
        FunctionError::new("the result would be longer than 64 MiB")
    }

    /// Fails when a collection would get too many elements.
    pub(super) fn elements(count: usize) -> Result<(), FunctionError> {
        if count > ELEMENTS {
            return Err(FunctionError::new("the result would have more than 1,000,000 elements"));
        }
        Ok(())
    }

    /// A string that refuses to become too long.
    #[derive(Default)]
    pub(super) struct Text(String);

    impl Text {
        pub(super) fn push(&mut self, text: &str) -> Result<(), FunctionError> {
            if text.len() > TEXT - self.0.len() {
                return Err(text_too_long());
            }
            self.0.push_str(text);
            Ok(())
        }

        pub(super) fn repeat(&mut self, text: &str, times: usize) -> Result<(), FunctionError> {
            if text.len().saturating_mul(times) > TEXT - self.0.len() {
                return Err(text_too_long());
            }
            for _ in 0..times {
                self.0.push_str(text);
            }
            Ok(())
        }

        pub(super) fn as_str(&self) -> &str {
            &self.0
        }

        pub(super) fn into_string(self) -> String {
            self.0
        }

        pub(super) fn finish(self) -> Value {
            Value::string(self.0)
        }
    }
}
