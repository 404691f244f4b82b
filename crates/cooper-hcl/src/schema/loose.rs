//! Looking through a block of which nobody knows what it may contain.

use super::dynamic::DYNAMIC;
use crate::ast::Body;
use crate::eval::{Environment, Scope, evaluate};

/// Evaluates all expressions of a block, for their mistakes only. In a `dynamic` block it is what the
/// block goes through; what it makes can name elements that nobody has.
pub fn check_expressions(body: &Body, scope: &Scope<'_>, env: Environment<'_>) {
    for attribute in &body.attributes {
        // What is wrong was recorded.
        let _ = evaluate(&attribute.expr, scope, env);
    }
    for block in &body.blocks {
        match &*block.kind.text {
            DYNAMIC => {
                if let Some(for_each) = block.body.attribute("for_each") {
                    let _ = evaluate(&for_each.expr, scope, env);
                }
            }
            _ => check_expressions(&block.body, scope, env),
        }
    }
}
