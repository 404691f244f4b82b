//! `{{ }}` inside strings: Go's `text/template`, as Packer's components use it.
//!
//! [`Template::parse`] checks a text once, [`Template::render`] fills it in. What is not in the
//! data is `<no value>`, as in Packer. Left out are `define`, `template`, `block` and `call`,
//! which have no use in one string. Nothing is without bounds: not the text, not what is made of
//! it, not how long that takes.

mod data;
mod function;
mod parse;
mod pieces;
mod print;
mod render;
mod scan;

use cooper_hcl::{SecretRequest, System};

pub use data::Data;
pub use pieces::{Action, Operation, Piece, pieces};

/// A text with `{{ }}`, checked.
#[derive(Clone, Debug)]
pub struct Template {
    nodes: Vec<parse::Node>,
}

/// What a template cannot do, and where in its text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The place, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong, as a diagnostic's message.
    pub message: String,
}

/// What the functions of a template tell.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// `build_name`: the label of the `source` block.
    pub build_name: &'a str,
    /// `build_type`: the source's type.
    pub build_type: &'a str,
    /// `packer_version`
    pub packer_version: &'a str,
    /// The clock for `isotime` and its like, the folder for `pwd`, randomness for `uuid`.
    pub system: &'a dyn System,
    /// Whether the data is complete, so that `build` can look into it. While a component is
    /// prepared it is not.
    pub complete: bool,
    /// What `user` and its like tell; then `env` is allowed too. Only the variables of legacy
    /// templates have these.
    pub variables: Option<&'a dyn Variables>,
}

/// What the variables of a legacy template can ask for.
pub trait Variables {
    /// The value of another variable.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a diagnostic's message.
    fn user(&self, name: &str) -> Result<String, String>;

    /// What a place that keeps secrets has.
    ///
    /// # Errors
    ///
    /// Why there is nothing, as a diagnostic's message.
    fn secret(&self, wanted: &SecretRequest) -> Result<String, String>;

    /// `template_dir`: the folder that the template is in, as an absolute path.
    fn template_dir(&self) -> String;
}

impl Template {
    /// The longest text, in bytes.
    const MAX_LENGTH: usize = 16 << 20;

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// [`TemplateError`], when the text is not a template, calls a function that does not exist,
    /// or is longer than 16 MiB.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(TemplateError::new(0, "the text is longer than 16 MiB"));
        }
        Ok(Self { nodes: parse::parse(scan::scan(text)?)? })
    }

    /// The fields of its data that the template asks for, each with its place in the text and in
    /// its order: `.Vars` as `Vars`.
    pub fn fields(&self) -> Vec<(&str, usize)> {
        let mut fields = Vec::new();
        parse::fields(&self.nodes, true, &mut fields);
        fields
    }

    /// Fills in the template.
    ///
    /// # Errors
    ///
    /// [`TemplateError`], when a function fails or is given what it cannot take, when the result
    /// would be longer than 16 MiB, or when it takes too many steps.
    pub fn render(&self, data: &Data, cx: &Context<'_>) -> Result<String, TemplateError> {
        render::render(&self.nodes, data, cx)
    }
}

impl TemplateError {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// Whether a text has anything to fill in.
pub fn has_actions(text: &str) -> bool {
    text.contains("{{")
}

/// Where the `{{ }}` is that a place is in.
fn action_at(text: &str, offset: usize) -> Option<std::ops::Range<usize>> {
    let open = (offset + 2).min(text.len());
    let start = text.get(..open).unwrap_or(text).rfind("{{")?;
    let end = text[start..].find("}}")? + start + 2;
    Some(start..end)
}

/// The `{{ }}` that an error is about, as far as a person wants to see it.
pub fn quoted_action(text: &str, offset: usize) -> Option<String> {
    const SHOWN: usize = 60;
    let action = &text[action_at(text, offset)?];
    Some(match action.char_indices().nth(SHOWN) {
        Some((length, _)) => format!("{}…", &action[..length]),
        None => action.to_owned(),
    })
}

/// The text with spaces for the `{{ }}` that a place is in: nothing when others belong to it, as
/// to `{{if}}`.
pub(crate) fn without_action(text: &str, offset: usize) -> Option<String> {
    const TOGETHER: [&str; 10] =
        ["if", "range", "with", "else", "end", "break", "continue", "define", "block", "template"];
    let action = action_at(text, offset)?;
    let inside = text[action.clone()].trim_start_matches(['{', '-', ' ', '\t', '\n', '\r']);
    let word = inside.find(|c: char| !c.is_alphanumeric()).map_or(inside, |end| &inside[..end]);
    if TOGETHER.contains(&word) || inside.contains(":=") {
        return None;
    }
    let spaces = " ".repeat(action.len());
    Some([&text[..action.start], &spaces, &text[action.end..]].concat())
}

#[cfg(test)]
mod tests;
