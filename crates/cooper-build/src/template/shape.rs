//! What a block may contain, before anything is evaluated.

use std::collections::HashMap;

use cooper_hcl::ast::{Attribute, Block, Body, Expr, Name};
use cooper_hcl::schema::{DYNAMIC, DYNAMIC_LABELS};
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Environment, Functions, Reported, Scope, Span, System, Type,
    Value, did_you_mean, evaluate,
};

use crate::component::Role;

/// What a block may contain, and what that is for.
#[derive(Debug)]
pub struct Shape {
    /// What it is called in messages: ``a `variable` block``.
    pub what: &'static str,
    /// Its arguments.
    pub arguments: &'static [ArgumentShape],
    /// Its nested blocks.
    pub blocks: &'static [BlockShape],
    /// What it may have besides.
    pub rest: Rest,
}

/// An argument of a block.
#[derive(Debug)]
pub struct ArgumentShape {
    /// The name.
    pub name: &'static str,
    /// What may be given: a type as templates write it, or words for what is none.
    pub ty: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// What it does, as Markdown.
    pub doc: &'static str,
}

/// A kind of nested block.
#[derive(Debug)]
pub struct BlockShape {
    /// The word it begins with.
    pub name: &'static str,
    /// What its labels stand for.
    pub labels: &'static [&'static str],
    /// What it is for, as Markdown.
    pub doc: &'static str,
    /// What it may contain.
    pub shape: &'static Shape,
}

/// What a block may have besides what its shape lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// Arguments whose names the template makes up, as in `locals`.
    Names,
    /// The arguments and blocks of the component that its first label names.
    Component(Role),
    /// Anything: Cooper reads nothing of it.
    Anything,
}

impl ArgumentShape {
    /// An argument that may be left out.
    pub(crate) const fn new(name: &'static str, ty: &'static str, doc: &'static str) -> Self {
        Self { name, ty, required: false, doc }
    }

    /// The same argument, which must be given.
    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

impl Shape {
    /// The argument of that name.
    pub fn argument(&self, name: &str) -> Option<&'static ArgumentShape> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    /// The nested block of that name.
    pub fn block(&self, name: &str) -> Option<&'static BlockShape> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// The body, in which everything is told that does not belong there, or is not there and
    /// should be. Nested blocks with wrong labels are still in it.
    pub(crate) fn read(&self, body: Body, header: Span, diags: &Diagnostics) -> Body {
        let labels = |name: &str| self.block(name).map(|block| block.labels);
        // What cannot be a block was recorded, and is missing.
        let body = body.into_decided(labels, diags);
        self.check(&body, header, diags);
        self.check_blocks(&body.blocks, diags);
        body
    }

    /// Like [`Shape::read`], for a block in which `dynamic` blocks may make others: their places in
    /// the result are those they have in the text.
    pub(super) fn read_repeated(&self, body: Body, header: Span, diags: &Diagnostics) -> Body {
        let labels = |name: &str| match self.block(name) {
            Some(block) => Some(block.labels),
            None => (name == DYNAMIC).then_some(DYNAMIC_LABELS),
        };
        let body = body.into_decided(labels, diags);
        self.check(&body, header, diags);
        self.check_blocks(body.blocks.iter().filter(|block| &*block.kind.text != DYNAMIC), diags);
        body
    }

    /// Adds what of a body belongs nowhere, and so is read by nobody.
    pub(super) fn collect_strays(&self, body: &Body, strays: &mut Body) {
        let labels = |name: &str| match self.block(name) {
            Some(block) => Some(block.labels),
            None => (name == DYNAMIC).then_some(DYNAMIC_LABELS),
        };
        let decided;
        let body = match body.json {
            None => body,
            Some(_) => {
                // What cannot be decided is told where it is read.
                decided = body.clone().into_decided(labels, &Diagnostics::new());
                &decided
            }
        };
        if self.rest == Rest::Nothing {
            let known = |name: &str| self.argument(name).is_some();
            let unknown = body.attributes.iter().filter(|argument| !known(&argument.name.text));
            strays.attributes.extend(unknown.cloned());
        }
        for block in &body.blocks {
            match (self.block(&block.kind.text), self.rest) {
                (Some(shape), _) if block.labels.len() == shape.labels.len() => {
                    shape.shape.collect_strays(&block.body, strays);
                }
                (None, Rest::Component(_) | Rest::Anything) => {}
                (None, _) if &*block.kind.text == DYNAMIC => {}
                (_, _) => strays.blocks.push(block.clone()),
            }
        }
    }

    fn check(&self, body: &Body, header: Span, diags: &Diagnostics) {
        for attribute in &body.attributes {
            let name = &*attribute.name.text;
            if self.rest == Rest::Names || self.argument(name).is_some() {
                if body.json.is_some() {
                    attribute.expr.check_keys(diags);
                }
                continue;
            }
            // A property of JSON may have been meant as either.
            let either = if body.json.is_some() { "argument or block" } else { "argument" };
            let message = format!("{} has no {either} `{name}`", self.what);
            let plural = format!("{name}s");
            let help = if self.argument(&plural).is_some() {
                Some(format!("did you mean `{plural}`?"))
            } else if self.block(name).is_some() {
                Some(format!("`{name}` is a block: write `{name} {{ … }}` without `=`"))
            } else {
                let blocks = self.blocks.iter().map(|block| block.name);
                let blocks = blocks.filter(|_| body.json.is_some());
                let arguments = self.arguments.iter().map(|argument| argument.name);
                did_you_mean(name, arguments.chain(blocks))
            };
            let error = Diagnostic::error(Code::UnknownArgument, message);
            diags.error(error.at(attribute.name.span, "").help(help));
        }
        if self.rest != Rest::Names {
            check_duplicates(body, diags);
        }
        for argument in self.arguments.iter().filter(|argument| argument.required) {
            if body.attribute(argument.name).is_none() {
                let message = format!("{} needs the argument `{}`", self.what, argument.name);
                diags.error(Diagnostic::error(Code::MissingArgument, message).at(header, ""));
            }
        }
    }

    fn check_blocks<'b>(&self, blocks: impl IntoIterator<Item = &'b Block>, diags: &Diagnostics) {
        for block in blocks {
            match self.block(&block.kind.text) {
                Some(shape) => {
                    labels_fit(block, shape.labels, diags);
                }
                None => self.unknown_block(&block.kind, diags),
            }
        }
    }

    /// Records a block that does not belong here.
    pub(super) fn unknown_block(&self, name: &Name, diags: &Diagnostics) {
        let kind = &*name.text;
        let message = format!("{} has no block `{kind}`", self.what);
        let help = if self.argument(kind).is_some() {
            Some(format!("`{kind}` is an argument: write `{kind} = …`"))
        } else if kind == DYNAMIC {
            Some("`dynamic` makes blocks inside `source` and `build`".to_owned())
        } else {
            did_you_mean(kind, self.blocks.iter().map(|block| block.name))
        };
        let error = Diagnostic::error(Code::UnknownBlock, message);
        diags.error(error.at(name.span, "").help(help));
    }
}

/// Records arguments that are given twice.
pub(crate) fn check_duplicates(body: &Body, diags: &Diagnostics) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for attribute in &body.attributes {
        let name = &attribute.name;
        if let Some(&first) = first.get(&*name.text) {
            let message = format!("the argument `{}` is given twice", name.text);
            let error = Diagnostic::error(Code::Duplicate, message).at(name.span, "again here");
            diags.error(error.label(first, "first given here"));
        } else {
            first.insert(&name.text, name.span);
        }
    }
}

/// The body of a component, whose arguments and blocks are known only to its kind.
pub(super) fn component_body(body: Body, diags: &Diagnostics) -> Body {
    let dynamic = |name: &str| (name == DYNAMIC).then_some(DYNAMIC_LABELS);
    let body = body.into_decided(dynamic, diags);
    // A property of JSON that is there twice may be two blocks.
    if body.json.is_none() {
        check_duplicates(&body, diags);
    }
    body
}

/// Whether a block has the labels it should; records when not.
pub(super) fn labels_fit(block: &Block, labels: &[&str], diags: &Diagnostics) -> bool {
    if block.labels.len() == labels.len() {
        return true;
    }
    let kind = &block.kind.text;
    let message = match labels.len() {
        0 => format!("`{kind}` takes no label"),
        1 => format!("`{kind}` takes one label: {}", labels.join(", ")),
        count => format!("`{kind}` takes {count} labels: {}", labels.join(", ")),
    };
    let place = match block.labels.get(labels.len()) {
        Some(extra) => extra.span,
        None => block.header,
    };
    let example: String = labels.iter().map(|label| format!(" \"{label}\"")).collect();
    let error = Diagnostic::error(Code::WrongLabels, message).at(place, "");
    diags.error(error.help(format!("write `{kind}{example} {{ … }}`")));
    false
}

/// Whether a word can be a name in HCL.
pub fn is_identifier(word: &str) -> bool {
    cooper_hcl::token::is_word(word)
}

/// Evaluates what may mention nothing and call nothing.
pub(super) struct Literals<'a> {
    pub(super) functions: &'a Functions,
    pub(super) system: &'a dyn System,
    pub(super) diags: &'a Diagnostics,
}

impl Literals<'_> {
    /// What such an expression is evaluated with.
    pub(super) fn env(&self) -> Environment<'_> {
        let Self { functions, system, diags } = *self;
        Environment { functions, system, root: std::path::Path::new("."), diags }
    }

    /// The value of an expression.
    pub(super) fn value(&self, expr: &Expr) -> Result<Value, Reported> {
        evaluate(expr, &Scope::new(), self.env())
    }

    /// The value of an argument of a body, as a string that is not null.
    pub(super) fn string(&self, body: &Body, attribute: &Attribute) -> Result<String, Reported> {
        let value = self.converted(body, attribute, &Type::String)?;
        value.as_str().map(str::to_owned).ok_or_else(|| self.null(attribute))
    }

    /// The value of an argument of a body, as a boolean that is not null.
    pub(super) fn bool(&self, body: &Body, attribute: &Attribute) -> Result<bool, Reported> {
        let value = self.converted(body, attribute, &Type::Bool)?;
        value.as_bool().ok_or_else(|| self.null(attribute))
    }

    fn converted(&self, body: &Body, attribute: &Attribute, ty: &Type) -> Result<Value, Reported> {
        self.value(&body.literal(&attribute.expr))?.convert(ty).map_err(|error| {
            let message = format!("`{}` cannot be used: {error}", attribute.name.text);
            let error = Diagnostic::error(Code::WrongType, message);
            self.diags.error(error.at(attribute.expr.span, ""))
        })
    }

    fn null(&self, attribute: &Attribute) -> Reported {
        let message = format!("`{}` must not be null", attribute.name.text);
        let error = Diagnostic::error(Code::InvalidValue, message);
        self.diags.error(error.at(attribute.expr.span, "").help("leave the argument out"))
    }
}
