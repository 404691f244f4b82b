//! `variable` blocks and the entries of `variables`.

use cooper_hcl::ast::{Attribute, Block, Expr, Name};
use cooper_hcl::value::parse_type;
use cooper_hcl::{Code, Diagnostic, Diagnostics, Span, Type};

use super::Template;
use super::load::check_name;
use super::shape::{ArgumentShape, BlockShape, Literals, Rest, Shape};

/// An input of the template.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// The declared type; nothing when none was declared, or `any`.
    pub ty: Option<Type>,
    /// The value when none is given.
    pub default: Option<Expr>,
    /// `description`
    pub description: Option<String>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// Its own rules.
    pub rules: Vec<Rule>,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

/// A `validation` block.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What must be true; mentions only the variable itself.
    pub condition: Expr,
    /// What to say when it is not.
    pub message: String,
    /// What a diagnostic about the block points at.
    pub header: Span,
}

pub(super) static SHAPE: Shape = Shape {
    what: "a `variable` block",
    arguments: &[
        ArgumentShape::new(
            "type",
            "a type",
            "What its value is converted to: `string`, `number`, `bool`, `any`, `list(string)`, \
             `map(number)`, `object({ name = string, port = optional(number, 80) })`.",
        ),
        ArgumentShape::new(
            "default",
            "any",
            "The value when none is given. It may call `env` and mention nothing.",
        ),
        ArgumentShape::new("description", "string", "For people who use the template."),
        ArgumentShape::new(
            "sensitive",
            "bool",
            "Whether the value, and what is made of it, is shown as `<sensitive>`.",
        ),
    ],
    blocks: &[BlockShape {
        name: "validation",
        labels: &[],
        doc: "A rule that the value must obey.",
        shape: &RULE,
    }],
    rest: Rest::Nothing,
};

pub(super) static VARIABLES: Shape =
    Shape { what: "a `variables` block", arguments: &[], blocks: &[], rest: Rest::Names };

static RULE: Shape = Shape {
    what: "a `validation` block",
    arguments: &[
        ArgumentShape::new("condition", "bool", "What must be true; mentions the variable only.")
            .required(),
        ArgumentShape::new(
            "error_message",
            "string",
            "What is said when it is not: a sentence, with a capital letter and a final stop.",
        )
        .required(),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

pub(super) fn load(name: &Name, block: Block, template: &mut Template, literals: &Literals<'_>) {
    let Block { body, header, .. } = block;
    let body = SHAPE.read(body, header, literals.diags);
    check_name(name, "variable", literals.diags);
    let ty = body.attribute("type").and_then(|given| {
        // A type that cannot be read was recorded; whatever is given will do then.
        let expr = body.static_expression(given, literals.diags).ok()?;
        parse_type(&expr, literals.env()).ok().filter(|ty| *ty != Type::Any)
    });
    let description = body.attribute("description");
    let sensitive = body.attribute("sensitive");
    let rules = body.blocks("validation").filter_map(|block| rule(name, block, literals));
    template.variables.push(Variable {
        name: name.clone(),
        ty,
        default: body.attribute("default").map(|given| given.expr.clone()),
        description: description.and_then(|given| literals.string(&body, given).ok()),
        sensitive: sensitive.is_some_and(|given| literals.bool(&body, given).unwrap_or(true)),
        rules: rules.collect(),
        header,
    });
}

pub(super) fn load_all(block: Block, template: &mut Template, diags: &Diagnostics) {
    let body = VARIABLES.read(block.body, block.header, diags);
    let variable = |Attribute { name, expr, span }| Variable {
        name,
        ty: None,
        default: Some(expr),
        description: None,
        sensitive: false,
        rules: Vec::new(),
        header: span,
    };
    template.variables.extend(body.attributes.into_iter().map(variable));
}

fn rule(name: &Name, block: &Block, literals: &Literals<'_>) -> Option<Rule> {
    let diags = literals.diags;
    let header = block.header;
    let body = RULE.read(block.body.clone(), header, diags);
    let condition = body.attribute("condition")?;
    let message = body.attribute("error_message")?;

    let mut mentions_itself = false;
    for reference in condition.expr.references() {
        let asked = reference.first().map(|first| &first.text);
        if &*reference.root.text == "var" && asked == Some(&name.text) {
            mentions_itself = true;
            continue;
        }
        let text = format!("a rule of `{0}` may mention `var.{0}` only", name.text);
        let error = Diagnostic::error(Code::NotAllowedHere, text);
        diags.error(error.at(reference.span, "").label(name.span, "the rule's variable"));
    }
    if !mentions_itself {
        let text = format!("a rule of `{0}` must mention `var.{0}`", name.text);
        let error = Diagnostic::error(Code::NotAllowedHere, text);
        diags.error(error.at(condition.expr.span, ""));
    }

    let text = literals.string(&body, message).ok()?;
    if !is_sentence(&text) {
        let error = Diagnostic::error(Code::InvalidValue, "`error_message` must be a sentence");
        let help = "begin with a capital letter and end with `.`, `?` or `!`";
        diags.error(error.at(message.expr.span, "").help(help));
    }
    Some(Rule { condition: condition.expr.clone(), message: text, header })
}

/// Whether a text begins with a capital, if with a letter, and ends as a sentence does.
fn is_sentence(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|c| !c.is_alphabetic() || c.is_uppercase());
    begins && text.trim_end().ends_with(['.', '?', '!'])
}

#[cfg(test)]
mod tests {
    use super::is_sentence;

    #[test]
    fn sentences_begin_and_end_as_packer_wants() {
        for text in ["It is.", "5 is too much!", "Really?", "Ärger.", "It is.\n"] {
            assert!(is_sentence(text), "{text}");
        }
        for text in ["", "it is.", "It is", "."] {
            assert_eq!(is_sentence(text), text == ".", "{text}");
        }
    }
}
