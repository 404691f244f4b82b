//! `dynamic` blocks: a block for each element of a collection.

use std::cell::Cell;
use std::sync::Arc;

use super::locate;
use crate::ast::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Reported, did_you_mean};
use crate::eval::{Environment, Scope, evaluate};
use crate::source::Span;
use crate::value::convert::ValueStep;
use crate::value::{Type, Value, ValueKind};

/// The word such a block begins with.
pub const DYNAMIC: &str = "dynamic";

/// What its label stands for.
pub const DYNAMIC_LABELS: &[&str] = &["block"];

const ARGUMENTS: &[&str] = &["for_each", "iterator", "labels"];

/// A `dynamic` block.
#[derive(Clone, Debug)]
pub struct Dynamic {
    /// The type of the blocks it makes.
    pub kind: Name,
    /// What it goes through.
    pub for_each: Attribute,
    /// The name of the current element in what is made.
    pub iterator: Arc<str>,
    /// The labels of what it makes: a list of strings.
    pub labels: Option<Attribute>,
    /// What stands between the braces of every block it makes.
    pub content: Body,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// One element that a `dynamic` block goes through.
#[derive(Clone, Debug)]
pub struct Iteration {
    /// The name it has in the block that is made.
    pub name: Arc<str>,
    /// An object with `key` and `value`.
    pub element: Value,
    /// What is said of a mistake in the block: which element it was made for.
    pub frame: String,
}

impl Iteration {
    /// Makes the element known under its name.
    pub fn bind(&self, scope: &mut Scope<'_>) {
        scope.bind(self.name.clone(), self.element.clone());
    }
}

/// What a `dynamic` block goes through.
#[derive(Clone, Debug)]
pub enum Iterations {
    /// These elements, in order.
    Known(Vec<Iteration>),
    /// Nobody can tell yet how many there are: one whose key and value are unknown.
    Unknown(Iteration),
}

/// How many blocks `dynamic` blocks may make together.
#[derive(Debug)]
pub struct BlockLimit {
    /// Nothing once there were too many.
    left: Cell<Option<usize>>,
    place: &'static str,
}

impl BlockLimit {
    /// So many in all.
    const MOST: usize = 10_000;

    /// The limit for all `dynamic` blocks of a place, which is told: ``a `build` block``.
    pub fn of(place: &'static str) -> Self {
        Self { left: Cell::new(Some(Self::MOST)), place }
    }

    fn take(&self, count: usize) -> bool {
        self.left.set(self.left.get().and_then(|left| left.checked_sub(count)));
        self.left.get().is_some()
    }
}

impl Dynamic {
    /// Reads a `dynamic` block; what cannot be understood of it is recorded.
    ///
    /// # Errors
    ///
    /// [`Reported`], when it cannot be expanded.
    pub fn read(block: &Block, diags: &Diagnostics) -> Result<Self, Reported> {
        let content_labels = |name: &str| (name == "content").then_some(&[][..]);
        let (body, mut sound) = block.body.decided(content_labels, diags);
        for attribute in &body.attributes {
            let name = &*attribute.name.text;
            if !ARGUMENTS.contains(&name) {
                let message = format!("a `dynamic` block has no argument `{name}`");
                let near = did_you_mean(name, ARGUMENTS.iter().copied());
                let help = near.unwrap_or_else(|| {
                    "what each block contains is written in `content { … }`".to_owned()
                });
                let error = Diagnostic::error(Code::UnknownArgument, message);
                sound = Err(diags.error(error.at(attribute.name.span, "").help(help)));
            }
        }
        let needs = |what: &str, help: &str| {
            let message = format!("a `dynamic` block needs {what}");
            let error = Diagnostic::error(Code::MissingArgument, message);
            diags.error(error.at(block.header, "").help(help))
        };
        let for_each = body.attribute("for_each").ok_or_else(|| {
            needs("the argument `for_each`", "add `for_each = …`, an element for each block")
        });
        let content = content(&body, diags).and_then(|content| {
            let help = "add `content { … }` with what each block contains";
            content.ok_or_else(|| needs("a `content` block", help))
        });
        let iterator = body.attribute("iterator").map(|given| iterator(&body, given, diags));
        let kind = match &block.labels[..] {
            [kind] => Ok(kind),
            _ => {
                let message = "a `dynamic` block has one label: the type of the blocks it makes";
                let error = Diagnostic::error(Code::WrongLabels, message).at(block.header, "");
                Err(diags.error(error.help("write `dynamic \"TYPE\" { … }`")))
            }
        };
        let (for_each, content, kind) = (for_each?, content?, kind?);
        let iterator = iterator.transpose()?;
        sound?;
        Ok(Self {
            iterator: iterator.unwrap_or_else(|| kind.text.clone()),
            kind: kind.clone(),
            for_each: for_each.clone(),
            labels: body.attribute("labels").cloned(),
            content: content.body.clone(),
            header: block.header,
        })
    }

    /// The elements it goes through.
    ///
    /// # Errors
    ///
    /// [`Reported`], when `for_each` cannot be evaluated, is nothing to go through, or has too
    /// many elements.
    pub fn iterations(
        &self,
        scope: &Scope<'_>,
        env: Environment<'_>,
        limit: &BlockLimit,
    ) -> Result<Iterations, Reported> {
        let too_many = || {
            let BlockLimit { place, .. } = limit;
            let message =
                format!("`dynamic` makes more than {} blocks in {place}", BlockLimit::MOST);
            let error = Diagnostic::error(Code::LimitExceeded, message).at(self.header, "");
            env.diags.error(error.help("make fewer"))
        };
        // Once there are too many, nothing more is evaluated.
        if !limit.take(0) {
            return Err(too_many());
        }
        let fail = |code, message: String, help: &str| {
            let error = Diagnostic::error(code, message).at(self.for_each.expr.span, "");
            env.diags.error(error.help(help))
        };
        let no_collection = |ty: Type| {
            let message = format!("`for_each` is {}, and nothing to go through", ty.with_article());
            fail(Code::WrongType, message, "write a list, a set, a map or an object")
        };
        let (value, marks) = evaluate(&self.for_each.expr, scope, env)?.unmark();
        let iteration = |key: Value, value: Value, frame: String| Iteration {
            name: self.iterator.clone(),
            element: Value::object([
                ("key", key.with_marks(marks)),
                ("value", value.with_marks(marks)),
            ]),
            frame,
        };
        let kind = &self.kind.text;
        if let ValueKind::Unknown(ty) = value.kind() {
            let (key, element) = match ty {
                Type::Any | Type::Tuple(_) | Type::Object(_) => (Type::Any, Type::Any),
                Type::List(element) => (Type::Number, (**element).clone()),
                Type::Map(element) => (Type::String, (**element).clone()),
                Type::Set(element) => ((**element).clone(), (**element).clone()),
                Type::Bool | Type::Number | Type::String => return Err(no_collection(ty.clone())),
            };
            let frame = format!("in a `{kind}` block made for an element that is not known yet");
            let (key, element) = (Value::unknown(key), Value::unknown(element));
            return Ok(Iterations::Unknown(iteration(key, element, frame)));
        }
        if value.is_null() {
            let help = "for no block at all, write `[]`";
            return Err(fail(Code::InvalidValue, "`for_each` must not be null".into(), help));
        }
        if !limit.take(value.children().count()) {
            return Err(too_many());
        }
        let is_set = matches!(value.kind(), ValueKind::Set(..));
        if let Some(elements) = value.as_sequence() {
            let made = elements.iter().enumerate().map(|(index, element)| {
                let key = if is_set { element.clone() } else { Value::number(index as i64) };
                let frame = format!("in the `{kind}` block made for element {index}");
                iteration(key, element.clone(), frame)
            });
            return Ok(Iterations::Known(made.collect()));
        }
        let elements = value.as_mapping().ok_or_else(|| no_collection(value.ty()))?;
        let made = elements.iter().map(|(name, element)| {
            let shown = if marks.sensitive { "an element".into() } else { format!("`{name}`") };
            let frame = format!("in the `{kind}` block made for {shown}");
            iteration(Value::string(&**name), element.clone(), frame)
        });
        Ok(Iterations::Known(made.collect()))
    }

    /// The labels of a block, as many as there are names for. `scope` knows the element.
    ///
    /// # Errors
    ///
    /// [`Reported`], when they cannot be evaluated, or there are too few or too many.
    pub fn labels(
        &self,
        names: &[&str],
        scope: &Scope<'_>,
        env: Environment<'_>,
    ) -> Result<Vec<Name>, Reported> {
        let kind = &self.kind.text;
        let fail = |code, place: Span, message: String, help: &str| {
            env.diags.error(Diagnostic::error(code, message).at(place, "").help(help))
        };
        let Some(given) = &self.labels else {
            if names.is_empty() {
                return Ok(Vec::new());
            }
            let message = format!("the labels of the `{kind}` blocks are missing");
            let words: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
            let help = format!("add `labels = [{}]`", words.join(", "));
            return Err(fail(Code::MissingArgument, self.header, message, &help));
        };
        let place = |index| locate(&given.expr, &[ValueStep::Index(index)]);
        let value = evaluate(&given.expr, scope, env)?;
        let value = value.convert(&Type::list(Type::String)).map_err(|cause| {
            let place = locate(&given.expr, &cause.path.0);
            let message = format!("`labels` cannot be used: {cause}");
            fail(Code::WrongType, place, message, "`labels` is a list of strings")
        })?;
        if !value.is_wholly_known() {
            let message = "the labels of a `dynamic` block must be known before the build runs";
            let help = "`source.*` and the facts of `build.*` cannot be used here";
            return Err(fail(Code::NotAllowedHere, given.expr.span, message.into(), help));
        }
        let elements = value.as_sequence().unwrap_or_default();
        if elements.len() != names.len() {
            let count = match names.len() {
                0 => "no label".to_owned(),
                1 => format!("one label: {}", names.join(", ")),
                count => format!("{count} labels: {}", names.join(", ")),
            };
            let message = format!("`{kind}` takes {count}");
            let help = "give so many elements to `labels`";
            return Err(fail(Code::WrongLabels, place(names.len()), message, help));
        }
        let name = |(index, element): (usize, &Value)| match element.kind() {
            ValueKind::String(text) => Ok(Name { text: text.clone(), span: place(index) }),
            _ => Err(fail(
                Code::InvalidValue,
                place(index),
                "a label must not be null".into(),
                "write its text",
            )),
        };
        elements.iter().enumerate().map(name).collect()
    }
}

/// The one `content` block of a body, if there is any.
fn content<'b>(body: &'b Body, diags: &Diagnostics) -> Result<Option<&'b Block>, Reported> {
    let mut content: Option<&Block> = None;
    let mut sound = Ok(());
    for inner in &body.blocks {
        let error = if &*inner.kind.text != "content" {
            let message = format!("a `dynamic` block has no block `{}`", inner.kind.text);
            let error = Diagnostic::error(Code::UnknownBlock, message).at(inner.header, "");
            error.help("write it inside `content { … }`")
        } else if let Some(label) = inner.labels.first() {
            let error = Diagnostic::error(Code::WrongLabels, "`content` takes no label");
            error.at(label.span, "").help("labels are given by `labels = [\"…\"]`")
        } else if let Some(first) = content {
            let message = "a `dynamic` block has only one `content`";
            let error = Diagnostic::error(Code::Duplicate, message).at(inner.header, "");
            error.label(first.header, "the first one is here")
        } else {
            content = Some(inner);
            continue;
        };
        sound = Err(diags.error(error));
    }
    sound.map(|()| content)
}

/// The name that `iterator` gives.
fn iterator(body: &Body, given: &Attribute, diags: &Diagnostics) -> Result<Arc<str>, Reported> {
    let expr: Expr = body.static_expression(given, diags)?;
    match &*expr.kind {
        ExprKind::Variable(name) => Ok(name.clone()),
        _ => {
            let message = "`iterator` must be a name";
            let error = Diagnostic::error(Code::NotAllowedHere, message).at(given.expr.span, "");
            Err(diags.error(error.help("write it without quotes: `iterator = item`")))
        }
    }
}
