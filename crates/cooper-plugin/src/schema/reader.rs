//! Reading the fields of a struct, with all mistakes in one go.

use cooper_wire::cty::Value;

use super::{Argument, Values};

/// What a host puts where a text is not known before the build.
pub(crate) const UNKNOWN: &str = "<unknown>";

/// Whether a value may be told in a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Showing {
    /// It may.
    Shown,
    /// It is sensitive.
    Hidden,
}

/// What was found wrong with arguments.
#[derive(Default)]
pub(crate) struct Mistakes {
    pub(crate) texts: Vec<String>,
    /// Whether something could not be read because it is not known yet.
    pub(crate) is_unknown: bool,
}

/// Where a value stands, and where to tell what is wrong with it.
pub struct Place<'a> {
    path: String,
    showing: Showing,
    mistakes: &'a mut Mistakes,
}

impl Place<'_> {
    /// Says that a value is not what is wanted there, such as `a whole number`.
    pub fn mistake<T>(&mut self, wanted: &str, value: &Value) -> Option<T> {
        if is_unknown(value) {
            self.mistakes.is_unknown = true;
            return None;
        }
        let got = match self.showing {
            Showing::Shown => format!("and is {}", shown(value)),
            Showing::Hidden => "and is not".to_owned(),
        };
        self.mistakes.texts.push(format!("`{}` must be {wanted}, {got}", self.path));
        None
    }

    /// The place of an element: `[0]`, `.name`.
    pub fn inside(&mut self, element: &str) -> Place<'_> {
        let Self { path, showing, mistakes } = self;
        Place { path: format!("{path}{element}"), showing: *showing, mistakes }
    }

    /// Reads the fields of a block that stands here.
    pub(super) fn block<'b>(&'b mut self, values: Values) -> Reader<'b> {
        let showing = self.showing;
        Reader { path: format!("{}.", self.path), showing, values, mistakes: self.mistakes }
    }
}

/// The values of a struct's fields, of which each is taken once.
pub struct Reader<'a> {
    path: String,
    showing: Showing,
    values: Values,
    mistakes: &'a mut Mistakes,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(values: Values, mistakes: &'a mut Mistakes) -> Self {
        Self { path: String::new(), showing: Showing::Shown, values, mistakes }
    }

    /// Reads a field; `absent` is what it is when it was not given, or nothing if it must be.
    pub fn take<T: Argument>(
        &mut self,
        name: &str,
        showing: Showing,
        absent: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let path = format!("{}{name}", self.path);
        match self.values.remove(name) {
            None | Some(Value::Null) => {
                let absent = absent();
                if absent.is_none() {
                    self.mistakes.texts.push(format!("`{path}` is missing"));
                }
                absent
            }
            Some(value) => {
                let showing = match self.showing {
                    Showing::Shown => showing,
                    Showing::Hidden => Showing::Hidden,
                };
                T::read(value, &mut Place { path, showing, mistakes: self.mistakes })
            }
        }
    }

    /// Says of what was not taken that there is no such argument.
    pub(crate) fn finish(self) {
        let Self { path, showing: _, values, mistakes } = self;
        for (name, value) in values {
            // Hosts send all arguments there are; one that is null was not written.
            if value != Value::Null {
                mistakes.texts.push(format!("there is no argument called `{path}{name}`"));
            }
        }
    }
}

/// Whether there is something in a value that is not known before the build.
pub(crate) fn is_unknown(value: &Value) -> bool {
    match value {
        Value::Unknown => true,
        Value::Text(text) => text.contains(UNKNOWN),
        Value::Sequence(elements) => elements.iter().any(is_unknown),
        Value::Mapping(elements) => elements.values().any(is_unknown),
        Value::Dynamic(own) => is_unknown(&own.1),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value in a message, in few words.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value {
        Value::Text(text) if text.chars().count() > LONGEST => {
            let start: String = text.chars().take(LONGEST).collect();
            format!("{:?}", format!("{start}…"))
        }
        Value::Text(text) => format!("{text:?}"),
        Value::Number(number) => number.as_str().chars().take(LONGEST).collect(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Unknown => "not known".to_owned(),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a map".to_owned(),
        Value::Dynamic(own) => shown(&own.1),
    }
}
