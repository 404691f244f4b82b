//! `local` blocks and the entries of `locals`.

use cooper_hcl::Diagnostics;
use cooper_hcl::ast::{Attribute, Block, Body, Expr, Name};

use super::Template;
use super::load::check_name;
use super::shape::{Literals, Shape};

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

const SHAPE: Shape<'static> = Shape {
    what: "a `local` block",
    arguments: &["expression", "sensitive"],
    required: &["expression"],
    blocks: &[],
};

const LOCALS: Shape<'static> =
    Shape { what: "a `locals` block", arguments: &[], required: &[], blocks: &[] };

pub(super) fn load(name: &Name, block: &Block, template: &mut Template, literals: &Literals<'_>) {
    SHAPE.check(&block.body, block.header, literals.diags);
    check_name(name, "local", literals.diags);
    let sensitive = block.body.attribute("sensitive");
    let sensitive = sensitive.is_some_and(|given| literals.bool(given).unwrap_or(true));
    if let Some(expression) = block.body.attribute("expression") {
        let expr = expression.expr.clone();
        template.locals.push(Local { name: name.clone(), expr, sensitive });
    }
}

pub(super) fn load_all(block: Block, template: &mut Template, diags: &Diagnostics) {
    let Body { attributes, blocks, span } = block.body;
    LOCALS.check(&Body { attributes: Vec::new(), blocks, span }, block.header, diags);
    let local = |Attribute { name, expr, span: _ }| Local { name, expr, sensitive: false };
    template.locals.extend(attributes.into_iter().map(local));
}
