//! What a block may contain, and the reading of a block by it.

mod decode;
mod dynamic;
mod loose;
mod weak;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ast::Expr;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::source::Span;
use crate::value::convert::ValueStep;
use crate::value::{Type, Value};

pub use decode::{Part, decode, decode_all, locate};
pub use dynamic::{BlockLimit, DYNAMIC, DYNAMIC_LABELS, Dynamic, Iteration, Iterations};
pub use loose::check_expressions;
pub use weak::weakly;

use self::decode::locate_key;

/// What a block may contain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// What the block is for, as Markdown.
    pub doc: Cow<'static, str>,
    /// Its arguments, in the order of the reference page.
    pub arguments: Vec<ArgumentSchema>,
    /// Its nested blocks.
    pub blocks: Vec<BlockSchema>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgumentSchema {
    /// The name.
    pub name: Cow<'static, str>,
    /// What the value is converted to.
    pub ty: Type,
    /// Whether it must be given and not null.
    pub required: bool,
    /// The words that it, or each of its elements, may be; nothing when it may be any.
    pub choices: Option<Choices>,
    /// What it does, as Markdown.
    pub doc: Cow<'static, str>,
}

/// The words that an argument may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choices {
    /// What each of them is, for messages: `direction`.
    pub noun: &'static str,
    /// The words, in the order of the reference page.
    pub words: &'static [&'static str],
    /// Whether nothing else will do.
    pub is_complete: bool,
}

impl Choices {
    /// What is said of a word that will not do, without its place.
    pub fn refusal(&self, word: &str) -> Diagnostic {
        let Self { noun, words, .. } = self;
        let message = format!("there is no {noun} called `{word}`");
        let near = match words.iter().find(|known| known.eq_ignore_ascii_case(word)) {
            Some(known) => Some(format!("did you mean `{known}`?")),
            None => did_you_mean(word, words.iter().copied()),
        };
        let help = near.unwrap_or_else(|| match words {
            [only] => format!("there is only `{only}`"),
            [others @ .., last] => format!("there are `{}` and `{last}`", others.join("`, `")),
            [] => "leave it out".to_owned(),
        });
        Diagnostic::error(Code::InvalidValue, message).help(help)
    }
}

/// One kind of nested block.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockSchema {
    /// The block's type.
    pub name: Cow<'static, str>,
    /// How often it may stand there.
    pub occurrence: Occurrence,
    /// What it may contain.
    pub schema: Schema,
}

/// How often a nested block may stand in its parent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occurrence {
    /// Once or not at all; decoded as an object or null.
    AtMostOne,
    /// Any number of times; decoded as a tuple of objects.
    Many,
}

/// A block that was read: its values, and where each came from.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// An object with one attribute for each argument and kind of block of the schema;
    /// null where nothing was given.
    pub value: Value,
    /// Where each came from.
    pub places: Places,
}

/// Where the parts of a block stand.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The block itself: its header, or [`Span::NONE`].
    pub header: Span,
    /// For each argument given, its name and its value.
    pub arguments: BTreeMap<String, (Span, Expr)>,
    /// For each kind of block given, its blocks in order.
    pub blocks: BTreeMap<String, Vec<Places>>,
}

impl Places {
    /// The value of an argument, or the block's header when the argument was not given.
    pub fn value(&self, argument: &str) -> Span {
        self.arguments.get(argument).map_or(self.header, |(_, value)| value.span)
    }

    /// An element of an argument that is a list, or [`Places::value`] when it is not written out
    /// as one.
    pub fn element(&self, argument: &str, index: usize) -> Span {
        self.part(argument, &[ValueStep::Index(index)])
    }

    /// A part of an argument's value or of a block, as far in as it is written out.
    pub fn part(&self, name: &str, path: &[ValueStep]) -> Span {
        let Some(blocks) = self.blocks.get(name) else {
            let value = self.arguments.get(name).map(|(_, value)| locate(value, path));
            return value.unwrap_or(self.header);
        };
        let (block, path) = match path {
            [ValueStep::Index(index), path @ ..] => (blocks.get(*index), path),
            path => (blocks.first(), path),
        };
        match (block, path) {
            (Some(block), [ValueStep::Key(name), path @ ..]) => block.part(name, path),
            (Some(block), _) => block.header,
            (None, _) => self.header,
        }
    }

    /// The key of an object, whose value [`Places::part`] finds, when it is written out.
    pub fn key(&self, argument: &str, path: &[ValueStep]) -> Option<Span> {
        locate_key(&self.arguments.get(argument)?.1, path)
    }
}
