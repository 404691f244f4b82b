//! `local` blocks and the entries of `locals`.

use cooper_hcl::Diagnostics;
use cooper_hcl::ast::{Attribute, Block, Expr, Name};

use super::Template;
use super::load::check_name;
use super::shape::{ArgumentShape, Literals, Rest, Shape};

/// A local value.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub expr: Expr,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

pub(super) static SHAPE: Shape = Shape {
    what: "a `local` block",
    arguments: &[
        ArgumentShape::new("expression", "any", "The value.").required(),
        ArgumentShape::new(
            "sensitive",
            "bool",
            "Whether the value, and what is made of it, is shown as `<sensitive>`.",
        ),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

pub(super) static LOCALS: Shape =
    Shape { what: "a `locals` block", arguments: &[], blocks: &[], rest: Rest::Names };

pub(super) fn load(name: &Name, block: Block, template: &mut Template, literals: &Literals<'_>) {
    let body = SHAPE.read(block.body, block.header, literals.diags);
    check_name(name, "local", literals.diags);
    let sensitive = body.attribute("sensitive");
    let sensitive = sensitive.is_some_and(|given| literals.bool(&body, given).unwrap_or(true));
    if let Some(expression) = body.attribute("expression") {
        let expr = expression.expr.clone();
        template.locals.push(Local { name: name.clone(), expr, sensitive });
    }
}

pub(super) fn load_all(block: Block, template: &mut Template, diags: &Diagnostics) {
    let body = LOCALS.read(block.body, block.header, diags);
    let local = |Attribute { name, expr, span: _ }| Local { name, expr, sensitive: false };
    template.locals.extend(body.attributes.into_iter().map(local));
}
