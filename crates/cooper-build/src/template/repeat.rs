//! Blocks that are made by `dynamic` blocks.

use std::cell::Cell;
use std::sync::Arc;

use cooper_hcl::ast::Name;
use cooper_hcl::schema::{BlockLimit, Dynamic, Iteration, Iterations};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Environment, Reported, Scope};

use super::shape::{ArgumentShape, BlockShape, Rest, Shape};

/// A `dynamic` block. What its `content` may contain is known to whom knows what it makes.
pub static DYNAMIC: Shape = Shape {
    what: "a `dynamic` block",
    arguments: &[
        ArgumentShape::new(
            "for_each",
            "list, set, map or object",
            "What to go through: a block is made for each element.",
        )
        .required(),
        ArgumentShape::new(
            "iterator",
            "a name",
            "What the element is called in `labels` and `content`, where `.key` and `.value` are \
             its parts; the type of the blocks when nothing is given.",
        ),
        ArgumentShape::new("labels", "list(string)", "The labels of each block."),
    ],
    blocks: &[BlockShape {
        name: "content",
        labels: &[],
        doc: "What each block contains.",
        shape: &CONTENT,
    }],
    rest: Rest::Nothing,
};

static CONTENT: Shape =
    Shape { what: "a `content` block", arguments: &[], blocks: &[], rest: Rest::Anything };

/// A block that stands there once, or as often as a `dynamic` block says.
#[derive(Clone, Debug)]
pub enum Repeated<T> {
    /// It is written out.
    Once(Arc<T>),
    /// It is made for each element of a collection.
    Each(Box<Repeat<T>>),
}

impl<T> From<T> for Repeated<T> {
    fn from(block: T) -> Self {
        Self::Once(Arc::new(block))
    }
}

/// A `dynamic` block at the level of builds.
#[derive(Clone, Debug)]
pub struct Repeat<T> {
    /// What it goes through.
    pub dynamic: Dynamic,
    /// What it makes, but for labels and elements.
    pub pattern: T,
}

/// The elements that a block was made for, outermost first. Most blocks are made for none.
pub type Elements = Arc<[Iteration]>;

/// A block that a `dynamic` block can make.
pub(crate) trait Repeatable: Sized {
    /// What its labels are called.
    const LABELS: &'static [&'static str];

    /// The block with these labels, made for these elements. What is wrong with the labels is
    /// recorded.
    fn made(&self, labels: &[Name], elements: Elements, diags: &Diagnostics) -> Option<Self>;
}

/// Makes blocks. Counts them, and what is made inside them.
pub(crate) struct Expander<'a> {
    scope: &'a Scope<'a>,
    env: Environment<'a>,
    /// Whether it is nobody's mistake when a collection is not known.
    unread: bool,
    limit: BlockLimit,
    failed: Cell<bool>,
}

impl<'a> Expander<'a> {
    /// Makes the blocks of one `build` block. With `unread` data sources, nobody can tell of some
    /// how many there will be.
    pub(crate) fn new(scope: &'a Scope<'a>, env: Environment<'a>, unread: bool) -> Self {
        let (limit, failed) = (BlockLimit::of("a `build` block"), Cell::new(false));
        Self { scope, env, unread, limit, failed }
    }

    /// Whether some blocks could not be made so far.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// All blocks, in the order of the text. What cannot be made is recorded and left out.
    pub(crate) fn expand<T: Repeatable>(
        &self,
        blocks: &[Repeated<T>],
        outer: &Elements,
    ) -> Vec<Arc<T>> {
        let mut expanded = Vec::new();
        for block in blocks {
            match block {
                Repeated::Once(block) if outer.is_empty() => expanded.push(block.clone()),
                Repeated::Once(block) => {
                    // It has its labels, and is made again for the elements around it.
                    expanded.extend(block.made(&[], outer.clone(), self.env.diags).map(Arc::new));
                }
                // What is wrong was recorded.
                Repeated::Each(repeat) => {
                    if self.each(repeat, outer, &mut expanded).is_err() {
                        self.failed.set(true);
                    }
                }
            }
        }
        expanded
    }

    fn each<T: Repeatable>(
        &self,
        Repeat { dynamic, pattern }: &Repeat<T>,
        outer: &Elements,
        expanded: &mut Vec<Arc<T>>,
    ) -> Result<(), Reported> {
        let mut scope = self.scope.child();
        outer.iter().for_each(|element| element.bind(&mut scope));
        let diags = self.env.diags;
        let elements = match dynamic.iterations(&scope, self.env, &self.limit)? {
            Iterations::Known(elements) => elements,
            Iterations::Unknown(element) if self.unread => vec![element],
            Iterations::Unknown(_) => {
                // Either it came from something that failed, or it asks for what is not known here.
                diags.check()?;
                let message = "`for_each` must be known before the build runs";
                let help = "`source.*` and the facts of `build.*` cannot be used here";
                let error = Diagnostic::error(Code::NotAllowedHere, message);
                return Err(diags.error(error.at(dynamic.for_each.expr.span, "").help(help)));
            }
        };
        for element in elements {
            let frame = element.frame.clone();
            let mut scope = scope.child();
            element.bind(&mut scope);
            let made = diags.traced(&frame, |diags| {
                let env = Environment { diags, ..self.env };
                let labels = dynamic.labels(T::LABELS, &scope, env).ok()?;
                let elements = outer.iter().cloned().chain([element]).collect();
                pattern.made(&labels, elements, diags)
            });
            self.failed.set(self.failed.get() || made.is_none());
            expanded.extend(made.map(Arc::new));
        }
        Ok(())
    }
}

/// Makes elements known under their names.
pub(crate) fn bind(elements: &[Iteration], scope: &mut Scope<'_>) {
    elements.iter().for_each(|element| element.bind(scope));
}

/// Does something for a block that was made for these elements, and says so of what is recorded.
pub(crate) fn traced<T>(
    elements: &[Iteration],
    diags: &Diagnostics,
    work: impl FnOnce(&Diagnostics) -> T,
) -> T {
    match elements {
        [] => work(diags),
        [outer, inner @ ..] => diags.traced(&outer.frame, |diags| traced(inner, diags, work)),
    }
}
